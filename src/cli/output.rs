//! Printing, and the exit codes.

use std::io::{self, Write};

use crate::model::document::Problem;

/// No gateway answers.
pub(super) const UNREACHABLE: u8 = 3;

/// Wrong arguments.
pub(super) const USAGE: u8 = 2;

/// A configuration that cannot be served (`EX_USAGE` of sysexits.h).
pub(super) const BAD_CONFIGURATION: u8 = 64;

/// Prints a line. A reader that has gone away (`aegis audit tail | head`) is no error.
pub(super) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _reader_gone = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints text that ends its own lines.
pub(super) fn text(text: &str) {
    let mut out = io::stdout().lock();
    let _reader_gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints raw bytes and a newline; `false` once nobody reads any more.
pub(super) fn raw_line(bytes: &[u8]) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).is_ok()
}

/// Prints what went wrong to standard error.
pub(super) fn error(text: &str) {
    let mut out = io::stderr().lock();
    let _reader_gone = writeln!(out, "aegis: {text}");
}

/// Prints problems of a file to standard error, one a line, as they are.
pub(super) fn problems(text: &str) {
    let mut out = io::stderr().lock();
    let _reader_gone = writeln!(out, "{text}");
}

/// Prints what may not be meant to standard error, after its place.
pub(super) fn warning(problem: &Problem) {
    let whole = problem.to_string();
    let place = problem.place.to_string();
    let rest = whole.strip_prefix(&place).unwrap_or(&whole);
    problems(&format!("{place}: warning{rest}"));
}

/// A text from elsewhere, harmless on a terminal: control characters and what turns the direction of text are escaped.
pub(super) fn plain(text: &str) -> String {
    let harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if harmful(letter) { plain.extend(letter.escape_unicode()) } else { plain.push(letter) }
    }
    plain
}

/// A number of seconds, as people say it: the two greatest units.
pub(super) fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_elsewhere_moves_the_cursor() {
        assert_eq!(plain("a \u{1b}[2Jb\n\u{9b}1m\u{7f}"), "a \\u{1b}[2Jb\\u{a}\\u{9b}1m\\u{7f}");
        assert_eq!(plain("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(plain("Grüße, 日本 🙂"), "Grüße, 日本 🙂");
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, said) in
            [(-1, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3600, "1 h 0 min"), (90_061, "1 d 1 h")]
        {
            assert_eq!(duration(seconds), said);
        }
    }
}
