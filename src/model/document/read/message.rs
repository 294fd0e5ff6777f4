//! The YAML reader's errors in words for the person who wrote the file. Imports nothing of ours.
//!
//! The reader's own texts name its Rust API and may repeat scalars, which may be secrets, so none of them is used as it is.

use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

use crate::model::document::read::parse::{ALIAS_EVENTS_MAX, Bounds, SCALAR_BYTES_MAX};

/// What is wrong, without any text of the document.
pub(super) fn message_of(error: &Error, bounds: Bounds) -> String {
    match error.without_snippet() {
        Error::AliasError { error, .. } => message_of(error, bounds),
        // The scanner, which may be ahead of the reader, meets the limit on its own account.
        Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => too_deep(bounds),
        Error::ExternalMessage { msg, .. } => format!("not valid YAML: {}", first_line(msg)),
        Error::Budget { breach, .. } => budget_message(breach, bounds),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            format!("aliases expand to more than {ALIAS_EVENTS_MAX} values")
        }
        other => fixed_message(other).to_owned(),
    }
}

fn too_deep(bounds: Bounds) -> String {
    format!("nested deeper than {} levels", bounds.depth)
}

fn budget_message(breach: &BudgetBreach, bounds: Bounds) -> String {
    let nodes = bounds.nodes;
    match breach {
        BudgetBreach::Depth { .. } => too_deep(bounds),
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
            format!("more than {nodes} values, those repeated by aliases counted again")
        }
        BudgetBreach::ScalarBytes { .. } => {
            format!(
                "more than {SCALAR_BYTES_MAX} bytes of keys and values, those repeated by aliases counted again"
            )
        }
        _ => "too large: the document exceeds a limit on anchors, aliases or nesting".to_owned(),
    }
}

fn fixed_message(error: &Error) -> &'static str {
    match error {
        Error::Eof { .. } => "not valid YAML: the text ends too early",
        Error::MultipleDocuments { .. } => {
            "several YAML documents in one text (a line \"---\"): only one is read"
        }
        Error::UnknownAnchor { .. } => "the alias names an anchor that is not defined before it",
        Error::RecursiveReferencesRequireWeakTypes { .. } => "the alias stands inside the value it repeats",
        Error::MergeKeyNotAllowed { .. } => "merge keys (<<) are not supported: write the keys out",
        Error::UnsupportedTag { .. } => "a tag that is not supported",
        Error::NonFiniteFloat { .. } => "not a finite number",
        Error::Unexpected { .. } | Error::NullIntoString { .. } => "a key must be a string",
        Error::InvalidScalar { .. }
        | Error::InvalidBooleanStrict { .. }
        | Error::InvalidBinaryBase64 { .. }
        | Error::BinaryNotUtf8 { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => "the value does not fit its tag",
        _ => "not valid YAML",
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
