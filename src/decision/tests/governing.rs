//! The governance engines: each restricts what it is there for, whatever the others say, and no list hides what could be let
//! through.

use std::sync::Arc;

use proptest::prelude::*;

use crate::config::Holds;
use crate::decision::{Administered, Governing, PolicySnapshot, SnapshotParts, certainly_denied, decide};
use crate::identity::KeyRing;
use crate::model::call::{
    Action, CallContext, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{Anomaly, Conduct, Decision, Engine, Facts, Observed, Outcome, SnapshotRef};
use crate::model::document::Document;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::governance::{Governance, Object, Objects, Source, Stamp, read_file};
use crate::risk::RiskModel;

const OBJECTS: &str = r#"
capabilities:
  - {name: a.read, risk_level: low}
  - {name: a.write, risk_level: medium, parameter_schema: {type: object, required: [n], properties: {n: {type: integer}}}}
  - {name: a.wipe, risk_level: critical, tags: [destructive]}
  - {name: a.accepted, risk_level: critical}
  - {name: a.shared, risk_level: low, shared_limit: {max_requests: 2, window_seconds: 60, then: DENY}}
policies:
  - name: all
    rules:
      - {capability: a.*, outcome: ALLOW, constraints: {max_response_bytes: 100}}
      - {capability: a.accepted, outcome: ALLOW, accepts_critical: true}
      - {capability: a.write, outcome: DENY, condition: "parameters.n > 9"}
      - {capability: a.read, outcome: ESCALATE, condition: "risk.score > 0.3", priority: 5}
grants:
  - {actor: ann, capability: a.read, constraints: {time_window: {start: "22:00", end: "06:00", timezone: Europe/Berlin}}}
  - {actor: ann, capability: a.write, constraints: {rate_limit: {max_requests: 3, window_seconds: 60}}}
  - {actor: ann, capability: a.wipe, expires_at: "2026-06-01T00:00:00Z"}
  - {actor: ann, capability: a.accepted}
  - {actor: ann, capability: a.shared}
  - {actor: sue, capability: a.read}
actors:
  - {actor: sue, status: suspended}
  - {actor: eve, status: revoked}
"#;

fn governance(text: &str) -> Governance {
    let mut objects = Objects::default();
    for written in read_file(&Document::parse("objects.yaml", text).unwrap()).unwrap() {
        let at = Timestamp::from_micros(0);
        let stamp = Stamp { id: "x".into(), version: 1, created_at: at, updated_at: at, source: Source::Api };
        let (key, written, content) = (written.key, written.written, written.content);
        objects.put(Arc::new(Object { key, stamp, written, content }));
    }
    Governance::compile(&objects)
}

/// Everything takes part.
fn everything() -> Governing {
    Governing {
        capabilities_required: true,
        grants_required: true,
        risk: Some(RiskModel::default()),
        ..Governing::default()
    }
}

pub(super) fn snapshot(governing: Governing, text: &str) -> PolicySnapshot {
    let reference = SnapshotRef::new(1, "00".into());
    let snapshot = PolicySnapshot::new(SnapshotParts {
        reference: reference.clone(),
        keys: KeyRing::default(),
        reader: Reader::default(),
        hosts: vec![],
        origins: vec![],
        routes: vec![],
        holds: Holds::default(),
        public_url: None,
        governing,
        cedar: None,
        rules: None,
        default: Outcome::Deny,
    });
    snapshot.with_administered(
        reference,
        Administered { governance: Arc::new(governance(text)), ..Administered::default() },
    )
}

/// A call, and what is known when it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'c> {
    actor: &'c str,
    capability: &'c str,
    parameters: &'c str,
    at: &'c str,
    environment: Option<&'c str>,
    grant_uses: Option<u32>,
    pub(super) shared_uses: [Option<u32>; 2],
    conduct: Option<Conduct>,
    gates: Option<Observed>,
}

/// Ann calls `capability` at night.
pub(super) const fn call(capability: &str) -> Case<'_> {
    Case {
        actor: "ann",
        capability,
        parameters: "{\"n\":1}",
        at: "2026-01-15T23:00:00Z",
        environment: None,
        grant_uses: None,
        shared_uses: [None; 2],
        conduct: None,
        gates: None,
    }
}

