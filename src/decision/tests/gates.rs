//! The gates on live traffic: what each verdict makes of a call, and that watching changes nothing.

use proptest::prelude::*;

use super::governing::{call, snapshot};
use crate::config;
use crate::decision::{Gating, Governing, PolicySnapshot};
use crate::model::decision::{Divergence, DriftTier, Engine, Observed, Outcome, RiskScore};

const OBJECTS: &str = r#"
capabilities:
  - {name: a.read, risk_level: low}
  - {name: a.write, risk_level: medium}
  - {name: a.wipe, risk_level: high}
policies:
  - name: all
    rules:
      - {capability: a.*, outcome: ALLOW}
"#;

fn gated(mode: config::GateMode, signals: &[(&str, config::GateSignals)]) -> PolicySnapshot {
    let gates = config::Gates {
        mode,
        signals: signals.iter().map(|(name, signals)| ((*name).to_owned(), signals.clone())).collect(),
        constants: config::GateConstants::default(),
        window: 200,
    };
    snapshot(Governing { gates: Gating::of(&gates), ..Governing::default() }, OBJECTS)
}

fn enforced(signals: &[(&str, config::GateSignals)]) -> PolicySnapshot {
    gated(config::GateMode::Enforce, signals)
}

fn known(seen: u32, drift: Option<f64>) -> Observed {
    Observed {
        seen,
        risk_before: Some(RiskScore::from_ten_thousandths(1000)),
        drift: drift.map(Divergence::from_nats),
        window: 200,
        ..Observed::default()
    }
}

fn signals() -> config::GateSignals {
    config::GateSignals::default()
}

/// That a call comes to that, for a reason that says so.
fn check(snapshot: &PolicySnapshot, capability: &str, observed: Option<Observed>, came: [&str; 3]) {
    let case = call(capability).observed(observed);
    let decision = case.decided(snapshot);
    let [outcome, code, said] = came;
    assert_eq!(
        (decision.outcome.as_str(), decision.code.as_str()),
        (outcome, code),
        "{case:?}: {}",
        decision.reason
    );
    assert!(decision.reason.as_str().contains(said), "{}", decision.reason);
    assert_eq!(case.decided(snapshot), decision, "deterministic");
    let told = decision.findings.iter().find(|finding| finding.engine == Engine::Gates);
    let restricted = Some(decision.outcome).filter(|outcome| *outcome != Outcome::Allow);
    assert_eq!(told.and_then(|finding| finding.outcome), restricted);
    let found = decision.gates.unwrap();
    let names = ["risk", "profit", "novelty", "complexity", "quality", "utility"];
    assert_eq!((found.gates.map(|gate| gate.name), found.observed), (names, observed.unwrap_or_default()));
}

const ALLOWED: [&str; 3] = ["ALLOW", "policy_allowed", ""];

const fn asks(said: &str) -> [&str; 3] {
    ["REQUIRE_CONFIRMATION", "approval_required", said]
}

const fn escalates(said: &str) -> [&str; 3] {
    ["ESCALATE", "approval_required", said]
}

#[test]
fn what_is_unlike_before_is_for_people_to_decide() {
    let plain = enforced(&[]);
    check(&plain, "a.read", Some(known(9, None)), ALLOWED);
    check(&plain, "a.read", Some(known(9, Some(0.4))), ALLOWED);
    check(&plain, "a.read", Some(known(8, None)), asks("A person has to approve this call: novelty is 0.7"));
    check(&plain, "a.read", None, asks("novelty is 0.119203, below 0.8"));
    let last = enforced(&[("a.read", config::GateSignals { reversible: false, ..signals() })]);
    let undone = "A person has to approve this call: it cannot be undone.";
    check(&last, "a.read", Some(known(9, None)), asks(undone));
    let poor = enforced(&[("a.read", config::GateSignals { quality: 0.6, ..signals() })]);
    check(&poor, "a.read", Some(known(9, None)), asks("quality is 0.6, below 0.7"));
    // The level of the registered capability is its impact, unless the signals know better.
    let high = "The escalation roles have to approve this call: its impact is high; risk is ";
    check(&plain, "a.wipe", Some(known(9, None)), escalates(high));
    let signals = config::GateSignals { impact: Some(config::Impact::Critical), ..signals() };
    let far = enforced(&[("a.*", signals)]);
    check(&far, "a.read", Some(known(9, None)), escalates("its impact is critical."));
}

