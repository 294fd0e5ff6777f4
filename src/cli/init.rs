//! `aegis init`: a rules file to start with, and cases for it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::output;

const POLICY: &str = include_str!("../../config/policies/starter.yaml");
const CASES: &str = include_str!("../../config/policies/starter.cases.yaml");

#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The file to write.
    #[arg(short, long, default_value = "policy.yaml", value_name = "FILE")]
    output: PathBuf,
    /// Write cases for `aegis test` too, beside it: policy.cases.yaml for policy.yaml.
    #[arg(long)]
    with_tests: bool,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Init) -> Result<ExitCode> {
    let policy = &arguments.output;
    let cases = policy.with_extension("cases.yaml");
    let mut files = vec![(policy, POLICY)];
    if arguments.with_tests {
        files.push((&cases, CASES));
    }
    // Looked at before anything is written, so that it is both or none.
    for (path, _) in &files {
        if !arguments.force && path.try_exists().is_ok_and(|exists| exists) {
            output::error(&there(path));
            return Ok(ExitCode::FAILURE);
        }
    }
    for (path, text) in files {
        if let Err(error) = write(path, text, arguments.force) {
            if error.kind() == ErrorKind::AlreadyExists {
                output::error(&there(path));
                return Ok(ExitCode::FAILURE);
            }
            return Err(error).with_context(|| format!("{} cannot be written", path.display()));
        }
        output::line(&format!("wrote {}", path.display()));
    }
    let named = policy.display();
    output::line(&format!("next: aegis check {named}"));
    if arguments.with_tests {
        output::line(&format!("      aegis test {named} {}", cases.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn there(path: &Path) -> String {
    format!("{} is there already; --force writes over it, -o names another file", path.display())
}

fn write(path: &Path, text: &str, force: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path)?.write_all(text.as_bytes())
}
