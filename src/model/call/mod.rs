//! What a caller wants: who, which capability, on what, with which parameters.
//!
//! Imports nothing of ours but the rest of `model`. Start reading at [`DecisionRequest`].

mod capability;
mod digest;
mod parameters;
mod path_template;
mod principal;
mod public_key;
mod request;
mod scope;

pub use capability::{CapabilityError, CapabilityName, lower_snake};
pub use digest::{CallDigest, DigestBody, DigestParts, SessionDigest};
pub use parameters::{Body, Lookup, Parameters};
pub use path_template::{PathTemplate, PathTemplateError, Segment, is_variable_name};
pub use principal::{ACTOR_ID_MAX_BYTES, ACTOR_ID_RULE, Claim, Principal, PrincipalKind, is_actor_id};
pub use public_key::{PublicKey, TokenAlgorithm};
pub use request::{Action, CallContext, DecisionRequest, ToolCall};
pub use scope::Scope;

#[cfg(test)]
mod tests;
