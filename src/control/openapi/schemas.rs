//! The schemas: those that the forms of answers and the written forms of objects derive, and a few of what is written by hand.

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::control::dto::{
    DecisionDetail, DecisionPage, EntryPage, HoldForm, HoldPageForm, KeyPageForm, OverrideForm, ProposalForm,
    RecalibrationForm, ReportForm, Trail,
};
use crate::control::error::ProblemCode;
use crate::control::openapi::answers::reference;
use crate::control::openapi::surfaces::{cedar, evaluation};
use crate::model::call::{PrincipalKind, Scope};
use crate::model::decision::Outcome;
use crate::policy::governance::raw::{RawActor, RawCapability, RawGrant, RawKillSwitch, RawPolicy};

/// A text that is a time.
pub(super) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// A filter by outcome. An empty one is none.
pub(super) fn outcome_filter() -> Value {
    let mut words: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    words.push("");
    json!({"type": "string", "enum": words})
}

/// Every schema of the document, by its name.
pub(super) fn components() -> Map<String, Value> {
    let mut components = by_hand();
    // What is answered.
    let mut answers = generator(true);
    answers.subschema_for::<DecisionPage>();
    answers.subschema_for::<DecisionDetail>();
    answers.subschema_for::<EntryPage>();
    answers.subschema_for::<ProposalForm>();
    answers.subschema_for::<ReportForm>();
    answers.subschema_for::<Trail>();
    answers.subschema_for::<HoldForm<'static>>();
    answers.subschema_for::<HoldPageForm<'static>>();
    answers.subschema_for::<KeyPageForm>();
    answers.subschema_for::<OverrideForm>();
    answers.subschema_for::<RecalibrationForm>();
    components.extend(answers.take_definitions(true));
    // What is sent, and the same with what became of it.
    let mut asked = generator(false);
    asked.subschema_for::<RawCapability>();
    asked.subschema_for::<RawPolicy>();
    asked.subschema_for::<RawGrant>();
    asked.subschema_for::<RawActor>();
    asked.subschema_for::<RawKillSwitch>();
    components.extend(asked.take_definitions(true));
    refine(&mut components);
    components.extend([
        ("Capability".to_owned(), object::<RawCapability>()),
        ("Policy".to_owned(), object::<RawPolicy>()),
        ("Grant".to_owned(), object::<RawGrant>()),
        ("ActorStatus".to_owned(), object::<RawActor>()),
        ("KillSwitch".to_owned(), object::<RawKillSwitch>()),
    ]);
    for (page, list, item) in [
        ("CapabilityPage", "capabilities", "Capability"),
        ("PolicyPage", "policies", "Policy"),
        ("GrantPage", "grants", "Grant"),
    ] {
        components.insert(page.to_owned(), self::page(list, item));
    }
    components.extend(evaluation::schemas());
    components.extend(cedar::schemas());
    components.insert("KillSwitches".to_owned(), kill_switches());
    components.sort_keys();
    components
}

fn generator(answers: bool) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let settings = if answers { settings.for_serialize() } else { settings.for_deserialize() };
    settings.into_generator()
}

/// An object as it is shown: what was written of it, and its history.
fn object<T: JsonSchema>() -> Value {
    let mut schema = T::json_schema(&mut generator(false)).to_value();
    let stamp = json!({
        "id": {"type": "string", "description": "Stays the same when the object is replaced."},
        "version": {"type": "integer", "minimum": 1, "description": "Counts its changes; the ETag."},
        "created_at": time(),
        "updated_at": time(),
        "source": {"enum": ["api", "file"], "description": "Where it comes from. What comes from a file is changed there."},
        "file": {"type": "string", "description": "The file."},
    });
    let Value::Object(stamp) = stamp else { return schema };
    let names = stamp.keys().filter(|name| *name != "file").map(|name| json!(name)).collect::<Vec<_>>();
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.extend(names);
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.extend(stamp);
    }
    schema
}

/// A capability's name.
pub(super) const CAPABILITY: &str = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,7}$";
/// The same, what is below a prefix of it, or everything.
const CAPABILITIES: &str = r"^(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,7}(\.\*)?)$";

