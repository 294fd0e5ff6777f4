//! The histories of sessions, made again from the records of their decisions.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::{prop_assert_eq, proptest};

use crate::audit::held::HeldOutcome;
use crate::audit::record::{DecisionRecord, Origin};
use crate::config::{Holds, SessionLimits};
use crate::decision::{Governing, PolicySnapshot, SnapshotParts};
use crate::facts::{Deciding, LaterStep, Rehearsal, RestoredSessions};
use crate::gateway::rebuild::restore_sessions;
use crate::gateway::rebuild::session::session_record;
use crate::gateway::rebuild::tests::support::{SECOND, START, World, append};
use crate::identity::KeyRing;
use crate::model::call::{
    Action, CallDigest, DecisionRequest, Parameters, Principal, PrincipalKind, SessionDigest, ToolCall,
};
use crate::model::decision::{
    Decision, Facts, History, Outcome, PastStep, Reason, ReasonCode, RiskLevel, SnapshotRef,
};
use crate::model::document::Document;
use crate::model::id::{DECISION, HOLD, Id, REQUEST};
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::rules;
use crate::telemetry::Redaction;

const RULES: &str = "rules:\n- {match: {type: ask}, approval: approve, risk_level: critical}\n\
    - {match: {type: 'no'}, approval: block}\n- {match: {type: a}, approval: auto, risk_level: low}\n\
    - {approval: auto}\nplan_rules:\n  sequence_patterns:\n  - {name: ab, steps: [a, b]}\n\
    \x20 - {name: ask_c, steps: [ask, c], window: 4}\n  - {name: long, steps: [a, '*', ask, c]}\n\
    \x20 cumulative_risk: {max_total_risk: 40}\n";

