//! Objects to ask, and a call to ask them about.

use std::sync::Arc;

use crate::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use crate::model::decision::RiskScore;
use crate::model::document::Document;
use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::governance::{
    Combine, Defaults, Governance, Kind, Object, Objects, PolicyAnswer, PolicyQuestion, Prospect, Source,
    Stamp, Written, read, read_file,
};

pub(super) fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// The defaults of an API call by tenant `acme`.
pub(super) const DEFAULTS: Defaults<'static> = Defaults { tenant: "acme", actor: None, id: Some("pol_1") };

/// Reads an object that must be sound.
pub(super) fn sound(kind: Kind, text: &str, defaults: Defaults<'_>) -> Written {
    let document = Document::parse("body", text).unwrap();
    read(kind, &document, defaults).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What is wrong with an object, one problem a line.
pub(super) fn problems(kind: Kind, text: &str) -> String {
    let document = Document::parse("body", text).unwrap();
    read(kind, &document, DEFAULTS).expect_err(text).to_string()
}

/// All objects of a file, as if they had been put there by the API.
pub(super) fn objects(file: &str) -> Objects {
    let document = Document::parse("governance.yaml", file).unwrap();
    let written = read_file(&document).unwrap_or_else(|problems| panic!("{problems}"));
    let mut objects = Objects::default();
    written.into_iter().for_each(|written| objects.put(object(written)));
    objects
}

pub(super) fn object(written: Written) -> Arc<Object> {
    let at = time("2026-11-20T00:00:00Z");
    let stamp = Stamp { id: "x".into(), version: 1, created_at: at, updated_at: at, source: Source::Api };
    Arc::new(Object { key: written.key, stamp, written: written.written, content: written.content })
}

pub(super) fn governance(file: &str) -> Governance {
    Governance::compile(&objects(file))
}

/// A call by `bot` of tenant `acme`.
pub(super) struct Asked {
    pub(super) capability: &'static str,
    pub(super) parameters: &'static str,
    pub(super) combine: Combine,
    pub(super) tenant: &'static str,
}

impl Asked {
    pub(super) fn new(capability: &'static str, parameters: &'static str) -> Self {
        Self { capability, parameters, combine: Combine::DenyOverrides, tenant: "acme" }
    }

    fn with<T>(&self, parameters: Parameters<'_>, ask: impl FnOnce(&PolicyQuestion<'_>) -> T) -> T {
        let principal = Principal::new(self.tenant, "bot", PrincipalKind::AiAgent);
        let call = ToolCall {
            action: Action::Verbatim(self.capability.into()),
            resource: "".into(),
            resource_hidden: false,
            parameters,
            description: "".into(),
        };
        ask(&PolicyQuestion {
            request: DecisionRequest::new(&principal, &call),
            capability: self.capability,
            risk_level: None,
            score: RiskScore::default(),
            now: time("2026-11-22T18:30:00Z"),
            combine: self.combine,
        })
    }

    pub(super) fn ask(&self, governance: &Governance) -> PolicyAnswer {
        let parameters = Reader::default().parse(self.parameters.as_bytes()).unwrap();
        self.with(Parameters::Flat(parameters), |question| governance.ask(question))
    }

    pub(super) fn prospect(&self, governance: &Governance) -> Prospect {
        let unknown = Parameters::Unknown { name_resource: false };
        self.with(unknown, |question| governance.prospect(question))
    }
}
