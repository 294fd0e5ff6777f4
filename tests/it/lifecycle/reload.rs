//! A changed file is taken over, however it is replaced, and every version is in the ledger.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;

use crate::support::{Gateway, Tool, eventually, key_hash, routes};

/// Rules that allow reads, by a rule of this name.
pub fn allowing(name: &str) -> String {
    format!("version: 1\nrules:\n- {{name: {name}, match: {{type: \"crm.*.read\"}}, approval: auto}}\n")
}

/// Rules that block reads, by a rule of this name.
pub fn blocking(name: &str) -> String {
    allowing(name).replace("auto", "block")
}

/// Puts a file in place of another in one step.
pub fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

fn status(gateway: &Gateway) -> u16 {
    gateway.client().get("/crm/contacts/1").status
}

/// Every snapshot that a decision names was recorded before it, and the versions count up.
fn assert_recorded(gateway: &Gateway, sources: &[&str]) {
    let mut known = Vec::new();
    let mut seen_sources = Vec::new();
    for record in gateway.records() {
        if record["kind"] == "snapshot" {
            known.push(record["snapshot"].clone());
            seen_sources.push(record["source"].as_str().unwrap().to_owned());
            assert_eq!(record["snapshot"]["version"], json!(known.len()), "{record}");
        }
        if record["kind"] == "decision" {
            assert_eq!(Some(&record["snapshot"]), known.last(), "{record}");
        }
    }
    assert_eq!(seen_sources, sources);
}

#[test]
fn rules_that_are_written_over_are_taken_over() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    assert_eq!(status(&gateway), 200);
    fs::write(gateway.folder().join("rules.yaml"), blocking("second")).unwrap();
    eventually("the block", || (status(&gateway) == 403).then_some(()));
    let rules: Vec<_> =
        gateway.records_of("decision").iter().map(|record| record["findings"][0]["rule"].clone()).collect();
    assert_eq!((rules.first(), rules.last()), (Some(&json!("first")), Some(&json!("second"))));
}

#[test]
fn rules_that_are_replaced_by_rename_are_taken_over_each_time() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    assert_eq!(status(&gateway), 200);
    replace(&gateway.folder().join("rules.yaml"), &blocking("second"));
    gateway.await_version(2);
    assert_eq!(status(&gateway), 403);
    replace(&gateway.folder().join("rules.yaml"), &allowing("third"));
    gateway.await_version(3);
    assert_eq!(status(&gateway), 200);
    assert_recorded(&gateway, &["start", "file", "file"]);
    assert!((gateway.metric("aegis_snapshot_version") - 3.0).abs() < f64::EPSILON);
    assert!(gateway.verify().status.success());
}

/// Kubernetes mounts `rules.yaml -> ..data/rules.yaml` and `..data -> ..<time>`, and replaces `..data` by a rename.
struct ConfigMap {
    gateway: Gateway,
}

impl ConfigMap {
    /// Mounted, with rules that allow reads.
    fn mounted(tool: &Tool) -> Self {
        let setup =
            Gateway::with(&routes(tool.address), "").variable("AEGIS_POLICY__RULES", "mount/rules.yaml");
        let setup = setup.file("mount/..1/rules.yaml", &allowing("first")).link("mount/..data", "..1");
        let map = Self { gateway: setup.link("mount/rules.yaml", "..data/rules.yaml").start() };
        assert_eq!(status(&map.gateway), 200);
        map
    }

    /// Swaps in the content of a version and waits until it is in force.
    fn swap(&self, version: u64, rules: &str) {
        let mount = self.gateway.folder().join("mount");
        let folder = format!("..{version}");
        fs::create_dir(mount.join(&folder)).unwrap();
        fs::write(mount.join(&folder).join("rules.yaml"), rules).unwrap();
        symlink(&folder, mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
        fs::remove_dir_all(mount.join(format!("..{}", version - 1))).unwrap();
        self.gateway.await_version(version);
    }
}

#[test]
fn a_config_map_that_is_swapped_is_taken_over() {
    let tool = Tool::start();
    let map = ConfigMap::mounted(&tool);
    map.swap(2, &blocking("second"));
    assert_eq!(status(&map.gateway), 403);
    assert_recorded(&map.gateway, &["start", "file"]);
}

#[test]
fn a_config_map_is_taken_over_each_time_it_is_swapped() {
    let tool = Tool::start();
    for _ in 0..10 {
        let map = ConfigMap::mounted(&tool);
        map.swap(2, &blocking("second"));
        map.swap(3, &allowing("third"));
        map.swap(4, &blocking("fourth"));
        assert_eq!(status(&map.gateway), 403);
        assert_recorded(&map.gateway, &["start", "file", "file", "file"]);
    }
}

#[test]
fn a_folder_put_in_place_of_another_is_taken_over_and_watched() {
    let tool = Tool::start();
    let setup = Gateway::with(&routes(tool.address), "").variable("AEGIS_POLICY__RULES", "rules/rules.yaml");
    let setup = setup.file("rules/rules.yaml", &allowing("first"));
    let gateway = setup.file("next/rules.yaml", &blocking("second")).start();
    let at = |name: &str| gateway.folder().join(name);
    fs::rename(at("rules"), at("before")).unwrap();
    fs::rename(at("next"), at("rules")).unwrap();
    gateway.await_version(2);
    assert_eq!(status(&gateway), 403);
    replace(&at("rules/rules.yaml"), &allowing("third"));
    gateway.await_version(3);
    assert_eq!(status(&gateway), 200);
}

#[test]
fn without_watching_a_signal_takes_the_files_over() {
    let tool = Tool::start();
    let setup =
        Gateway::in_front_of(tool.address, &allowing("first")).variable("AEGIS_POLICY__WATCH", "false");
    let gateway = setup.start();
    assert_eq!(status(&gateway), 200);
    replace(&gateway.folder().join("rules.yaml"), &blocking("second"));
    gateway.signal("HUP");
    gateway.await_version(2);
    assert_eq!(status(&gateway), 403);
    assert_recorded(&gateway, &["start", "signal"]);
}

#[test]
fn unchanged_content_makes_no_version() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    assert_eq!(status(&gateway), 200);
    let before = gateway.config_check();
    gateway.signal("HUP");
    eventually("the log line", || gateway.log().contains("unchanged").then_some(()));
    assert_eq!(gateway.config_check(), before);
    assert_recorded(&gateway, &["start"]);
}

