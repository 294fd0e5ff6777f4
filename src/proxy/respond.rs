//! The one place of the data plane that makes HTTP of a refusal. What the caller is told is in the [`Refusal`]; what the log
//! says is written where it happened.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use crate::extract::McpEra;
use crate::gateway::{Refusal, RefusalForm};
use crate::model::decision::ReasonCode;
use crate::model::json::write_json_string;
use crate::proxy::headers::PREFERENCE_APPLIED;

/// Seconds after which a caller may try again when the gateway cannot serve now.
const RETRY_AFTER_S: u32 = 1;

/// Answers `session` with `refusal`.
pub(super) async fn refuse(session: &mut Session, refusal: &Refusal) -> Result<()> {
    let (status, content_type, body) = render(refusal);
    let mut head = ResponseHeader::build(status, Some(6))?;
    head.insert_header(CONTENT_TYPE, content_type)?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    match refusal.status {
        401 => head.insert_header(WWW_AUTHENTICATE, "Bearer realm=\"aegis\"")?,
        503 => head.insert_header(RETRY_AFTER, RETRY_AFTER_S)?,
        _ => {}
    }
    if let Some(seconds) = refusal.retry_after_s {
        head.insert_header(RETRY_AFTER, seconds)?;
    }
    if let Some(hold) = &refusal.hold {
        if let Some(seconds) = hold.retry_after_s {
            head.insert_header(RETRY_AFTER, seconds)?;
        }
        if let (RefusalForm::Accepted, Some(link)) = (&refusal.form, &hold.link) {
            head.insert_header(LOCATION, link.as_str())?;
        }
    }
    if refusal.form == RefusalForm::Accepted {
        head.append_header(PREFERENCE_APPLIED, "respond-async")?;
    }
    if let Some(waited_s) = refusal.waited_s {
        head.append_header(PREFERENCE_APPLIED, format!("wait={waited_s}"))?;
    }
    if let Some(methods) = refusal.allow {
        head.insert_header(ALLOW, methods)?;
    }
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(Bytes::from(body)), true).await
}

/// Status, content type and body of a refusal.
fn render(refusal: &Refusal) -> (u16, &'static str, Vec<u8>) {
    match &refusal.form {
        RefusalForm::Problem => (refusal.status, "application/problem+json", problem(refusal)),
        RefusalForm::Accepted => (refusal.status, "application/json", accepted(refusal)),
        RefusalForm::Rpc { code, id, data } => {
            (refusal.status, "application/json", rpc_error(refusal, *code, id, data.as_deref()))
        }
        RefusalForm::ToolResult { id, era } => (200, "application/json", tool_result(refusal, id, *era)),
    }
}

fn problem(refusal: &Refusal) -> Vec<u8> {
    let mut body = b"{\"type\":\"urn:aegis:".to_vec();
    body.extend(refusal.code.as_str().bytes().map(|byte| if byte == b'_' { b'-' } else { byte }));
    body.extend_from_slice(b"\",\"title\":");
    write_json_string(title(refusal), &mut body);
    body.extend_from_slice(b",\"status\":");
    body.extend_from_slice(refusal.status.to_string().as_bytes());
    body.extend_from_slice(b",\"detail\":");
    write_json_string(&refusal.detail, &mut body);
    body.push(b',');
    members(refusal, &mut body);
    body.push(b'}');
    body
}

fn accepted(refusal: &Refusal) -> Vec<u8> {
    let mut body = b"{\"detail\":".to_vec();
    write_json_string(&refusal.detail, &mut body);
    body.push(b',');
    members(refusal, &mut body);
    body.push(b'}');
    body
}

fn rpc_error(refusal: &Refusal, code: i32, id: &str, data: Option<&str>) -> Vec<u8> {
    let mut body = b"{\"jsonrpc\":\"2.0\",\"id\":".to_vec();
    body.extend_from_slice(id.as_bytes());
    body.extend_from_slice(b",\"error\":{\"code\":");
    body.extend_from_slice(code.to_string().as_bytes());
    body.extend_from_slice(b",\"message\":");
    write_json_string(&refusal.detail, &mut body);
    body.extend_from_slice(b",\"data\":{");
    if let Some(inside) = data.and_then(|data| data.strip_prefix('{')?.strip_suffix('}')) {
        body.extend_from_slice(inside.as_bytes());
        body.push(b',');
    }
    members(refusal, &mut body);
    body.extend_from_slice(b"}}}");
    body
}

fn tool_result(refusal: &Refusal, id: &str, era: McpEra) -> Vec<u8> {
    let mut text = refusal.detail.clone();
    if let Some(help) = &refusal.help {
        text.push(' ');
        text.push_str(help);
    }
    let mut body = b"{\"jsonrpc\":\"2.0\",\"id\":".to_vec();
    body.extend_from_slice(id.as_bytes());
    body.extend_from_slice(b",\"result\":{");
    // The stateless era takes no result without it; in sessions it is unknown.
    if era == McpEra::Stateless {
        body.extend_from_slice(b"\"resultType\":\"complete\",");
    }
    body.extend_from_slice(b"\"content\":[{\"type\":\"text\",\"text\":");
    write_json_string(&text, &mut body);
    body.extend_from_slice(b"}],\"isError\":true,\"_meta\":{\"aegis/decision\":{");
    members(refusal, &mut body);
    body.extend_from_slice(b"}}}}");
    body
}

/// The members every form carries: `code`, and where there is one `decision_id`, `help` and what is said of the hold.
fn members(refusal: &Refusal, body: &mut Vec<u8>) {
    body.extend_from_slice(b"\"code\":");
    write_json_string(refusal.code.as_str(), body);
    if let Some(decision) = &refusal.decision_id {
        body.extend_from_slice(b",\"decision_id\":\"");
        decision.write(body);
        body.push(b'"');
    }
    if let Some(help) = &refusal.help {
        body.extend_from_slice(b",\"help\":");
        write_json_string(help, body);
    }
    let Some(hold) = &refusal.hold else { return };
    body.extend_from_slice(b",\"hold_id\":\"");
    hold.id.write(body);
    body.extend_from_slice(b"\",\"state\":\"");
    body.extend_from_slice(hold.state.as_bytes());
    body.extend_from_slice(b"\",\"expires_at\":\"");
    hold.expires_at.write_rfc3339(body);
    body.push(b'"');
    if let Some(seconds) = hold.retry_after_s {
        body.extend_from_slice(b",\"retry_after\":");
        body.extend_from_slice(seconds.to_string().as_bytes());
    }
    if let Some(link) = &hold.link {
        body.extend_from_slice(b",\"hold\":");
        write_json_string(link, body);
    }
}

const fn title(refusal: &Refusal) -> &'static str {
    match refusal.status {
        _ if matches!(refusal.code, ReasonCode::ApprovalRequired) => "Approval required",
        202 => "Waiting for approval",
        401 => "Not identified",
        403 => "Denied by policy",
        404 => "Not served here",
        405 => "Method not allowed",
        409 => "Done already",
        408 => "Request too slow",
        413 => "Body too large",
        415 => "Unsupported media type",
        421 => "Host not served here",
        500 => "Internal error",
        502 => "The tool failed",
        503 => "Not available now",
        504 => "The tool did not answer in time",
        _ => "Bad request",
    }
}
