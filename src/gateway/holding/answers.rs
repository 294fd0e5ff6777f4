//! What a caller is told of its held call, in one place.

use std::sync::Arc;

use crate::gateway::{Refusal, RefusalForm};
use crate::holds::{Ended, Hold, Limit};
use crate::model::decision::ReasonCode;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// After how many seconds it is worth asking again whether somebody has decided.
const RETRY_AFTER_S: u32 = 5;

/// What an answer says of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldNote {
    /// Its id.
    pub id: Id,
    /// Where it stands.
    pub state: &'static str,
    /// When it ends.
    pub expires_at: Timestamp,
    /// After how many seconds to try again; `None` where that does not help.
    pub retry_after_s: Option<u32>,
    /// Where it can be looked at.
    pub link: Option<String>,
}

impl HoldNote {
    /// What is said of `hold`, which stands as it was last changed. `links` is where people reach the control listener.
    pub(in crate::gateway) fn of(hold: &Hold, links: Option<&Arc<str>>) -> Self {
        Self {
            id: hold.id,
            state: hold.state.as_str(),
            expires_at: hold.ask.expires_at,
            retry_after_s: hold.state.is_open().then_some(RETRY_AFTER_S),
            link: links.map(|links| format!("{links}/api/v1/holds/{}", hold.id)),
        }
    }
}

/// `form` with another code, sentence and hold. `status` counts for problem documents: JSON-RPC answers keep theirs.
pub(super) fn say(
    form: &Refusal,
    status: u16,
    code: ReasonCode,
    detail: String,
    hold: Option<HoldNote>,
) -> Refusal {
    let mut refusal = form.clone();
    if refusal.form == RefusalForm::Problem {
        refusal.status = status;
    }
    refusal.code = code;
    refusal.detail = detail;
    refusal.hold = hold.map(Box::new);
    refusal
}

/// The HTTP status of a refusal with this code.
pub(super) const fn status(code: ReasonCode) -> u16 {
    match code {
        ReasonCode::AlreadyExecuted => 409,
        ReasonCode::StoreUnavailable | ReasonCode::Stopping => 503,
        _ => 403,
    }
}

/// How a caller with a ticket goes on. `reason` says why a person is wanted.
pub(in crate::gateway) fn ticket(reason: &str, note: &HoldNote) -> String {
    format!(
        "{reason} Nothing was done yet: the call is held as {} until {}. Repeat exactly the same call to go on; it runs once, when it is approved.",
        note.id,
        note.expires_at.to_rfc3339()
    )
}

/// What a caller without a ticket is told.
pub(super) fn ticketless(reason: &str) -> String {
    format!(
        "{reason} Nothing was done. Callers without a key of their own cannot come back for an approval: call with a key, or wait longer."
    )
}

/// Why nothing becomes of a held call.
pub(in crate::gateway) fn ended(ended: &Ended) -> String {
    match ended {
        Ended::Rejected(hold) => {
            let decided = hold.decided.as_ref();
            let by = decided.map_or("an approver", |decided| &decided.by);
            let comment = decided.and_then(|decided| decided.comment.as_deref());
            let said = comment.map(|comment| format!(" (\"{comment}\")")).unwrap_or_default();
            format!("Blocked: {by} rejected this call{said}, hold {}. Repeating it does not help.", hold.id)
        }
        Ended::Expired(hold) => {
            format!("Blocked: nobody approved this call in time, hold {}. Repeating it asks anew.", hold.id)
        }
        Ended::Cancelled(hold) => format!("Blocked: the caller gave this call up, hold {}.", hold.id),
        Ended::Consumed(hold) => format!(
            "Not repeated: the approval of hold {} has let this call through already, once, by the decision named here. Its result went to the request that was first.",
            hold.id
        ),
        Ended::Foreign => {
            "Blocked: the hold that X-Aegis-Hold names is not one of this caller's for exactly this call."
                .to_owned()
        }
        Ended::Full(limit) => full(*limit).to_owned(),
    }
}

/// Why no hold is opened.
const fn full(limit: Limit) -> &'static str {
    match limit {
        Limit::Actor => {
            "Blocked: too many calls of this caller wait for approval already (holds.max_pending_per_actor)."
        }
        Limit::Tenant => {
            "Blocked: too many calls of this tenant wait for approval already (holds.max_pending_per_tenant)."
        }
        Limit::All => "Blocked: too many calls wait for approval already (holds.max_pending).",
    }
}

/// While the store takes no holds.
pub(super) const UNAVAILABLE: &str =
    "This call needs a person's approval, and the gateway cannot keep it for one now. Try again shortly.";

/// While the gateway stops.
pub(super) const STOPPING: &str = "The gateway stops. The call was not made; its hold stays.";

/// After the caller called its request off.
pub(super) const CALLED_OFF: &str = "The request was called off while the call was held; nothing was done.";