#[test]
fn keys_and_routes_are_taken_over_with_the_rules() {
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    assert_eq!(gateway.client().get("/more/contacts/1").status, 404);
    let refused = gateway.client().request("GET", "/crm/contacts/1", &[("X-Api-Key", KEY)], b"");
    assert_eq!(refused.status, 401);

    let path = gateway.folder().join("gateway.yaml");
    let hash = key_hash(KEY);
    let config = fs::read_to_string(&path).unwrap();
    let control = format!("control: {{listen: \"127.0.0.1:0\", keys: [{{id: bot, hash: \"{hash}\"}}]}}");
    let config = config.replace("control: {listen: \"127.0.0.1:0\"}", &control).replace("/crm", "/more");
    replace(&path, &config);
    gateway.await_version(2);
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 404);
    assert_eq!(gateway.client().get("/more/contacts/1").status, 200);
    let known = gateway.client().request("GET", "/more/contacts/1", &[("X-Api-Key", KEY)], b"");
    assert_eq!(known.status, 200);
    assert_eq!(gateway.records_of("decision").last().unwrap()["actor"], "bot");
}

#[test]
fn configured_keys_take_the_place_of_the_admin_key() {
    let gateway = Gateway::with("", &allowing("first")).start();
    let key = gateway.admin_key();
    let metrics = || gateway.control_client().request("GET", "/metrics", &[("X-Api-Key", &key)], b"").status;
    assert_eq!(metrics(), 200);
    let path = gateway.folder().join("gateway.yaml");
    let config = fs::read_to_string(&path).unwrap();
    let keys =
        format!("\"127.0.0.1:0\", keys: [{{id: ops, hash: \"{}\", scopes: [admin]}}]}}", key_hash("another"));
    replace(&path, &config.replacen("\"127.0.0.1:0\"}", &keys, 1));
    gateway.await_version(2);
    assert_eq!(metrics(), 401);
}

#[test]
fn a_rules_file_named_only_later_is_watched_too() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first"));
    let gateway = gateway.file("other/rules.yaml", &blocking("second")).start();
    let path = gateway.folder().join("gateway.yaml");
    let config = fs::read_to_string(&path).unwrap();
    replace(&path, &config.replace("rules: rules.yaml", "rules: other/rules.yaml"));
    gateway.await_version(2);
    assert_eq!(status(&gateway), 403);
    replace(&gateway.folder().join("other/rules.yaml"), &allowing("third"));
    gateway.await_version(3);
}

#[test]
fn what_needs_a_restart_is_logged_and_the_rest_is_taken_over() {
    let tool = Tool::start();
    let gateway = Gateway::in_front_of(tool.address, &allowing("first")).start();
    let path = gateway.folder().join("gateway.yaml");
    let config = fs::read_to_string(&path).unwrap();
    let changed = config
        .replace("listen: [{address: \"127.0.0.1:0\"}]", "listen: [{address: \"127.0.0.1:1\"}]")
        .replace("data_dir: data", "data_dir: elsewhere")
        .replace(
            "listen: \"127.0.0.1:0\"}",
            "listen: \"127.0.0.1:0\", public_url: \"https://aegis.example\"}",
        )
        .replace("path_prefix: /crm", "path_prefix: /crm/contacts");
    assert_ne!(config, changed);
    replace(&path, &(changed + "holds: {max_pending: 5}\nstore: {sqlite: {}}\nstage: dev\n"));
    gateway.await_version(2);
    let is_told = |key: &str| {
        gateway.log().lines().any(|line| line.contains("restart") && line.contains(&format!("\"{key}\"")))
    };
    // `stage` is the last that is looked at.
    for key in ["gateway.listen", "data_dir", "stage"] {
        eventually(key, || is_told(key).then_some(()));
    }
    for key in ["holds", "control.public_url", "store"] {
        assert!(!is_told(key), "{key}: {}", gateway.log());
    }
    assert_eq!(status(&gateway), 200);
    assert!(!gateway.folder().join("elsewhere").exists());
}
