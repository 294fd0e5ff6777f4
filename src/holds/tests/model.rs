//! A plain model of holds: who said yes to what and when, and which calls were let through. It drives the state machine with
//! events and compares: nothing is executed that the facts do not allow, and what they allow is not withheld.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::holds::sample::{at, id, key, lift};
use crate::holds::{
    Approver, Ask, Hold, HoldFilter, HoldState, HoldStore, Lift, Limits, Named, Standing, claim, sample,
};
use crate::model::decision::Outcome;
use crate::model::id::Id;

/// For how long a hold stands, in seconds.
const TTL: i64 = 300;

/// What policy may want of a call, as bits: confirmation by two rules, escalation by one, and a third role for that.
const ESCALATE: u8 = 4;
const THIRD: u8 = 8;

/// Actor, key, person, and whether it has tickets.
struct Caller(&'static str, Option<&'static str>, Option<&'static str>, bool);

/// Who makes each of the calls. The first two calls are one actor's.
const CALLS: [Caller; 4] = [
    Caller("agent", Some("agent-key"), Some("ann"), true),
    Caller("agent", Some("agent-key"), Some("ann"), true),
    Caller("robot", Some("robot-key"), None, true),
    Caller("anonymous", None, None, false),
];

/// Key, person, roles, the actors it speaks for, and which calls are its own then.
struct Voter(
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    &'static [&'static str],
    &'static [usize],
);

const BOTH: &[&str] = &["risk_lead", "security_lead"];
const ALL: &[&str] = &["risk_lead", "security_lead", "audit_lead"];

const VOTERS: [Voter; 10] = [
    Voter("agent-key", None, BOTH, &[], &[0, 1]),
    Voter("ann-too", Some("ann"), BOTH, &[], &[0, 1]),
    Voter("speaker", Some("eve"), BOTH, &["ro*"], &[2]),
    Voter("bob", Some("bob"), &["risk_lead"], &[], &[]),
    Voter("bob-too", Some("bob"), &["security_lead"], &[], &[]),
    Voter("cleo", Some("cleo"), &["security_lead"], &[], &[]),
    Voter("dan", Some("dan"), ALL, &[], &[]),
    Voter("gil", Some("gil"), &["audit_lead"], &[], &[]),
    Voter("fay", Some("fay"), &[], &[], &[]),
    Voter("nameless", None, BOTH, &[], &[]),
];

/// What may happen. Numbers choose among what there is, from the latest on, modulo how much there is.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A call arrives; with a hold named, if there is one; `at_once`: uses up an approval if it finds one.
    Call { call: usize, named: Option<usize>, at_once: bool },
    /// One that waits looks again.
    Again { waiter: usize, at_once: bool },
    /// Somebody says yes; `stale`: to the hold as it was first seen; `told`: the ledger takes the record.
    Approve { hold: usize, voter: usize, stale: bool, told: bool },
    /// Somebody says no.
    Reject { hold: usize, voter: usize, stale: bool },
    /// The caller gives up.
    Cancel { hold: usize },
    /// Time goes by, in seconds.
    Pass { seconds: i64 },
    /// Policy wants something else of a call from now on.
    Want { call: usize, wanted: u8 },
    /// One that found its hold approved uses it up; it may try that again.
    Consume { finder: usize },
    /// Somebody uses up a hold without having asked how it stands.
    Rush { hold: usize },
    /// Nothing was sent of a call whose hold was used up; `told`: the ledger takes the record.
    GiveBack { sender: usize, told: bool },
    /// Such a call was sent.
    Send { sender: usize },
    /// The ledger takes what it has not taken before.
    TellLate,
    /// Holds out of time are marked.
    Tend,
    /// Another process starts on the same store; those that wait or have found their holds are gone.
    Restart,
}

