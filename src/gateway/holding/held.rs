//! A call that a decision wants held, and what its hold makes of it: let through, refused, or waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::audit::held::{HeldDecision, HeldOutcome};
use crate::facts::{Deciding, GrantExceeded, LaterCharge, LaterStep};
use crate::gateway::holding::WaitPlace;
use crate::gateway::holding::answers::{self, HoldNote};
use crate::gateway::holding::{HoldDesk, Preference, Waiting};
use crate::gateway::permit::Forwarding;
use crate::gateway::{Refusal, RefusalForm};
use crate::holds::{Ask, Hold, Limits, Named, RequestKey, Standing, StoreError, WaitLimits, Waiter};
use crate::model::decision::{Outcome, Reason, ReasonCode};
use crate::model::id::{DECISION, Id};

/// How often a hold is looked at again because others used its approval up and gave it back.
const TRIES: usize = 4;

/// A call that a decision wants held.
#[derive(Debug)]
pub(in crate::gateway) struct Held {
    /// What is asked of the approvers.
    pub(in crate::gateway) ask: Arc<Ask>,
    /// What the decision's record says, but for the hold.
    pub(in crate::gateway) record: HeldDecision,
    /// What it counts as in its session once it is let through.
    pub(in crate::gateway) step: Option<LaterStep>,
    /// What letting it through takes of its caller's grant, if that was not taken already.
    pub(in crate::gateway) charge: Option<LaterCharge>,
    /// The decision's id.
    pub(in crate::gateway) decision_id: Id,
    /// The decision's own code.
    pub(in crate::gateway) code: ReasonCode,
    /// What is forwarded once it is approved.
    pub(in crate::gateway) forwarding: Box<Forwarding>,
    /// The form in which it is refused.
    pub(in crate::gateway) form: Refusal,
    /// How it may wait.
    pub(in crate::gateway) terms: Terms,
}

/// How a held call may wait.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Terms {
    /// The hold the caller names; `None` when what it names is no hold.
    pub(in crate::gateway) named: Option<Named>,
    /// How many holds there may be.
    pub(in crate::gateway) limits: Limits,
    /// How many requests may wait.
    pub(in crate::gateway) waiting: WaitLimits,
    /// By what the caller may call its wait off.
    pub(in crate::gateway) request: Option<RequestKey>,
    /// What it keeps in memory meanwhile, in bytes.
    pub(in crate::gateway) bytes: usize,
    /// How long the request waits; none: it does not.
    pub(in crate::gateway) wait: Duration,
    /// What the caller prefers.
    pub(in crate::gateway) preference: Preference,
    /// Where people reach the control listener, without a slash at its end.
    pub(in crate::gateway) links: Option<Arc<str>>,
}

/// A request that has waited already.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct Resumed {
    /// For this hold.
    pub(in crate::gateway) hold: Id,
    /// It may wait until then.
    pub(in crate::gateway) until: Instant,
    /// Whether a repeat of the call finds the hold.
    pub(in crate::gateway) ticket: bool,
}

/// What becomes of a request now.
#[derive(Debug)]
pub(in crate::gateway) struct Judged {
    pub(in crate::gateway) then: Then,
    /// The record; `None` where the ledger has it already.
    pub(in crate::gateway) record: Option<Vec<u8>>,
    pub(in crate::gateway) outcome: Option<Outcome>,
    pub(in crate::gateway) code: ReasonCode,
}

/// What is done with a request.
#[derive(Debug)]
pub(in crate::gateway) enum Then {
    Forward(Box<Forwarding>),
    Refuse(Box<Refusal>),
    Wait(Box<Waiting>),
}

