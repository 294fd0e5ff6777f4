//! What people do about evaluations of changes that failed gates: two of them, of two roles, let one pass.

use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::audit::index::AuditIndex;
use crate::audit::record::{EVALUATION, OverrideRecord};
use crate::gateway::Gateway;
use crate::holds::{
    Approver, MessageHash, Override, OverrideAsk, OverrideMessage, OverrideRefused, OverrideStore, StoreError,
};
use crate::model::id::{DECISION, Id};
use crate::model::time::Timestamp;
use crate::risk::gates::{GateName, Status};

/// How often a vote is tried again when another process changes the same override meanwhile.
const TRIES: usize = 8;

/// What stands where a justification must not be kept (`audit.redact`).
const REDACTED: &str = "[REDACTED]";

/// Where evaluations are overridden. A vote counts once it is in the store, and it gets there only after it is in the ledger.
#[derive(Debug)]
pub struct OverrideDesk {
    gateway: Arc<Gateway>,
    index: Arc<AuditIndex>,
    store: Arc<dyn OverrideStore>,
    /// Held from the look at an override until it is changed: the ledger hears of no vote that another one overtook.
    voting: Mutex<()>,
}

/// Why an evaluation cannot be overridden by anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotOverridable {
    /// Another kind of decision.
    #[error("The decision is no evaluation of a change: only those of POST /evaluate can be overridden.")]
    NoEvaluation,
    /// The one gate that nobody overrides.
    #[error("The change failed the complexity gate, which nobody overrides.")]
    Complexity,
    /// The other thing that nobody overrides.
    #[error("The change drifts critically from the baseline, which nobody overrides.")]
    Drift,
    /// There is nothing to override.
    #[error(
        "The change failed no gate, so there is nothing to override. What it still waits for is plain human approval."
    )]
    NothingFailed,
}

/// Why an override was not voted for, or not shown. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OverrideError {
    /// There is no such decision for whoever asks.
    #[error("There is no such decision.")]
    Unknown,
    /// Nobody has voted to override it.
    #[error("Nobody has asked for an override of this decision.")]
    NotRequested,
    /// Nobody can.
    #[error("{0}")]
    Not(NotOverridable),
    /// This one may not, or not so.
    #[error("{0}")]
    Refused(OverrideRefused),
    /// The index cannot find decisions now.
    #[error("Decisions cannot be looked up now, so nothing was changed. Try again later.")]
    Index,
    /// The store is out of order.
    #[error("The store is out of order, and the vote is not known to count. Try again later.")]
    Store,
    /// The ledger takes nothing.
    #[error("The ledger takes no record, so the vote does not count. Try again later.")]
    Ledger,
}

