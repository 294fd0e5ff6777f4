//! What answers look like, field by field: nothing of it is derived from a core type.

mod hold;

pub(in crate::control) use hold::{HoldForm, HoldPageForm};
