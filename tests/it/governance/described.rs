//! Answers are as the `OpenAPI` document has them.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::support::{Answer, aegis, golden};

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let output = aegis().args(["schema", "openapi"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    })
}

/// Whether a path is one of a template such as `/a/{b}`.
fn fits(template: &str, path: &str) -> bool {
    let (templates, parts): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let one = |(template, part): (&&str, &&str)| {
        if template.starts_with('{') { !part.is_empty() } else { template == part }
    };
    templates.len() == parts.len() && templates.iter().zip(&parts).all(one)
}

/// Holds an answer against what the document says of the operation.
pub fn is_described(method: &str, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap();
    let paths = document()["paths"].as_object().unwrap();
    let Some((_, operations)) = paths.iter().find(|(template, _)| fits(template, path)) else {
        assert_eq!(answer.status, 404, "{method} {target}");
        return;
    };
    let Some(operation) = operations.get(method.to_lowercase()) else {
        // Document 003 has no 405.
        let other = if ["/evaluate", "/risk-check"].contains(&target) { 404 } else { 405 };
        assert_eq!(answer.status, other, "{method} {target}");
        return;
    };
    let described = &operation["responses"][answer.status.to_string()];
    assert!(
        described.is_object(),
        "{method} {target}: {} is not described: {}",
        answer.status,
        answer.text()
    );
    for (name, _) in &answer.headers {
        let of_http = ["content-type", "content-length", "date", "connection", "transfer-encoding"];
        let named = described["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .any(|(it, _)| it.eq_ignore_ascii_case(name));
        assert!(named || of_http.iter().any(|it| it.eq_ignore_ascii_case(name)), "{method} {target}: {name}");
    }
    let Some(content) = described["content"].as_object() else {
        assert!(answer.body.is_empty(), "{method} {target}: {}", answer.text());
        return;
    };
    let (media_type, body) = content.iter().next().unwrap();
    let essence = answer.header("content-type").unwrap().split(';').next().unwrap();
    assert_eq!(essence, media_type, "{method} {target}");
    if !essence.contains("json") {
        return;
    }
    let mut schema: Map<String, Value> = body["schema"].as_object().unwrap().clone();
    schema.insert("components".to_owned(), document()["components"].clone());
    let validator = jsonschema::draft202012::new(&Value::Object(schema)).unwrap();
    if let Err(error) = validator.validate(&answer.json()) {
        panic!("{method} {target}: {} at {}: {}", error, error.instance_path(), answer.text());
    }
}

#[test]
fn the_document_is_served_and_printed_and_kept() {
    let world = super::world::World::start();
    let served = world.gateway.control_client().get("/openapi.json");
    assert_eq!((served.status, served.header("content-type")), (200, Some("application/json")));
    assert_eq!(&served.json(), document());
    golden("openapi.json", &format!("{}\n", serde_json::to_string_pretty(document()).unwrap()));
}

#[test]
fn what_operators_and_the_policy_server_answer_is_described() {
    let world = super::world::World::populated();
    for who in ["root", "auditor", "bot-1", "nobody"] {
        for path in [
            "/healthz",
            "/readyz",
            "/health",
            "/openapi.json",
            "/metrics",
            "/api/v1/status",
            "/api/v1/status?x=1",
            "/api/v1/holds",
            "/api/v1/holds?state=held",
            "/api/v1/holds/hld_x",
            "/api/v1/snapshots",
            "/api/v1/snapshots/1",
            "/api/v1/snapshots/99",
            "/api/v1/audit",
            "/api/v1/audit?limit=x",
            "/api/v1/policy",
        ] {
            world.ask(who, "GET", path);
        }
        for (method, path, body) in [
            ("POST", "/api/v1/evaluate", serde_json::json!({"action_type": "note"})),
            ("POST", "/api/v1/evaluate", serde_json::json!([{"action_type": "note"}, 1])),
            ("POST", "/api/v1/evaluate", serde_json::json!(1)),
            ("POST", "/api/v1/execute", serde_json::json!({"action_type": "note"})),
            ("PUT", "/api/v1/policy", serde_json::json!({"rules": 1})),
            ("POST", "/api/v1/holds/hld_x/approve", serde_json::json!({})),
            ("POST", "/api/v1/snapshots/99/rollback", serde_json::json!({})),
            ("POST", "/api/v1/snapshots/1/rollback", serde_json::json!({"x": 1})),
        ] {
            world.send(who, method, path, &body);
        }
    }
    let holds = world.get("ops", "/api/v1/holds");
    let id = holds["holds"][0]["hold_id"].as_str().unwrap();
    world.get("ops", &format!("/api/v1/holds/{id}"));
    for verb in ["cancel", "reject", "approve"] {
        world.send(
            "ops",
            "POST",
            &format!("/api/v1/holds/{id}/{verb}"),
            &serde_json::json!({"comment": "no"}),
        );
    }
}

#[test]
fn what_the_document_asks_a_key_for_is_not_served_without_one() {
    let world = super::world::World::start();
    let paths = document()["paths"].as_object().unwrap();
    let mut asked = 0;
    for (template, operations) in paths {
        // An id in a path is any text.
        let path = template.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        for (method, operation) in operations.as_object().unwrap() {
            let method = method.to_uppercase();
            if operation["security"].as_array().unwrap().is_empty() {
                continue;
            }
            asked += 1;
            let without = world.gateway.control_client().request(&method, &path, &[], b"");
            is_described(&method, &path, &without);
            // Document 003 says 403.
            let refused = if operation["tags"][0] == "evaluation" { 403 } else { 401 };
            assert_eq!(without.status, refused, "{method} {path}: {}", without.text());
            // The twenty-first unknown key of a minute is not looked at any more.
            let unknown = world.ask("nobody", &method, &path);
            assert!([refused, 429].contains(&unknown.status), "{method} {path}: {}", unknown.text());
        }
    }
    assert!(asked > 30, "{asked}");
}
