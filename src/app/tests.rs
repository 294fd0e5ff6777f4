//! Loading, checking, the first admin key, and the watched folders.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::app::admin_key::admin_key;
use crate::app::watch::Watcher;
use crate::app::{CheckedKind, ConfigSource, Loading, SystemSources, check_file, load};
use crate::config::Sources;
use crate::model::call::Scope;
use crate::model::document::TEXT_BYTES_MAX;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn an_admin_key_is_made_once() {
    let folder = folder(&[]);
    let (first, made) = admin_key(folder.path()).unwrap();
    assert_eq!(made, Some(folder.path().join("admin.key")));
    assert_eq!(first.scopes, [Scope::Admin]);
    let (second, made) = admin_key(folder.path()).unwrap();
    assert_eq!((made, second.hash), (None, first.hash));
}

#[test]
fn a_file_that_holds_no_key_is_not_taken_for_one() {
    for text in ["", "\n", "short"] {
        let folder = folder(&[("admin.key", text)]);
        let error = admin_key(folder.path()).unwrap_err().to_string();
        assert!(error.contains("admin.key") && !error.contains("short"), "{error}");
        assert_eq!(
            fs::read_to_string(folder.path().join("admin.key")).unwrap(),
            text,
            "nothing is written over"
        );
    }
}

#[test]
fn what_a_file_is_shows_by_its_keys() {
    let folder = folder(&[("rules.yaml", "version: 1\nrules: []\n"), ("gateway.yaml", "version: 1\n")]);
    let kind = |name: &str| check_file(&folder.path().join(name), Loading::Strict).unwrap().kind;
    assert_eq!((kind("rules.yaml"), kind("gateway.yaml")), (CheckedKind::Rules, CheckedKind::Config));
}

#[test]
fn the_hash_is_that_of_all_a_snapshot_is_made_of() {
    let rules = "version: 1\nrules: []\n";
    let secret = "routes:\n- {name: a, match: {path_prefix: /a}, protocol: mcp, capability_prefix: a, \
        upstream: {addresses: [\"127.0.0.1:9\"], headers: {X-Key: {file: key}}}}\n- {name: b, match: {path_prefix: /b}, \
        protocol: http, capability_prefix: b, upstream: {addresses: [\"127.0.0.1:9\"]}, openapi: api.yaml}\n\
        policy: {rules: rules.yaml}\n";
    let document = "openapi: 3.1.0\npaths: {}\n";
    let folder =
        folder(&[("gateway.yaml", secret), ("rules.yaml", rules), ("key", "one\n"), ("api.yaml", document)]);
    let file = |name: &str| folder.path().join(name);
    let hash = || load(&ConfigSource::File(file("gateway.yaml"))).unwrap().hash;
    let mut hashes = vec![hash()];
    assert_eq!(hash(), hashes[0]);
    for (name, text) in [
        ("rules.yaml", "version: 1\nrules: []\n# more\n"),
        ("key", "two\n"),
        ("api.yaml", "openapi: 3.1.0\npaths: {}\ninfo: {}\n"),
        ("gateway.yaml", &format!("{secret}stage: dev\n")),
    ] {
        fs::write(file(name), text).unwrap();
        let now = hash();
        assert!(!hashes.contains(&now), "{name}");
        hashes.push(now);
    }
    assert!(hashes.iter().all(|hash| hash.len() == 64));
    let files = load(&ConfigSource::File(file("gateway.yaml"))).unwrap().files;
    assert_eq!(files, ["gateway.yaml", "rules.yaml", "key", "api.yaml"].map(file), "what is watched");
}

#[test]
fn a_file_that_is_too_long_or_no_text_is_not_read() {
    let folder =
        folder(&[("long", &"x".repeat(TEXT_BYTES_MAX + 1)), ("longest", &"x".repeat(TEXT_BYTES_MAX))]);
    fs::write(folder.path().join("bytes"), b"\xff").unwrap();
    let read = |name: &str| SystemSources.file(&folder.path().join(name)).map(|text| text.len());
    assert_eq!(read("longest"), Ok(TEXT_BYTES_MAX));
    assert_eq!(read("long"), Err("longer than 8388608 bytes".to_owned()));
    assert_eq!(read("bytes"), Err("not UTF-8 text".to_owned()));
    assert_eq!(read("none"), Err("no such file".to_owned()));
}

#[test]
fn nothing_is_watched_where_there_are_no_files() {
    assert!(Watcher::start(&[]).unwrap().is_none());
}

#[test]
fn a_folder_that_is_gone_is_named() {
    let gone = PathBuf::from("no-such-folder/gateway.yaml");
    let error = Watcher::start(&[gone]).unwrap_err().to_string();
    assert!(error.contains("no-such-folder"), "{error}");
}

#[tokio::test]
async fn changes_in_the_folder_of_a_file_and_of_its_target_are_noticed() {
    let (links, targets) = (folder(&[]), folder(&[("real.yaml", "version: 1\n")]));
    let file = links.path().join("gateway.yaml");
    std::os::unix::fs::symlink(targets.path().join("real.yaml"), &file).unwrap();
    let mut watcher = Watcher::start(std::slice::from_ref(&file)).unwrap().unwrap();
    fs::write(targets.path().join("real.yaml"), "version: 1\n# new\n").unwrap();
    watcher.changed().await.unwrap();
    fs::remove_file(&file).unwrap();
    watcher.changed().await.unwrap();
}
