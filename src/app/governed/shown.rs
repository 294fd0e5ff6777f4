//! The configuration as it may be kept and shown.

use serde_json::Value;

use crate::model::document::Document;

/// In the place of what is not shown.
const HIDDEN: &str = "[hidden]";

/// Keys under which a secret can be written out. References (`{file: ...}`, `{env: ...}`) are no secrets.
const SECRETS: [&str; 5] = ["secret", "password", "token", "api_key", "hash"];

/// The configuration as JSON, without what can be secret in it: values of headers, secrets and hashes of keys.
pub(in crate::app) fn shown_config(document: &Document) -> String {
    let mut value = document.to_json();
    hide(&mut value, false);
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn hide(value: &mut Value, in_headers: bool) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let secret = in_headers || SECRETS.contains(&key.to_ascii_lowercase().as_str());
                match value {
                    Value::String(text) if secret => HIDDEN.clone_into(text),
                    Value::Object(reference) if secret && is_reference(reference) => {}
                    _ => hide(value, key == "headers"),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| hide(element, in_headers)),
        _ => {}
    }
}

fn is_reference(members: &serde_json::Map<String, Value>) -> bool {
    members.keys().all(|key| key == "file" || key == "env")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_secret_is_not_shown() {
        let text = "control: {keys: [{id: a, hash: \"sha256:beef\", tenant: acme}]}\nroutes:\n- name: x\n  upstream: \
            {headers: {Authorization: Bearer-beef, X-Env: {env: NAME}, X-File: {file: f}}}\nholds: {webhook: {secret: beef}}\n";
        let shown = shown_config(&Document::parse("gateway.yaml", text).unwrap());
        assert!(!shown.contains("beef"), "{shown}");
        for kept in ["acme", "NAME", "\"f\"", "Authorization"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }
}
