//! What a decision's record says of Cedar.
//!
//! Imports `model` and `audit::record`.

use std::sync::Arc;

use crate::audit::record::Line;
use crate::model::call::{Claim, DecisionRequest, Parameters};
use crate::model::decision::{CedarFound, Reason};
use crate::model::json::Json;
use crate::telemetry::Redaction;

impl Line {
    /// What the enforcing engine found.
    pub(in crate::audit) fn cedar(&mut self, found: &CedarFound) {
        self.text(",\"cedar\":{\"engine\":", &found.engine);
        self.plain(",\"mode\":\"", if found.enforced { "enforce" } else { "log_only" });
        self.raw(",\"allowed\":", word(found.allowed));
        self.texts(",\"determining\":[", &found.determining);
        if found.more > 0 {
            self.raw(",\"more\":", &found.more.to_string());
        }
        self.failed(&found.errors);
        if let Some((policy, why)) = &found.refusal {
            self.text(",\"refusal\":{\"reason\":", why.as_str());
            if let Some(policy) = policy {
                self.text(",\"policy\":", policy);
            }
            self.bytes.push(b'}');
        }
        if let Some(shadow) = &found.shadow {
            self.raw(",\"shadow\":{\"allowed\":", word(shadow.allowed));
            self.raw(",\"flips\":", word(shadow.flips));
            self.texts(",\"determining\":[", &shadow.determining);
            self.failed(&shadow.errors);
            self.bytes.push(b'}');
        }
        self.bytes.push(b'}');
    }

    /// The policies that failed, where some did.
    fn failed(&mut self, errors: &[(Arc<str>, Reason)]) {
        for (index, (policy, error)) in errors.iter().enumerate() {
            self.text(if index == 0 { ",\"errors\":[{\"policy\":" } else { ",{\"policy\":" }, policy);
            self.text(",\"error\":", error.as_str());
            self.bytes.push(b'}');
        }
        if !errors.is_empty() {
            self.bytes.push(b']');
        }
    }

    /// What policies of Cedar may ask of a caller and a call besides what every record says: groups, roles, the person, and the path of an
    /// HTTP operation. Policies are made of records, and need them.
    pub(in crate::audit) fn whereabouts(&mut self, request: &DecisionRequest<'_, '_>, redaction: &Redaction) {
        let principal = request.principal;
        if !principal.groups.is_empty() {
            self.texts(",\"groups\":[", &principal.groups);
        }
        if !principal.roles.is_empty() {
            self.texts(",\"roles\":[", &principal.roles);
        }
        if let Some(person) = &principal.person {
            self.text(",\"person\":", person);
        }
        if let (Parameters::Sections { path: variables, .. }, Some(path)) =
            (&request.call.parameters, request.context.path)
        {
            // An argument that is hidden stands in the path too.
            let hides = |name: &str| redaction.hides(name);
            let hidden = match variables {
                Json::Object(members) => members.iter().any(|(name, _)| hides(name.as_str())),
                _ => false,
            };
            let hidden = hidden || request.call.resource_hidden;
            self.text(",\"path\":", if hidden { "[REDACTED]" } else { path.spelling() });
        }
    }

    /// What the caller's token claims, which policies read as tags.
    pub(in crate::audit) fn claims(&mut self, claims: &[Claim], redaction: &Redaction) {
        for (index, claim) in claims.iter().enumerate() {
            self.raw(if index == 0 { ",\"claims\":{" } else { "," }, "");
            self.text("", &claim.name);
            self.text(":", if redaction.hides(&claim.name) { "[REDACTED]" } else { &claim.value });
        }
        if !claims.is_empty() {
            self.bytes.push(b'}');
        }
    }

    /// A list of texts; `key` is all up to the first.
    fn texts(&mut self, key: &'static str, texts: &[Arc<str>]) {
        self.raw(key, "");
        for (index, text) in texts.iter().enumerate() {
            self.text(if index == 0 { "" } else { "," }, text);
        }
        self.bytes.push(b']');
    }
}

const fn word(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
