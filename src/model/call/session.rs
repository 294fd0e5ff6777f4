//! The digest a session is known by in memory and in records: names are as long as their callers make them, and some are secret.

use std::fmt;

use sha2::{Digest, Sha256};

/// SHA-256 of a session's name. As text, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionDigest([u8; 32]);

impl SessionDigest {
    /// The digest of the session `name`, as [`DecisionRequest::session`](crate::model::call::DecisionRequest) has it.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(Sha256::digest(name).into())
    }

    /// The digest of that text; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for SessionDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
