//! The digest of everything that the outcome of a run depends on. Imports configuration, observations and the engine.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::model::time::Timestamp;
use crate::policy::cedar::{CedarSchema, Engine, Mode};
use crate::policy::generation::config::{
    ArgumentMode, Granularity, ObserveMode, ObservedConfig, ResourceMode,
};
use crate::policy::generation::observe::{Evidence, Observations, Unaskable};

/// A hash of texts, each behind its length, so that no two sequences are hashed alike.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::generation) struct InputDigest(Sha256);

impl InputDigest {
    /// Adds one text.
    pub(in crate::policy::generation) fn text(&mut self, text: &str) {
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.text(&number.to_string());
    }

    /// The digest, 64 hexadecimal digits.
    pub(in crate::policy::generation) fn finish(self) -> String {
        HEXLOWER.encode(&self.0.finalize())
    }
}

/// The digest of a run over what was seen.
pub(in crate::policy::generation) fn digest_of(
    config: &ObservedConfig,
    observations: &Observations,
    present: Option<&Engine>,
    schema: Option<&CedarSchema>,
    hidden: &[String],
) -> String {
    let mut digest = InputDigest::default();
    digest.text("observed 2");
    digest.text(observations.tenant());
    add_config(config, &mut digest);
    add_observations(observations, &mut digest);
    if let Some(present) = present {
        add_engine(present, &mut digest);
    }
    digest.text(schema.map_or("no schema", |schema| schema.text()));
    digest.number(u64::try_from(hidden.len()).unwrap_or(u64::MAX));
    hidden.iter().for_each(|word| digest.text(word));
    digest.finish()
}

/// Not the name of the run: it changes nothing.
fn add_config(config: &ObservedConfig, digest: &mut InputDigest) {
    digest.text(&config.window.to_string());
    for entities in [&config.principals, &config.actions] {
        digest.text(if entities.is_some() { "these" } else { "all" });
        let entities = entities.iter().flatten();
        digest.text(&entities.map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    digest.text(match config.granularity {
        Granularity::Principal => "principal",
        Granularity::Group => "group",
        Granularity::Role => "role",
    });
    digest.text(match config.observe_mode {
        ObserveMode::Enforce => "enforce",
        ObserveMode::LogOnly => "log_only",
    });
    digest.text(match config.arguments {
        ArgumentMode::None => "none",
        ArgumentMode::Enum => "enum",
        ArgumentMode::Range => "range",
        ArgumentMode::Prefix => "prefix",
    });
    digest.text(match config.resources {
        ResourceMode::Exact => "exact",
        ResourceMode::Prefix => "prefix",
        ResourceMode::Any => "any",
    });
    digest.number(config.min_count);
    digest.number(u64::try_from(config.max_policies).unwrap_or(u64::MAX));
    digest.number(u64::from(config.include_denied));
    digest.number(u64::from(config.include_approved));
    digest.number(u64::from(config.compare_to_engine));
}

fn add_observations(observations: &Observations, digest: &mut InputDigest) {
    let counts = observations.counts();
    for count in [
        counts.rows,
        counts.duplicates,
        counts.outside,
        counts.stopped,
        counts.refused,
        counts.dropped_allowed,
        counts.dropped_denied,
    ] {
        digest.number(count);
    }
    for why in [Unaskable::Principal, Unaskable::HiddenPath, Unaskable::Question] {
        digest.number(counts.unaskable(why));
    }
    for (call, tally) in observations.calls() {
        call.each_text(|text| digest.text(text));
        for evidence in [&tally.allowed, &tally.would_deny, &tally.denied, &tally.approved] {
            add_evidence(evidence, digest);
        }
    }
}

fn add_evidence(evidence: &Evidence, digest: &mut InputDigest) {
    digest.number(evidence.count);
    for time in [evidence.first_seen, evidence.last_seen] {
        digest.text(&time.map(Timestamp::to_rfc3339).unwrap_or_default());
    }
}

fn add_engine(present: &Engine, digest: &mut InputDigest) {
    let held = present.policies().map(|held| (held.id, (held.policy.text(), held.mode)));
    let broken = present.broken().iter().map(|(id, broken)| (id, (&broken.text, broken.mode)));
    let policies: BTreeMap<_, _> = held.chain(broken).collect();
    digest.text(&format!("{:?}", present.options()));
    for (id, (text, mode)) in policies {
        digest.text(id);
        digest.text(text);
        digest.text(if mode == Mode::Active { "active" } else { "log only" });
    }
}
