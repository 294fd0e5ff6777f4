//! `aegis holds list|show|approve|reject`: deciding on calls that wait for a person.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::app::{Remote, RemoteError};
use crate::cli::held::{one, table};
use crate::cli::output;
use crate::cli::remote::RemoteArguments;
use crate::gateway::{Clock, SystemClock};
use crate::model::id::{HOLD, Id};

/// How many holds are asked for at once: with the arguments of each they are some megabytes at most.
const PAGE: usize = 50;

/// How many pages are asked for at most.
const PAGES: usize = 40;

#[derive(Debug, Subcommand)]
pub(super) enum Holds {
    /// Lists the calls that wait, newest first.
    List {
        /// Which ones.
        #[arg(long, value_enum, default_value_t = StateArgument::Pending)]
        state: StateArgument,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Shows one, with its arguments and what an approval of it lifts.
    Show {
        #[command(flatten)]
        hold: HoldArgument,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Lets the call be made, once.
    Approve {
        #[command(flatten)]
        hold: HoldArgument,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
        #[command(flatten)]
        remote: RemoteArguments,
    },
    /// Refuses the call.
    Reject {
        #[command(flatten)]
        hold: HoldArgument,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
        #[command(flatten)]
        remote: RemoteArguments,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct HoldArgument {
    /// The hold, such as hld_...
    #[arg(value_name = "ID", value_parser = hold_id)]
    id: String,
}

/// An id as it may stand in a path.
fn hold_id(text: &str) -> Result<String, String> {
    let id = Id::parse(HOLD, text)
        .ok_or("an id of a hold is hld_ and 26 letters and digits, as the list shows it")?;
    Ok(id.to_string())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StateArgument {
    Pending,
    Approved,
    Consumed,
    Rejected,
    Expired,
    Cancelled,
    All,
}

impl StateArgument {
    const fn query(self) -> &'static str {
        match self {
            Self::Pending => "state=pending&",
            Self::Approved => "state=approved&",
            Self::Consumed => "state=consumed&",
            Self::Rejected => "state=rejected&",
            Self::Expired => "state=expired&",
            Self::Cancelled => "state=cancelled&",
            Self::All => "",
        }
    }
}

pub(super) fn run(verb: &Holds) -> ExitCode {
    let now = SystemClock.now();
    match verb {
        Holds::List { state, remote } => {
            remote.run(|gateway| all(gateway, *state), |page| (table(page, now), ExitCode::SUCCESS))
        }
        Holds::Show { hold, remote } => {
            let path = format!("/api/v1/holds/{}", hold.id);
            remote.run(|gateway| gateway.read(&path), |hold| (one(hold, now), ExitCode::SUCCESS))
        }
        Holds::Approve { hold, comment, remote } => decide(hold, "approve", comment.as_deref(), remote),
        Holds::Reject { hold, comment, remote } => decide(hold, "reject", comment.as_deref(), remote),
    }
}

fn decide(hold: &HoldArgument, verb: &str, comment: Option<&str>, remote: &RemoteArguments) -> ExitCode {
    let path = format!("/api/v1/holds/{}/{verb}", hold.id);
    let body = comment.map_or_else(|| json!({}), |comment| json!({"comment": comment}));
    remote.run(|gateway| gateway.change(&path, &body), |hold| (decided(hold), ExitCode::SUCCESS))
}

/// What became of a hold that was decided on.
fn decided(hold: &Value) -> String {
    let text = |name: &str| output::plain(hold.get(name).and_then(Value::as_str).unwrap_or("?"));
    let call = format!("{} by {}", text("capability"), text("actor"));
    let state = text("state");
    let more = match (&*state, hold.get("waiting").and_then(Value::as_u64)) {
        ("approved", Some(1..)) => ". The caller waits for it and goes on now".to_owned(),
        ("approved", _) => ". Nobody waits for it now: it is made when the caller repeats it".to_owned(),
        ("pending", _) => format!(". It also needs {}", missing_roles(hold)),
        _ => String::new(),
    };
    format!("{} is {state}: {call}{more}", text("hold_id"))
}

/// The roles that nobody has approved as yet.
fn missing_roles(hold: &Value) -> String {
    let list = |name: &str| hold.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let filled = |role: &Value| list("approvals").iter().any(|approval| approval.get("role") == Some(role));
    let missing = list("roles").iter().filter(|role| !filled(role)).filter_map(Value::as_str);
    missing.map(output::plain).collect::<Vec<_>>().join(" and ")
}

/// All holds in one page: so many as can be shown at once.
fn all(gateway: &Remote, state: StateArgument) -> Result<Value, RemoteError> {
    let first = format!("/api/v1/holds?{}limit={PAGE}", state.query());
    let mut page = gateway.read(&first)?;
    for _page in 1..PAGES {
        let Some(cursor) = page.get("cursor").and_then(Value::as_str) else { break };
        // A cursor is base64url, so it may stand in a query as it is.
        let mut next = gateway.read(&format!("{first}&cursor={cursor}"))?;
        let more = next.get_mut("holds").and_then(Value::as_array_mut).map(std::mem::take);
        let holds = page.get_mut("holds").and_then(Value::as_array_mut);
        let (Some(holds), Some(more)) = (holds, more) else { break };
        holds.extend(more);
        if let (Some(at), Some(cursor)) = (page.get_mut("cursor"), next.get("cursor")) {
            *at = cursor.clone();
        }
    }
    Ok(page)
}
