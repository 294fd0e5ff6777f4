//! TLS to tools: who is believed, who is not, and what the gateway shows of itself.

use std::fs;

use super::certificates::{Authority, Issued};
use super::server::{Server, Speaks};
use super::{setup, shown};
use crate::support::{Gateway, Running, aegis, eventually};

const BOTH: [&str; 2] = ["h2", "http/1.1"];

/// A tool with this certificate.
fn tool(certificate: &Issued, protocols: &[&str]) -> Server {
    Server::start(Speaks { tls: Some(certificate.serve(None, protocols)), http2: false })
}

/// A gateway that believes `authority` and reaches `tool` in this way.
fn believing(authority: &Authority, tool: &Server, tls: &str, more: &str) -> Gateway {
    setup(&format!("addresses: [\"{}\"], tls: {{ca: ca.pem{tls}}}{more}", tool.address))
        .file("ca.pem", &authority.pem())
        .start()
}

/// The call is refused, and nothing of it reached the tool.
fn is_not_sent(gateway: &Gateway, tool: &Server, what: &str) {
    for _ in 0..2 {
        let answer = gateway.client().request("POST", "/crm/1", &[], b"{\"a\":1}");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("upstream_failed")), "{what}");
        assert_eq!(
            answer.json()["detail"],
            "The tool could not be reached; the call was not sent.",
            "{what}"
        );
    }
    assert!(tool.calls().is_empty(), "{what}");
}

#[test]
fn a_tool_that_is_verified_is_served_in_the_protocol_both_speak() {
    let authority = Authority::new();
    // By its address, which the certificate must hold.
    let certificate = authority.issue(&["127.0.0.1"]);
    for (http2, protocols, spoken) in [
        ("false", &BOTH[..], "HTTP/1.1"),
        ("true", &BOTH, "HTTP/2.0"),
        ("true", &["http/1.1"], "HTTP/1.1"),
        ("true", &[], "HTTP/1.1"),
        ("true", &["h2"], "HTTP/2.0"),
    ] {
        let tool = tool(&certificate, protocols);
        let gateway = believing(&authority, &tool, "", &format!(", http2: {http2}"));
        let mut client = gateway.client();
        let long = format!("\"{}\"", "x".repeat(300_000));
        for body in ["", "{}", &long] {
            let method = if body.is_empty() { "GET" } else { "POST" };
            let answer =
                client.request(method, "/crm/1", &[("Content-Type", "application/json")], body.as_bytes());
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "{\"ok\":true}"),
                "{http2} {protocols:?}"
            );
        }
        let seen = tool.calls();
        assert!(seen.iter().all(|seen| seen.version == spoken && !seen.certified), "{seen:?}");
        assert_eq!(seen[2].body, long.as_bytes());
        assert!(seen[0].target.starts_with("https://") == (spoken == "HTTP/2.0"), "{}", seen[0].target);
        assert_eq!(tool.connections(), 1, "kept: {http2} {protocols:?}");
    }
}

#[test]
fn a_tool_that_cannot_be_verified_gets_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (what, certificate, tls) in [
        ("not issued by the authority", other.issue(&["127.0.0.1"]), ""),
        ("expired", authority.issue_expired(&["127.0.0.1"]), ""),
        ("for another address", authority.issue(&["127.0.0.2"]), ""),
        ("for a name, reached by address", authority.issue(&["tool.example"]), ""),
        ("for another name", authority.issue(&["tool.example"]), ", server_name: other.example"),
        ("for a name with the address as its text", authority.issue(&["tool.127.0.0.1.example"]), ""),
    ] {
        for http2 in ["", ", http2: true"] {
            let tool = tool(&certificate, &BOTH);
            let gateway = believing(&authority, &tool, tls, http2);
            is_not_sent(&gateway, &tool, what);
            eventually("the address to be shown", || {
                (shown(&gateway, &tool.address) == Some(false)).then_some(())
            });
        }
    }
}

