//! Tools at unix sockets.

use tempfile::TempDir;

use super::gateway;
use super::server::{Server, Speaks};
use crate::support::eventually;

#[test]
fn a_tool_at_a_unix_socket_is_served_over_connections_that_are_kept() {
    for http2 in [false, true] {
        let folder = TempDir::new().unwrap();
        let tool = Server::on_socket(&folder.path().join("tool.sock"), Speaks { http2, ..Speaks::default() });
        let gateway = gateway(&format!("addresses: [\"{}\"], http2: {http2}", tool.address));
        let mut client = gateway.client();
        let long = format!("{{\"text\":\"{}\"}}", "x".repeat(200_000));
        for body in ["", "{\"a\":1}", &long] {
            let method = if body.is_empty() { "GET" } else { "POST" };
            let answer =
                client.request(method, "/crm/1", &[("Content-Type", "application/json")], body.as_bytes());
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "{\"ok\":true}"),
                "{http2} {}",
                body.len()
            );
            assert_eq!(tool.calls().last().unwrap().body, body.as_bytes());
        }
        assert_eq!((tool.calls().len(), tool.connections()), (3, 1), "{http2}");
    }
}

#[test]
fn a_socket_that_is_not_there_is_found_when_it_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tool.sock");
    let gateway = gateway(&format!("addresses: [\"unix:{}\"]", path.display()));
    let answer = gateway.client().get("/crm/1");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("upstream_failed")));
    let tool = Server::on_socket(&path, Speaks::default());
    // One that cannot be reached is still tried when there is no other.
    assert_eq!(gateway.client().get("/crm/1").status, 200);
    assert_eq!(tool.calls().len(), 1);
    eventually("the log", || gateway.log().contains("is reached again").then_some(()));
}
