//! Without configured keys the first start makes one; it is never open.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Client, Running, aegis};

const CONFIG: &str = "version: 1\ndata_dir: data\ncontrol: {listen: \"127.0.0.1:0\"}\n\
    gateway: {listen: [{address: \"127.0.0.1:0\"}]}\naudit: {durability: process}\n";

fn start(folder: &std::path::Path) -> Running {
    Running::start(aegis().args(["serve", "--config", "gateway.yaml"]).current_dir(folder))
}

fn status(gateway: &Running, key: &str) -> u16 {
    let mut control = Client::connect(gateway.address("control listening on http://"));
    control.request("GET", "/metrics", &[("X-Api-Key", key)], b"").status
}

#[test]
fn the_first_start_makes_a_private_key_that_stays() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("gateway.yaml"), CONFIG).unwrap();
    let path = folder.path().join("data/admin.key");

    let mut first = start(folder.path());
    let key = fs::read_to_string(&path).unwrap().trim().to_owned();
    assert!(key.len() >= 32);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(first.said().contains("data/admin.key"), "{}", first.said());
    assert_eq!((status(&first, &key), status(&first, "another")), (200, 401));
    assert!(first.stop("TERM").success());
    assert!(!first.said().contains(&key) && !first.log().contains(&key));

    let mut second = start(folder.path());
    assert!(!second.said().contains("admin.key"), "only a key that was made is announced: {}", second.said());
    assert_eq!(fs::read_to_string(&path).unwrap().trim(), key);
    assert_eq!(status(&second, &key), 200);
    assert!(second.stop("TERM").success());

    let ledger = folder.path().join("data/ledger");
    let tail = aegis().args(["audit", "tail", "-n", "1000"]).arg(ledger).output().unwrap();
    assert!(!String::from_utf8(tail.stdout).unwrap().contains(&key));
}

#[test]
fn two_gateways_have_two_keys() {
    let keys: Vec<String> = (0..2)
        .map(|_| {
            let folder = tempfile::TempDir::new().unwrap();
            fs::write(folder.path().join("gateway.yaml"), CONFIG).unwrap();
            let _gateway = start(folder.path());
            fs::read_to_string(folder.path().join("data/admin.key")).unwrap()
        })
        .collect();
    assert_ne!(keys[0], keys[1]);
}
