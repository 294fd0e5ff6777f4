//! The restrictor of capabilities: only what is registered is let through, and only with parameters that it takes.

use crate::decision::PolicySnapshot;
use crate::decision::decide::Registered;
use crate::decision::restrictors::Said;
use crate::model::call::{DecisionRequest, Parameters};
use crate::model::decision::{Engine, ReasonCode};

/// Denies capabilities that are not registered, and parameters that do not meet the registered schema. Parameters that are not
/// known are not checked.
pub(in crate::decision) fn restrict(
    snapshot: &PolicySnapshot,
    request: DecisionRequest<'_, '_>,
    registered: Option<Registered<'_>>,
) -> Said {
    let engine = Engine::Capabilities;
    if !snapshot.governing.capabilities_required {
        return Said::nothing(engine);
    }
    // What has no name is refused for that.
    let Some(name) = request.call.action.capability() else { return Said::nothing(engine) };
    let Some(capability) = registered else {
        let reason =
            format!("Blocked: the capability {name} is not registered. Ask whoever manages capabilities.");
        return Said::denied(engine, ReasonCode::CapabilityUnknown, &reason);
    };
    let parameters = &request.call.parameters;
    if matches!(parameters, Parameters::Unknown { .. }) {
        return Said::nothing(engine);
    }
    match capability.schemas().try_for_each(|schema| schema.check(parameters)) {
        Ok(()) => Said::nothing(engine),
        Err(mismatch) => {
            let reason = format!("Blocked: the parameters are not those that {name} takes: {mismatch}.");
            Said::denied(engine, ReasonCode::ParametersInvalid, &reason)
        }
    }
}
