//! Routes that only watch, routes that do not decide, and the protocol of one JSON endpoint.

use serde_json::json;

use crate::support::{Gateway, Route, Tool};

const RULES: &str = "version: 1\nrules:\n\
    - {name: reads, match: {type: \"*.read*\"}, approval: auto}\n\
    - {name: mail, match: {type: \"*.send_email\"}, approval: approve}\n\
    - {name: lend, match: {type: call.lend_money}, conditions: {param_lte: {amount: 100}}, approval: auto}\n";

#[test]
fn shadow_forwards_what_policy_refuses_and_records_it() {
    let tool = Tool::start();
    let routes = [
        Route::crm(tool.address).with("mode: shadow"),
        Route::mcp("files", tool.address).with("mode: shadow"),
        Route::tool_call("call", tool.address).with("mode: shadow").closed(),
    ];
    let gateway = Gateway::with(&Route::section(&routes), RULES).start();
    let mut client = gateway.client();
    let call = |tool: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
    };
    assert_eq!(client.get("/crm/contacts/1").status, 200);
    assert_eq!(client.request("DELETE", "/crm/contacts/1", &[], b"").text(), "{\"ok\":true}");
    for tool in ["send_email", "supprim\u{e9}"] {
        assert_eq!(client.post_json("/files", &call(tool)).text(), "{\"ok\":true}");
    }
    assert_eq!(tool.count(), 4);
    // What cannot be read, and who is not known, is refused all the same.
    assert_eq!(client.post_json("/crm/contacts", "{\"a\":1,\"a\":2}").status, 400);
    assert_eq!(client.post_json("/files", "[]").status, 400);
    assert_eq!(client.post_json("/call", "{\"tool\":\"read\"}").status, 401);
    assert_eq!(tool.count(), 4);

    let seen = tool.seen();
    let records = gateway.records_of("decision");
    let told: Vec<_> =
        records.iter().map(|record| (&record["outcome"], record.get("enforced"), &record["code"])).collect();
    let (allow, deny, not) = (json!("ALLOW"), json!("DENY"), json!(false));
    let ask = json!("REQUIRE_CONFIRMATION");
    assert_eq!(
        told,
        [
            (&allow, None, &json!("rule_allowed")),
            (&deny, Some(&not), &json!("default_denied")),
            (&ask, Some(&not), &json!("approval_required")),
            (&deny, Some(&not), &json!("unnamed_capability")),
        ]
    );
    for (seen, record) in seen.iter().zip(&records) {
        assert_eq!(json!(seen.header("x-aegis-decision-id")), json!([record["decision_id"]]));
    }
    assert_eq!(gateway.records_of("refusal").len(), 2);
}

#[test]
fn off_records_a_bypass_and_decides_nothing() {
    let tool = Tool::start();
    let routes = [
        Route::crm(tool.address).with("mode: off"),
        Route::tool_call("call", tool.address).with("mode: off").closed(),
    ];
    let gateway = Gateway::with(&Route::section(&routes), RULES).start();
    let mut client = gateway.client();
    assert_eq!(client.request("DELETE", "/crm/contacts/1", &[], b"").status, 200);
    assert_eq!(client.request("PATCH", "/crm/x", &[], b"").status, 200);
    assert_eq!(client.post_json("/crm/contacts", "{\"a\":NaN}").status, 400);
    assert_eq!(client.post_json("/call", "{\"tool\":\"read\"}").status, 401);
    let records = gateway.records_of("bypass");
    let capabilities: Vec<_> = records.iter().map(|record| record["capability"].as_str().unwrap()).collect();
    assert_eq!(capabilities, ["crm.contacts.delete", "crm.unmapped"]);
    assert!(
        records.iter().all(|record| record["actor"] == "dev" && record["code"] == "bypass"),
        "{records:?}"
    );
    assert!(gateway.records_of("decision").is_empty());
    assert_eq!(tool.count(), 2);
    assert!(tool.seen().iter().all(|seen| seen.header("x-aegis-decision-id").is_empty()));
}

#[test]
fn a_tool_call_endpoint_is_read_by_two_pointers() {
    let tool = Tool::start();
    let route = Route::tool_call("call", tool.address)
        .with("tools: {\"Konto l\u{f6}schen\": call.read_account}")
        .with("denial: {help: \"Ask #agent-ops\"}");
    let gateway = Gateway::with(&Route::section(&[route]), RULES).start();
    let mut client = gateway.client();
    for (body, status, code) in [
        (r#"{"tool":"read_mail","input":{"box":"in"},"more":[1]}"#, 200, ""),
        (r#"{"tool":"readMail"}"#, 200, ""),
        ("{\"tool\":\"Konto l\u{f6}schen\"}", 200, ""),
        (r#"{"tool":"lend_money","input":{"amount":100}}"#, 200, ""),
        (r#"{"tool":"lend_money","input":{"amount":100.5}}"#, 403, "default_denied"),
        (r#"{"tool":"lend_money","input":{"amount":"7"}}"#, 403, "indeterminate"),
        (r#"{"tool":"lend_money"}"#, 403, "default_denied"),
        (r#"{"tool":"send_email"}"#, 403, "approval_required"),
        ("{\"tool\":\"l\u{f6}schen\"}", 403, "unnamed_capability"),
        (r#"{"tool":7}"#, 400, "invalid_message"),
        (r#"{"input":{}}"#, 400, "invalid_message"),
        (r#"{"tool":"read_mail","input":[]}"#, 400, "invalid_message"),
        (r#"[{"tool":"read_mail"}]"#, 400, "invalid_message"),
        ("", 400, "invalid_json"),
    ] {
        let before = tool.count();
        let answer = client.post_json("/call/anything?x=1", body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(tool.count(), before + usize::from(status == 200), "{body}");
        if status == 200 {
            let seen = tool.seen().pop().unwrap();
            assert_eq!((seen.line(), seen.text().as_str()), ("POST /tool HTTP/1.1", body));
        } else {
            let problem = answer.json();
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{body}");
            let kebab = format!("urn:aegis:{}", code.replace('_', "-"));
            assert_eq!(
                (&problem["code"], &problem["type"]),
                (&json!(code), &json!(kebab)),
                "{body}: {problem}"
            );
            assert_eq!(
                (&problem["status"], &problem["help"]),
                (&json!(status), &json!("Ask #agent-ops")),
                "{problem}"
            );
            assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
            assert_eq!(problem.get("decision_id").is_some(), status == 403, "{body}: {problem}");
        }
    }
    let record = &gateway.records_of("decision")[0];
    assert_eq!((&record["resource"], &record["arguments"]), (&json!("call"), &json!({"box": "in"})));
}
