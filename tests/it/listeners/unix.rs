//! A unix socket: only this user's, there while the gateway is, and never taken from another process.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

use crate::listeners::listening;
use crate::support::{Gateway, Tool, refused_start};

fn gateway(tool: &Tool) -> Gateway {
    listening(tool, "{address: \"127.0.0.1:0\"}, {address: \"unix:tools.sock\"}", "").start()
}

fn asks(gateway: &Gateway) -> String {
    let mut stream = UnixStream::connect(gateway.folder().join("tools.sock")).unwrap();
    stream.write_all(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn calls_come_through_a_socket_that_only_its_user_may_open() {
    let tool = Tool::start();
    let mut gateway = gateway(&tool);
    let path = gateway.folder().join("tools.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(asks(&gateway).ends_with("{\"ok\":true}"));
    assert_eq!(tool.count(), 1);
    assert!(gateway.stop().success());
    assert!(!path.exists(), "the socket outlived its gateway");
}

#[test]
fn what_a_dead_process_left_is_replaced() {
    let tool = Tool::start();
    let mut first = gateway(&tool);
    first.kill();
    assert!(first.folder().join("tools.sock").exists());
    let second = first.restart();
    assert!(asks(&second).ends_with("{\"ok\":true}"));
}

#[test]
fn a_live_socket_and_a_plain_file_are_left_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = "version: 1\ncontrol: {listen: \"127.0.0.1:0\"}\ngateway: {listen: [{address: \"unix:tools.sock\"}]}\n";
    std::fs::write(folder.path().join("gateway.yaml"), config).unwrap();
    let path = folder.path().join("tools.sock");
    let live = UnixListener::bind(&path).unwrap();
    let (_, _, log) = refused_start(folder.path());
    assert!(log.contains("another process listens there"), "{log}");
    drop(live);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    let (_, _, log) = refused_start(folder.path());
    assert!(log.contains("no socket"), "{log}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}
