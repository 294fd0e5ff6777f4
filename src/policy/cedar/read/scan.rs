//! A cheap look at a Cedar text before the parser sees it: is it small, shallow and Cedar at all?
//!
//! Cedar's parser and what follows it recurse, and nothing in them counts how deep: ten thousand nested parentheses, or as many terms
//! joined by `&&`, would overflow the stack, which no one can catch. So whatever can make a tree deep is counted here first.
//! Strings and comments are skipped as Cedar skips them. Imports nothing of ours but problems. Start reading at [`check`].

use crate::policy::cedar::CedarProblem;

/// Longest text of one policy, in bytes.
pub(super) const TEXT_MAX_BYTES: usize = 64 * 1024;

/// How many brackets may be open at once.
const OPEN_MAX: usize = 64;

/// How many times a policy may say `if`, since each `else if` is one level deeper.
const IFS_MAX: usize = 64;

/// How many operators of those that can be chained (`&&`, `||`, `+`, `-`, `*`, `!`, `.`) and brackets a policy may have: a chain is
/// as deep as it is long.
const OPERATORS_MAX: usize = 1000;

/// How many of these operators a policy has at most that is evaluated on the stack that is there: Cedar refuses to go on where little of
/// it is left, which a build without optimization reaches after some 900.
const SHALLOW_MOST: usize = 200;

/// A piece of a Cedar text that is neither space nor comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// Where it begins, in bytes.
    pub(super) offset: usize,
    /// What it is.
    pub(super) kind: TokenKind<'t>,
}

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'t> {
    /// A name, keyword or number.
    Word(&'t str),
    /// A string, with its quotes.
    Text,
    /// A string without its end.
    Unended,
    /// A character of its own, or the first byte of one that is not ASCII. `&&` and `||` are one.
    Sign(u8),
}

/// The tokens of a text.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) const fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The first place from `at` whose byte `stops`, or the end.
    fn until(&self, at: usize, stops: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        rest.iter().position(|byte| stops(*byte)).map_or(self.text.len(), |length| at + length)
    }

    fn string(&self, start: usize) -> (TokenKind<'t>, usize) {
        let mut at = start + 1;
        loop {
            match self.byte(at) {
                None => return (TokenKind::Unended, self.text.len()),
                Some(b'"') => return (TokenKind::Text, at + 1),
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
            }
        }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            self.at = self.until(self.at, |byte| !byte.is_ascii_whitespace());
            if self.byte(self.at) == Some(b'/') && self.byte(self.at + 1) == Some(b'/') {
                self.at = self.until(self.at, |byte| matches!(byte, b'\n' | b'\r'));
            } else {
                break;
            }
        }
        let offset = self.at;
        let first = self.byte(offset)?;
        let (kind, end) = match first {
            b'"' => self.string(offset),
            b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                let end = self.until(offset, |byte| !(byte.is_ascii_alphanumeric() || byte == b'_'));
                (TokenKind::Word(self.text.get(offset..end).unwrap_or_default()), end)
            }
            b'&' | b'|' if self.byte(offset + 1) == Some(first) => (TokenKind::Sign(first), offset + 2),
            _ => (TokenKind::Sign(first), offset + 1),
        };
        self.at = end.min(self.text.len());
        Some(Token { offset, kind })
    }
}

/// Whether a policy that [`check`] let pass is so deep that its evaluation may need more stack than a thread of the server has.
pub(in crate::policy::cedar) fn is_deep(text: &str) -> bool {
    let chained = |token: &Token<'_>| {
        matches!(token.kind, TokenKind::Sign(b'&' | b'|' | b'+' | b'-' | b'*' | b'!' | b'.'))
    };
    Tokens::of(text).filter(chained).count() > SHALLOW_MOST
}

