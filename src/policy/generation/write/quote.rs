//! Text as strings of Cedar, and back. Imports nothing of ours.
//!
//! Whatever is not printable ASCII is written as `\u{..}`, so that no character can end the string, hide in it, turn the reading
//! direction or pass for another: unlike `policy::cedar::string_literal`, this is for people who approve what they did not write.

use std::fmt::Write as _;

/// Appends `text` as a string of Cedar, with its quotes.
pub(in crate::policy::generation) fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    text.chars().for_each(|letter| push_letter(letter, out));
    out.push('"');
}

/// Appends what Cedar's `like` takes for "begins with `prefix`".
pub(in crate::policy::generation) fn push_prefix_pattern(prefix: &str, out: &mut String) {
    out.push('"');
    for letter in prefix.chars() {
        if letter == '*' { out.push_str("\\*") } else { push_letter(letter, out) }
    }
    out.push_str("*\"");
}

fn push_letter(letter: char, out: &mut String) {
    match letter {
        '"' | '\\' => out.extend(['\\', letter]),
        ' '..='~' => out.push(letter),
        _ => {
            // Writing into a String cannot fail.
            let _infallible = write!(out, "\\u{{{:x}}}", u32::from(letter));
        }
    }
}

/// What stands between the quotes of a string of Cedar, meant; `None` where that is no such string.
pub(in crate::policy::generation) fn unquoted(text: &str) -> Option<String> {
    let mut meant = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => meant.push(escaped(&mut letters)?),
            _ => meant.push(letter),
        }
    }
    Some(meant)
}

/// The character that an escape stands for, of which the backslash has been read.
fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match letters.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        same @ ('"' | '\'' | '\\') => same,
        'x' => {
            let digits: String = letters.by_ref().take(2).collect();
            let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let code = u8::from_str_radix(&digits, 16).ok().filter(|code| plain && code.is_ascii())?;
            char::from(code)
        }
        'u' => {
            let (digits, behind) = letters.as_str().strip_prefix('{')?.split_once('}')?;
            *letters = behind.chars();
            let plain =
                (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            if !plain {
                return None;
            }
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_others_are_read() {
        for (written, meant) in [
            (r"plain", Some("plain")),
            (r#"a\"b\\c\'d"#, Some("a\"b\\c'd")),
            (r"\n\r\t\0\x41\u{e9}", Some("\n\r\t\0Aé")),
            (r"\x4", None),
            (r"\xff", None),
            (r"\x+4", None),
            (r"\u{}", None),
            (r"\u{d800}", None),
            (r"\u{110000}", None),
            (r"\u{+41}", None),
            (r"\q", None),
            (r"\", None),
            ("a\"b", None),
        ] {
            assert_eq!(unquoted(written).as_deref(), meant, "{written}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_quoted_is_read_back(text in "\\PC*|[\\x00-\\x7f]*|.*") {
            let mut quoted = String::new();
            push_quoted(&text, &mut quoted);
            proptest::prop_assert!(quoted.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let inner = quoted.get(1..quoted.len() - 1).unwrap();
            proptest::prop_assert_eq!(unquoted(inner), Some(text));
        }
    }
}
