//! `aegis check FILE...`: every mistake, with its place, without serving anything.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Error, Result};
use serde_json::{Value, json};

use crate::app::{Checked, check_file};
use crate::cli::load::LoadingArguments;
use crate::cli::output;
use crate::model::document::{PROBLEMS_FOUND_MOST, Problem, Problems};

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Configurations, rules files, files of governance objects, or cases of `aegis test`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// End with 1 where there are warnings and nothing worse.
    #[arg(long)]
    deny_warnings: bool,
    #[command(flatten)]
    loading: LoadingArguments,
    /// Print JSON: an object a file.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Check) -> Result<ExitCode> {
    let (mut sound, mut calm) = (true, true);
    for file in &arguments.files {
        let checked = check_file(file, arguments.loading.loading());
        match &checked {
            Ok(checked) => calm &= checked.warnings.is_empty(),
            Err(_) => sound = false,
        }
        if arguments.json {
            output::line(&told(file, &checked).to_string());
        } else {
            print(file, &checked);
        }
    }
    Ok(match (sound, calm || !arguments.deny_warnings) {
        (false, _) => ExitCode::from(output::BAD_CONFIGURATION),
        (true, false) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
    })
}

fn print(file: &Path, checked: &Result<Checked>) {
    match checked {
        Ok(checked) => {
            let warnings = match checked.warnings.len() {
                0 => String::new(),
                1 => ", 1 warning".to_owned(),
                count => format!(", {count} warnings"),
            };
            checked.warnings.iter().for_each(output::warning);
            output::line(&format!("{}: ok ({}{warnings})", file.display(), checked.kind.as_str()));
        }
        Err(error) => lines(error).iter().for_each(|line| output::problems(line)),
    }
}

/// Everything that was found.
fn lines(error: &Error) -> Vec<String> {
    let Some(problems) = error.downcast_ref::<Problems>() else { return vec![format!("{error:#}")] };
    let mut lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    if problems.count() > PROBLEMS_FOUND_MOST {
        lines.push(format!("more than {PROBLEMS_FOUND_MOST} mistakes: the rest was not looked at"));
    }
    lines
}

fn told(file: &Path, checked: &Result<Checked>) -> Value {
    let file = file.display().to_string();
    match checked {
        Ok(checked) => {
            let findings: Vec<_> =
                checked.warnings.iter().map(|problem| finding("warning", problem)).collect();
            json!({"file": file, "ok": true, "kind": checked.kind.as_str(), "findings": findings})
        }
        Err(error) => {
            json!({"file": file, "ok": false, "problems": lines(error), "findings": mistakes(error)})
        }
    }
}

fn mistakes(error: &Error) -> Vec<Value> {
    match error.downcast_ref::<Problems>() {
        Some(problems) => problems.iter().map(|problem| finding("error", problem)).collect(),
        None => vec![json!({"severity": "error", "message": format!("{error:#}")})],
    }
}

fn finding(severity: &str, problem: &Problem) -> Value {
    json!({
        "severity": severity,
        "file": &*problem.place.source,
        "line": problem.place.line,
        "column": problem.place.column,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    })
}