/// Refuses the text of one policy that is too long, too deep or not Cedar but its superset Dogwood.
pub(super) fn check(text: &str) -> Result<(), CedarProblem> {
    if text.len() > TEXT_MAX_BYTES {
        let message = format!("a policy has at most {TEXT_MAX_BYTES} bytes; this text has {}", text.len());
        return Err(CedarProblem::at(text, 0, 0, message));
    }
    let (mut open, mut ifs, mut operators) = (0_usize, 0, 0);
    let mut before = TokenKind::Sign(b';');
    for Token { offset, kind } in Tokens::of(text) {
        match kind {
            TokenKind::Sign(b'(' | b'[' | b'{') => {
                open += 1;
                operators += 1;
            }
            TokenKind::Sign(b')' | b']' | b'}') => open = open.saturating_sub(1),
            TokenKind::Sign(b'&' | b'|' | b'+' | b'-' | b'*' | b'!' | b'.') => operators += 1,
            TokenKind::Word("if") => ifs += 1,
            TokenKind::Word(word @ ("temporal" | "guardrails"))
                if matches!(before, TokenKind::Word("when" | "unless")) =>
            {
                let message =
                    format!("`when {word} {{ }}` is Dogwood, a superset of Cedar that is not known here");
                let help = "write the condition in Cedar: `when { }`";
                return Err(CedarProblem::at(text, offset, word.len(), message).with_help(help));
            }
            TokenKind::Word(_) | TokenKind::Text | TokenKind::Unended | TokenKind::Sign(_) => {}
        }
        before = kind;
        let limits = [
            (open, OPEN_MAX, "nested brackets"),
            (ifs, IFS_MAX, "`if`s"),
            (operators, OPERATORS_MAX, "operators"),
        ];
        if let Some((_, most, what)) = limits.into_iter().find(|(count, most, _)| count > most) {
            let problem = CedarProblem::at(text, offset, 1, format!("a policy has at most {most} {what}"));
            return Err(
                problem.with_help("split the policy, or compare with a set: `[\"a\", \"b\"].contains(..)`")
            );
        }
    }
    Ok(())
}

/// Where the policies of a text begin and end, if each ends with a `;` outside brackets. What follows the last one is one more.
pub(super) fn statements(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut start, mut end, mut open, mut empty) = (0, 0, 0_usize, true);
    for Token { offset, kind } in Tokens::of(text) {
        match kind {
            TokenKind::Sign(b'(' | b'[' | b'{') => open += 1,
            TokenKind::Sign(b')' | b']' | b'}') => open = open.saturating_sub(1),
            _ => {}
        }
        empty = false;
        end = offset;
        if kind == TokenKind::Sign(b';') && open == 0 {
            found.push((start, offset + 1));
            (start, empty) = (offset + 1, true);
        }
    }
    if !empty && end >= start {
        found.push((start, text.len()));
    }
    found
}

/// Whether a text that cannot be read could be meant to forbid something: unless it plainly begins with `permit`, behind annotations,
/// and nothing in it says `forbid`.
pub(in crate::policy::cedar) fn could_forbid(text: &str) -> bool {
    let mut first = None;
    let (mut open, mut annotation) = (0_usize, false);
    for Token { kind, .. } in Tokens::of(text) {
        match kind {
            TokenKind::Unended | TokenKind::Word("forbid") => return true,
            TokenKind::Sign(b'@') => annotation = true,
            TokenKind::Sign(b'(') => open += 1,
            TokenKind::Sign(b')') => open = open.saturating_sub(1),
            TokenKind::Word(_) if annotation => annotation = false,
            TokenKind::Word(word) if open == 0 && first.is_none() => first = Some(word),
            _ => {}
        }
    }
    first != Some("permit")
}

/// Whether a policy could read `context.system`, where the clock is. Errs on the side of yes: a context that is not taken apart at
/// once, and a string that spells a name with escapes, may be about anything.
pub(in crate::policy::cedar) fn could_read_system(text: &str) -> bool {
    let mut tokens = Tokens::of(text).peekable();
    while let Some(Token { offset, kind }) = tokens.next() {
        let next = tokens.peek();
        let could = match kind {
            TokenKind::Word("system") | TokenKind::Unended => true,
            TokenKind::Word("context") => !matches!(
                next.map(|next| next.kind),
                Some(TokenKind::Sign(b'.' | b'[') | TokenKind::Word("has"))
            ),
            TokenKind::Text => {
                let end = next.map_or(text.len(), |next| next.offset);
                text.get(offset..end).is_none_or(|string| string.contains("system") || string.contains('\\'))
            }
            _ => false,
        };
        if could {
            return true;
        }
    }
    false
}
