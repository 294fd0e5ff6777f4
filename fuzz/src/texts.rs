//! JSON bodies, and the files operators write.

use std::path::Path;
use std::sync::Arc;

use aegis_gateway::config::{Operation, Protocol, Sources, load_document};
use aegis_gateway::decision::compile;
use aegis_gateway::extract::{self, Extracted, OperationsExtractor, OperationsInput};
use aegis_gateway::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use aegis_gateway::model::decision::{RiskScore, SnapshotRef};
use aegis_gateway::model::document::Document;
use aegis_gateway::model::json::{CaseEqualKeys, NormalPath, PathAllowance, Reader, write_json};
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::policy::cedar::{CedarSchema, PolicyFile, findings, formatted, read, read_files};
use aegis_gateway::policy::conditions::{Condition, Scope};
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

/// A condition is read or refused at a place in it, and one that is read is answered. The first line is the condition, the rest the
/// arguments of the call.
pub fn condition(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (written, arguments) = text.split_once('\n').unwrap_or((text, "{}"));
    let condition = match Condition::parse(written) {
        Ok(condition) => condition,
        Err(error) => return assert!(error.line > 0 && error.column > 0, "refused nowhere"),
    };
    let Ok(arguments) = Reader::default().parse(arguments.as_bytes()) else { return };
    let principal = Principal::new("default", "bot", PrincipalKind::AiAgent);
    let call = ToolCall {
        action: Action::Verbatim("files.read".into()),
        resource: "".into(),
        resource_hidden: false,
        parameters: Parameters::Flat(arguments),
        description: "".into(),
    };
    let request = DecisionRequest::new(&principal, &call);
    let now = Timestamp::from_micros(1_795_414_794_000_000);
    let ask = || condition.evaluate(&Scope::new(request, "files.read", None, RiskScore::MAX, now));
    assert_eq!(ask(), ask(), "the same question was answered differently");
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

/// An OpenAPI document becomes operations, or its problems are named. A path that one of them is for is found to be that one or
/// one that is narrower. The first line is such a path, the rest the document.
pub fn openapi(data: &[u8]) {
    let Some((path, document)) = std::str::from_utf8(data).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    let text = "routes: [{name: x, match: {path_prefix: /}, protocol: http, capability_prefix: files, openapi: x.yaml, \
                upstream: {addresses: [\"127.0.0.1:9\"]}}]";
    let route = Document::parse("gateway.yaml", text).expect("the route is sound");
    let config = match load_document(route, Path::new("/nowhere"), [], &OneFile(document)) {
        Err(problems) => return assert!(problems.count() > 0, "refused without a problem"),
        Ok(config) => config,
    };
    let Protocol::Http { operations, .. } = &config.routes[0].protocol else { panic!("another protocol") };
    for (number, one) in operations.iter().enumerate() {
        assert!(one.capability.as_str().starts_with("files."), "a capability of another route");
        let twins = operations.iter().skip(number + 1).filter(|other| other.method == one.method);
        for other in twins {
            assert_ne!(one.path.shape(), other.path.shape(), "an operation stands twice");
        }
    }
    let Ok(path) = NormalPath::parse(path, PathAllowance::default()) else { return };
    let compiled = operations.iter().map(|operation| extract::Operation {
        method: operation.method.clone(),
        path: operation.path.clone(),
        capability: operation.capability.clone(),
        resource: None,
        resource_hidden: false,
    });
    let extractor = OperationsExtractor::new("files", compiled.collect());
    let input = OperationsInput { method: "GET", path: &path, query: None, content_type: None, body: b"" };
    let Ok(Extracted::Call { call, .. }) = extractor.extract(&Reader::default(), input) else {
        panic!("a request without query and body was refused")
    };
    let matches = |operation: &&Operation| {
        operation.method == "GET" && operation.path.variables(path.segments()).is_some()
    };
    let mut matching = operations.iter().filter(matches).peekable();
    if matching.peek().is_none() {
        return assert_eq!(call.action.capability(), Some("files.unmapped"));
    }
    let named = |operation: &Operation| call.action.capability() == Some(operation.capability.as_str());
    assert!(matching.any(|operation| named(operation)), "an operation that does not match was found");
}

/// Reading a Cedar policy or schema never panics; where the file of a policy can be read, what the formatter makes of it can be too, and
/// is the same policy.
pub fn cedar(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _schema = CedarSchema::read(text);
    let _files = read_files(&[PolicyFile { stem: "fuzz", text }]);
    let Ok(policy) = read(text) else { return };
    let _findings = findings(&policy);
    let Ok(pretty) = formatted(&policy) else { return };
    let again = read(&pretty).unwrap_or_else(|problems| panic!("formatted, it cannot be read: {problems}"));
    assert_eq!(again.effect(), policy.effect(), "formatted, it does something else");
    assert_eq!(again.has_conditions(), policy.has_conditions(), "formatted, it has other conditions");
}

/// An empty environment, and one text for every file.
struct OneFile<'a>(&'a str);

impl Sources for OneFile<'_> {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Ok(self.0.to_owned())
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
