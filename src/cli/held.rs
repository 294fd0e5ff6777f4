//! Holds for people: a table of them, and one in full.

use std::fmt::Write;

use serde_json::Value;

use crate::cli::output::{self, duration};
use crate::cli::table::{aligned, shortened};
use crate::cli::values::{items, text};
use crate::model::time::Timestamp;

const COLUMNS: [&str; 7] = ["ID", "STATE", "ACTOR", "CAPABILITY", "RESOURCE", "AGE", "EXPIRES IN"];

/// A page as a table.
pub(super) fn table(page: &Value, now: Timestamp) -> String {
    let holds = items(page, "holds");
    let mut rows: Vec<[String; 7]> = vec![COLUMNS.map(str::to_owned)];
    rows.extend(holds.iter().map(|hold| {
        let cell = |name: &str| shortened(&text(hold, name));
        [
            // Never shortened: it is copied from here.
            text(hold, "hold_id"),
            cell("state"),
            cell("actor"),
            cell("capability"),
            cell("resource"),
            seconds_since(hold, "created_at", now).map_or_else(|| "?".to_owned(), duration),
            expires_in(hold, now).unwrap_or_else(|| "-".to_owned()),
        ]
    }));
    let table = aligned(&rows);
    let total = page.get("total").and_then(Value::as_u64).unwrap_or_default();
    let more = total.saturating_sub(holds.len() as u64);
    match (holds.len(), more) {
        (0, _) => "No holds.".to_owned(),
        (_, 0) => table,
        _ => format!("{table}and {more} more\n"),
    }
}

/// One hold in full.
pub(super) fn one(hold: &Value, now: Timestamp) -> String {
    let at = |name: &str| text(hold, name);
    let mut told = String::new();
    let mut line = |name: &str, said: String| {
        let _infallible = writeln!(told, "{name:<10} {said}");
    };
    line("hold", at("hold_id"));
    let expires = expires_in(hold, now).map(|left| format!(", expires in {left}")).unwrap_or_default();
    line("state", format!("{}{expires} ({})", at("state"), at("expires_at")));
    line("asked", format!("{}, {} requests wait now", at("created_at"), at("waiting")));
    line("actor", format!("{} ({}), tenant {}", at("actor"), at("actor_type"), at("tenant")));
    line("call", format!("{} by route {}", at("capability"), at("route")));
    line("resource", at("resource"));
    line("reason", at("reason"));
    for finding in items(hold, "findings") {
        let rule = finding.get("rule").and_then(Value::as_str);
        let rule = rule.map(|rule| format!(" \"{}\"", output::plain(rule))).unwrap_or_default();
        line("lifts", format!("{} of {}{rule}", text(finding, "outcome"), text(finding, "engine")));
    }
    for role in items(hold, "roles") {
        let filled = items(hold, "approvals").iter().find(|approval| approval.get("role") == Some(role));
        let by = filled.map_or_else(|| "nobody yet".to_owned(), |filled| text(filled, "by"));
        line("role", format!("{}: {by}", output::plain(role.as_str().unwrap_or("?"))));
    }
    for approval in items(hold, "approvals") {
        line("approved", deed(approval));
    }
    if let Some(decided) = hold.get("decided").filter(|decided| !decided.is_null()) {
        line("decided", deed(decided));
    }
    line("decision", format!("{} (snapshot {})", at("decision_id"), at("snapshot_version")));
    if hold.get("consumed_by").is_some_and(Value::is_string) {
        line("made", format!("as {}", at("consumed_by")));
    }
    let (note, shown) = arguments(hold);
    line("arguments", note);
    told + &shown
}

/// Who did something, when, and why.
fn deed(deed: &Value) -> String {
    let comment = deed.get("comment").and_then(Value::as_str).map(output::plain);
    let comment = comment.map(|comment| format!(": {comment}")).unwrap_or_default();
    format!("by {} at {}{comment}", text(deed, "by"), text(deed, "at"))
}

/// What is said of the arguments, and they themselves.
fn arguments(hold: &Value) -> (String, String) {
    let shown = match hold.get("arguments") {
        None | Some(Value::Null) => {
            return (
                format!("too long to be shown ({} bytes)", text(hold, "arguments_bytes")),
                String::new(),
            );
        }
        Some(arguments) => serde_json::to_string_pretty(arguments).unwrap_or_default(),
    };
    let hidden = match hold.get("hidden_fields").and_then(Value::as_u64) {
        Some(1) => "one value is hidden".to_owned(),
        Some(hidden @ 2..) => format!("{hidden} values are hidden"),
        _ => "nothing is hidden".to_owned(),
    };
    // A body that is not JSON is known by its SHA-256 alone.
    let opaque = hold.get("arguments").is_some_and(|arguments| arguments.get("body_sha256").is_some());
    let note = match opaque {
        true if hidden.starts_with("nothing") => "the body is not JSON and is not shown".to_owned(),
        true => format!("the body is not JSON and is not shown, and {hidden}"),
        false => hidden,
    };
    (note, shown.lines().map(|line| output::plain(line) + "\n").collect())
}

/// How long it lasts, while it is open.
fn expires_in(hold: &Value, now: Timestamp) -> Option<String> {
    let open = matches!(hold.get("state").and_then(Value::as_str), Some("pending" | "approved"));
    let since = seconds_since(hold, "expires_at", now).filter(|_| open)?;
    Some(duration(since.saturating_neg()))
}

fn seconds_since(hold: &Value, name: &str, now: Timestamp) -> Option<i64> {
    let time = Timestamp::parse_rfc3339(hold.get(name)?.as_str()?)?;
    Some(now.as_micros().saturating_sub(time.as_micros()) / 1_000_000)
}
