//! What two people do about an evaluation that failed gates.

use std::sync::{Arc, Barrier};

use serde_json::{Value, json};

use super::world::{BOT, OTHER, READER, configured, post};
use crate::governance::is_described;
use crate::support::{Answer, Gateway, key_hash};

/// Novelty fails, and nothing that nobody overrides.
const FAILED: &str = r#"{"novelty_score": 0.1, "complexity_score": 0.8, "quality_score": 0.9}"#;

/// Id of the key, person and roles; every key's text is its id, made long enough.
const PEOPLE: [(&str, &str); 8] = [
    ("rita", "person: rita, roles: [risk_lead]"),
    ("sam", "person: sam, roles: [security_lead]"),
    ("rob", "person: rob, roles: [risk_lead]"),
    ("bo-1", "person: bo, roles: [risk_lead, security_lead]"),
    ("bo-2", "person: bo, roles: [security_lead]"),
    ("nameless", "roles: [risk_lead]"),
    ("cook", "person: cook, roles: [cook]"),
    ("speaker", "person: sue, roles: [risk_lead], actors: [\"agent-*\"]"),
];

fn text(id: &str) -> String {
    format!("the-{id}-key-0123456789abcdef")
}

struct World {
    gateway: Gateway,
}

impl World {
    fn start() -> Self {
        let mut keys = String::new();
        for (id, rest) in PEOPLE {
            keys += &format!(
                "  - {{id: {id}, hash: \"{}\", tenant: acme, scopes: [\"holds:approve\"], {rest}}}\n",
                key_hash(&text(id))
            );
        }
        keys += &format!(
            "  - {{id: abroad, hash: \"{}\", tenant: other, scopes: [\"holds:approve\"], person: ada, roles: [risk_lead]}}\n\
             \x20 - {{id: self-made, hash: \"{}\", tenant: acme, scopes: [\"governance:propose\"], person: rita, actor: {{id: agent-9}}}}\n",
            key_hash(&text("abroad")),
            key_hash(&text("self-made")),
        );
        Self { gateway: configured("policy: {default: deny}", &keys) }
    }

    /// The id of an evaluation, as `POST /evaluate` tells it.
    fn evaluate(&self, body: &str) -> String {
        let told = post(&self.gateway, "/evaluate", BOT, body).json();
        told["decision_id"].as_str().unwrap().to_owned()
    }

    fn vote(&self, who: &str, id: &str, why: &str) -> Answer {
        vote(&self.gateway, &text(who), id, &json!({"justification": why}))
    }

    fn voted(&self, who: &str, id: &str, why: &str) -> Value {
        let answer = self.vote(who, id, why);
        assert_eq!(answer.status, 200, "{who}: {}", answer.text());
        answer.json()
    }

    fn show(&self, key: &str, id: &str) -> Answer {
        let path = path(id);
        let answer = self.gateway.control_client().request("GET", &path, &[("X-Api-Key", key)], b"");
        is_described("GET", &path, &answer);
        answer
    }

    fn records(&self) -> Vec<Value> {
        self.gateway.records_of("override")
    }
}

fn path(id: &str) -> String {
    format!("/api/v1/governance/decisions/{id}/override")
}

fn vote(gateway: &Gateway, key: &str, id: &str, body: &Value) -> Answer {
    let headers = [("X-Api-Key", key), ("Content-Type", "application/json")];
    let path = path(id);
    let answer = gateway.control_client().request("POST", &path, &headers, body.to_string().as_bytes());
    is_described("POST", &path, &answer);
    answer
}

/// Refused with a sentence that has these words.
fn is_refused(answer: &Answer, status: u16, code: &str, words: &str) {
    let told = answer.json();
    assert_eq!((answer.status, &told["error"]["code"]), (status, &json!(code)), "{told}");
    assert!(told["error"]["message"].as_str().unwrap().contains(words), "{told}");
}

