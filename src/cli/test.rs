//! `aegis test`: a rules file held against cases, with a report for people, programs or build servers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::app::{Case, Cases, PolicyFile};
use crate::cli::answer::Answer;
use crate::cli::load::LoadingArguments;
use crate::cli::{junit, load, output, verdicts};
use crate::facts::Deciding;
use crate::gateway::{Clock, SystemClock};
use crate::model::document::Place;

#[derive(Debug, clap::Args)]
pub(super) struct Test {
    /// The rules file.
    policy: PathBuf,
    /// The cases: actions, and what is expected of each.
    cases: PathBuf,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to write it [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say which rules no case reached.
    #[arg(long)]
    coverage: bool,
    /// End with 1 where the cases reached less than this many percent of the rules.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,
    #[command(flatten)]
    loading: LoadingArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For build servers: JUnit's XML.
    Junit,
}

/// What came of all cases.
pub(super) struct Verdicts {
    pub(super) policy: String,
    pub(super) cases: String,
    pub(super) list: Vec<Verdict>,
    pub(super) rules: usize,
    /// The rules that decided no case: where, and their names. Asked for only with `--coverage` or `--fail-under`.
    pub(super) unreached: Option<Vec<(Place, String)>>,
}

/// What came of one case.
pub(super) struct Verdict {
    pub(super) case: Case,
    pub(super) answer: Answer,
    pub(super) took: Duration,
    /// What was expected and is otherwise: the member, what was expected, what it is.
    pub(super) misses: Vec<(&'static str, String, String)>,
}

impl Verdicts {
    pub(super) fn failed(&self) -> usize {
        self.list.iter().filter(|verdict| !verdict.misses.is_empty()).count()
    }

    /// How many percent of the rules decided a case, rounded down; all of none.
    pub(super) fn percent(&self, unreached: usize) -> usize {
        ((self.rules - unreached) * 100).checked_div(self.rules).unwrap_or(100)
    }
}

pub(super) fn run(arguments: &Test) -> Result<ExitCode> {
    let policy = arguments.loading.policy(&arguments.policy);
    let cases = load::or_problems(Cases::load(&arguments.cases));
    let (Some(policy), Some(cases)) = (policy, cases) else {
        return Ok(ExitCode::from(output::BAD_CONFIGURATION));
    };
    let verdicts = verdicts_of(arguments, &policy, cases)?;
    let report = match arguments.format {
        Format::Text => verdicts::text(&verdicts),
        Format::Json => verdicts::json(&verdicts)?,
        Format::Junit => junit::report(&verdicts)?,
    };
    match &arguments.output {
        Some(path) => {
            write(path, &report)?;
            output::line(&verdicts::summary(&verdicts));
        }
        None => output::text(&report),
    }
    let short = short_of(arguments, &verdicts);
    if let Some(message) = &short {
        output::error(message);
    }
    let good = verdicts.failed() == 0 && short.is_none();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(path: &Path, report: &str) -> Result<()> {
    std::fs::write(path, report).with_context(|| format!("{} cannot be written", path.display()))
}

fn verdicts_of(arguments: &Test, policy: &PolicyFile, cases: Cases) -> Result<Verdicts> {
    let sessions = Deciding::default();
    let mut reached = BTreeSet::new();
    let mut list = Vec::with_capacity(cases.list.len());
    for case in cases.list {
        let started = Instant::now();
        let now = case.at.unwrap_or_else(|| SystemClock.now());
        let explanation =
            policy.decide(&case.question, now, &sessions).with_context(|| case.place.to_string())?;
        reached.extend(explanation.deciding_rule());
        let answer = Answer::of(&explanation);
        let misses = misses(&case, &answer);
        list.push(Verdict { case, answer, took: started.elapsed(), misses });
    }
    let wanted = arguments.coverage || arguments.fail_under.is_some();
    Ok(Verdicts {
        policy: arguments.policy.display().to_string(),
        cases: arguments.cases.display().to_string(),
        list,
        rules: policy.rules().len(),
        unreached: wanted.then(|| {
            let rules = policy.places().into_iter().zip(policy.rules()).enumerate();
            let unreached = rules.filter(|(index, _)| !reached.contains(index));
            unreached.map(|(_, (place, rule))| (place, rule.name.to_string())).collect()
        }),
    })
}

fn misses(case: &Case, answer: &Answer) -> Vec<(&'static str, String, String)> {
    let expected = &case.expected;
    let mut misses = Vec::new();
    if expected.outcome != answer.outcome {
        let word = expected.outcome.approval_word();
        misses.push(("approval", word.to_owned(), answer.approval().to_owned()));
    }
    if let Some(rule) = expected.rule.as_ref().filter(|rule| **rule != answer.rule) {
        misses.push(("rule", rule.clone(), answer.rule.clone()));
    }
    if let Some(risk) = expected.risk.filter(|risk| *risk != answer.risk) {
        misses.push(("risk", risk.as_str().to_owned(), answer.risk.as_str().to_owned()));
    }
    let plan_rule = expected.plan_rule.as_ref();
    if let Some(rule) = plan_rule.filter(|rule| Some(*rule) != answer.plan_rule.as_ref()) {
        let found = answer.plan_rule.clone().unwrap_or_else(|| "none".to_owned());
        misses.push(("plan_rule", rule.clone(), found));
    }
    misses
}

/// Why the coverage is not enough, where it is not.
fn short_of(arguments: &Test, verdicts: &Verdicts) -> Option<String> {
    let wanted = arguments.fail_under?;
    let percent = verdicts.percent(verdicts.unreached.as_ref()?.len());
    (percent < usize::from(wanted))
        .then(|| format!("the cases reached {percent} % of the rules, less than --fail-under {wanted}"))
}