#[test]
fn the_systems_authorities_are_believed_unless_others_are_named() {
    let (system, own) = (Authority::new(), Authority::new());
    for (tls, believed) in [("true", &system), ("{ca: ca.pem}", &own)] {
        for issuer in [&system, &own] {
            let tool = tool(&issuer.issue(&["127.0.0.1"]), &BOTH);
            let setup = setup(&format!("addresses: [\"{}\"], tls: {tls}", tool.address));
            let gateway = setup
                .file("ca.pem", &own.pem())
                .file("system.pem", &system.pem())
                .variable("SSL_CERT_FILE", "system.pem")
                .start();
            if std::ptr::eq(issuer, believed) {
                assert_eq!(gateway.client().get("/crm/1").status, 200, "{tls}");
            } else {
                is_not_sent(&gateway, &tool, tls);
            }
        }
    }
}

#[test]
fn a_name_may_be_verified_in_the_place_of_the_address() {
    let authority = Authority::new();
    let tool = tool(&authority.issue(&["tool.example"]), &BOTH);
    let gateway = believing(&authority, &tool, ", server_name: tool.example", "");
    assert_eq!(gateway.client().get("/crm/1").status, 200);
    // Host is the caller's all the same.
    assert_eq!(tool.calls()[0].header("host"), Some(gateway.address.to_string().as_str()));
}

#[test]
fn a_host_that_is_reached_by_name_is_verified_by_it() {
    let authority = Authority::new();
    for (name, sound) in [("localhost", true), ("other.example", false)] {
        let tool = tool(&authority.issue(&[name]), &BOTH);
        let port = tool.address.rsplit(':').next().unwrap();
        for http2 in ["", ", http2: true"] {
            let gateway = setup(&format!("addresses: [\"localhost:{port}\"], tls: {{ca: ca.pem}}{http2}"))
                .file("ca.pem", &authority.pem())
                .start();
            if sound {
                let mut client = gateway.client();
                let before = tool.connections();
                assert_eq!([(); 3].map(|()| client.get("/crm/1").status), [200; 3]);
                assert!(tool.connections() - before <= 2, "kept");
            } else {
                is_not_sent(&gateway, &tool, name);
            }
        }
    }
}

#[test]
fn a_tool_that_asks_for_a_certificate_is_shown_the_routes_own() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let certificate = authority.issue(&["127.0.0.1"]);
    let shown = clients.issue(&["aegis.example"]);
    let stranger = authority.issue(&["aegis.example"]);
    for http2 in ["", ", http2: true"] {
        let tool =
            Server::start(Speaks { tls: Some(certificate.serve(Some(&clients), &BOTH)), http2: false });
        let of = |identity: Option<&Issued>| {
            let tls = if identity.is_some() { ", client_cert: own.pem, client_key: own.key" } else { "" };
            let setup = setup(&format!("addresses: [\"{}\"], tls: {{ca: ca.pem{tls}}}{http2}", tool.address));
            let setup = setup.file("ca.pem", &authority.pem());
            match identity {
                Some(own) => setup.file("own.pem", &own.pem()).file("own.key", &own.key_pem()).start(),
                None => setup.start(),
            }
        };
        // Under TLS 1.3 a client learns only with the first answer that it was not believed.
        for identity in [None, Some(&stranger)] {
            assert_eq!(of(identity).client().get("/crm/1").status, 502);
            assert!(tool.calls().is_empty());
        }
        assert_eq!(of(Some(&shown)).client().get("/crm/1").status, 200);
        assert!(tool.calls()[0].certified);
    }
}

