//! What several policies come to.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::decision::{Outcome, Restriction};
use crate::policy::governance::tests::support::{Asked, DEFAULTS, governance, object, objects, sound};
use crate::policy::governance::{
    CapabilityPattern, Combine, Content, Defaults, Governance, Kind, Objects, PolicyAnswer,
};

/// The outcome, rule, and what could not be told, in short: `ALLOW p[0] ?DENY q[1]`.
fn short(answer: &PolicyAnswer) -> String {
    let matched = answer.matched.as_ref().map(|it| format!("{} {}", it.outcome.as_str(), it.rule));
    let untold =
        answer.untold.as_ref().map(|it| format!("?{} {}", Outcome::from(it.restriction).as_str(), it.rule));
    let parts: Vec<String> = matched.into_iter().chain(untold).collect();
    parts.join(" ")
}

fn policy(name: &str, rules: &str) -> String {
    format!("policies: [{{name: {name}, rules: [{rules}]}}]")
}

#[test]
fn the_published_precedence_holds() {
    let text = include_str!("../../../../tests/golden/governance/precedence_vectors.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let rules = case["rules"].as_array().unwrap();
        let written =
            rules.iter().map(|rule| json!({"capability": "a.b", "outcome": rule[0], "priority": rule[1]}));
        let policy = json!({"name": "p", "rules": written.collect::<Vec<_>>()});
        let mut objects = Objects::default();
        if !rules.is_empty() {
            objects.put(object(sound(Kind::Policy, &policy.to_string(), DEFAULTS)));
        }
        let governance = Governance::compile(&objects);
        for (combine, column) in
            [(Combine::DenyOverrides, "proposed"), (Combine::Strictest, "strictest_live_core")]
        {
            let asked = Asked { combine, ..Asked::new("a.b", "{}") };
            // Where no rule matches, the default denies.
            let outcome = asked.ask(&governance).matched.map_or(Outcome::Deny, |matched| matched.outcome);
            assert_eq!(outcome.as_str(), case[column], "{column}: {case}");
        }
    }
}

