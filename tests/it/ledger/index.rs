//! The index of the ledger beside a living gateway: kept up to date, made again, and no reason for a call to fail.

use serde_json::Value;

use crate::decisions::RULES;
use crate::support::{Gateway, Tool, eventually};

fn health(gateway: &Gateway) -> Value {
    let answer = gateway.control_client().get("/health");
    serde_json::from_slice(&answer.body).unwrap()
}

/// Waits until every record is indexed.
fn indexed(gateway: &Gateway) {
    eventually("an index without a lag", || {
        let index = &health(gateway)["checks"]["index"];
        (index["ok"] == true && index["behind"] == 0).then_some(())
    });
}

fn calls(gateway: &Gateway) {
    let mut client = gateway.client();
    assert_eq!(client.get("/crm/contacts/7").status, 200);
    assert_eq!(client.request("DELETE", "/crm/contacts/7", &[], b"").status, 403);
}

#[test]
fn is_kept_beside_the_ledger_and_taken_up_by_the_next_start() {
    let tool = Tool::start();
    let mut gateway = Gateway::in_front_of(tool.address, RULES).start();
    let file = gateway.folder().join("data/index.db");
    calls(&gateway);
    indexed(&gateway);
    assert!(file.exists());
    assert!(gateway.stop().success());
    let mut second = gateway.restart();
    calls(&second);
    indexed(&second);
    assert!(second.stop().success());
    assert!(!second.log().contains("index"), "{}", second.log());

    // It is not needed to start, and is made again.
    std::fs::remove_file(&file).unwrap();
    let third = second.restart();
    indexed(&third);
    assert!(file.exists());
}

#[test]
fn trouble_with_it_shows_and_stops_no_call() {
    let tool = Tool::start();
    let mut gateway = Gateway::in_front_of(tool.address, RULES).start();
    assert!(gateway.stop().success());
    let file = gateway.folder().join("data/index.db");
    for suffix in ["", "-wal", "-shm"] {
        let _absent = std::fs::remove_file(gateway.folder().join(format!("data/index.db{suffix}")));
    }
    std::fs::create_dir(&file).unwrap();
    let mut second = gateway.restart();
    eventually("a failing index", || (health(&second)["checks"]["index"]["ok"] == false).then_some(()));
    calls(&second);
    let health = health(&second);
    assert_eq!(health["status"], "ok", "calls go on");
    assert!(health["checks"]["index"]["behind"].as_u64().unwrap() > 0);
    assert_eq!(second.control_client().get("/readyz").status, 200);
    assert!(second.log().contains("index.db"), "{}", second.log());
    std::fs::remove_dir(&file).unwrap();
    indexed(&second);
    assert!(second.stop().success());
}