impl OverrideDesk {
    /// A desk that finds evaluations through `index` and keeps overrides in `store`.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, index: Arc<AuditIndex>, store: Arc<dyn OverrideStore>) -> Self {
        Self { gateway, index, store, voting: Mutex::default() }
    }

    /// The override of the decision named `id`, as it stands; `tenant`: whose decisions may be seen, `None` for everybody's.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn show(
        self: &Arc<Self>,
        tenant: Option<Arc<str>>,
        id: String,
    ) -> Result<Override, OverrideError> {
        let found = self.find(tenant, id).await?.ask.decision_id;
        self.standing(found).await?.ok_or(OverrideError::NotRequested)
    }

    /// `approver` votes to override the decision named `id`, because of `justification`. Once it has begun it must be run to its end.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn vote(
        self: &Arc<Self>,
        approver: &Approver,
        id: String,
        justification: &str,
    ) -> Result<Override, OverrideError> {
        let Found { ask, eligible } = self.find(approver.tenant().map(Arc::from), id).await?;
        eligible.map_err(OverrideError::Not)?;
        let kept =
            if self.gateway.redaction.hides("justification") { REDACTED } else { justification }.to_owned();
        let message =
            OverrideMessage { hash: MessageHash::of(&ask.decision_id, justification), justification: kept };
        self.change(&ask, approver, |before, now| {
            Override::vote(before, &ask, &message, (approver, now)).map_err(OverrideError::Refused)
        })
        .await
    }

    /// `approver` takes its vote to override the decision named `id` back. Once it has begun it must be run to its end.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn withdraw(
        self: &Arc<Self>,
        approver: &Approver,
        id: String,
    ) -> Result<Override, OverrideError> {
        let Found { ask, .. } = self.find(approver.tenant().map(Arc::from), id).await?;
        self.change(&ask, approver, |before, now| {
            let standing = before.ok_or(OverrideError::NotRequested)?;
            standing.withdraw(approver, now).map_err(OverrideError::Refused)
        })
        .await
    }

    /// Puts what `change` makes of the override of `ask` in its place, because of `approver`.
    async fn change(
        &self,
        ask: &OverrideAsk,
        approver: &Approver,
        change: impl Fn(Option<&Override>, Timestamp) -> Result<Override, OverrideError> + Send + Sync,
    ) -> Result<Override, OverrideError> {
        let _one_at_a_time = self.voting.lock().await;
        for _try in 0..TRIES {
            let before = self.standing(ask.decision_id).await?;
            let now = self.gateway.clock.now();
            let next = change(before.as_ref(), now)?;
            if before.is_some_and(|before| before == next) {
                return Ok(next);
            }
            let state = self.record(ask, &next, (approver, now)).await?;
            let (store, changed) = (Arc::clone(&self.store), next.clone());
            if blocking(move || store.replace_override(&changed, now)).await? {
                self.gateway.metrics.holds().overridden(state);
                return Ok(next);
            }
        }
        tracing::error!("an override changes too often; a vote was given up");
        Err(OverrideError::Store)
    }

    async fn standing(&self, id: Id) -> Result<Option<Override>, OverrideError> {
        let store = Arc::clone(&self.store);
        blocking(move || store.find_override(&id)).await
    }

    async fn find(&self, tenant: Option<Arc<str>>, id: String) -> Result<Found, OverrideError> {
        let index = Arc::clone(&self.index);
        let looked = spawn_blocking(move || index.find(&id)).await.map_err(|_| OverrideError::Index)?;
        let call = looked.map_err(|error| {
            tracing::error!(%error, "a decision could not be looked up for its override");
            OverrideError::Index
        })?;
        let found = call.and_then(|call| Found::read(&call.line)).ok_or(OverrideError::Unknown)?;
        let seen = tenant.is_none_or(|tenant| tenant == found.ask.tenant);
        seen.then_some(found).ok_or(OverrideError::Unknown)
    }

    /// The ledger takes what `approver` made `next` of; its word for that.
    async fn record(
        &self,
        ask: &OverrideAsk,
        next: &Override,
        (approver, now): (&Approver, Timestamp),
    ) -> Result<&'static str, OverrideError> {
        let state = match next.votes.as_slice() {
            [] => "withdrawn",
            _ if next.is_granted() => "granted",
            _ => "requested",
        };
        let filling = next.filling();
        let votes: Vec<(&str, &str)> =
            filling.iter().map(|(vote, role)| (&*vote.person, role.unwrap_or_default())).collect();
        let record = OverrideRecord {
            decision_id: &next.decision_id,
            tenant: &next.tenant,
            actor: &ask.actor,
            state,
            revision: next.revision,
            by: &approver.name,
            person: approver.person().unwrap_or_default(),
            votes: &votes,
            message_hash: &next.message.hash.to_string(),
            justification: &next.message.justification,
            expires_at: next.expires_at,
        };
        self.gateway.record_approval(&record.payload(), now).await.map_err(|error| {
            tracing::error!(%error, "the ledger took no record of a vote; it does not count");
            OverrideError::Ledger
        })?;
        Ok(state)
    }
}

/// Asks the store, which blocks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, OverrideError> {
    let done = spawn_blocking(work).await.map_err(|_| OverrideError::Store)?;
    done.map_err(|error| {
        tracing::error!(%error, "the store of overrides failed");
        OverrideError::Store
    })
}

/// A decision, and whether it can be overridden.
#[derive(Debug)]
struct Found {
    ask: OverrideAsk,
    eligible: Result<(), NotOverridable>,
}

/// What of its record says so.
#[derive(Deserialize)]
struct Line {
    kind: String,
    tenant: String,
    actor: String,
    key: Option<String>,
    person: Option<String>,
    surface: Option<String>,
    decision_id: String,
    evaluation: Option<Judged>,
}

/// What the gates said.
#[derive(Deserialize)]
struct Judged {
    status: String,
    override_eligible: bool,
    failing_gates: Vec<String>,
}

impl Found {
    fn read(line: &[u8]) -> Option<Self> {
        let line: Line = serde_json::from_slice(line).ok().filter(|line: &Line| line.kind == "decision")?;
        let evaluation = line.evaluation.filter(|_| line.surface.as_deref() == Some(EVALUATION));
        let ask = OverrideAsk {
            decision_id: Id::parse(DECISION, &line.decision_id)?,
            tenant: line.tenant.into(),
            actor: line.actor.into(),
            key: line.key.map(Into::into),
            person: line.person.map(Into::into),
        };
        Some(Self { ask, eligible: evaluation.map_or(Err(NotOverridable::NoEvaluation), |it| it.eligible()) })
    }
}

impl Judged {
    /// What the evaluation itself says counts; the rest only tells why not.
    fn eligible(&self) -> Result<(), NotOverridable> {
        let failed = |gate: GateName| self.failing_gates.iter().any(|failing| failing == gate.as_str());
        if self.override_eligible {
            Ok(())
        } else if failed(GateName::Complexity) {
            Err(NotOverridable::Complexity)
        } else if self.status == Status::Halt.as_str() {
            Err(NotOverridable::Drift)
        } else {
            Err(NotOverridable::NothingFailed)
        }
    }
}