/// One event.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    // Mostly of the latest, so that what was begun is gone on with.
    let number = || prop_oneof![3 => Just(0), 2 => 1..4_usize, 1 => 4..64_usize];
    let rarely = || prop::bool::weighted(0.15);
    let mostly = || prop::bool::weighted(0.8);
    let call = || 0..CALLS.len();
    let voter = || prop_oneof![2 => 3..8_usize, 1 => 0..VOTERS.len()];
    prop_oneof![
        6 => (call(), prop::option::weighted(0.2, number()), any::<bool>())
            .prop_map(|(call, named, at_once)| Event::Call { call, named, at_once }),
        6 => (number(), any::<bool>()).prop_map(|(waiter, at_once)| Event::Again { waiter, at_once }),
        10 => (number(), voter(), rarely(), mostly())
            .prop_map(|(hold, voter, stale, told)| Event::Approve { hold, voter, stale, told }),
        2 => (number(), voter(), rarely()).prop_map(|(hold, voter, stale)| Event::Reject { hold, voter, stale }),
        1 => number().prop_map(|hold| Event::Cancel { hold }),
        2 => prop_oneof![4 => 1..40_i64, 1 => Just(TTL)].prop_map(|seconds| Event::Pass { seconds }),
        1 => (call(), 1..8_u8, any::<bool>()).prop_map(|(call, wanted, third)| {
            let third = if third && wanted & ESCALATE != 0 { THIRD } else { 0 };
            Event::Want { call, wanted: wanted | third }
        }),
        6 => number().prop_map(|finder| Event::Consume { finder }),
        1 => number().prop_map(|hold| Event::Rush { hold }),
        1 => (number(), mostly()).prop_map(|(sender, told)| Event::GiveBack { sender, told }),
        3 => number().prop_map(|sender| Event::Send { sender }),
        2 => Just(Event::TellLate),
        1 => Just(Event::Tend),
        1 => Just(Event::Restart),
    ]
}

/// The roles that must approve what is wanted so.
fn roles_of(wanted: u8) -> &'static [&'static str] {
    match (wanted & ESCALATE, wanted & THIRD) {
        (0, _) => &[],
        (_, 0) => BOTH,
        _ => ALL,
    }
}

/// Whether each of `roles` is somebody's among `voters` who has no other one and is none of `taken`.
fn filled(roles: &[&str], voters: &[&Voter], taken: &[&str]) -> bool {
    let Some((role, rest)) = roles.split_first() else { return true };
    voters.iter().any(|voter| {
        let free = voter.1.filter(|person| voter.2.contains(role) && !taken.contains(person));
        free.is_some_and(|person| filled(rest, voters, &[taken, &[person]].concat()))
    })
}

/// What is known of a hold from what happened, not from the hold.
#[derive(Debug)]
struct Facts {
    call: usize,
    /// What its approvers are shown, as bits.
    shown: u8,
    /// When its time is up, in seconds.
    ends: i64,
    /// Whose yes was taken, and whether the ledger tells of it.
    yes: Vec<(usize, bool)>,
    /// Used up, refused, given up, or out of time.
    over: bool,
    /// It was given back, and the ledger does not tell of that.
    back_untold: bool,
    /// How many calls were sent on it.
    sent: u32,
    first: Hold,
    last: Hold,
}

impl Facts {
    /// Whether enough people who are not the caller have said yes.
    fn enough(&self) -> bool {
        let others = || {
            self.yes.iter().map(|(voter, _)| &VOTERS[*voter]).filter(|voter| !voter.4.contains(&self.call))
        };
        if self.shown & ESCALATE == 0 {
            return others().next().is_some();
        }
        filled(roles_of(self.shown), &others().collect::<Vec<_>>(), &[])
    }

    /// Whether a call of which `wanted` is wanted may be let through at `now`.
    fn allows(&self, wanted: u8, now: i64) -> bool {
        let told = self.yes.iter().all(|(_, told)| *told) && !self.back_untold;
        !self.over && now < self.ends && wanted & !self.shown == 0 && self.enough() && told
    }
}

/// The store under test, and what is known.
struct World<'s> {
    store: &'s dyn HoldStore,
    now: i64,
    wanted: [u8; CALLS.len()],
    ids: Vec<Id>,
    facts: HashMap<Id, Facts>,
    /// Calls that were refused, and until when.
    no: Vec<(usize, i64)>,
    waiting: Vec<(usize, Id)>,
    /// Approved holds that calls have found, and what was wanted of these.
    found: Vec<(Hold, u8)>,
    /// Holds that were used up by calls under way.
    sending: Vec<Hold>,
    decisions: u32,
}