impl Case<'_> {
    fn ask<T>(&self, known: bool, ask: impl FnOnce(DecisionRequest<'_, '_>, Facts<'_>) -> T) -> T {
        let principal = Principal::new("default", self.actor, PrincipalKind::AiAgent);
        let parameters = match known {
            true => Parameters::Flat(Reader::default().parse(self.parameters.as_bytes()).unwrap()),
            false => Parameters::Unknown { name_resource: false },
        };
        let call = ToolCall {
            action: Action::Named(CapabilityName::parse(self.capability).unwrap()),
            resource: "x".into(),
            resource_hidden: false,
            parameters,
            description: "".into(),
        };
        let context = CallContext { environment: self.environment, ..CallContext::default() };
        let facts = Facts {
            grant_uses: self.grant_uses,
            shared_uses: self.shared_uses,
            conduct: self.conduct,
            gates: self.gates,
            ..Facts::at(Timestamp::parse_rfc3339(self.at).unwrap())
        };
        ask(DecisionRequest { context, ..DecisionRequest::new(&principal, &call) }, facts)
    }

    pub(super) const fn observed(self, gates: Option<Observed>) -> Self {
        Self { gates, ..self }
    }

    pub(super) fn decided(&self, snapshot: &PolicySnapshot) -> Decision {
        self.ask(true, |request, facts| decide(snapshot, request, facts))
    }

    pub(super) fn hidden(&self, snapshot: &PolicySnapshot) -> bool {
        self.ask(false, |request, facts| certainly_denied(snapshot, request, facts))
    }
}

#[test]
fn each_engine_restricts_what_it_is_there_for() {
    let snapshot = snapshot(everything(), OBJECTS);
    let failing = Some(Conduct { reports: 10, failures: 10, anomaly: Anomaly::default() });
    let strange = Anomaly { new_capability: true, unseen_hour: true, unseen_weekday: true, burst: true };
    let wild = Some(Conduct { reports: 10, failures: 10, anomaly: strange });
    for (case, outcome, code) in [
        (call("a.read"), "ALLOW", "policy_allowed"),
        (Case { actor: "sue", ..call("a.read") }, "DENY", "actor_suspended"),
        (Case { actor: "eve", ..call("a.read") }, "DENY", "actor_revoked"),
        (call("a.unknown"), "DENY", "capability_unknown"),
        (Case { actor: "bob", ..call("a.read") }, "DENY", "grant_missing"),
        // 22:00 to 06:00 in Berlin: in winter until 05:00 UTC, in summer until 04:00 UTC.
        (Case { at: "2026-01-15T21:00:00Z", ..call("a.read") }, "ALLOW", "policy_allowed"),
        (Case { at: "2026-01-15T20:59:59Z", ..call("a.read") }, "DENY", "grant_time_window"),
        (Case { at: "2026-01-16T04:59:59Z", ..call("a.read") }, "ALLOW", "policy_allowed"),
        (Case { at: "2026-01-16T05:00:00Z", ..call("a.read") }, "DENY", "grant_time_window"),
        (Case { at: "2026-07-16T04:00:00Z", ..call("a.read") }, "DENY", "grant_time_window"),
        // The night the clocks go forward, and the one they go back.
        (Case { at: "2026-03-29T03:59:59Z", ..call("a.read") }, "ALLOW", "policy_allowed"),
        (Case { at: "2026-03-29T04:00:00Z", ..call("a.read") }, "DENY", "grant_time_window"),
        (Case { at: "2026-10-25T04:59:59Z", ..call("a.read") }, "ALLOW", "policy_allowed"),
        (Case { at: "2026-10-25T05:00:00Z", ..call("a.read") }, "DENY", "grant_time_window"),
        (Case { grant_uses: Some(2), ..call("a.write") }, "ALLOW", "policy_allowed"),
        (Case { grant_uses: Some(3), ..call("a.write") }, "DENY", "grant_rate_exceeded"),
        (Case { shared_uses: [Some(1), None], ..call("a.shared") }, "ALLOW", "policy_allowed"),
        (Case { shared_uses: [Some(2), None], ..call("a.shared") }, "DENY", "shared_limit_exceeded"),
        (Case { parameters: "{}", ..call("a.write") }, "DENY", "parameters_invalid"),
        (Case { parameters: "{\"n\":\"1\"}", ..call("a.write") }, "DENY", "parameters_invalid"),
        (Case { parameters: "{\"n\":10}", ..call("a.write") }, "DENY", "policy_denied"),
        (Case { at: "2026-05-31T23:59:59Z", ..call("a.wipe") }, "REQUIRE_CONFIRMATION", "approval_required"),
        (Case { at: "2026-06-01T00:00:00Z", ..call("a.wipe") }, "DENY", "grant_expired"),
        (call("a.accepted"), "ALLOW", "policy_allowed"),
        (Case { conduct: failing, ..call("a.read") }, "ESCALATE", "approval_required"),
        (Case { conduct: wild, ..call("a.accepted") }, "ESCALATE", "approval_required"),
    ] {
        let decision = case.decided(&snapshot);
        assert_eq!(
            (decision.outcome.as_str(), decision.code.as_str()),
            (outcome, code),
            "{case:?}: {decision:?}"
        );
        assert_eq!(case.decided(&snapshot), decision, "deterministic");
    }
}

