//! Printing, and the exit codes.

use std::io::{self, Write};

/// Wrong arguments.
pub(super) const USAGE: u8 = 2;

/// A configuration that cannot be served (`EX_USAGE` of sysexits.h).
pub(super) const BAD_CONFIGURATION: u8 = 64;

/// Prints a line. A reader that has gone away (`aegis audit tail | head`) is no error.
pub(super) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _reader_gone = writeln!(out, "{text}").and_then(|()| out.flush());
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