impl Held {
    /// Finds or opens the call's hold, and says what that makes of the call.
    pub(in crate::gateway) async fn stand(
        mut self,
        desk: &Arc<HoldDesk>,
        facts: &Deciding,
        resumed: Option<Resumed>,
    ) -> Judged {
        let named = resumed.map_or(self.terms.named, |resumed| Some(Named::Awaited(resumed.hold)));
        let Some(named) = named else { return self.denied(ReasonCode::HoldMismatch, None) };
        if !self.ask.ticket && resumed.is_none() && self.terms.wait.is_zero() {
            return self.ticketless();
        }
        for _try in 0..TRIES {
            let (ask, limits, place) = (Arc::clone(&self.ask), self.terms.limits, self.place(resumed));
            let (claimed, waiter) = match desk.claim(ask, named, limits, place).await {
                Ok(claimed) => claimed,
                Err(error) => return self.unavailable(&error),
            };
            let hold = match claimed.standing {
                Standing::Approved(hold) => hold,
                Standing::Pending(hold) if self.is_allowed() => {
                    // Policy allows the call by now, so nobody need be asked any more.
                    match desk.drop_unheard(hold.id, true).await {
                        Ok(true) => return self.allowed(Some(&hold.id)),
                        // Approved this very moment: that is what it is let through by.
                        Ok(false) => continue,
                        Err(error) => return self.unavailable(&error),
                    }
                }
                Standing::Unneeded => return self.allowed(None),
                Standing::Pending(hold) => return self.pending(&hold, waiter, resumed, desk).await,
                ended => return self.ended(&ended),
            };
            // Taken before the approval is used up: where the grant allows no more calls the approval stays good for later.
            if let Some(charge) = &self.charge {
                match facts.take(charge, desk.clock.now()) {
                    Ok(taken) => self.forwarding.charged(Some(taken)),
                    Err(exceeded) => return self.exceeded(exceeded, &hold),
                }
            }
            let consumed = match desk.consume(&hold, &self.decision_id).await {
                Ok(consumed) => consumed,
                Err(error) => return self.unavailable(&error),
            };
            if let Some(consumed) = consumed {
                let approved_by = consumed.approved_by();
                self.forwarding.consumes(consumed);
                return self.let_through(&hold.id, &approved_by);
            }
            // Another call used the approval up first. Should that one give it back, it is good for this one.
            match desk.look(hold.id).await {
                Ok(Some(taken)) if taken.consumed_by.is_some() => {
                    return self.denied(ReasonCode::AlreadyExecuted, Some(&taken));
                }
                Ok(_) => {}
                Err(error) => return self.unavailable(&error),
            }
        }
        self.unavailable(&StoreError::OneHold("the hold of this call changes too often".to_owned()))
    }

    /// The place to wait that is asked for along with the hold.
    fn place(&self, resumed: Option<Resumed>) -> Option<WaitPlace> {
        let waits = match resumed {
            Some(resumed) => resumed.until > Instant::now(),
            None => !self.terms.wait.is_zero(),
        };
        waits.then(|| WaitPlace {
            request: self.terms.request.clone(),
            bytes: self.terms.bytes,
            limits: self.terms.waiting,
        })
    }

    /// Nobody has decided yet: the request waits, or is told how to go on.
    async fn pending(
        mut self,
        hold: &Hold,
        waiter: Option<Waiter>,
        resumed: Option<Resumed>,
        desk: &Arc<HoldDesk>,
    ) -> Judged {
        let (outcome, code) = (self.ask.outcome, ReasonCode::ApprovalRequired);
        // A request that goes on waiting for the same hold has left its record.
        let told = resumed.is_some_and(|resumed| resumed.hold == hold.id);
        let reason = Reason::new(&self.ask.reason);
        let record = (!told).then(|| self.payload(outcome, code, &reason, Some(&hold.id), &[]));
        let refusal = Box::new(self.ticket(hold));
        self.forwarding.forget();
        let then = if let Some(waiter) = waiter {
            Then::Wait(Box::new(Waiting {
                hold: hold.id,
                ticket: self.ask.ticket,
                waiter,
                until: resumed.map_or_else(|| Instant::now() + self.terms.wait, |resumed| resumed.until),
                refusal,
                route: Arc::clone(self.forwarding.route()),
                rpc_id: self.forwarding.rpc_id().map(str::to_owned),
                outcome,
            }))
        } else {
            if !self.ask.ticket {
                // Nobody will ever come back for it; should it be approved this very moment, nothing is done all the same.
                let _dropped = desk.drop_unheard(hold.id, false).await;
            }
            Then::Refuse(refusal)
        };
        Judged { then, record, outcome: Some(outcome), code }
    }

    /// What a caller is told that does not wait, or has waited long enough.
    fn ticket(&self, hold: &Hold) -> Refusal {
        let (form, reason) = (&self.form, &self.ask.reason);
        let code = ReasonCode::ApprovalRequired;
        if !self.ask.ticket {
            return answers::say(form, 403, code, answers::ticketless(reason), None);
        }
        let note = HoldNote::of(hold, self.terms.links.as_deref());
        let detail = answers::ticket(reason, &note);
        let mut refusal = answers::say(form, 403, code, detail, Some(note));
        refusal.waited_s = self.terms.applied_wait();
        // JSON-RPC has no answer that says "later".
        if self.terms.preference.respond_async && refusal.form == RefusalForm::Problem {
            refusal.status = 202;
            refusal.form = RefusalForm::Accepted;
        }
        refusal
    }

    /// Whether policy lets the call through by now, without a person. Its hold is used up or given up all the same: else another
    /// call could be let through by it.
    fn is_allowed(&self) -> bool {
        self.ask.lifts.is_empty()
    }

