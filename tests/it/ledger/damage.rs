//! Whatever was changed in a closed ledger is found and named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::decisions::RULES;
use crate::support::{Client, Gateway, Tool, aegis, eventually, refused_start, routes};

/// The ledger of a gateway that was started `epochs` times, took some calls each time, and was stopped.
struct Closed {
    gateway: Gateway,
}

impl Closed {
    fn with_epochs(epochs: usize) -> Self {
        let tool = Tool::start();
        let mut gateway = Gateway::in_front_of(tool.address, RULES).start();
        for epoch in 0..epochs {
            if epoch > 0 {
                gateway = gateway.restart();
            }
            let mut client = gateway.client();
            for id in 0..5 {
                assert_eq!(blocked(&mut client, id), 403);
            }
            assert!(gateway.stop().success());
        }
        let closed = Self { gateway };
        assert!(closed.gateway.verify().status.success());
        closed
    }

    fn epochs(&self) -> Vec<PathBuf> {
        epochs(&self.gateway.ledger())
    }

    /// Changes the text of the log of one epoch.
    fn edit(&self, epoch: usize, change: impl FnOnce(Vec<String>) -> Vec<String>) -> PathBuf {
        let file = log(&self.epochs()[epoch]);
        let text = fs::read_to_string(&file).unwrap();
        let lines = change(text.lines().map(str::to_owned).collect());
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        file
    }

    /// What `aegis audit verify` says about a ledger that is not sound.
    fn finding(&self) -> String {
        finding(&self.gateway)
    }
}

/// The status of a call that leaves exactly one record.
fn blocked(client: &mut Client, id: usize) -> u16 {
    client.request("DELETE", &format!("/crm/contacts/{id}"), &[], b"").status
}

fn finding(gateway: &Gateway) -> String {
    let Output { status, stdout, .. } = gateway.verify();
    let text = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(text.starts_with("NOT OK: "), "{text}");
    let json = aegis().args(["audit", "verify", "--json"]).arg(gateway.ledger()).output().unwrap();
    assert_eq!(json.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["ok"], false);
    assert_eq!(format!("NOT OK: {}", json["damage"].as_str().unwrap()), text.trim_end());
    text
}

