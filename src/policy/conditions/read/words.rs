//! The pass over a condition's tokens before it is parsed: words become operators, and what is too deep is refused before anything
//! recurses over it.
//!
//! `and`, `or` and `not` are replaced by operators of the same length, so that every offset stays what it was; `not in` becomes `in`,
//! and which of the `in`s are negated is noted. Imports nothing of ours.

use crate::policy::conditions::ConditionError;

/// Most levels of brackets and operators in each other.
const DEPTH_MAX: usize = 32;

/// A condition in plain CEL.
#[derive(Debug)]
pub(super) struct Plain {
    /// The text, as long as the one written.
    pub(super) text: String,
    /// One for each `in`, in the order of the text: whether it was `not in`.
    pub(super) negated: Vec<bool>,
}

/// What a token is, as far as this pass cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Word,
    Text,
    Number,
    Open,
    Close,
    /// `&&`, `||` and the words for them.
    Logic,
    Comma,
    Question,
    Colon,
    Dot,
    /// Every other operator.
    Operator,
}

/// One token: what it is, and where it starts and ends in bytes.
type Lexed = (Token, usize, usize);

/// Replaces the words of `text`.
///
/// # Errors
/// What is deeper than [`DEPTH_MAX`], and `not` before a comparison without brackets, which could be read in two ways.
pub(super) fn plain(text: &str) -> Result<Plain, ConditionError> {
    let tokens = lex(text);
    check_letters(text, &tokens)?;
    check_depth(text, &tokens)?;
    let mut plain = Plain { text: text.to_owned(), negated: Vec::new() };
    let mut index = 0;
    while let Some((token, start, end)) = tokens.get(index).copied() {
        let word = text.get(start..end).unwrap_or_default();
        let is_field = index.checked_sub(1).is_some_and(|before| is_token(&tokens, before, Token::Dot));
        let next_word = word_at(text, &tokens, index + 1);
        match word {
            _ if token == Token::Text || is_field => {}
            "and" => replace(&mut plain.text, start, end, "&&"),
            "or" => replace(&mut plain.text, start, end, "||"),
            "not" if next_word == "in" => {
                replace(&mut plain.text, start, end, "");
                plain.negated.push(true);
                index += 1;
            }
            "not" => {
                check_operand(text, &tokens, index)?;
                replace(&mut plain.text, start, end, "!");
            }
            "in" => plain.negated.push(false),
            _ => {}
        }
        index += 1;
    }
    Ok(plain)
}

/// Puts an operator in the place of a word, filled up with blanks.
fn replace(text: &mut String, start: usize, end: usize, operator: &str) {
    let filled = format!("{operator:width$}", width = end - start);
    text.replace_range(start..end, &filled);
}

fn is_token(tokens: &[Lexed], index: usize, wanted: Token) -> bool {
    tokens.get(index).is_some_and(|(token, ..)| *token == wanted)
}

fn word_at<'t>(text: &'t str, tokens: &[Lexed], index: usize) -> &'t str {
    match tokens.get(index) {
        Some((Token::Word, start, end)) => text.get(*start..*end).unwrap_or_default(),
        _ => "",
    }
}

