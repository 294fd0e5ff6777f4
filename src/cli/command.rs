//! The verbs and their arguments.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::cli::{audit, check, demo, output, schema, serve};

/// A gateway in front of the tools AI agents call: it decides every call by policy, forwards or blocks it, and records it.
#[derive(Debug, Parser)]
#[command(name = "aegis", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs the gateway.
    Serve(Serve),
    /// Runs a gateway with a demo tool server behind it and a sample policy.
    Demo(Demo),
    /// Finds every mistake in configurations and rules files.
    Check(Check),
    /// Prints a JSON Schema.
    Schema {
        /// Of what.
        #[arg(value_enum)]
        kind: SchemaKind,
    },
    /// Looks at the ledger.
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// A rules file to serve by itself. Not in this version: use --config.
    policy: Option<PathBuf>,
    /// The gateway's configuration.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Port of the control listener; 0 = one the system chooses.
    #[arg(long, default_value_t = 8000)]
    pub(super) port: u16,
    /// Port of the data plane; 0 = one the system chooses.
    #[arg(long, default_value_t = 8080)]
    pub(super) proxy_port: u16,
    /// Folder for the ledger.
    #[arg(long, default_value = "./aegis-demo", value_name = "FOLDER")]
    pub(super) data_dir: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Configurations or rules files.
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaKind {
    /// The gateway's configuration.
    Config,
    /// A rules file.
    Policy,
}

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Checks the hash chain, and names the first bad record.
    Verify {
        /// The ledger's folder, such as aegis-data/ledger.
        directory: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints the last records, one JSON object a line.
    Tail {
        /// The ledger's folder.
        directory: PathBuf,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 10)]
        lines: usize,
        /// Go on as records are added, until interrupted.
        #[arg(short, long)]
        follow: bool,
    },
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Serve(arguments) if arguments.policy.is_some() => {
            output::error(
                "serving a policy file by itself is not in this version; use: aegis serve --config FILE",
            );
            return ExitCode::from(output::USAGE);
        }
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Schema { kind } => schema::run(kind),
        Verb::Audit(Audit::Verify { directory, json }) => audit::verify(&directory, json),
        Verb::Audit(Audit::Tail { directory, lines, follow }) => audit::tail(&directory, lines, follow),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            output::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
