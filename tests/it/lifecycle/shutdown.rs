//! Stopping: what is in flight is finished, nothing new is taken, and the ledger is closed.

use std::net::TcpStream;

use crate::decisions::RULES;
use crate::support::{Gateway, Tool, eventually, routes};

/// A gateway that would wait for hours for what does not end.
fn patient(tool: &Tool) -> Gateway {
    graced(tool, 3_600_000)
}

fn graced(tool: &Tool, grace_ms: u32) -> Gateway {
    let gateway = format!(
        "gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], timeouts: {{shutdown_grace_ms: {grace_ms}}}}}\n{}",
        routes(tool.address)
    );
    Gateway::with(&gateway, RULES).start()
}

fn refuses_connections(gateway: &Gateway) -> Option<()> {
    TcpStream::connect(gateway.address).is_err().then_some(())
}

fn finishes_what_is_in_flight(signal: &str) {
    let (tool, release) = Tool::waiting();
    let mut gateway = patient(&tool);
    let mut client = gateway.client();
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    tool.wait();
    gateway.signal(signal);
    eventually("no new connections", || refuses_connections(&gateway));
    assert!(gateway.ended().is_none());
    release.send(()).unwrap();
    let answer = client.answer().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"late\":true}"));
    let status = eventually("the end", || gateway.ended());
    assert!(status.success(), "{status}: {}", gateway.log());
    assert!(client.is_closed());
    let records = gateway.records();
    assert_eq!(records.last().unwrap()["kind"], "close");
    let verified = String::from_utf8(gateway.verify().stdout).unwrap();
    assert!(verified.contains("sealed") && !verified.contains("not closed"), "{verified}");
}

#[test]
fn sigterm_finishes_the_call_in_flight() {
    finishes_what_is_in_flight("TERM");
}

#[test]
fn sigint_finishes_the_call_in_flight() {
    finishes_what_is_in_flight("INT");
}

/// Who starts a gateway may stop it as soon as it has said that it is ready.
#[test]
fn signals_are_heeded_from_the_moment_it_says_it_is_ready() {
    let tool = Tool::start();
    for _ in 0..30 {
        let mut gateway = Gateway::in_front_of(tool.address, RULES).start();
        let status = gateway.stop();
        assert!(status.success(), "{status}");
        assert_eq!(gateway.records().last().unwrap()["kind"], "close");
    }
}

#[test]
fn an_idle_gateway_ends_although_connections_are_open() {
    let tool = Tool::start();
    let mut gateway = patient(&tool);
    let mut used = gateway.client();
    assert_eq!(used.get("/crm/contacts/1").status, 200);
    let mut unused = gateway.client();
    let mut control = gateway.control_client();
    assert_eq!(control.get("/readyz").status, 200);
    gateway.signal("TERM");
    let status = eventually("the end", || gateway.ended());
    assert!(status.success(), "{status}: {}", gateway.log());
    assert!(used.is_closed() && unused.is_closed() && control.is_closed());
    assert_eq!(gateway.records().last().unwrap()["kind"], "close");
}

#[test]
fn while_stopping_it_says_that_it_is_not_ready() {
    let (tool, release) = Tool::waiting();
    let mut gateway = patient(&tool);
    let mut client = gateway.client();
    let mut control = gateway.control_client();
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    tool.wait();
    gateway.signal("TERM");
    let answer =
        eventually("not ready", || Some(control.get("/readyz")).filter(|answer| answer.status != 200));
    assert_eq!((answer.status, answer.json()["stopping"].as_bool()), (503, Some(true)));
    assert_eq!(gateway.control_client().get("/healthz").status, 200, "new connections are answered as well");
    release.send(()).unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    assert!(eventually("the end", || gateway.ended()).success());
}

#[test]
fn the_grace_period_cuts_off_a_call_that_never_ends() {
    let (tool, _release) = Tool::waiting();
    let mut gateway = graced(&tool, 200);
    let mut client = gateway.client();
    client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    tool.wait();
    gateway.signal("TERM");
    let status = eventually("the end", || gateway.ended());
    assert!(status.success(), "{status}: {}", gateway.log());
    assert!(client.answer().is_none_or(|answer| answer.status >= 500));
    eventually("its log line", || gateway.log().contains("cut off").then_some(()));
    assert_eq!(gateway.records().last().unwrap()["kind"], "close");
    assert!(gateway.verify().status.success());
}
