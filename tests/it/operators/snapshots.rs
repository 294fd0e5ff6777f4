//! Governance objects in files, the snapshots they are in, and going back to one: over the API and by the verbs.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Gateway, aegis, eventually, key_hash, refused_start};

const ADMIN: &str = "the-admin-key-0123456789abcdef";
const READER: &str = "the-reader-key-0123456789abcdef";
const TENANT: &str = "the-tenant-key-0123456789abcdef";

const GRANTS: &str = "grants: [{actor: a, capability: files.read}]\n";
const RULES: &str = "version: 1\nrules:\n- {name: first, match: {type: a}, approval: auto}\n";
const OTHER_RULES: &str = "version: 1\nrules:\n- {name: second, match: {type: a}, approval: block}\n";

fn config(more: &str) -> String {
    format!(
        "version: 1\ndata_dir: data\naudit: {{durability: process}}\n\
         policy: {{rules: rules.yaml, governance: governance}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\ncontrol:\n  listen: 127.0.0.1:0\n  keys:\n  \
         - {{id: ops, hash: \"{}\", scopes: [admin]}}\n  \
         - {{id: reader, hash: \"{}\", scopes: [\"audit:read\"]}}\n  \
         - {{id: acme, hash: \"{}\", tenant: acme, scopes: [admin]}}\n{more}",
        key_hash(ADMIN),
        key_hash(READER),
        key_hash(TENANT)
    )
}

fn start() -> Gateway {
    Gateway::configured(&config(""))
        .file("rules.yaml", RULES)
        .file("governance/grants.yaml", GRANTS)
        .file("governance/notes.txt", "no YAML: {")
        .file("governance/.hidden.yaml", "neither: {")
        .start()
}

fn read(gateway: &Gateway, key: &str, path: &str) -> (u16, Value) {
    let answer = gateway.control_client().request("GET", path, &[("X-Api-Key", key)], b"");
    (answer.status, answer.json())
}

fn snapshots(gateway: &Gateway) -> Vec<Value> {
    let (status, page) = read(gateway, READER, "/api/v1/snapshots");
    assert_eq!(status, 200, "{page}");
    page["snapshots"].as_array().unwrap().clone()
}

/// The actors that have grants in the snapshot in force, and its version.
fn granted(gateway: &Gateway) -> (u64, Vec<String>) {
    let active = snapshots(gateway).into_iter().find(|snapshot| snapshot["active"] == true).unwrap();
    let version = active["version"].as_u64().unwrap();
    let (_, shown) = read(gateway, READER, &format!("/api/v1/snapshots/{version}"));
    let actors = shown["grants"].as_array().unwrap().iter();
    (version, actors.map(|grant| grant["actor"].as_str().unwrap().to_owned()).collect())
}

/// The first rule in force.
fn rule(gateway: &Gateway) -> String {
    read(gateway, ADMIN, "/api/v1/policy").1["rules"][0]["name"].as_str().unwrap().to_owned()
}

fn roll_back(gateway: &Gateway, key: &str, version: u64) -> (u16, Value) {
    let path = format!("/api/v1/snapshots/{version}/rollback");
    let headers = [("X-Api-Key", key), ("Content-Type", "application/json")];
    let answer = gateway.control_client().request("POST", &path, &headers, b"{}");
    (answer.status, answer.json())
}

fn write(gateway: &Gateway, name: &str, text: &str) {
    std::fs::write(gateway.folder().join(name), text).unwrap();
}

