//! The control listener: its paths, who may use them, and what a refusal looks like.

use serde_json::json;

use crate::support::{Answer, Client, Gateway, Running, aegis, key_hash};

const ADMIN: &str = "the-admin-key-0123456789abcdef";
const SCRAPER: &str = "the-scraper-key-0123456789abcdef";
const OTHER: &str = "the-other-key-0123456789abcdef";
const EXPIRED: &str = "the-expired-key-0123456789abcdef";

fn config() -> String {
    let hash = key_hash;
    format!(
        "version: 1\nstage: staging\ndata_dir: data\ngateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n\
         audit: {{durability: process}}\ntelemetry: {{listen: \"127.0.0.1:0\"}}\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n  \
         - {{id: ops, hash: \"{}\", scopes: [admin]}}\n  \
         - {{id: scraper, hash: \"{}\", scopes: [\"metrics:read\"]}}\n  \
         - {{id: other, hash: \"{}\", scopes: [\"audit:read\"]}}\n  \
         - {{id: old, hash: \"{}\", scopes: [admin], expires_at: \"2001-01-01T00:00:00Z\"}}\n",
        hash(ADMIN),
        hash(SCRAPER),
        hash(OTHER),
        hash(EXPIRED)
    )
}

fn start() -> Gateway {
    Gateway::configured(&config()).start()
}

fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/problem+json")));
    let problem = answer.json();
    assert_eq!(problem["type"], json!(format!("urn:aegis:{code}")), "{problem}");
    assert_eq!(problem["status"], json!(status));
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
}

#[test]
fn health_and_readiness_are_open_and_say_what_runs() {
    let gateway = start();
    let mut client = gateway.control_client();
    assert_eq!(client.get("/healthz").status, 200);
    let ready = client.get("/readyz");
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)));
    let health = client.get("/health").json();
    assert_eq!((&health["status"], &health["stage"]), (&json!("ok"), &json!("staging")));
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    let checks = &health["checks"];
    assert_eq!((&checks["ledger"]["ok"], &checks["ledger"]["durability"]), (&json!(true), &json!("process")));
    assert_eq!((&checks["config"]["ok"], &checks["config"]["snapshot_version"]), (&json!(true), &json!(1)));
    assert_eq!(checks["config"]["snapshot_hash"], gateway.records_of("snapshot")[0]["snapshot"]["hash"]);
    assert_eq!(checks["config"]["rejected"], json!(null));
    assert_eq!(checks["gates"], json!({"ok": true}));
}

#[test]
fn other_methods_of_the_probes_are_unknown_paths() {
    let gateway = start();
    for path in ["/health", "/healthz", "/readyz"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = gateway.control_client().request(method, path, &[], b"");
            if (method, path) == ("OPTIONS", "/health") {
                assert_eq!(answer.status, 204, "pages elsewhere may look");
                continue;
            }
            is_problem(&answer, 404, "not-found");
            assert_eq!(answer.header("allow"), None, "{method} {path}");
        }
        let mut client = gateway.control_client();
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        let mut text = String::new();
        std::io::Read::read_to_string(client.stream(), &mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("\r\n\r\n"), "{text}");
    }
}

#[test]
fn unknown_paths_are_problems_and_nothing_is_redirected() {
    let gateway = start();
    for path in ["/", "/metrics/", "/health/", "/api/v1", "/crm/contacts/1", "/Metrics"] {
        let answer = gateway.control_client().get(path);
        is_problem(&answer, 404, "not-found");
        assert!(answer.header("x-aegis-request-id").is_some());
        // What may be meant for the evaluation API is told in its form too; nothing of the other surfaces is for pages elsewhere.
        let ours = path.starts_with("/api");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*").filter(|_| !ours), "{path}");
        assert_eq!(answer.json().get("code"), Some(&json!("not_found")).filter(|_| !ours), "{path}");
    }
}

