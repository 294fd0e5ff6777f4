//! What a decision takes of limits, and what is remembered of the caller's conduct and observed for the gates.

use crate::audit::AppendError;
use crate::facts::{Observation, Reservation, Who, who};
use crate::gateway::Gateway;
use crate::model::call::DecisionRequest;
use crate::model::decision::{Decision, Engine, Facts, GatesFound, Outcome};
use crate::model::time::Timestamp;

/// What was taken of limits is spent with the decision's record, and given back where the ledger surely has none.
pub(in crate::gateway) fn settle(reservation: Option<Reservation>, recorded: &Result<(), AppendError>) {
    let may_be_in = matches!(recorded, Ok(()) | Err(AppendError::Deadline | AppendError::NotDurable));
    if let Some(reservation) = reservation.filter(|_| may_be_in) {
        reservation.spend();
    }
}

/// A decision that is observed for the gates once its record is in the ledger.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Noted {
    who: Who,
    observation: Observation,
    found: Box<GatesFound>,
    /// What was decided, before any hold: what the gates would have added to it is measured against that.
    decided: Outcome,
}

impl Noted {
    /// `decision` on `request`, as it stands. `None` where calls do not pass the gates.
    pub(in crate::gateway) fn of(
        request: DecisionRequest<'_, '_>,
        decision: &Decision,
        facts: Facts<'_>,
    ) -> Option<Self> {
        let (observed, found, who) = (facts.gates?, decision.gates.clone()?, who(request)?);
        let observation = Observation {
            shape: observed.shape,
            window: observed.window,
            score: Some(decision.score),
            let_through: decision.outcome == Outcome::Allow,
            at: facts.now,
        };
        Some(Self { who, observation, found, decided: decision.outcome })
    }

    /// The same where its hold makes `outcome` of it; `repeats`: an earlier decision asked for the hold, and was observed.
    pub(in crate::gateway) fn held(mut self, outcome: Outcome, repeats: bool) -> Self {
        self.observation.let_through = outcome == Outcome::Allow;
        self.observation.score = self.observation.score.filter(|_| !repeats);
        self
    }
}

impl Gateway {
    /// The ledger has the record of a decision: it is observed, and what the gates found is shown.
    pub(in crate::gateway) fn note_gates(&self, noted: Option<&Noted>) {
        let Some(Noted { who, observation, found, decided }) = noted else { return };
        self.facts.live().observe(who, observation);
        // What repeats was shown with the decision that asked for its hold.
        if observation.score.is_some() {
            self.metrics.gates().found(found, *decided);
        }
    }

    /// What engines found of a call is counted, whatever becomes of it.
    pub(in crate::gateway) fn note_found(&self, decision: &Decision) {
        if let Some(found) = &decision.cedar {
            self.metrics.cedar().found(found);
        }
        // The gates count theirs themselves: of a call that is held once for all its repeats.
        let cedar = decision.findings.iter().filter(|finding| finding.engine == Engine::Cedar);
        if let Some(wanted) = cedar.filter_map(|finding| finding.would_have.as_ref()).next()
            && wanted.outcome > decision.outcome
        {
            self.metrics.gates().would_have(Engine::Cedar, wanted.outcome);
        }
    }

    /// A call was let through: it counts for its caller's conduct.
    pub(in crate::gateway) fn let_through(&self, request: DecisionRequest<'_, '_>, now: Timestamp) {
        if let Some(who) = who(request) {
            self.facts.live().let_through(&who, now);
        }
    }

    /// What became of a call was reported.
    pub(in crate::gateway) fn reported(&self, who: &Who, failed: bool, now: Timestamp) {
        self.facts.live().reported(who, failed, now);
    }
}