#[test]
fn drift_and_complexity_halt() {
    let plain = enforced(&[]);
    let drift = |said| ["DENY", "gates_drift", said];
    let whole =
        "Blocked: the caller's newest calls differ from those before: drift is 0.6, above 0.5; its impact";
    check(&plain, "a.wipe", Some(known(9, Some(0.6))), drift(whole));
    check(&plain, "a.read", Some(known(9, Some(0.500_001))), drift("drift is 0.500001, above 0.5."));
    check(&plain, "a.read", Some(known(9, Some(0.5))), ALLOWED);
    let complex = enforced(&[("a.*", config::GateSignals { complexity: 0.4, ..signals() })]);
    let failed = |said| ["DENY", "gates_failed", said];
    let both = "Blocked, and nobody can approve it: the caller's newest calls differ";
    check(&complex, "a.read", Some(known(9, Some(0.6))), failed(both));
    check(&complex, "a.read", Some(known(9, None)), failed("approve it: complexity is 0.4, below 0.5"));
    assert!(call("a.read").hidden(&complex) && !call("a.read").hidden(&plain));
}

/// A warning is told, and restricts nothing, whether the gates are watched or not.
#[test]
fn drift_that_is_a_warning_is_told_and_the_call_goes_on() {
    for mode in [config::GateMode::Shadow, config::GateMode::Enforce] {
        let snapshot = gated(mode, &[]);
        let of = |drift| call("a.read").observed(Some(known(9, drift))).decided(&snapshot);
        for (drift, tier, warns) in [
            (None, None, false),
            (Some(0.3), Some(DriftTier::Normal), false),
            (Some(0.300_001), Some(DriftTier::Warning), true),
            (Some(0.5), Some(DriftTier::Warning), true),
            (Some(0.500_001), Some(DriftTier::Critical), false),
        ] {
            let decision = of(drift);
            let found = decision.gates.as_ref().unwrap();
            assert_eq!((found.drift_tier, found.warning.is_some()), (tier, warns), "{drift:?}");
            let told = decision.findings.iter().find(|finding| finding.warning.is_some());
            assert_eq!(told.is_some(), warns);
            let Some(told) = told else { continue };
            assert_eq!((decision.outcome, told.engine, told.outcome), (Outcome::Allow, Engine::Gates, None));
            let sentence = told.warning.as_ref().unwrap().as_str();
            assert!(sentence.contains(&format!("drift is {}, above 0.3.", drift.unwrap())), "{sentence}");
        }
    }
}

#[test]
fn a_jump_in_risk_is_one_from_the_baseline() {
    let plain = enforced(&[]);
    // A medium call, 0.3, by a caller whose calls were low, 0.1: twice more, which is no jump yet; and from 0.05.
    let calm = call("a.write").observed(Some(known(9, None))).decided(&plain);
    assert_eq!(calm.outcome, Outcome::Allow, "{}", calm.reason);
    let before = Some(RiskScore::from_ten_thousandths(500));
    let jump =
        call("a.write").observed(Some(Observed { risk_before: before, ..known(9, None) })).decided(&plain);
    assert_eq!(jump.outcome, Outcome::RequireConfirmation);
    assert!(jump.reason.as_str().contains("risk is 0.99"), "{}", jump.reason);
    let unknown =
        call("a.write").observed(Some(Observed { risk_before: None, ..known(9, None) })).decided(&plain);
    assert_eq!(unknown.outcome, Outcome::Allow, "of a caller that is not known nothing is a jump");
}

proptest! {
    /// Watched, the gates change nothing but what is told; enforced, they only add. What lists hide is always denied.
    #[test]
    fn watching_changes_no_outcome(
        capability in prop::sample::select(vec!["a.read", "a.write", "a.wipe"]),
        seen in 0_u32..20,
        before in prop::option::of(0_u32..10_001),
        drift in prop::option::of(0.0_f64..1.0),
        complexity in 0.3_f64..1.0,
        quality in 0.5_f64..1.0,
        reversible in any::<bool>(),
    ) {
        let written = [("a.*", config::GateSignals { complexity, quality, reversible, ..signals() })];
        let observed = Observed {
            seen,
            risk_before: before.map(RiskScore::from_ten_thousandths),
            ..known(seen, drift)
        };
        let case = call(capability).observed(Some(observed));
        let decided = |mode| case.decided(&gated(mode, &written));
        let (off, watched) = (decided(config::GateMode::Off), decided(config::GateMode::Shadow));
        let enforcing = decided(config::GateMode::Enforce);
        prop_assert_eq!((off.outcome, off.code, &off.reason), (watched.outcome, watched.code, &watched.reason));
        prop_assert!(off.gates.is_none() && off.findings.iter().all(|finding| finding.engine != Engine::Gates));
        prop_assert!(enforcing.outcome >= off.outcome);
        let would = watched.findings.iter().find_map(|finding| finding.would_have.clone());
        prop_assert_eq!(would.as_ref().map_or(off.outcome, |wanted| wanted.outcome.max(off.outcome)), enforcing.outcome);
        if let Some(wanted) = would.filter(|_| enforcing.outcome > off.outcome) {
            prop_assert_eq!(wanted.reason, enforcing.reason);
        }
        prop_assert!(!case.hidden(&gated(config::GateMode::Shadow, &written)));
        if case.hidden(&gated(config::GateMode::Enforce, &written)) {
            prop_assert_eq!(enforcing.outcome, Outcome::Deny);
        }
    }
}
