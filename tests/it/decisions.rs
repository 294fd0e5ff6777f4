//! A call is forwarded or blocked by policy, says why, and is recorded.

use serde_json::json;

use crate::support::{Gateway, Tool};

pub(crate) const RULES: &str = "version: 1\ndefaults: {approval: block}\nrules:\n\
    - {name: reads, match: {type: \"crm.*.read\"}, approval: auto, risk_level: low}\n\
    - {name: no_deletes, match: {type: \"*.delete*\"}, approval: block, risk_level: critical}\n\
    - {name: creates, match: {type: crm.contacts.create}, approval: auto}\n\
    - {name: files, match: {type: \"files.read_*\"}, approval: auto}\n\
    - {name: mail, match: {type: files.send_email}, approval: approve}\n";

#[test]
fn a_read_is_forwarded_and_a_delete_is_blocked_with_its_rule() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, RULES).start();
    let mut client = gateway.client();
    let read = client.get("/crm/contacts/42");
    assert_eq!((read.status, read.text().as_str()), (200, "{\"ok\":true}"));
    let delete = client.request("DELETE", "/crm/contacts/42", &[], b"");
    assert_eq!((delete.status, delete.header("content-type")), (403, Some("application/problem+json")));
    let problem = delete.json();
    assert_eq!(
        (&problem["type"], &problem["code"]),
        (&json!("urn:aegis:rule-denied"), &json!("rule_denied"))
    );
    assert!(problem["detail"].as_str().unwrap().contains("no_deletes"), "{problem}");
    assert_eq!(tool.only().line(), "GET /crm/contacts/42 HTTP/1.1");

    let records = gateway.records_of("decision");
    let outcomes: Vec<_> = records.iter().map(|record| &record["outcome"]).collect();
    assert_eq!(outcomes, [&json!("ALLOW"), &json!("DENY")]);
    assert_eq!(records[1]["decision_id"], problem["decision_id"]);
    assert_eq!(records[0]["resource"], "contact:42");
    assert_eq!(records[0]["findings"], json!([{"engine": "rules", "outcome": "ALLOW", "rule": "reads"}]));
    assert!(gateway.verify().status.success());
}
