//! A ledger that takes no records: nothing is forwarded, denials stay denials, everyone is told, and it recovers alone.

use std::net::SocketAddr;
use std::path::Path;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use crate::decisions::RULES;
use crate::support::{Answer, Client, Gateway, Running, Tool, eventually, metric_in, routes};

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"a"}}}"#;

/// What the rules allow, proposed by the administrator itself.
const PROPOSAL: &str = r#"{"actor":{"id":"admin","type":"ai-agent"},"action":{"capability":"crm.contacts.read","parameters":{}}}"#;

fn config(tool: &Tool, audit: &str) -> String {
    format!(
        "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}], max_body_bytes: 65536}}\npolicy: {{rules: rules.yaml}}\n\
         audit: {{{audit}, segment_bytes: 1048576}}\n{}",
        routes(tool.address)
    )
}

fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds > 0);
}

/// Reads, deletes, MCP calls and proposals are refused with 503 in their forms, and none reaches the tool.
fn refuses_everything((gateway, control): (SocketAddr, SocketAddr), folder: &Path, tool: &Tool) {
    let before = tool.count();
    let mut client = Client::connect(gateway);
    for (method, target) in [("GET", "/crm/contacts/1"), ("DELETE", "/crm/contacts/1"), ("GET", "/crm/other")]
    {
        let answer = client.request(method, target, &[], b"");
        is_unavailable(&answer);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.json();
        assert_eq!((&problem["code"], &problem["status"]), (&json!("ledger_unavailable"), &json!(503)));
    }
    let answer = client.post_json("/mcp", CALL);
    is_unavailable(&answer);
    let error = answer.json();
    assert_eq!(
        (&error["id"], &error["error"]["data"]["code"]),
        (&json!(7), &json!("ledger_unavailable")),
        "{error}"
    );
    assert_eq!(tool.count(), before);

    let mut control = Client::connect(control);
    let key = std::fs::read_to_string(folder.join("data/admin.key")).unwrap();
    let headers = [("X-Api-Key", key.trim()), ("Content-Type", "application/json")];
    let answer = control.request("POST", "/api/v1/governance/propose", &headers, PROPOSAL.as_bytes());
    is_unavailable(&answer);
    assert_eq!(answer.json()["error"]["code"], "ledger-unavailable");
    let ready = control.get("/readyz");
    assert_eq!((ready.status, &ready.json()["ledger"]), (503, &json!(false)));
    assert_eq!(control.get("/healthz").status, 200);
    let health = control.get("/health");
    assert_eq!(
        (health.status, &health.json()["status"], &health.json()["checks"]["ledger"]["ok"]),
        (503, &json!("degraded"), &json!(false))
    );
}

#[test]
fn below_the_reserve_of_free_space_nothing_is_forwarded() {
    let tool = Tool::start();
    let space = rustix::fs::statvfs(std::env::temp_dir()).unwrap();
    if space.f_bavail * 2 > space.f_blocks {
        eprintln!("skipped: more than half of this disk is free, and no reserve can be that large");
        return;
    }
    let config = config(&tool, "durability: process, reserve_percent: 50");
    let gateway = Gateway::configured(&config).file("rules.yaml", RULES).start();
    refuses_everything((gateway.address, gateway.control), gateway.folder(), &tool);
    let refused = "aegis_requests_total{code=\"ledger_unavailable\",outcome=\"REFUSED\",route=\"crm\"}";
    assert!((gateway.metric(refused) - 3.0).abs() < f64::EPSILON);
    assert!(gateway.metric("aegis_ledger_disk_free_bytes") > 0.0);
    assert!(gateway.records_of("decision").is_empty());
    assert!(gateway.log().contains("reserve"), "{}", gateway.log());
}

/// Lets the process write no file beyond so many bytes, as a full disk would; `None` lifts it.
fn limit_files(gateway: &Running, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(gateway.pid()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

/// A gateway that gets an error, not a signal, where it may write no further.
fn limited(tool: &Tool, durability: &str, folder: &Path) -> Running {
    std::fs::write(folder.join("gateway.yaml"), config(tool, &format!("durability: {durability}"))).unwrap();
    std::fs::write(folder.join("rules.yaml"), RULES).unwrap();
    let mut command = std::process::Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; exec \"$0\" serve --config gateway.yaml",
        env!("CARGO_BIN_EXE_aegis"),
    ]);
    Running::start(command.current_dir(folder))
}