/// What the types of written forms do not say of their members, because their readers say it with more words.
fn refine(components: &mut Map<String, Value>) {
    for (schema, member, more) in [
        ("RawCapability", "name", json!({"pattern": CAPABILITY, "maxLength": 128})),
        ("RawGrant", "capability", json!({"pattern": CAPABILITY, "maxLength": 128})),
        ("RawPolicyRule", "capability", json!({"pattern": CAPABILITIES, "maxLength": 130})),
        ("RawPolicyRule", "priority", json!({"maximum": 1_000_000})),
        ("RawPolicy", "name", json!({"minLength": 1, "maxLength": 128})),
        ("RawPolicy", "rules", json!({"minItems": 1, "maxItems": 1000})),
        ("RawTimeWindow", "start", json!({"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})),
        ("RawTimeWindow", "end", json!({"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})),
        ("RawGrant", "expires_at", json!({"format": "date-time"})),
    ] {
        let place =
            components.get_mut(schema).and_then(|schema| schema.get_mut("properties")?.get_mut(member));
        if let (Some(Value::Object(place)), Value::Object(more)) = (place, more) {
            place.extend(more);
        }
    }
}

fn kill_switches() -> Value {
    json!({
        "type": "object",
        "required": ["active", "kill_switches"],
        "properties": {
            "active": {"type": "boolean", "description": "Whether calls of the caller's tenant are stopped."},
            "kill_switches": {"type": "array", "items": {"$ref": "#/components/schemas/KillSwitch"}},
        },
    })
}

fn page(list: &str, item: &str) -> Value {
    json!({
        "type": "object",
        "required": [list, "total", "cursor"],
        "properties": {
            list: {"type": "array", "items": reference(item), "description": "The newest first."},
            "total": {"type": "integer", "minimum": 0, "description": "How many there are, on all pages."},
            "cursor": {"type": ["string", "null"], "description": "Where the next page begins; `null` on the last."},
        },
        "additionalProperties": false,
    })
}

/// What a key is issued with.
fn new_key() -> Value {
    json!({
        "type": "object",
        "description": "As a key of `control.keys`, but for its hash: the gateway makes the text.",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9][A-Za-z0-9._:@-]*$"},
            "tenant": {"type": "string", "minLength": 1, "maxLength": 128, "description": "That of the caller's key unless written."},
            "scopes": {"type": "array", "items": {"enum": Scope::ALL.map(Scope::as_str)}},
            "actors": {"type": "array", "items": {"type": "string"}},
            "actor": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "minLength": 1, "maxLength": 128},
                    "type": {"enum": PrincipalKind::ALL.map(PrincipalKind::as_str)},
                },
                "additionalProperties": false,
            },
            "roles": {"type": "array", "maxItems": 32, "items": {"type": "string"}},
            "groups": {"type": "array", "maxItems": 64, "items": {"type": "string"}},
            "person": {"type": "string", "minLength": 1, "maxLength": 128},
            "expires_at": {"type": "string", "format": "date-time"},
            "force": {"type": "boolean", "description": "Lets the key propose and manage or approve."},
        },
        "additionalProperties": false,
    })
}

/// What no type of ours stands for.
fn by_hand() -> Map<String, Value> {
    let codes: Vec<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    let urns: Vec<_> = codes.iter().map(|code| format!("urn:aegis:{code}")).collect();
    let detail = json!({
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
        "additionalProperties": false,
    });
    let schemas = json!({
        "GovernanceError": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {
                "type": "object",
                "required": ["code", "message", "request_id"],
                "properties": {
                    "code": {"enum": codes},
                    "message": {"type": "string", "description": "What is wrong and what to do, for people."},
                    "request_id": {"type": "string"},
                    "details": {"type": "array", "minItems": 1, "items": detail, "description": "Everything that is wrong, by member or parameter."},
                },
                "additionalProperties": false,
            }},
            "additionalProperties": false,
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"enum": urns},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "field": {"type": "string", "description": "The parameter or member to blame."},
                "details": {"type": "array", "items": detail},
                "problems": {"type": "array", "items": {"type": "string"}},
                "state": {"type": "string", "description": "How the hold stands."},
                "hold": reference("Hold"),
            },
            "additionalProperties": false,
        },
        "NewKey": new_key(),
        "PolicyServerError": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {"type": "string"},
                "detail": {"type": "string"},
                "field": {"type": "string"},
                "line": {"type": "integer"},
                "index": {"type": "integer"},
                "problems": {"type": "array", "items": {"type": "object"}},
                "items": {"type": "array", "items": {"type": "object"}},
            },
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}
