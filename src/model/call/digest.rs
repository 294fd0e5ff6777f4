//! The digest by which a call is known again: a hold is bound to it, and a repeated call finds its hold by it. And the digest of a
//! session.
//!
//! Imports the rest of `model` and SHA-256. Start reading at [`CallDigest`]. Each part of a call is hashed behind its
//! length, so that two calls have one digest only if every part is the same.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::call::Principal;
use crate::model::json::{Json, MemberPath, NormalPath, write_canonical};

/// What every digest starts with, so that it is no digest of anything else. A change of the layout changes the version.
const LABEL: &[u8] = b"aegis call digest v1\n";

/// What tells two sendings of one JSON-RPC call apart without being part of what is asked for.
const LEFT_OUT_OF_RPC: &[MemberPath<'_>] = &[
    &["id"],
    &["params", "_meta", "progressToken"],
    &["params", "_meta", "traceparent"],
    &["params", "_meta", "tracestate"],
];

/// The same where nothing else stands in `_meta`: an empty one says no more than none.
const LEFT_OUT_WITH_META: &[MemberPath<'_>] = &[&["id"], &["params", "_meta"]];

/// SHA-256 over who calls, by which route, and what exactly would be forwarded. As text, 64 lower-case hexadecimal digits.
///
/// The hashed bytes, one after another. `number(n)` is `n` as 8 bytes, big-endian; `bytes(x)` is `number` of the length of
/// `x` in bytes, then `x`; texts are UTF-8.
///
/// | what | bytes |
/// |---|---|
/// | label and version | `aegis call digest v1` and a line feed, 21 bytes, without a length |
/// | tenant | `bytes` |
/// | principal | `bytes` of its id |
/// | route | `bytes` of its name |
/// | method | `bytes`, as sent |
/// | path | `bytes` of the normal path's spelling |
/// | query | `00` if there is none; else `01` and `bytes` of what stands behind the first `?`, raw |
/// | content type | `number` of the fields, then `bytes` of each value, as sent and in that order |
/// | `Mcp-Param-*` | `number` of the fields, then `bytes` of the name and `bytes` of the value of each; names in lower case (ASCII); sorted by the bytes of the name, fields of one name in the order sent |
/// | no body | `00` |
/// | or a JSON body | `01` and `bytes` of its canonical form ([`write_canonical`]) |
/// | or a JSON-RPC body | `02` and `bytes` of its canonical form without the member `id`, and without `progressToken`, `traceparent` and `tracestate` of `params._meta`; without `_meta` when nothing else is in it |
/// | or another body | `03` and `bytes` of its SHA-256 (32 bytes, not hexadecimal) |
///
/// Not in it: the time, the policies, the key that identified the principal, other headers, and how a JSON body is spelled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallDigest([u8; 32]);

/// What a digest is made of. There are no defaults: whoever makes one says all of it.
#[derive(Clone, Copy, Debug)]
pub struct DigestParts<'a> {
    /// Who calls: the tenant and the id count, the kind and the key do not.
    pub principal: &'a Principal,
    /// Name of the route the call came by.
    pub route: &'a str,
    /// HTTP method. Letter case counts.
    pub method: &'a str,
    /// The path that was judged.
    pub path: &'a NormalPath<'a>,
    /// The query without its `?`, as received. None and an empty one differ.
    pub query: Option<&'a str>,
    /// The value of every `Content-Type` field that is forwarded, in order; usually one. Bytes, because a value that is no
    /// text is forwarded too.
    pub content_types: &'a [&'a [u8]],
    /// Name and value of every `Mcp-Param-*` field that is forwarded, in the order received. Letter case of names does not
    /// count, and neither does the order of different names.
    pub mcp_params: &'a [(&'a str, &'a [u8])],
    /// The body.
    pub body: DigestBody<'a>,
}

/// The body of a call, as its digest sees it. The same bytes as different kinds of body make different digests.
#[derive(Clone, Copy, Debug)]
pub enum DigestBody<'a> {
    /// There is none.
    Absent,
    /// JSON. Every member counts.
    Json(&'a Json<'a>),
    /// A JSON-RPC request. Its top-level `id` does not count, present or not, since only a request that has one is a call;
    /// nor do its progress token and the trace it belongs to, which say nothing of what is asked for.
    JsonRpc(&'a Json<'a>),
    /// Anything else: the bytes as forwarded.
    Opaque(&'a [u8]),
}

impl CallDigest {
    /// The digest of the call that `parts` describe.
    #[must_use]
    pub fn of(parts: &DigestParts<'_>) -> Self {
        let mut hasher = Sha256::new_with_prefix(LABEL);
        let path = parts.path.spelling();
        for text in [&*parts.principal.tenant, &*parts.principal.id, parts.route, parts.method, path] {
            add_bytes(&mut hasher, text.as_bytes());
        }
        match parts.query {
            None => hasher.update([0]),
            Some(query) => {
                hasher.update([1]);
                add_bytes(&mut hasher, query.as_bytes());
            }
        }
        add_number(&mut hasher, parts.content_types.len());
        for value in parts.content_types {
            add_bytes(&mut hasher, value);
        }
        add_mcp_params(&mut hasher, parts.mcp_params);
        add_body(&mut hasher, parts.body);
        Self(hasher.finalize().into())
    }

    /// The digest with these bytes, as [`Self::as_bytes`] gave them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CallDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for CallDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// SHA-256 of a session's name: what it is known by in memory and in records. Names are as long as their callers make them, and some
/// are secret. As text, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionDigest([u8; 32]);

impl SessionDigest {
    /// The digest of the session `name`, as [`DecisionRequest::session`](crate::model::call::DecisionRequest) has it.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(Sha256::digest(name).into())
    }

    /// The digest of that text; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for SessionDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

fn add_mcp_params(hasher: &mut Sha256, fields: &[(&str, &[u8])]) {
    let mut sorted: Vec<(String, &[u8])> =
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value)).collect();
    // Stable: what a repeated field means depends on the order of its values.
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    add_number(hasher, sorted.len());
    for (name, value) in sorted {
        add_bytes(hasher, name.as_bytes());
        add_bytes(hasher, value);
    }
}

fn add_body(hasher: &mut Sha256, body: DigestBody<'_>) {
    let (tag, value, leave_out) = match body {
        DigestBody::Absent => return hasher.update([0]),
        DigestBody::Json(value) => (1, value, &[][..]),
        DigestBody::JsonRpc(value) if meta_says_nothing(value) => (2, value, LEFT_OUT_WITH_META),
        DigestBody::JsonRpc(value) => (2, value, LEFT_OUT_OF_RPC),
        DigestBody::Opaque(bytes) => {
            hasher.update([3]);
            return add_bytes(hasher, &Sha256::digest(bytes));
        }
    };
    let mut canonical = Vec::with_capacity(512);
    write_canonical(value, leave_out, &mut canonical);
    hasher.update([tag]);
    add_bytes(hasher, &canonical);
}

/// Whether `params._meta` holds nothing but what tells two sendings of a call apart.
fn meta_says_nothing(message: &Json<'_>) -> bool {
    let meta = message.member("params").and_then(|params| params.member("_meta"));
    let Some(Json::Object(members)) = meta else { return false };
    members.iter().all(|(name, _)| matches!(name.as_str(), "progressToken" | "traceparent" | "tracestate"))
}

fn add_bytes(hasher: &mut Sha256, bytes: &[u8]) {
    add_number(hasher, bytes.len());
    hasher.update(bytes);
}

fn add_number(hasher: &mut Sha256, number: usize) {
    hasher.update((number as u64).to_be_bytes());
}
