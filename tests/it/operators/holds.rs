//! Holds as approvers and callers reach them: over the control API and with `aegis holds`.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Answer, Gateway, Tool, aegis, eventually, key_hash, respond};

/// A rule that wants one person for what creates, and by default two with roles.
const RULES: &str =
    "version: 1\nrules:\n- {name: creates_need_a_person, match: {type: \"*.create\"}, approval: approve}\n";

/// A key, made of its id.
fn key(id: &str) -> String {
    format!("the-key-of-{id}-0123456789abcdef")
}

/// A gateway whose calls wait for `wait_ms` within their request.
fn start(tool: &Tool, wait_ms: u32) -> Gateway {
    let keys = [
        ("bot-1", "actor: {id: agent-1}, tenant: acme"),
        ("bot-2", "actor: {id: agent-2}, tenant: acme"),
        ("fleet", "scopes: [\"governance:propose\"], actors: [\"agent-*\"], tenant: acme"),
        ("alice", "scopes: [\"holds:approve\"], roles: [risk_lead], person: alice, tenant: acme"),
        ("alice-2", "scopes: [\"holds:approve\"], roles: [security_lead], person: alice, tenant: acme"),
        ("bob", "scopes: [\"holds:approve\"], roles: [security_lead], person: bob, tenant: acme"),
        ("carol", "scopes: [\"holds:approve\"], tenant: acme"),
        ("dave", "scopes: [\"holds:approve\"], roles: [risk_lead], tenant: acme"),
        ("owner", "scopes: [\"holds:approve\"], actors: [agent-1], tenant: acme"),
        ("stranger", "scopes: [\"holds:approve\"], tenant: other"),
        ("reader", "scopes: [\"governance:read\"], tenant: acme"),
        ("other-reader", "scopes: [\"governance:read\"], tenant: other"),
    ];
    let keys: String = keys
        .iter()
        .map(|(id, more)| format!("  - {{id: {id}, hash: \"{}\", {more}}}\n", key_hash(&key(id))))
        .collect();
    let address = tool.address;
    let config = format!(
        "version: 1\ndata_dir: data\naudit: {{durability: process}}\n\
         policy: {{rules: rules.yaml, default: escalate}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n{keys}\
         routes:\n- name: crm\n  match: {{path_prefix: /crm}}\n  protocol: http\n  capability_prefix: crm\n  \
           hold: {{wait_ms: {wait_ms}, max_wait_ms: 60000}}\n  upstream: {{addresses: [\"{address}\"]}}\n  operations:\n  \
           - {{method: POST, path: \"/crm/contacts\", capability: crm.contacts.create, resource: contacts}}\n  \
           - {{method: DELETE, path: \"/crm/contacts/{{id}}\", capability: crm.contacts.delete, resource: \"contact:{{id}}\"}}\n"
    );
    Gateway::configured(&config).file("rules.yaml", RULES).start()
}

/// Asks the control listener with the key of `who`.
fn ask(gateway: &Gateway, who: &str, method: &str, path: &str, body: &str) -> Answer {
    let key = key(who);
    let mut headers = vec![("X-Api-Key", &*key)];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    gateway.control_client().request(method, path, &headers, body.as_bytes())
}

fn show(gateway: &Gateway, who: &str, id: &str) -> Answer {
    ask(gateway, who, "GET", &format!("/api/v1/holds/{id}"), "")
}

fn act(gateway: &Gateway, who: &str, id: &str, verb: &str) -> Answer {
    ask(gateway, who, "POST", &format!("/api/v1/holds/{id}/{verb}"), "")
}

/// The listed holds, and the whole answer.
fn list(gateway: &Gateway, who: &str, query: &str) -> (Vec<Value>, Value) {
    let answer = ask(gateway, who, "GET", &format!("/api/v1/holds{query}"), "");
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let page = answer.json();
    (page["holds"].as_array().unwrap().clone(), page)
}

/// Makes a call as `who` that creates a contact; what it is answered.
fn create(gateway: &Gateway, who: &str, name: &str) -> Answer {
    let key = key(who);
    let headers = [("X-Api-Key", &*key), ("Content-Type", "application/json")];
    let body = format!("{{\"name\":{},\"password\":\"swordfish\",\"share\":12.50}}", json!(name));
    gateway.client().request("POST", "/crm/contacts", &headers, body.as_bytes())
}

