//! The calls among MCP's messages: a tool, a resource, a prompt. They are the same in both eras.

use std::borrow::Cow;

use crate::extract::mcp::McpExtractor;
use crate::extract::mcp::message::{rpc, rpc_code};
use crate::extract::{ExtractError, Extracted};
use crate::model::call::{Action, CapabilityName, Parameters, ToolCall};
use crate::model::decision::ReasonCode;
use crate::model::json::Json;

impl McpExtractor {
    pub(super) fn tool_call<'a>(
        &self,
        id: Json<'a>,
        mut params: Json<'a>,
    ) -> Result<Extracted<'a>, ExtractError> {
        let bad = |what: &str| {
            let message = format!("The tool call was refused: {what}.");
            Err(rpc(400, ReasonCode::InvalidMessage, rpc_code::INVALID_PARAMS, &id, message))
        };
        let arguments = match params.take_member("arguments") {
            None => Json::Object(Vec::new()),
            Some(arguments @ Json::Object(_)) => arguments,
            Some(_) => return bad("params.arguments must be an object"),
        };
        let Some(tool) = params.member("name").and_then(Json::as_str) else {
            return bad("params.name must be a string");
        };
        let resource = match &self.resource {
            None => Cow::Owned(self.route.clone()),
            Some(template) => match template.fill(&arguments) {
                Ok(Some(resource)) => Cow::Owned(resource),
                Ok(None) => Cow::Owned(self.route.clone()),
                Err(name) => {
                    return bad(&format!(
                        "the argument {name}, which names the resource, is not a plain value"
                    ));
                }
            },
        };
        let action = self.action(tool);
        let resource_hidden = self.resource_hidden;
        let call = ToolCall {
            action,
            resource,
            resource_hidden,
            parameters: Parameters::Flat(arguments),
            description: Cow::Borrowed(""),
        };
        Ok(Extracted::Call { call, rpc_id: Some(id), tool_result: true })
    }

    /// The call of a tool that is only listed: nothing is known of its arguments, nor of a resource made of them.
    #[must_use]
    pub fn listed(&self, tool: &str) -> ToolCall<'static> {
        ToolCall {
            action: self.action(tool),
            resource: Cow::Owned(self.route.clone()),
            resource_hidden: self.resource_hidden,
            parameters: Parameters::Unknown { name_resource: self.resource.is_some() },
            description: Cow::Borrowed(""),
        }
    }

    fn action<'a>(&self, tool: &str) -> Action<'a> {
        if let Some(name) = self.tools.get(tool) {
            return Action::Named(name.clone());
        }
        CapabilityName::under(&self.prefix, tool).map_or_else(
            || Action::Unnamed { tool: Cow::Owned(tool.to_owned()), prefix: Cow::Owned(self.prefix.clone()) },
            Action::Named,
        )
    }

    /// `resources/read` and `prompts/get`: one string parameter names the resource.
    pub(super) fn named<'a>(
        &self,
        id: Json<'a>,
        params: Json<'a>,
        field: &str,
        suffix: &str,
    ) -> Result<Extracted<'a>, ExtractError> {
        let resource = params.member(field).and_then(Json::as_str).map(|text| Cow::Owned(text.to_owned()));
        let name = CapabilityName::parse(&format!("{}.{suffix}", self.prefix)).ok();
        match (resource, name) {
            (Some(resource), Some(name)) => {
                let parameters = Parameters::Flat(params);
                let call = ToolCall {
                    action: Action::Named(name),
                    resource,
                    resource_hidden: false,
                    parameters,
                    description: Cow::Borrowed(""),
                };
                Ok(Extracted::Call { call, rpc_id: Some(id), tool_result: false })
            }
            _ => {
                let message = format!("The request was refused: params.{field} must be a string.");
                Err(rpc(400, ReasonCode::InvalidMessage, rpc_code::INVALID_PARAMS, &id, message))
            }
        }
    }
}