#[test]
fn a_tenant_adds_to_what_the_deployment_requires_and_takes_nothing_away() {
    // The callers here are of the tenant `default`, whose own objects are like any other tenant's.
    const OBJECTS: &str = r#"
capabilities:
  - {name: a.wipe, risk_level: critical, tags: [destructive], parameter_schema: {type: object, required: [n]}}
  - {name: a.read, risk_level: low}
  - {name: a.lent, risk_level: low}
  - {name: a.wipe, risk_level: low, tenant: default}
  - {name: a.read, risk_level: low, tenant: default, parameter_schema: {type: object, properties: {n: {type: integer}}}}
  - {name: a.own, risk_level: critical, tenant: default}
policies:
  - name: all
    rules:
      - {capability: a.wipe, outcome: ALLOW}
      - {capability: a.read, outcome: REQUIRE_CONFIRMATION, priority: 1}
      - {capability: a.lent, outcome: ALLOW, priority: 9, constraints: {max_response_bytes: 100}}
  - name: own
    tenant: default
    rules:
      - {capability: a.read, outcome: ALLOW, priority: 1000}
      - {capability: a.wipe, outcome: ALLOW, priority: 1000, accepts_critical: true}
      - {capability: a.own, outcome: ALLOW, accepts_critical: true}
      - {capability: a.lent, outcome: ESCALATE, constraints: {max_response_bytes: 500}}
"#;
    let governing = Governing { grants_required: false, ..everything() };
    let snapshot = snapshot(governing, OBJECTS);
    for (case, outcome, code) in [
        // Critical and its schema stay, and nobody else accepts them for the deployment.
        (call("a.wipe"), "REQUIRE_CONFIRMATION", "approval_required"),
        (Case { parameters: "{}", ..call("a.wipe") }, "DENY", "parameters_invalid"),
        // Priorities are of one owner's policies among each other.
        (call("a.read"), "REQUIRE_CONFIRMATION", "approval_required"),
        (Case { parameters: "{\"n\":\"1\"}", ..call("a.read") }, "DENY", "parameters_invalid"),
        (call("a.lent"), "ESCALATE", "approval_required"),
        // What is the tenant's alone it may accept.
        (call("a.own"), "ALLOW", "policy_allowed"),
    ] {
        let decision = case.decided(&snapshot);
        let came = (decision.outcome.as_str(), decision.code.as_str());
        assert_eq!(came, (outcome, code), "{case:?}: {decision:?}");
    }
    assert_eq!(call("a.lent").decided(&snapshot).obligations.max_response_bytes, Some(100));
}

#[test]
fn engines_take_part_because_they_are_named_and_not_because_there_are_objects() {
    let off = snapshot(Governing::default(), OBJECTS);
    for capability in ["a.read", "a.unknown", "a.wipe"] {
        assert_eq!(Case { actor: "bob", ..call(capability) }.decided(&off).outcome, Outcome::Allow);
    }
    // But for the status of actors, which always counts.
    assert_eq!(Case { actor: "sue", ..call("a.read") }.decided(&off).outcome, Outcome::Deny);
    let empty =
        snapshot(everything(), "policies: [{name: all, rules: [{capability: \"*\", outcome: ALLOW}]}]");
    assert_eq!(call("a.read").decided(&empty).code.as_str(), "capability_unknown");
}

