//! Every file in `config/` is loaded as a user would: checked, held against its schema, and the configurations served.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, Running, aegis};

const CONFIGURATIONS: [&str; 5] =
    ["demo.yaml", "full.yaml", "quickstart.yaml", "sidecar.yaml", "policy_server.yaml"];
const RULES: [&str; 4] =
    ["policies/demo.yaml", "policies/quickstart.yaml", "policies/sidecar.yaml", "policies/starter.yaml"];

/// Governance objects, in the folder that the full sample names.
const GOVERNANCE: [&str; 1] = ["policies/governance/deployments.yaml"];

/// Cedar policies, in the folder that the full sample names.
const CEDAR: [&str; 1] = ["policies/cedar/files.cedar"];

/// Run with the rules beside them by the tests of `aegis init`.
const CASES: [&str; 1] = ["policies/starter.cases.yaml"];

/// Loaded with the configurations that name them.
const DOCUMENTS: [&str; 2] = ["crm.openapi.yaml", "jwks.json"];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A copy of the samples with what they expect a user to have: secret files, and a variable (see [`with_variables`]).
fn copy() -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files(&samples()) {
        let to = folder.path().join(file.strip_prefix(samples()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
    fs::create_dir(folder.path().join("secrets")).unwrap();
    fs::write(folder.path().join("secrets/files.key"), "a key\n").unwrap();
    let made = rcgen::generate_simple_self_signed(["files.internal".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    for (name, text) in [
        ("ca.pem", &certificate),
        ("client.pem", &certificate),
        ("client.key", &key),
        ("gateway.pem", &certificate),
        ("gateway.key", &key),
    ] {
        fs::write(folder.path().join("secrets").join(name), text).unwrap();
    }
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
    let loaded: BTreeSet<String> = CONFIGURATIONS
        .iter()
        .chain(&RULES)
        .chain(&GOVERNANCE)
        .chain(&CEDAR)
        .chain(&CASES)
        .chain(&DOCUMENTS)
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(found, loaded);
    let full = fs::read_to_string(samples().join("full.yaml")).unwrap();
    assert!(full.contains("  governance: policies/governance\n"));
    assert!(full.contains("    directory: policies/cedar\n"));
    assert!(DOCUMENTS.iter().all(|name| full.contains(&format!(": {name}"))));
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
        let moved = moved.replace("listen: 0.0.0.0:9090", "listen: 127.0.0.1:0");
        fs::write(folder.path().join(name), moved).unwrap();
        let mut gateway = Running::start(&mut command);
        let mut control = Client::connect(gateway.address("control listening on http://"));
        assert_eq!(control.get("/readyz").status, 200, "{name}");
        assert!(gateway.stop("TERM").success(), "{name}");
    }
}

fn deployment() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sidecar")
}

/// kustomize reads nothing above its own folder, so what it mounts are copies of the samples.
#[test]
fn the_sidecar_deployment_mounts_the_samples() {
    let copies = deployment().join("config");
    let found = files(&copies);
    assert_eq!(found.len(), 2, "{found:?}");
    for copy in found {
        let name = copy.strip_prefix(&copies).unwrap();
        let same = fs::read(&copy).unwrap() == fs::read(samples().join(name)).unwrap();
        assert!(same, "deploy/sidecar/config/{0} is not config/{0}: copy it again", name.display());
    }
}

/// What the manifest says twice, because Kubernetes cannot read it out of the configuration.
#[test]
fn the_sidecar_deployment_fits_its_configuration() {
    let read =
        |path: PathBuf| -> Value { serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let config = read(samples().join("sidecar.yaml"));
    let deployment = read(deployment().join("deployment.yaml"));
    let template = &deployment["spec"]["template"];
    let pod = &template["spec"];
    let aegis = &pod["initContainers"][0];
    assert_eq!(aegis["restartPolicy"], "Always");

    let port = config["telemetry"]["listen"].as_str().unwrap().rsplit_once(':').unwrap().1;
    assert_eq!(template["metadata"]["annotations"]["prometheus.io/port"], port);
    assert_eq!(aegis["ports"][0]["containerPort"].to_string(), port);
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(aegis[probe]["httpGet"]["port"], aegis["ports"][0]["name"], "{probe}");
    }

    let grace_s = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    let shutdown_ms = config["gateway"]["timeouts"]["shutdown_grace_ms"].as_u64().unwrap();
    assert!(
        grace_s * 1000 >= 2 * shutdown_ms,
        "{grace_s} s leave no time for the agent before the gateway's"
    );

    let mounts = aegis["volumeMounts"].as_array().unwrap();
    let data = Path::new(config["data_dir"].as_str().unwrap());
    let at = |mount: &&Value| data.starts_with(mount["mountPath"].as_str().unwrap());
    assert_eq!(mounts.iter().filter(at).count(), 1, "data_dir is not in a volume");
    assert!(mounts.iter().all(|mount| mount.get("subPath").is_none()), "files under subPath never change");

    let given: BTreeSet<&str> =
        aegis["env"].as_array().unwrap().iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    let wanted = config["routes"][0]["upstream"]["headers"]["Authorization"]["env"].as_str().unwrap();
    let keys = ["AEGIS_CONTROL__KEYS__0__HASH", "AEGIS_CONTROL__KEYS__1__HASH"];
    assert_eq!(given, BTreeSet::from([wanted, keys[0], keys[1]]));
}
