//! What answers look like, field by field: nothing of it is derived from a core type.

mod audit_entry;
mod hold;
mod key;
mod ledger;
mod object;
mod overriding;
mod proposal;
mod recalibration;
mod snapshot;

pub(in crate::control) use audit_entry::AuditEntry;
pub(in crate::control) use hold::{HoldForm, HoldPageForm};
pub(in crate::control) use key::{KeyForm, KeyPageForm};
pub(in crate::control) use ledger::{
    DecisionDetail, DecisionForm, DecisionPage, EntryForm, EntryPage, Trail, kind_of,
};
pub(in crate::control) use object::object_form;
pub(in crate::control) use overriding::OverrideForm;
pub(in crate::control) use proposal::{ProposalForm, ReportForm};
pub(in crate::control) use recalibration::RecalibrationForm;
pub(in crate::control) use snapshot::{snapshot_content, snapshot_row};
