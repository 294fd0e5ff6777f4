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
            text if text.contains("\"broken\"") => ("200 OK", "{"),
            text if text.contains("\"moved\"") => ("302 Found", ""),
            _ => ("500 Internal Server Error", "{\"secret\":1}"),
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
        ("broken", "crm", "The tool answered 200 with something else than JSON.", "failed"),
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
    assert_eq!(tool.seen().len(), 3, "nothing was sent again");
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
