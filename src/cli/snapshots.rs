//! `aegis snapshots list|show|rollback`: what was in force on a running gateway, and going back to it.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app::{Remote, RemoteError};
use crate::cli::output;
use crate::cli::remote::RemoteArguments;
use crate::cli::table::{aligned, shortened};
use crate::cli::values::{items, shown, text};

/// Most snapshots that one request shows.
const PAGE: usize = 200;

/// How much of a hash tells snapshots apart for people, in characters.
const HASH_CHARS: usize = 12;

/// The lists of objects of a snapshot, and what one of a list is called by.
const LISTS: [(&str, &[&str]); 6] = [
    ("capabilities", &["name"]),
    ("policies", &["id", "name"]),
    ("grants", &["actor", "capability"]),
    ("actors", &["actor", "status"]),
    ("kill_switches", &["active", "reason"]),
    ("revoked_grants", &["actor", "capability"]),
];

#[derive(Debug, Subcommand)]
pub(super) enum Snapshots {
    /// Lists what was in force, newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Shows what one was made of.
    Show {
        /// Its version.
        #[arg(value_name = "VERSION")]
        number: u64,
        /// Print this file of it as it was, instead: a path as the list of files has it.
        #[arg(long, value_name = "PATH")]
        file: Option<String>,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Puts the rules and governance objects of one in force again, as a new snapshot.
    Rollback {
        /// Its version.
        #[arg(value_name = "VERSION")]
        number: u64,
        #[command(flatten)]
        remote: RemoteArguments,
    },
}

pub(super) fn run(verb: &Snapshots) -> ExitCode {
    match verb {
        Snapshots::List { limit, remote } => {
            let limit = usize::try_from(*limit).unwrap_or(PAGE);
            remote.run(|gateway| list(gateway, limit), |page| (table(page), ExitCode::SUCCESS))
        }
        Snapshots::Show { number, file, remote } => {
            let path = format!("/api/v1/snapshots/{number}");
            remote.run(|gateway| gateway.read(&path), |snapshot| one(snapshot, file.as_deref()))
        }
        Snapshots::Rollback { number, remote } => {
            let path = format!("/api/v1/snapshots/{number}/rollback");
            remote.run(
                |gateway| gateway.change(&path, &json!({})),
                |done| (rolled_back(done), ExitCode::SUCCESS),
            )
        }
    }
}

/// The newest snapshots, in one page.
fn list(gateway: &Remote, most: usize) -> Result<Value, RemoteError> {
    let path = |left: usize| format!("/api/v1/snapshots?limit={}", left.min(PAGE));
    let mut page = gateway.read(&path(most))?;
    loop {
        let shown = items(&page, "snapshots").len();
        let Some(cursor) = page.get("cursor").and_then(Value::as_str) else { return Ok(page) };
        if shown >= most {
            return Ok(page);
        }
        // A cursor is base64url, so it may stand in a query as it is.
        let mut next = gateway.read(&format!("{}&cursor={cursor}", path(most - shown)))?;
        let more = next.get_mut("snapshots").and_then(Value::as_array_mut).map(std::mem::take);
        let snapshots = page.get_mut("snapshots").and_then(Value::as_array_mut);
        let (Some(snapshots), Some(more)) = (snapshots, more.filter(|more| !more.is_empty())) else {
            return Ok(page);
        };
        snapshots.extend(more);
        if let (Some(at), Some(cursor)) = (page.get_mut("cursor"), next.get("cursor")) {
            *at = cursor.clone();
        }
    }
}

fn table(page: &Value) -> String {
    let mut rows = vec![["", "VERSION", "CREATED", "SOURCE", "BY", "HASH"].map(str::to_owned)];
    for snapshot in items(page, "snapshots") {
        let active = snapshot.get("active") == Some(&Value::Bool(true));
        let source = match snapshot.get("back_to") {
            Some(version) => format!("{} to {version}", text(snapshot, "source")),
            None => text(snapshot, "source"),
        };
        let by = snapshot.get("by").filter(|by| !by.is_null()).map_or_else(|| "-".to_owned(), shown);
        rows.push([
            if active { "*" } else { "" }.to_owned(),
            text(snapshot, "version"),
            text(snapshot, "created_at"),
            source,
            shortened(&by),
            text(snapshot, "hash").chars().take(HASH_CHARS).collect(),
        ]);
    }
    aligned(&rows)
}

fn one(snapshot: &Value, file: Option<&str>) -> (String, ExitCode) {
    let files = items(snapshot, "files");
    if let Some(name) = file {
        let found = files.iter().find(|file| file.get("name").and_then(Value::as_str) == Some(name));
        return match found.and_then(|file| file.get("text")?.as_str()) {
            Some(text) => (text.lines().map(output::plain).collect::<Vec<_>>().join("\n"), ExitCode::SUCCESS),
            None => (format!("it has no file {}", output::plain(name)), ExitCode::FAILURE),
        };
    }
    let mut told = String::new();
    let mut line = |name: &str, said: &str| {
        // Writing into a text cannot fail.
        let _infallible = writeln!(told, "{name:<14} {said}");
    };
    let active = if snapshot.get("active") == Some(&Value::Bool(true)) { ", in force" } else { "" };
    line("snapshot", &format!("{}{active}", text(snapshot, "version")));
    line("hash", &text(snapshot, "hash"));
    line("created", &format!("{} by {}", text(snapshot, "created_at"), text(snapshot, "by")));
    line("source", &text(snapshot, "source"));
    for file in files {
        line("file", &format!("{} ({})", text(file, "name"), text(file, "role")));
    }
    for (list, names) in LISTS {
        for object in items(snapshot, list) {
            let words: Vec<_> = names.iter().map(|name| text(object, name)).collect();
            line(list, &words.join(" "));
        }
    }
    (told, ExitCode::SUCCESS)
}

fn rolled_back(done: &Value) -> String {
    format!(
        "snapshot {} is in force, with the rules and governance objects of snapshot {}, until one of the files is edited",
        text(done, "version"),
        text(done, "back_to")
    )
}
