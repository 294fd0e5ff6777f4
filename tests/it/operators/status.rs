//! What a running gateway says of itself, and the verbs that ask it.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Gateway, Tool, aegis, eventually, key_hash, respond};

const READER: &str = "the-reader-key-0123456789abcdef";
const AUDITOR: &str = "the-auditor-key-0123456789abcdef";
const OTHER: &str = "the-other-key-0123456789abcdef";
const RULES: &str = "version: 1\ndefaults: {approval: auto}\n";

fn config(tool: &str) -> String {
    format!(
        "version: 1\nstage: staging\ndata_dir: data\naudit: {{durability: process}}\npolicy: {{rules: rules.yaml}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n  \
         - {{id: reader, hash: \"{}\", scopes: [\"governance:read\"]}}\n  \
         - {{id: auditor, hash: \"{}\", scopes: [\"audit:read\"]}}\n  \
         - {{id: other, hash: \"{}\", scopes: [\"metrics:read\"]}}\n\
         routes:\n- {{name: files, match: {{path_prefix: /mcp}}, protocol: mcp, capability_prefix: files, mode: shadow, \
         upstream: {{addresses: [\"{tool}\"]}}, anonymous: {{id: dev}}}}\n",
        key_hash(READER),
        key_hash(AUDITOR),
        key_hash(OTHER)
    )
}

fn start(tool: &str) -> Gateway {
    Gateway::configured(&config(tool)).file("rules.yaml", RULES).start()
}

fn status(gateway: &Gateway) -> Value {
    let answer = gateway.control_client().request("GET", "/api/v1/status", &[("X-Api-Key", READER)], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// A verb that asks `gateway`, with nothing of the test's own environment.
fn verb(gateway: &Gateway, arguments: &[&str]) -> Command {
    let mut command = aegis();
    command.args(arguments).env("AEGIS_URL", format!("http://{}", gateway.control)).env_remove("AEGIS_KEY");
    command
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_status_says_what_runs() {
    let gateway = start(&Tool::start().address.to_string());
    let status = status(&gateway);
    assert_eq!(status["build"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&status["stage"], &status["rejected"]), (&json!("staging"), &json!(null)));
    assert!(status["uptime_s"].as_u64().unwrap() < 600);
    let snapshot = &status["snapshot"];
    assert_eq!(
        (&snapshot["version"], &snapshot["rules"], &snapshot["routes"]),
        (&json!(1), &json!(0), &json!(1))
    );
    let recorded = &gateway.records_of("snapshot")[0];
    assert_eq!((&snapshot["hash"], &snapshot["since"]), (&recorded["snapshot"]["hash"], &recorded["time"]));
    let ledger = &status["ledger"];
    assert_eq!(
        (&ledger["ok"], &ledger["reason"], &ledger["durability"]),
        (&json!(true), &json!(null), &json!("process"))
    );
    let records = gateway.records();
    assert_eq!(ledger["records"], records.len());
    assert!(gateway.ledger().join(ledger["epoch"].as_str().unwrap()).is_dir());
    assert_eq!(ledger["head_hash"].as_str().unwrap().len(), 64);
    assert!(ledger["disk_free_bytes"].is_u64());
}

#[test]
fn routes_show_what_is_under_way_and_how_their_tools_are() {
    let (tool, release) = Tool::waiting();
    let gateway = start(&tool.address.to_string());
    let route = |in_flight: u64, healthy: bool| {
        json!([{"name": "files", "mode": "shadow", "protocol": "mcp", "in_flight": in_flight,
                "upstreams": [{"address": tool.address.to_string(), "healthy": healthy}]}])
    };
    assert_eq!(status(&gateway)["routes"], route(0, true));
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{}}}"#;
    let mut client = gateway.client();
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| client.post_json("/mcp", call).status);
        tool.wait();
        assert_eq!(status(&gateway)["routes"], route(1, true));
        release.send(()).unwrap();
        assert_eq!(calling.join().unwrap(), 200);
    });
    eventually("nothing is under way", || (status(&gateway)["routes"] == route(0, true)).then_some(()));
}