/// Makes a call that is held; the id of its hold.
fn hold(gateway: &Gateway, who: &str, name: &str) -> String {
    let answer = create(gateway, who, name);
    assert_eq!(answer.status, 403, "{}", answer.text());
    let (holds, _) = list(gateway, "carol", "?state=pending&limit=1");
    holds[0]["hold_id"].as_str().unwrap().to_owned()
}

/// Makes a call that two people with roles must agree to; the id of its hold.
fn escalated(gateway: &Gateway) -> String {
    let key = key("bot-1");
    let answer = gateway.client().request("DELETE", "/crm/contacts/7", &[("X-Api-Key", &key)], b"");
    assert_eq!(answer.status, 403, "{}", answer.text());
    let (holds, _) = list(gateway, "carol", "?state=pending&limit=1");
    holds[0]["hold_id"].as_str().unwrap().to_owned()
}

fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("application/problem+json")),
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["type"], format!("urn:aegis:{code}"), "{}", answer.text());
}

#[test]
fn an_approver_sees_all_that_is_asked_and_no_secret() {
    let tool = Tool::start();
    let gateway = start(&tool, 0);
    let id = hold(&gateway, "bot-1", "Ada");
    let shown = show(&gateway, "carol", &id).json();
    assert_eq!(list(&gateway, "carol", "").0, std::slice::from_ref(&shown));
    let expected = json!({
        "hold_id": id, "state": "pending", "tenant": "acme", "actor": "agent-1", "actor_type": "ai-agent", "route": "crm",
        "capability": "crm.contacts.create", "resource": "contacts", "hidden_fields": 1, "outcome": "REQUIRE_CONFIRMATION",
        "findings": [{"engine": "rules", "rule": "creates_need_a_person", "outcome": "REQUIRE_CONFIRMATION"}],
        "roles": [], "approvals": [], "decided": null, "waiting": 0, "snapshot_version": 1, "consumed_by": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}: {shown}");
    }
    assert!(shown["reason"].as_str().unwrap().contains("creates_need_a_person"), "{shown}");
    let text = show(&gateway, "carol", &id).text();
    assert!(text.contains("Ada") && !text.contains("swordfish"), "{text}");
    assert!(text.contains("\"share\":12.50"), "numbers are shown as they were written: {text}");
    let decisions = gateway.records_of("decision");
    assert_eq!(shown["decision_id"], decisions.last().unwrap()["decision_id"]);
    assert!(shown["created_at"].as_str() < shown["expires_at"].as_str());
    assert_eq!(tool.count(), 0);
}

