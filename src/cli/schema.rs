//! `aegis schema config|policy|governance|openapi`.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::command::SchemaKind;
use crate::cli::output;
use crate::config;
use crate::control;
use crate::policy::{governance, rules};

pub(super) fn run(kind: SchemaKind) -> Result<ExitCode> {
    let schema = match kind {
        SchemaKind::Config => config::schema(),
        SchemaKind::Policy => rules::schema(),
        SchemaKind::Governance => governance::file_schema(),
        SchemaKind::Openapi => control::openapi(),
    };
    output::line(&serde_json::to_string_pretty(&schema)?);
    Ok(ExitCode::SUCCESS)
}
