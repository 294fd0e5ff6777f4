//! `tool_call`: one JSON endpoint; two JSON pointers say where name and arguments stand.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::extract::operations::is_json;
use crate::extract::{ExtractError, Extracted};
use crate::model::call::{Action, CapabilityName, Parameters, ToolCall};
use crate::model::decision::ReasonCode;
use crate::model::json::{Json, Reader};

/// How a tool-call route turns a body into a call.
#[derive(Clone, Debug)]
pub struct ToolCallExtractor {
    /// The route's name: the resource of every call.
    pub route: String,
    /// Put before every tool name.
    pub prefix: String,
    /// JSON pointer of the tool's name.
    pub name: String,
    /// JSON pointer of its arguments.
    pub arguments: String,
    /// Tools whose capability is named by the configuration.
    pub tools: HashMap<String, CapabilityName>,
}

impl ToolCallExtractor {
    /// Reads a POSTed call.
    ///
    /// # Errors
    /// Not JSON, not strict JSON, no name where the pointer leads, or arguments that are no object.
    pub fn extract<'a>(
        &self,
        reader: &Reader,
        content_type: Option<&str>,
        body: &'a [u8],
    ) -> Result<Extracted<'a>, ExtractError> {
        if !content_type.is_some_and(is_json) {
            let message = "The body must be sent as application/json.";
            return Err(ExtractError::new(415, ReasonCode::UnsupportedMediaType, message));
        }
        let body = reader.parse(body).map_err(|error| {
            let message = format!("The body was refused as JSON: {error}.");
            ExtractError::new(400, ReasonCode::InvalidJson, message)
        })?;
        let bad = |what: String| {
            Err(ExtractError::new(
                400,
                ReasonCode::InvalidMessage,
                format!("The tool call was refused: {what}."),
            ))
        };
        let Some(tool) = body.pointer(&self.name).and_then(Json::as_str) else {
            return bad(format!("there is no string at {}", self.name));
        };
        let arguments = match body.pointer(&self.arguments) {
            None => Json::Object(Vec::new()),
            Some(arguments @ Json::Object(_)) => arguments.clone(),
            Some(_) => return bad(format!("there is no object at {}", self.arguments)),
        };
        let named = self.tools.get(tool).cloned().or_else(|| CapabilityName::under(&self.prefix, tool));
        let action = named.map_or_else(
            || Action::Unnamed { tool: Cow::Owned(tool.to_owned()), prefix: Cow::Owned(self.prefix.clone()) },
            Action::Named,
        );
        let resource = Cow::Owned(self.route.clone());
        let call = ToolCall {
            action,
            resource,
            resource_hidden: false,
            parameters: Parameters::Flat(arguments),
            description: Cow::Borrowed(""),
        };
        Ok(Extracted::Call { call, rpc_id: None, tool_result: false })
    }
}
