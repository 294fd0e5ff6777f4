//! Limits that all callers of a capability share.

use crate::decision::Governing;
use crate::decision::tests::governing::{Case, call, snapshot};
use crate::model::decision::{Engine, Outcome, RateLimit, SharedCharge};

/// The callers are of the tenant `default`, whose own objects are like any other tenant's.
const OBJECTS: &str = "
capabilities:
- {name: a.one, risk_level: low, shared_limit: {max_requests: 3, window_seconds: 60}}
- {name: a.both, risk_level: low, shared_limit: {max_requests: 3, window_seconds: 60, then: REQUIRE_CONFIRMATION}}
- {name: a.both, risk_level: low, tenant: default, shared_limit: {max_requests: 9, window_seconds: 3600, then: DENY}}
- {name: a.own, risk_level: low}
- {name: a.own, risk_level: low, tenant: default, shared_limit: {max_requests: 3, window_seconds: 60}}
- {name: a.theirs, risk_level: low, tenant: t, shared_limit: {max_requests: 1, window_seconds: 60}}
- {name: a.asked, risk_level: low, shared_limit: {max_requests: 3, window_seconds: 60, then: REQUIRE_CONFIRMATION}}
policies:
- {name: all, rules: [{capability: a.*, outcome: ALLOW}, {capability: a.asked, outcome: ESCALATE}]}
";
const FEW: RateLimit = RateLimit { max_requests: 3, window_s: 60 };
const MANY: RateLimit = RateLimit { max_requests: 9, window_s: 3600 };

const fn with(capability: &str, first: Option<u32>, second: Option<u32>) -> Case<'_> {
    let mut case = call(capability);
    case.shared_uses = [first, second];
    case
}

#[test]
fn what_is_beyond_a_limit_is_restricted_as_it_says() {
    // No engine is switched on: a limit acts wherever the capability is registered.
    let snapshot = snapshot(Governing::default(), OBJECTS);
    let charge = |within, max_requests| Some(SharedCharge { within, max_requests });
    for (case, outcome, code, taken) in [
        (with("a.one", Some(2), None), "ALLOW", "policy_allowed", charge([Some(FEW), None], 3)),
        (with("a.one", Some(3), None), "ESCALATE", "approval_required", charge([None, None], 3)),
        (with("a.one", None, None), "ALLOW", "policy_allowed", charge([Some(FEW), None], 3)),
        (with("a.both", Some(2), Some(8)), "ALLOW", "policy_allowed", charge([Some(FEW), Some(MANY)], 9)),
        (
            with("a.both", Some(3), Some(8)),
            "REQUIRE_CONFIRMATION",
            "approval_required",
            charge([None, Some(MANY)], 9),
        ),
        (with("a.both", Some(2), Some(9)), "DENY", "shared_limit_exceeded", charge([Some(FEW), None], 9)),
        (with("a.both", Some(3), Some(9)), "DENY", "shared_limit_exceeded", charge([None, None], 9)),
        (with("a.own", Some(3), None), "ESCALATE", "approval_required", charge([None, None], 3)),
        (with("a.theirs", Some(3), None), "ALLOW", "policy_allowed", None),
        (with("a.unknown", Some(3), None), "ALLOW", "policy_allowed", None),
        (with("a.asked", Some(3), None), "ESCALATE", "approval_required", charge([None, None], 3)),
    ] {
        let decision = case.decided(&snapshot);
        let came = (decision.outcome.as_str(), decision.code.as_str(), decision.shared_charge);
        assert_eq!(came, (outcome, code, taken), "{case:?}: {decision:?}");
        assert_eq!(case.decided(&snapshot), decision, "deterministic");
        assert_eq!(case.hidden(&snapshot), outcome == "DENY", "{case:?}");
    }
}

#[test]
fn a_reason_names_the_capability_and_the_limit_and_the_finding_a_rule() {
    let snapshot = snapshot(Governing::default(), OBJECTS);
    for (case, reason) in [
        (
            with("a.one", Some(3), None),
            "The escalation roles have to approve this call: all callers together may make 3 calls of a.one in 60 seconds, and they are used up.",
        ),
        (
            with("a.both", Some(3), None),
            "A person has to approve this call: all callers together may make 3 calls of a.both in 60 seconds, and they are used up.",
        ),
        (
            with("a.both", Some(3), Some(9)),
            "Blocked: all callers together may make 9 calls of a.both in 3600 seconds, and they are used up. Try again later.",
        ),
    ] {
        let decision = case.decided(&snapshot);
        assert_eq!(decision.reason.as_str(), reason);
        let finding =
            decision.findings.iter().find(|finding| finding.outcome != Some(Outcome::Allow)).unwrap();
        assert_eq!((finding.engine, finding.rule.as_deref()), (Engine::Capabilities, Some("shared_limit")));
    }
}
