//! The paths of document 004.

use serde_json::{Map, Value, json};

use crate::control::openapi::answers::{Answer, Form, reference};
use crate::control::openapi::operation::Operation;
use crate::model::call::Scope;

const TAG: &str = "policy";

const ENGINES: &str = "/api/v1/policy/engines";
const ENGINE: &str = "/api/v1/policy/engines/{engine}";
const POLICIES: &str = "/api/v1/policy/engines/{engine}/policies";
const POLICY: &str = "/api/v1/policy/engines/{engine}/policies/{policy}";
const RUNS: &str = "/api/v1/policy/engines/{engine}/generations";
const RUN: &str = "/api/v1/policy/engines/{engine}/generations/{generation}";

const TAGGED: &str = "The version of what is answered.";

/// Its operations.
pub(in crate::control::openapi) fn operations() -> Vec<Operation> {
    let mut operations = engines();
    operations.extend(questions());
    operations.extend(policies());
    operations.extend(runs());
    operations
}

/// What anybody with a key may ask.
fn reads(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    placed(
        Operation::keyed_as(("get", path), (id, TAG, summary), &[])
            .refuses(Form::Cedar, &[400, 401, 403, 429, 500]),
        path,
    )
}

/// What administrators and who reads the ledger see.
fn audits(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    let scopes = &[Scope::Admin, Scope::AuditRead];
    let operation = Operation::keyed_as(("get", path), (id, TAG, summary), scopes);
    placed(operation.refuses(Form::Cedar, &[400, 401, 403, 429, 500, 501, 503]), path)
}

/// What administrators do.
fn changes(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    let operation = Operation::keyed_as((method, path), (id, TAG, summary), &[Scope::Admin]);
    placed(operation.refuses(Form::Cedar, &[400, 401, 403, 409, 429, 500, 503]), path)
}

/// The parameters in a path, and that there may be nothing at it.
fn placed(operation: Operation, path: &str) -> Operation {
    let parts = [
        ("engine", "The name of the engine."),
        ("policy", "The id of the policy."),
        ("generation", "The id of the run."),
        ("asset", "The id of the asset."),
    ];
    let mut operation = operation;
    for (name, description) in parts {
        if path.contains(&format!("{{{name}}}")) {
            operation = operation.path(name, description);
        }
    }
    if path.contains('{') { operation.refuses(Form::Cedar, &[404]) } else { operation }
}

fn sends(operation: Operation, body: &Value) -> Operation {
    operation.takes(body).refuses(Form::Cedar, &[408, 413, 415, 422])
}

fn pages(operation: Operation) -> Operation {
    let most = json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 100});
    operation
        .query("max_results", &most, "How many items to show.")
        .query(
            "next_token",
            &json!({"type": "string", "maxLength": 2048}),
            "`next_token` of the page before.",
        )
        .refuses(Form::Cedar, &[422])
}

fn if_match(operation: Operation) -> Operation {
    operation
        .header("If-Match", &json!({"type": "string"}), "The entity tag of what is to be changed, or `*`.")
        .refuses(Form::Cedar, &[412])
}

fn one(status: u16, description: &str, schema: &str) -> Answer {
    Answer::json(status, description, reference(schema)).with("ETag", TAGGED)
}

fn engines() -> Vec<Operation> {
    let path = "/api/v1/policy/enforcement";
    let choice = json!({
        "type": "object",
        "required": ["engine_id"],
        "properties": {"engine_id": {"type": ["string", "null"]}, "mode": {"enum": ["enforce", "log_only"]}},
    });
    let engine = json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,47}$"},
            "description": {"type": ["string", "null"]},
            "config": {"type": "object"},
            "schema": {"type": ["string", "null"], "description": "In Cedar's syntax, or in its JSON form."},
            "validation_mode": validation(),
        },
    });
    let schema = json!({
        "type": "object",
        "required": ["schema"],
        "properties": {"schema": {"type": ["string", "null"]}, "validation_mode": validation()},
    });
    vec![
        reads(path, "showEnforcement", "Which engine decides calls.").answers(Answer::json(
            200,
            "How it stands.",
            reference("Enforcement"),
        )),
        sends(changes("put", path, "chooseEnforcement", "Chooses the engine that decides calls."), &choice)
            .answers(Answer::json(200, "How it stands now.", reference("Enforcement")))
            .refuses(Form::Cedar, &[404]),
        pages(reads(ENGINES, "listPolicyEngines", "Engines, the oldest first.")).answers(Answer::json(
            200,
            "A page of engines.",
            reference("PolicyEnginePage"),
        )),
        sends(changes("post", ENGINES, "createPolicyEngine", "Makes an engine."), &engine).answers(one(
            201,
            "It is there.",
            "PolicyEngine",
        )),
        reads(ENGINE, "showPolicyEngine", "One engine.").answers(one(200, "The engine.", "PolicyEngine")),
        changes("delete", ENGINE, "deletePolicyEngine", "Takes an engine away with its policies.")
            .query(
                "force",
                &json!({"type": "boolean"}),
                "Also if it decides calls: then every one is denied.",
            )
            .refuses(Form::Cedar, &[422])
            .answers(Answer::empty(204, "It is not there.")),
        reads(
            "/api/v1/policy/engines/{engine}/schema",
            "showEngineSchema",
            "What policies are checked against.",
        )
        .answers(Answer::json(200, "The schema.", schema.clone()).with("ETag", TAGGED)),
        if_match(sends(
            changes(
                "put",
                "/api/v1/policy/engines/{engine}/schema",
                "setEngineSchema",
                "Sets it; every policy must agree.",
            ),
            &schema,
        ))
        .answers(one(200, "The engine.", "PolicyEngine")),
    ]
}