#[test]
fn two_people_override_and_everything_is_recorded() {
    let world = World::start();
    let uuid = world.evaluate(FAILED);
    assert_eq!(world.show(&text("rita"), &uuid).status, 404);
    let first = world.voted("rita", &uuid, "a drill, see OPS-1");
    let id = first["decision_id"].as_str().unwrap();
    assert!(id.starts_with("dec_"), "{first}");
    assert_eq!((&first["state"], &first["needs"]), (&json!("pending"), &json!(["security_lead"])));
    assert_eq!(
        (&first["votes"][0]["person"], &first["votes"][0]["role"]),
        (&json!("rita"), &json!("risk_lead"))
    );
    use sha2::Digest;
    let message = sha2::Sha256::digest(format!("{id}\na drill, see OPS-1"));
    assert_eq!(first["message_hash"], data_encoding::HEXLOWER.encode(&message));

    assert_eq!(world.voted("rita", id, "a drill, see OPS-1"), first, "nothing new");
    let second = world.voted("sam", id, "a drill, see OPS-1");
    assert_eq!((&second["state"], &second["needs"]), (&json!("overridden"), &json!([])));
    assert_eq!(second["expires_at"], first["expires_at"]);
    for who in ["rita", "sam"] {
        assert_eq!(world.voted(who, id, "a drill, see OPS-1"), second);
    }
    is_refused(&world.vote("rob", id, "a drill, see OPS-1"), 409, "override-granted", "already");
    for key in [READER, &text("cook")] {
        assert_eq!(world.show(key, id).json(), second);
        assert_eq!(world.show(key, &uuid).json(), second);
    }
    assert_eq!(world.show(BOT, id).status, 403);

    let records = world.records();
    let [requested, granted] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((&requested["state"], &granted["state"]), (&json!("requested"), &json!("granted")));
    assert_eq!(
        (&granted["by"], &granted["person"], &granted["role"]),
        (&json!("sam"), &json!("sam"), &json!("security_lead"))
    );
    let votes = json!([{"person": "rita", "role": "risk_lead"}, {"person": "sam", "role": "security_lead"}]);
    assert_eq!((&granted["votes"], &granted["actor"]), (&votes, &json!("agent-1")));
    assert_eq!((&granted["decision_id"], &granted["tenant"]), (&json!(id), &json!("acme")));
    assert_eq!(
        (&granted["message_hash"], &granted["justification"]),
        (&second["message_hash"], &json!("a drill, see OPS-1"))
    );
    // The decision itself is found as before, with how its override stands.
    let decision = super::world::get(&world.gateway, &format!("/api/v1/governance/decisions/{id}"), READER);
    assert_eq!(decision["override"], second);
    assert_eq!(
        (&decision["decision_id"], &decision["outcome"]),
        (&json!(id), &json!("REQUIRE_CONFIRMATION"))
    );
    let log = super::world::get(&world.gateway, "/api/v1/audit/log?event_type=override", READER);
    assert_eq!((&log["total"], &log["entries"][0]["by"]), (&json!(2), &json!("sam")));
    assert!(world.gateway.verify().status.success());
}

#[test]
fn one_person_with_both_roles_never_suffices() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let first = world.voted("bo-1", &id, "why");
    assert_eq!((&first["state"], &first["votes"].as_array().unwrap().len()), (&json!("pending"), &1));
    for key in ["bo-2", "bo-1", "bo-2"] {
        assert_eq!(world.voted(key, &id, "why"), first);
    }
    assert_eq!(world.records().len(), 1);
    // Whoever comes second decides which of the two roles the first one fills.
    let granted = world.voted("rita", &id, "why");
    assert_eq!(granted["state"], "overridden");
    assert_eq!(granted["votes"][0]["role"], "security_lead");
}

#[test]
fn everybody_says_the_same_and_a_second_of_one_role_does_not_count() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let stands = world.voted("rita", &id, "why")["message_hash"].as_str().unwrap().to_owned();
    is_refused(&world.vote("sam", &id, "why "), 409, "override-message-differs", &stands);
    is_refused(&world.vote("rob", &id, "why"), 409, "role-filled", "security_lead");
    assert_eq!(world.records().len(), 1);
    assert_eq!(world.voted("sam", &id, "why")["state"], "overridden");
}

