//! `aegis status` and `aegis health`: how a running gateway is.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::output::duration;
use crate::cli::remote::RemoteArguments;
use crate::cli::values::{items, shown, text};

pub(super) fn status(arguments: &RemoteArguments) -> ExitCode {
    arguments.run(|remote| remote.read("/api/v1/status"), |status| (told(status), ExitCode::SUCCESS))
}

pub(super) fn health(arguments: &RemoteArguments) -> ExitCode {
    arguments.run(
        |remote| remote.read_health("/health"),
        |health| {
            let status = text(health, "/status");
            let code = if status == "ok" { ExitCode::SUCCESS } else { ExitCode::FAILURE };
            (status, code)
        },
    )
}

/// The status for people.
fn told(status: &Value) -> String {
    let uptime = status.pointer("/uptime_s").and_then(Value::as_i64).unwrap_or_default();
    let mut told = String::new();
    let mut line = |name: &str, said: String| {
        // Writing into a text cannot fail.
        let _infallible = writeln!(told, "{name:<9} {said}");
    };
    let at = |pointer: &str| text(status, pointer);
    line("aegis", format!("{}, stage {}, up {}", at("/build/version"), at("/stage"), duration(uptime)));
    line(
        "snapshot",
        format!(
            "{} since {}: {} rules, {} routes, hash {}",
            at("/snapshot/version"),
            at("/snapshot/since"),
            at("/snapshot/rules"),
            at("/snapshot/routes"),
            at("/snapshot/hash")
        ),
    );
    if status.pointer("/rejected").is_some_and(|rejected| !rejected.is_null()) {
        line("REJECTED", format!("at {}; the snapshot above stays in force", at("/rejected/at")));
        for problem in items(status, "/rejected/problems") {
            line("", shown(problem));
        }
    }
    for route in items(status, "/routes") {
        let at = |pointer: &str| text(route, pointer);
        // What concerns other tenants is not told to everybody.
        let in_flight = told_of(route, "/in_flight").map(|count| format!(", {count} in flight"));
        let in_flight = in_flight.unwrap_or_default();
        line("route", format!("{} ({}, {}){in_flight}", at("/name"), at("/protocol"), at("/mode")));
        for upstream in items(route, "/upstreams") {
            let healthy = upstream.get("healthy") == Some(&Value::Bool(true));
            line(
                "",
                format!("{} {}", text(upstream, "/address"), if healthy { "healthy" } else { "UNHEALTHY" }),
            );
        }
    }
    let holds = match status.pointer("/holds/ok") {
        Some(Value::Bool(true)) => {
            format!("{} pending, {} approved", at("/holds/pending"), at("/holds/approved"))
        }
        _ => format!("NOT OK ({})", at("/holds/reason")),
    };
    let waiting = told_of(status, "/holds/waiting").map(|count| format!("; {count} requests wait"));
    line("holds", format!("{holds}{}", waiting.unwrap_or_default()));
    let ledger = match status.pointer("/ledger/ok") {
        Some(Value::Bool(true)) => "ok".to_owned(),
        _ => format!("NOT OK ({})", at("/ledger/reason")),
    };
    let records = told_of(status, "/ledger/records").map(|count| format!(", {count} records"));
    let records = records.unwrap_or_default();
    line("ledger", format!("{ledger}, durability {}{records}", at("/ledger/durability")));
    if told_of(status, "/ledger/epoch").is_some() {
        line("", format!("epoch {}, head {}", at("/ledger/epoch"), at("/ledger/head_hash")));
        line("", format!("{} bytes free on its disk", at("/ledger/disk_free_bytes")));
    }
    told
}

/// What stands at `pointer`, if its reader is told.
fn told_of(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).map(|_| text(value, pointer))
}