fn questions() -> Vec<Operation> {
    let asked = json!({
        "type": "object",
        "required": ["principal", "action", "resource"],
        "properties": {
            "principal": {"type": "string"}, "action": {"type": "string"}, "resource": {"type": "string"},
            "context": {"type": "object"},
            "now": {"type": ["string", "null"], "format": "date-time"},
            "entities": {"type": ["array", "null"], "maxItems": 1000, "items": {"type": "object"}},
        },
    });
    let text = json!({
        "type": "object",
        "required": ["policy_body"],
        "properties": {
            "policy_body": {"type": "string"},
            "engine_id": {"type": ["string", "null"]},
            "schema": {"type": ["string", "null"]},
        },
    });
    vec![
        sends(
            changes(
                "post",
                "/api/v1/policy/engines/{engine}/is_authorized",
                "isAuthorized",
                "Tries a call that is written out.",
            ),
            &asked,
        )
        .answers(Answer::json(200, "What the engine says.", json!({"type": "object"}))),
        sends(
            placed(
                Operation::keyed_as(
                    ("post", "/api/v1/policy/validate"),
                    ("validatePolicy", TAG, "Says whether a policy could be written."),
                    &[],
                )
                .refuses(Form::Cedar, &[400, 401, 403, 404, 429, 500]),
                "",
            ),
            &text,
        )
        .answers(Answer::json(200, "Whether it could.", json!({"type": "object"}))),
    ]
}

fn policies() -> Vec<Operation> {
    let text = json!({"type": "string"});
    let batch = json!({
        "type": "object",
        "required": ["policies"],
        "properties": {
            "policies": {"type": "array", "maxItems": 1000, "items": {"type": "object"}},
            "delete": {"type": ["array", "null"], "items": {"type": "string"}},
        },
    });
    vec![
        pages(reads(POLICIES, "listEnginePolicies", "Policies, the oldest first."))
            .query("principal", &text, "Those about it, such as `Agent::\"a\"`.")
            .query("action", &text, "Those about it.")
            .query("resource", &text, "Those about it.")
            .answers(Answer::json(200, "A page of policies.", reference("CedarPolicyPage"))),
        sends(
            changes(
                "post",
                POLICIES,
                "createEnginePolicy",
                "Makes a policy; it is in force when this is answered.",
            ),
            &wanted(),
        )
        .answers(one(201, "It is in force.", "CedarPolicy"))
        .answers(Answer::json(200, "With `dry_run`: it could be.", json!({"type": "object"}))),
        reads(POLICY, "showEnginePolicy", "One policy.")
            .query("format", &json!({"enum": ["pretty"]}), "As the formatter writes it.")
            .answers(one(200, "The policy.", "CedarPolicy")),
        if_match(sends(
            changes("put", POLICY, "replaceEnginePolicy", "Puts another one in its place."),
            &wanted(),
        ))
        .answers(one(200, "It is in force.", "CedarPolicy")),
        if_match(changes("delete", POLICY, "deleteEnginePolicy", "Takes a policy away."))
            .answers(Answer::empty(204, "It is not there.")),
        sends(
            changes(
                "put",
                "/api/v1/policy/engines/{engine}/policies:batch",
                "changeEnginePolicies",
                "Changes many at once, all or none.",
            ),
            &batch,
        )
        .refuses(Form::Cedar, &[412])
        .answers(Answer::json(200, "They are in force.", json!({"type": "object"}))),
    ]
}

