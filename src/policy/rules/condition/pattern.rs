//! `param_matches`: regular expressions written for Python's `re.search`, run in linear time.
//!
//! What Python reads in another way than the `regex` crate is refused by name, never run with the other meaning; only `$`,
//! which in Python also stands before a last line feed, is rewritten.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ErrorKind};

/// Longest regular expression, in characters.
const MAX_CHARS: usize = 1000;

/// Most memory a compiled regular expression may take, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// A regular expression that is searched for.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) struct Pattern(Regex);

/// Why a text is no regular expression here.
#[derive(Clone, Debug)]
pub(in crate::policy::rules) struct PatternError {
    /// What is wrong with it.
    pub(in crate::policy::rules) message: String,
    /// Whether agent-aegis takes it for one that matches nothing. If not, it has a meaning there that cannot be had here.
    pub(in crate::policy::rules) matches_nothing: bool,
}

impl Pattern {
    pub(in crate::policy::rules) fn compile(text: &str) -> Result<Self, PatternError> {
        if text.chars().count() > MAX_CHARS {
            let message = format!("the regular expression is longer than {MAX_CHARS} characters");
            return Err(PatternError { message, matches_nothing: true });
        }
        let text = with_end_of_text(text);
        let tree =
            ast::parse::Parser::new().parse(&text).map_err(|error| PatternError::unreadable(&error))?;
        let mut ends = Vec::new();
        Reading { multi_line: text.contains("(?") && has_multi_line(&text), ends: &mut ends }
            .read(&tree, true)?;
        let text = at_line_feeds(&text, &ends);
        let built = RegexBuilder::new(&text).size_limit(MAX_BYTES).build();
        built.map(Self).map_err(|error| {
            let error = error.to_string();
            let summary = error.lines().last().unwrap_or("invalid").trim_start_matches("error: ");
            PatternError::foreign(format!("the regular expression cannot be compiled: {summary}"))
        })
    }

    pub(super) fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PatternError {
    /// It means something in Python that it cannot mean here.
    const fn foreign(message: String) -> Self {
        Self { message, matches_nothing: false }
    }

    fn unreadable(error: &ast::Error) -> Self {
        let message = match error.kind() {
            ErrorKind::UnsupportedLookAround => {
                "look-around ((?=, (?!, (?<=, (?<!) is of Python only".to_owned()
            }
            ErrorKind::UnsupportedBackreference => "a back-reference is of Python only".to_owned(),
            kind => format!("the regular expression cannot be read: {kind}"),
        };
        // What Python cannot read either: it then matches nothing there.
        let matches_nothing = matches!(
            error.kind(),
            ErrorKind::GroupUnclosed
                | ErrorKind::GroupUnopened
                | ErrorKind::ClassUnclosed
                | ErrorKind::ClassRangeInvalid
                | ErrorKind::RepetitionMissing
                | ErrorKind::RepetitionCountInvalid
                | ErrorKind::EscapeUnexpectedEof
        );
        Self { message, matches_nothing }
    }
}

/// A walk over a pattern that looks for what Python reads otherwise.
struct Reading<'e> {
    /// Whether `$` may mean the end of each line.
    multi_line: bool,
    /// Where `$` stands, as byte offsets.
    ends: &'e mut Vec<usize>,
}

impl Reading<'_> {
    /// `at_end`: nothing that takes up text follows.
    fn read(&mut self, tree: &Ast, at_end: bool) -> Result<(), PatternError> {
        match tree {
            Ast::Assertion(assertion) => self.assertion(assertion, at_end),
            Ast::ClassBracketed(class) => set(&class.kind),
            Ast::Repetition(repetition) if matches!(*repetition.ast, Ast::Repetition(_)) => {
                Err(PatternError::foreign(
                    "a possessive repetition (*+, ++, ?+), which is of Python only".to_owned(),
                ))
            }
            Ast::Repetition(repetition) => {
                let once = matches!(repetition.op.kind, ast::RepetitionKind::ZeroOrOne);
                self.read(&repetition.ast, at_end && once)
            }
            Ast::Group(group) => self.read(&group.ast, at_end),
            Ast::Alternation(alternation) => {
                alternation.asts.iter().try_for_each(|tree| self.read(tree, at_end))
            }
            Ast::Concat(concat) => {
                let takes_text =
                    |tree: &Ast| !matches!(tree, Ast::Assertion(_) | Ast::Empty(_) | Ast::Flags(_));
                let last = concat.asts.iter().rposition(takes_text);
                for (index, tree) in concat.asts.iter().enumerate() {
                    self.read(tree, at_end && last.is_none_or(|last| index >= last))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn assertion(&mut self, assertion: &ast::Assertion, at_end: bool) -> Result<(), PatternError> {
        use ast::AssertionKind::{EndLine, EndText, NotWordBoundary, StartLine, StartText, WordBoundary};
        match assertion.kind {
            StartText | StartLine | EndText | WordBoundary | NotWordBoundary => Ok(()),
            EndLine if self.multi_line => Ok(()),
            EndLine if at_end => {
                self.ends.push(assertion.span.start.offset);
                Ok(())
            }
            EndLine => Err(PatternError::foreign(
                "a $ with more of the expression behind it, which cannot be told as Python does".to_owned(),
            )),
            _ => Err(PatternError::foreign(r"\<, \> and \b{...}, which Python reads otherwise".to_owned())),
        }
    }
}

/// In Python a set holds no sets: `[` in one is a plain letter, and so are `&&`, `--` and `~~`.
fn set(set: &ast::ClassSet) -> Result<(), PatternError> {
    let plain = |item: &ast::ClassSetItem| {
        !matches!(item, ast::ClassSetItem::Bracketed(_) | ast::ClassSetItem::Ascii(_))
    };
    let is_plain = match set {
        ast::ClassSet::Item(ast::ClassSetItem::Union(union)) => union.items.iter().all(plain),
        ast::ClassSet::Item(item) => plain(item),
        ast::ClassSet::BinaryOp(_) => false,
    };
    if is_plain {
        return Ok(());
    }
    let message =
        r"a set within a set or &&, --, ~~ in one, which Python reads otherwise: write \[, \&, \-, \~";
    Err(PatternError::foreign(message.to_owned()))
}

/// The pattern with Python's `\Z` spelled as the crate spells it.
fn with_end_of_text(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        spelled.push(letter);
        if letter == '\\' {
            spelled.extend(letters.next().map(|escaped| if escaped == 'Z' { 'z' } else { escaped }));
        }
    }
    spelled
}

/// Whether a group of flags such as `(?im)` switches lines on.
fn has_multi_line(text: &str) -> bool {
    text.match_indices("(?").any(|(start, _)| {
        let flags = text.get(start + 2..).unwrap_or_default().chars();
        flags.take_while(char::is_ascii_lowercase).any(|flag| flag == 'm')
    })
}

/// The pattern with each `$` standing also before a last line feed.
fn at_line_feeds(text: &str, ends: &[usize]) -> String {
    let mut rewritten = String::with_capacity(text.len() + ends.len() * 8);
    let mut from = 0;
    for end in ends {
        rewritten.push_str(text.get(from..*end).unwrap_or_default());
        rewritten.push_str(r"(?:\n?\z)");
        from = end + 1;
    }
    rewritten.push_str(text.get(from..).unwrap_or_default());
    rewritten
}
