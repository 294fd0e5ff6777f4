//! Sessions: what counts, for whom, and for how long.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Holds, SessionLimits};
use crate::decision::{Governing, PolicySnapshot, SnapshotParts};
use crate::facts::{Deciding, LaterStep, Rehearsal, Sessions};
use crate::identity::KeyRing;
use crate::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use crate::model::decision::{Decision, Outcome, ReasonCode, SnapshotRef};
use crate::model::document::Document;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::rules;

const RULES: &str = "rules:\n- {match: {type: ask}, approval: approve}\n- {match: {type: no}, approval: block}\n\
                     - {approval: auto}\nplan_rules: {sequence_patterns: [{name: ab, steps: [a, b]}, \
                     {name: ask_b, steps: [ask, b]}, {name: no_b, steps: ['no', b]}]}\n";

/// A second, in microseconds.
const SECOND: i64 = 1_000_000;

fn snapshot(text: &str) -> Arc<PolicySnapshot> {
    let rules = rules::compile(&Document::parse("rules.yaml", text).unwrap()).unwrap();
    Arc::new(PolicySnapshot::new(SnapshotParts {
        reference: SnapshotRef::new(1, "00".into()),
        keys: KeyRing::default(),
        reader: Reader::default(),
        hosts: vec![],
        origins: vec![],
        routes: vec![],
        holds: Holds::default(),
        public_url: None,
        governing: Governing::default(),
        cedar: None,
        rules: Some(rules),
        default: Outcome::Deny,
    }))
}

fn allows(decision: &Decision) -> bool {
    decision.outcome == Outcome::Allow
}

fn asked<T>(
    who: &str,
    session: Option<&str>,
    action: &str,
    work: impl FnOnce(DecisionRequest<'_, '_>) -> T,
) -> T {
    let principal = Principal::new("t", who, PrincipalKind::AiAgent);
    let call = ToolCall {
        action: Action::Verbatim(action.to_owned().into()),
        resource: "x".into(),
        resource_hidden: false,
        parameters: Parameters::none(),
        description: "".into(),
    };
    work(DecisionRequest { session, ..DecisionRequest::new(&principal, &call) })
}

struct World {
    sessions: Deciding,
    snapshot: Arc<PolicySnapshot>,
    now: i64,
}

impl World {
    fn new(limits: SessionLimits) -> Self {
        Self {
            sessions: Deciding::new(Sessions::new(limits), Arc::default()),
            snapshot: snapshot(RULES),
            now: 0,
        }
    }

