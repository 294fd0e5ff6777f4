//! The http executor of a gateway: actions go to the tool configured for their target.

use serde_json::{Value, json};

use crate::support::{Gateway, Tool, key_hash, respond};

const RULES: &str = "version: 1\nrules:\n- {name: all, match: {type: \"*\"}, approval: auto}\n";

fn gateway(targets: &str) -> Gateway {
    let config = format!(
        "control: {{listen: \"127.0.0.1:0\", keys: [{{id: bot, hash: \"{}\", scopes: [\"governance:propose\", \"audit:read\"], \
         actors: [\"agent-*\"]}}, {{id: reader, hash: \"{}\", scopes: [\"metrics:read\"]}}]}}\n\
         executor: {{kind: http, targets: [{targets}]}}\n",
        key_hash("k-bot"),
        key_hash("k-reader")
    );
    let base = "version: 1\ndata_dir: data\naudit: {durability: process, segment_bytes: 4194304}\npolicy: {rules: rules.yaml}\n\
        gateway: {listen: [{address: \"127.0.0.1:0\"}]}\n";
    Gateway::configured(&format!("{base}{config}")).file("rules.yaml", RULES).start()
}

fn execute(gateway: &Gateway, action: &Value) -> Value {
    let body = action.to_string();
    gateway
        .control_client()
        .request("POST", "/api/v1/execute", &[("X-Api-Key", "k-bot")], body.as_bytes())
        .json()
}

#[test]
fn an_action_is_sent_once_to_the_first_target_that_matches() {
    let (crm, rest) = (Tool::saying("{\"id\":7,\"share\":12.50}"), Tool::saying("null"));
    let gateway = gateway(&format!(
        "{{match: \"crm*\", url: \"http://{}/run\"}}, {{match: \"*\", url: \"http://{}/other\", method: PUT}}",
        crm.address, rest.address
    ));
    let answer = execute(&gateway, &json!({"action_type": "read", "target": "crm/7", "params": {"n": 1}}));
    assert_eq!((&answer["status"], &answer["data"]["id"]), (&json!("success"), &json!(7)));
    let seen = crm.seen();
    assert_eq!((seen.len(), seen[0].line()), (1, "POST /run HTTP/1.1"));
    let sent: Value = serde_json::from_str(&seen[0].text()).unwrap();
    let decision = &answer["decision_id"];
    assert_eq!(
        sent,
        json!({"action_type": "read", "target": "crm/7", "params": {"n": 1}, "decision_id": decision})
    );
    assert_eq!(seen[0].header("idempotency-key"), [decision.as_str().unwrap()]);
    execute(&gateway, &json!({"action_type": "read", "target": "db"}));
    assert_eq!((rest.seen()[0].line(), crm.seen().len()), ("PUT /other HTTP/1.1", 1));
    let records = gateway.records_of("execution");
    assert_eq!(records[0]["result_data"], json!({"id": 7, "share": 12.5}));
}

