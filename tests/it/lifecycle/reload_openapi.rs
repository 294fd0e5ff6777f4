//! A changed OpenAPI document is taken over like changed rules, whole or not at all.

use std::fs;

use super::reload::replace;
use crate::support::{Gateway, Tool, eventually, refused_start};

const RULES: &str = "version: 1\nrules:\n- {name: reads, match: {type: \"crm.*.read\"}, approval: auto}\n";

fn document(contacts: &str, leads: &str) -> String {
    format!(
        "openapi: 3.0.3\npaths:\n  /crm/contacts/{{id}}: {{get: {{operationId: {contacts}}}}}\n  \
         /crm/leads/{{id}}: {{get: {{operationId: {leads}}}}}\n"
    )
}

fn gateway(tool: &Tool, text: &str) -> Gateway {
    let route = format!(
        "routes:\n- {{name: crm, match: {{path_prefix: /crm}}, protocol: http, capability_prefix: crm, openapi: api/crm.yaml, \
         anonymous: {{id: dev, type: ai-agent}}, upstream: {{addresses: [\"{}\"]}}}}\n",
        tool.address
    );
    Gateway::with(&route, RULES).file("api/crm.yaml", text).start()
}

fn statuses(gateway: &Gateway) -> (u16, u16) {
    let status = |path: &str| gateway.client().get(path).status;
    (status("/crm/contacts/1"), status("/crm/leads/1"))
}

#[test]
fn an_edited_document_becomes_a_new_snapshot() {
    let tool = Tool::start();
    let gateway = gateway(&tool, &document("contacts.read", "leads.list"));
    let path = gateway.folder().join("api/crm.yaml");
    assert_eq!(statuses(&gateway), (200, 403));
    replace(&path, &document("contacts.list", "leads.read"));
    gateway.await_version(2);
    assert_eq!(statuses(&gateway), (403, 200));
    // In place, too; and what changes only what is not read is a new snapshot all the same, as with rules.
    fs::write(&path, document("contacts.read", "leads.read") + "info: {title: CRM}\n").unwrap();
    eventually("both", || (statuses(&gateway) == (200, 200)).then_some(()));
    let snapshots = gateway.records_of("snapshot");
    let hashes: Vec<&str> =
        snapshots.iter().map(|record| record["snapshot"]["hash"].as_str().unwrap()).collect();
    assert!(hashes.len() >= 3 && hashes[0] != hashes[1] && hashes[1] != hashes[2], "{hashes:?}");
}

#[test]
fn a_broken_document_is_refused_whole_and_the_last_good_stays() {
    let tool = Tool::start();
    let mut gateway = gateway(&tool, &document("contacts.read", "leads.list"));
    let path = gateway.folder().join("api/crm.yaml");
    let rejected = |gateway: &Gateway| !gateway.config_check()["rejected"].is_null();
    replace(&path, &document("contacts.list", "unmapped"));
    eventually("the rejection", || rejected(&gateway).then_some(()));
    for place in ["api/crm.yaml:4:", "what the route calls something else"] {
        eventually(place, || gateway.log().contains(place).then_some(()));
    }
    assert_eq!((statuses(&gateway), gateway.version()), ((200, 403), 1));
    fs::remove_file(&path).unwrap();
    eventually("the missing file", || gateway.log().contains("no such file").then_some(()));
    assert_eq!((statuses(&gateway), gateway.version()), ((200, 403), 1));

    gateway.stop();
    let (status, _, errors) = refused_start(gateway.folder());
    assert_eq!(status.code(), Some(64), "{errors}");
    assert!(errors.contains("routes[0].openapi: the file api/crm.yaml cannot be read"), "{errors}");
    replace(&path, &document("contacts.list", "leads.read"));
    let gateway = gateway.restart();
    assert_eq!(statuses(&gateway), (403, 200));
}
