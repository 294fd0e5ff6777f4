//! The closed list of reason codes: metric label, log field, record field and `code` in every refusal, in one place.

/// Why a request was answered as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    /// A rule allows it.
    RuleAllowed,
    /// A rule denies it.
    RuleDenied,
    /// A rule over its session denies it.
    PlanDenied,
    /// No rule speaks of it and the default allows it.
    DefaultAllowed,
    /// No rule speaks of it and the default denies it.
    DefaultDenied,
    /// A governance policy allows it.
    PolicyAllowed,
    /// A governance policy denies it.
    PolicyDenied,
    /// A Cedar policy permits it.
    CedarAllowed,
    /// A Cedar policy forbids it, or none permits it.
    CedarDenied,
    /// Everything, or everything of its tenant, is stopped.
    KillSwitch,
    /// Its caller is suspended.
    ActorSuspended,
    /// Its caller is revoked.
    ActorRevoked,
    /// Its capability is not registered.
    CapabilityUnknown,
    /// Its parameters are not those that its capability takes.
    ParametersInvalid,
    /// Its caller has no grant for its capability.
    GrantMissing,
    /// Its caller's grant has ended.
    GrantExpired,
    /// Its caller's grant is not for this time of day.
    GrantTimeWindow,
    /// Its caller's grant allows no more calls for now.
    GrantRateExceeded,
    /// All callers of its capability together may make no more calls for now.
    SharedLimitExceeded,
    /// It is too dangerous.
    RiskDenied,
    /// The gates let it pass.
    GatesPassed,
    /// Some gates do not.
    GatesFailed,
    /// It is too unlike what was before.
    GatesDrift,
    /// The confirmation that the caller names is not this call's, not given, or used.
    ConfirmationInvalid,
    /// What must be done for it cannot be done.
    ObligationUnfulfilled,
    /// It needs a person's approval, which it has not.
    ApprovalRequired,
    /// A person approved it.
    Approved,
    /// An approver rejected the same call a short while ago.
    HoldRejected,
    /// Nobody approved it in time.
    HoldExpired,
    /// Its caller gave it up.
    HoldCancelled,
    /// Too many calls wait for approval.
    HoldLimit,
    /// The hold that the caller names is not this call's.
    HoldMismatch,
    /// The approval has let the call through already.
    AlreadyExecuted,
    /// The caller called its request off while the call was held.
    CalledOff,
    /// The store of holds does not do what it is asked.
    StoreUnavailable,
    /// The gateway stops while the call is held.
    Stopping,
    /// An engine could not tell, so the call is denied.
    Indeterminate,
    /// The tool's name makes no capability name.
    UnnamedCapability,
    /// Two tools of one server have names that make this capability.
    SharedCapability,
    /// A tunnel that no rule allows by its full name.
    TunnelNotNamed,
    /// A protocol message that carries no tool call.
    ProtocolMessage,
    /// A route in mode `off`.
    Bypass,
    /// No route matches.
    RouteNotFound,
    /// Credentials are required and none came.
    CredentialsMissing,
    /// The credential presented is wrong, expired, doubled, or may not be used here.
    CredentialsInvalid,
    /// Too many credentials from the same address were not valid.
    CredentialsThrottled,
    /// The `Host` is not served here.
    HostNotAllowed,
    /// The `Origin` may not call this route.
    OriginNotAllowed,
    /// The head of the request is ambiguous or forbidden.
    InvalidRequest,
    /// The path is ambiguous.
    InvalidPath,
    /// The body is not the JSON it must be.
    InvalidJson,
    /// The body is JSON but not the message the protocol wants.
    InvalidMessage,
    /// The session is not the caller's, or there is none.
    SessionUnknown,
    /// The protocol has no such method here.
    MethodNotFound,
    /// The HTTP method is not served on this route.
    MethodNotAllowed,
    /// The MCP version asked for is not spoken here.
    UnsupportedVersion,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// The body's media type is not what the route takes.
    UnsupportedMediaType,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The client left: before its request was whole, or before its answer was.
    ClientGone,
    /// The ledger did not take the record.
    LedgerUnavailable,
    /// As many requests are under way as may be.
    Overloaded,
    /// The upstream could not be reached or broke off.
    UpstreamFailed,
    /// The upstream did not answer in time.
    UpstreamTimeout,
    /// The upstream's answer is not what may come back.
    ResponseRefused,
    /// The gateway stopped before the call had ended.
    Interrupted,
    /// A defect of the gateway, caught.
    InternalError,
}

