//! The verbs and their arguments.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::cli::cedar::Cedar;
use crate::cli::check::Check;
use crate::cli::diff::Diff;
use crate::cli::evaluate::Evaluate;
use crate::cli::explain::Explain;
use crate::cli::holds::Holds;
use crate::cli::init::Init;
use crate::cli::overrides::Overrides;
use crate::cli::remote::RemoteArguments;
use crate::cli::simulate::Simulate;
use crate::cli::snapshots::Snapshots;
use crate::cli::test::Test;
use crate::cli::{
    audit, audit_list, cedar, check, demo, diff, evaluate, explain, holds, init, keys, output, overrides,
    schema, serve, simulate, snapshots, status, test,
};

/// A gateway in front of the tools AI agents call: it decides every call by policy, forwards or blocks it, and records it.
#[derive(Debug, Parser)]
#[command(name = "aegis", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs the gateway, or the policy server over one policy file.
    Serve(Box<Serve>),
    /// Runs a gateway with a demo tool server behind it and a sample policy.
    Demo(Demo),
    /// Writes a rules file to start with.
    Init(Init),
    /// Finds every mistake in configurations, rules files and files of governance objects.
    Check(Check),
    /// Shows what a rules file says of actions, without executing them.
    Simulate(Simulate),
    /// Holds a rules file against cases: actions, and what is expected of each.
    Test(Test),
    /// Shows what changes from one rules file to another.
    Diff(Diff),
    /// Judges a proposed change by the six gates, without a gateway running: ends with 0 when it may go on, 1 when not.
    Evaluate(Evaluate),
    /// Shows why a configuration decides a request as it does, without a gateway running.
    Explain(Explain),
    /// Looks at Cedar policies: in files, and over what a gateway recorded.
    #[command(subcommand)]
    Cedar(Cedar),
    /// Prints a JSON Schema.
    Schema {
        /// Of what.
        #[arg(value_enum)]
        kind: SchemaKind,
    },
    /// Looks at the ledger.
    #[command(subcommand)]
    Audit(Audit),
    /// Decides on calls that wait for a person.
    #[command(subcommand)]
    Holds(Holds),
    /// Decides on changes that failed gates.
    #[command(subcommand)]
    Overrides(Overrides),
    /// Makes keys of callers.
    #[command(subcommand)]
    Keys(Keys),
    /// Shows what was in force, and goes back to it.
    #[command(subcommand)]
    Snapshots(Snapshots),
    /// Shows what a running gateway runs, and how it is.
    Status(RemoteArguments),
    /// Asks a running gateway for its health: ends with 0 when it is ok, 1 when not, 3 when it does not answer.
    Health(RemoteArguments),
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// A policy to serve by itself: evaluate, execute, audit and policy over HTTP, without a gateway's configuration.
    #[arg(conflicts_with = "config")]
    pub(super) policy: Option<PathBuf>,
    /// The gateway's configuration.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) server: PolicyServer,
}

