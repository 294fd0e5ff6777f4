//! The paths of document 000, and the kill switch.

use serde_json::{Value, json};

use crate::control::openapi::answers::{Answer, Form, reference};
use crate::control::openapi::operation::Operation;
use crate::model::call::Scope;

const TAG: &str = "enforcement";
const ETAG: (&str, &str) = ("ETag", "The object's version.");
const IF_MATCH: &str = "If-Match";
const IF_MATCH_HERE: &str = "The ETag of the version that is replaced, or `*`: of any.";
const CAPABILITY_READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::CapabilitiesManage];
const GRANT_READERS: &[Scope] = &[Scope::GovernanceRead, Scope::AuditRead, Scope::GrantsManage];

/// Its operations.
pub(in crate::control::openapi) fn operations() -> Vec<Operation> {
    let mut operations = capabilities();
    operations.extend(policies());
    operations.extend(grants());
    operations.extend(actors());
    operations.extend(kill_switch());
    operations
}

/// One with refusals in the form of its document.
fn keyed(
    at: (&'static str, &'static str),
    (id, summary): (&'static str, &'static str),
    scopes: &'static [Scope],
) -> Operation {
    Operation::keyed(at, (id, TAG, summary), Form::Governance, scopes)
}

fn shown(status: u16, description: &str, schema: &str) -> Answer {
    Answer::json(status, description, reference(schema)).with(ETAG.0, ETAG.1)
}

/// A POST that makes an object.
fn making(operation: Operation, body: &str, object: &str) -> Operation {
    let made = shown(201, "It was made.", object).with("Location", "Where it is.").repeated();
    operation
        .repeatable()
        .body(Form::Governance, &reference(body), true)
        .answers(made)
        .refuses(Form::Governance, &[503])
}

fn capabilities() -> Vec<Operation> {
    let list = keyed(
        ("get", "/api/v1/capabilities"),
        ("listCapabilities", "Registered capabilities, the newest first."),
        CAPABILITY_READERS,
    )
    .pages()
    .answers(Answer::json(200, "A page of capabilities.", reference("CapabilityPage")));
    let register = making(
        keyed(
            ("post", "/api/v1/capabilities"),
            ("registerCapability", "Registers a capability."),
            &[Scope::CapabilitiesManage],
        ),
        "RawCapability",
        "Capability",
    );
    let show = keyed(
        ("get", "/api/v1/capabilities/{id}"),
        ("showCapability", "One capability."),
        CAPABILITY_READERS,
    )
    .path("id", "Its id or its name.")
    .answers(shown(200, "The capability.", "Capability"))
    .refuses(Form::Governance, &[404]);
    vec![list, register, show]
}

fn policies() -> Vec<Operation> {
    let managers = &[Scope::PoliciesManage];
    let list = keyed(("get", "/api/v1/policies"), ("listPolicies", "Policies, the newest first."), managers)
        .query(
            "enabled",
            &json!({"type": "string", "enum": ["true", "false", "all", ""]}),
            "Those that are enabled, unless others are asked for.",
        )
        .pages()
        .answers(Answer::json(200, "A page of policies.", reference("PolicyPage")));
    let create = making(
        keyed(("post", "/api/v1/policies"), ("createPolicy", "Makes a policy."), managers),
        "RawPolicy",
        "Policy",
    );
    let show = keyed(("get", "/api/v1/policies/{id}"), ("showPolicy", "One policy."), managers)
        .path("id", "Its id.")
        .answers(shown(200, "The policy.", "Policy"))
        .refuses(Form::Governance, &[404]);
    let replace = keyed(
        ("put", "/api/v1/policies/{id}"),
        ("replacePolicy", "Puts another policy in the place of one."),
        managers,
    )
    .path("id", "Its id.")
    .header(IF_MATCH, &if_match(), IF_MATCH_HERE)
    .body(Form::Governance, &reference("RawPolicy"), true)
    .answers(shown(200, "It was replaced.", "Policy"))
    .refuses(Form::Governance, &[404, 409, 412, 503]);
    vec![list, create, show, replace]
}

fn if_match() -> Value {
    json!({"type": "string", "pattern": "^(\\*|\"[0-9]{1,19}\")$"})
}