fn epochs(ledger: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(ledger).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

fn log(epoch: &Path) -> PathBuf {
    epoch.join("00000000000000000000.jsonl")
}

#[test]
fn an_edited_record_is_named_with_its_file_and_line() {
    let closed = Closed::with_epochs(1);
    let file = closed.edit(0, |mut lines| {
        assert!(lines[4].contains("contact:2"), "{}", lines[4]);
        lines[4] = lines[4].replace("contact:2", "contact:9");
        lines
    });
    let found = closed.finding();
    assert!(found.contains(&format!("{} line 5 (record 4, ", file.display())), "{found}");
}

#[test]
fn any_edited_byte_is_found() {
    let closed = Closed::with_epochs(1);
    let file = log(&closed.epochs()[0]);
    let sound = fs::read(&file).unwrap();
    let lines = sound.iter().filter(|byte| **byte == b'\n').count();
    // Every place would take long, as each is a process of its own; a prime step meets all parts of a line in time.
    for place in (0..sound.len()).step_by(211) {
        let mut bytes = sound.clone();
        bytes[place] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let found = closed.finding();
        let line = sound[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
        let named: usize =
            found.split(" line ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
        assert!(
            named == line || (named == line + 1 && named <= lines),
            "byte {place} in line {line}: {found}"
        );
    }
}

#[test]
fn a_removed_record_is_named() {
    let closed = Closed::with_epochs(1);
    closed.edit(0, |mut lines| {
        lines.remove(3);
        lines
    });
    let found = closed.finding();
    assert!(found.contains("line 4 (record 3, ") && found.contains("record 3 is missing"), "{found}");
}

#[test]
fn two_records_that_changed_places_are_named() {
    let closed = Closed::with_epochs(1);
    closed.edit(0, |mut lines| {
        lines.swap(3, 4);
        lines
    });
    let found = closed.finding();
    assert!(found.contains("line 4 (record 3, "), "{found}");
}

#[test]
fn a_cut_log_is_found() {
    for keep in [0, 1, 4] {
        let closed = Closed::with_epochs(1);
        let file = log(&closed.epochs()[0]);
        let text = fs::read_to_string(&file).unwrap();
        let kept: String = text.split_inclusive('\n').take(keep).collect();
        fs::write(&file, kept).unwrap();
        let found = closed.finding();
        assert!(found.contains(&format!("(record {keep}, ")), "{found}");
    }
    let closed = Closed::with_epochs(1);
    fs::remove_file(log(&closed.epochs()[0])).unwrap();
    let found = closed.finding();
    assert!(found.contains("record 0"), "{found}");
}

#[test]
fn records_put_after_the_end_are_found() {
    let closed = Closed::with_epochs(1);
    closed.edit(0, |mut lines| {
        lines.push(lines[2].clone());
        lines
    });
    closed.finding();
}

#[test]
fn a_missing_epoch_is_named() {
    let closed = Closed::with_epochs(3);
    let removed = closed.epochs()[1].clone();
    fs::remove_dir_all(&removed).unwrap();
    let found = closed.finding();
    assert!(found.contains(removed.file_name().unwrap().to_str().unwrap()), "{found}");

    let closed = Closed::with_epochs(2);
    let removed = closed.epochs()[0].clone();
    fs::remove_dir_all(&removed).unwrap();
    let found = closed.finding();
    assert!(found.contains(removed.file_name().unwrap().to_str().unwrap()), "{found}");
}

#[test]
fn an_epoch_rewritten_whole_is_betrayed_by_its_successor() {
    let (closed, other) = (Closed::with_epochs(2), Closed::with_epochs(1));
    let (old, new) = (closed.epochs()[0].clone(), other.epochs()[0].clone());
    for name in ["00000000000000000000.jsonl", "sealed"] {
        fs::copy(new.join(name), old.join(name)).unwrap();
    }
    closed.finding();
}

/// Records that are marked as durable.
fn marked(epoch: &Path) -> u64 {
    let text = String::from_utf8_lossy(&fs::read(epoch.join("mark")).unwrap()).into_owned();
    let counts = text.lines().filter_map(|line| line.trim_matches('\0').split(' ').nth(1)?.parse().ok());
    counts.max().unwrap_or_default()
}

/// A killed gateway with seven durable records: two of its start, five decisions.
fn killed() -> (Gateway, PathBuf) {
    let tool = Tool::start();
    let config = format!(
        "version: 1\ndata_dir: data\ncontrol: {{listen: \"127.0.0.1:0\"}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\npolicy: {{rules: rules.yaml}}\n{}",
        routes(tool.address)
    );
    let mut gateway = Gateway::configured(&config).file("rules.yaml", RULES).start();
    let mut client = gateway.client();
    for id in 0..5 {
        assert_eq!(blocked(&mut client, id), 403);
    }
    // The mark trails the records a little; what it covers is what a start insists on.
    let epoch = epochs(&gateway.ledger()).remove(0);
    eventually("the mark", || (marked(&epoch) == 7).then_some(()));
    gateway.kill();
    (gateway, log(&epoch))
}

#[test]
fn a_start_is_refused_when_durable_records_were_changed() {
    let (gateway, file) = killed();
    let mut bytes = fs::read(&file).unwrap();
    let place = bytes.windows(9).position(|window| window == b"contact:2").unwrap();
    bytes[place + 8] = b'9';
    fs::write(&file, &bytes).unwrap();
    let (status, _, errors) = refused_start(gateway.folder());
    assert!(!status.success(), "{errors}");
    assert!(errors.contains("00000000000000000000.jsonl line 5 (record 4, "), "{errors}");
    assert_eq!(fs::read(&file).unwrap(), bytes, "a refused start changes nothing");
    assert_eq!(epochs(&gateway.ledger()).len(), 1);
}

#[test]
fn what_stands_after_the_durable_part_is_set_aside_and_recorded() {
    let (gateway, file) = killed();
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[end..end + 12].copy_from_slice(b"{\"seq\":99,\"t");
    fs::write(&file, &bytes).unwrap();
    let restarted = gateway.restart();
    let repair = restarted.records_of("repair").remove(0);
    assert_eq!(repair["torn"][0]["bytes"], 12, "{repair}");
    assert!(!repair["reason"].is_null());
    let torn = file.parent().unwrap().join("torn").join(repair["torn"][0]["name"].as_str().unwrap());
    assert_eq!(fs::read(torn).unwrap(), b"{\"seq\":99,\"t");
    assert_eq!(restarted.client().get("/crm/contacts/1").status, 200);
    assert!(restarted.verify().status.success());
}