    /// Let through by policy; the hold that it has waited for is given up.
    fn allowed(mut self, hold: Option<&Id>) -> Judged {
        let reason = Reason::new(&self.ask.reason);
        let (outcome, code) = (self.ask.outcome, self.code);
        let record = Some(self.payload(outcome, code, &reason, hold, &[]));
        self.forwarding.prefers(self.terms.applied_wait());
        Judged { then: Then::Forward(self.forwarding), record, outcome: Some(outcome), code }
    }

    fn let_through(mut self, hold: &Id, approved_by: &[String]) -> Judged {
        let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
        let reason = Reason::new(&format!("Approved by {}.", approved_by.join(" and ")));
        let record = Some(self.payload(outcome, code, &reason, Some(hold), approved_by));
        self.forwarding.prefers(self.terms.applied_wait());
        Judged { then: Then::Forward(self.forwarding), record, outcome: Some(outcome), code }
    }

    /// A caller that can neither wait nor come back.
    fn ticketless(self) -> Judged {
        let detail = answers::ticketless(&self.ask.reason);
        let code = ReasonCode::ApprovalRequired;
        let refusal = answers::say(&self.form, 403, code, detail, None);
        let reason = Reason::new(&self.ask.reason);
        let outcome = self.ask.outcome;
        self.refused(refusal, outcome, &reason, None)
    }

    fn ended(self, standing: &Standing) -> Judged {
        match standing {
            Standing::Rejected(hold) => self.denied(ReasonCode::HoldRejected, Some(hold)),
            Standing::Expired(hold) => self.denied(ReasonCode::HoldExpired, Some(hold)),
            Standing::Cancelled(hold) => self.denied(ReasonCode::HoldCancelled, Some(hold)),
            Standing::Consumed(hold) => self.denied(ReasonCode::AlreadyExecuted, Some(hold)),
            Standing::Full(limit) => {
                let reason = answers::full(*limit);
                let refusal = answers::say(&self.form, 403, ReasonCode::HoldLimit, reason.to_owned(), None);
                self.refused(refusal, Outcome::Deny, &Reason::new(reason), None)
            }
            Standing::Foreign | Standing::Unneeded | Standing::Pending(_) | Standing::Approved(_) => {
                self.denied(ReasonCode::HoldMismatch, None)
            }
        }
    }

    fn denied(self, code: ReasonCode, hold: Option<&Hold>) -> Judged {
        let detail = answers::ended(code, hold);
        let reason = Reason::new(&detail);
        let note = hold.map(|hold| HoldNote::of(hold, self.terms.links.as_deref()));
        let mut refusal = answers::say(&self.form, answers::status(code), code, detail, note);
        // The decision that let the call through says more than the one that did not.
        let first = hold.and_then(|hold| Id::parse(DECISION, hold.consumed_by.as_deref()?));
        refusal.decision_id = first.or(refusal.decision_id);
        self.refused(refusal, Outcome::Deny, &reason, hold.map(|hold| &hold.id))
    }

    /// It is approved, and its caller's grant allows no more calls for now.
    fn exceeded(self, exceeded: GrantExceeded, hold: &Hold) -> Judged {
        let detail = format!("The call is approved. {exceeded}");
        let code = ReasonCode::GrantRateExceeded;
        let refusal = answers::say(&self.form, 403, code, detail.clone(), None);
        self.refused(refusal, Outcome::Deny, &Reason::new(&detail), Some(&hold.id))
    }

    fn unavailable(self, error: &StoreError) -> Judged {
        tracing::error!(%error, route = %self.forwarding.route().name, "a call that wants a person was refused");
        let (detail, code) = (answers::UNAVAILABLE, ReasonCode::StoreUnavailable);
        let refusal = answers::say(&self.form, answers::status(code), code, detail.to_owned(), None);
        self.refused(refusal, Outcome::Deny, &Reason::new(detail), None)
    }

    fn refused(mut self, refusal: Refusal, outcome: Outcome, reason: &Reason, hold: Option<&Id>) -> Judged {
        self.forwarding.forget();
        let code = refusal.code;
        let record = Some(self.payload(outcome, code, reason, hold, &[]));
        Judged { then: Then::Refuse(Box::new(refusal)), record, outcome: Some(outcome), code }
    }

    fn payload(
        &self,
        outcome: Outcome,
        code: ReasonCode,
        reason: &Reason,
        hold: Option<&Id>,
        approved_by: &[String],
    ) -> Vec<u8> {
        self.record.payload(HeldOutcome { outcome, code, reason, hold, approved_by })
    }
}

impl Then {
    /// The ledger has its record: what was taken of the caller's grant is spent.
    pub(in crate::gateway) fn recorded(mut self) -> Self {
        if let Self::Forward(forwarding) = &mut self {
            forwarding.spend();
        }
        self
    }
}

impl Terms {
    /// The wait that was asked for and granted, in whole seconds.
    fn applied_wait(&self) -> Option<u64> {
        self.preference.wait.map(|_| self.wait.as_secs())
    }
}