fn verb(gateway: &Gateway, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = aegis();
    command.args(arguments).env("AEGIS_URL", format!("http://{}", gateway.control)).env("AEGIS_KEY", ADMIN);
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn files_of_a_folder_are_in_force_as_they_come_change_and_go() {
    let mut gateway = start();
    assert_eq!(granted(&gateway), (1, vec!["a".to_owned()]));
    write(&gateway, "governance/more.yml", "grants: [{actor: b, capability: files.read}]\n");
    eventually("the new file", || (granted(&gateway) == (2, vec!["a".into(), "b".into()])).then_some(()));
    std::fs::remove_file(gateway.folder().join("governance/more.yml")).unwrap();
    eventually("its end", || (granted(&gateway) == (3, vec!["a".into()])).then_some(()));
    // Versions go on, and a start with the same files has the same one.
    assert!(gateway.stop().success());
    let mut gateway = gateway.restart();
    assert_eq!(granted(&gateway), (3, vec!["a".to_owned()]));
    assert!(gateway.stop().success());
    write(&gateway, "governance/grants.yaml", &format!("{GRANTS}# more\n"));
    let gateway = gateway.restart();
    assert_eq!(granted(&gateway).0, 4);
    let listed = snapshots(&gateway);
    let versions: Vec<_> = listed.iter().map(|row| (row["version"].clone(), row["source"].clone())).collect();
    let row = |version: u64, source: &str| (json!(version), json!(source));
    assert_eq!(versions, [row(4, "start"), row(3, "file"), row(2, "file"), row(1, "start")]);
    let record = gateway.records_of("snapshot").pop().unwrap();
    assert_eq!((&record["snapshot"]["hash"], &record["objects"]), (&listed[0]["hash"], &json!(1)));
}

#[test]
fn everything_wrong_is_said_at_once_and_what_is_in_force_stays() {
    let gateway = start();
    write(&gateway, "governance/x.yaml", "grants: [{actor: a, capability: files.read}]\n");
    let rejected = |what: &str| {
        eventually(what, || {
            let row = snapshots(&gateway).remove(0);
            let problems = row["rejected"]["problems"].as_array()?.clone();
            problems.iter().any(|problem| problem.as_str().unwrap().contains(what)).then_some(problems)
        })
    };
    rejected("governance/grants.yaml too");
    write(&gateway, "governance/x.yaml", "grants: [{actor: a}]\npolicies: [{name: p, rules: []}]\n");
    write(&gateway, "rules.yaml", "rules: 5\n");
    let problems = rejected("rules.yaml");
    let told = problems.iter().map(|problem| problem.as_str().unwrap()).collect::<Vec<_>>().join("\n");
    for place in ["governance/x.yaml:1:", "governance/x.yaml:2:", "rules.yaml:1:"] {
        assert!(told.contains(place), "{place}: {told}");
    }
    assert_eq!((granted(&gateway), rule(&gateway)), ((1, vec!["a".to_owned()]), "first".to_owned()));
    std::fs::remove_file(gateway.folder().join("governance/x.yaml")).unwrap();
    write(&gateway, "rules.yaml", RULES);
    eventually("all as it was", || snapshots(&gateway)[0].get("rejected").is_none().then_some(()));
    // None of it starts, either; nor does a folder that is not there.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("gateway.yaml", &config("stagge: dev\n"));
    file("rules.yaml", "rules: 5\n");
    std::fs::create_dir(folder.path().join("governance")).unwrap();
    file("governance/x.yaml", "grants: [{actor: a}]\n");
    let (_, _, told) = refused_start(folder.path());
    for place in ["gateway.yaml", "stagge", "rules.yaml:1:", "governance/x.yaml:1:"] {
        assert!(told.contains(place), "{place}: {told}");
    }
    file("gateway.yaml", &config(""));
    file("rules.yaml", RULES);
    std::fs::remove_dir_all(folder.path().join("governance")).unwrap();
    let (_, _, told) = refused_start(folder.path());
    assert!(told.contains("policy.governance") && told.contains("no such file"), "{told}");
}

#[test]
fn going_back_holds_over_restarts_until_a_file_is_edited() {
    let mut gateway = start();
    write(&gateway, "rules.yaml", OTHER_RULES);
    eventually("the rules", || (rule(&gateway) == "second").then_some(()));
    write(&gateway, "governance/grants.yaml", "grants: [{actor: z, capability: files.read}]\n");
    eventually("the grants", || (granted(&gateway) == (3, vec!["z".into()])).then_some(()));
    let (status, done) = roll_back(&gateway, ADMIN, 1);
    let active = snapshots(&gateway).remove(0);
    assert_eq!((status, &done["version"], &done["hash"]), (200, &json!(4), &active["hash"]), "{done}");
    assert_eq!(
        (&active["source"], &active["by"], &active["back_to"]),
        (&json!("rollback"), &json!("ops"), &json!(1))
    );
    let first = |gateway: &Gateway| (rule(gateway), granted(gateway).1);
    // What is somebody's is not of then.
    let then = ("first".to_owned(), vec!["z".to_owned()]);
    assert_eq!(first(&gateway), then);
    // Neither a signal nor a restart undoes it.
    gateway.signal("HUP");
    eventually("the load", || gateway.log().contains("the configuration is unchanged").then_some(()));
    assert!(gateway.stop().success());
    let mut gateway = gateway.restart();
    assert_eq!((granted(&gateway).0, first(&gateway)), (4, then.clone()));
    // A file that is edited counts again, and only that one.
    write(&gateway, "governance/grants.yaml", "grants: [{actor: y, capability: files.read}]\n");
    eventually("the edit", || (granted(&gateway).1 == ["y"]).then_some(()));
    assert_eq!(rule(&gateway), "first");
    // So do rules that come by API.
    let third = OTHER_RULES.replace("second", "third");
    let put = json!({"yaml": third}).to_string();
    let headers = [("X-Api-Key", ADMIN), ("Content-Type", "application/json")];
    let answer = gateway.control_client().request("PUT", "/api/v1/policy", &headers, put.as_bytes());
    assert_eq!((answer.status, rule(&gateway)), (200, "third".to_owned()));
    assert!(gateway.stop().success());
    let gateway = gateway.restart();
    assert_eq!((rule(&gateway), granted(&gateway).1), ("third".to_owned(), vec!["y".to_owned()]));
    // And back to before that, although it is stored.
    assert_eq!(roll_back(&gateway, ADMIN, 2).0, 200);
    assert_eq!((rule(&gateway), granted(&gateway).1), ("second".to_owned(), vec!["y".to_owned()]));
}

#[test]
fn a_snapshot_whose_content_cannot_be_in_force_does_not_come_back() {
    let mut gateway = start();
    assert!(gateway.stop().success());
    let store = rusqlite::Connection::open(gateway.folder().join("data/aegis.db")).unwrap();
    let broken =
        store.execute("UPDATE admin_texts SET text = 'rules: 5' WHERE text LIKE 'version: 1%rules%'", []);
    assert_eq!(broken, Ok(1));
    write(&gateway, "rules.yaml", OTHER_RULES);
    let gateway = gateway.restart();
    let (status, refused) = roll_back(&gateway, ADMIN, 1);
    assert_eq!((status, &refused["type"]), (409, &json!("urn:aegis:rollback-refused")), "{refused}");
    assert!(refused["problems"][0].as_str().unwrap().contains("of snapshot 1"), "{refused}");
    assert_eq!((rule(&gateway), snapshots(&gateway).len()), ("second".to_owned(), 2));
}

#[test]
fn what_came_by_api_and_cannot_be_read_back_keeps_the_gateway_from_starting() {
    let mut gateway = start();
    assert!(gateway.stop().success());
    let store = rusqlite::Connection::open(gateway.folder().join("data/aegis.db")).unwrap();
    let put = |id: &str, written: &str| {
        let sql = "INSERT INTO admin_objects (since, origin, kind, tenant, name, id, version, created_at, updated_at, digest, written)
            VALUES (1, 'api', 'grant', 'default', 'files.read ' || ?1, ?1, 1, 0, 0, zeroblob(32), ?2)";
        store.execute(sql, [id, written]).unwrap();
    };
    put("grt_one", r#"{"actor": "grt_one", "capability": "files.read", "rate": 5}"#);
    put("grt_two", r#"{"actor": "another", "capability": "files.read"}"#);
    let (_, _, told) = refused_start(gateway.folder());
    assert!(told.contains("grt_one") && told.contains("rate") && told.contains("grt_two"), "{told}");
    store
        .execute(
            "UPDATE admin_objects SET written = replace(written, ', \"rate\": 5', '') WHERE id = 'grt_one'",
            [],
        )
        .unwrap();
    store.execute("DELETE FROM admin_objects WHERE id = 'grt_two'", []).unwrap();
    let gateway = gateway.restart();
    assert_eq!(granted(&gateway), (2, vec!["a".to_owned(), "grt_one".to_owned()]));
}

#[test]
fn who_may_see_and_go_back() {
    let gateway = start();
    let acme =
        "grants: [{actor: a, capability: files.read}, {actor: c, capability: files.read, tenant: acme}]\n";
    write(&gateway, "governance/grants.yaml", acme);
    eventually("the grants", || (granted(&gateway).0 == 2).then_some(()));
    for (key, status, code) in [
        (READER, 403, "urn:aegis:scope-missing"),
        (TENANT, 403, "urn:aegis:deployment-only"),
        ("none", 401, "urn:aegis:credentials-invalid"),
    ] {
        let (found, problem) = roll_back(&gateway, key, 1);
        assert_eq!((found, problem["type"].as_str().unwrap()), (status, code), "{problem}");
    }
    for path in ["0", "01", "7", "x", "18446744073709551616"] {
        let (status, problem) = read(&gateway, READER, &format!("/api/v1/snapshots/{path}"));
        assert_eq!((status, &problem["type"]), (404, &json!("urn:aegis:not-found")), "{path}");
    }
    assert_eq!(roll_back(&gateway, ADMIN, 7).0, 404);
    assert_eq!(read(&gateway, READER, "/api/v1/snapshots?limit=0").0, 400);
    let (_, whole) = read(&gateway, READER, "/api/v1/snapshots/2");
    let roles: Vec<_> = whole["files"].as_array().unwrap().iter().map(|file| file["role"].clone()).collect();
    assert_eq!(roles, ["config", "rules", "governance"]);
    let config = whole["files"][0]["text"].as_str().unwrap();
    assert!(config.contains("\"ops\"") && !config.contains("sha256:"), "{config}");
    assert_eq!(whole["files"][2]["text"], acme);
    let (_, own) = read(&gateway, TENANT, "/api/v1/snapshots/2");
    let actors: Vec<_> =
        own["grants"].as_array().unwrap().iter().map(|grant| grant["actor"].clone()).collect();
    assert_eq!((actors, own["files"].as_array().unwrap().len()), (vec![json!("c")], 1));
    // A page at a time.
    let (_, page) = read(&gateway, READER, "/api/v1/snapshots?limit=1");
    let cursor = page["cursor"].as_str().unwrap();
    let (_, next) = read(&gateway, READER, &format!("/api/v1/snapshots?limit=1&cursor={cursor}"));
    assert_eq!((&next["snapshots"][0]["version"], &next["cursor"]), (&json!(1), &json!(null)));
}

#[test]
fn the_verbs_list_show_and_go_back() {
    let gateway = start();
    write(&gateway, "rules.yaml", OTHER_RULES);
    eventually("the rules", || (rule(&gateway) == "second").then_some(()));
    let (code, said, _) = verb(&gateway, &["snapshots", "rollback", "1"]);
    assert_eq!((code, rule(&gateway)), (Some(0), "first".to_owned()));
    assert!(said.starts_with("snapshot 3 is in force"), "{said}");
    let (code, said, _) = verb(&gateway, &["snapshots", "list", "--limit", "2"]);
    let lines: Vec<_> = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!((code, lines.len()), (Some(0), 3), "{said}");
    assert_eq!((&lines[1][..2], &lines[1][3..7]), (&["*", "3"][..], &["rollback", "to", "1", "ops"][..]));
    let (_, said, _) = verb(&gateway, &["snapshots", "list", "--json"]);
    let page: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(page["snapshots"].as_array().unwrap().len(), 3);
    let (code, said, _) = verb(&gateway, &["snapshots", "show", "1"]);
    assert!(
        code == Some(0) && said.contains("rules.yaml (rules)") && said.contains("a files.read"),
        "{said}"
    );
    let shown: Value =
        serde_json::from_str(&verb(&gateway, &["snapshots", "show", "1", "--json"]).1).unwrap();
    let name = shown["files"][1]["name"].as_str().unwrap();
    assert_eq!(verb(&gateway, &["snapshots", "show", "1", "--file", name]).1, RULES);
    let (code, _, told) = verb(&gateway, &["snapshots", "rollback", "9"]);
    assert!(code == Some(1) && told.contains("no such snapshot"), "{told}");
    assert_eq!(verb(&gateway, &["snapshots", "rollback", "x"]).0, Some(2));
}

#[test]
fn files_of_governance_objects_are_checked_and_described() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let file = folder.path().join("g.yaml");
        std::fs::write(&file, text).unwrap();
        let output = aegis().arg("check").arg(&file).output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    };
    let (code, told) = check(GRANTS);
    assert!(code == Some(0) && told.contains("ok (governance objects)"), "{told}");
    let (code, told) =
        check("policies:\n- {name: p, rules: [{capability: \"*\", outcome: MAYBE}]}\ngrants: [{}]\n");
    assert!(code == Some(64) && told.contains("g.yaml:2:") && told.contains("g.yaml:3:"), "{told}");
    let output = aegis().args(["schema", "governance"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["properties"]["grants"].is_object(), "{schema}");
}
