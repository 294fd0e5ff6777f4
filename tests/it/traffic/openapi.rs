//! HTTP routes whose operations come from an OpenAPI document.

use serde_json::json;

use crate::support::{Gateway, Setup, Tool, aegis};

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: {title: CRM, version: "1"}
servers: [{url: "https://crm.example/v1"}]
paths:
  /contacts:
    get: {operationId: listContacts, responses: {200: {description: ok}}}
  /contacts/search:
    get: {operationId: contacts.search, responses: {200: {description: ok}}}
  /contacts/{id}:
    get: {operationId: getContact, x-aegis-capability: crm.contacts.read, x-aegis-resource: "contact:{id}"}
    delete: {operationId: deleteContact}
  /contacts/{id}.vcf:
    get: {operationId: contacts.card}
"#;

const RULES: &str = "version: 1\nrules:\n\
    - {name: nobody_else, match: {type: crm.contacts.read, target: \"contact:7\"}, approval: block}\n\
    - {name: reads, match: {type: \"crm.contacts.*\"}, approval: auto}\n\
    - {name: lists, match: {type: crm.list_contacts}, conditions: {param_eq: {query.q: x}}, approval: auto}\n";

fn gateway(tool: &Tool, more: &str) -> Setup {
    let route = format!(
        "routes:\n- name: crm\n  protocol: http\n  capability_prefix: crm\n  openapi: crm.openapi.yaml\n  \
         anonymous: {{id: dev, type: ai-agent}}\n  upstream: {{addresses: [\"{}\"]}}\n{more}",
        tool.address
    );
    Gateway::with(&route, RULES).file("crm.openapi.yaml", DOCUMENT)
}

#[test]
fn operations_of_a_document_are_decided_by_their_capabilities() {
    let tool = Tool::start();
    let gateway = gateway(&tool, "  match: {path_prefix: /v1}\n").start();
    for (method, target, status, capability, resource) in [
        ("GET", "/v1/contacts/8", 200, "crm.contacts.read", "contact:8"),
        ("GET", "/v1/contacts/7", 403, "crm.contacts.read", "contact:7"),
        ("GET", "/v1/contacts/search", 200, "crm.contacts.search", "/v1/contacts/search"),
        ("GET", "/v1/contacts/7.vcf", 200, "crm.contacts.card", "/v1/contacts/7.vcf"),
        ("GET", "/v1/contacts?q=x", 200, "crm.list_contacts", "/v1/contacts"),
        ("GET", "/v1/contacts", 403, "crm.list_contacts", "/v1/contacts"),
        ("DELETE", "/v1/contacts/8", 403, "crm.delete_contact", "/v1/contacts/8"),
        // What the document does not have is nothing else by chance.
        ("OPTIONS", "/v1/contacts/8", 403, "crm.unmapped", "/v1/contacts/8"),
        ("GET", "/v1/contacts/8/notes", 403, "crm.unmapped", "/v1/contacts/8/notes"),
        ("GET", "/v1", 403, "crm.unmapped", "/v1"),
    ] {
        let before = tool.count();
        let answer = gateway.client().request(method, target, &[], b"");
        assert_eq!(answer.status, status, "{method} {target}");
        assert_eq!(tool.count() - before, usize::from(status == 200), "{method} {target}");
        let record = gateway.records_of("decision").pop().unwrap();
        assert_eq!(
            (&record["capability"], &record["resource"]),
            (&json!(capability), &json!(resource)),
            "{method} {target}"
        );
    }
    // An answer to HEAD has no body to wait for.
    let count = tool.count();
    let mut head = gateway.client();
    head.send(b"HEAD /v1/contacts/8 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(head.read_all()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(gateway.records_of("decision").pop().unwrap()["capability"], "crm.unmapped");
    assert_eq!(tool.count(), count);
}

#[test]
fn a_prefix_that_is_cut_off_stands_before_the_paths_of_the_document() {
    let tool = Tool::start();
    let more = "  match: {path_prefix: /tools/crm}\n  strip_prefix: true\n  operations:\n  \
        - {method: DELETE, path: \"/tools/crm/v1/contacts/{id}\", capability: crm.contacts.remove}\n";
    let gateway = gateway(&tool, more).start();
    let status = |method: &str, target: &str| gateway.client().request(method, target, &[], b"").status;
    assert_eq!(status("GET", "/tools/crm/v1/contacts/8"), 200);
    assert_eq!(tool.seen().pop().unwrap().line(), "GET /v1/contacts/8 HTTP/1.1");
    assert_eq!(status("DELETE", "/tools/crm/v1/contacts/8"), 200, "the route's own operation goes first");
    assert_eq!(status("GET", "/v1/contacts/8"), 404);
    assert_eq!(status("GET", "/tools/crm/contacts/8"), 403);
}

#[test]
fn a_document_is_checked_with_the_configuration_that_names_it() {
    let tool = Tool::start();
    let gateway = gateway(&tool, "  match: {path_prefix: /v1}\n").start();
    let broken = DOCUMENT.replace("operationId: deleteContact", "operationId: get-contact?");
    std::fs::write(gateway.folder().join("crm.openapi.yaml"), broken).unwrap();
    let output = aegis().args(["check", "gateway.yaml"]).current_dir(gateway.folder()).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{errors}");
    let place =
        "crm.openapi.yaml:12:27: paths[\"/contacts/{id}\"].delete.operationId: no capability can be made";
    assert!(errors.lines().count() == 1 && errors.contains(place), "{errors}");
}
