//! `aegis diff`: what changes from one rules file to another, and which decisions with it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::app::{Case, Cases, Change, PolicyFile, compare};
use crate::cli::answer::Answer;
use crate::cli::load::LoadingArguments;
use crate::cli::output::{self, plain};
use crate::cli::{load, verdicts};
use crate::facts::Deciding;
use crate::gateway::{Clock, SystemClock};
use crate::model::document::Place;

#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// The rules file as it was.
    old: PathBuf,
    /// The rules file as it is to be.
    new: PathBuf,
    /// Cases: end with 1 only where the decision of one of them changes.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    #[command(flatten)]
    loading: LoadingArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A case that is decided otherwise now.
struct Turned {
    case: Case,
    before: Answer,
    after: Answer,
}

pub(super) fn run(arguments: &Diff) -> Result<ExitCode> {
    let old = arguments.loading.policy(&arguments.old);
    let new = arguments.loading.policy(&arguments.new);
    let cases = arguments.cases.as_ref().map(|path| load::or_problems(Cases::load(path)));
    let (Some(old), Some(new), false) = (old, new, matches!(cases, Some(None))) else {
        return Ok(ExitCode::from(output::BAD_CONFIGURATION));
    };
    let changes = compare(&old, &new);
    let turned = cases.flatten().map(|cases| turned(&old, &new, cases)).transpose()?;
    let differs = turned.as_ref().map_or(!changes.is_empty(), |(_, turned)| !turned.is_empty());
    if arguments.json {
        let told = turned.map(|(all, turned)| {
            let list: Vec<Value> = turned.iter().map(case_json).collect();
            json!({"count": all, "changed": list})
        });
        let changes: Vec<Value> = changes.iter().map(change_json).collect();
        let report = json!({"differs": differs, "changes": changes, "cases": told});
        output::line(&serde_json::to_string_pretty(&report)?);
    } else {
        print(&changes, turned.as_ref());
    }
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// How many cases there are, and those that are decided otherwise.
fn turned(old: &PolicyFile, new: &PolicyFile, cases: Cases) -> Result<(usize, Vec<Turned>)> {
    // One clock reading for both, so that only the policies can make a difference.
    let now = SystemClock.now();
    let (sessions_before, sessions_after) = (Deciding::default(), Deciding::default());
    let all = cases.list.len();
    let mut turned = Vec::new();
    for case in cases.list {
        let at = case.at.unwrap_or(now);
        let before = Answer::of(&old.decide(&case.question, at, &sessions_before)?);
        let after = Answer::of(&new.decide(&case.question, at, &sessions_after)?);
        if !before.agrees(&after) {
            turned.push(Turned { case, before, after });
        }
    }
    Ok((all, turned))
}

fn print(changes: &[Change], turned: Option<&(usize, Vec<Turned>)>) {
    for change in changes {
        let (what, place, name, details) = parts(change);
        let name = name.map(|name| format!(" rule \"{}\"", plain(name))).unwrap_or_default();
        output::line(&format!("{place}: {what}{name}"));
        for detail in details {
            output::line(&format!("    {}", plain(detail)));
        }
    }
    if changes.is_empty() {
        output::line("The rules say the same.");
    }
    let Some((all, turned)) = turned else { return };
    for Turned { case, before, after } in turned {
        output::line(&format!("{}: decided otherwise: {}", case.place, plain(&case.name)));
        output::line(&format!("    {}", verdicts::action(&case.question)));
        output::line(&format!("  - {}\n  + {}", plain(&before.in_short()), plain(&after.in_short())));
    }
    output::line(&format!("{} of {all} cases are decided otherwise.", turned.len()));
}

/// What kind of change it is, where, of which rule, and how.
fn parts(change: &Change) -> (&'static str, &Place, Option<&str>, &[String]) {
    match change {
        Change::Added(place, rule) => ("added", place, Some(rule), &[]),
        Change::Removed(place, rule) => ("removed", place, Some(rule), &[]),
        Change::Changed(place, rule, details) => ("changed", place, Some(rule), details),
        Change::Moved(place, rule) => ("moved", place, Some(rule), &[]),
        Change::Beside(place, detail) => ("changed", place, None, std::slice::from_ref(detail)),
    }
}

fn change_json(change: &Change) -> Value {
    let (what, place, rule, details) = parts(change);
    json!({"change": what, "file": &*place.source, "line": place.line, "rule": rule, "details": details})
}

fn case_json(turned: &Turned) -> Value {
    json!({
        "name": turned.case.name,
        "line": turned.case.place.line,
        "before": turned.before.to_json(),
        "after": turned.after.to_json(),
    })
}