/// How many calls were sent, and how many of them needed two people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) all: u32,
    pub(crate) escalated: u32,
}

/// Lets `events` happen over `store`, which is empty, and checks after each.
pub(crate) fn run(store: &dyn HoldStore, events: &[Event]) -> Sent {
    let mut world = World {
        store,
        now: 0,
        wanted: [1, 1 | ESCALATE, 2, 1],
        ids: Vec::new(),
        facts: HashMap::new(),
        no: Vec::new(),
        waiting: Vec::new(),
        found: Vec::new(),
        sending: Vec::new(),
        decisions: 0,
    };
    for event in events {
        world.happens(event);
        world.check();
    }
    world.sent()
}

fn choose<T: Clone>(from: &[T], number: usize) -> Option<T> {
    from.iter().rev().nth(number.checked_rem(from.len())?).cloned()
}

impl World<'_> {
    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Call { call, named, at_once } => {
                let named =
                    named.and_then(|number| choose(&self.ids, number)).map_or(Named::No, Named::ByCaller);
                self.call(call, named, at_once);
            }
            Event::Again { waiter, at_once } => {
                if let Some((call, hold)) = choose(&self.waiting, waiter) {
                    self.call(call, Named::Awaited(hold), at_once);
                }
            }
            Event::Approve { hold, voter, stale, told } => self.approve(hold, voter, stale, told),
            Event::Reject { hold, voter, stale } => self.reject(hold, voter, stale),
            Event::Cancel { hold } => self.cancel(hold),
            Event::Pass { seconds } => self.now += seconds,
            Event::Want { call, wanted } => self.wanted[call] = wanted,
            Event::Consume { finder } => self.consume(finder),
            Event::Rush { hold } => {
                // Nobody said what policy wants of the call: that is for a claim to ask.
                self.found.extend(self.seen(hold, false).map(|hold| (hold, 0)));
                self.consume(0);
            }
            Event::GiveBack { sender, told } => self.give_back(sender, told),
            Event::Send { sender } => self.send(sender),
            Event::TellLate => self.tell_late(false),
            Event::Tend => self.tend(),
            Event::Restart => {
                self.waiting.clear();
                self.found.clear();
                self.tend();
                self.tell_late(true);
            }
        }
    }

    fn ask(&self, call: usize) -> Ask {
        let (Caller(actor, key, person, ticket), wanted) = (&CALLS[call], self.wanted[call]);
        let escalation = Lift { outcome: Outcome::Escalate, ..lift("grave") };
        let lifts = [lift("big"), lift("far"), escalation].into_iter().zip([1, 2, ESCALATE]);
        let is_escalated = wanted & ESCALATE != 0;
        Ask {
            actor: (*actor).into(),
            key: key.map(Into::into),
            person: person.map(Into::into),
            ticket: *ticket,
            outcome: if is_escalated { Outcome::Escalate } else { Outcome::RequireConfirmation },
            roles: roles_of(wanted).iter().map(|role| (*role).into()).collect(),
            lifts: lifts.filter(|(_, bit)| wanted & bit != 0).map(|(lift, _)| lift).collect(),
            created_at: at(self.now),
            expires_at: at(self.now + TTL),
            ..sample::ask(u8::try_from(call).unwrap())
        }
    }

    /// Whether a no to the call holds.
    fn is_refused(&self, call: usize) -> bool {
        self.no.iter().any(|(refused, until)| *refused == call && self.now < *until)
    }

    fn call(&mut self, call: usize, named: Named, at_once: bool) {
        let (wanted, ticket) = (self.wanted[call], CALLS[call].3);
        let fresh = id(u8::try_from(self.ids.len()).unwrap());
        let limits = Limits { all: 99, tenant: 99, actor: 99 };
        let claimed = claim(self.store, fresh, &self.ask(call), named, limits, at(self.now)).unwrap();
        if let Standing::Approved(hold) = &claimed.standing {
            let facts = &self.facts[&hold.id];
            assert_eq!(facts.call, call, "another call's hold");
            assert!(facts.allows(wanted, self.now), "nobody allows it: {facts:?}");
            assert!(!self.is_refused(call), "somebody refused it: {:?}", self.no);
            assert!(ticket || named == Named::Awaited(hold.id), "found without a ticket");
            self.found.push((hold.clone(), wanted));
        } else if !self.is_refused(call) {
            let (of_call, awaited) = match named {
                Named::No => (ticket, None),
                Named::ByCaller(_) => (false, None),
                Named::Awaited(hold) => (false, Some(hold)),
            };
            let allowed = self.facts.iter().find(|(hold, facts)| {
                let meant = Some(**hold) == awaited || (of_call && facts.call == call);
                meant && facts.allows(wanted, self.now)
            });
            assert!(allowed.is_none(), "withheld: {allowed:?} {:?}", claimed.standing);
        }
        for (_, hold) in &claimed.changed {
            match self.facts.get_mut(&hold.id) {
                Some(facts) => facts.over = true,
                None => self.open(call, hold),
            }
        }
        match &claimed.standing {
            Standing::Pending(hold) => self.waiting.push((call, hold.id)),
            Standing::Approved(_) if at_once => self.consume(0),
            _ => {}
        }
    }

    fn open(&mut self, call: usize, hold: &Hold) {
        let rival = self.facts.values().find(|facts| facts.call == call && !facts.over && CALLS[call].3);
        assert!(rival.is_none(), "a second hold: {rival:?}");
        assert!(!self.is_refused(call), "asked again after a no");
        let facts = Facts {
            call,
            shown: self.wanted[call],
            ends: self.now + TTL,
            yes: Vec::new(),
            over: false,
            back_untold: false,
            sent: 0,
            first: hold.clone(),
            last: hold.clone(),
        };
        self.ids.push(hold.id);
        self.facts.insert(hold.id, facts);
    }

    /// A hold as somebody sees it, now or when it was opened.
    fn seen(&self, number: usize, stale: bool) -> Option<Hold> {
        let id = choose(&self.ids, number)?;
        if stale { Some(self.facts[&id].first.clone()) } else { self.store.by_id(&id).unwrap() }
    }

    fn approver(voter: usize) -> Approver {
        let Voter(name, person, roles, actors, _) = &VOTERS[voter];
        let mut key = key(name, *person, roles);
        key.actors = actors.iter().map(|actor| (*actor).to_owned()).collect();
        Approver::holder(&key)
    }

    fn approve(&mut self, hold: usize, voter: usize, stale: bool, told: bool) {
        let Some(hold) = self.seen(hold, stale) else { return };
        let Ok(next) = hold.approve(&Self::approver(voter), None, at(self.now)) else { return };
        if self.store.replace(&next).unwrap() {
            if told {
                self.store.mark_recorded(&next.id, next.revision).unwrap();
            }
            let facts = self.facts.get_mut(&next.id).unwrap();
            assert!(!facts.over && self.now < facts.ends, "a yes to what is over: {facts:?}");
            facts.yes.push((voter, told));
        }
    }

    fn reject(&mut self, hold: usize, voter: usize, stale: bool) {
        let Some(hold) = self.seen(hold, stale) else { return };
        let Ok(next) = hold.reject(&Self::approver(voter), None, at(self.now)) else { return };
        if self.store.replace(&next).unwrap() {
            let facts = self.facts.get_mut(&next.id).unwrap();
            assert!(!facts.over && self.now < facts.ends, "a no to what is over: {facts:?}");
            facts.over = true;
            self.no.push((facts.call, facts.ends));
        }
    }

    fn cancel(&mut self, hold: usize) {
        let Some(hold) = self.seen(hold, false) else { return };
        let Ok(next) = hold.cancel("agent", None, at(self.now)) else { return };
        if self.store.replace(&next).unwrap() {
            self.facts.get_mut(&next.id).unwrap().over = true;
        }
    }

    fn consume(&mut self, finder: usize) {
        let Some((hold, wanted)) = choose(&self.found, finder) else { return };
        self.decisions += 1;
        let Ok(next) = hold.consume(&format!("dec_{}", self.decisions), at(self.now)) else { return };
        if self.store.replace(&next).unwrap() {
            let facts = self.facts.get_mut(&next.id).unwrap();
            assert!(facts.allows(wanted, self.now), "let through, and nobody allows it: {facts:?}");
            facts.over = true;
            self.sending.push(next);
        }
    }

    fn give_back(&mut self, sender: usize, told: bool) {
        let Some(hold) = choose(&self.sending, sender) else { return };
        self.sending.retain(|other| other.consumed_by != hold.consumed_by);
        let Ok(next) = hold.give_back(hold.consumed_by.as_deref().unwrap()) else { return };
        if self.store.replace(&next).unwrap() {
            if told {
                self.store.mark_recorded(&next.id, next.revision).unwrap();
            }
            let facts = self.facts.get_mut(&next.id).unwrap();
            facts.over = false;
            facts.back_untold = !told;
        } else {
            self.store.mark_recorded(&hold.id, hold.revision).unwrap();
        }
    }

    fn send(&mut self, sender: usize) {
        let Some(hold) = choose(&self.sending, sender) else { return };
        self.sending.retain(|other| other.consumed_by != hold.consumed_by);
        self.store.mark_recorded(&hold.id, hold.revision).unwrap();
        let sent = self.store.by_id(&hold.id).unwrap().unwrap();
        let again = sent.give_back(hold.consumed_by.as_deref().unwrap());
        assert!(again.is_err(), "good again after it was sent: {again:?}");
        let facts = self.facts.get_mut(&hold.id).unwrap();
        facts.sent += 1;
        assert!(facts.enough(), "executed, and nobody allows it: {facts:?}");
    }

    /// The ledger takes a record of each last change it has none of; after a `restart` also of calls whose end is not known.
    fn tell_late(&mut self, restart: bool) {
        for hold in self.store.unrecorded(99).unwrap() {
            if hold.state == HoldState::Consumed && !restart {
                continue;
            }
            self.store.mark_recorded(&hold.id, hold.revision).unwrap();
            let facts = self.facts.get_mut(&hold.id).unwrap();
            facts.back_untold = false;
            // A record tells of the last approval only.
            facts.yes.last_mut().into_iter().for_each(|(_, told)| *told = true);
        }
    }

    fn tend(&mut self) {
        for hold in self.store.due(at(self.now), 99).unwrap() {
            let expired = hold.expire(at(self.now)).unwrap();
            assert!(self.store.replace(&expired).unwrap());
            let facts = self.facts.get_mut(&hold.id).unwrap();
            assert!(self.now >= facts.ends, "too early: {facts:?}");
            facts.over = true;
        }
    }

    /// What must hold at any time.
    fn check(&mut self) {
        let mut open = [0; CALLS.len()];
        for (id, facts) in &mut self.facts {
            let hold = self.store.by_id(id).unwrap().unwrap();
            open[facts.call] += usize::from(hold.state.is_open() && CALLS[facts.call].3);
            let unchanged = Hold { recorded: hold.recorded, ..facts.last.clone() };
            assert!(hold.revision > facts.last.revision || hold == unchanged, "{hold:?} {facts:?}");
            assert_eq!(hold.ask, facts.first.ask, "what was asked changed");
            assert!(facts.sent <= 1, "executed more than once: {facts:?}");
            facts.last = hold;
        }
        assert!(open.iter().all(|open| *open <= 1), "more than one open hold for a call: {open:?}");
        let filter = HoldFilter { limit: 99, ..HoldFilter::default() };
        assert_eq!(self.store.list(&filter, at(self.now)).unwrap().total, self.ids.len() as u64);
    }

    fn sent(&self) -> Sent {
        let of = |facts: &&Facts| facts.sent > 0;
        let escalated = |facts: &&Facts| facts.shown & ESCALATE != 0;
        let sent = || self.facts.values().filter(of);
        Sent {
            all: u32::try_from(sent().count()).unwrap(),
            escalated: u32::try_from(sent().filter(escalated).count()).unwrap(),
        }
    }
}