#[test]
fn what_cannot_be_told_only_adds() {
    for (rules, expected) in [
        ("{capability: a.b, outcome: ALLOW, condition: parameters.x == 1}", ""),
        ("{capability: a.b, outcome: DENY, condition: parameters.x == 1}", "?DENY p[0]"),
        (
            "{capability: a.b, outcome: ALLOW}, {capability: a.b, outcome: DENY, condition: parameters.x == 1}",
            "ALLOW p[0] ?DENY p[1]",
        ),
        (
            "{capability: a.b, outcome: DENY}, {capability: a.b, outcome: ESCALATE, priority: 9, condition: parameters.x == 1}",
            "DENY p[0] ?ESCALATE p[1]",
        ),
        (
            "{capability: a.b, outcome: ESCALATE, condition: parameters.x == 1}, \
             {capability: a.b, outcome: REQUIRE_CONFIRMATION, priority: 9, condition: parameters.x == 1}",
            "?ESCALATE p[0]",
        ),
        ("{capability: a.b, outcome: DENY, condition: parameters.y > 2}", ""),
        ("{capability: a.b, outcome: DENY, condition: parameters.y > '2'}", "?DENY p[0]"),
        ("{capability: a.b, outcome: ALLOW, condition: ' '}", "ALLOW p[0]"),
    ] {
        let answer = Asked::new("a.b", r#"{"y":1}"#).ask(&governance(&policy("p", rules)));
        assert_eq!(short(&answer), expected, "{rules}");
    }
    let rules = "{capability: a.b, outcome: DENY, condition: parameters.x == 'secret'}";
    let untold = Asked::new("a.b", "{}").ask(&governance(&policy("p", rules))).untold.unwrap();
    assert_eq!((untold.restriction, untold.error.as_str()), (Restriction::Deny, "parameters.x is not there"));
}

#[test]
fn tenants_are_asked_together_with_the_deployment() {
    let file = "policies:\n\
        - {name: all, rules: [{capability: '*', outcome: ALLOW}]}\n\
        - {name: acme, tenant: acme, rules: [{capability: a.*, outcome: ESCALATE, priority: 1}]}\n\
        - {name: beta, tenant: beta, rules: [{capability: a.b, outcome: DENY}]}\n\
        - {name: off, enabled: false, rules: [{capability: a.b, outcome: DENY}]}\n";
    let governance = governance(file);
    let ask = |tenant| short(&Asked { tenant, ..Asked::new("a.b", "{}") }.ask(&governance));
    assert_eq!(ask("acme"), "ESCALATE acme[0]");
    assert_eq!(ask("beta"), "DENY beta[0]");
    assert_eq!(ask("gamma"), "ALLOW all[0]");
    assert_eq!(governance.policy_count(), 3);
    assert_eq!(governance.objects().len(), 4);
    assert_eq!(short(&Asked::new("a.b", "{}").ask(&Governance::default())), "");
}

#[test]
fn of_equal_rules_the_smallest_is_named() {
    let file = "policies:\n\
        - {name: b, rules: [{capability: a.b, outcome: ALLOW}]}\n\
        - {name: a, rules: [{capability: a.*, outcome: ALLOW}, {capability: a.b, outcome: ALLOW}]}\n";
    let answer = Asked::new("a.b", "{}").ask(&governance(file));
    assert_eq!(short(&answer), "ALLOW a[0]");
    assert!(!answer.matched.unwrap().names_it);
    let file =
        policy("p", "{capability: a.*, outcome: ALLOW}, {capability: a.b, outcome: ALLOW, priority: 1}");
    assert!(Asked::new("a.b", "{}").ask(&governance(&file)).matched.unwrap().names_it);
}

#[test]
fn obligations_of_all_that_match_hold() {
    let file = policy(
        "p",
        "{capability: a.b, outcome: ALLOW, priority: 9, constraints: {max_response_bytes: 100}}, \
         {capability: '*', outcome: ALLOW, constraints: {max_response_bytes: 50, redact_response: [/a]}}, \
         {capability: a.*, outcome: ALLOW, condition: parameters.x == 1, constraints: {read_only: true}}, \
         {capability: a.*, outcome: ALLOW, condition: parameters.y == 2, constraints: {monitoring: true}}, \
         {capability: c.d, outcome: ALLOW, constraints: {max_response_bytes: 1}}",
    );
    let obligations = Asked::new("a.b", r#"{"y":1}"#).ask(&governance(&file)).obligations;
    assert_eq!((obligations.max_response_bytes, obligations.redact_response.len()), (Some(50), 1));
    assert!(obligations.read_only, "what cannot be told adds what it asks for");
    assert!(!obligations.monitoring, "the condition is false");
}

#[test]
fn critical_is_accepted_by_name_only() {
    for (rule, accepted) in [
        ("{capability: a.b, outcome: ALLOW, accepts_critical: true}", true),
        ("{capability: a.b, outcome: ALLOW}", false),
        ("{capability: a.b, outcome: ALLOW, accepts_critical: true, condition: parameters.x == 1}", false),
        ("{capability: a.b, outcome: ALLOW, accepts_critical: true, condition: 'false'}", false),
        ("{capability: a.c, outcome: ALLOW, accepts_critical: true}", false),
    ] {
        assert_eq!(
            Asked::new("a.b", "{}").ask(&governance(&policy("p", rule))).accepts_critical,
            accepted,
            "{rule}"
        );
    }
}

#[test]
fn objects_are_found_by_name() {
    let file = "capabilities:\n- {name: a.b, risk_level: low}\n- {name: a.b, risk_level: high, tenant: acme}\n\
        grants: [{actor: bot, capability: a.b, tenant: acme}]\nactors: [{actor: bot, status: revoked, tenant: acme}]\n";
    let mut objects = objects(file);
    let governance = Governance::compile(&objects);
    let owners = |tenant, name| -> Vec<_> {
        governance.capabilities(tenant, name).map(|object| object.key.tenant.as_deref()).collect()
    };
    assert_eq!(owners("acme", "a.b"), [None, Some("acme")], "a tenant's own adds to the deployment's");
    assert_eq!((owners("beta", "a.b"), owners("beta", "a.c")), (vec![None], vec![]));
    assert!(governance.grant("acme", "bot", "a.b").is_some());
    for (tenant, actor, capability) in [("beta", "bot", "a.b"), ("acme", "b", "a.b"), ("acme", "bot", "a.c")]
    {
        assert!(governance.grant(tenant, actor, capability).is_none(), "{tenant} {actor} {capability}");
    }
    assert!(governance.actor("acme", "bot").is_some() && governance.actor("default", "bot").is_none());

    let switch = |text: &str| object(sound(Kind::KillSwitch, text, DEFAULTS));
    let why = |objects: &Objects, tenant| {
        Governance::compile(objects).kill_switch(tenant).map(|it| it.reason.clone())
    };
    assert_eq!(why(&objects, "acme"), None);
    objects.put(switch("{active: false, reason: all}"));
    objects.put(switch("{active: true, reason: own, tenant: acme}"));
    assert_eq!((why(&objects, "acme").as_deref(), why(&objects, "beta")), (Some("own"), None));
    objects.put(switch("{active: true, reason: all}"));
    assert_eq!(
        (why(&objects, "acme").as_deref(), why(&objects, "beta").as_deref()),
        (Some("all"), Some("all"))
    );
}

/// A rule of a generated policy.
#[derive(Clone, Debug)]
struct Rule {
    capability: &'static str,
    condition: &'static str,
    outcome: Outcome,
    priority: u32,
}

fn rules() -> impl Strategy<Value = Vec<(usize, Option<&'static str>, Vec<Rule>)>> {
    let capability = prop::sample::select(vec!["*", "a.*", "a.b.*", "a.b", "a.b.c", "ab.c", "a.bb"]);
    let condition = prop::sample::select(vec![
        "",
        "true",
        "false",
        "parameters.missing",
        "parameters.yes",
        "parameters.no",
    ]);
    let outcome = prop::sample::select(Outcome::ALL.to_vec());
    let rule =
        (capability, condition, outcome, 0_u32..3).prop_map(|(capability, condition, outcome, priority)| {
            Rule { capability, condition, outcome, priority }
        });
    let tenant = prop::sample::select(vec![None, Some("acme"), Some("beta")]);
    prop::collection::vec((0_usize..3, tenant, prop::collection::vec(rule, 1..4)), 0..6)
}

fn compiled(policies: &[(usize, Option<&'static str>, Vec<Rule>)], reversed: bool) -> Objects {
    let mut numbered: Vec<_> = policies.iter().enumerate().collect();
    if reversed {
        numbered.reverse();
    }
    let mut objects = Objects::default();
    for (number, (name, tenant, rules)) in numbered {
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| json!({"capability": rule.capability, "condition": rule.condition, "outcome": rule.outcome.as_str(), "priority": rule.priority}))
            .collect();
        let text = json!({"name": format!("p{name}"), "tenant": tenant, "rules": rules}).to_string();
        // Reversed, they also get other ids, so that they come in another order.
        let id = format!("pol_{}", if reversed { 100 - number } else { number });
        objects.put(object(sound(Kind::Policy, &text, Defaults { id: Some(&id), ..DEFAULTS })));
    }
    objects
}

/// The answer by asking every rule of every policy, and combining as the documentation says it: the stricter of what the
/// deployment's policies come to and what the tenant's do.
fn linear(objects: &Objects, asked: &Asked) -> (Option<Outcome>, Option<Outcome>) {
    let (everybodys, own) = (linear_of(objects, asked, None), linear_of(objects, asked, Some(asked.tenant)));
    (everybodys.0.max(own.0), everybodys.1.max(own.1))
}

/// The same of the policies of one owner.
fn linear_of(objects: &Objects, asked: &Asked, owner: Option<&str>) -> (Option<Outcome>, Option<Outcome>) {
    let (mut matched, mut untold) = (Vec::new(), Vec::new());
    for object in objects.iter() {
        let Content::Policy(policy) = &object.content else { continue };
        if object.key.tenant.as_deref() != owner {
            continue;
        }
        for rule in policy.rules.iter().filter(|rule| rule.capability.matches(asked.capability)) {
            match rule.condition.as_ref().map_or("", |condition| condition.text()) {
                "" | "true" | "parameters.yes" => matched.push((rule.priority, rule.outcome)),
                "parameters.missing" if rule.outcome != Outcome::Allow => untold.push(rule.outcome),
                _ => {}
            }
        }
    }
    let strictest = matched.iter().map(|(_, outcome)| *outcome).max();
    let decided = match asked.combine {
        Combine::DenyOverrides if strictest != Some(Outcome::Deny) => {
            matched.iter().max().map(|(_, outcome)| *outcome)
        }
        _ => strictest,
    };
    (decided, untold.into_iter().max())
}

proptest! {
    #[test]
    fn the_index_says_what_asking_everything_says(policies in rules(), strictest in any::<bool>()) {
        let combine = if strictest { Combine::Strictest } else { Combine::DenyOverrides };
        let (objects, reversed) = (compiled(&policies, false), compiled(&policies, true));
        let (one, other) = (Governance::compile(&objects), Governance::compile(&reversed));
        for capability in ["a.b", "a.b.c", "a.bb", "ab.c", "a.", "a", "", "a.b.", "x.y"] {
            for tenant in ["acme", "beta", "gamma"] {
                let asked = Asked { combine, tenant, ..Asked::new(capability, r#"{"yes":true,"no":false}"#) };
                let answer = asked.ask(&one);
                let outcomes = (
                    answer.matched.as_ref().map(|matched| matched.outcome),
                    answer.untold.as_ref().map(|untold| Outcome::from(untold.restriction)),
                );
                prop_assert_eq!(outcomes, linear(&objects, &asked));
                // The order they were entered in makes no difference, but for policies of one name.
                let names: std::collections::BTreeSet<_> = policies.iter().map(|(name, ..)| name).collect();
                if names.len() == policies.len() {
                    prop_assert_eq!(short(&answer), short(&asked.ask(&other)));
                }
            }
        }
    }
}

#[test]
fn a_copy_of_objects_is_its_own() {
    let mut one = objects("capabilities: [{name: a.b, risk_level: low}]");
    let other = one.clone();
    let key = one.iter().next().map(|object| object.key.clone()).unwrap();
    let taken = one.remove(&key).unwrap();
    assert!(one.is_empty() && other.find(&key).is_some_and(|left| Arc::ptr_eq(left, &taken)));
    assert!(CapabilityPattern::parse("*").unwrap().matches("a.b"));
}
