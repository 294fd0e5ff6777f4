//! What answers look like, field by field: nothing of it is derived from a core type.

mod audit_entry;
mod hold;
mod key;

pub(in crate::control) use audit_entry::AuditEntry;
pub(in crate::control) use hold::{HoldForm, HoldPageForm};
pub(in crate::control) use key::{KeyForm, KeyPageForm};
