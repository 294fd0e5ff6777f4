//! [`Observation`]: one recorded decision, as a run takes it in. Imports `model` and entities.

use crate::model::json::Json;
use crate::model::time::Timestamp;
use crate::policy::generation::EntityRef;

/// One recorded decision.
#[derive(Clone, Debug)]
pub struct Observation<'o> {
    /// Its id. One that comes again is the same decision, and is not counted again.
    pub event_id: &'o str,
    /// When it was recorded.
    pub at: Timestamp,
    /// The clock by which it was decided, if a policy that it is replayed with could read that; else `None`. Every other time makes
    /// another call of it.
    pub now: Option<Timestamp>,
    /// Its session, if there is one and a policy that it is replayed with could ask for it; else `None`. Likewise.
    pub session: Option<&'o str>,
    /// Who asked.
    pub principal: EntityRef,
    /// The principal's groups at that time.
    pub groups: Vec<EntityRef>,
    /// The principal's roles at that time.
    pub roles: Vec<EntityRef>,
    /// Attributes of the principal that present policies may read, such as `person`. They are its tags too.
    pub attributes: Vec<(&'o str, &'o str)>,
    /// What its token claimed, if a policy that it is replayed with could read tags; else nothing. Other claims make another call of it.
    pub claims: Vec<(&'o str, &'o str)>,
    /// Whether it is a connection that is handed through: only a permit that names its action lets one pass.
    pub tunnel: bool,
    /// What was asked for.
    pub action: EntityRef,
    /// What the action is in.
    pub action_parents: Vec<EntityRef>,
    /// On what.
    pub resource: EntityRef,
    /// What the resource is in: of a path the paths above it, and the gateway.
    pub resource_parents: Vec<EntityRef>,
    /// The arguments: what becomes `context.input`. `None` where the record has none.
    pub arguments: Option<&'o Json<'o>>,
    /// Members of the context besides `input` and `tenant` that present policies may read, such as `agent`. Every other value makes
    /// another call of it, so nothing that is new each time belongs here: no session, no clock.
    pub context: Vec<(&'o str, &'o str)>,
    /// What became of it.
    pub outcome: ObservedOutcome,
}

/// What became of a recorded call: what all policies together said of it, and whether that was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObservedOutcome {
    /// The policies allowed it, and it was let through.
    Allowed,
    /// The policies denied it, and it was let through because they were only watched. Counts as allowed where the run observes
    /// `log_only`, else as denied.
    WouldDeny,
    /// The policies denied it.
    Denied,
    /// The policies wanted a person for it, who approved it. Counts as allowed where the run includes what was approved.
    Approved,
    /// The policies did not deny it, but something else stopped it: a limit, a kill switch, a person, a fault. It says nothing
    /// about what policies should allow: runs only count it, drafts are tried on it.
    Stopped,
}

/// Why a record cannot be put to an engine. It is only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unaskable {
    /// It does not say who asked, or of what kind they are.
    Principal,
    /// Its path is hidden, since it holds an argument that is.
    HiddenPath,
    /// No question can be made of the rest: a name that makes no action, a path that is missing, a principal in too many groups.
    Question,
}