fn fails_and_recovers(durability: &str) {
    let tool = Tool::start();
    let folder = tempfile::TempDir::new().unwrap();
    let mut gateway = limited(&tool, durability, folder.path());
    let address = gateway.address("gateway listening on http://");
    let control = gateway.address("control listening on http://");
    let mut client = Client::connect(address);
    assert_eq!(client.get("/crm/contacts/1").status, 200);

    limit_files(&gateway, Some(0));
    // What was prepared ahead is still used up.
    eventually("the ledger is full", || (client.get("/crm/contacts/2").status == 503).then_some(()));
    eventually("not ready", || (Client::connect(control).get("/readyz").status == 503).then_some(()));
    refuses_everything((address, control), folder.path(), &tool);

    limit_files(&gateway, None);
    eventually("ready again", || (Client::connect(control).get("/readyz").status == 200).then_some(()));
    eventually("served again", || (client.get("/crm/contacts/3").status == 200).then_some(()));
    assert!(gateway.stop("TERM").success(), "{}", gateway.log());

    let ledger = folder.path().join("data/ledger");
    let verified = crate::support::aegis().args(["audit", "verify"]).arg(&ledger).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let tail =
        crate::support::aegis().args(["audit", "tail", "-n", "1000000"]).arg(&ledger).output().unwrap();
    let records = String::from_utf8(tail.stdout).unwrap();
    for seen in tool.seen() {
        let id = seen.header("X-Aegis-Decision-Id").remove(0);
        assert!(records.contains(&id), "{id} was forwarded but not recorded");
    }
}

#[test]
fn a_disk_that_takes_no_more_refuses_everything_and_recovers_with_process_durability() {
    fails_and_recovers("process");
}

#[test]
fn a_disk_that_takes_no_more_refuses_everything_and_recovers_with_disk_durability() {
    fails_and_recovers("disk");
}

/// The tool has run by then: what it answered is the caller's, and its record comes as soon as the ledger takes it.
#[test]
fn an_answer_is_not_withheld_when_what_became_of_its_call_cannot_be_recorded() {
    const CALLS: usize = 8;
    let (tool, release) = Tool::waiting();
    let folder = tempfile::TempDir::new().unwrap();
    let mut gateway = limited(&tool, "process", folder.path());
    let address = gateway.address("gateway listening on http://");
    let control = gateway.address("control listening on http://");
    let mut held: Vec<Client> = (0..CALLS).map(|_| Client::connect(address)).collect();
    for client in &mut held {
        client.send(b"GET /crm/contacts/1 HTTP/1.1\r\nHost: x\r\n\r\n");
        tool.wait();
    }
    limit_files(&gateway, Some(0));
    let mut client = Client::connect(address);
    let mut full = || client.request("DELETE", "/crm/contacts/1", &[], b"").status == 503;
    eventually("the ledger is full", || full().then_some(()));
    (0..CALLS).for_each(|_| release.send(()).unwrap());
    for client in &mut held {
        let answer = client.answer().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"late\":true}"));
    }
    let key = std::fs::read_to_string(folder.path().join("data/admin.key")).unwrap();
    let metric = |name: &str| {
        let headers = [("X-Api-Key", key.trim())];
        let text = Client::connect(control).request("GET", "/metrics", &headers, b"").text();
        metric_in(&text, name)
    };
    // The room that was too little for another decision may have been enough for a record or two.
    eventually("each is counted", || {
        (metric("aegis_executions_total{result=\"completed\",route=\"crm\"}") >= 8.0).then_some(())
    });
    assert!(metric("aegis_ledger_execution_failed_total") >= 1.0);

    limit_files(&gateway, None);
    eventually("ready again", || (Client::connect(control).get("/readyz").status == 200).then_some(()));
    assert!(gateway.stop("TERM").success(), "{}", gateway.log());
    let ledger = folder.path().join("data/ledger");
    let verified = crate::support::aegis().args(["audit", "verify"]).arg(&ledger).output().unwrap();
    let verified = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.contains("8 execution completed"), "{verified}");
}
