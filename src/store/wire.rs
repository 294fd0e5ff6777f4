//! What of a hold is kept as JSON: all that no query asks for. A member that this version does not know is an error, since
//! an approval could depend on it.

use serde::{Deserialize, Serialize};

use crate::holds::{Approval, Ask, Decided, Hold, HoldState, Lift, ShownArguments};
use crate::model::call::{CallDigest, PrincipalKind};
use crate::model::decision::{Engine, Outcome};
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// What of a hold stands in columns of its own.
#[derive(Debug)]
pub(in crate::store) struct Columns {
    pub(in crate::store) id: Id,
    pub(in crate::store) revision: u64,
    pub(in crate::store) state: HoldState,
    pub(in crate::store) recorded: bool,
    pub(in crate::store) tenant: String,
    pub(in crate::store) actor: String,
    pub(in crate::store) capability: String,
    pub(in crate::store) digest: CallDigest,
    pub(in crate::store) ticket: bool,
    pub(in crate::store) created_at: Timestamp,
    pub(in crate::store) expires_at: Timestamp,
}

/// The JSON text of what stands in no column.
pub(in crate::store) fn rest_of(hold: &Hold) -> Result<String, String> {
    serde_json::to_string(&Rest::of(hold)).map_err(|error| error.to_string())
}

/// The hold that `columns` and the JSON text `rest` make up. What is wrong with them otherwise, without what they hold.
pub(in crate::store) fn hold_from(columns: Columns, rest: &str) -> Result<Hold, String> {
    let rest: Rest = serde_json::from_str(rest).map_err(|error| {
        format!("its JSON is not as expected ({:?}, column {})", error.classify(), error.column())
    })?;
    rest.into_hold(columns)
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    actor_kind: String,
    key: Option<String>,
    person: Option<String>,
    route: String,
    resource: String,
    arguments: WireArguments,
    outcome: String,
    reason: String,
    lifts: Vec<WireLift>,
    roles: Vec<String>,
    decision_id: String,
    snapshot_version: u64,
    approvals: Vec<WireApproval>,
    decided: Option<WireDecided>,
    superseded: bool,
    consumed_by: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireArguments {
    json: Option<String>,
    bytes: usize,
    hidden_fields: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLift {
    engine: String,
    rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    outcome: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireApproval {
    by: String,
    person: Option<String>,
    roles: Vec<String>,
    at: i64,
    comment: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDecided {
    by: String,
    at: i64,
    comment: Option<String>,
}

impl Rest {
    fn of(hold: &Hold) -> Self {
        let ask = &hold.ask;
        let arguments = &ask.arguments;
        Self {
            actor_kind: ask.actor_kind.as_str().to_owned(),
            key: ask.key.as_deref().map(str::to_owned),
            person: ask.person.as_deref().map(str::to_owned),
            route: ask.route.to_string(),
            resource: ask.resource.clone(),
            arguments: WireArguments {
                json: arguments.json.clone(),
                bytes: arguments.bytes,
                hidden_fields: arguments.hidden_fields,
            },
            outcome: ask.outcome.as_str().to_owned(),
            reason: ask.reason.clone(),
            lifts: ask.lifts.iter().map(WireLift::of).collect(),
            roles: ask.roles.iter().map(|role| role.to_string()).collect(),
            decision_id: ask.decision_id.clone(),
            snapshot_version: ask.snapshot_version,
            approvals: hold.approvals.iter().map(WireApproval::of).collect(),
            decided: hold.decided.as_ref().map(WireDecided::of),
            superseded: hold.superseded,
            consumed_by: hold.consumed_by.clone(),
        }
    }

    fn into_hold(self, columns: Columns) -> Result<Hold, String> {
        let lifts: Result<Vec<Lift>, String> = self.lifts.into_iter().map(WireLift::into_lift).collect();
        let ask = Ask {
            tenant: columns.tenant.into(),
            actor: columns.actor.into(),
            actor_kind: PrincipalKind::parse(&self.actor_kind).ok_or("its kind of actor is unknown")?,
            key: self.key.map(Into::into),
            person: self.person.map(Into::into),
            ticket: columns.ticket,
            digest: columns.digest,
            route: self.route.into(),
            capability: columns.capability,
            resource: self.resource,
            arguments: ShownArguments {
                json: self.arguments.json,
                bytes: self.arguments.bytes,
                hidden_fields: self.arguments.hidden_fields,
            },
            outcome: outcome(&self.outcome)?,
            reason: self.reason,
            lifts: lifts?,
            roles: self.roles.into_iter().map(Into::into).collect(),
            decision_id: self.decision_id,
            snapshot_version: self.snapshot_version,
            created_at: columns.created_at,
            expires_at: columns.expires_at,
        };
        Ok(Hold {
            id: columns.id,
            revision: columns.revision,
            state: columns.state,
            ask,
            approvals: self.approvals.into_iter().map(WireApproval::into_approval).collect(),
            decided: self.decided.map(WireDecided::into_decided),
            superseded: self.superseded,
            consumed_by: self.consumed_by,
            recorded: columns.recorded,
        })
    }
}

impl WireLift {
    fn of(lift: &Lift) -> Self {
        Self {
            engine: lift.engine.as_str().to_owned(),
            rule: lift.rule.as_deref().map(str::to_owned),
            source: lift.source.as_deref().map(str::to_owned),
            outcome: lift.outcome.as_str().to_owned(),
        }
    }

    fn into_lift(self) -> Result<Lift, String> {
        let engine = Engine::parse(&self.engine).ok_or("an engine in it is unknown")?;
        let (rule, source) = (self.rule.map(Into::into), self.source.map(Into::into));
        Ok(Lift { engine, rule, source, outcome: outcome(&self.outcome)? })
    }
}

impl WireApproval {
    fn of(approval: &Approval) -> Self {
        let Approval { by, person, roles, at, comment } = approval.clone();
        Self { by, person, roles, at: at.as_micros(), comment }
    }

    fn into_approval(self) -> Approval {
        let Self { by, person, roles, at, comment } = self;
        Approval { by, person, roles, at: Timestamp::from_micros(at), comment }
    }
}

impl WireDecided {
    fn of(decided: &Decided) -> Self {
        let Decided { by, at, comment } = decided.clone();
        Self { by, at: at.as_micros(), comment }
    }

    fn into_decided(self) -> Decided {
        Decided { by: self.by, at: Timestamp::from_micros(self.at), comment: self.comment }
    }
}

fn outcome(name: &str) -> Result<Outcome, String> {
    let found = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == name);
    found.ok_or_else(|| "an outcome in it is unknown".to_owned())
}
