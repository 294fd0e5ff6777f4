//! Globs with the semantics of Python's `fnmatch`, which agent-aegis policies are written for: the whole text, case
//! matters, `*` crosses `/` and newlines, `?` is one character, `[!x]` negates, nothing escapes.

use regex::Regex;

/// A compiled glob. The common shapes are compared directly; classes and inner wildcards become a regular expression,
/// which the `regex` crate runs in linear time.
#[derive(Clone, Debug)]
pub enum Glob {
    /// Everything.
    Any,
    /// This text.
    Exact(Box<str>),
    /// What begins so.
    Prefix(Box<str>),
    /// What ends so.
    Suffix(Box<str>),
    /// What the expression matches.
    Pattern {
        /// How every match begins.
        literal_prefix: Box<str>,
        /// The expression.
        regex: Regex,
    },
}

impl Glob {
    /// Compiles `glob`.
    ///
    /// # Errors
    /// The regex crate's: a pattern too large to compile.
    pub fn compile(glob: &str) -> Result<Self, regex::Error> {
        let special = |letter| matches!(letter, '*' | '?' | '[');
        if !glob.contains(special) {
            return Ok(Self::Exact(glob.into()));
        }
        if !glob.is_empty() && glob.chars().all(|letter| letter == '*') {
            return Ok(Self::Any);
        }
        if let Some(rest) = glob.strip_suffix('*')
            && !rest.contains(special)
        {
            return Ok(Self::Prefix(rest.into()));
        }
        if let Some(rest) = glob.strip_prefix('*')
            && !rest.contains(special)
        {
            return Ok(Self::Suffix(rest.into()));
        }
        let literal_prefix: String = glob.chars().take_while(|letter| !special(*letter)).collect();
        let regex = Regex::new(&translate(glob))?;
        Ok(Self::Pattern { literal_prefix: literal_prefix.into(), regex })
    }

    /// Whether it matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(wanted) => text == &**wanted,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Suffix(suffix) => text.ends_with(&**suffix),
            Self::Pattern { literal_prefix, regex } => {
                text.starts_with(&**literal_prefix) && regex.is_match(text)
            }
        }
    }

    /// Whether there is no text it does not match, as far as its shape says.
    pub(super) const fn matches_everything(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// The text every match begins with, and whether it is the whole text.
    pub(super) fn literal_prefix(&self) -> (&str, bool) {
        match self {
            Self::Any | Self::Suffix(_) => ("", false),
            Self::Exact(text) => (text, true),
            Self::Prefix(prefix) => (prefix, false),
            Self::Pattern { literal_prefix, .. } => (literal_prefix, false),
        }
    }
}

/// The regular expression of a glob.
fn translate(glob: &str) -> String {
    let letters: Vec<char> = glob.chars().collect();
    let mut regex = String::from(r"(?s)\A");
    let mut rest = letters.as_slice();
    while let Some((&letter, after)) = rest.split_first() {
        rest = after;
        match letter {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match class(after) {
                Some((class, after)) => {
                    regex.push_str(&class);
                    rest = after;
                }
                None => regex.push_str(r"\["),
            },
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(r"\z");
    regex
}

/// A `[...]` class behind its opening bracket, as a regex class, and what follows it. `None`: it never closes, so the
/// bracket is a literal one.
fn class(letters: &[char]) -> Option<(String, &[char])> {
    let (mut negated, body) = match letters.split_first() {
        Some(('!', rest)) => (true, rest),
        _ => (false, letters),
    };
    // A `]` that comes first is a member, not the end.
    let end = 1 + body.iter().skip(1).position(|letter| *letter == ']')?;
    let (members, after) = (body.get(..end)?, body.get(end + 1..)?);
    let mut ranges = String::new();
    let mut rest = members;
    let mut reversed = false;
    loop {
        rest = match rest {
            // In Python a class that begins with reversed ranges and goes on with `!` is a negated one: the ranges are taken
            // out before the class is looked at.
            ['!', tail @ ..] if reversed && ranges.is_empty() && !negated => {
                negated = true;
                let literal = if tail.first() == Some(&'-') { tail.len().min(2) } else { 0 };
                let (literal, tail) = tail.split_at_checked(literal)?;
                for one in literal {
                    ranges.push_str(&format!("\\x{{{:x}}}", u32::from(*one)));
                }
                tail
            }
            [low, '-', high, tail @ ..] => {
                // A reversed range has no members.
                if low <= high {
                    ranges.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(*low), u32::from(*high)));
                } else {
                    reversed = true;
                }
                tail
            }
            [one, tail @ ..] => {
                ranges.push_str(&format!("\\x{{{:x}}}", u32::from(*one)));
                tail
            }
            [] => break,
        };
    }
    let class = match (ranges.is_empty(), negated) {
        (true, false) => r"[^\s\S]".to_owned(),
        (true, true) => ".".to_owned(),
        (false, false) => format!("[{ranges}]"),
        (false, true) => format!("[^{ranges}]"),
    };
    Some((class, after))
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn follows_fnmatch() {
        for (glob, text, matches) in [
            ("*", "", true),
            ("*", "a/b\nc", true),
            ("read*", "read", true),
            ("read*", "Read", false),
            ("*_file", "read_file", true),
            ("r*d", "read/and", true),
            ("x?z", "xyz", true),
            ("x?z", "xz", false),
            ("x?z", "xéz", true),
            ("[a-c]1", "b1", true),
            ("[!a-c]1", "b1", false),
            ("[!a-c]1", "d1", true),
            ("[^a]1", "^1", true),
            ("[^a]1", "b1", false),
            ("[]x]", "]", true),
            ("[c-a]", "b", false),
            ("[!c-a]", "b", true),
            ("a[b", "a[b", true),
            ("[*]", "*", true),
            ("[*]", "x", false),
            ("a\\*", "a\\b", true),
            ("{a,b}", "{a,b}", true),
            ("**", "a/b", true),
            ("", "", true),
            ("", "a", false),
            ("[a-c-e]", "-", true),
            ("[z-a!x]", "b", true),
            ("[z-a!x]", "x", false),
            ("[b-a!]", "x", true),
        ] {
            assert_eq!(Glob::compile(glob).unwrap().matches(text), matches, "{glob} on {text}");
        }
    }
}
