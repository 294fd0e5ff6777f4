//! A call that a decision wants held, and what its hold makes of it: let through, refused, or waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::audit::held::{HeldDecision, HeldOutcome};
use crate::facts::{Deciding, Exceeded, LaterCharge, LaterStep, Reservation};
use crate::gateway::execution::counting::Noted;
use crate::gateway::holding::answers::{self, HoldNote};
use crate::gateway::holding::{Charging, HoldDesk, Preference, Stood, WaitPlace, Waiting};
use crate::gateway::permit::Forwarding;
use crate::gateway::{Refusal, RefusalForm};
use crate::holds::{Ask, Ended, Hold, Limits, Named, RequestKey, StoreError, WaitLimits, Waiter};
use crate::model::decision::{Outcome, Reason, ReasonCode};
use crate::model::id::{DECISION, Id};

/// A call that a decision wants held.
#[derive(Debug)]
pub(in crate::gateway) struct Held {
    /// What is asked of the approvers.
    pub(in crate::gateway) ask: Arc<Ask>,
    /// What the decision's record says, but for the hold.
    pub(in crate::gateway) record: HeldDecision,
    /// What it counts as in its session once it is let through.
    pub(in crate::gateway) step: Option<LaterStep>,
    /// What letting it through takes of limits, if that was not taken already.
    pub(in crate::gateway) charge: Option<LaterCharge>,
    /// What is observed of it.
    pub(in crate::gateway) noted: Option<Box<Noted>>,
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
    /// What is observed of it once the record is in.
    pub(in crate::gateway) noted: Option<Box<Noted>>,
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
        let Some(named) = named else { return self.ended(&Ended::Foreign) };
        if !self.ask.ticket && resumed.is_none() && self.terms.wait.is_zero() {
            return self.ticketless();
        }
        let (place, charging) = (self.place(resumed), Charging { facts, charge: self.charge.as_ref() });
        let stood = desk.stand(&self.ask, named, self.terms.limits, place, charging).await;
        match stood {
            Ok(Stood::Exceeded(hold, exceeded)) => self.exceeded(exceeded, &hold),
            Ok(Stood::Approved(hold, consumed, reservation)) => {
                // What policy allows by now has taken its own.
                if reservation.is_some() {
                    self.forwarding.charged(reservation);
                }
                let approved_by = consumed.approved_by();
                self.forwarding.consumes(consumed);
                self.let_through(&hold, &approved_by)
            }
            Ok(Stood::Pending(hold, waiter)) => self.pending(&hold, waiter, resumed, desk).await,
            // Its hold is used up or given up all the same: else another call could be let through by it.
            Ok(Stood::Unneeded(hold)) => self.allowed(hold.as_ref()),
            Ok(Stood::Ended(ended)) => self.ended(&ended),
            Err(error) => self.unavailable(&error),
        }
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
        // Asked for by an earlier decision, it was observed with that.
        let repeats = hold.ask.decision_id != self.ask.decision_id;
        let record = (!told).then(|| self.payload((outcome, repeats), code, &reason, Some(&hold.id), &[]));
        let noted = self.noted.take().filter(|_| !told).map(|noted| Box::new(noted.held(outcome, repeats)));
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
        Judged { then, record, outcome: Some(outcome), code, noted }
    }

    /// What a caller is told that does not wait, or has waited long enough.
    fn ticket(&self, hold: &Hold) -> Refusal {
        let (form, reason) = (&self.form, &self.ask.reason);
        let code = ReasonCode::ApprovalRequired;
        if !self.ask.ticket {
            return answers::say(form, 403, code, answers::ticketless(reason), None);
        }
        let note = HoldNote::of(hold, self.terms.links.as_ref());
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

    /// Let through by policy; the hold that it has waited for is given up.
    fn allowed(mut self, hold: Option<&Id>) -> Judged {
        let reason = Reason::new(&self.ask.reason);
        let (outcome, code) = (self.ask.outcome, self.code);
        let record = Some(self.payload((outcome, hold.is_some()), code, &reason, hold, &[]));
        self.forwarding.prefers(self.terms.applied_wait());
        let noted = self.noted.map(|noted| Box::new(noted.held(outcome, hold.is_some())));
        Judged { then: Then::Forward(self.forwarding), record, outcome: Some(outcome), code, noted }
    }

    fn let_through(mut self, hold: &Id, approved_by: &[String]) -> Judged {
        let (outcome, code) = (Outcome::Allow, ReasonCode::Approved);
        let reason = Reason::new(&format!("Approved by {}.", approved_by.join(" and ")));
        let record = Some(self.payload((outcome, true), code, &reason, Some(hold), approved_by));
        self.forwarding.prefers(self.terms.applied_wait());
        let noted = self.noted.map(|noted| Box::new(noted.held(outcome, true)));
        Judged { then: Then::Forward(self.forwarding), record, outcome: Some(outcome), code, noted }
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

    fn ended(self, ended: &Ended) -> Judged {
        let (code, hold, detail) = (ended.code(), ended.hold(), answers::ended(ended));
        let reason = Reason::new(&detail);
        let note = hold.map(|hold| HoldNote::of(hold, self.terms.links.as_ref()));
        let mut refusal = answers::say(&self.form, answers::status(code), code, detail, note);
        // The decision that let the call through says more than the one that did not.
        let first = hold.and_then(|hold| Id::parse(DECISION, hold.consumed_by.as_deref()?));
        refusal.decision_id = first.or(refusal.decision_id);
        self.refused(refusal, Outcome::Deny, &reason, hold.map(|hold| &hold.id))
    }

    /// It is approved, and a limit has no room for it for now.
    fn exceeded(self, exceeded: Exceeded, hold: &Hold) -> Judged {
        let detail = format!("The call is approved. {exceeded}");
        let code = exceeded.code();
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
        let record = Some(self.payload((outcome, hold.is_some()), code, reason, hold, &[]));
        let noted = self.noted.map(|noted| Box::new(noted.held(outcome, hold.is_some())));
        Judged { then: Then::Refuse(Box::new(refusal)), record, outcome: Some(outcome), code, noted }
    }

    fn payload(
        &self,
        (outcome, repeats): (Outcome, bool),
        code: ReasonCode,
        reason: &Reason,
        hold: Option<&Id>,
        approved_by: &[String],
    ) -> Vec<u8> {
        let charged = self.forwarding.reservation().filter(|_| outcome == Outcome::Allow);
        let charged = charged.map(Reservation::charged);
        self.record.payload(HeldOutcome { outcome, code, reason, hold, approved_by, charged, repeats })
    }
}

impl Then {
    /// The ledger has its record: what was taken for it is spent.
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
