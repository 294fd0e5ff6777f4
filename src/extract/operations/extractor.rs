//! From a request to the call of an operation. May import `model` and what the protocols share.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::extract::operations::index::Index;
use crate::extract::{ExtractError, Extracted, ResourceTemplate, parse_query};
use crate::model::call::{Action, Body, CapabilityName, Parameters, PathTemplate, ToolCall};
use crate::model::decision::ReasonCode;
use crate::model::json::{Json, NormalPath, Reader};

/// One operation of a REST service.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Upper-case HTTP method.
    pub method: String,
    /// Which paths it is.
    pub path: PathTemplate,
    /// What it is called in policies.
    pub capability: CapabilityName,
    /// What it is about; the path itself when absent.
    pub resource: Option<ResourceTemplate>,
    /// Whether that is made of a path variable that must not be stored.
    pub resource_hidden: bool,
}

/// How an HTTP route turns requests into calls.
#[derive(Clone, Debug)]
pub struct OperationsExtractor {
    operations: Vec<Operation>,
    index: Index,
    unmapped: Option<CapabilityName>,
    tunnel: Option<CapabilityName>,
}

/// What of a request matters to an operation.
#[derive(Clone, Copy, Debug)]
pub struct OperationsInput<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path in normal form.
    pub path: &'a NormalPath<'a>,
    /// Raw query string.
    pub query: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
}

impl OperationsExtractor {
    /// An extractor for `operations`; calls that are none of them get the capability `<prefix>.unmapped`.
    #[must_use]
    pub fn new(prefix: &str, operations: Vec<Operation>) -> Self {
        let index =
            Index::new(operations.iter().map(|operation| (operation.method.as_str(), &operation.path)));
        let own = |name| CapabilityName::under(prefix, name);
        Self { operations, index, unmapped: own("unmapped"), tunnel: own("tunnel") }
    }

    /// What a tunnel is called here.
    #[must_use]
    pub const fn tunnel(&self) -> Option<&CapabilityName> {
        self.tunnel.as_ref()
    }

    /// Reads a request that asks for a tunnel: whatever operation its path belongs to, it is `<prefix>.tunnel`.
    ///
    /// # Errors
    /// An ambiguous query.
    pub fn extract_tunnel<'a>(
        &self,
        reader: &Reader,
        path: &'a NormalPath<'a>,
        query: Option<&'a str>,
    ) -> Result<Extracted<'a>, ExtractError> {
        let query = parse_query(query.unwrap_or_default(), reader.case_equal_keys)?;
        let resource: Cow<'_, str> = Cow::Owned(path.spelling().to_owned());
        let tool = || Action::Unnamed { tool: resource.clone(), prefix: Cow::Borrowed("") };
        let action = self.tunnel.clone().map_or_else(tool, Action::Tunnel);
        let parameters = Parameters::Sections { path: Json::Object(Vec::new()), query, body: Body::Absent };
        let call =
            ToolCall { action, resource, resource_hidden: false, parameters, description: Cow::Borrowed("") };
        Ok(Extracted::Call { call, rpc_id: None, tool_result: false })
    }

    /// Reads a request.
    ///
    /// # Errors
    /// An ambiguous query, or a body that calls itself JSON and is not strict JSON.
    pub fn extract<'a>(
        &self,
        reader: &Reader,
        input: OperationsInput<'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        let found = self
            .index
            .find(input.method, input.path.segments())
            .and_then(|number| self.operations.get(number))
            .and_then(|operation| Some((operation, operation.path.variables(input.path.segments())?)));
        let query = parse_query(input.query.unwrap_or_default(), reader.case_equal_keys)?;
        let body = body(reader, input)?;
        let resource_hidden = found.as_ref().is_some_and(|(operation, _)| operation.resource_hidden);
        let own_path = || Cow::Owned(input.path.spelling().to_owned());
        let (action, resource, path) = match found {
            Some((operation, variables)) => {
                let filled =
                    operation.resource.as_ref().and_then(|template| template.fill(&variables).ok()).flatten();
                let resource = filled.map_or_else(own_path, Cow::Owned);
                (Action::Named(operation.capability.clone()), resource, variables)
            }
            None => {
                let tool = || Action::Unnamed { tool: own_path(), prefix: Cow::Borrowed("") };
                (self.unmapped.clone().map_or_else(tool, Action::Named), own_path(), Json::Object(Vec::new()))
            }
        };
        let parameters = Parameters::Sections { path, query, body };
        let call = ToolCall { action, resource, resource_hidden, parameters, description: Cow::Borrowed("") };
        Ok(Extracted::Call { call, rpc_id: None, tool_result: false })
    }
}

fn body<'a>(reader: &Reader, input: OperationsInput<'a>) -> Result<Body<'a>, ExtractError> {
    if input.body.is_empty() {
        return Ok(Body::Absent);
    }
    if input.content_type.is_some_and(is_json) {
        let value = reader.parse(input.body).map_err(|error| {
            let message = format!("The body was refused as JSON: {error}.");
            ExtractError::new(400, ReasonCode::InvalidJson, message)
        })?;
        return Ok(Body::Json(value));
    }
    let digest = Sha256::digest(input.body);
    Ok(Body::Opaque { sha256: data_encoding::HEXLOWER.encode(&digest) })
}

/// Whether a media type is JSON in UTF-8: `application/json` or a `+json` suffix. A server that honored another charset would
/// read other values than those judged.
pub(in crate::extract) fn is_json(content_type: &str) -> bool {
    if content_type == "application/json" {
        return true;
    }
    let content_type = content_type.to_ascii_lowercase();
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let utf_8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim() == "charset" => value.trim().trim_matches('"') == "utf-8",
        _ => true,
    };
    json && parts.all(utf_8)
}
