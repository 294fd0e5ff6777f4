//! Fields that several kinds of objects have, and their bounds.

use std::sync::Arc;

use crate::model::call::{ACTOR_ID_RULE, CapabilityName, is_actor_id};
use crate::policy::governance::read::reader::{At, Reader};

/// Longest description, in bytes.
pub(super) const DESCRIPTION_BYTES_MAX: usize = 4096;

/// Longest reason, in bytes.
pub(super) const REASON_BYTES_MAX: usize = 1024;

/// Longest name of a policy and of a tenant, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 128;

/// How many tags a capability may have, and how long one may be.
const TAGS_MAX: usize = 32;
const TAG_BYTES_MAX: usize = 64;

impl Reader<'_> {
    /// The tenant at `at`, if one is written.
    pub(super) fn tenant(&mut self, at: At<'_>) -> Option<Arc<str>> {
        let pointer = at.field("tenant");
        self.name(&pointer, NAME_BYTES_MAX)
    }

    /// The name at `pointer`: of 1 to `bytes_max` bytes, without control characters, not blank at its ends.
    pub(super) fn name(&mut self, pointer: &str, bytes_max: usize) -> Option<Arc<str>> {
        let text = self.text(pointer)?;
        match check_name(text, bytes_max) {
            Ok(()) => Some(text.into()),
            Err(message) => {
                self.refuse(pointer, message);
                None
            }
        }
    }

    /// The actor's id at `at`.
    pub(super) fn actor(&mut self, at: At<'_>) -> Option<Arc<str>> {
        let pointer = at.field("actor");
        let text = self.text(&pointer)?;
        if is_actor_id(text) {
            return Some(text.into());
        }
        let message = format!("an actor's id {ACTOR_ID_RULE}");
        self.refuse(&pointer, message);
        None
    }

    /// The capability's name in `key`.
    pub(super) fn capability_name(&mut self, at: At<'_>, key: &str) -> Option<CapabilityName> {
        self.parsed(&at.field(key), CapabilityName::parse)
    }

    /// A text for people, bounded.
    pub(super) fn prose(&mut self, at: At<'_>, key: &str, bytes_max: usize) -> String {
        let pointer = at.field(key);
        let text = self.text(&pointer).unwrap_or_default();
        if text.len() > bytes_max {
            self.refuse(&pointer, format!("longer than {bytes_max} bytes"));
        }
        text.to_owned()
    }

    /// The tags of a capability.
    pub(super) fn tags(&mut self, at: At<'_>) -> Vec<String> {
        let pointer = at.field("tags");
        let count = self.count(&pointer);
        if count > TAGS_MAX {
            self.refuse(&pointer, format!("more than {TAGS_MAX} tags"));
        }
        let mut tags = Vec::new();
        for index in 0..count {
            let pointer = format!("{pointer}/{index}");
            tags.extend(self.name(&pointer, TAG_BYTES_MAX).map(|tag| tag.to_string()));
        }
        tags
    }
}

fn check_name(text: &str, bytes_max: usize) -> Result<(), String> {
    if text.is_empty() {
        Err("must not be empty".to_owned())
    } else if text.len() > bytes_max {
        Err(format!("longer than {bytes_max} bytes"))
    } else if text.chars().any(char::is_control) || text.trim() != text {
        Err("has control characters, or blanks at its ends".to_owned())
    } else {
        Ok(())
    }
}
