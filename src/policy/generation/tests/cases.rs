//! `tests/cases/generation`: records and a configuration in, policies and findings out. Each NAME.yaml has a NAME.expected, which
//! `UPDATE_GOLDEN=1` writes.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::policy::cedar::CedarSchema;
use crate::policy::generation::tests::support::{
    Record, START, config, engine, entity, observed, shown, time,
};
use crate::policy::generation::{
    EntityRef, EntityTypes, Generated, GenerationConfig, GenerationInput, ObservedOutcome, generate,
    translate,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    config: Value,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    present: Vec<Present>,
    #[serde(default)]
    schema: Option<String>,
    #[serde(default)]
    records: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Present {
    id: String,
    text: String,
}

/// Several records alike.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    who: String,
    does: String,
    on: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    args: Option<Value>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    times: Option<u32>,
}

impl Line {
    fn records(&self, number: usize) -> Vec<Record> {
        let list = |kind: &str, names: &[String]| names.iter().map(|name| entity(kind, name)).collect();
        let (prefix, tool) = self.does.rsplit_once('.').unwrap();
        let outcome = match self.outcome.as_deref() {
            None | Some("allowed") => ObservedOutcome::Allowed,
            Some("denied") => ObservedOutcome::Denied,
            Some("would_deny") => ObservedOutcome::WouldDeny,
            Some("stopped") => ObservedOutcome::Stopped,
            Some("approved") => ObservedOutcome::Approved,
            Some(other) => panic!("{other}"),
        };
        let record = |time: u32| Record {
            event: format!("{number}-{time}"),
            second: u32::try_from(number).unwrap() * 3600 + time,
            timed: false,
            who: (self.who != "?").then(|| entity("Agent", &self.who)),
            groups: list("Group", &self.groups),
            roles: list("Role", &self.roles),
            does: entity("Action", &format!("{prefix}___{tool}")),
            on: on(&self.on),
            below: above(&self.on),
            args: self.args.as_ref().map(Value::to_string),
            outcome,
            tunnel: false,
        };
        (0..self.times.unwrap_or(1)).map(record).collect()
    }
}

fn on(name: &str) -> EntityRef {
    entity(if name.starts_with('/') { "Http" } else { "Gateway" }, name)
}

/// The paths above a path, and its gateway.
fn above(name: &str) -> Vec<EntityRef> {
    let paths = name.char_indices().filter(|(at, letter)| *letter == '/' && *at > 0);
    let mut above: Vec<EntityRef> = paths.map(|(at, _)| entity("Http", name.get(..at).unwrap())).collect();
    if name.starts_with('/') {
        above.push(entity("Gateway", "web"));
    }
    above
}

fn run(case: &Case) -> Generated {
    let schema = case.schema.as_ref().map(|text| CedarSchema::read(text).unwrap());
    if case.config.get("content").is_some() {
        let types = EntityTypes::in_namespace(case.namespace.as_deref()).unwrap();
        return match GenerationConfig::read(&case.config, time(START)).unwrap() {
            GenerationConfig::Sentences(config) => translate(&config, &types, schema.as_ref()),
            GenerationConfig::Observed(_) => panic!("no sentences"),
        };
    }
    let config = config(case.config.clone());
    let lines = case.records.iter().enumerate();
    let records: Vec<Record> = lines.flat_map(|(number, line)| line.records(number)).collect();
    let observations = observed(&config, &records);
    let present = engine(case.present.iter().map(|present| (present.id.as_str(), present.text.as_str())));
    generate(&GenerationInput {
        config: &config,
        observations: &observations,
        present: (!case.present.is_empty()).then_some(&present),
        schema: schema.as_ref(),
        hidden: &["customer".to_owned()],
    })
}

#[test]
fn every_case_gives_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/generation");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".yaml").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    let mut different = Vec::new();
    for name in names {
        let text = std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        let case: Case = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let given = shown(&run(&case));
        let expected = folder.join(format!("{name}.expected"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, &given).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != given {
            different.push(format!("{name}:\n{given}"));
        }
    }
    assert!(different.is_empty(), "UPDATE_GOLDEN=1 takes these over:\n{}", different.join("\n"));
}