#[test]
fn what_nobody_overrides_is_refused_with_why() {
    let world = World::start();
    let vectors: Value = serde_json::from_str(include_str!("../../golden/gates/vectors.json")).unwrap();
    let vector = |name: &str| {
        let found = vectors["vectors"].as_array().unwrap().iter().find(|vector| vector["name"] == name);
        found.unwrap()["input"].to_string()
    };
    let drifts = vector("published-input/template-trading-first-10-baseline-values-thrice");
    for (body, words) in [
        (r#"{"novelty_score": 0.9, "complexity_score": 0.4, "quality_score": 0.9}"#.to_owned(), "complexity"),
        (drifts, "drifts critically"),
        (vector("clean-impact-high"), "nothing to override"),
        (vector("clean-needs-approval"), "nothing to override"),
        (vector("clean-proceed"), "nothing to override"),
    ] {
        let id = world.evaluate(&body);
        is_refused(&world.vote("rita", &id, "why"), 409, "not-overridable", words);
        assert_eq!(world.show(READER, &id).status, 404);
    }
    // A proposal is another kind of decision.
    let proposal = json!({"actor": {"id": "agent-1", "type": "ai-agent"}, "action": {"capability": "crm.read", "parameters": {}}});
    let headers = [("X-Api-Key", BOT), ("Content-Type", "application/json")];
    let path = "/api/v1/governance/propose";
    let told =
        world.gateway.control_client().request("POST", path, &headers, proposal.to_string().as_bytes());
    let id = told.json()["decision_id"].as_str().unwrap_or_else(|| panic!("{}", told.text())).to_owned();
    is_refused(&world.vote("rita", &id, "why"), 409, "not-overridable", "no evaluation");
    assert!(world.records().is_empty());
}

#[test]
fn who_may_not_is_told_why() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    is_refused(&world.vote("cook", &id, "why"), 403, "role-missing", "risk_lead and security_lead");
    is_refused(&world.vote("nameless", &id, "why"), 403, "person-missing", "control.keys[].person");
    is_refused(&world.vote("speaker", &id, "why"), 403, "own-evaluation", "of its own");
    let why = json!({"justification": "why"});
    for key in [BOT, READER] {
        is_refused(&vote(&world.gateway, key, &id, &why), 403, "scope-missing", "holds:approve");
    }
    // Another tenant's is as one that is not there, also for those who may do everything there.
    for key in [OTHER, &text("abroad")] {
        is_refused(&vote(&world.gateway, key, &id, &why), 404, "not-found", "decision");
        assert_eq!(world.show(key, &id).status, 404);
    }
    for id in ["dec_aaaaaaaaaaaaaaaaaaaaaaaaaa", "hld_aaaaaaaaaaaaaaaaaaaaaaaaaa", "1", "%ff"] {
        assert_eq!(world.vote("rita", id, "why").status, 404, "{id}");
        assert_eq!(world.show(READER, id).status, 404, "{id}");
    }
    // The same person, with the key that asked.
    let told = post(&world.gateway, "/evaluate", &text("self-made"), FAILED).json();
    let own = told["decision_id"].as_str().unwrap();
    is_refused(&world.vote("rita", own, "why"), 403, "own-evaluation", "of its own");
    assert!(world.records().is_empty());
}

#[test]
fn a_body_is_one_justification() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    for body in [
        json!({}),
        json!({"justification": null}),
        json!({"justification": ""}),
        json!({"justification": " \n\t"}),
        json!({"justification": 1}),
        json!({"justification": "x".repeat(2001)}),
        json!({"justification": "why", "force": true}),
        json!(["why"]),
    ] {
        let answer = vote(&world.gateway, &text("rita"), &id, &body);
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("bad-body")), "{body}");
    }
    assert!(world.records().is_empty());
    assert_eq!(world.vote("rita", &id, &"\u{e4}".repeat(2000)).status, 200);
}

#[test]
fn whoever_voted_takes_the_vote_back_and_another_message_may_stand() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let withdraw = |who: &str| {
        let answer =
            world.gateway.control_client().request("DELETE", &path(&id), &[("X-Api-Key", &text(who))], b"");
        is_described("DELETE", &path(&id), &answer);
        answer
    };
    is_refused(&withdraw("rita"), 404, "not-found", "Nobody has asked");
    world.voted("rita", &id, "a tpyo");
    is_refused(&withdraw("sam"), 403, "not-voted", "Only whoever voted");
    is_refused(&withdraw("nameless"), 403, "person-missing", "person");
    let left = withdraw("rita").json();
    assert_eq!((&left["state"], &left["votes"]), (&json!("withdrawn"), &json!([])));
    assert_eq!(withdraw("rita").json(), left, "once is enough");
    assert_eq!(withdraw("sam").json(), left);
    world.voted("sam", &id, "a typo");
    assert_eq!(world.voted("rita", &id, "a typo")["state"], "overridden");
    is_refused(&withdraw("rita"), 409, "override-granted", "already");
    let states: Vec<Value> = world.records().into_iter().map(|record| record["state"].clone()).collect();
    assert_eq!(states, ["requested", "withdrawn", "requested", "granted"]);
    let headers = [("X-Api-Key", OTHER)];
    let metrics = world.gateway.control_client().request("GET", "/metrics", &headers, b"").text();
    for line in [
        "aegis_overrides_total{state=\"granted\"} 1",
        "aegis_overrides_total{state=\"requested\"} 2",
        "aegis_overrides_total{state=\"withdrawn\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[test]
fn whoever_votes_sees_what_there_is_to_override_and_no_other_decision() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let see = |key: &str, id: &str| {
        let path = format!("/api/v1/governance/decisions/{id}");
        let answer = world.gateway.control_client().request("GET", &path, &[("X-Api-Key", key)], b"");
        is_described("GET", &path, &answer);
        answer
    };
    let seen = see(&text("rita"), &id).json();
    assert_eq!(seen["evaluation"]["gates"]["novelty"]["passed"], false, "{seen}");
    assert_eq!(seen["evaluation"]["override_eligible"], true);
    assert_eq!(seen["context"]["description"], "API evaluation");
    assert_eq!((seen.get("override"), seen.get("findings")), (None, None));
    let trail = super::world::get(&world.gateway, &format!("/api/v1/audit/log/{id}"), READER);
    assert_eq!(trail["evaluation"]["answer"], seen["evaluation"]);
    world.voted("sam", &id, "why");
    assert_eq!(see(&text("rita"), &id).json()["override"]["needs"], json!(["risk_lead"]));

    let proposal = json!({"actor": {"id": "agent-1", "type": "ai-agent"}, "action": {"capability": "crm.read", "parameters": {}}});
    let headers = [("X-Api-Key", BOT), ("Content-Type", "application/json")];
    let told = world.gateway.control_client().request(
        "POST",
        "/api/v1/governance/propose",
        &headers,
        proposal.to_string().as_bytes(),
    );
    let other = told.json()["decision_id"].as_str().unwrap().to_owned();
    assert_eq!(see(&text("rita"), &other).status, 403);
    assert_eq!(see(READER, &other).status, 200);
}

