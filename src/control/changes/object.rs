//! An object in a body, and a change on its way to being in force.

use axum::http::request::Parts;
use tokio::task::spawn_blocking;

use axum::extract::Request;

use crate::admin::{Change, Refused};
use crate::control::auth::Operator;
use crate::control::body::read_json;
use crate::control::{ControlError, ControlState};
use crate::gateway::{AdminError, Applied, PublishError};
use crate::model::document::{Document, Problems};
use crate::model::json::{Json, Reader, write_json};
use crate::policy::governance::{self, Defaults, Kind, Written};

/// Longest body with an object, in bytes.
const OBJECT_MAX_BYTES: usize = 1024 * 1024;

/// What a body is called where its problems are told.
const NAME: &str = "body";

/// The body of a request with an object, which must be JSON.
///
/// # Errors
/// 400, 408, 413 or 415.
pub(in crate::control) async fn read_body(request: Request) -> Result<(Parts, Vec<u8>), ControlError> {
    let (parts, body) = request.into_parts();
    let bytes = read_json(&parts.headers, body, OBJECT_MAX_BYTES).await?;
    Ok((parts, bytes))
}

/// The object in a body. It is read on a thread for that: conditions are compiled, and nobody else's request waits for it.
///
/// # Errors
/// 400 with everything that is wrong with it.
pub(in crate::control) async fn read(
    kind: Kind,
    body: &[u8],
    defaults: Defaults<'_>,
) -> Result<Written, ControlError> {
    let body = body.to_vec();
    let (tenant, actor) = (defaults.tenant.to_owned(), defaults.actor.map(str::to_owned));
    let id = defaults.id.map(str::to_owned);
    let reading = spawn_blocking(move || {
        let defaults = Defaults { tenant: &tenant, actor: actor.as_deref(), id: id.as_deref() };
        read_now(kind, &body, defaults)
    });
    reading.await.map_err(|_| ControlError::Internal)?
}

fn read_now(kind: Kind, body: &[u8], defaults: Defaults<'_>) -> Result<Written, ControlError> {
    let bad = |detail| ControlError::bad_body(None, detail);
    let json = Reader::default()
        .parse(body)
        .map_err(|error| bad(format!("The body is not the JSON this path takes: {error}.")))?;
    if !matches!(json, Json::Object(_)) {
        return Err(bad(format!("The body is a JSON object, not of type {}.", json.type_name())));
    }
    // Written anew, so that whoever reads it next reads the same.
    let mut text = Vec::with_capacity(body.len());
    write_json(&json, &|_| false, &mut text);
    let text = String::from_utf8(text).unwrap_or_default();
    let document = Document::parse(NAME, &text).map_err(|problems| fields(&problems))?;
    governance::read(kind, &document, defaults).map_err(|problems| fields(&problems))
}

fn fields(problems: &Problems) -> ControlError {
    let field = |problem: &crate::model::document::Problem| {
        let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        (problem.path.clone(), format!("{}{hint}", problem.message))
    };
    ControlError::BadFields(problems.iter().map(field).collect())
}

/// Makes a change: it is in force when this returns, and made even if nobody waits for that any more.
///
/// # Errors
/// It is not made.
pub(in crate::control) async fn apply(
    state: &ControlState,
    operator: &Operator,
    change: Change,
) -> Result<Applied, ControlError> {
    let (administrator, by, now) = (state.administrator.clone(), operator.by(), state.clock.now());
    let applied = spawn_blocking(move || administrator.apply(change, &by, now)).await;
    applied.map_err(|_| ControlError::Internal)?.map_err(ControlError::from)
}

impl From<AdminError> for ControlError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Refused(Refused::NotFound { kind }) => Self::NoSuch(kind),
            AdminError::Refused(Refused::NoSnapshot) => Self::NoSuch("snapshot"),
            AdminError::Refused(refused) => Self::Refused(refused),
            AdminError::Bad(problems) => fields(&problems),
            AdminError::Failed(PublishError::Ledger(_)) => Self::LedgerUnavailable,
            AdminError::Failed(PublishError::Store(error)) => {
                tracing::error!(%error, "a change could not be kept");
                Self::StoreUnavailable
            }
            AdminError::Failed(error @ (PublishError::NotBuilt | PublishError::Stored(_))) => {
                tracing::error!(%error, "a change could not be put in force");
                Self::Internal
            }
        }
    }
}
