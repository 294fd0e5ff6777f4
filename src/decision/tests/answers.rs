//! The most restrictive answer wins, what fails denies, and the same question gets the same answer.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use crate::config::{Config, Holds, Sources, load_document};
use crate::decision::{
    Governing, HoldWait, PolicySnapshot, SnapshotParts, certainly_denied, combine, compile, decide,
};
use crate::identity::KeyRing;
use crate::model::call::{
    Action, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{
    Authorization, Decision, Engine, Facts, History, Outcome, Reason, ReasonCode, Restricted, Restriction,
    RiskLevel, SnapshotRef,
};
use crate::model::document::Document;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::rules;

fn snapshot(text: Option<&str>, default: Outcome) -> PolicySnapshot {
    let rules = text.map(|text| rules::compile(&Document::parse("rules.yaml", text).unwrap()).unwrap());
    PolicySnapshot::new(SnapshotParts {
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
        rules,
        default,
    })
}

/// Asks `question` about a call of `tool` by ann, at midnight on a Thursday.
fn asked<T>(
    tool: &str,
    resource: &str,
    parameters: Parameters<'_>,
    question: impl Fn(DecisionRequest<'_, '_>, Facts<'_>) -> T,
) -> T {
    let principal = Principal::new("default", "ann", PrincipalKind::AiAgent);
    let action = CapabilityName::under("files", tool).map_or_else(
        || Action::Unnamed { tool: tool.to_owned().into(), prefix: "files".into() },
        Action::Named,
    );
    let call = ToolCall {
        action,
        resource: resource.into(),
        resource_hidden: false,
        parameters,
        description: "".into(),
    };
    let facts = Facts::at(Timestamp::from_micros(0));
    question(DecisionRequest::new(&principal, &call), facts)
}

fn decided_on(snapshot: &PolicySnapshot, tool: &str, resource: &str, arguments: &str) -> Decision {
    let parameters = Parameters::Flat(Reader::default().parse(arguments.as_bytes()).unwrap());
    asked(tool, resource, parameters, |request, facts| decide(snapshot, request, facts))
}

fn decided(snapshot: &PolicySnapshot, tool: &str, arguments: &str) -> Decision {
    decided_on(snapshot, tool, "files", arguments)
}

/// Whether a list leaves `tool` out; `name_resource`: the route makes resources of arguments.
fn hidden(snapshot: &PolicySnapshot, tool: &str, name_resource: bool) -> bool {
    let parameters = Parameters::Unknown { name_resource };
    asked(tool, "files", parameters, |request, facts| certainly_denied(snapshot, request, facts))
}

const RULES: &str = "rules:\n\
    - {name: reads, match: {type: files.read}, approval: auto, risk_level: low}\n\
    - {name: mail, match: {type: files.mail}, approval: approve, risk_level: high}\n\
    - {name: no, match: {type: files.delete}, approval: block, risk_level: critical}\n\
    - {name: large, match: {type: files.pay}, conditions: {param_gt: {amount: 10}}, approval: block}\n\
    - {name: pay, match: {type: files.pay}, approval: auto}\n";

#[test]
fn a_decision_says_what_decided_it() {
    let snapshot = snapshot(Some(RULES), Outcome::Deny);
    for (tool, arguments, outcome, code, rule, risk) in [
        ("read", "{}", Outcome::Allow, ReasonCode::RuleAllowed, Some("reads"), RiskLevel::Low),
        (
            "mail",
            "{}",
            Outcome::RequireConfirmation,
            ReasonCode::ApprovalRequired,
            Some("mail"),
            RiskLevel::High,
        ),
        ("delete", "{}", Outcome::Deny, ReasonCode::RuleDenied, Some("no"), RiskLevel::Critical),
        ("pay", "{\"amount\":1}", Outcome::Allow, ReasonCode::RuleAllowed, Some("pay"), RiskLevel::Medium),
        ("pay", "{\"amount\":11}", Outcome::Deny, ReasonCode::RuleDenied, Some("large"), RiskLevel::Medium),
        // "Cannot tell" is not "does not match": the next rule would have allowed it.
        (
            "pay",
            "{\"amount\":\"x\"}",
            Outcome::Deny,
            ReasonCode::Indeterminate,
            Some("large"),
            RiskLevel::Medium,
        ),
        ("other", "{}", Outcome::Deny, ReasonCode::DefaultDenied, None, RiskLevel::Medium),
    ] {
        let decision = decided(&snapshot, tool, arguments);
        assert_eq!((decision.outcome, decision.code), (outcome, code), "{tool} {arguments}: {decision:?}");
        assert_eq!((decision.rule.as_deref(), decision.risk), (rule, risk), "{tool} {arguments}");
        let engines: Vec<_> = decision.findings.iter().map(|finding| finding.engine).collect();
        let engine = if rule.is_some() { Engine::Rules } else { Engine::Default };
        assert_eq!(engines, [engine], "{tool} {arguments}: {decision:?}");
        assert!(decision.findings.iter().all(|finding| finding.outcome == Some(outcome)), "{decision:?}");
        let reason = decision.reason.as_str();
        // A refusal names the rule or the capability, never the arguments.
        let names = rule.is_some_and(|rule| reason.contains(rule)) || reason.contains("files.other");
        assert!(outcome == Outcome::Allow || names, "{reason}");
        assert_eq!(decided(&snapshot, tool, arguments), decision);
    }
}

/// A tunnel is let in by a rule that names it in full, and by nothing else.
#[test]
fn no_wildcard_and_no_default_lets_a_tunnel_in() {
    for (rule, default, outcome, code) in [
        (
            Some("{name: r, match: {type: crm.tunnel}, approval: auto}"),
            Outcome::Deny,
            Outcome::Allow,
            ReasonCode::RuleAllowed,
        ),
        (
            Some("{name: r, match: {type: crm.*}, approval: auto}"),
            Outcome::Deny,
            Outcome::Deny,
            ReasonCode::TunnelNotNamed,
        ),
        (
            Some("{name: r, match: {}, approval: auto}"),
            Outcome::Allow,
            Outcome::Deny,
            ReasonCode::TunnelNotNamed,
        ),
        (
            Some("{name: r, match: {type: crm.*}, approval: approve}"),
            Outcome::Deny,
            Outcome::Deny,
            ReasonCode::TunnelNotNamed,
        ),
        (
            Some("{name: r, match: {type: crm.*}, approval: block}"),
            Outcome::Allow,
            Outcome::Deny,
            ReasonCode::RuleDenied,
        ),
        (None, Outcome::Allow, Outcome::Deny, ReasonCode::TunnelNotNamed),
        (None, Outcome::Deny, Outcome::Deny, ReasonCode::DefaultDenied),
    ] {
        let rules = rule.map(|rule| format!("rules: [{rule}]"));
        let snapshot = snapshot(rules.as_deref(), default);
        let principal = Principal::new("default", "ann", PrincipalKind::AiAgent);
        let action = Action::Tunnel(CapabilityName::parse("crm.tunnel").unwrap());
        let parameters = Parameters::none();
        let call = ToolCall {
            action,
            resource: "/crm/live".into(),
            resource_hidden: false,
            parameters,
            description: "".into(),
        };
        let request = DecisionRequest::new(&principal, &call);
        let decision = decide(&snapshot, request, Facts::at(Timestamp::from_micros(0)));
        assert_eq!((decision.outcome, decision.code), (outcome, code), "{rule:?} {default:?}: {decision:?}");
    }
}

#[test]
fn the_written_defaults_speak_before_the_configured_one() {
    for (rules, configured, outcome, code) in [
        (None, Outcome::Deny, Outcome::Deny, ReasonCode::DefaultDenied),
        (None, Outcome::Allow, Outcome::Allow, ReasonCode::DefaultAllowed),
        (None, Outcome::Escalate, Outcome::Escalate, ReasonCode::ApprovalRequired),
        (Some("rules: []\n"), Outcome::Allow, Outcome::Allow, ReasonCode::DefaultAllowed),
        (Some("defaults: {approval: block}\n"), Outcome::Allow, Outcome::Deny, ReasonCode::DefaultDenied),
        (Some("defaults: {approval: auto}\n"), Outcome::Deny, Outcome::Allow, ReasonCode::DefaultAllowed),
        (
            Some("defaults: {approval: approve}\n"),
            Outcome::Deny,
            Outcome::RequireConfirmation,
            ReasonCode::ApprovalRequired,
        ),
    ] {
        let decision = decided(&snapshot(rules, configured), "x", "{}");
        assert_eq!((decision.outcome, decision.code), (outcome, code), "{rules:?} and {configured:?}");
    }
}

#[test]
fn a_tool_no_policy_can_name_is_denied_whatever_the_policy() {
    for (rules, default) in [
        (Some("rules: [{name: all, match: {type: \"*\"}, approval: auto}]\n"), Outcome::Deny),
        (Some("defaults: {approval: auto}\n"), Outcome::Deny),
        (None, Outcome::Allow),
    ] {
        let decision = decided(&snapshot(rules, default), "l\u{f6}schen", "{}");
        assert_eq!(
            (decision.outcome, decision.code),
            (Outcome::Deny, ReasonCode::UnnamedCapability),
            "{rules:?}"
        );
        assert_eq!(decision.findings.first().map(|finding| finding.engine), Some(Engine::Naming));
        let reason = decision.reason.as_str();
        assert!(reason.contains("l\u{f6}schen") && reason.contains("tools"), "{reason}");
    }
    let long = "\u{f6}\n".repeat(5_000);
    let reason = decided(&snapshot(None, Outcome::Allow), &long, "{}").reason;
    assert!(reason.as_str().chars().count() <= 300 && !reason.as_str().contains('\n'), "{reason:?}");
}

#[test]
fn a_tool_is_hidden_only_if_nothing_could_let_it_pass() {
    for (rules, default, hidden_as_is, hidden_with_template) in [
        ("- {approval: block}", Outcome::Allow, true, true),
        ("- {approval: auto}", Outcome::Deny, false, false),
        ("- {approval: approve}", Outcome::Deny, false, false),
        ("- {match: {type: other.x}, approval: auto}", Outcome::Deny, true, true),
        ("- {match: {type: other.x}, approval: auto}", Outcome::Escalate, false, false),
        // A rule that may match is a way, unless one before it certainly denies.
        ("- {conditions: {param_eq: {a: 1}}, approval: auto}", Outcome::Deny, false, false),
        (
            "- {approval: block}\n- {conditions: {param_eq: {a: 1}}, approval: auto}",
            Outcome::Deny,
            true,
            true,
        ),
        ("- {conditions: {param_eq: {a: 1}}, approval: block}", Outcome::Deny, true, true),
        ("- {conditions: {param_eq: {a: 1}}, approval: block}", Outcome::Allow, false, false),
        (
            "- {conditions: {param_eq: {a: 1}}, approval: block}\n- {approval: block}",
            Outcome::Allow,
            true,
            true,
        ),
        // The time is known: it is midnight.
        (
            "- {conditions: {time_after: \"09:00\", param_eq: {a: 1}}, approval: auto}",
            Outcome::Deny,
            true,
            true,
        ),
        ("- {conditions: {time_before: \"09:00\"}, approval: block}", Outcome::Allow, true, true),
        // So is the resource, unless it is made of arguments.
        ("- {match: {target: files}, approval: block}", Outcome::Allow, true, false),
        ("- {match: {target: \"/docs/*\"}, approval: auto}", Outcome::Deny, true, false),
        (
            "- {match: {target: \"/docs/*\"}, approval: block}\n- {approval: block}",
            Outcome::Allow,
            true,
            true,
        ),
        ("- {match: {target: \"*\"}, approval: block}", Outcome::Allow, true, true),
        ("- {match: {agent: bob}, approval: auto}", Outcome::Deny, true, true),
    ] {
        let snapshot = snapshot(Some(&format!("rules:\n{rules}\n")), default);
        assert_eq!(hidden(&snapshot, "read", false), hidden_as_is, "{rules} else {default:?}");
        assert_eq!(
            hidden(&snapshot, "read", true),
            hidden_with_template,
            "{rules} else {default:?}, template"
        );
        assert!(hidden(&snapshot, "l\u{f6}schen", false), "what has no name is always denied");
    }
    assert!(hidden(&snapshot(None, Outcome::Deny), "read", false));
    assert!(!hidden(&snapshot(None, Outcome::RequireConfirmation), "read", false));
}

/// One rule of a file, and whether it asks for anything that a listed tool does not tell.
fn rule() -> impl Strategy<Value = (String, bool)> {
    let types = prop::sample::select(vec!["\"*\"", "files.read", "\"files.*\"", "\"*.write\"", "other.x"]);
    let targets = prop::sample::select(vec!["\"*\"", "\"**\"", "files", "\"/docs/*\"", "\"?\""]);
    let agents = prop::sample::select(vec!["\"*\"", "ann", "bob"]);
    let conditions = prop::sample::select(vec![
        "{}",
        "{time_after: \"09:00\"}",
        "{time_before: \"09:00\", weekdays: [4]}",
        "{param_eq: {a: 1}}",
        "{param_gt: {a: 1}}",
        "{param_contains: {b: x}, time_before: \"09:00\"}",
        "{param_matches: {a: \".\"}, weekdays: [1]}",
    ]);
    let approvals = prop::sample::select(vec!["auto", "approve", "block"]);
    (types, targets, agents, conditions, approvals).prop_map(|(kind, target, agent, conditions, approval)| {
        let matches = format!("match: {{type: {kind}, target: {target}, agent: {agent}}}");
        let asks = conditions.contains("param_") || !target.contains("*\"") || target.contains("docs");
        (format!("- {{{matches}, conditions: {conditions}, approval: {approval}}}\n"), asks)
    })
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop::sample::select(Outcome::ALL.to_vec())
}

fn authorization() -> impl Strategy<Value = Authorization> {
    prop_oneof![
        outcomes().prop_map(|outcome| Authorization::Applicable {
            outcome,
            rule: "r".into(),
            risk: RiskLevel::Medium,
            names_it: true,
        }),
        Just(Authorization::NotApplicable),
        Just(Authorization::Indeterminate { rule: "r".into(), error: Reason::new("no") }),
    ]
}

fn restriction() -> impl Strategy<Value = Restricted> {
    let restrictions = vec![Restriction::RequireConfirmation, Restriction::Escalate, Restriction::Deny];
    prop_oneof![
        prop::sample::select(restrictions)
            .prop_map(|restriction| Restricted::Applicable(restriction, Reason::new("no"))),
        Just(Restricted::NotApplicable),
        Just(Restricted::Indeterminate(Reason::new("no"))),
    ]
}

proptest! {
    /// Whatever a hidden tool is called with is denied; where the rules ask for nothing a list does not tell, what is denied is
    /// hidden.
    #[test]
    fn hidden_means_denied_with_any_parameters(
        written in prop::collection::vec(rule(), 0..5),
        default in outcomes(),
        tool in prop::sample::select(vec!["read", "write"]),
        resource in prop::sample::select(vec!["files", "/docs/a", "x", ""]),
        arguments in prop::sample::select(vec![
            "{}", "{\"a\":1}", "{\"a\":2,\"b\":\"xy\"}", "{\"a\":\"t\"}", "{\"a\":[1],\"b\":5}", "{\"b\":[\"x\"]}",
        ]),
    ) {
        let texts: String = written.iter().map(|(text, _)| text.as_str()).collect();
        let text = if texts.is_empty() { "rules: []\n".to_owned() } else { format!("rules:\n{texts}") };
        let snapshot = snapshot(Some(&text), default);
        let denied = |resource| decided_on(&snapshot, tool, resource, arguments).outcome == Outcome::Deny;
        prop_assert!(!hidden(&snapshot, tool, true) || denied(resource), "{text}");
        prop_assert!(!hidden(&snapshot, tool, false) || denied("files"), "{text}");
        if !written.iter().any(|(_, asks)| *asks) {
            prop_assert_eq!(hidden(&snapshot, tool, true), denied(resource), "{}", text);
        }
    }

    /// Never milder than any single answer; `Allow` only from an authorizer or the default; order does not matter.
    #[test]
    fn the_most_restrictive_answer_wins(
        authorizers in prop::collection::vec(authorization(), 0..4),
        restrictors in prop::collection::vec(restriction(), 0..4),
        default in outcomes(),
    ) {
        let combined = combine(&authorizers, &restrictors, default);
        for answer in &authorizers {
            match answer {
                Authorization::Applicable { outcome, .. } => prop_assert!(combined.outcome >= *outcome),
                Authorization::Indeterminate { .. } => prop_assert_eq!(combined.outcome, Outcome::Deny),
                Authorization::NotApplicable => {}
            }
        }
        for answer in &restrictors {
            match answer {
                Restricted::Applicable(restriction, _) => prop_assert!(combined.outcome >= Outcome::from(*restriction)),
                Restricted::Indeterminate(_) => prop_assert_eq!(combined.outcome, Outcome::Deny),
                Restricted::NotApplicable => {}
            }
        }
        if authorizers.iter().all(|answer| *answer == Authorization::NotApplicable) {
            prop_assert!(!combined.authorized && combined.outcome >= default);
        }
        let reversed = combine(authorizers.iter().rev(), restrictors.iter().rev(), default);
        prop_assert_eq!(reversed, combined);
    }
}

/// A history with one call of `files.read`, of high risk.
fn one_read(snapshot: &PolicySnapshot) -> History {
    let mut history = History::default();
    snapshot.plan().unwrap().note(&mut history, "files.read", RiskLevel::High);
    history
}

#[test]
fn a_plan_restricts_what_the_rules_let_through_and_nothing_else() {
    let text = |on_send: &str, plan: &str| {
        format!(
            "rules: [{{match: {{type: files.send}}, approval: {on_send}}}, {{approval: auto}}]\n\
             plan_rules: {{sequence_patterns: [{{name: exfil, steps: [files.read, files.send], approval: {plan}}}]}}\n"
        )
    };
    for (on_send, plan, outcome, code) in [
        ("auto", "block", Outcome::Deny, ReasonCode::PlanDenied),
        ("auto", "approve", Outcome::RequireConfirmation, ReasonCode::ApprovalRequired),
        ("auto", "auto", Outcome::Allow, ReasonCode::RuleAllowed),
        ("approve", "block", Outcome::Deny, ReasonCode::PlanDenied),
        ("approve", "escalate", Outcome::Escalate, ReasonCode::ApprovalRequired),
        ("escalate", "approve", Outcome::Escalate, ReasonCode::ApprovalRequired),
        ("block", "approve", Outcome::Deny, ReasonCode::RuleDenied),
    ] {
        let snapshot = snapshot(Some(&text(on_send, plan)), Outcome::Deny);
        let decide_after = |history: Option<&History>| {
            asked("send", "files", Parameters::none(), |request, facts| {
                decide(&snapshot, request, Facts { history, ..facts })
            })
        };
        let history = if plan == "auto" { History::default() } else { one_read(&snapshot) };
        let decision = decide_after(Some(&history));
        assert_eq!((decision.outcome, decision.code), (outcome, code), "{on_send} {plan}");
        let engines: Vec<_> = decision.findings.iter().map(|finding| finding.engine).collect();
        let told = on_send != "block" && plan != "auto";
        assert_eq!(engines.contains(&Engine::Plan), told, "{on_send} {plan}");
        assert_ne!(decide_after(None).code, ReasonCode::PlanDenied);
    }
}

#[test]
fn the_risk_of_a_call_no_rule_matches_is_the_defaults() {
    let snapshot = snapshot(
        Some(
            "defaults: {approval: auto, risk_level: high}\nplan_rules: {cumulative_risk: {max_total_risk: 2}}\n",
        ),
        Outcome::Deny,
    );
    let decision = decided_on(&snapshot, "read", "files", "{}");
    assert_eq!(decision.reason.as_str(), "Blocked by plan rule: Cumulative risk 3 exceeds threshold 2");
}

struct Nothing;

impl Sources for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no such file".to_owned())
    }
}

