//! Active checks: who fails them gets no calls while another is left.

use super::server::{Reply, Server, Speaks};
use super::{gateway, shown};
use crate::support::{Gateway, eventually};

fn two(speaks: Speaks) -> [Server; 2] {
    [Server::start(speaks.clone()), Server::start(speaks)]
}

fn checked(tools: &[Server; 2], more: &str) -> Gateway {
    gateway(&format!(
        "addresses: [\"{}\", \"{}\"], health: {{path: \"/healthz?q=1\", interval_ms: 100, unhealthy_after: 1}}{more}",
        tools[0].address, tools[1].address
    ))
}

fn await_shown(gateway: &Gateway, tool: &Server, healthy: bool) {
    eventually(&format!("{} to be shown as {healthy}", tool.address), || {
        (shown(gateway, &tool.address) == Some(healthy)).then_some(())
    });
}

#[test]
fn an_address_that_fails_its_checks_gets_no_calls_until_it_passes_them() {
    for http2 in [false, true] {
        let tools = two(Speaks { http2, ..Speaks::default() });
        let gateway = checked(&tools, &format!(", host: tool.example, http2: {http2}"));
        tools.iter().for_each(|tool| await_shown(&gateway, tool, true));
        tools[0].reply([Reply::Status(503)]);
        await_shown(&gateway, &tools[0], false);
        let before = tools[0].calls().len();
        for _ in 0..6 {
            assert_eq!(gateway.client().get("/crm/1").status, 200, "{}", gateway.log());
        }
        assert_eq!(tools[0].calls().len(), before);

        // What redirects is alive.
        tools[0].reply([Reply::Status(302)]);
        await_shown(&gateway, &tools[0], true);
        eventually("a call to it", || {
            gateway.client().get("/crm/1");
            (tools[0].calls().len() > before).then_some(())
        });
        let check = tools[1].checks().remove(0);
        assert!(check.method == "GET" && check.target.ends_with("/healthz?q=1"), "{check:?}");
        let host = if http2 {
            check.target.contains("tool.example")
        } else {
            check.header("host") == Some("tool.example")
        };
        assert!(host && check.header("authorization").is_none(), "{check:?}");
    }
}

#[test]
fn when_all_fail_their_checks_calls_go_on() {
    let tools = two(Speaks::default());
    let gateway = checked(&tools, "");
    tools.iter().for_each(|tool| await_shown(&gateway, tool, true));
    tools.iter().for_each(|tool| tool.reply([Reply::Status(500)]));
    tools.iter().for_each(|tool| await_shown(&gateway, tool, false));
    for _ in 0..4 {
        assert_eq!(gateway.client().get("/crm/1").status, 500);
    }
    assert_eq!((tools[0].calls().len(), tools[1].calls().len()), (2, 2));
}

#[test]
fn checks_end_with_their_route() {
    let tools = two(Speaks::default());
    let gateway = checked(&tools, "");
    eventually("a check", || (!tools[0].checks().is_empty()).then_some(()));
    let file = gateway.folder().join("gateway.yaml");
    let written = std::fs::read_to_string(&file).unwrap();
    let other =
        format!("addresses: [\"{}\"], health: {{path: /other, interval_ms: 100}}}}", tools[1].address);
    let start = written.find("addresses: [").unwrap();
    let end = start + written[start..].find('\n').unwrap();
    std::fs::write(&file, format!("{}{other}{}", &written[..start], &written[end..])).unwrap();
    gateway.await_version(2);
    let others = || tools[1].checks().iter().filter(|check| check.target == "/other").count();
    // One of the old ones may still be on its way when the first new one arrives.
    eventually("checks of the new kind", || (others() >= 3).then_some(()));
    let (first, old) = (tools[0].checks().len(), tools[1].checks().len() - others());
    let seen = others();
    eventually("more checks", || (others() >= seen + 3).then_some(()));
    assert_eq!((tools[0].checks().len(), tools[1].checks().len() - others()), (first, old));
    assert_eq!(shown(&gateway, &tools[0].address), None);
}