    /// The decision on a call of `who` in `session`, and the step it is once it is approved.
    fn decide(&self, who: &str, session: Option<&str>, action: &str) -> (Decision, Option<LaterStep>) {
        asked(who, session, action, |request| {
            let decided = self.sessions.decide(&self.snapshot, request, self.now(), allows);
            let step = LaterStep::of(&self.snapshot, request, &decided.decision);
            (decided.decision, step)
        })
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    fn outcome(&self, who: &str, session: &str, action: &str) -> Outcome {
        self.decide(who, Some(session), action).0.outcome
    }
}

#[test]
fn a_history_is_of_one_actor_and_session() {
    let world = World::new(SessionLimits::default());
    assert_eq!(world.outcome("ann", "s", "a"), Outcome::Allow);
    assert_eq!(world.outcome("bob", "s", "b"), Outcome::Allow);
    assert_eq!(world.outcome("ann", "r", "b"), Outcome::Allow);
    assert_eq!(world.decide("ann", None, "b").0.outcome, Outcome::Allow);
    let (denied, _) = world.decide("ann", Some("s"), "b");
    assert_eq!((denied.outcome, denied.code), (Outcome::Deny, ReasonCode::PlanDenied));
    assert_eq!(world.sessions.sessions().count(), 3);
}

#[test]
fn only_what_is_let_through_counts() {
    let world = World::new(SessionLimits::default());
    assert_eq!(world.outcome("ann", "s", "no"), Outcome::Deny);
    assert_eq!(world.outcome("ann", "s", "b"), Outcome::Allow);
    let (held, step) = world.decide("ann", Some("s"), "ask");
    assert_eq!(held.outcome, Outcome::RequireConfirmation);
    assert_eq!(world.outcome("ann", "s", "b"), Outcome::Allow);
    world.sessions.count_later(&step.unwrap(), Timestamp::from_micros(0));
    assert_eq!(world.outcome("ann", "s", "b"), Outcome::Deny);
}

#[test]
fn an_idle_session_is_forgotten() {
    let idle = Duration::from_secs(60);
    let mut world = World::new(SessionLimits { idle, ..SessionLimits::default() });
    assert_eq!(world.outcome("ann", "s", "a"), Outcome::Allow);
    world.now = 60 * SECOND;
    assert_eq!(world.outcome("ann", "s", "b"), Outcome::Deny);
    world.now += 60 * SECOND + 1;
    assert_eq!(world.outcome("ann", "s", "b"), Outcome::Allow);
}

#[test]
fn sessions_are_bounded_and_an_actor_pushes_out_its_own_first() {
    let mut world = World::new(SessionLimits { max: 3, max_per_actor: 2, ..SessionLimits::default() });
    for (who, session) in [("bob", "b"), ("ann", "1"), ("ann", "2"), ("ann", "3")] {
        assert_eq!(world.outcome(who, session, "a"), Outcome::Allow);
        world.now += SECOND;
    }
    assert_eq!(world.sessions.sessions().count(), 3);
    assert_eq!(world.outcome("bob", "b", "b"), Outcome::Deny, "another's sessions are let be");
    assert_eq!(world.outcome("ann", "3", "b"), Outcome::Deny);
    assert_eq!(world.outcome("ann", "1", "b"), Outcome::Allow, "its oldest is gone");
    // One more actor pushes out what was idle longest.
    world.now += SECOND;
    assert_eq!(world.outcome("cyd", "c", "a"), Outcome::Allow);
    assert_eq!(world.sessions.sessions().count(), 3);
}

#[test]
fn what_no_rule_looks_at_is_not_remembered() {
    let mut world = World::new(SessionLimits::default());
    world.snapshot = snapshot("rules: [{approval: auto}]\n");
    assert_eq!(world.outcome("ann", "s", "a"), Outcome::Allow);
    assert_eq!(world.sessions.sessions().count(), 0);
}

#[test]
fn what_was_used_last_is_kept_longest() {
    let mut world = World::new(SessionLimits { max: 10, max_per_actor: 2, ..SessionLimits::default() });
    for (session, action) in [("1", "a"), ("2", "a"), ("1", "c"), ("3", "a")] {
        assert_eq!(world.outcome("ann", session, action), Outcome::Allow);
        world.now += SECOND;
    }
    assert_eq!(world.outcome("ann", "1", "b"), Outcome::Deny);
    assert_eq!(world.outcome("ann", "2", "b"), Outcome::Allow, "it was idle longest");
}

#[test]
fn a_rehearsal_goes_on_from_what_was_and_leaves_nothing() {
    let mut world = World::new(SessionLimits { max: 1, max_per_actor: 1, idle: Duration::from_secs(60) });
    assert_eq!(world.outcome("ann", "s", "a"), Outcome::Allow);
    world.now = 60 * SECOND;
    let mut rehearsal = Rehearsal::new(&world.sessions);
    let mut rehearsed = |who: &str, session: Option<&str>, action: &str| {
        asked(who, session, action, |request| {
            rehearsal.decide(&world.snapshot, request, world.now(), allows).decision.outcome
        })
    };
    for (who, session, action, outcome) in [
        ("ann", Some("s"), "b", Outcome::Deny),
        ("ann", Some("r"), "b", Outcome::Allow),
        ("ann", Some("r"), "ask", Outcome::RequireConfirmation),
        ("ann", Some("r"), "a", Outcome::Allow),
        ("bob", Some("r"), "b", Outcome::Allow),
        ("ann", None, "b", Outcome::Allow),
        ("ann", Some("r"), "b", Outcome::Deny),
    ] {
        assert_eq!(rehearsed(who, session, action), outcome, "{who} {session:?} {action}");
    }
    // It pushed nobody out, made no step, and kept no session alive.
    assert_eq!(world.sessions.sessions().count(), 1);
    world.now += 1;
    assert_eq!(world.outcome("ann", "s", "b"), Outcome::Allow);
    assert_eq!(world.outcome("ann", "r", "b"), Outcome::Allow);
}