#[test]
fn whatever_else_a_tool_answers_is_a_failure_that_is_recorded() {
    let tool = Tool::answering(|seen, stream| {
        let (status, body) = match seen.text() {
            text if text.contains("\"broken\"") => ("200 OK", "{".to_owned()),
            text if text.contains("\"twice\"") => ("200 OK", "{\"a\":1,\"a\":2}".to_owned()),
            text if text.contains("\"deep\"") => ("200 OK", format!("{}1{}", "[".repeat(65), "]".repeat(65))),
            text if text.contains("\"as_deep_as_may_be\"") => {
                ("200 OK", format!("{}1{}", "[".repeat(64), "]".repeat(64)))
            }
            text if text.contains("\"nothing\"") => ("204 No Content", String::new()),
            text if text.contains("\"empty\"") => ("200 OK", " \n".to_owned()),
            text if text.contains("\"moved\"") => ("302 Found", String::new()),
            _ => ("500 Internal Server Error", "{\"secret\":1}".to_owned()),
        };
        respond(stream, status, "application/json", body.as_bytes());
    });
    let gateway = gateway(&format!(
        "{{match: \"crm\", url: \"http://{}/\"}}, {{match: \"gone\", url: \"http://127.0.0.1:1/\"}}",
        tool.address
    ));
    for (action_type, target, said, result) in [
        ("error", "crm", "The tool answered with status 500.", "failed"),
        ("moved", "crm", "The tool answered with status 302.", "failed"),
        (
            "broken",
            "crm",
            "The tool answered 200 with JSON that cannot be read, or none: the text ends",
            "failed",
        ),
        (
            "twice",
            "crm",
            "The tool answered 200 with JSON that cannot be read, or none: duplicate key",
            "failed",
        ),
        ("deep", "crm", "The tool answered 200 with JSON that cannot be read, or none: ", "failed"),
        ("read", "gone", "The tool gave no answer", "not_forwarded"),
        ("read", "other", "No executor is configured for this target.", "not_forwarded"),
    ] {
        let answer = execute(&gateway, &json!({"action_type": action_type, "target": target}));
        assert_eq!((&answer["status"], &answer["data"]), (&json!("failed"), &Value::Null), "{answer}");
        assert!(answer["error"].as_str().unwrap().starts_with(said), "{answer}");
        let record = gateway.records_of("execution").pop().unwrap();
        assert_eq!(
            (&record["result_status"], &record["result"]),
            (&json!("failed"), &json!(result)),
            "{record}"
        );
    }
    assert_eq!(tool.seen().len(), 5, "nothing was sent again");
    for action_type in ["nothing", "empty", "as_deep_as_may_be"] {
        let answer = execute(&gateway, &json!({"action_type": action_type, "target": "crm"}));
        assert_eq!((&answer["status"], &answer["error"]), (&json!("success"), &Value::Null), "{answer}");
        assert_eq!(answer["data"].is_null(), action_type != "as_deep_as_may_be", "{answer}");
    }
}

#[test]
fn keys_need_the_scope_and_speak_for_their_own_agents() {
    let tool = Tool::start();
    let gateway = gateway(&format!("{{match: \"*\", url: \"http://{}/\"}}", tool.address));
    let ask = |key: &str, method: &str, path: &str, body: &Value| {
        let body = body.to_string();
        gateway.control_client().request(method, path, &[("X-Api-Key", key)], body.as_bytes())
    };
    let read = json!({"action_type": "read"});
    let lacking = ask("k-reader", "POST", "/api/v1/execute", &read);
    assert_eq!(
        (lacking.status, &lacking.json()["error"]),
        (403, &json!("The key lacks the scope governance:propose."))
    );
    assert_eq!(ask("k-none", "POST", "/api/v1/execute", &read).status, 401);
    assert_eq!(ask("k-bot", "PUT", "/api/v1/policy", &json!({"rules": []})).status, 403);
    assert_eq!(ask("k-reader", "GET", "/api/v1/policy", &Value::Null).json()["rules"][0]["name"], "all");
    let foreign =
        ask("k-bot", "POST", "/api/v1/execute", &json!({"action_type": "read", "agent_id": "boss"}));
    assert_eq!((foreign.status, &foreign.json()["field"]), (403, &json!("agent_id")));
    let detail = foreign.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains("Leave agent_id out") && detail.contains("control.keys"), "{detail}");
    let own = ask("k-bot", "POST", "/api/v1/execute", &json!({"action_type": "read", "agent_id": "agent-7"}));
    assert_eq!(own.status, 200);
    assert_eq!(gateway.records_of("decision").pop().unwrap()["actor"], "agent-7");
    assert_eq!(tool.seen().len(), 1);
}

#[test]
fn as_many_sessions_are_remembered_as_are_configured() {
    let rules = "rules: [{name: all, approval: auto}]\nplan_rules: {sequence_patterns: [{name: ab, steps: [a, b]}]}\n";
    let with = |sessions: &str| {
        let config = format!(
            "version: 1\ndata_dir: data\naudit: {{durability: process, segment_bytes: 4194304}}\n\
             policy: {{rules: rules.yaml, sessions: {{{sessions}}}}}\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n\
             control: {{listen: \"127.0.0.1:0\", keys: [{{id: bot, hash: \"{}\", scopes: [\"governance:propose\"]}}]}}\n",
            key_hash("k-bot")
        );
        Gateway::configured(&config).file("rules.yaml", rules).start()
    };
    for (sessions, last) in [("max: 2", "blocked"), ("max: 1", "success"), ("max_per_actor: 1", "success")] {
        let gateway = with(sessions);
        let run = |action: &str, session: &str| {
            execute(&gateway, &json!({"action_type": action, "session_id": session}))["status"].clone()
        };
        assert_eq!([run("a", "s"), run("a", "r"), run("b", "s")], ["success", "success", last], "{sessions}");
    }
}
