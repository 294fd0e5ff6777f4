//! The protocol version of a message: named in the head, in the body, or both, and then the same.

use crate::extract::ExtractError;
use crate::extract::mcp::head::{McpHead, SingleHeader};
use crate::extract::mcp::message::{Envelope, mismatch, rpc, rpc_code};
use crate::model::decision::ReasonCode;
use crate::model::json::{Json, write_json_string};

/// Protocol versions of the session era that are spoken here, newest first.
pub const SESSION_VERSIONS: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// The protocol version of the stateless era.
pub const STATELESS_VERSION: &str = "2026-07-28";

/// The member of `params._meta` in which a message names its version.
const CLAIM: &str = "io.modelcontextprotocol/protocolVersion";

/// The two ways of MCP over streamable HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum McpEra {
    /// Up to 2025-11-25: a handshake, sessions, a stream by GET. Also whatever names no version.
    #[default]
    Session,
    /// 2026-07-28: each request stands for itself.
    Stateless,
}

/// The era of `message`, once head and body agree on the version.
///
/// # Errors
/// They disagree, or the version is not spoken here.
pub(super) fn agreed(head: &McpHead<'_>, message: &Envelope<'_>) -> Result<McpEra, ExtractError> {
    let claimed = claim(message);
    let named = named(head, message.id())?;
    if claimed.is_some_and(|claimed| claimed.as_str().map(str::as_bytes) != named) {
        let what = "MCP-Protocol-Version and the version in params._meta are not the same";
        return Err(mismatch(message.id(), what));
    }
    spoken(named, claimed.is_some(), message.id())
}

/// The era of a request without a message: a GET or DELETE.
pub(super) fn bodiless(head: &McpHead<'_>) -> Result<McpEra, ExtractError> {
    spoken(named(head, &Json::Null)?, false, &Json::Null)
}

/// The version `message` names in its body.
pub(super) fn claim<'m>(message: &'m Envelope<'_>) -> Option<&'m Json<'m>> {
    match message {
        Envelope::Request { params, .. } | Envelope::Notification { params, .. } => {
            params.member("_meta")?.member(CLAIM)
        }
        Envelope::Response { .. } => None,
    }
}

fn named<'a>(head: &McpHead<'a>, id: &Json<'_>) -> Result<Option<&'a [u8]>, ExtractError> {
    match head.version {
        SingleHeader::Absent => Ok(None),
        SingleHeader::Once(version) => Ok(Some(version)),
        SingleHeader::Unclear => {
            Err(mismatch(id, "MCP-Protocol-Version stands twice, or is spelled with an underscore"))
        }
    }
}

fn spoken(named: Option<&[u8]>, claims: bool, id: &Json<'_>) -> Result<McpEra, ExtractError> {
    match named {
        None => Ok(McpEra::Session),
        Some(version) if SESSION_VERSIONS.iter().any(|spoken| spoken.as_bytes() == version) => {
            Ok(McpEra::Session)
        }
        Some(version) if version == STATELESS_VERSION.as_bytes() => Ok(McpEra::Stateless),
        Some(version) => Err(unsupported(version, claims, id)),
    }
}

/// A version that is not spoken here. A message that names its version in the body is of the stateless kind, so it is told of
/// those of that kind only: a client goes by what this list and `server/discover` have in common, and servers name no others
/// there.
fn unsupported(requested: &[u8], claims: bool, id: &Json<'_>) -> ExtractError {
    let session = if claims { &[][..] } else { &SESSION_VERSIONS[..] };
    let supported: Vec<&str> = std::iter::once(STATELESS_VERSION).chain(session.iter().copied()).collect();
    let message = format!("The MCP version is not spoken here. Spoken: {}.", supported.join(", "));
    let mut error = rpc(400, ReasonCode::UnsupportedVersion, rpc_code::UNSUPPORTED_VERSION, id, message);
    if let Some(rpc) = &mut error.rpc {
        let mut data = b"{\"supported\":[\"".to_vec();
        data.extend_from_slice(supported.join("\",\"").as_bytes());
        data.extend_from_slice(b"\"],\"requested\":");
        write_json_string(&String::from_utf8_lossy(requested), &mut data);
        data.push(b'}');
        rpc.data = String::from_utf8(data).ok();
    }
    error
}
