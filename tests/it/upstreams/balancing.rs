//! Which of several addresses takes a call, and what becomes of calls when one is gone.

use std::net::{SocketAddr, TcpListener};

use super::server::{Server, Speaks};
use super::{gateway, routes, shown};
use crate::support::{Gateway, Tool, eventually};

/// An address nobody listens at, for as long as this is held: its port is taken on another address.
struct Nowhere {
    address: SocketAddr,
    _held: TcpListener,
}

fn nowhere() -> Nowhere {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = ([127, 0, 0, 2], held.local_addr().unwrap().port()).into();
    Nowhere { address, _held: held }
}

fn calls(gateway: &Gateway, count: usize) -> Vec<u16> {
    let mut client = gateway.client();
    (0..count).map(|number| client.get(&format!("/crm/{number}")).status).collect()
}

#[test]
fn calls_go_to_one_address_after_the_other() {
    let tools = [Tool::start(), Tool::start(), Tool::start()];
    let addresses: Vec<_> = tools.iter().map(|tool| format!("\"{}\"", tool.address)).collect();
    let gateway = gateway(&format!("addresses: [{}]", addresses.join(", ")));
    assert_eq!(calls(&gateway, 30), [200; 30]);
    assert_eq!(tools.each_ref().map(Tool::count), [10, 10, 10]);
    // Connections are used again, each by its own address.
    assert_eq!(tools.each_ref().map(Tool::connections), [1, 1, 1]);
}

#[test]
fn the_address_with_the_fewest_calls_under_way_is_preferred() {
    let ((busy, release), idle) = (Tool::waiting(), Tool::start());
    let gateway =
        gateway(&format!("addresses: [\"{}\", \"{}\"], balance: least_loaded", busy.address, idle.address));
    let mut held = gateway.client();
    // The first call may go to either one; one that is held stays where it is.
    loop {
        held.send(b"GET /crm/held HTTP/1.1\r\nHost: a\r\n\r\n");
        let before = idle.count();
        let arrived = eventually("the call", || {
            (busy.count() == 1).then_some(true).or_else(|| (idle.count() > before).then_some(false))
        });
        if arrived {
            break;
        }
        held.answer().unwrap();
    }
    let before = idle.count();
    assert_eq!(calls(&gateway, 10), [200; 10]);
    assert_eq!((busy.count(), idle.count() - before), (1, 10));
    // What has ended is not counted any more.
    release.send(()).unwrap();
    assert_eq!(held.answer().unwrap().status, 200);
    release.send(()).unwrap();
    release.send(()).unwrap();
    eventually("a call to the other", || {
        calls(&gateway, 1);
        (busy.count() > 1).then_some(())
    });
}

#[test]
fn a_dead_address_costs_no_call_and_is_passed_over() {
    let (tool, dead) = (Tool::start(), nowhere());
    let gateway = gateway(&format!("addresses: [\"{}\", \"{}\"]", dead.address, tool.address));
    assert_eq!(calls(&gateway, 10), [200; 10]);
    // Each call was recorded and sent once.
    assert_eq!((tool.count(), gateway.records_of("decision").len()), (10, 10));
    let dead = dead.address.to_string();
    eventually("the dead address to be shown", || (shown(&gateway, &dead) == Some(false)).then_some(()));
    assert_eq!(shown(&gateway, &tool.address.to_string()), Some(true));
    assert!(gateway.log().contains(&dead), "{}", gateway.log());
}

#[test]
fn an_address_that_listens_again_is_used_again() {
    let (tool, dead) = (Tool::start(), nowhere());
    let gateway = gateway(&format!("addresses: [\"{}\", \"{}\"]", dead.address, tool.address));
    assert_eq!(calls(&gateway, 4), [200; 4]);
    let back = Server::at(dead.address, Speaks::default());
    eventually("a call to the address that is back", || {
        assert_eq!(calls(&gateway, 2), [200; 2]);
        (!back.calls().is_empty()).then_some(())
    });
}

#[test]
fn when_no_address_answers_the_call_was_not_sent() {
    let (first, second) = (nowhere(), nowhere());
    let gateway = gateway(&format!("addresses: [\"{}\", \"{}\"]", first.address, second.address));
    for _ in 0..3 {
        let answer = gateway.client().get("/crm/1");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("upstream_failed")));
        assert_eq!(answer.json()["detail"], "The tool could not be reached; the call was not sent.");
    }
}

#[test]
fn what_was_sent_is_never_sent_to_another_address() {
    for method in ["GET", "PUT", "DELETE", "POST"] {
        let tools = [(); 2].map(|()| {
            Tool::answering(|_, stream| {
                let _gone = stream.shutdown(std::net::Shutdown::Both);
            })
        });
        let gateway = gateway(&format!("addresses: [\"{}\", \"{}\"]", tools[0].address, tools[1].address));
        let answer = gateway.client().request(method, "/crm/1", &[], b"{}");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("upstream_failed")));
        assert!(answer.json()["detail"].as_str().unwrap().ends_with("the call may have run."), "{method}");
        assert_eq!(tools[0].count() + tools[1].count(), 1, "{method}");
    }
}

#[test]
fn what_is_known_of_an_address_outlives_a_reload() {
    let (tool, dead, third) = (Tool::start(), nowhere(), Tool::start());
    let pair = format!("\"{}\", \"{}\"", dead.address, tool.address);
    let checked = "health: {interval_ms: 86400000, unhealthy_after: 100}";
    let gateway = gateway(&format!("addresses: [{pair}], {checked}"));
    assert_eq!(calls(&gateway, 2), [200; 2]);
    let file = gateway.folder().join("gateway.yaml");
    let written = std::fs::read_to_string(&file).unwrap();
    let old = routes(&format!("addresses: [{pair}], {checked}"));
    let new = routes(&format!("addresses: [{pair}, \"{}\"], {checked}", third.address));
    assert!(written.contains(&old));
    std::fs::write(&file, written.replace(&old, &new)).unwrap();
    gateway.await_version(2);
    let third = third.address.to_string();
    eventually("the new address to be shown", || shown(&gateway, &third));
    assert_eq!(shown(&gateway, &dead.address.to_string()), Some(false));

    std::fs::write(&file, written.replace(&old, &routes(&format!("addresses: [\"{third}\"]")))).unwrap();
    gateway.await_version(3);
    eventually("the old addresses to go", || {
        shown(&gateway, &dead.address.to_string()).is_none().then_some(())
    });
    assert_eq!(shown(&gateway, &third), Some(true));
}
