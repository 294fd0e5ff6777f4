//! Conditions on arguments: [`Clause`], and its text. Imports quoting and names.
//!
//! Every access is guarded: `context has input.x && context.input.x ..`. A guard is evaluated first, so that a call without the argument
//! is told from one with another value, and nothing fails for want of it. It asks for the whole path at once: `context has input` alone
//! would read all arguments, and one of them that Cedar cannot say, such as null, would deny the call.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::policy::generation::entity::is_name;
use crate::policy::generation::write::{push_prefix_pattern, push_quoted};

/// A value that an argument is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Scalar {
    Bool(bool),
    Long(i64),
    Text(String),
}

/// What is asked of a value that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Test {
    Equals(Scalar),
    OneOf(BTreeSet<Scalar>),
    Between(i64, i64),
    Below(i64),
    AtMost(i64),
    Above(i64),
    AtLeast(i64),
    StartsWith {
        prefix: String,
        /// `..` may stand in the value. Where it may not, a path that begins in a folder ends in it.
        dots: bool,
    },
}

/// A condition on the argument at a path: the names that lead to it from `context.input` on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Clause {
    /// It is there, whatever it is. The empty path stands for the arguments themselves.
    There(Vec<String>),
    /// It is not there.
    Absent(Vec<String>),
    /// It is there, and passes.
    Is(Vec<String>, Test),
    /// It passes, if it is there.
    IfThere(Vec<String>, Test),
    /// It is not there, or does not pass.
    IsNot(Vec<String>, Test),
}

/// When a policy applies: if all clauses of one of the lists hold. No list at all: always.
pub(in crate::policy::generation) type When = Vec<Vec<Clause>>;

/// The text of clauses that hold together. What one of them has made sure of the next ones do not ask again.
pub(in crate::policy::generation) fn clauses_text(clauses: &[Clause]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut known: BTreeSet<Vec<String>> = BTreeSet::new();
    for clause in clauses {
        match clause {
            Clause::There(path) => parts.extend(guards(path, &mut known)),
            Clause::Is(path, test) => {
                parts.extend(guards(path, &mut known));
                parts.push(test_text(path, test));
            }
            Clause::Absent(path) => parts.push(format!("!({})", apart(path, &known).join(" && "))),
            Clause::IfThere(path, test) => {
                let guards = apart(path, &known).join(" && ");
                parts.push(format!("(!({guards}) || ({}))", test_text(path, test)));
            }
            Clause::IsNot(path, test) => {
                let guards = apart(path, &known).join(" && ");
                parts.push(format!("!({guards} && {})", test_text(path, test)));
            }
        }
    }
    if parts.is_empty() { "true".to_owned() } else { parts.join(" && ") }
}

/// Asks whether a path is there, as far as that is not known; it is known then.
fn guards(path: &[String], known: &mut BTreeSet<Vec<String>>) -> Vec<String> {
    if known.contains(path) {
        return Vec::new();
    }
    let asked = apart(path, known);
    known.extend((0..=path.len()).filter_map(|length| path.get(..length)).map(<[String]>::to_vec));
    asked
}

/// Asks whether a path is there, given what is known: each time for as many names as can be joined by dots.
fn apart(path: &[String], known: &BTreeSet<Vec<String>>) -> Vec<String> {
    let mut around =
        (0..path.len()).rev().filter_map(|length| path.get(..length)).find(|part| known.contains(*part));
    let mut left = path.get(around.map_or(0, <[String]>::len)..).unwrap_or_default();
    let mut asked = Vec::new();
    loop {
        let dotted = left.iter().take_while(|name| is_name(name)).count();
        let at = around.map_or_else(|| "context".to_owned(), place);
        let mut names: Vec<String> = around.is_none().then(|| "input".to_owned()).into_iter().collect();
        match left.first() {
            // One that needs quotes is asked for by itself.
            Some(quoted) if dotted == 0 && around.is_some() => {
                let mut name = String::new();
                push_quoted(quoted, &mut name);
                names.push(name);
                left = left.get(1..).unwrap_or_default();
            }
            _ => {
                names.extend(left.iter().take(dotted).cloned());
                left = left.get(dotted..).unwrap_or_default();
            }
        }
        asked.push(format!("{at} has {}", names.join(".")));
        around = path.get(..path.len() - left.len());
        if left.is_empty() {
            return asked;
        }
    }
}

/// `context.input.a["b c"]`
fn place(path: &[String]) -> String {
    let mut text = "context.input".to_owned();
    path.iter().for_each(|name| push_access(name, &mut text));
    text
}

fn push_access(name: &str, out: &mut String) {
    if is_name(name) {
        out.push('.');
        out.push_str(name);
    } else {
        out.push('[');
        push_quoted(name, out);
        out.push(']');
    }
}

fn test_text(path: &[String], test: &Test) -> String {
    let mut text = String::new();
    push_test(&place(path), test, &mut text);
    text
}

fn push_test(place: &str, test: &Test, out: &mut String) {
    let mut compared = |sign: &str, value: i64| {
        // Writing into a String cannot fail.
        let _infallible = write!(out, "{place} {sign} {value}");
    };
    match test {
        Test::Below(value) => compared("<", *value),
        Test::AtMost(value) => compared("<=", *value),
        Test::Above(value) => compared(">", *value),
        Test::AtLeast(value) => compared(">=", *value),
        Test::Between(low, high) => {
            compared(">=", *low);
            out.push_str(" && ");
            let _infallible = write!(out, "{place} <= {high}");
        }
        Test::Equals(value) => {
            out.push_str(place);
            out.push_str(" == ");
            push_scalar(value, out);
        }
        Test::OneOf(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                push_scalar(value, out);
            }
            out.push_str("].contains(");
            out.push_str(place);
            out.push(')');
        }
        Test::StartsWith { prefix, dots } => {
            out.push_str(place);
            out.push_str(" like ");
            push_prefix_pattern(prefix, out);
            if !dots {
                out.push_str(" && !(");
                out.push_str(place);
                out.push_str(" like \"*..*\")");
            }
        }
    }
}

fn push_scalar(value: &Scalar, out: &mut String) {
    match value {
        Scalar::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Scalar::Long(value) => {
            let _infallible = write!(out, "{value}");
        }
        Scalar::Text(value) => push_quoted(value, out),
    }
}
