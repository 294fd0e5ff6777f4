//! A call to ask conditions about.

use std::sync::Arc;

use crate::model::call::{
    Action, Body, CallContext, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall,
};
use crate::model::decision::{RiskLevel, RiskScore};
use crate::model::json::{Json, Reader};
use crate::model::time::Timestamp;
use crate::policy::conditions::{Condition, Scope};

/// What the call is made of. The parameters and the metadata are JSON texts.
pub(super) struct World<'w> {
    pub(super) parameters: Parameters<'w>,
    pub(super) metadata: Option<Json<'w>>,
    pub(super) principal: Principal,
    pub(super) context: CallContext<'w, 'w>,
    pub(super) risk_level: Option<RiskLevel>,
    pub(super) now: Timestamp,
}

pub(super) fn json(text: &str) -> Json<'_> {
    Reader::default().parse(text.as_bytes()).unwrap()
}

impl<'w> World<'w> {
    /// A call with these arguments, by the `marketing-bot`, on a Sunday (2026-11-22) at 18:30 UTC.
    pub(super) fn new(parameters: &'w str) -> Self {
        let mut principal = Principal::new("acme", "marketing-bot", PrincipalKind::AiAgent);
        principal.roles = ["analyst", "sender"].map(Arc::from).into();
        Self {
            parameters: Parameters::Flat(json(parameters)),
            metadata: None,
            principal,
            context: CallContext { route: "mail", ..CallContext::default() },
            risk_level: Some(RiskLevel::High),
            now: Timestamp::parse_rfc3339("2026-11-22T18:30:00Z").unwrap(),
        }
    }

    pub(super) fn with_metadata(mut self, metadata: &'w str) -> Self {
        self.metadata = Some(json(metadata));
        self
    }

    pub(super) fn sections(path: &'w str, query: &'w str, body: Body<'w>) -> Self {
        let mut world = Self::new("{}");
        world.parameters = Parameters::Sections { path: json(path), query: json(query), body };
        world
    }

    /// `true`, `false`, or why it cannot be told.
    pub(super) fn ask(&self, condition: &str) -> Result<bool, String> {
        let condition = Condition::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
        let call = ToolCall {
            action: Action::Verbatim("mail.send".into()),
            resource: "inbox/7".into(),
            resource_hidden: false,
            parameters: self.parameters.clone(),
            description: "".into(),
        };
        let mut request = DecisionRequest::new(&self.principal, &call);
        request.context = CallContext { metadata: self.metadata.as_ref(), ..self.context };
        request.session = Some("sess-1");
        let score = RiskScore::from_ten_thousandths(4_200);
        let scope = Scope::new(request, "mail.send", self.risk_level, score, self.now);
        condition.evaluate(&scope).map_err(|error| error.to_string())
    }
}