fn configured(text: &str) -> PolicySnapshot {
    let document = Document::parse("gateway.yaml", text).unwrap();
    let config: Config = load_document(document, Path::new("/"), [], &Nothing).unwrap();
    compile(&config, None, &[], SnapshotRef::new(1, "00".into())).unwrap()
}

#[test]
fn where_nothing_is_configured_of_holds_the_defaults_are_in_the_snapshot() {
    let route = "routes: [{name: a, match: {path_prefix: /a}, protocol: mcp, capability_prefix: a, upstream: \
                 {addresses: [\"127.0.0.1:9\"]}}]";
    let snapshot = configured(route);
    assert_eq!((snapshot.holds, snapshot.public_url), (Holds::default(), None));
    assert_eq!(snapshot.routes[0].hold, HoldWait::default());
}

#[test]
fn what_is_configured_of_holds_is_in_the_snapshot() {
    let text = "control:\n  public_url: https://aegis.example/\n  keys:\n    - {id: a, hash: \
                \"sha256:0000000000000000000000000000000000000000000000000000000000000001\", roles: [ops], person: ada}\n\
                holds: {ttl_s: {default: 10, automation: 2}, max_pending: 5, max_pending_per_tenant: 4, \
                max_pending_per_actor: 3, max_waiting_bytes: 6, keep_days: 1, escalation: {roles: [ops, risk]}}\n\
                routes: [{name: a, match: {path_prefix: /a}, protocol: mcp, capability_prefix: a, upstream: \
                {addresses: [\"127.0.0.1:9\"]}, hold: {wait_ms: 1, max_wait_ms: 2}}]";
    let snapshot = configured(text);
    let expected = Holds {
        ttl: Duration::from_secs(10),
        ttl_automation: Duration::from_secs(2),
        max_pending: 5,
        max_pending_per_tenant: 4,
        max_pending_per_actor: 3,
        max_waiting_bytes: 6,
        keep: Duration::from_secs(86_400),
        escalation_roles: ["ops".into(), "risk".into()].into(),
    };
    assert_eq!((&snapshot.holds, snapshot.public_url.as_deref()), (&expected, Some("https://aegis.example")));
    let expected = HoldWait { wait: Duration::from_millis(1), max_wait: Duration::from_millis(2) };
    assert_eq!(snapshot.routes[0].hold, expected);
    let key = snapshot.keys.by_id("a").unwrap();
    assert_eq!((&*key.roles, key.person.as_deref()), (&["ops".into()][..], Some("ada")));
    assert!(snapshot.keys.by_id("b").is_none());
}