#[test]
fn the_command_line_shows_votes_and_takes_back() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let url = format!("http://{}", world.gateway.control);
    let folder = crate::verbs::Folder::with(&[]);
    let run = |who: &str, arguments: &[&str]| {
        let key = text(who);
        let ran = folder.run(&[&["overrides"], arguments, &["--url", &url, "--key", &key]].concat());
        assert_eq!((ran.code, ran.errors.as_str()), (0, ""), "{arguments:?}");
        ran.said
    };
    let seen = run("rita", &["show", &id]);
    assert!(seen.contains("novelty    FAIL") && seen.contains("Nobody has voted"), "{seen}");
    let voted = run("rita", &["vote", &id, "--justification", "why"]);
    assert!(voted.contains("override pending: why") && voted.contains("needs security_lead"), "{voted}");
    assert!(run("rita", &["withdraw", &id]).contains("withdrawn"));
    run("sam", &["vote", &id, "--justification", "why"]);
    assert!(run("rita", &["vote", &id, "--justification", "why"]).contains("overridden"));
    assert!(run("rita", &["show", &id]).contains("rita as risk_lead"));
}

#[test]
fn a_vote_outlives_the_gateway() {
    let mut world = World::start();
    let id = world.evaluate(FAILED);
    let first = world.voted("rita", &id, "why");
    world.gateway.kill();
    world.gateway = world.gateway.restart();
    assert_eq!(world.show(READER, &id).json(), first);
    is_refused(&world.vote("sam", &id, "because"), 409, "override-message-differs", "message_hash");
    let granted = world.voted("sam", &id, "why");
    world.gateway.kill();
    world.gateway = world.gateway.restart();
    assert_eq!(world.show(READER, &id).json(), granted);
    assert_eq!(granted["state"], "overridden");
    assert!(world.gateway.verify().status.success());
}

#[test]
fn of_votes_at_once_each_counts_once() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let begin = Arc::new(Barrier::new(16));
    let voting: Vec<_> = (0..16)
        .map(|number| {
            let (mut client, begin, path) = (world.gateway.control_client(), Arc::clone(&begin), path(&id));
            std::thread::spawn(move || {
                let key = text(if number % 2 == 0 { "rita" } else { "sam" });
                let headers = [("X-Api-Key", &*key), ("Content-Type", "application/json")];
                begin.wait();
                client.request("POST", &path, &headers, b"{\"justification\": \"why\"}").status
            })
        })
        .collect();
    for voting in voting {
        assert_eq!(voting.join().unwrap(), 200);
    }
    let states: Vec<Value> = world.records().into_iter().map(|record| record["state"].clone()).collect();
    assert_eq!(states, ["requested", "granted"]);
    assert_eq!(world.show(READER, &id).json()["state"], "overridden");
    assert!(world.gateway.verify().status.success());
}

#[test]
fn a_vote_sent_again_with_its_key_is_answered_the_same() {
    let world = World::start();
    let id = world.evaluate(FAILED);
    let key = text("rita");
    let headers = [("X-Api-Key", &*key), ("Content-Type", "application/json"), ("Idempotency-Key", "once")];
    let ask = || {
        let answer = world.gateway.control_client().request(
            "POST",
            &path(&id),
            &headers,
            b"{\"justification\": \"why\"}",
        );
        is_described("POST", &path(&id), &answer);
        answer
    };
    let first = ask();
    world.voted("sam", &id, "why");
    let again = ask();
    assert_eq!((again.header("idempotent-replay"), again.json()), (Some("true"), first.json()));
}
