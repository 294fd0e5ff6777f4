//! JSON bodies, and the files operators write.

use std::path::Path;
use std::sync::Arc;

use aegis_gateway::config::{Sources, load_document};
use aegis_gateway::decision::compile;
use aegis_gateway::model::decision::SnapshotRef;
use aegis_gateway::model::document::Document;
use aegis_gateway::model::json::{CaseEqualKeys, Reader, write_json};
use aegis_gateway::policy::rules;
use serde_json::Value;

/// What the strict reader accepts, `serde_json` accepts too and reads as the same value, and so it stays when written
/// again. (The strict reader refuses more; that is what it is for.)
pub fn json(data: &[u8]) {
    for case_equal_keys in [CaseEqualKeys::Refuse, CaseEqualKeys::Allow] {
        let reader = Reader { case_equal_keys, ..Reader::default() };
        let Ok(tree) = reader.parse(data) else { continue };
        let theirs: Value =
            serde_json::from_slice(data).expect("the strict reader is stricter than serde_json");
        let mut written = Vec::new();
        write_json(&tree, &|_| false, &mut written);
        let again: Value = serde_json::from_slice(&written).expect("what is written can be read");
        assert_eq!(theirs, again, "the value changed");
        assert!(!written.iter().any(|byte| *byte < 0x20), "what is written holds a control byte");
        let tree_again = reader.parse(&written).expect("what is written is strict");
        let mut rewritten = Vec::new();
        write_json(&tree_again, &|_| false, &mut rewritten);
        assert_eq!(written, rewritten, "writing is not stable");
    }
}

/// A rules file compiles, or its problems are named.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(document) = Document::parse("rules.yaml", text) else { return };
    if let Err(problems) = rules::compile(&document) {
        assert!(problems.count() > 0, "refused without a problem");
    }
}

/// A configuration loads and compiles to a snapshot, or its problems are named.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(document) = Document::parse("gateway.yaml", text) else { return };
    match load_document(document, Path::new("/nowhere"), [], &NoSources) {
        Err(problems) => assert!(problems.count() > 0, "refused without a problem"),
        Ok(config) => {
            let reference = SnapshotRef::new(1, Arc::from("0"));
            // What loads may still not compile; it must say so and not panic.
            let _snapshot_or_reason = compile(&config, None, &[], reference);
        }
    }
}

/// An empty environment and an empty disk.
struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no such file".to_owned())
    }
}
