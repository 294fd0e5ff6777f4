//! What the people of an override agree on: which evaluation, and why it may be overridden.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::model::id::Id;

/// SHA-256 of the decision's id (`dec_` and 26 characters), a line feed, and the justification as it was sent, in UTF-8. An id has no line
/// feed and is always as long, so no two messages have the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageHash([u8; 32]);

impl MessageHash {
    /// The hash of why `decision_id` may be overridden.
    #[must_use]
    pub fn of(decision_id: &Id, justification: &str) -> Self {
        let mut bytes = Vec::with_capacity(decision_id.text_bytes() + 1 + justification.len());
        decision_id.write(&mut bytes);
        bytes.push(b'\n');
        bytes.extend_from_slice(justification.as_bytes());
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for MessageHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for MessageHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Why an evaluation may be overridden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideMessage {
    /// By what two messages are known to be the same.
    pub hash: MessageHash,
    /// The text, as it may be kept.
    pub justification: String,
}
