//! Every file in `config/` is loaded as a user would: checked, held against its schema, and the configurations served.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, Running, aegis};

const CONFIGURATIONS: [&str; 3] = ["demo.yaml", "full.yaml", "quickstart.yaml"];
const RULES: [&str; 2] = ["policies/demo.yaml", "policies/quickstart.yaml"];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A copy of the samples with what they expect a user to have: a secret file, and a variable (see [`with_variables`]).
fn copy() -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files(&samples()) {
        let to = folder.path().join(file.strip_prefix(samples()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
    fs::create_dir(folder.path().join("secrets")).unwrap();
    fs::write(folder.path().join("secrets/files.key"), "a key\n").unwrap();
    folder
}

fn with_variables(command: &mut std::process::Command) -> &mut std::process::Command {
    command.env("FILES_TOKEN", "a token")
}

#[test]
fn there_is_no_sample_that_no_test_loads() {
    let found: BTreeSet<String> = files(&samples())
        .iter()
        .map(|file| file.strip_prefix(samples()).unwrap().display().to_string())
        .collect();
    let loaded = CONFIGURATIONS.iter().chain(&RULES).map(|name| (*name).to_owned()).collect();
    assert_eq!(found, loaded);
}

#[test]
fn every_sample_is_sound() {
    let folder = copy();
    for (names, kind) in [(&CONFIGURATIONS[..], "configuration"), (&RULES, "rules")] {
        for name in names {
            let output = with_variables(&mut aegis())
                .args(["check", name])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{name}: ok ({kind})\n"));
        }
    }
}

#[test]
fn the_schemas_accept_every_sample() {
    for (names, kind) in [(&CONFIGURATIONS[..], "config"), (&RULES, "policy")] {
        let output = aegis().args(["schema", kind]).output().unwrap();
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for name in names {
            let text = fs::read_to_string(samples().join(name)).unwrap();
            let sample: Value = serde_saphyr::from_str(&text).unwrap();
            let errors: Vec<String> = validator.iter_errors(&sample).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        }
    }
}

#[test]
fn every_sample_configuration_can_be_served() {
    let folder = copy();
    for name in CONFIGURATIONS {
        let data = TempDir::new().unwrap();
        let mut command = aegis();
        with_variables(&mut command)
            .args(["serve", "--config", name])
            .env("AEGIS_CONTROL__LISTEN", "127.0.0.1:0")
            .env("AEGIS_GATEWAY__LISTEN__0__ADDRESS", "127.0.0.1:0")
            .current_dir(folder.path());
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        let elsewhere = format!("data_dir: {}\n", data.path().display());
        let moved: String = text
            .split_inclusive('\n')
            .map(|line| if line.starts_with("data_dir:") { elsewhere.as_str() } else { line })
            .collect();
        let moved = if moved.contains("\ndata_dir:") { moved } else { moved + &elsewhere };
        let moved = moved.replace("listen: 127.0.0.1:9090", "listen: 127.0.0.1:0");
        fs::write(folder.path().join(name), moved).unwrap();
        let mut gateway = Running::start(&mut command);
        let mut control = Client::connect(gateway.address("control listening on http://"));
        assert_eq!(control.get("/readyz").status, 200, "{name}");
        assert!(gateway.stop("TERM").success(), "{name}");
    }
}
