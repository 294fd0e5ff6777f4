//! From a [`Draft`] to a policy with id and annotations. Imports the reader and formatter of `policy::cedar`.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::policy::cedar::{CedarPolicy, CedarProblems, formatted, read};
use crate::policy::generation::config::Window;
use crate::policy::generation::write::{Draft, push_quoted};

/// Who made it.
const GENERATED_BY: &str = "aegis-gateway";

/// Bytes of the hash that an id shows.
const ID_BYTES: usize = 8;

/// What the annotations of a policy say.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy::generation) struct Notes {
    /// Of which time it is made; `None` if of a sentence.
    pub(in crate::policy::generation) window: Option<Window>,
    /// Of how many calls.
    pub(in crate::policy::generation) evidence_count: Option<u64>,
}

/// The policy without annotations, in the formatter's layout: what its id is made of.
///
/// # Errors
/// It would be too long for a policy.
pub(in crate::policy::generation) fn canonical(draft: &Draft) -> Result<CedarPolicy, CedarProblems> {
    read(&formatted(&read(&draft.text())?)?)
}

/// `gen_` and 16 hexadecimal digits.
pub(in crate::policy::generation) fn asset_id(canonical: &str) -> String {
    let hash = Sha256::digest(canonical.as_bytes());
    format!("gen_{}", HEXLOWER.encode(hash.get(..ID_BYTES).unwrap_or_default()))
}

/// The policy with its annotations.
///
/// # Errors
/// It would be too long for a policy.
pub(in crate::policy::generation) fn annotated(
    canonical: &CedarPolicy,
    notes: Notes,
) -> Result<CedarPolicy, CedarProblems> {
    let mut text = String::new();
    let mut note = |name: &str, value: &str| {
        text.push('@');
        text.push_str(name);
        text.push('(');
        push_quoted(value, &mut text);
        text.push_str(")\n");
    };
    note("generated_by", GENERATED_BY);
    if let Some(window) = notes.window {
        note("window", &window.to_string());
    }
    if let Some(count) = notes.evidence_count {
        note("evidence_count", &count.to_string());
    }
    note("asset", &asset_id(canonical.text()));
    text.push_str(canonical.text());
    read(&formatted(&read(&text)?)?)
}
