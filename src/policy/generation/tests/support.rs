//! Records to be fed, engines to be asked, and outcomes to be looked at.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::json::Reader;
use crate::model::time::Timestamp;
use crate::policy::cedar::{Engine, EngineOptions, Mode, StoredPolicy};
use crate::policy::generation::{
    EntityRef, Generated, GenerationConfig, GenerationInput, Observation, ObservationLimits, Observations,
    ObservedConfig, ObservedOutcome, Unaskable, generate,
};

/// When the window of every test begins.
pub(super) const START: &str = "2026-11-01T00:00:00Z";

/// Whose records they are.
pub(super) const TENANT: &str = "acme";

/// A record of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) event: String,
    /// Seconds from the start of the window on.
    pub(super) second: u32,
    /// Whether a policy reads its time.
    pub(super) timed: bool,
    pub(super) who: Option<EntityRef>,
    pub(super) groups: Vec<EntityRef>,
    pub(super) roles: Vec<EntityRef>,
    pub(super) does: EntityRef,
    pub(super) on: EntityRef,
    pub(super) below: Vec<EntityRef>,
    /// JSON.
    pub(super) args: Option<String>,
    pub(super) outcome: ObservedOutcome,
    pub(super) tunnel: bool,
}

pub(super) fn entity(kind: &str, id: &str) -> EntityRef {
    EntityRef::new(kind, id).unwrap()
}

/// That agent doing `files.read` to the gateway `g`, allowed.
pub(super) fn record(event: &str, who: &str) -> Record {
    Record {
        event: event.to_owned(),
        second: 0,
        timed: false,
        who: Some(entity("Agent", who)),
        groups: Vec::new(),
        roles: Vec::new(),
        does: entity("Action", "files___read"),
        on: entity("Gateway", "g"),
        below: Vec::new(),
        args: Some("{}".to_owned()),
        outcome: ObservedOutcome::Allowed,
        tunnel: false,
    }
}

pub(super) fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// A configuration, whose window is November 2026 where it names none.
pub(super) fn config(mut written: Value) -> ObservedConfig {
    let members = written.as_object_mut().unwrap();
    members.entry("window").or_insert_with(|| json!({ "start": START, "end": "2026-12-01T00:00:00Z" }));
    match GenerationConfig::read(&written, time(START)) {
        Ok(GenerationConfig::Observed(config)) => config,
        other => panic!("{other:?}"),
    }
}

pub(super) fn observed(config: &ObservedConfig, records: &[Record]) -> Observations {
    observed_of(TENANT, config, records)
}

pub(super) fn observed_of(tenant: &str, config: &ObservedConfig, records: &[Record]) -> Observations {
    let mut observations = Observations::new(config.window, tenant, ObservationLimits::default());
    records.iter().for_each(|record| feed(&mut observations, record));
    observations
}

pub(super) fn feed(observations: &mut Observations, record: &Record) {
    let reader = Reader { max_depth: 128, ..Reader::default() };
    let arguments = record.args.as_ref().map(|text| reader.parse(text.as_bytes()).unwrap());
    let start = time(START).as_micros();
    let at = Timestamp::from_micros(start + i64::from(record.second) * 1_000_000);
    let Some(who) = &record.who else {
        observations.pass_over((&record.event, at), record.outcome, Unaskable::Principal);
        return;
    };
    observations.feed(&Observation {
        event_id: &record.event,
        at,
        now: record.timed.then_some(at),
        session: None,
        principal: who.clone(),
        groups: record.groups.clone(),
        roles: record.roles.clone(),
        attributes: vec![("kind", "ai-agent")],
        claims: Vec::new(),
        tunnel: record.tunnel,
        action: record.does.clone(),
        action_parents: vec![entity("Action", "CallTool"), entity("Action", "Mcp")],
        resource: record.on.clone(),
        resource_parents: record.below.clone(),
        arguments: arguments.as_ref(),
        context: Vec::new(),
        outcome: record.outcome,
    });
}

/// What a run makes of these records, without an engine.
pub(super) fn made(written: Value, records: &[Record]) -> Generated {
    made_beside(written, records, None)
}

pub(super) fn made_beside(written: Value, records: &[Record], present: Option<&Engine>) -> Generated {
    made_of(TENANT, written, records, present)
}

pub(super) fn made_of(
    tenant: &str,
    written: Value,
    records: &[Record],
    present: Option<&Engine>,
) -> Generated {
    let config = config(written);
    let observations = observed_of(tenant, &config, records);
    generate(&GenerationInput {
        config: &config,
        observations: &observations,
        present,
        schema: None,
        hidden: &[],
    })
}

pub(super) fn engine<'t>(policies: impl IntoIterator<Item = (&'t str, &'t str)>) -> Engine {
    let stored = policies.into_iter().map(|(id, text)| StoredPolicy {
        id: id.into(),
        text: text.into(),
        mode: Mode::Active,
    });
    let engine = Engine::compile(EngineOptions::default(), stored);
    assert!(engine.broken().is_empty(), "{:?}", engine.broken());
    engine
}

/// The policies of a run as an engine.
pub(super) fn activated(generated: &Generated) -> Engine {
    let definitions = generated
        .assets
        .iter()
        .filter_map(|asset| Some((asset.asset_id.as_str(), &**asset.definition.as_ref()?)));
    engine(definitions)
}

/// Whether `engine` allows what the record is about.
pub(super) fn allows(engine: &Engine, record: &Record) -> bool {
    allows_of(TENANT, engine, record)
}

/// The same of a call of that tenant.
pub(super) fn allows_of(tenant: &str, engine: &Engine, record: &Record) -> bool {
    let config = config(json!({}));
    let observations = observed_of(tenant, &config, std::slice::from_ref(record));
    let call = observations.calls().keys().next().unwrap();
    engine.authorize(&call.asked().unwrap()).allowed
}

/// The definitions of a run, one behind the other.
pub(super) fn definitions(generated: &Generated) -> Vec<Arc<str>> {
    generated.assets.iter().filter_map(|asset| asset.definition.clone()).collect()
}

/// Everything that a run gave, for people.
pub(super) fn shown(generated: &Generated) -> String {
    let mut text = format!("{}\n", generated.status.as_str());
    for reason in &generated.status_reasons {
        writeln!(text, "reason: {reason}").unwrap();
    }
    for asset in &generated.assets {
        writeln!(text, "\n{}", asset.asset_id).unwrap();
        if let Some(fragment) = &asset.raw_text_fragment {
            writeln!(text, "of: {fragment}").unwrap();
        }
        for finding in &asset.findings {
            let about = finding.policy_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
            let count = finding.evidence.as_ref().map(|evidence| format!(" [{}]", evidence.count));
            let (kind, why) = (finding.kind.as_str(), &finding.description);
            writeln!(text, "{kind}{about}: {why}{}", count.unwrap_or_default()).unwrap();
        }
        text.push_str(asset.definition.as_deref().unwrap_or("(no policy)\n"));
    }
    let summary: Value = serde_json::from_str(&generated.findings).unwrap();
    writeln!(text, "\n{}", serde_json::to_string_pretty(&summary).unwrap()).unwrap();
    text
}