#[test]
fn routes_with_other_certificates_share_no_connection() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let certificate = authority.issue(&["127.0.0.1"]);
    let tool = Server::start(Speaks { tls: Some(certificate.serve(Some(&clients), &BOTH)), http2: false });
    let route = |name: &str, tls: &str| {
        format!(
            "- {{name: {name}, match: {{path_prefix: /{name}}}, protocol: http, capability_prefix: {name}, operations: [], \
             anonymous: {{id: dev, type: ai-agent}}, upstream: {{addresses: [\"{}\"], http2: true, tls: {{{tls}}}}}}}\n",
            tool.address
        )
    };
    let own = "client_cert: own.pem, client_key: own.key";
    let section = [
        "routes:\n".to_owned(),
        route("a", &format!("ca: ca.pem, {own}")),
        route("same", &format!("ca: ca.pem, {own}")),
        route("bare", "ca: ca.pem"),
        route("other", "ca: ca.pem, client_cert: other.pem, client_key: other.key"),
        route("strict", &format!("ca: others.pem, {own}")),
    ]
    .concat();
    let gateway = Gateway::with(&section, super::OPEN).file("ca.pem", &authority.pem());
    let (first, second) = (clients.issue(&["a.example"]), clients.issue(&["b.example"]));
    let gateway = gateway
        .file("own.pem", &first.pem())
        .file("own.key", &first.key_pem())
        .file("other.pem", &second.pem())
        .file("other.key", &second.key_pem())
        .file("others.pem", &Authority::new().pem())
        .start();
    let status = |path: &str| gateway.client().get(path).status;
    assert_eq!([status("/a/1"), status("/same/1"), status("/other/1")], [200; 3]);
    // Neither may use the connection that is open: one shows nothing, the other does not believe the tool.
    assert_eq!([status("/bare/1"), status("/strict/1")], [502; 2]);
    let by: Vec<_> = tool.calls().iter().map(|seen| seen.connection).collect();
    assert!(by.len() == 3 && by[0] == by[1] && by[1] != by[2], "{by:?}");
}

#[test]
fn a_certificate_that_is_replaced_is_taken_over() {
    let (old, new) = (Authority::new(), Authority::new());
    let tool = tool(&new.issue(&["127.0.0.1"]), &BOTH);
    let gateway = believing(&old, &tool, "", "");
    is_not_sent(&gateway, &tool, "the old authority");
    fs::write(gateway.folder().join("ca.pem"), new.pem()).unwrap();
    gateway.await_version(2);
    assert_eq!(gateway.client().get("/crm/1").status, 200);
}

#[test]
fn a_handshake_that_does_not_end_is_bounded() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway =
        setup(&format!("addresses: [\"{}\"], tls: true, connect_ms: 200", silent.local_addr().unwrap()))
            .start();
    let answer = gateway.client().get("/crm/1");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (504, Some("upstream_timeout")));
    assert_eq!(answer.json()["detail"], "The tool could not be reached in time; the call was not sent.");
}

#[test]
fn checks_are_made_the_way_calls_go() {
    let authority = Authority::new();
    for (path, http2) in [("", ""), ("path: /healthz, ", ""), ("path: /healthz, ", ", http2: true")] {
        let health = format!(", health: {{{path}interval_ms: 100, unhealthy_after: 1}}{http2}");
        let sound = tool(&authority.issue(&["127.0.0.1"]), &BOTH);
        let strange = tool(&Authority::new().issue(&["127.0.0.1"]), &BOTH);
        let gateway = setup(&format!(
            "addresses: [\"{}\", \"{}\"], tls: {{ca: ca.pem}}{health}",
            sound.address, strange.address
        ))
        .file("ca.pem", &authority.pem())
        .start();
        eventually("the strange tool to be shown", || {
            (shown(&gateway, &strange.address) == Some(false)).then_some(())
        });
        assert_eq!(shown(&gateway, &sound.address), Some(true));
        for _ in 0..4 {
            assert_eq!(gateway.client().get("/crm/1").status, 200);
        }
        if !path.is_empty() {
            let check = eventually("a check", || sound.checks().pop());
            assert_eq!(check.version == "HTTP/2.0", !http2.is_empty(), "{check:?}");
        }
    }
}

#[test]
fn authorities_of_the_system_that_cannot_be_read_keep_it_from_starting() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("gateway.yaml"), "data_dir: data\ngateway: {listen: [{address: \"127.0.0.1:0\"}]}\ncontrol: {listen: \"127.0.0.1:0\"}\n").unwrap();
    let mut command = aegis();
    command.args(["serve", "--config", "gateway.yaml"]).current_dir(folder.path());
    let mut running =
        Running::spawn(command.env("SSL_CERT_FILE", "/no/such/file.pem").env_remove("SSL_CERT_DIR"));
    let status = eventually("the refusal", || running.ended());
    let said = running.log();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("the system's certificate authorities cannot be used"), "{said}");
    assert!(said.contains("SSL_CERT_FILE") && !said.contains("panicked"), "{said}");
}