/// Options that go with a policy served by itself.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options for a policy")]
pub(super) struct PolicyServer {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS", conflicts_with = "config")]
    pub(super) host: String,
    /// Port to listen on; 0 = one the system chooses.
    #[arg(long, default_value_t = 8000, conflicts_with = "config")]
    pub(super) port: u16,
    /// File of the audit log's index; the ledger goes into a folder beside it [default: a folder beside the policy].
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(super) audit_db: Option<PathBuf>,
    /// What becomes of actions that want approval.
    #[arg(long, value_enum, default_value_t = ApprovalMode::Auto, conflicts_with = "config")]
    pub(super) approval: ApprovalMode,
    /// Load what agent-aegis loads, too, and warn of what is wrong with it.
    #[arg(long, conflicts_with = "config")]
    pub(super) lenient: bool,
    /// Listen beyond this machine although no key is asked of anybody.
    #[arg(long, conflicts_with = "config")]
    pub(super) insecure: bool,
    /// There is none; taken so that command lines of agent-aegis work.
    #[arg(long, hide = true, conflicts_with = "config")]
    pub(super) no_dashboard: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ApprovalMode {
    /// They are approved at once, and the record says so.
    Auto,
    /// They wait for a person (aegis holds).
    Hold,
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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaKind {
    /// The gateway's configuration.
    Config,
    /// A rules file.
    Policy,
    /// A file of governance objects.
    Governance,
    /// The control listener, as an OpenAPI 3.1 document.
    Openapi,
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
    /// Lists calls and what became of them: those in a ledger's folder, or the actions a running server executed.
    List(Box<ListAudit>),
    /// Prints all records of a time, one JSON object a line.
    Export {
        /// The ledger's folder.
        directory: PathBuf,
        /// From this time on, such as 2030-01-01T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Before this time.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// As what.
        #[arg(long, value_enum, default_value_t = ExportFormat::Ndjson)]
        format: ExportFormat,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ExportFormat {
    /// The records as they stand in the ledger, one a line.
    Ndjson,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ListOrder {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListAudit {
    /// The ledger's folder, such as aegis-data/ledger; all of it is read. Without one the server at --url is asked.
    pub(super) directory: Option<PathBuf>,
    /// Calls of this actor; of a folder only.
    #[arg(long, value_name = "ID", requires = "directory")]
    pub(super) actor: Option<String>,
    /// Calls of this capability; of a server: actions of this type.
    #[arg(long, value_name = "NAME")]
    pub(super) capability: Option<String>,
    /// Calls that were answered so, such as DENY; of a folder only.
    #[arg(long, requires = "directory")]
    pub(super) outcome: Option<String>,
    /// From this time on, such as 2030-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
    /// Which first.
    #[arg(long, value_enum, default_value_t = ListOrder::Desc)]
    pub(super) order: ListOrder,
    #[command(flatten)]
    pub(super) remote: RemoteArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Makes a key and prints it once, with its line for the configuration; no gateway needs to run. With --url a running gateway
    /// issues it.
    Create(Box<CreateKey>),
    /// Lists the keys that the caller's key administers.
    List {
        /// Revoked ones too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Gives a key that a gateway issued another text, printed once.
    Rotate {
        /// The key's id.
        #[arg(value_parser = keys::key_id)]
        id: String,
        /// How long the text before is good, in seconds; 0 ends it now.
        #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
        overlap_s: u64,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Revokes a key that a gateway issued: no request is let in with it from then on.
    Revoke {
        /// The key's id.
        #[arg(value_parser = keys::key_id)]
        id: String,
        #[command(flatten)]
        remote: RemoteArguments,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct CreateKey {
    /// What the key is called in records.
    #[arg(long)]
    pub(super) id: String,
    /// Whose data it may touch [default: default].
    #[arg(long)]
    pub(super) tenant: Option<String>,
    /// What it may do on the control API, such as governance:propose; may be repeated.
    #[arg(long)]
    pub(super) scope: Vec<String>,
    /// Ids of actors it may speak for, * standing for any text; may be repeated.
    #[arg(long, value_name = "PATTERN")]
    pub(super) actors: Vec<String>,
    /// The actor that calls tools with it [default: the only one of --actors without *, else --id].
    #[arg(long, value_name = "ID")]
    pub(super) actor: Option<String>,
    /// What that actor is: human, ai-agent, ai-copilot or automation [default: ai-agent].
    #[arg(long, value_name = "TYPE", requires = "actor")]
    pub(super) actor_type: Option<String>,
    /// What its holder approves calls as, such as risk_lead; may be repeated.
    #[arg(long)]
    pub(super) role: Vec<String>,
    /// Who holds it, so that two keys of one person count once.
    #[arg(long)]
    pub(super) person: Option<String>,
    /// When it stops working, such as 2030-01-01T00:00:00Z [default: never].
    #[arg(long, value_name = "TIME")]
    pub(super) expires: Option<String>,
    /// A group its holder is in, for conditions of policies; may be repeated.
    #[arg(long)]
    pub(super) group: Vec<String>,
    /// Allow governance:propose beside scopes that manage or approve.
    #[arg(long)]
    pub(super) force: bool,
    /// The control listener of a running gateway that is to issue the key; nothing needs to be written in its configuration.
    #[arg(long)]
    pub(super) url: Option<String>,
    /// With --url: a key of that gateway with the scope admin. In the environment other users of the machine do not see it.
    #[arg(long, env = "AEGIS_KEY", hide_env_values = true)]
    pub(super) key: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Init(arguments) => init::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Simulate(arguments) => simulate::run(&arguments),
        Verb::Test(arguments) => test::run(&arguments),
        Verb::Diff(arguments) => diff::run(&arguments),
        Verb::Evaluate(arguments) => evaluate::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Schema { kind } => schema::run(kind),
        Verb::Audit(Audit::Verify { directory, json }) => audit::verify(&directory, json),
        Verb::Audit(Audit::Tail { directory, lines, follow }) => audit::tail(&directory, lines, follow),
        Verb::Audit(Audit::List(arguments)) => audit_list::list(&arguments),
        Verb::Audit(Audit::Export { directory, since, until, format: ExportFormat::Ndjson }) => {
            audit_list::export(&directory, since.as_deref(), until.as_deref())
        }
        Verb::Cedar(verb) => cedar::run(&verb),
        Verb::Holds(verb) => Ok(holds::run(&verb)),
        Verb::Overrides(verb) => Ok(overrides::run(&verb)),
        Verb::Snapshots(verb) => Ok(snapshots::run(&verb)),
        Verb::Keys(verb) => keys::run(&verb),
        Verb::Status(arguments) => Ok(status::status(&arguments)),
        Verb::Health(arguments) => Ok(status::health(&arguments)),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            output::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