/// `!` binds closer than any comparison, the word `not` looks as if it did not: what can be misread is refused.
fn check_operand(text: &str, tokens: &[Lexed], index: usize) -> Result<(), ConditionError> {
    let mut depth = 0_usize;
    for (token, start, end) in tokens.iter().skip(index + 1) {
        let word = text.get(*start..*end).unwrap_or_default();
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return Ok(()),
            Token::Close => depth -= 1,
            _ if depth > 0 => {}
            Token::Logic | Token::Comma | Token::Question | Token::Colon => return Ok(()),
            _ if *token == Token::Operator || matches!(word, "in" | "not") => {
                let message = "it is not clear how far this `not` reaches";
                return Err(ConditionError::at(
                    text,
                    tokens.get(index).map_or(0, |(_, start, _)| *start),
                    message,
                )
                .with_hint("put what it is about into brackets, as in: not (a == b)"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Outside of texts and comments CEL has ASCII letters only; the parser is not asked about others.
fn check_letters(text: &str, tokens: &[Lexed]) -> Result<(), ConditionError> {
    for (token, start, end) in tokens {
        let written = text.get(*start..*end).unwrap_or_default();
        if *token != Token::Text && !written.is_ascii() {
            let message = "a letter that CEL has only in texts and comments";
            return Err(
                ConditionError::at(text, *start, message).with_hint("put texts in quotes, as in 'text'")
            );
        }
        if written.contains(['\u{0}', '`']) && *token != Token::Text {
            return Err(ConditionError::at(text, *start, "no CEL from here on"));
        }
    }
    Ok(())
}

/// Counts how deep the tree of these tokens can be: every bracket and every operator in a row may be a level of it. `&&` and `||`
/// begin anew, since the parser balances them.
fn check_depth(text: &str, tokens: &[Lexed]) -> Result<(), ConditionError> {
    // For each open bracket: the base around it, and the level it starts with.
    let mut brackets: Vec<(usize, usize)> = Vec::new();
    let (mut base, mut level) = (0_usize, 0_usize);
    for (token, start, _) in tokens {
        match token {
            Token::Open => {
                level += 1;
                brackets.push((base, level));
                base = level;
            }
            Token::Close => {
                // What is in the bracket is one operand of what goes on behind it.
                let (around, start) = brackets.pop().unwrap_or_default();
                level = start;
                base = around;
            }
            Token::Question => {
                level += 1;
                base = level;
            }
            Token::Comma => {
                let start = brackets.last().map_or(0, |(_, start)| *start);
                level = start;
                base = start;
            }
            Token::Logic => level = base,
            Token::Dot | Token::Operator => level += 1,
            Token::Word | Token::Text | Token::Number | Token::Colon => {}
        }
        if level > DEPTH_MAX || brackets.len() > DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} brackets and operators in each other");
            return Err(ConditionError::at(text, *start, message)
                .with_hint("split the condition over several rules, or join its parts with `and` and `or`"));
        }
    }
    Ok(())
}

/// The tokens of `text`, as CEL has them. What is no CEL comes out as operators; the parser says what is wrong with it.
fn lex(text: &str) -> Vec<Lexed> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let (token, bytes) = match next {
            _ if next.is_whitespace() => (None, next.len_utf8()),
            _ if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            _ => match string_bytes(rest) {
                Some(bytes) => (Some(Token::Text), bytes),
                None => {
                    let (token, bytes) = lex_one(rest, next);
                    (Some(token), bytes)
                }
            },
        };
        tokens.extend(token.map(|token| (token, at, at + bytes)));
        at += bytes.max(1);
    }
    tokens
}

fn lex_one(rest: &str, next: char) -> (Token, usize) {
    let run = |admits: fn(char) -> bool| rest.find(|letter| !admits(letter)).unwrap_or(rest.len());
    match next {
        'a'..='z' | 'A'..='Z' | '_' => {
            let bytes = run(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            let logic = matches!(rest.get(..bytes), Some("and" | "or"));
            (if logic { Token::Logic } else { Token::Word }, bytes)
        }
        '0'..='9' => (Token::Number, run(|letter| letter.is_ascii_alphanumeric() || letter == '.')),
        '(' | '[' | '{' => (Token::Open, 1),
        ')' | ']' | '}' => (Token::Close, 1),
        ',' => (Token::Comma, 1),
        '?' => (Token::Question, 1),
        ':' => (Token::Colon, 1),
        '.' => (Token::Dot, 1),
        '&' if rest.starts_with("&&") => (Token::Logic, 2),
        '|' if rest.starts_with("||") => (Token::Logic, 2),
        '=' | '!' | '<' | '>' if rest.get(1..2) == Some("=") => (Token::Operator, 2),
        _ => (Token::Operator, next.len_utf8()),
    }
}

/// The length of the string literal that `rest` begins with; all of it where the literal has no end. `None`: it begins with none.
fn string_bytes(rest: &str) -> Option<usize> {
    let prefix = rest.bytes().take_while(|byte| matches!(byte, b'r' | b'R' | b'b' | b'B')).count();
    if prefix > 2 {
        return None;
    }
    let raw = rest.bytes().take(prefix).any(|byte| byte.eq_ignore_ascii_case(&b'r'));
    let literal = rest.get(prefix..)?;
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| literal.starts_with(quote))?;
    let mut at = prefix + quote.len();
    loop {
        let left = rest.get(at..).unwrap_or_default();
        if left.is_empty() {
            return Some(rest.len());
        }
        if left.starts_with(quote) {
            return Some(at + quote.len());
        }
        let escaped = !raw && left.starts_with('\\');
        let letters = if escaped { 2 } else { 1 };
        at += left.chars().take(letters).map(char::len_utf8).sum::<usize>();
        if quote.len() == 1 && left.starts_with('\n') {
            // No literal with one quote goes over a line; the parser says so.
            return Some(at);
        }
    }
}
