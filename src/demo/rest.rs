//! The demo CRM over REST: contacts and refunds.
//!
//! May import `model`. Start reading at [`read_contact`]; every refusal is a [`RestError`].

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use crate::demo::DemoTools;
use crate::demo::error::DemoError;
use crate::demo::state::{Contact, MAX_REASON_BYTES, MAX_REFUND_CENTS, Refund};

/// A refusal as HTTP sees it: `{"error": {"code", "message"}}` with the status that fits.
#[derive(Debug)]
pub(super) struct RestError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// `GET /crm/contacts/{id}`
pub(super) async fn read_contact(
    State(tools): State<DemoTools>,
    Path(id): Path<String>,
) -> Result<Json<Value>, RestError> {
    let contact = tools.with(|data| {
        data.count("contacts.read");
        data.contacts.get(id.as_str()).copied()
    });
    let contact = contact.ok_or(DemoError::UnknownContact)?;
    Ok(Json(contact_json(&id, contact)))
}

/// `GET /crm/contacts`
pub(super) async fn list_contacts(State(tools): State<DemoTools>) -> Json<Value> {
    let contacts: Vec<Value> = tools.with(|data| {
        data.count("contacts.list");
        data.contacts.iter().map(|(id, contact)| contact_json(id, *contact)).collect()
    });
    Json(json!({"contacts": contacts}))
}

/// `DELETE /crm/contacts/{id}`
pub(super) async fn delete_contact(
    State(tools): State<DemoTools>,
    Path(id): Path<String>,
) -> Result<Json<Value>, RestError> {
    let removed = tools.with(|data| {
        data.count("contacts.delete");
        data.contacts.remove(id.as_str())
    });
    let contact = removed.ok_or(DemoError::UnknownContact)?;
    Ok(Json(json!({"deleted": contact_json(&id, contact)})))
}

/// `POST /crm/refunds`, 201 with the refund.
pub(super) async fn create_refund(
    State(tools): State<DemoTools>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), RestError> {
    let refund = tools.with(|data| {
        data.count("refunds.create");
        let (contact, amount_cents, reason) = parse_refund(&body)?;
        data.add_refund(&contact, amount_cents, &reason)
    })?;
    Ok((StatusCode::CREATED, Json(refund_json(&refund))))
}

/// `GET /crm/refunds`, oldest first.
pub(super) async fn list_refunds(State(tools): State<DemoTools>) -> Json<Value> {
    let refunds: Vec<Value> = tools.with(|data| {
        data.count("refunds.list");
        data.refunds.iter().map(refund_json).collect()
    });
    Json(json!({"refunds": refunds}))
}

/// Any other path.
pub(super) async fn unknown_path() -> RestError {
    RestError {
        status: StatusCode::NOT_FOUND,
        code: "unknown_path",
        message: "the demo tools are at /crm/contacts, /crm/refunds and /mcp".to_owned(),
    }
}

/// A known path with a method it does not have; axum adds `Allow`.
pub(super) async fn wrong_method() -> RestError {
    RestError {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "wrong_method",
        message: "this path does not take this method; see the Allow header".to_owned(),
    }
}

/// Contact, amount in cents and reason of a refund. Parsed by hand so that each mistake has a sentence of its own.
fn parse_refund(body: &[u8]) -> Result<(String, i64, String), DemoError> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return Err(DemoError::BadRefund("it is not a JSON object"));
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let contact =
        text("contact").ok_or(DemoError::BadRefund("contact must be the id of a contact, a string"))?;
    let reason = text("reason").ok_or(DemoError::BadRefund("reason must be a string that is not empty"))?;
    if reason.len() > MAX_REASON_BYTES {
        return Err(DemoError::BadRefund("reason is too long"));
    }
    let amount_cents = fields
        .get("amount_cents")
        .and_then(Value::as_i64)
        .filter(|cents| (1..=MAX_REFUND_CENTS).contains(cents))
        .ok_or(DemoError::BadAmount)?;
    Ok((contact.to_owned(), amount_cents, reason.to_owned()))
}

fn contact_json(id: &str, contact: Contact) -> Value {
    json!({"id": id, "name": contact.name, "email": contact.email, "company": contact.company})
}

fn refund_json(refund: &Refund) -> Value {
    json!({
        "id": refund.id,
        "contact": refund.contact,
        "amount_cents": refund.amount_cents,
        "reason": refund.reason,
        "status": "issued",
    })
}

impl From<DemoError> for RestError {
    fn from(error: DemoError) -> Self {
        let (status, code) = match error {
            DemoError::UnknownContact => (StatusCode::NOT_FOUND, "unknown_contact"),
            DemoError::RefundsFull => (StatusCode::CONFLICT, "refunds_full"),
            DemoError::BadRefund(_)
            | DemoError::BadAmount
            | DemoError::UnknownTool
            | DemoError::BadArguments { .. } => (StatusCode::BAD_REQUEST, "bad_request"),
        };
        Self { status, code, message: error.to_string() }
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        (self.status, Json(body)).into_response()
    }
}
