//! Vectors of AEGIS's threat model that need one proposal or a few: malformed, replayed, evading, forged, probing. `mod.rs` has the
//! whole table.

use std::thread;

use serde_json::{Value, json};

use super::world::{
    ADMIN, AGENT, DEPLOY, OPS, OTHER, STRANGE_ADMIN, STRANGER, World, asking, came_to, code, proposal,
};

/// AV-1.2: malformed and oversized input.
#[test]
fn what_can_be_read_in_two_ways_is_no_proposal() {
    let world = asking();
    let good = proposal(DEPLOY, &json!({"service": "web"})).to_string();
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for (body, status) in [
        (good.replace("\"capability\"", "\"capability\": \"a.b\", \"capability\""), 400),
        (good.replace("\"web\"", "1e999"), 400),
        (good.replace("\"web\"", "NaN"), 400),
        (good.replace("\"web\"", "\"\\ud800\""), 400),
        (good.replace("\"web\"", &nested), 400),
        (good.replace("\"service\"", "\"Service\": 1, \"service\""), 400),
        (format!("\u{feff}{good}"), 400),
        (format!("{good}{{}}"), 400),
        (good.replace("\"web\"", &format!("\"{}\"", "x".repeat(2 * 1024 * 1024))), 413),
    ] {
        let headers = [("X-Api-Key", AGENT), ("Content-Type", "application/json")];
        let path = "/api/v1/governance/propose";
        let answer = world.gateway.control_client().request("POST", path, &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{body:.80}: {}", answer.text());
    }
    assert!(world.gateway.records_of("decision").is_empty());
}

/// AV-1.3: an approval is used once, by whatever many, and after a restart too.
#[test]
fn an_approval_cannot_be_replayed() {
    let mut world = asking();
    let wanted = json!({"service": "web"});
    let hold = world.propose(DEPLOY, &wanted)["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(OPS, &hold).status, 200);
    let allowed: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let (control, hold, wanted) = (world.gateway.control, &hold, &wanted);
                scope.spawn(move || {
                    let mut body = proposal(DEPLOY, wanted);
                    body["confirmation_token"] = hold.clone();
                    let headers = [("X-Api-Key", AGENT), ("Content-Type", "application/json")];
                    let mut client = crate::support::Client::connect(control);
                    let mut send = || {
                        let body = body.to_string();
                        client.request("POST", "/api/v1/governance/propose", &headers, body.as_bytes()).json()
                    };
                    (0..12).filter(|_| send()["outcome"] == "ALLOW").count()
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert_eq!(allowed, 1);
    world.restart("KILL");
    came_to(&world.confirm(DEPLOY, &wanted, &hold), "REQUIRE_CONFIRMATION", "confirmation_invalid");
}

/// What was confirmed counts in its session, also after the gateway was killed.
#[test]
fn a_confirmed_proposal_is_a_step_of_its_session() {
    let rules = "rules:\n- {name: ask, match: {type: infrastructure.deploy}, approval: approve}\n- {name: all, approval: auto}\n\
                 plan_rules: {sequence_patterns: [{name: both, steps: [infrastructure.deploy, bank.transfer]}]}\n";
    let mut world = World::with_rules("{rules: rules.yaml}", rules);
    let propose = |world: &World, capability: &str, session: &str, token: Option<&Value>| {
        let mut body = proposal(capability, &json!({}));
        body["context"] = json!({"session_id": session});
        token.into_iter().for_each(|token| body["confirmation_token"] = token.clone());
        world.propose_raw(AGENT, &body).json()
    };
    let hold = propose(&world, DEPLOY, "s", None)["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(OPS, &hold).status, 200);
    assert_eq!(propose(&world, DEPLOY, "s", Some(&hold))["outcome"], "ALLOW");
    for _again in 0..2 {
        came_to(&propose(&world, "bank.transfer", "s", None), "DENY", "plan_denied");
        assert_eq!(propose(&world, "bank.transfer", "t", None)["outcome"], "ALLOW");
        world.restart("KILL");
    }
}

/// AV-2.1: a condition is not evaded by other types, missing members or other spellings.
#[test]
fn conditions_fail_closed() {
    let world = World::with("{capabilities: off, grants: off}");
    world.policy(
        "transfers",
        &json!([
            {"capability": "bank.transfer", "outcome": "ALLOW", "priority": 1_000_000},
            {"capability": "bank.transfer", "outcome": "DENY", "priority": 0, "condition": "parameters.amount > 1000"},
        ]),
    );
    for (parameters, outcome) in [
        (json!({"amount": 1000}), "ALLOW"),
        (json!({"amount": 1001}), "DENY"),
        (json!({"amount": "1001"}), "DENY"),
        (json!({"amount": "10"}), "DENY"),
        (json!({"amount": [10]}), "DENY"),
        (json!({"amount": null}), "DENY"),
        (json!({"amount": true}), "DENY"),
        (json!({"Amount": 10}), "DENY"),
        (json!({"amount ": 10}), "DENY"),
        (json!({}), "DENY"),
        (json!({"amount": 1e15}), "DENY"),
    ] {
        let answer = world.propose("bank.transfer", &parameters);
        assert_eq!(answer["outcome"], outcome, "{parameters}: {answer}");
    }
    for name in [
        "bank.transfer\n",
        "Bank.transfer",
        "bank..transfer",
        "bank.transfer ",
        "bank.*",
        "b\u{430}nk.transfer",
    ] {
        let answer = world.propose_raw(AGENT, &proposal(name, &json!({"amount": 1})));
        assert_eq!(code(&answer), (400, json!("bad-body")), "{name:?}");
    }
}

/// AV-2.3: policies are not changed without the scope, and what does not compile changes nothing.
#[test]
fn policies_are_changed_by_those_who_may_and_whole() {
    let world = asking();
    let before = world.get(ADMIN, "/api/v1/snapshots")["snapshots"][0]["version"].clone();
    let allow = json!({"name": "mine", "rules": [{"capability": "*", "outcome": "ALLOW"}]});
    for key in [AGENT, OTHER, OPS] {
        assert_eq!(code(&world.ask(key, "POST", "/api/v1/policies", &allow)), (403, json!("scope-missing")));
    }
    let broken = json!({"name": "broken", "rules": [
        {"capability": "*", "outcome": "ALLOW"},
        {"capability": "*", "outcome": "DENY", "condition": "parameters.x =="},
    ]});
    let refused = world.ask(ADMIN, "POST", "/api/v1/policies", &broken);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("rules[1].condition"), "{}", refused.text());
    assert_eq!(world.get(ADMIN, "/api/v1/snapshots")["snapshots"][0]["version"], before);
}

/// AV-2.4, AV-4.2: nobody reports on what was not allowed, on another's decision, or twice; and nothing is injected by it.
#[test]
fn a_report_is_for_ones_own_allowed_decision_once() {
    let world = World::with("{capabilities: off, grants: off}");
    world.policy("all", &json!([{"capability": "a.b", "outcome": "ALLOW"}]));
    let report = |key: &str, decision: &Value| {
        let text = "done\n{\"outcome\":\"DENY\"} <script>";
        let body = json!({"decision_id": decision, "status": "completed", "output_summary": text});
        world.ask(key, "POST", "/api/v1/governance/report", &body)
    };
    let allowed = world.propose("a.b", &json!({}))["decision_id"].clone();
    let denied = world.propose("a.c", &json!({}))["decision_id"].clone();
    assert_eq!(code(&report(OTHER, &allowed)), (404, json!("not-found")));
    assert_eq!(code(&report(STRANGER, &allowed)), (404, json!("not-found")));
    assert_eq!(code(&report(AGENT, &json!("dec_aaaaaaaaaaaaaaaaaaaaaaaaaa"))), (404, json!("not-found")));
    assert_eq!(code(&report(AGENT, &denied)), (409, json!("nothing-to-report")));
    let told = report(AGENT, &allowed);
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(code(&report(AGENT, &allowed)), (409, json!("already-reported")));
    let shown = world.get(ADMIN, &format!("/api/v1/governance/decisions/{}", allowed.as_str().unwrap()));
    assert_eq!(
        (&shown["outcome"], &shown["execution"]["result"]),
        (&json!("ALLOW"), &json!("completed")),
        "{shown}"
    );
    assert!(world.gateway.verify().status.success());
}

/// AV-3.1: a key speaks for its own actors only, in its own tenant, and names are exact.
#[test]
fn nobody_speaks_for_another() {
    let world = asking();
    for actor in ["agent-2", "Agent-1", "agent-1 ", "agent-1\u{301}", "agent-10"] {
        let mut body = proposal(DEPLOY, &json!({}));
        body["actor"]["id"] = json!(actor);
        let answer = world.propose_raw(AGENT, &body);
        let fit = actor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let expected = if fit { (403, json!("actor-mismatch")) } else { (400, json!("bad-body")) };
        assert_eq!(code(&answer), expected, "{actor:?}");
    }
    // Nor is it of another kind than its key says, whatever would be asked of such a one.
    for kind in ["human", "automation", "ai-copilot"] {
        let mut body = proposal(DEPLOY, &json!({}));
        body["actor"]["type"] = json!(kind);
        assert_eq!(code(&world.propose_raw(AGENT, &body)), (403, json!("actor-mismatch")), "{kind}");
    }
    // The same name in another tenant is another actor: it has no grant.
    let strange = world.propose_raw(STRANGER, &proposal(DEPLOY, &json!({})));
    came_to(&strange.json(), "DENY", "grant_missing");
    // Nor does it see or confirm what the first one asked for.
    let hold = world.propose(DEPLOY, &json!({}))["confirmation"]["hold_id"].clone();
    let path = format!("/api/v1/holds/{}", hold.as_str().unwrap());
    assert_ne!(world.ask(STRANGE_ADMIN, "GET", &path, &Value::Null).status, 200);
    let mut body = proposal(DEPLOY, &json!({}));
    body["confirmation_token"] = hold;
    came_to(&world.propose_raw(STRANGER, &body).json(), "DENY", "grant_missing");
}

/// AV-3.2: agents neither grant themselves anything nor approve what they ask for; tenants govern themselves alone.
#[test]
fn nobody_raises_its_own_rights() {
    let world = asking();
    let grant = json!({"capability": "bank.transfer"});
    let grants = "/api/v1/actors/agent-1/grants";
    assert_eq!(code(&world.ask(AGENT, "POST", grants, &grant)), (403, json!("scope-missing")));
    let status = json!({"status": "active"});
    assert_eq!(world.ask(AGENT, "PUT", "/api/v1/actors/agent-1", &status).status, 403);
    assert_eq!(world.ask(AGENT, "PUT", "/api/v1/kill-switch", &json!({"active": false})).status, 403);
    let hold = world.propose(DEPLOY, &json!({}))["confirmation"]["hold_id"].clone();
    assert_eq!(world.approve(AGENT, &hold).status, 403);
    // Another tenant's administrator changes its own actors, not ours, and no deployment-wide object.
    assert_eq!(world.ask(STRANGE_ADMIN, "POST", grants, &grant).status, 201);
    came_to(&world.propose("bank.transfer", &json!({})), "DENY", "capability_unknown");
    let wide = json!({"name": "wide", "rules": [{"capability": "*", "outcome": "ALLOW"}]});
    let refused = world.ask(STRANGE_ADMIN, "POST", "/api/v1/policies", &wide);
    if refused.status == 201 {
        // It is its own tenant's then.
        assert_eq!(refused.json()["tenant"], "elsewhere");
    } else {
        assert_eq!(refused.status, 403, "{}", refused.text());
    }
    came_to(&world.propose(DEPLOY, &json!({"x": 1})), "REQUIRE_CONFIRMATION", "approval_required");
    // No pattern can be granted.
    for capability in ["*", "infrastructure.*", "infrastructure"] {
        let answer = world.ask(ADMIN, "POST", grants, &json!({"capability": capability}));
        assert_eq!(answer.status, 400, "{capability}: {}", answer.text());
    }
}

/// AV-3.3: keys and argument values are in no log, whatever goes wrong.
#[test]
fn no_secret_is_logged() {
    let world = asking();
    let secret = "s3cr3t-of-the-caller";
    for body in [
        proposal(DEPLOY, &json!({"password": secret, "service": secret})),
        proposal("no.such", &json!({"token": secret})),
        json!({"actor": secret}),
        proposal(DEPLOY, &json!(secret)),
    ] {
        world.propose_raw(AGENT, &body);
    }
    for key in [secret, "wrong"] {
        assert_eq!(world.propose_raw(key, &proposal(DEPLOY, &json!({}))).status, 401);
    }
    let log = world.gateway.log();
    for text in [secret, AGENT, ADMIN, OPS] {
        assert!(!log.contains(text), "{text} is in the log");
    }
}

/// AV-5.2: a proposer is told the score in two decimals, and not what each engine said.
#[test]
fn a_proposer_is_told_no_more_than_it_needs() {
    let world = World::with("{capabilities: off, grants: off, risk: {enabled: true}}");
    world.register("data.read", "low");
    world.policy("reads", &json!([{"capability": "data.*", "outcome": "ALLOW"}]));
    let answer = world.propose("data.read", &json!({}));
    let score = answer["risk_score"].as_f64().unwrap();
    assert!((score * 100.0 - (score * 100.0).round()).abs() < 1e-9, "{answer}");
    let members: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(!members.contains(&"findings") && !members.contains(&"conduct"), "{members:?}");
}

/// AV-5.1: what a proposer is told has the same members whatever decided, and says how many policies were asked to nobody but auditors.
#[test]
fn answers_have_one_shape_whether_a_policy_matched_or_none() {
    let world = World::with("{capabilities: off, grants: off}");
    for name in ["first", "second", "third"] {
        world.policy(name, &json!([{"capability": "data.wipe", "outcome": "DENY"}]));
    }
    world.policy("reads", &json!([{"capability": "data.read", "outcome": "ALLOW"}]));
    let expected = [
        "audit_ref",
        "code",
        "constraints",
        "decision_id",
        "outcome",
        "reason",
        "risk_score",
        "snapshot",
        "timestamp",
    ];
    for (capability, outcome, code) in [
        ("data.read", "ALLOW", "policy_allowed"),
        ("data.wipe", "DENY", "policy_denied"),
        ("data.other", "DENY", "default_denied"),
    ] {
        let answer = world.propose_raw(STRANGER, &proposal(capability, &json!({}))).json();
        came_to(&answer, outcome, code);
        let mut members: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, expected, "{answer}");
        let named =
            ["first", "second", "third"].map(|name| answer["reason"].as_str().unwrap().contains(name));
        assert!(named.into_iter().filter(|named| *named).count() <= 1, "{answer}");
        // Who may read decisions, and not the audit log, learns no more of it later.
        let path = format!("/api/v1/governance/decisions/{}", answer["decision_id"].as_str().unwrap());
        let shown = world.get(STRANGE_ADMIN, &path);
        assert!(shown.get("findings").is_none(), "{shown}");
    }
    let own = world.propose("data.wipe", &json!({}))["decision_id"].clone();
    let shown = world.get(ADMIN, &format!("/api/v1/governance/decisions/{}", own.as_str().unwrap()));
    assert!(shown["findings"].is_array(), "{shown}");
}