/// The tenant of an actor.
fn tenanted(operation: Operation) -> Operation {
    let text: Value = json!({"type": "string"});
    operation.path("id", "The actor's id.").query(
        "tenant",
        &text,
        "The actor's tenant; another than its own only for keys of the deployment.",
    )
}

fn grants() -> Vec<Operation> {
    let (path, one) = ("/api/v1/actors/{id}/grants", "/api/v1/actors/{id}/grants/{capability}");
    let list = tenanted(keyed(
        ("get", path),
        ("listGrants", "An actor's grants, the newest first; of an unknown one none."),
        GRANT_READERS,
    ))
    .pages()
    .answers(Answer::json(200, "A page of grants.", reference("GrantPage")))
    .refuses(Form::Governance, &[404]);
    let give = keyed(
        ("post", path),
        ("grant", "Gives an actor a capability, in the place of a grant of it before."),
        &[Scope::GrantsManage],
    )
    .path("id", "The actor's id.");
    let replaced = shown(200, "It stands in the place of one before.", "Grant").repeated();
    let give = making(give, "RawGrant", "Grant").answers(replaced).refuses(Form::Governance, &[404]);
    let show = tenanted(keyed(("get", one), ("showGrant", "One grant."), GRANT_READERS))
        .path("capability", "The capability's name.")
        .answers(shown(200, "The grant.", "Grant"))
        .refuses(Form::Governance, &[404]);
    let revoke = tenanted(keyed(
        ("delete", one),
        ("revokeGrant", "Takes a grant away, where there is one."),
        &[Scope::GrantsManage],
    ))
    .path("capability", "The capability's name.")
    .answers(Answer::empty(204, "There is no such grant any more."))
    .refuses(Form::Governance, &[404, 503]);
    vec![list, give, show, revoke]
}

fn actors() -> Vec<Operation> {
    let path = "/api/v1/actors/{id}";
    let show = tenanted(keyed(("get", path), ("showActor", "What was set for an actor."), GRANT_READERS))
        .answers(shown(200, "What was set.", "ActorStatus"))
        .refuses(Form::Governance, &[404]);
    let set = keyed(
        ("put", path),
        ("setActor", "Says whether an actor may do anything, and how far it is trusted."),
        &[Scope::GrantsManage],
    )
    .path("id", "The actor's id.")
    .body(Form::Governance, &reference("RawActor"), true)
    .header(IF_MATCH, &if_match(), IF_MATCH_HERE)
    .answers(shown(200, "It is set.", "ActorStatus"))
    .refuses(Form::Governance, &[404, 409, 412, 503]);
    vec![show, set, recalibrate()]
}

fn recalibrate() -> Operation {
    let body = json!({
        "type": "object",
        "properties": {
            "reason": {"type": ["string", "null"], "maxLength": 500, "description": "Why; it is recorded."},
            "tenant": {
                "type": ["string", "null"],
                "description": "The actor's tenant; another than its own only for keys of the deployment.",
            },
        },
        "additionalProperties": false,
    });
    keyed(
        ("post", "/api/v1/actors/{id}/drift/recalibrate"),
        ("recalibrateDrift", "Has an actor's drift baseline forgotten: its next calls make a new one."),
        &[Scope::GrantsManage],
    )
    .path("id", "The actor's id.")
    .repeatable()
    .body(Form::Governance, &body, false)
    .answers(Answer::json(200, "What was forgotten.", reference("DriftRecalibration")).repeated())
    .refuses(Form::Governance, &[404, 503])
}

fn kill_switch() -> Vec<Operation> {
    let path = "/api/v1/kill-switch";
    let show = Operation::keyed(
        ("get", path),
        ("showKillSwitch", TAG, "Whether calls of its caller's tenant are stopped, and by what."),
        Form::Problem,
        &[Scope::GovernanceRead, Scope::AuditRead],
    )
    .answers(Answer::json(200, "The switches that its caller may see.", reference("KillSwitches")));
    let set = Operation::keyed(
        ("put", path),
        ("setKillSwitch", TAG, "Stops everything, or the calls of one tenant."),
        Form::Problem,
        &[Scope::Admin],
    )
    .body(Form::Problem, &reference("RawKillSwitch"), true)
    .header(IF_MATCH, &if_match(), IF_MATCH_HERE)
    .answers(shown(200, "It is set.", "KillSwitch"))
    .refuses(Form::Problem, &[409, 412, 503]);
    vec![show, set]
}