#[test]
fn a_tool_that_cannot_be_reached_shows_until_it_can() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let gateway = start(&address.to_string());
    let healthy = || status(&gateway)["routes"][0]["upstreams"][0]["healthy"].as_bool().unwrap();
    assert!(healthy(), "nothing is known of it yet");
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{}}}"#;
    assert_eq!(gateway.client().post_json("/mcp", call).status, 502);
    assert!(!healthy());
    let (code, told, _) = said(&verb(&gateway, &["status", "--key", READER]).output().unwrap());
    assert!(code == Some(0) && told.contains(&format!("{address} UNHEALTHY")), "{told}");

    let listener = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            respond(&mut stream, "200 OK", "application/json", b"{}");
        }
    });
    gateway.client().post_json("/mcp", call);
    assert!(healthy());
}

#[test]
fn what_was_refused_is_shown_in_full_and_what_runs_stays() {
    let gateway = start(&Tool::start().address.to_string());
    std::fs::write(
        gateway.folder().join("rules.yaml"),
        "version: 1\nruls: []\ndefaults: {approval: maybe}\n",
    )
    .unwrap();
    let rejected = eventually("the refusal", || {
        let status = status(&gateway);
        assert_eq!(status["snapshot"]["version"], 1);
        Some(status["rejected"].clone()).filter(|rejected| !rejected.is_null())
    });
    let problems = rejected["problems"].as_array().unwrap();
    assert!(rejected["at"].is_string() && problems.len() == 2, "{rejected}");
    assert!(problems.iter().all(|problem| problem.as_str().unwrap().contains("rules.yaml:")), "{rejected}");
    let (code, told, _) = said(&verb(&gateway, &["status", "--key", READER]).output().unwrap());
    assert!(code == Some(0) && told.contains("REJECTED") && told.contains("rules.yaml:2"), "{told}");
}

