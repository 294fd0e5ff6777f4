//! What became of an allowed proposal, as its proposer says: one report for each decision.

use std::sync::PoisonError;

use thiserror::Error;

use crate::audit::record::{ReportRecord, ReportedBy};
use crate::facts::Who;
use crate::gateway::proposals::ProposalDesk;
use crate::model::call::Principal;
use crate::model::decision::Report;
use crate::model::id::{DECISION, Id};

/// Why a report was not taken. Nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReportRefused {
    /// There is no such decision that the caller may report on.
    #[error("There is no such decision of this actor.")]
    Unknown,
    /// The decision let nothing through.
    #[error("The decision did not allow anything, so there is nothing to report.")]
    NotAllowed,
    /// The gateway itself saw what became of it.
    #[error("The call went through the gateway, which has recorded what became of it.")]
    Witnessed,
    /// It was reported already.
    #[error("What became of this decision was reported already.")]
    Reported,
    /// The index cannot find decisions now.
    #[error("Decisions cannot be looked up now, so nothing was recorded. Try again later.")]
    Index,
    /// The ledger takes nothing.
    #[error("The ledger takes no record, so nothing was recorded. Try again later.")]
    Ledger,
}

impl ProposalDesk {
    /// Records what became of a decision. `admits`: whether the caller may speak for an actor of its tenant.
    ///
    /// Blocks: for `spawn_blocking`.
    ///
    /// # Errors
    /// [`ReportRefused`].
    pub fn report(
        &self,
        caller: &Principal,
        admits: impl Fn(&str) -> bool,
        report: &Report,
    ) -> Result<(), ReportRefused> {
        let id = Id::parse(DECISION, &report.decision_id).ok_or(ReportRefused::Unknown)?;
        // Between looking for an earlier report and writing this one nobody else writes one.
        let _one_at_a_time = self.reporting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.index.find(&report.decision_id).map_err(|error| {
            tracing::error!(%error, "a decision could not be looked up for a report");
            ReportRefused::Index
        })?;
        let call = found.ok_or(ReportRefused::Unknown)?;
        let record = call.record().ok_or(ReportRefused::Unknown)?;
        let actor = record.actor().unwrap_or_default();
        if record.kind() != Some("decision") || record.tenant() != Some(&*caller.tenant) || !admits(actor) {
            return Err(ReportRefused::Unknown);
        }
        if record.surface() != Some(&*self.route) {
            return Err(ReportRefused::Witnessed);
        }
        if record.outcome() != Some("ALLOW") {
            return Err(ReportRefused::NotAllowed);
        }
        if call.execution.is_some() {
            return Err(ReportRefused::Reported);
        }
        let capability = record.capability().unwrap_or_default();
        let now = self.gateway.clock.now();
        let line = ReportRecord {
            decision_id: &id,
            by: ReportedBy { tenant: &caller.tenant, actor, key: caller.key.as_deref() },
            capability,
            status: report.status.as_str(),
            result: report.status.result().as_str(),
            failed: report.status.failed(),
            summary: report.summary.as_deref(),
            duration_ms: report.duration_ms,
            exit_code: report.exit_code,
        };
        self.gateway.append(&line.payload(), now).map_err(|error| {
            tracing::error!(%error, "the ledger took no record of a report");
            ReportRefused::Ledger
        })?;
        if let Some(failed) = report.status.failed() {
            self.gateway.reported(&Who::new(&caller.tenant, actor, capability), failed, now);
        }
        Ok(())
    }
}
