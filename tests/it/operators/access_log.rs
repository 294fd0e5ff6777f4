//! The access log: a line for each request, in the form of the log, without what callers sent.

use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};

use crate::decisions::RULES;
use crate::support::{Gateway, Route, Tool, eventually};

fn lines(gateway: &Gateway, count: usize) -> Vec<String> {
    eventually("the lines", || {
        let log = gateway.log();
        let lines = log.lines().filter(|line| line.contains(" access ") || line.contains("\"access\""));
        let lines: Vec<_> = lines.map(str::to_owned).collect();
        (lines.len() >= count).then_some(lines)
    })
}

#[test]
fn every_request_leaves_a_line_that_tells_nothing_of_its_arguments() {
    let tool = Tool::start();
    let routes = Route::section(&[Route::crm(tool.address), Route::mcp("files", tool.address)]);
    let gateway = Gateway::with(&routes, RULES).start();
    // On one connection, so that the lines come in order.
    let mut client = gateway.client();
    client.get("/crm/contacts/hidden-1?q=hidden-2");
    client.request("DELETE", "/crm/contacts/hidden-3", &[("X-Secret", "hidden-4")], b"");
    client.get("/hidden-5");
    let call = r#"{"jsonrpc":"2.0","id":"hidden-6","method":"tools/call","params":{"name":"delete_file","arguments":{"path":"hidden-7"}}}"#;
    client.post_json("/files", call);
    client.post_json("/files", "hidden-8");
    let lines = lines(&gateway, 5);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("hidden")), "{lines:?}");
    for (line, wanted) in lines.iter().zip([
        " route=crm actor=dev capability=crm.contacts.read outcome=ALLOW code=rule_allowed status=200 ms=",
        " route=crm actor=dev capability=crm.contacts.delete outcome=DENY code=",
        " outcome=REFUSED code=route_not_found status=404 ms=",
        " route=files actor=dev capability=files.delete_file outcome=DENY code=",
        " route=files actor=dev outcome=REFUSED code=invalid_json status=400 ms=",
    ]) {
        assert!(line.contains(wanted), "{line}\n{wanted}");
    }
    let decided = gateway.records_of("decision").remove(0);
    assert!(
        lines[0].contains(&format!(" INFO access request_id={} ", decided["request_id"].as_str().unwrap()))
    );
}

#[test]
fn as_json_it_says_what_ended_a_call() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = SocketAddr::from(([127, 0, 0, 2], held.local_addr().unwrap().port()));
    let config = format!(
        "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\npolicy: {{rules: rules.yaml}}\n\
         telemetry: {{log_format: json}}\naudit: {{durability: process, segment_bytes: 4194304}}\n{}",
        Route::section(&[Route::crm(nobody)])
    );
    let gateway = Gateway::configured(&config).file("rules.yaml", RULES).start();
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 502);
    let line: Value = serde_json::from_str(&lines(&gateway, 1)[0]).unwrap();
    for (member, value) in [
        ("log", json!("access")),
        ("route", json!("crm")),
        ("capability", json!("crm.contacts.read")),
        ("outcome", json!("ALLOW")),
        ("code", json!("upstream_failed")),
        ("status", json!(502)),
    ] {
        assert_eq!(line[member], value, "{line}");
    }
    assert!(line["ms"].is_number() && line["timestamp"].is_string(), "{line}");
}

#[test]
fn it_can_be_switched_off_and_is_whole_after_a_stop() {
    let tool = Tool::start();
    for (switch, wanted) in [("false", 0), ("true", 50)] {
        let mut gateway =
            Gateway::in_front_of(tool.address, RULES).variable("AEGIS_TELEMETRY__ACCESS_LOG", switch).start();
        let mut client = gateway.client();
        for _ in 0..50 {
            assert_eq!(client.get("/crm/contacts/1").status, 200);
        }
        assert!(gateway.stop().success());
        eventually("the end of the log", || gateway.log().contains("finishing").then_some(()));
        assert_eq!(lines(&gateway, wanted).len(), wanted);
    }
}