impl ReasonCode {
    /// How many there are.
    pub const COUNT: usize = Self::InternalError as usize + 1;

    /// The code on the wire: snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RuleAllowed => "rule_allowed",
            Self::RuleDenied => "rule_denied",
            Self::PlanDenied => "plan_denied",
            Self::DefaultAllowed => "default_allowed",
            Self::DefaultDenied => "default_denied",
            Self::PolicyAllowed => "policy_allowed",
            Self::PolicyDenied => "policy_denied",
            Self::CedarAllowed => "cedar_allowed",
            Self::CedarDenied => "cedar_denied",
            Self::KillSwitch => "kill_switch",
            Self::ActorSuspended => "actor_suspended",
            Self::ActorRevoked => "actor_revoked",
            Self::CapabilityUnknown => "capability_unknown",
            Self::ParametersInvalid => "parameters_invalid",
            Self::GrantMissing => "grant_missing",
            Self::GrantExpired => "grant_expired",
            Self::GrantTimeWindow => "grant_time_window",
            Self::GrantRateExceeded => "grant_rate_exceeded",
            Self::SharedLimitExceeded => "shared_limit_exceeded",
            Self::RiskDenied => "risk_denied",
            Self::GatesPassed => "gates_passed",
            Self::GatesFailed => "gates_failed",
            Self::GatesDrift => "gates_drift",
            Self::ConfirmationInvalid => "confirmation_invalid",
            Self::ObligationUnfulfilled => "obligation_unfulfilled",
            Self::ApprovalRequired => "approval_required",
            Self::Approved => "approved",
            Self::HoldRejected => "hold_rejected",
            Self::HoldExpired => "hold_expired",
            Self::HoldCancelled => "hold_cancelled",
            Self::HoldLimit => "hold_limit",
            Self::HoldMismatch => "hold_mismatch",
            Self::AlreadyExecuted => "already_executed",
            Self::CalledOff => "called_off",
            Self::StoreUnavailable => "store_unavailable",
            Self::Stopping => "stopping",
            Self::Indeterminate => "indeterminate",
            Self::UnnamedCapability => "unnamed_capability",
            Self::SharedCapability => "shared_capability",
            Self::TunnelNotNamed => "tunnel_not_named",
            Self::ProtocolMessage => "protocol_message",
            Self::Bypass => "bypass",
            Self::RouteNotFound => "route_not_found",
            Self::CredentialsMissing => "credentials_missing",
            Self::CredentialsInvalid => "credentials_invalid",
            Self::CredentialsThrottled => "credentials_throttled",
            Self::HostNotAllowed => "host_not_allowed",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidPath => "invalid_path",
            Self::InvalidJson => "invalid_json",
            Self::InvalidMessage => "invalid_message",
            Self::SessionUnknown => "session_unknown",
            Self::MethodNotFound => "method_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedVersion => "unsupported_version",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::BodyTimeout => "body_timeout",
            Self::ClientGone => "client_gone",
            Self::LedgerUnavailable => "ledger_unavailable",
            Self::Overloaded => "overloaded",
            Self::UpstreamFailed => "upstream_failed",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::ResponseRefused => "response_refused",
            Self::Interrupted => "interrupted",
            Self::InternalError => "internal_error",
        }
    }
}
