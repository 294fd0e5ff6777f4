//! A record of the ledger, as far as answers show it. Records are ours: what one lacks was not known, or not yet written, when it
//! was made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::audit::index::{Call, CallKey};
use crate::model::decision::{Outcome, RiskLevel, RiskScore, SnapshotRef};

/// The members of a record that any answer shows.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) seq: u64,
    pub(super) time: String,
    pub(super) kind: String,
    pub(super) previous_hash: String,
    pub(super) actor: Option<String>,
    pub(super) actor_type: Option<String>,
    pub(super) capability: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) resource: Option<String>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    pub(super) outcome: Option<String>,
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) enforced: Option<bool>,
    #[serde(default)]
    pub(super) findings: Vec<FindingForm>,
    pub(super) risk: Option<Risk>,
    #[serde(borrow)]
    pub(super) obligations: Option<&'a RawValue>,
    pub(super) decision_id: Option<String>,
    pub(super) hold_id: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) environment: Option<String>,
    #[serde(borrow)]
    pub(super) metadata: Option<&'a RawValue>,
    pub(super) surface: Option<String>,
    pub(super) route: Option<String>,
    pub(super) description: Option<String>,
    #[serde(borrow)]
    pub(super) evaluation: Option<&'a RawValue>,
    pub(super) facts: Option<Facts>,
    #[serde(borrow)]
    pub(super) cedar: Option<&'a RawValue>,
    pub(super) path: Option<String>,
    pub(super) snapshot: Option<SnapshotForm>,
    pub(super) by: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) version: Option<u64>,
    pub(super) digest: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Risk {
    level: Option<String>,
    score: Option<f64>,
}

/// Of what a decision was made with, what is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Facts {
    gates: Option<ObservedForm>,
}

/// What the gates had observed of the caller of a tool, before the call.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Observed")]
pub(super) struct ObservedForm {
    /// How often it had made a call of this capability and of parameters of this shape.
    seen: u32,
    /// Its mean risk before; `null` where it had made no call.
    risk_before: Option<f64>,
    /// How far what it did of late was from its baseline, in nats; `null` where too little was known of it.
    drift: Option<f64>,
}

/// What one engine said.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Finding")]
pub(super) struct FindingForm {
    /// The engine.
    pub(super) engine: String,
    /// What it said; `null` where it could not tell, is only watched, or warns of something.
    pub(super) outcome: Option<String>,
    /// The policy that rule is of, and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// The rule it said it by.
    pub(super) rule: Option<String>,
    /// Why it could not tell.
    pub(super) error: Option<String>,
    /// What it would have come to, were it not only watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) would_have: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// What it warns of without restricting the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) warning: Option<String>,
}

impl FindingForm {
    /// How strict it is; what could not be told counts as a denial.
    fn strictness(&self) -> Option<Outcome> {
        let outcome = |word: &str| Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word);
        self.outcome.as_deref().map_or(Some(Outcome::Deny), outcome)
    }
}

/// What was in force.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "SnapshotReference")]
pub(in crate::control) struct SnapshotForm {
    /// Its version.
    version: u64,
    /// SHA-256 of what it was compiled from.
    hash: String,
}

impl SnapshotForm {
    pub(in crate::control) fn of(reference: &SnapshotRef) -> Self {
        Self { version: reference.version, hash: reference.hash.to_string() }
    }
}

/// Where the record stands in the ledger.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "LedgerPlace")]
pub(super) struct PlaceForm {
    /// The log it is in: that of one start of the gateway.
    epoch: String,
    /// Its number in that log.
    seq: u64,
    /// SHA-256 of its line, which the next record names.
    hash: String,
    /// The hash of the record before it.
    previous_hash: String,
}

impl<'a> Line<'a> {
    /// Reads the record of a call; `None` for a line that is no record.
    pub(super) fn of(call: &'a Call) -> Option<Self> {
        serde_json::from_slice(&call.line).ok()
    }

    /// What was called: the capability, or the tool's own name where that makes none.
    pub(super) fn called(&self) -> Option<&str> {
        self.capability.as_deref().or(self.tool.as_deref())
    }

    /// The surface that made it.
    pub(super) fn surface(&self) -> &str {
        self.surface.as_deref().unwrap_or("data_plane")
    }

    /// What the gates had observed, where they looked at it.
    pub(super) fn observed(&mut self) -> Option<ObservedForm> {
        self.facts.take()?.gates
    }

    /// What an evaluation of a change found: the answer to whoever asked for it.
    pub(super) fn evaluation(&self) -> Option<Box<RawValue>> {
        self.evaluation.map(ToOwned::to_owned)
    }

    /// The score, or that of the level where only that was recorded; `None` for what has no risk.
    pub(super) fn score(&self) -> Option<f64> {
        let risk = self.risk.as_ref()?;
        // A level this version does not know is taken for the worst.
        let level = risk.level.as_deref().and_then(RiskLevel::parse).unwrap_or(RiskLevel::Critical);
        let of_level = RiskScore::from_ten_thousandths(u32::from(level.score_hundredths()) * 100);
        Some(risk.score.unwrap_or_else(|| of_level.to_f64()))
    }

    /// What had to be done for the call: nothing of one that was not let through.
    pub(super) fn constraints(&self) -> Box<RawValue> {
        let none = || RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let allowed = self.outcome.as_deref() == Some(Outcome::Allow.as_str());
        self.obligations.filter(|_| allowed).map_or_else(none, ToOwned::to_owned)
    }

    /// The rules its findings name, each once, and the one that weighed most.
    pub(super) fn rules(&self) -> (Vec<String>, Option<String>) {
        let mut named: Vec<String> = Vec::new();
        for rule in self.findings.iter().filter_map(|finding| finding.rule.as_ref()) {
            if !named.contains(rule) {
                named.push(rule.clone());
            }
        }
        let by_rule = self.findings.iter().filter(|finding| finding.rule.is_some());
        // The first of the strictest: `max_by_key` takes the last.
        let matched = by_rule.rev().max_by_key(|finding| finding.strictness());
        (named, matched.and_then(|finding| finding.rule.clone()))
    }

    /// The record's place.
    pub(super) fn place(&self, call: &Call) -> PlaceForm {
        PlaceForm {
            epoch: call.at.epoch.to_string(),
            seq: self.seq,
            hash: call.hash().as_str().to_owned(),
            previous_hash: self.previous_hash.clone(),
        }
    }

    /// The reference under which the record is named: the decision's own letters behind `aud_`, and where no decision is, some
    /// of the record's hash.
    pub(super) fn reference(&self, call: &Call) -> String {
        let letters = self.decision_id.as_deref().and_then(|id| id.split_once('_'));
        match letters {
            Some((_, letters)) => format!("aud_{letters}"),
            None => {
                let hash = call.hash();
                let uuid = hash.as_str().get(..32).and_then(CallKey::parse);
                format!("aud_{}", uuid.map(|key| base32(&key.0)).unwrap_or_default())
            }
        }
    }
}

/// Sixteen bytes as the 26 letters of an id.
fn base32(bytes: &[u8; 16]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes).to_lowercase()
}
