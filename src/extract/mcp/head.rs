//! What of a request's head matters to MCP. Nothing is judged here: a header that two readers could see differently is kept as
//! unclear.

use crate::extract::mcp::{McpEra, STATELESS_VERSION};
use crate::extract::same_name;

/// The beginning of headers that repeat an argument of a tool call.
const PARAM: &str = "mcp-param-";

/// A header of which there may be one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SingleHeader<'a> {
    /// It is not there.
    #[default]
    Absent,
    /// It is there once: its value, without white space around it.
    Once(&'a [u8]),
    /// It is there more than once, or spelled with `_`, which some servers read as `-`.
    Unclear,
}

/// The headers of MCP, and what is known of the request's session.
#[derive(Clone, Debug, Default)]
pub struct McpHead<'a> {
    /// `MCP-Protocol-Version`.
    pub version: SingleHeader<'a>,
    /// `Mcp-Method`, which repeats the body's `method`.
    pub method: SingleHeader<'a>,
    /// `Mcp-Name`, which repeats the name or URI in the body's `params`.
    pub name: SingleHeader<'a>,
    /// Whether `Last-Event-ID` is there.
    pub resumes: bool,
    /// Whether the request belongs to a session that was found to be the caller's.
    pub in_session: bool,
    /// The names of the `Mcp-Param-*` headers, as often as they stand there.
    params: Vec<&'a str>,
}

impl<'a> SingleHeader<'a> {
    fn note(&mut self, value: &'a [u8], dashed: bool) {
        *self = if dashed && *self == Self::Absent { Self::Once(value.trim_ascii()) } else { Self::Unclear };
    }
}

impl<'a> McpHead<'a> {
    /// Takes note of a header field, if it is one of MCP's. `name` is in lower case.
    pub fn note(&mut self, name: &'a str, value: &'a [u8]) {
        match name {
            "mcp-protocol-version" => self.version.note(value, true),
            "mcp-method" => self.method.note(value, true),
            "mcp-name" => self.name.note(value, true),
            "last-event-id" => self.resumes = true,
            _ if name.starts_with(PARAM) => self.params.push(name),
            _ if name.starts_with("mcp") && name.contains('_') => self.note_underscored(name, value),
            _ => {}
        }
    }

    fn note_underscored(&mut self, name: &'a str, value: &'a [u8]) {
        if same_name(name, "mcp-protocol-version") {
            self.version.note(value, false);
        } else if same_name(name, "mcp-method") {
            self.method.note(value, false);
        } else if same_name(name, "mcp-name") {
            self.name.note(value, false);
        } else if name.get(..PARAM.len()).is_some_and(|start| same_name(start, PARAM)) {
            self.params.push(name);
        }
    }

    /// The era the head asks for. Whether the body agrees is not known here.
    #[must_use]
    pub fn era(&self) -> McpEra {
        let stateless = self.version == SingleHeader::Once(STATELESS_VERSION.as_bytes());
        if stateless { McpEra::Stateless } else { McpEra::Session }
    }

    /// Whether a header of the stateless era stands there that repeats something of the body by rule.
    pub(super) fn has_mirrored(&self) -> bool {
        self.method != SingleHeader::Absent || self.name != SingleHeader::Absent
    }

    /// Whether an `Mcp-Param-*` header is there more than once, or could be taken for another one by a server that reads `_`
    /// as `-`. A `_` in the part that names the argument is the tool's own.
    pub(super) fn has_unclear_params(&self) -> bool {
        let folded = |byte: u8| if byte == b'_' { b'-' } else { byte };
        let mut names: Vec<&str> = self.params.clone();
        names.sort_unstable_by(|a, b| a.bytes().map(folded).cmp(b.bytes().map(folded)));
        let twins = names.array_windows().any(|[a, b]| a.bytes().map(folded).eq(b.bytes().map(folded)));
        twins || names.iter().any(|name| !name.starts_with(PARAM))
    }
}
