//! `aegis keys create|list|rotate|revoke`: a new key with its line for the configuration, which asks nothing of a running gateway,
//! and the keys that one issues.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::app::{Remote, RemoteError, SystemSources, new_key};
use crate::cli::command::{CreateKey, Keys};
use crate::cli::remote::RemoteArguments;
use crate::cli::table::{aligned, shortened};
use crate::cli::{flow, output};
use crate::config::{Config, load_document};
use crate::gateway::{Clock, SystemClock};
use crate::model::document::{Document, Problem, Problems};

/// Options by what they become in the configuration.
const OPTIONS: [(&str, &str); 10] = [
    ("id", "--id"),
    ("tenant", "--tenant"),
    ("scopes", "--scope"),
    ("actors", "--actors"),
    ("actor.id", "--actor"),
    ("actor.type", "--actor-type"),
    ("roles", "--role"),
    ("groups", "--group"),
    ("person", "--person"),
    ("expires_at", "--expires"),
];

/// How many pages of keys are asked for at most.
const PAGES: usize = 60;

pub(super) fn run(verb: &Keys) -> Result<ExitCode> {
    Ok(match verb {
        Keys::Create(arguments) => return create(arguments),
        Keys::List { all, remote } => {
            remote.run(|gateway| every(gateway, *all), |page| (table(page), ExitCode::SUCCESS))
        }
        Keys::Rotate { id, overlap_s, remote } => {
            let (path, body) = (format!("/api/v1/keys/{id}/rotate"), json!({"overlap_s": overlap_s}));
            remote.run(|gateway| gateway.change(&path, &body), |key| (handed_over(key), ExitCode::SUCCESS))
        }
        Keys::Revoke { id, remote } => {
            let path = format!("/api/v1/keys/{id}");
            remote.run(|gateway| gateway.remove(&path), |_| (format!("{id} is revoked"), ExitCode::SUCCESS))
        }
    })
}

/// An id as it may stand in a path.
pub(super) fn key_id(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@-".contains(&byte);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err("an id of an issued key has letters, digits, . _ : @ and - only".to_owned());
    }
    Ok(text.to_owned())
}

/// Every key in one page.
fn every(gateway: &Remote, all: bool) -> Result<Value, RemoteError> {
    let first = if all { "/api/v1/keys?state=all&limit=200" } else { "/api/v1/keys?limit=200" };
    let mut page = gateway.read(first)?;
    for _page in 1..PAGES {
        let Some(cursor) = page.get("cursor").and_then(Value::as_str) else { break };
        // A cursor is base64url, so it may stand in a query as it is.
        let mut next = gateway.read(&format!("{first}&cursor={cursor}"))?;
        let more = next.get_mut("keys").and_then(Value::as_array_mut).map(std::mem::take);
        let keys = page.get_mut("keys").and_then(Value::as_array_mut);
        let (Some(keys), Some(more)) = (keys, more) else { break };
        keys.extend(more);
        if let (Some(at), Some(cursor)) = (page.get_mut("cursor"), next.get("cursor")) {
            *at = cursor.clone();
        }
    }
    Ok(page)
}

fn table(page: &Value) -> String {
    let keys = page.get("keys").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if keys.is_empty() {
        return "There are no keys.".to_owned();
    }
    let mut rows = vec![["ID", "TENANT", "SCOPES", "ENDS", "FROM"].map(str::to_owned)];
    rows.extend(keys.iter().map(|key| {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let scopes = key.get("scopes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
        let ends = match (text("revoked_at"), text("expires_at")) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => at.to_owned(),
            (None, None) => "never".to_owned(),
        };
        let shown = |name: &str| output::plain(text(name).unwrap_or("?"));
        [
            // Never shortened: it is copied from here.
            shown("id"),
            shortened(&shown("tenant")),
            output::plain(&scopes.join(" ")),
            output::plain(&ends),
            shown("source"),
        ]
    }));
    aligned(&rows)
}

/// A key with the text that is told once.
fn handed_over(key: &Value) -> String {
    let text = |name: &str| output::plain(key.get(name).and_then(Value::as_str).unwrap_or("?"));
    let earlier = match key.get("earlier_until").and_then(Value::as_str) {
        Some(until) => format!("\n\nThe text before is good until {}.", output::plain(until)),
        None => String::new(),
    };
    format!("The key {}, for its holder. It is shown only now:\n{}{earlier}", text("id"), text("key"))
}

/// Has a running gateway issue the key.
fn issue(arguments: &CreateKey, url: &str) -> ExitCode {
    let mut body = entry(arguments, "");
    if let Value::Object(members) = &mut body {
        members.remove("hash");
    }
    let remote = RemoteArguments::at(url.to_owned(), arguments.key.clone(), arguments.json);
    remote.run(|gateway| gateway.change("/api/v1/keys", &body), |key| (handed_over(key), ExitCode::SUCCESS))
}

fn create(arguments: &CreateKey) -> Result<ExitCode> {
    let complaints = complaints(arguments);
    if !complaints.is_empty() {
        complaints.iter().for_each(|complaint| output::error(complaint));
        return Ok(ExitCode::from(output::USAGE));
    }
    if let Some(url) = &arguments.url {
        return Ok(issue(arguments, url));
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
    put("groups", list(&arguments.group));
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
        "groups" => &arguments.group,
        _ => &Vec::new(),
    };
    let value =
        index.and_then(|index| given.get(index)).map(|value| format!(" {value:?}")).unwrap_or_default();
    let option = OPTIONS.iter().find(|(known, _)| *known == key).map_or("the key", |(_, option)| option);
    // The one hint that names a key of the configuration has an option of the same name.
    let hint = problem.hint.as_deref().map(|hint| format!("; {}", hint.replace("force: true", "--force")));
    format!("{option}{value}: {}{}", problem.message, hint.unwrap_or_default())
}