fn snapshot() -> Arc<PolicySnapshot> {
    let rules = rules::compile(&Document::parse("rules.yaml", RULES).unwrap()).unwrap();
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

/// Decides a call and hands its request on.
fn asked<T>(
    (tenant, who, session, action): (&str, &str, &str, &str),
    work: impl FnOnce(DecisionRequest<'_, '_>) -> T,
) -> T {
    let principal = Principal::new(tenant, who, PrincipalKind::AiAgent);
    let call = ToolCall {
        action: Action::Verbatim(action.to_owned().into()),
        resource: "x".into(),
        resource_hidden: false,
        parameters: Parameters::none(),
        description: "".into(),
    };
    work(DecisionRequest { session: Some(session), ..DecisionRequest::new(&principal, &call) })
}

/// A gateway that decides, and what it records.
struct Live {
    snapshot: Arc<PolicySnapshot>,
    deciding: Deciding,
    now: Timestamp,
}

type Call<'c> = (&'c str, &'c str, &'c str, &'c str);

impl Live {
    fn new() -> Self {
        let (snapshot, deciding) = (snapshot(), Deciding::default());
        Self { snapshot, deciding, now: Timestamp::from_micros(START) }
    }

    /// Decides a call; the members of its record, and what it counts as once it is released.
    fn call(&self, call: Call<'_>, approved: bool) -> (String, Option<LaterStep>) {
        let allows = |decision: &Decision| decision.outcome == Outcome::Allow;
        asked(call, |request| {
            let decided = self.deciding.decide(&self.snapshot, request, self.now, allows);
            let (decision, history) = (&decided.decision, decided.history.as_ref());
            let id = |prefix| Id::new(prefix, self.now, [7; 10]);
            let record = DecisionRecord {
                origin: Origin {
                    route: "r",
                    request_id: &id(REQUEST),
                    snapshot: &self.snapshot.reference,
                    facts: Facts { history, ..decided.facts },
                },
                decision_id: &id(DECISION),
                request,
                decision,
                enforced: true,
                body_bytes: 0,
                charged: None,
                action: None,
            };
            let redaction = Redaction::default();
            let asks = decision.outcome == Outcome::RequireConfirmation;
            let step = LaterStep::of(&self.snapshot, request, decision).filter(|_| asks && approved);
            let payload = if step.is_some() {
                let held = record.held(CallDigest::from_bytes([0; 32]), &redaction);
                held.payload(HeldOutcome {
                    outcome: Outcome::Allow,
                    code: ReasonCode::Approved,
                    reason: &Reason::new("yes"),
                    hold: Some(&id(HOLD)),
                    approved_by: &["carol".to_owned()],
                    charged: None,
                    repeats: false,
                })
            } else {
                record.payload(&redaction)
            };
            (String::from_utf8(payload).unwrap(), step)
        })
    }

    fn release(&self, step: Option<LaterStep>) {
        step.into_iter().for_each(|step| self.deciding.count_later(&step, self.now));
    }

    /// What is known of a session, as far as rules look at it, and what follows from that.
    fn known(&self, deciding: &Deciding, who: &str, session: &str) -> Vec<(Outcome, Option<History>)> {
        let outcome = |action| {
            asked(("t", who, session, action), |request| {
                let decided = deciding.decide(&self.snapshot, request, self.now, |_| false);
                (decided.decision.outcome, decided.history)
            })
        };
        ["a", "b", "c", "ask"].map(outcome).to_vec()
    }

    /// The same, made of the records.
    fn restored(&self, records: &[String]) -> Deciding {
        let mut restored = RestoredSessions::new(SessionLimits::default(), self.snapshot.plan().unwrap());
        for record in records {
            restored.take(session_record(line(record).as_bytes()).unwrap());
        }
        Deciding::new(restored.finish(), Arc::default())
    }
}

fn line(members: &str) -> String {
    let zeros = "0".repeat(64);
    format!("{{\"seq\":7,\"time\":\"2026-11-23T12:00:05.000000Z\",{members},\"previous_hash\":\"{zeros}\"}}")
}

proptest! {
    #[test]
    fn what_records_make_is_what_there_was(calls in vec((0..2_usize, 0..2_usize, 0..5_usize, 0..5_usize, 0..4_u8, 0..30_i64), 0..60)) {
        let actions = ["a", "b", "c", "ask", "no"];
        let mut live = Live::new();
        let mut records = Vec::new();
        for (who, session, action, other, how, seconds) in calls {
            live.now = Timestamp::from_micros(live.now.as_micros() + seconds * SECOND);
            let (who, session) = (["ann", "bob"][who], ["s", "r"][session]);
            let (call, other) = (("t", who, session, actions[action]), ("t", who, session, actions[other]));
            let (first, step) = live.call(call, how != 0);
            if how == 3 {
                // Another call of the session is decided between this one and its release, and recorded first.
                let (second, later) = live.call(other, true);
                live.release(later);
                records.push(second);
            }
            live.release(step);
            records.push(first);
        }
        let restored = live.restored(&records);
        for (who, session) in [("ann", "s"), ("ann", "r"), ("bob", "s"), ("bob", "r")] {
            let there_was = live.known(&live.deciding, who, session);
            prop_assert_eq!(live.known(&restored, who, session), there_was);
        }
    }
}

const CALL: &str = r#""kind":"decision","tenant":"t","actor":"ann","capability":"a.b""#;
const SESSION: &str = r#""session":"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae""#;

/// A record of a call, with these members in place of its `outcome` and `facts.session`.
fn record(outcome: &str, seen: &str, more: &str) -> String {
    format!(
        r#"{CALL},{outcome},"reason":"x","risk":{{"level":"HIGH","score":1}},"facts":{{"now":"2026-11-23T12:00:03.000000Z"{seen}}}{more}"#
    )
}

#[test]
fn what_records_say_of_sessions() {
    let allow = r#""outcome":"ALLOW","code":"rule""#;
    let seen = r#","session":{"total_risk":5,"steps":[{"action":"x","risk":"LOW"}],"reached":[{"sequence":"x, y","seen":["x"]}]}"#;
    let (session, hold) = (format!(",{SESSION}"), format!(r#","hold_id":"hold_1",{SESSION}"#));
    let approved = r#""outcome":"ALLOW","code":"approved""#;
    let cases = [
        (record(allow, seen, &session), Some((true, false))),
        (record(approved, seen, &hold), Some((true, true))),
        (record(approved, seen, &session), Some((true, false))),
        (record(r#""outcome":"DENY","code":"rule""#, seen, &session), Some((false, false))),
        (record(r#""outcome":"DENY","code":"rule","enforced":false"#, seen, &session), Some((true, false))),
        (record(r#""outcome":"REQUIRE_CONFIRMATION","code":"x""#, seen, &hold), Some((false, false))),
        (record(allow, seen, &session).replace("capability", "tool"), Some((false, false))),
        (record(allow, r#","session":{"total_risk":18446744073709551615}"#, &session), Some((true, false))),
        (record(allow, seen, ""), None),
        (record(allow, "", &session), None),
        (record(allow, seen, r#","session":"s""#), None),
        (record(allow, seen, &session).replace("2c26", "2C26"), None),
        (record(allow, seen, r#","session":7"#), None),
        (record(allow, r#","session":{"total_risk":-1}"#, &session), None),
        (record(allow, r#","session":[]"#, &session), None),
        (record(allow, r#","session":{"total_risk":1,"steps":[{"action":1}]}"#, &session), None),
        (record(allow, seen, &session).replace("2026-11-23T12:00:03", "yesterday"), None),
        (record(allow, seen, &session).replace("decision", "execution"), None),
        (record(allow, seen, &session).replace("\"actor\"", "\"who\""), None),
        ("\"kind\":\"decision\"".to_owned(), None),
    ];
    let (snapshot, limits) = (snapshot(), SessionLimits::default());
    for (members, expected) in cases {
        let found = session_record(line(&members).as_bytes());
        let said = found.as_ref().map(|record| (record.step.is_some(), record.held));
        assert_eq!(said, expected, "{members}");
        let mut restored = RestoredSessions::new(limits, snapshot.plan().unwrap());
        let count = usize::from(found.is_some());
        found.into_iter().for_each(|record| restored.take(record));
        assert_eq!(restored.finish().count(), count);
    }
    let read = session_record(line(&record(allow, seen, &session)).as_bytes()).unwrap();
    assert_eq!((&*read.tenant, &*read.actor, read.session), ("t", "ann", SessionDigest::of("foo")));
    assert_eq!((read.seen.total_risk, read.seen.steps[0].risk), (5, RiskLevel::Low));
    assert_eq!(read.seen.reached, [("x, y".into(), vec!["x".into()])]);
    assert_eq!(read.step, Some(PastStep { action: "a.b".into(), risk: RiskLevel::High }));
    assert_eq!(read.at, Timestamp::parse_rfc3339("2026-11-23T12:00:03Z").unwrap());
}

/// Two calls under way together that did not see each other both count, in whatever order their records come.
#[test]
fn what_was_under_way_together_counts_whole() {
    for swapped in [false, true] {
        let live = Live::new();
        let (held, step) = live.call(("t", "ann", "s", "ask"), true);
        let (other, _) = live.call(("t", "ann", "s", "a"), false);
        live.release(step);
        let records = if swapped { [other, held] } else { [held, other] };
        let restored = live.restored(&records);
        let (_, history) = live.known(&restored, "ann", "s").remove(0);
        assert_eq!(history.unwrap().total_risk, 5);
        assert_eq!(live.known(&live.deciding, "ann", "s").remove(0).1.unwrap().total_risk, 5);
    }
}

/// A session that was forgotten and begun anew is the new one.
#[test]
fn a_session_that_began_anew_is_not_the_old_one() {
    let mut live = Live::new();
    let mut records: Vec<String> =
        ["a", "c"].map(|action| live.call(("t", "ann", "s", action), false).0).into();
    live.deciding = Deciding::default();
    live.now = Timestamp::from_micros(START + 60 * SECOND);
    records.push(live.call(("t", "ann", "s", "c"), false).0);
    let restored = live.restored(&records);
    assert_eq!(live.known(&restored, "ann", "s"), live.known(&live.deciding, "ann", "s"));
    assert_eq!(live.known(&restored, "ann", "s")[1].0, Outcome::Allow);
}

/// From a ledger: for whom, for how long, and as many as there may be.
#[test]
fn sessions_are_restored_from_the_epochs_of_a_ledger() {
    let mut world = World::new();
    let mut live = Live::new();
    let calls = [
        ("t", "ann", "old"),
        ("t", "ann", "1"),
        ("t", "ann", "2"),
        ("t", "ann", "3"),
        ("u", "ann", "2"),
        ("t", "bob", "3"),
    ];
    for (index, (tenant, who, session)) in calls.into_iter().enumerate() {
        world.off = i64::try_from(index).unwrap() * 60 * SECOND;
        live.now = world.now();
        // Each in an epoch of its own.
        let ledger = world.open();
        append(&ledger, &live.call((tenant, who, session, "a"), false).0, live.now);
        append(&ledger, "\"kind\":\"decision\",\"session\":{}", live.now);
    }
    let now = Timestamp::from_micros(START + 360 * SECOND);
    let limits =
        |idle, max, max_per_actor| SessionLimits { max, max_per_actor, idle: Duration::from_secs(idle) };
    let cases = [
        (limits(300, 100, 100), vec![1, 2, 3, 4, 5]),
        (limits(299, 100, 100), vec![2, 3, 4, 5]),
        (limits(360, 100, 2), vec![2, 3, 4, 5]),
        (limits(360, 2, 2), vec![4, 5]),
        (limits(1, 2, 2), vec![]),
    ];
    for (limits, expected) in cases {
        let plan = live.snapshot.plan().unwrap();
        let (sessions, records) = restore_sessions(&world.ledger(), limits, plan, now).unwrap();
        assert_eq!(sessions.count(), expected.len(), "{limits:?}");
        let deciding = Deciding::new(sessions, Arc::default());
        let known = calls.iter().enumerate().filter(|(_, (tenant, who, session))| {
            let outcome = asked((tenant, who, session, "b"), |request| {
                Rehearsal::new(&deciding).decide(&live.snapshot, request, now, |_| false).decision.outcome
            });
            outcome == Outcome::Deny
        });
        assert_eq!(known.map(|(index, _)| index).collect::<Vec<_>>(), expected, "{limits:?}");
        assert!(records > 0);
    }
}
