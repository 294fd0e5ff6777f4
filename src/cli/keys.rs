//! `aegis keys create`: a new key, and its line for the configuration. Nothing is asked of a running gateway.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::app::{SystemSources, new_key};
use crate::cli::command::CreateKey;
use crate::cli::{flow, output};
use crate::config::{Config, load_document};
use crate::gateway::{Clock, SystemClock};
use crate::model::document::{Document, Problem, Problems};

/// Options by what they become in the configuration.
const OPTIONS: [(&str, &str); 9] = [
    ("id", "--id"),
    ("tenant", "--tenant"),
    ("scopes", "--scope"),
    ("actors", "--actors"),
    ("actor.id", "--actor"),
    ("actor.type", "--actor-type"),
    ("roles", "--role"),
    ("person", "--person"),
    ("expires_at", "--expires"),
];

pub(super) fn create(arguments: &CreateKey) -> Result<ExitCode> {
    let complaints = complaints(arguments);
    if !complaints.is_empty() {
        complaints.iter().for_each(|complaint| output::error(complaint));
        return Ok(ExitCode::from(output::USAGE));
    }
    let key = new_key();
    let hash = hash_of(&key);
    let entry = flow::line(&entry(arguments, &hash));
    if arguments.json {
        output::line(&json!({"key": key, "id": arguments.id, "hash": hash, "entry": entry}).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    output::line("The key, for its holder. It is shown only now:");
    output::line(&key);
    output::line("\nIts line under control.keys in the configuration:");
    output::line(&format!("    - {entry}"));
    Ok(ExitCode::SUCCESS)
}

fn hash_of(key: &str) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(key)))
}

/// The element of `control.keys`, with what was given and nothing else.
fn entry(arguments: &CreateKey, hash: &str) -> Value {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(key.to_owned(), value);
        }
    };
    let list = |texts: &[String]| (!texts.is_empty()).then(|| json!(texts));
    put("id", Some(json!(arguments.id)));
    put("hash", Some(json!(hash)));
    put("tenant", arguments.tenant.as_ref().map(|tenant| json!(tenant)));
    put("scopes", list(&arguments.scope));
    put("actors", list(&arguments.actors));
    put("actor", arguments.actor.as_ref().map(|id| actor(id, arguments.actor_type.as_deref())));
    put("roles", list(&arguments.role));
    put("person", arguments.person.as_ref().map(|person| json!(person)));
    put("expires_at", arguments.expires.as_ref().map(|time| json!(time)));
    put("force", arguments.force.then(|| json!(true)));
    Value::Object(entry)
}

fn actor(id: &str, kind: Option<&str>) -> Value {
    match kind {
        Some(kind) => json!({"id": id, "type": kind}),
        None => json!({"id": id}),
    }
}

/// What the configuration would say of the key, told of the options: nothing that it refuses is ever printed.
fn complaints(arguments: &CreateKey) -> Vec<String> {
    let config = match load(&entry(arguments, &hash_of(""))) {
        Ok(config) => config,
        Err(problems) => return problems.iter().map(|problem| complaint(arguments, problem)).collect(),
    };
    let ends = config.control.keys.first().and_then(|key| key.expires_at);
    if ends.is_some_and(|end| end <= SystemClock.now()) {
        return vec!["--expires: that is in the past".to_owned()];
    }
    Vec::new()
}

fn load(entry: &Value) -> Result<Config, Problems> {
    let text = format!("control: {{keys: [{}]}}\n", flow::line(entry));
    load_document(Document::parse("the key", &text)?, Path::new(""), [], &SystemSources)
}

fn complaint(arguments: &CreateKey, problem: &Problem) -> String {
    let path = problem.path.strip_prefix("control.keys[0].").unwrap_or_default();
    let (key, index) = path
        .split_once('[')
        .map_or((path, None), |(key, rest)| (key, rest.trim_end_matches(']').parse::<usize>().ok()));
    let given = match key {
        "scopes" => &arguments.scope,
        "actors" => &arguments.actors,
        "roles" => &arguments.role,
        _ => &Vec::new(),
    };
    let value =
        index.and_then(|index| given.get(index)).map(|value| format!(" {value:?}")).unwrap_or_default();
    let option = OPTIONS.iter().find(|(known, _)| *known == key).map_or("the key", |(_, option)| option);
    // The one hint that names a key of the configuration has an option of the same name.
    let hint = problem.hint.as_deref().map(|hint| format!("; {}", hint.replace("force: true", "--force")));
    format!("{option}{value}: {}{}", problem.message, hint.unwrap_or_default())
}