fn runs() -> Vec<Operation> {
    let config = json!({"type": "object", "properties": {"config": {"type": "object"}}});
    let policy = json!({
        "type": ["string", "object"],
        "description": "One Cedar policy; or an object with it, to say that it is only watched.",
        "required": ["policy_body"],
        "properties": {
            "policy_body": {"type": "string"},
            "enforcement_mode": {"enum": ["ACTIVE", "LOG_ONLY", null]},
        },
    });
    let policies = json!({"type": ["array", "null"], "maxItems": 1000, "items": policy});
    let draft = json!({
        "type": "object",
        "properties": {
            "add": policies,
            "remove": {"type": ["array", "null"], "items": {"type": "string"}},
            "policies": policies,
            "window": {"type": "object"},
        },
    });
    let promote = "/api/v1/policy/engines/{engine}/generations/{generation}/assets/{asset}/promote";
    vec![
        sends(
            changes(
                "post",
                "/api/v1/policy/engines/{engine}/simulate",
                "simulatePolicies",
                "Tries other policies on recorded calls.",
            ),
            &draft,
        )
        .refuses(Form::Cedar, &[501])
        .answers(Answer::json(
            200,
            "What would have been decided otherwise.",
            json!({"type": "object"}),
        )),
        pages(audits(RUNS, "listGenerations", "Runs, the oldest first.")).answers(Answer::json(
            200,
            "A page of runs, without `status_reasons`, `findings` and `input_digest`: those are of one run.",
            reference("PolicyGenerationPage"),
        )),
        sends(changes("post", RUNS, "startGeneration", "Makes policies of what agents did."), &config)
            .refuses(Form::Cedar, &[501])
            .answers(Answer::json(201, "It is under way.", reference("PolicyGeneration"))),
        audits(RUN, "showGeneration", "One run.").answers(Answer::json(
            200,
            "The run.",
            reference("PolicyGeneration"),
        )),
        changes("delete", RUN, "deleteGeneration", "Takes a run away that has ended.")
            .refuses(Form::Cedar, &[501])
            .answers(Answer::empty(204, "It is not there.")),
        pages(audits(
            "/api/v1/policy/engines/{engine}/generations/{generation}/assets",
            "listGenerationAssets",
            "What a run made.",
        ))
        .answers(Answer::json(200, "A page of assets.", reference("PolicyGenerationAssetPage"))),
        changes("post", promote, "promoteAsset", "Makes a policy of an asset.")
            .query(
                "enforcement_mode",
                &json!({"enum": ["ACTIVE", "LOG_ONLY"]}),
                "Whether it counts. Default ACTIVE.",
            )
            .query(
                "validation_mode",
                &json!({"enum": ["IGNORE_ALL_FINDINGS", "FAIL_ON_ANY_FINDINGS"]}),
                "Whether any finding refuses it. Default: as the engine says. A second policy of one asset is 409.",
            )
            .refuses(Form::Cedar, &[422, 501])
            .answers(one(201, "It is in force.", "CedarPolicy")),
    ]
}

fn validation() -> Value {
    json!({"enum": ["IGNORE_ALL_FINDINGS", "FAIL_ON_ANY_FINDINGS", null]})
}

fn wanted() -> Value {
    json!({
        "type": "object",
        "required": ["policy_body"],
        "properties": {
            "policy_body": {"type": "string", "description": "One Cedar policy, at most 64 KiB."},
            "description": {"type": ["string", "null"], "maxLength": 4096},
            "name": {"type": ["string", "null"], "maxLength": 128},
            "enforcement_mode": {"enum": ["ACTIVE", "LOG_ONLY", null]},
            "validation_mode": validation(),
            "dry_run": {"type": ["boolean", "null"]},
        },
    })
}

/// Its schemas.
pub(in crate::control::openapi) fn schemas() -> Map<String, Value> {
    let object = |required: &[&str]| json!({"type": "object", "required": required});
    let page = |list: &str, item: &str| {
        json!({
            "type": "object",
            "required": [list, "next_token"],
            "properties": {
                list: {"type": "array", "items": reference(item)},
                "next_token": {"type": ["string", "null"]},
            },
        })
    };
    let schemas = [
        ("Enforcement", object(&["active", "engine_id"])),
        ("PolicyEngine", object(&["policy_engine_id", "name", "description", "status", "created_at"])),
        ("PolicyEnginePage", page("policy_engines", "PolicyEngine")),
        (
            "CedarPolicy",
            object(&["policy_id", "policy_engine_id", "definition", "description", "created_at"]),
        ),
        ("CedarPolicyPage", page("policies", "CedarPolicy")),
        ("PolicyGeneration", object(&["policy_generation_id", "policy_engine_id", "status", "created_at"])),
        ("PolicyGenerationPage", page("policy_generations", "PolicyGeneration")),
        ("PolicyGenerationAsset", object(&["asset_id", "policy_generation_id", "content"])),
        ("PolicyGenerationAssetPage", page("policy_generation_assets", "PolicyGenerationAsset")),
        (
            "PolicyApiError",
            json!({
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": {"type": ["string", "array"]},
                    "errors": {"type": "array", "items": {"type": "object"}},
                    "findings": {"type": "array", "items": {"type": "object"}},
                },
            }),
        ),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
