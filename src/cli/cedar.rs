//! `aegis cedar validate|format|simulate|generate`: Cedar policies in files, and over what a gateway recorded.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::app::{Remote, RemoteError};
use crate::cli::output;
use crate::cli::remote::RemoteArguments;
use crate::policy::cedar::{
    CedarProblem, CedarSchema, FiledPolicy, FindingType, PolicyFile, findings, formatted, read_files,
};
use crate::policy::governance::is_cedar_engine_name;

/// Longest file, in bytes.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// How long a run is waited for, and how often it is asked for.
const PATIENCE: Duration = Duration::from_secs(600);
const BETWEEN: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub(super) enum Cedar {
    /// Finds every mistake in files of policies, and tells what is noteworthy about them. No gateway runs.
    Validate {
        /// Files of policies.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// What they are checked against, in Cedar's syntax or in JSON.
        #[arg(long, value_name = "FILE")]
        schema: Option<PathBuf>,
        /// End with 1 for anything noteworthy.
        #[arg(long)]
        strict: bool,
    },
    /// Prints the policies of a file as the formatter writes them.
    Format {
        /// The file.
        file: PathBuf,
        /// Write it back instead.
        #[arg(long, conflicts_with = "check")]
        write: bool,
        /// Print nothing, and end with 1 where it is not written so.
        #[arg(long)]
        check: bool,
    },
    /// Tells which recorded calls would be decided otherwise, were these policies in an engine too.
    Simulate {
        /// Files of policies.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        engine: EngineArgument,
        #[command(flatten)]
        tenant: TenantArgument,
        /// In the place of all that the engine has.
        #[arg(long)]
        instead: bool,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Makes policies of what agents did, and prints them. None of them is active before somebody makes it so.
    Generate {
        #[command(flatten)]
        engine: EngineArgument,
        #[command(flatten)]
        tenant: TenantArgument,
        /// What is asked for, as JSON: the `config` of POST .../generations [default: the last 30 days].
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        remote: RemoteArguments,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct EngineArgument {
    /// The engine.
    #[arg(long, default_value = "main", value_parser = engine_name)]
    engine: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct TenantArgument {
    /// The tenant whose records are looked at.
    #[arg(long, default_value = "default")]
    tenant: String,
}

impl TenantArgument {
    /// As the query of a path: any text may be a tenant's name.
    fn query(&self) -> String {
        let mut query = "tenant=".to_owned();
        for byte in self.tenant.bytes() {
            match byte {
                b'-' | b'.' | b'_' | b'~' => query.push(char::from(byte)),
                _ if byte.is_ascii_alphanumeric() => query.push(char::from(byte)),
                _ => query.push_str(&format!("%{byte:02X}")),
            }
        }
        query
    }
}

/// A name as it may stand in a path.
fn engine_name(text: &str) -> Result<String, String> {
    let fits = is_cedar_engine_name(text);
    if fits { Ok(text.to_owned()) } else { Err("no engine has such a name".to_owned()) }
}

pub(super) fn run(verb: &Cedar) -> Result<ExitCode> {
    match verb {
        Cedar::Validate { files, schema, strict } => validate(files, schema.as_deref(), *strict),
        Cedar::Format { file, write, check } => format(file, (*write, *check)),
        Cedar::Simulate { files, engine, tenant, instead, remote } => {
            simulate(files, (engine, tenant), *instead, remote)
        }
        Cedar::Generate { engine, tenant, config, remote } => {
            generate((engine, tenant), config.as_deref(), remote)
        }
    }
}

fn text_of(path: &Path) -> Result<String> {
    let unreadable = || format!("{} cannot be read", path.display());
    let size = std::fs::metadata(path).with_context(unreadable)?.len();
    anyhow::ensure!(size <= FILE_MAX_BYTES, "{} has more than {FILE_MAX_BYTES} bytes", path.display());
    std::fs::read_to_string(path).with_context(unreadable)
}

/// Prints everything that is wrong with a file.
fn complain(path: &Path, problems: &[CedarProblem]) {
    for CedarProblem { message, help, line, column, .. } in problems {
        let help = help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        output::error(&format!("{}:{line}:{column}: {message}{help}", path.display()));
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn validate(files: &[PathBuf], schema: Option<&Path>, strict: bool) -> Result<ExitCode> {
    let bad = Ok(ExitCode::from(output::BAD_CONFIGURATION));
    let schema = match schema {
        None => None,
        Some(path) => match CedarSchema::read(&text_of(path)?) {
            Ok(schema) => Some(schema),
            Err(problems) => {
                complain(path, &problems.into_list());
                return bad;
            }
        },
    };
    let (mut sound, mut calm) = (true, true);
    for path in files {
        let text = text_of(path)?;
        let policies = match read_files(&[PolicyFile { stem: &stem(path), text: &text }]) {
            Ok(policies) => policies,
            Err(problems) => {
                let problems: Vec<_> = problems.into_iter().map(|found| found.problem).collect();
                complain(path, &problems);
                sound = false;
                continue;
            }
        };
        for filed in &policies {
            let mut found = findings(&filed.policy);
            match schema.as_ref().map(|schema| schema.validate(&filed.policy)) {
                Some(Err(problems)) => {
                    output::error(&format!("{}: policy {}: {problems}", path.display(), filed.id));
                    sound = false;
                }
                Some(Ok(more)) => found.extend(more),
                None => {}
            }
            for found in found.iter().filter(|found| found.kind != FindingType::Valid) {
                let (kind, text) = (found.kind.as_str(), &found.description);
                output::line(&format!("{}: policy {}: {kind}: {text}", path.display(), filed.id));
                calm = false;
            }
        }
        output::line(&format!("{}: {} policies", path.display(), policies.len()));
    }
    match (sound, calm || !strict) {
        (false, _) => bad,
        (true, false) => Ok(ExitCode::FAILURE),
        (true, true) => Ok(ExitCode::SUCCESS),
    }
}

fn format(path: &Path, (write, check): (bool, bool)) -> Result<ExitCode> {
    let text = text_of(path)?;
    let policies = match read_files(&[PolicyFile { stem: &stem(path), text: &text }]) {
        Ok(policies) => policies,
        Err(problems) => {
            let problems: Vec<_> = problems.into_iter().map(|found| found.problem).collect();
            complain(path, &problems);
            return Ok(ExitCode::from(output::BAD_CONFIGURATION));
        }
    };
    let mut pretty = Vec::with_capacity(policies.len());
    for filed in &policies {
        match formatted(&filed.policy) {
            Ok(text) => pretty.push(text),
            Err(problems) => {
                complain(path, &problems.into_list());
                return Ok(ExitCode::from(output::BAD_CONFIGURATION));
            }
        }
    }
    let pretty = pretty.join("\n");
    if check {
        return Ok(if pretty == text { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    // The formatter writes policies; what is said behind the last one or between lines would be lost.
    if write && pretty.matches("//").count() < text.matches("//").count() {
        output::error(&format!("{}: a comment would be lost: put it before a policy", path.display()));
        return Ok(ExitCode::FAILURE);
    }
    if write {
        std::fs::write(path, &pretty).with_context(|| format!("{} cannot be written", path.display()))?;
    } else {
        output::text(&pretty);
    }
    Ok(ExitCode::SUCCESS)
}

fn simulate(
    files: &[PathBuf],
    (EngineArgument { engine }, tenant): (&EngineArgument, &TenantArgument),
    instead: bool,
    remote: &RemoteArguments,
) -> Result<ExitCode> {
    let mut texts = Vec::new();
    for path in files {
        match read_files(&[PolicyFile { stem: &stem(path), text: &text_of(path)? }]) {
            Ok(policies) => texts.extend(policies.iter().map(drafted)),
            Err(problems) => {
                let problems: Vec<_> = problems.into_iter().map(|found| found.problem).collect();
                complain(path, &problems);
                return Ok(ExitCode::from(output::BAD_CONFIGURATION));
            }
        }
    }
    let draft = if instead { json!({"policies": texts}) } else { json!({"add": texts}) };
    let path = format!("/api/v1/policy/engines/{engine}/simulate?{}", tenant.query());
    Ok(remote.run(|gateway| gateway.change(&path, &draft), |told| (simulated(told), ExitCode::SUCCESS)))
}

/// A policy of a file, as a draft has it.
fn drafted(FiledPolicy { policy, log_only, .. }: &FiledPolicy) -> Value {
    let text = policy.text().as_ref();
    if *log_only { json!({"policy_body": text, "enforcement_mode": "LOG_ONLY"}) } else { json!(text) }
}

/// What would be otherwise, for people.
fn simulated(told: &Value) -> String {
    let number = |pointer: &str| told.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let mut lines = vec![format!(
        "{} different calls in {} records: {} allowed now, {} then",
        number("/asked/calls"),
        number("/asked/records"),
        number("/allowed_now/calls"),
        number("/allowed_then/calls")
    )];
    let left_out =
        ["unresolved_principal", "hidden_path", "no_question"].map(|why| number(&format!("/left_out/{why}")));
    if let Some(hidden) = Some(left_out.iter().sum::<u64>()).filter(|sum| *sum > 0) {
        lines.push(format!("{hidden} more records cannot be asked about"));
    }
    if told.pointer("/truncated").and_then(Value::as_bool) == Some(true) {
        lines.push("The ledger has more than was looked at: try a shorter window".to_owned());
    }
    for (flips, words) in [("to_deny", "would be denied"), ("to_allow", "would be allowed")] {
        lines.push(format!("{} calls {words}", number(&format!("/{flips}/calls"))));
        let examples = told.pointer(&format!("/{flips}/examples")).and_then(Value::as_array);
        for example in examples.into_iter().flatten() {
            let text = |name: &str| output::plain(example.get(name).and_then(Value::as_str).unwrap_or("?"));
            lines.push(format!("  {} {} {}", text("principal"), text("action"), text("resource")));
        }
    }
    lines.join("\n")
}

fn generate(
    (EngineArgument { engine }, tenant): (&EngineArgument, &TenantArgument),
    config: Option<&Path>,
    remote: &RemoteArguments,
) -> Result<ExitCode> {
    let config: Value = match config {
        None => json!({}),
        Some(path) => {
            serde_json::from_str(&text_of(path)?).with_context(|| format!("{} is no JSON", path.display()))?
        }
    };
    let path = format!("/api/v1/policy/engines/{engine}/generations");
    let code = |told: &Value| match told.pointer("/generation/status").and_then(Value::as_str) {
        Some("GENERATED") => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    let query = tenant.query();
    Ok(remote.run(|gateway| made(gateway, (&path, &query), &config), |told| (generated(told), code(told))))
}

/// Starts a run, waits for its end, and asks for what it made.
fn made(gateway: &Remote, (path, query): (&str, &str), config: &Value) -> Result<Value, RemoteError> {
    let begun = gateway.change(&format!("{path}?{query}"), &json!({"config": config}))?;
    let id = begun.get("policy_generation_id").and_then(Value::as_str).unwrap_or_default();
    let (run, patience) = (format!("{path}/{id}"), Instant::now() + PATIENCE);
    let mut now = gateway.read(&run)?;
    while now.get("status").and_then(Value::as_str) == Some("GENERATING") && Instant::now() < patience {
        std::thread::sleep(BETWEEN);
        now = gateway.read(&run)?;
    }
    let mut assets = Vec::new();
    let mut page = gateway.read(&format!("{run}/assets?max_results=1000"))?;
    loop {
        let items = page.get_mut("policy_generation_assets").and_then(Value::as_array_mut);
        assets.append(items.unwrap_or(&mut Vec::new()));
        let Some(token) = page.get("next_token").and_then(Value::as_str).map(str::to_owned) else { break };
        page = gateway.read(&format!("{run}/assets?max_results=1000&next_token={token}"))?;
    }
    Ok(json!({"generation": now, "assets": assets}))
}

/// The policies, and what is to be known of them as comments, so that what is printed is a file of policies.
fn generated(told: &Value) -> String {
    let text = |value: &Value, pointer: &str| {
        output::plain(value.pointer(pointer).and_then(Value::as_str).unwrap_or_default())
    };
    let mut lines = vec![format!(
        "// {}: {}",
        text(told, "/generation/policy_generation_id"),
        text(told, "/generation/status")
    )];
    for reason in told.pointer("/generation/status_reasons").and_then(Value::as_array).into_iter().flatten() {
        lines.push(format!("// {}", output::plain(reason.as_str().unwrap_or_default())));
    }
    for asset in told.get("assets").and_then(Value::as_array).into_iter().flatten() {
        for found in asset.get("findings").and_then(Value::as_array).into_iter().flatten() {
            let (kind, words) = (text(found, "/type"), text(found, "/description"));
            lines.push(format!("// {}: {kind}: {words}", text(asset, "/asset_id")));
        }
        let policy = asset.get("content").and_then(Value::as_str).unwrap_or_default();
        // Generated policies are printable as they are: everything else in them is escaped.
        lines.push(policy.trim_end().to_owned());
    }
    lines.join("\n")
}