#[test]
fn the_status_is_for_those_who_may_read_and_takes_no_parameters() {
    let gateway = start(&Tool::start().address.to_string());
    let ask = |method: &str, path: &str, key: Option<&str>| {
        let headers: Vec<_> = key.iter().map(|key| ("X-Api-Key", *key)).collect();
        let answer = gateway.control_client().request(method, path, &headers, b"");
        (answer.status, answer.json()["type"].as_str().unwrap_or_default().to_owned(), answer)
    };
    let path = "/api/v1/status";
    assert_eq!(ask("GET", path, Some(AUDITOR)).0, 200);
    let missing = ask("GET", path, None);
    assert_eq!((missing.0, &*missing.1), (401, "urn:aegis:credentials-missing"));
    let lacking = ask("GET", path, Some(OTHER));
    assert_eq!((lacking.0, &*lacking.1), (403, "urn:aegis:scope-missing"));
    assert!(lacking.2.json()["detail"].as_str().unwrap().contains("governance:read or audit:read"));
    // In this order: the path and method, who calls, what they may do, what they ask.
    let other_method = ask("POST", "/api/v1/status?x=1", None);
    assert_eq!((other_method.0, &*other_method.1), (405, "urn:aegis:method-not-allowed"));
    assert_eq!(other_method.2.header("allow"), Some("GET, HEAD"));
    assert_eq!(ask("GET", "/api/v1/status?x=1", None).0, 401);
    assert_eq!(ask("GET", "/api/v1/status?x=1", Some(OTHER)).0, 403);
    for (query, field) in [("x=1", json!("x")), ("key=a&key=b", json!(null)), ("a%2", json!(null))] {
        let (status, code, answer) = ask("GET", &format!("{path}?{query}"), Some(READER));
        assert_eq!((status, &*code), (400, "urn:aegis:bad-query"), "{query}");
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    for other in ["/api/v1/status/", "/api/v1/Status", "/api/v1/status/x"] {
        assert_eq!(ask("GET", other, Some(READER)).0, 404, "{other}");
    }
}

#[test]
fn the_verbs_print_for_people_and_for_programs() {
    let gateway = start(&Tool::start().address.to_string());
    let (code, told, errors) = said(&verb(&gateway, &["status"]).env("AEGIS_KEY", READER).output().unwrap());
    assert_eq!((code, &*errors), (Some(0), ""));
    for line in [
        "stage staging",
        "0 rules, 1 routes",
        "files (mcp, shadow), 0 in flight",
        " healthy",
        "ok, durability process",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let (code, printed, _) = said(&verb(&gateway, &["status", "--json", "--key", READER]).output().unwrap());
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((code, &printed["snapshot"]), (Some(0), &status(&gateway)["snapshot"]));

    // Health needs no key, and a wrong one in the environment is no hindrance.
    for key in ["", "nonsense"] {
        let (code, told, _) = said(&verb(&gateway, &["health"]).env("AEGIS_KEY", key).output().unwrap());
        assert_eq!((code, &*told), (Some(0), "ok\n"));
    }
    let (code, printed, _) = said(&verb(&gateway, &["health", "--json"]).output().unwrap());
    assert_eq!(
        (code, serde_json::from_str::<Value>(&printed).unwrap()["status"].as_str()),
        (Some(0), Some("ok"))
    );
}

#[test]
fn refusals_and_silence_have_exit_codes_of_their_own_and_no_key_is_printed() {
    let gateway = start(&Tool::start().address.to_string());
    for (arguments, code, wanted) in [
        (vec!["status"], 1, "Credentials are required"),
        (vec!["status", "--key", "nonsense-key"], 1, "not valid"),
        (vec!["status", "--key", OTHER], 1, "governance:read or audit:read"),
        (vec!["status", "--key", "nonsense-key\n"], 2, "characters"),
        (vec!["status", "--url", "localhost:8000"], 2, "localhost:8000"),
        (vec!["status", "--url", &format!("http://{}/nowhere", gateway.control)], 1, "nothing at this path"),
    ] {
        let (ended, out, errors) = said(&verb(&gateway, &arguments).output().unwrap());
        assert_eq!((ended, &*out), (Some(code), ""), "{arguments:?}: {errors}");
        assert!(
            errors.contains(wanted) && !errors.contains("nonsense-key") && !errors.contains(OTHER),
            "{errors}"
        );
    }
    let (_, problem, _) = said(&verb(&gateway, &["status", "--json", "--key", OTHER]).output().unwrap());
    assert_eq!(serde_json::from_str::<Value>(&problem).unwrap()["type"], "urn:aegis:scope-missing");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let page = Tool::answering(|_, stream| respond(stream, "200 OK", "text/html", b"<p>hello"));
    let moved = Tool::answering(|_, stream| respond(stream, "302 Found", "application/json", b"{}"));
    for url in [nobody, format!("http://{}", page.address), format!("http://{}", moved.address)] {
        for verb in ["status", "health"] {
            let output = aegis().args([verb, "--url", &url, "--key", READER]).output().unwrap();
            let (code, out, errors) = said(&output);
            assert_eq!((code, &*out), (Some(3), ""), "{errors}");
            assert!(errors.contains(&url) && !errors.contains(READER), "{errors}");
        }
    }
    assert_eq!(moved.count(), 2, "nothing is followed and nothing retried");
}

#[test]
fn a_gateway_that_takes_no_calls_is_not_healthy() {
    // As gateways say it, and as earlier ones did.
    for status in ["503 Service Unavailable", "200 OK"] {
        let degraded = Tool::answering(move |_, stream| {
            respond(stream, status, "application/json", b"{\"status\":\"degraded\"}");
        });
        let url = format!("http://{}", degraded.address);
        let output = aegis().args(["health", "--url", &url]).output().unwrap();
        assert_eq!(said(&output), (Some(1), "degraded\n".to_owned(), String::new()));
        assert_eq!(degraded.only().line(), "GET /health HTTP/1.1");
    }
}

#[test]
fn https_is_verified_against_the_authorities_of_the_system() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    // The data plane speaks TLS, and that it serves no such path is an answer too.
    let gateway = Gateway::with(
        "gateway: {listen: [{address: \"127.0.0.1:0\", tls: {cert: c.pem, key: k.pem}}]}",
        RULES,
    )
    .file("c.pem", &made.cert.pem())
    .file("k.pem", &made.signing_key.serialize_pem())
    .start();
    let ask = |authorities: &str| {
        let mut command = aegis();
        command.args(["health", "--url", &format!("https://{}", gateway.address)]);
        said(&command.env("SSL_CERT_FILE", gateway.folder().join(authorities)).output().unwrap())
    };
    let (code, _, errors) = ask("c.pem");
    assert!(code == Some(1) && errors.contains("Not served here"), "{code:?}: {errors}");
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(gateway.folder().join("other.pem"), other.cert.pem()).unwrap();
    for authorities in ["other.pem", "missing.pem"] {
        let (code, out, errors) = ask(authorities);
        assert_eq!((code, &*out), (Some(3), ""), "{errors}");
    }
}
