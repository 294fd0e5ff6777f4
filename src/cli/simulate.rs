//! `aegis simulate`: what a rules file says of actions. Nothing is executed or recorded.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::app::Question;
use crate::cli::answer::Answer;
use crate::cli::load::LoadingArguments;
use crate::cli::output;
use crate::cli::table::{aligned, shortened};
use crate::facts::Deciding;
use crate::gateway::{Clock, SystemClock};
use crate::model::time::Timestamp;

#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    /// The rules file.
    policy: PathBuf,
    /// Actions: a type, and behind the first colon the target [default: *], such as write_file:/docs/a.
    #[arg(required = true, value_name = "TYPE:TARGET", value_parser = action)]
    actions: Vec<(String, String)>,
    /// A parameter of the actions. The value is JSON where it can be, else text; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    params: Vec<(String, Value)>,
    /// Who does it [default: nobody named].
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// When it is done, such as 2026-07-15T12:00:00Z [default: now].
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// Take the actions for steps of one session, in this order: rules over sessions see those before.
    #[arg(long)]
    session: bool,
    #[command(flatten)]
    loading: LoadingArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn action(text: &str) -> Result<(String, String), String> {
    let (action_type, target) = text.split_once(':').unwrap_or((text, "*"));
    if action_type.is_empty() {
        return Err("an action needs a type before its colon".to_owned());
    }
    Ok((action_type.to_owned(), target.to_owned()))
}

fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is NAME=VALUE")?;
    let read = serde_json::from_str(value).or_else(|error| match beyond(&error) {
        true => Err(format!("{name} is a number beyond what a double holds")),
        false => Ok(Value::from(value)),
    });
    Ok((name.to_owned(), read?))
}

/// Whether a text is a number, and no double holds it.
fn beyond(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| "expected a time such as 2026-07-15T12:00:00Z".to_owned())
}

pub(super) fn run(arguments: &Simulate) -> Result<ExitCode> {
    let Some(policy) = arguments.loading.policy(&arguments.policy) else {
        return Ok(ExitCode::from(output::BAD_CONFIGURATION));
    };
    let now = arguments.at.unwrap_or_else(|| SystemClock.now());
    let mut params = Map::new();
    for (name, value) in &arguments.params {
        if params.insert(name.clone(), value.clone()).is_some() {
            output::error(&format!("--param {name} is there twice: which of the two is meant?"));
            return Ok(ExitCode::from(output::USAGE));
        }
    }
    let sessions = Deciding::default();
    let mut answers = Vec::with_capacity(arguments.actions.len());
    for (action_type, target) in &arguments.actions {
        let question = Question {
            action_type: action_type.clone(),
            target: target.clone(),
            agent: arguments.agent.clone(),
            params: Value::Object(params.clone()),
            description: String::new(),
            session: arguments.session.then(|| "simulated".to_owned()),
        };
        let answer = Answer::of(&policy.decide(&question, now, &sessions)?);
        answers.push((question, answer));
    }
    if arguments.json {
        let answers: Vec<Value> = answers.iter().map(|(question, answer)| told(question, answer)).collect();
        output::line(&serde_json::to_string_pretty(&answers)?);
    } else {
        output::text(&table(&answers));
    }
    Ok(ExitCode::SUCCESS)
}

fn told(question: &Question, answer: &Answer) -> Value {
    let mut told = json!({"action_type": question.action_type, "target": question.target});
    if let (Value::Object(told), Value::Object(answer)) = (&mut told, answer.to_json()) {
        told.extend(answer);
    }
    told
}

fn table(answers: &[(Question, Answer)]) -> String {
    let mut rows = vec![["ACTION", "TARGET", "APPROVAL", "RISK", "RULE", "REASON"].map(str::to_owned)];
    rows.extend(answers.iter().map(|(question, answer)| {
        let cell = |text: &str| shortened(&output::plain(text));
        [
            cell(&question.action_type),
            cell(&question.target),
            answer.approval().to_owned(),
            answer.risk.as_str().to_owned(),
            cell(&answer.rule),
            output::plain(&answer.reason),
        ]
    }));
    aligned(&rows)
}
