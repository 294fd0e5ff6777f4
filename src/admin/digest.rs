//! SHA-256 of what is written: of an object, of a text, of all objects together.

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::policy::governance::ObjectKey;

/// SHA-256 of something written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of a text.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Of an object's key and what is written of it; not of its history.
    #[must_use]
    pub fn of_object(key: &ObjectKey, written: &Value) -> Self {
        let mut parts = Parts::default();
        parts.key(key);
        parts.note(written.to_string().as_bytes());
        parts.finish()
    }

    /// In lower-case hexadecimal.
    #[must_use]
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Of its text.
    #[must_use]
    pub fn parse_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

/// SHA-256 over several parts, each with its length before it, so that no two lists of parts are one text.
#[derive(Default)]
pub(super) struct Parts(Sha256);

impl Parts {
    pub(super) fn note(&mut self, part: &[u8]) {
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(part);
    }

    pub(super) fn key(&mut self, key: &ObjectKey) {
        self.note(key.kind.as_str().as_bytes());
        self.note(&[u8::from(key.tenant.is_some())]);
        self.note(key.tenant.as_deref().unwrap_or_default().as_bytes());
        self.note(key.name.as_bytes());
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}
