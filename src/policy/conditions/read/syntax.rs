//! The text of a condition through the token pass and the parser of the `cel` crate. Start at [`read`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::{ParseErrors, Parser};

use crate::policy::conditions::ConditionError;
use crate::policy::conditions::expression::Expression;
use crate::policy::conditions::read::compile::Compiler;
use crate::policy::conditions::read::words;

/// Longest condition, in bytes.
const TEXT_BYTES_MAX: usize = 4096;

/// The tree of a condition, and what its regular expressions take in bytes; `None` for one without any words in it, which holds always.
///
/// # Errors
/// The first thing that is wrong with it.
pub(in crate::policy::conditions) fn read(text: &str) -> Result<Option<(Expression, usize)>, ConditionError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the condition is longer than {TEXT_BYTES_MAX} bytes");
        return Err(ConditionError::at(text, 0, message));
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    let plain = words::plain(text)?;
    let (tree, source) = parse(text, &plain.text)?;
    let compiler = Compiler::new(text, &source, &tree, &plain.negated);
    let compiled = compiler.compile(&tree)?;
    Ok(Some((compiled, compiler.pattern_bytes())))
}

fn parse(written: &str, plain: &str) -> Result<(IdedExpr, SourceInfo), ConditionError> {
    // The parser is generated code that indexes as it likes. No text is known to make it panic, and what is written is read once,
    // on behalf of whoever wrote it: a panic is taken for a refusal. Nothing of the parser is used afterwards.
    let parsed = catch_unwind(AssertUnwindSafe(|| Parser::new().parse_with_source_info(plain)));
    match parsed {
        Ok(Ok(parsed)) => Ok(parsed),
        Ok(Err(errors)) => Err(refusal(written, &errors)),
        Err(_) => Err(ConditionError::at(written, 0, "the condition cannot be read")),
    }
}

/// The first error of the parser in our words: its own list what the grammar would have taken, token by token.
fn refusal(written: &str, errors: &ParseErrors) -> ConditionError {
    let Some(first) = errors.errors.first() else {
        return ConditionError::at(written, 0, "the condition cannot be read");
    };
    let number = |position: isize| u32::try_from(position.max(1)).unwrap_or(1);
    let (line, column) = (number(first.pos.0), number(first.pos.1));
    let rest = written.lines().nth(line as usize - 1).unwrap_or_default();
    let next = rest.chars().skip(column as usize - 1).collect::<String>();
    let (message, hint) = if next.trim().is_empty() {
        ("the condition ends where something is missing", None)
    } else if next.starts_with('=') {
        ("no CEL: a single `=`", Some("to compare, write =="))
    } else if first.msg.contains("simple name") {
        ("the first argument of a macro must be a plain name", None)
    } else if first.msg.contains("has()") {
        ("has() takes a member, as in has(parameters.name)", None)
    } else {
        ("no CEL from here on", None)
    };
    let error = ConditionError { line, column, message: message.to_owned(), hint: None };
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