#[test]
fn metrics_need_a_key_with_their_scope() {
    let gateway = start();
    let get = |headers: &[(&str, &str)]| gateway.control_client().request("GET", "/metrics", headers, b"");
    let bearer = |key: &str| format!("Bearer {key}");
    for key in [ADMIN, SCRAPER] {
        for answer in [get(&[("X-Api-Key", key)]), get(&[("Authorization", &bearer(key))])] {
            assert_eq!(answer.status, 200);
            assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
            for name in ["aegis_build_info", "aegis_snapshot_version 1", "aegis_ledger_records_total"] {
                assert!(answer.text().contains(name), "{name}");
            }
        }
    }
    is_problem(&get(&[("X-Api-Key", OTHER)]), 403, "scope-missing");
    let missing = get(&[]);
    is_problem(&missing, 401, "credentials-missing");
    assert!(missing.header("www-authenticate").unwrap().starts_with("Bearer"));
    for headers in [
        vec![("X-Api-Key", "nonsense")],
        vec![("X-Api-Key", EXPIRED)],
        vec![("X-Api-Key", "")],
        vec![("Authorization", "Basic b3BzOm9wcw==")],
        vec![("Authorization", "Bearer")],
        vec![("X-Api-Key", ADMIN), ("X-Api-Key", ADMIN)],
        vec![("X-Api-Key", ADMIN), ("Authorization", "Bearer nonsense")],
        vec![("X-Api-Key", "nonsense"), ("Authorization", &bearer(ADMIN))],
        vec![("X-Api-Key", ADMIN), ("Authorization", &bearer(SCRAPER))],
    ] {
        let answer = get(&headers);
        is_problem(&answer, 401, "credentials-invalid");
        assert!(answer.header("www-authenticate").is_some(), "{headers:?}");
    }
    assert_eq!(get(&[("X-Api-Key", ADMIN), ("Authorization", &bearer(ADMIN))]).status, 200);
}

#[test]
fn another_method_on_metrics_names_those_there_are_before_any_key_is_asked() {
    let gateway = start();
    for key in [None, Some(ADMIN), Some("nonsense")] {
        let headers: Vec<_> = key.iter().map(|key| ("X-Api-Key", *key)).collect();
        for method in ["POST", "DELETE", "PUT"] {
            let answer = gateway.control_client().request(method, "/metrics", &headers, b"");
            is_problem(&answer, 405, "method-not-allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
}

#[test]
fn request_ids_are_taken_over_or_made() {
    let gateway = start();
    let id = |headers: &[(&str, &str)]| {
        let answer = gateway.control_client().request("GET", "/healthz", headers, b"");
        answer.header("x-aegis-request-id").unwrap().to_owned()
    };
    assert_eq!(id(&[("X-Request-ID", "mine-1.2:3/4")]), "mine-1.2:3/4");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    assert_eq!(id(&[("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))]), trace);
    assert_eq!(
        id(&[("X-Request-ID", "mine"), ("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))]),
        "mine"
    );
    let long = "a".repeat(129);
    for unfit in ["has space", "<script>", "", &long] {
        let made = id(&[("X-Request-ID", unfit)]);
        assert!(made.starts_with("req_") && made.len() == 30, "{unfit}: {made}");
    }
    assert!(id(&[("traceparent", "00-zz-b7ad6b7169203331-01")]).starts_with("req_"));
    assert_ne!(id(&[]), id(&[]));
}

#[test]
fn the_telemetry_listener_serves_four_paths_without_a_key_and_nothing_else() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("gateway.yaml"), config()).unwrap();
    let gateway =
        Running::start(aegis().args(["serve", "--config", "gateway.yaml"]).current_dir(folder.path()));
    let telemetry = gateway.address("telemetry listening on http://");
    let mut client = Client::connect(telemetry);
    for path in ["/health", "/healthz", "/readyz", "/metrics"] {
        assert_eq!(client.get(path).status, 200, "{path}");
        assert_eq!(client.request("GET", path, &[("X-Api-Key", "nonsense")], b"").status, 200, "{path}");
    }
    for path in ["/", "/api/v1/status", "/api/v1/governance/propose", "/crm/contacts/1", "/debug"] {
        is_problem(&client.get(path), 404, "not-found");
    }
    let control = gateway.address("control listening on http://");
    assert_eq!(Client::connect(control).get("/metrics").status, 401);
}