#[test]
fn holds_are_listed_newest_first_a_page_at_a_time_by_filter() {
    let tool = Tool::start();
    let gateway = start(&tool, 0);
    let mut ids: Vec<_> =
        (0..5).map(|n| hold(&gateway, if n % 2 == 0 { "bot-1" } else { "bot-2" }, &n.to_string())).collect();
    ids.reverse();
    assert_eq!(act(&gateway, "carol", &ids[0], "reject").status, 200);
    let listed = |query: &str| -> Vec<String> {
        list(&gateway, "alice", query)
            .0
            .iter()
            .map(|hold| hold["hold_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed(""), ids);
    assert_eq!(listed("?capability=&actor="), ids);
    assert_eq!(listed("?state=pending"), ids[1..]);
    assert_eq!(listed("?state=rejected"), ids[..1]);
    assert_eq!(listed("?actor=agent-2"), [ids[1].clone(), ids[3].clone()]);
    assert_eq!(
        listed("?capability=crm.contacts.create&state=pending&actor=agent-1"),
        [ids[2].clone(), ids[4].clone()]
    );
    for none in ["?state=approved", "?actor=agent-3", "?capability=crm.contacts"] {
        let (holds, page) = list(&gateway, "alice", none);
        assert_eq!((holds.len(), &page["total"], &page["cursor"]), (0, &json!(0), &json!(null)), "{none}");
    }

    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let (holds, page) = list(&gateway, "alice", &format!("?state=pending&limit=2{cursor}"));
        assert_eq!(page["total"], 4);
        pages.push(holds.iter().map(|hold| hold["hold_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, [&ids[1..3], &ids[3..]], "the last page has none behind it");

    let (_, page) = list(&gateway, "alice", "?limit=1");
    let cursor = page["cursor"].as_str().unwrap();
    assert_eq!(listed(&format!("?limit=50&cursor={cursor}")), ids[1..]);
    assert_eq!(list(&gateway, "bob", &format!("?limit=1&cursor={cursor}")).0.len(), 1, "of the same tenant");
    for (who, query) in [
        ("alice", format!("?state=pending&cursor={cursor}")),
        ("alice", format!("?actor=agent-1&cursor={cursor}")),
        ("stranger", format!("?cursor={cursor}")),
        ("alice", format!("?cursor={}", cursor.to_lowercase())),
        ("alice", "?cursor=hld_aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned()),
    ] {
        is_problem(&ask(&gateway, who, "GET", &format!("/api/v1/holds{query}"), ""), 400, "bad-cursor");
    }
}

#[test]
fn queries_that_are_not_understood_are_refused() {
    let gateway = start(&Tool::start(), 0);
    for (query, field) in [
        ("?limit=0", json!("limit")),
        ("?limit=201", json!("limit")),
        ("?limit=%2B5", json!("limit")),
        ("?limit=ten", json!("limit")),
        ("?state=held", json!("state")),
        ("?state=", json!("state")),
        ("?state=PENDING", json!("state")),
        ("?tenant=other", json!("tenant")),
        ("?state=pending&state=approved", json!(null)),
    ] {
        let answer = ask(&gateway, "carol", "GET", &format!("/api/v1/holds{query}"), "");
        is_problem(&answer, 400, "bad-query");
        assert_eq!(answer.json()["field"], field, "{query}");
    }
}

#[test]
fn what_is_approved_is_made_once_and_no_other_answer_changes_that() {
    let tool = Tool::start();
    let gateway = start(&tool, 0);
    let id = hold(&gateway, "bot-1", "Ada");
    let approved =
        ask(&gateway, "carol", "POST", &format!("/api/v1/holds/{id}/approve"), r#"{"comment":"fine by me"}"#);
    assert_eq!(approved.status, 200, "{}", approved.text());
    let hold_now = approved.json();
    assert_eq!((&hold_now["state"], &hold_now["approvals"][0]["by"]), (&json!("approved"), &json!("carol")));
    assert_eq!(
        (&hold_now["approvals"][0]["comment"], &hold_now["approvals"][0]["role"]),
        (&json!("fine by me"), &json!(null))
    );
    for (who, verb) in [("carol", "approve"), ("bob", "approve"), ("bob", "reject"), ("bot-1", "cancel")] {
        let again = act(&gateway, who, &id, verb);
        is_problem(&again, 409, "not-pending");
        let problem = again.json();
        assert_eq!(
            (&problem["state"], &problem["hold"]["hold_id"]),
            (&json!("approved"), &json!(id)),
            "{problem}"
        );
    }
    assert_eq!(tool.count(), 0, "nothing is made by an approval alone");
    assert_eq!(create(&gateway, "bot-1", "Ada").status, 200);
    assert_eq!(tool.count(), 1);
    let used = show(&gateway, "carol", &id).json();
    assert_eq!(used["state"], "consumed");
    assert!(used["consumed_by"].as_str().unwrap().starts_with("dec_"));
    assert_eq!(act(&gateway, "carol", &id, "reject").json()["state"], "consumed");
}

#[test]
fn a_caller_that_waits_is_seen_and_goes_on() {
    let tool = Tool::start();
    let gateway = start(&tool, 60_000);
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| create(&gateway, "bot-1", "Ada").status);
        let waiting = eventually("the call waits", || {
            list(&gateway, "carol", "?state=pending").0.pop().filter(|hold| hold["waiting"] == 1)
        });
        let status = ask(&gateway, "reader", "GET", "/api/v1/status", "").json();
        // How many requests of all tenants wait is not for one tenant's reader.
        assert_eq!(status["holds"], json!({"ok": true, "reason": null, "pending": 1, "approved": 0}));
        for hidden in ["/routes/0/upstreams", "/routes/0/in_flight", "/ledger/head_hash", "/ledger/records"] {
            assert_eq!(status.pointer(hidden), None, "{hidden}");
        }
        assert!(status.pointer("/routes/0/name").is_some() && status["ledger"]["ok"] == true, "{status}");
        let others = ask(&gateway, "other-reader", "GET", "/api/v1/status", "").json();
        assert_eq!(others["holds"]["pending"], 0);
        let id = waiting["hold_id"].as_str().unwrap();
        let approved = act(&gateway, "carol", id, "approve").json();
        assert_eq!((&approved["state"], &approved["waiting"]), (&json!("approved"), &json!(1)));
        assert_eq!(calling.join().unwrap(), 200);
    });
    assert_eq!(tool.count(), 1);
}

#[test]
fn an_escalated_call_takes_two_people_with_the_roles() {
    let tool = Tool::start();
    let gateway = start(&tool, 0);
    let id = escalated(&gateway);
    assert_eq!(show(&gateway, "carol", &id).json()["roles"], json!(["risk_lead", "security_lead"]));
    is_problem(&act(&gateway, "carol", &id, "approve"), 403, "role-missing");
    is_problem(&act(&gateway, "dave", &id, "approve"), 403, "person-missing");
    let first = act(&gateway, "alice", &id, "approve").json();
    assert_eq!((&first["state"], &first["approvals"][0]["role"]), (&json!("pending"), &json!("risk_lead")));
    for same_person in ["alice", "alice-2"] {
        let again = act(&gateway, same_person, &id, "approve");
        is_problem(&again, 409, "approved-already");
        assert_eq!(again.json()["state"], "pending");
    }
    let second = act(&gateway, "bob", &id, "approve").json();
    assert_eq!(second["state"], "approved");
    let filled =
        second["approvals"].as_array().unwrap().iter().map(|approval| (&approval["by"], &approval["role"]));
    let wanted = [(json!("alice"), json!("risk_lead")), (json!("bob"), json!("security_lead"))];
    assert!(filled.eq(wanted.iter().map(|(by, role)| (by, role))), "{second}");
}

#[test]
fn nobody_decides_on_a_call_of_its_own() {
    let gateway = start(&Tool::start(), 0);
    let id = hold(&gateway, "bot-1", "Ada");
    for verb in ["approve", "reject"] {
        is_problem(&act(&gateway, "owner", &id, verb), 403, "own-hold");
    }
    assert_eq!(show(&gateway, "owner", &id).json()["state"], "pending");
    let others = hold(&gateway, "bot-2", "Ada");
    assert_eq!(act(&gateway, "owner", &others, "approve").status, 200);
}

#[test]
fn holds_are_for_approvers_of_their_tenant() {
    let gateway = start(&Tool::start(), 0);
    let id = hold(&gateway, "bot-1", "Ada");
    let unknown = "hld_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert_eq!(list(&gateway, "stranger", "").1, json!({"holds": [], "total": 0, "cursor": null}));
    for (who, id) in [
        ("stranger", &*id),
        ("carol", unknown),
        ("carol", "hld_1"),
        ("carol", "dec_x"),
        ("carol", "%ff"),
        ("carol", ".."),
    ] {
        is_problem(&show(&gateway, who, id), 404, "not-found");
        for verb in ["approve", "reject", "cancel"] {
            is_problem(&act(&gateway, who, id, verb), 404, "not-found");
        }
    }
    for who in ["reader", "bot-2", "fleet"] {
        is_problem(&ask(&gateway, who, "GET", "/api/v1/holds", ""), 403, "scope-missing");
        for verb in ["approve", "reject"] {
            is_problem(&act(&gateway, who, &id, verb), 403, "scope-missing");
        }
    }
    // Who may see no hold but its own is not told which ones there are.
    for who in ["reader", "bot-2"] {
        let answers = [&id, unknown].map(|id| show(&gateway, who, id));
        is_problem(&answers[0], 403, "scope-missing");
        assert_eq!(answers[0].body, answers[1].body);
        let answers = [&id, unknown].map(|id| act(&gateway, who, id, "cancel"));
        is_problem(&answers[0], 403, "not-own-hold");
        assert_eq!(answers[0].body, answers[1].body);
    }
    is_problem(&act(&gateway, "carol", &id, "cancel"), 403, "not-own-hold");
    let path = format!("/api/v1/holds/{id}");
    for (method, path) in
        [("GET", "/api/v1/holds".to_owned()), ("GET", path.clone()), ("POST", format!("{path}/approve"))]
    {
        is_problem(&gateway.control_client().request(method, &path, &[], b""), 401, "credentials-missing");
    }
    assert_eq!(show(&gateway, "carol", &id).json()["state"], "pending");
}

#[test]
fn a_caller_sees_its_own_hold_and_gives_it_up() {
    let tool = Tool::start();
    let gateway = start(&tool, 0);
    for who in ["bot-1", "fleet"] {
        let id = hold(&gateway, "bot-1", who);
        assert_eq!(show(&gateway, who, &id).json()["hold_id"], json!(id));
        let cancelled =
            ask(&gateway, who, "POST", &format!("/api/v1/holds/{id}/cancel"), r#"{"comment":"not needed"}"#);
        assert_eq!(cancelled.status, 200, "{}", cancelled.text());
        let cancelled = cancelled.json();
        assert_eq!((&cancelled["state"], &cancelled["decided"]["by"]), (&json!("cancelled"), &json!(who)));
        assert_eq!(cancelled["decided"]["comment"], "not needed");
        is_problem(&act(&gateway, "carol", &id, "approve"), 409, "not-pending");
    }
}

#[test]
fn bodies_are_read_strictly_and_after_everything_else() {
    let gateway = start(&Tool::start(), 0);
    let id = hold(&gateway, "bot-1", "Ada");
    let path = format!("/api/v1/holds/{id}/approve");
    let long = json!({"comment": "x".repeat(501)}).to_string();
    for (body, field) in [
        (r#"{"comment":1}"#, json!("comment")),
        (&*long, json!("comment")),
        (r#"{"reason":"x"}"#, json!("reason")),
        (r#"{"comment":"a","comment":"b"}"#, json!(null)),
        ("[]", json!(null)),
        ("{", json!(null)),
    ] {
        let answer = ask(&gateway, "carol", "POST", &path, body);
        is_problem(&answer, 400, "bad-body");
        assert_eq!(answer.json()["field"], field, "{body}");
        is_problem(&ask(&gateway, "reader", "POST", &path, body), 403, "scope-missing");
    }
    is_problem(&ask(&gateway, "carol", "POST", &path, &" ".repeat(70_000)), 413, "body-too-large");
    let key = key("carol");
    let form = [("X-Api-Key", &*key), ("Content-Type", "application/x-www-form-urlencoded")];
    is_problem(
        &gateway.control_client().request("POST", &path, &form, b"comment=x"),
        415,
        "media-type-not-supported",
    );
    is_problem(&ask(&gateway, "carol", "POST", &format!("{path}?comment=x"), ""), 400, "bad-query");
    // A link approves nothing.
    for method in ["GET", "PUT", "DELETE"] {
        let answer = gateway.control_client().request(method, &path, &[], b"");
        is_problem(&answer, 405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    assert_eq!(show(&gateway, "carol", &id).json()["state"], "pending");
    assert_eq!(ask(&gateway, "carol", "POST", &path, "{}").status, 200);
}

/// `aegis holds ...` with the key of `who`: exit code, standard output, standard error.
fn verb(gateway: &Gateway, who: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = aegis();
    command.arg("holds").args(arguments).env("AEGIS_URL", format!("http://{}", gateway.control));
    let Output { status, stdout, stderr } = command.env("AEGIS_KEY", key(who)).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_verbs_show_what_waits() {
    let gateway = start(&Tool::start(), 0);
    assert_eq!(verb(&gateway, "carol", &["list"]), (Some(0), "No holds.\n".to_owned(), String::new()));
    let id = hold(&gateway, "bot-1", "Ada \u{1b}[2J");
    let two = escalated(&gateway);
    let (code, table, _) = verb(&gateway, "carol", &["list"]);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!((code, lines.len()), (Some(0), 3), "{table}");
    assert!(lines[0].starts_with("ID ") && lines[0].ends_with("EXPIRES IN"), "{table}");
    assert!(lines[1].starts_with(&two) && lines[1].contains("contact:7"), "newest first: {table}");
    assert!(lines[2].starts_with(&id) && lines[2].contains("59 min"), "{table}");

    let (code, shown, _) = verb(&gateway, "carol", &["show", &id]);
    assert_eq!(code, Some(0));
    for part in [
        "agent-1 (ai-agent), tenant acme",
        "crm.contacts.create",
        "REQUIRE_CONFIRMATION of rules \"creates_need_a_person\"",
        "one value is hidden",
        "\"name\": \"Ada ",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains('\u{1b}') && !shown.contains("swordfish"), "{shown}");
    let (_, shown, _) = verb(&gateway, "carol", &["show", &two]);
    assert!(shown.contains("risk_lead: nobody yet") && shown.contains("ESCALATE of default"), "{shown}");

    let (code, printed, _) = verb(&gateway, "carol", &["show", &id, "--json"]);
    assert_eq!(
        (code, serde_json::from_str::<Value>(&printed).unwrap()),
        (Some(0), show(&gateway, "carol", &id).json())
    );
    let (_, printed, _) = verb(&gateway, "carol", &["list", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), list(&gateway, "carol", "?state=pending").1);
    let status = aegis()
        .args(["status", "--url", &format!("http://{}", gateway.control), "--key", &key("reader")])
        .output()
        .unwrap();
    assert!(String::from_utf8(status.stdout).unwrap().contains("2 pending, 0 approved\n"));
}

#[test]
fn the_verbs_decide() {
    let tool = Tool::start();
    let gateway = start(&tool, 0);
    let ids: Vec<_> = ["Ada", "Ben"].map(|name| hold(&gateway, "bot-1", name)).into();
    let two = escalated(&gateway);
    let (code, said, errors) = verb(&gateway, "carol", &["approve", &ids[0], "--comment", "fine"]);
    assert!(
        code == Some(0)
            && said.starts_with(&format!("{} is approved: crm.contacts.create by agent-1", ids[0])),
        "{said}{errors}"
    );
    assert_eq!(create(&gateway, "bot-1", "Ada").status, 200);
    let (code, said, _) = verb(&gateway, "carol", &["reject", &ids[1], "--comment", "no \"Ben\""]);
    assert!(code == Some(0) && said.contains("is rejected"), "{said}");
    assert_eq!(show(&gateway, "carol", &ids[1]).json()["decided"]["comment"], "no \"Ben\"");
    let (code, said, _) = verb(&gateway, "alice", &["approve", &two]);
    assert!(code == Some(0) && said.contains("is pending") && said.contains("needs security_lead"), "{said}");

    for (who, arguments, wanted) in [
        ("carol", ["reject", &*ids[0]], "consumed"),
        ("carol", ["approve", &*two], "security_lead"),
        ("stranger", ["approve", &*two], "no such hold"),
        ("reader", ["approve", &*two], "holds:approve"),
        ("stranger", ["show", &*two], "no such hold"),
    ] {
        let (code, said, errors) = verb(&gateway, who, &arguments);
        assert_eq!((code, &*said), (Some(1), ""), "{arguments:?}");
        assert!(errors.contains(wanted), "{arguments:?}: {errors}");
    }
    let (code, problem, _) = verb(&gateway, "carol", &["reject", &ids[0], "--json"]);
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(
        (code, &problem["state"], &problem["hold"]["hold_id"]),
        (Some(1), &json!("consumed"), &json!(ids[0]))
    );
    let (_, all, _) = verb(&gateway, "carol", &["list", "--state", "all"]);
    let (_, rejected, _) = verb(&gateway, "carol", &["list", "--state", "rejected"]);
    assert_eq!((all.lines().count(), rejected.lines().count()), (4, 2), "{all}{rejected}");
}

#[test]
fn a_body_that_is_not_shown_is_called_so() {
    let gateway = start(&Tool::start(), 0);
    let key = key("bot-1");
    let headers = [("X-Api-Key", &*key), ("Content-Type", "application/x-www-form-urlencoded")];
    let answer = gateway.client().request("POST", "/crm/contacts", &headers, b"name=Ada");
    let (code, shown, _) = verb(&gateway, "carol", &["show", answer.json()["hold_id"].as_str().unwrap()]);
    assert!(code == Some(0) && shown.contains("the body is not JSON and is not shown"), "{shown}");
    assert!(!shown.contains("nothing is hidden") && !shown.contains("Ada"), "{shown}");
}

#[test]
fn the_list_goes_on_to_the_last_page() {
    let page = |id: &str, cursor: Value| {
        json!({"holds": [{"hold_id": id}], "total": 3, "cursor": cursor}).to_string()
    };
    let pages = Tool::answering(move |seen, stream| {
        let page = match seen.line() {
            "GET /api/v1/holds?state=expired&limit=50 HTTP/1.1" => page("hld_1", json!("a")),
            "GET /api/v1/holds?state=expired&limit=50&cursor=a HTTP/1.1" => page("hld_2", json!("b")),
            "GET /api/v1/holds?state=expired&limit=50&cursor=b HTTP/1.1" => page("hld_3", json!(null)),
            other => panic!("{other}"),
        };
        respond(stream, "200 OK", "application/json", page.as_bytes());
    });
    let list = |more: &[&str]| {
        let mut command = aegis();
        command.args(["holds", "list", "--state", "expired", "--url", &format!("http://{}", pages.address)]);
        String::from_utf8(command.args(more).output().unwrap().stdout).unwrap()
    };
    let listed: Value = serde_json::from_str(&list(&["--json"])).unwrap();
    assert_eq!(listed["holds"], json!([{"hold_id": "hld_1"}, {"hold_id": "hld_2"}, {"hold_id": "hld_3"}]));
    assert_eq!(listed["cursor"], json!(null));
    // What a gateway of another version leaves out is no hindrance.
    assert!(list(&[]).lines().last().unwrap().starts_with("hld_3  ?"));
}
