//! `aegis check FILE...`: every mistake, with its place, without serving anything.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::app::{CheckedKind, check_file};
use crate::cli::command::Check;
use crate::cli::output;

pub(super) fn run(arguments: &Check) -> Result<ExitCode> {
    let checked: Vec<(&Path, Result<CheckedKind>)> =
        arguments.files.iter().map(|file| (file.as_path(), check_file(file))).collect();
    let sound = checked.iter().all(|(_, result)| result.is_ok());
    for (file, result) in &checked {
        let file = file.display();
        match result {
            Ok(kind) if arguments.json => {
                output::line(
                    &json!({"file": file.to_string(), "ok": true, "kind": kind.as_str()}).to_string(),
                );
            }
            Ok(kind) => output::line(&format!("{file}: ok ({})", kind.as_str())),
            Err(error) if arguments.json => {
                let problems: Vec<String> = format!("{error:#}").lines().map(str::to_owned).collect();
                output::line(
                    &json!({"file": file.to_string(), "ok": false, "problems": problems}).to_string(),
                );
            }
            Err(error) => output::problems(&format!("{error:#}")),
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(output::BAD_CONFIGURATION) })
}