#[test]
fn a_decision_says_what_it_takes_and_what_must_be_done() {
    let snapshot = snapshot(everything(), OBJECTS);
    let decision = call("a.write").decided(&snapshot);
    let rate = decision.charge.unwrap();
    assert_eq!((rate.max_requests, rate.window_s), (3, 60));
    assert_eq!(decision.obligations.rate_limit, Some(rate));
    assert_eq!(decision.obligations.max_response_bytes, Some(100));
    let engines: Vec<_> = decision.findings.iter().map(|finding| finding.engine).collect();
    assert_eq!(engines, [Engine::Policies]);
    // 0.25 x 0.5 for a new actor, 0.20 x 0.3 for medium; in production twice that.
    assert_eq!(decision.score.to_string(), "0.19");
    let production = Case { environment: Some("production"), ..call("a.write") }.decided(&snapshot);
    assert_eq!(production.score.to_string(), "0.25");
    assert!(production.obligations.monitoring && !decision.obligations.monitoring);
}

#[test]
fn a_kill_switch_stops_everything_whatever_says_yes() {
    let text = format!("{OBJECTS}\n");
    let stopped = snapshot(everything(), &text);
    let mut objects = Objects::default();
    stopped.governance.objects().iter().for_each(|object| objects.put(Arc::clone(object)));
    let document = Document::parse("body", "{active: true, reason: drill}").unwrap();
    let defaults = crate::policy::governance::Defaults { tenant: "default", actor: None, id: None };
    let kind = crate::policy::governance::Kind::KillSwitch;
    let written = crate::policy::governance::read(kind, &document, defaults).unwrap();
    let at = Timestamp::from_micros(0);
    let stamp = Stamp { id: "x".into(), version: 1, created_at: at, updated_at: at, source: Source::Api };
    let (key, written, content) = (written.key, written.written, written.content);
    objects.put(Arc::new(Object { key, stamp, written, content }));
    let stopped = stopped.with_administered(
        SnapshotRef::new(2, "01".into()),
        Administered { governance: Arc::new(Governance::compile(&objects)), ..Administered::default() },
    );
    for capability in ["a.read", "a.accepted"] {
        let decision = call(capability).decided(&stopped);
        assert_eq!(decision.code.as_str(), "kill_switch");
        assert!(decision.reason.as_str().contains("drill"), "{}", decision.reason);
        assert!(call(capability).hidden(&stopped));
    }
}

proptest! {
    /// A tool is left out of a list only if no parameters let it through, and no engine makes a decision milder.
    #[test]
    fn lists_hide_only_what_is_always_denied(
        capability in prop::sample::select(vec!["a.read", "a.write", "a.wipe", "a.accepted", "a.shared", "a.unknown"]),
        actor in prop::sample::select(vec!["ann", "sue", "eve", "bob"]),
        n in 0_i64..20,
        hour in 0_u32..24,
        uses in prop::option::of(0_u32..5),
        shared in prop::option::of(0_u32..4),
        mask in 0_u8..8,
    ) {
        let on = |bit: u8| mask & (1 << bit) != 0;
        let governing = Governing {
            capabilities_required: on(0),
            grants_required: on(1),
            risk: on(2).then(RiskModel::default),
            ..Governing::default()
        };
        let some = snapshot(governing, OBJECTS);
        let all = snapshot(everything(), OBJECTS);
        let (parameters, at) = (format!("{{\"n\":{n}}}"), format!("2026-01-15T{hour:02}:30:00Z"));
        let case = Case {
            actor,
            parameters: &parameters,
            at: &at,
            grant_uses: uses,
            shared_uses: [shared, None],
            ..call(capability)
        };
        let decision = case.decided(&some);
        prop_assert!(!case.hidden(&some) || decision.outcome == Outcome::Deny, "{decision:?}");
        prop_assert!(case.decided(&all).outcome >= decision.outcome);
    }
}
