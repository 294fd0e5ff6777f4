//! Folders and files of the data: whose they are, and who may write them at a time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::decisions::RULES;
use crate::support::{Gateway, Tool, refused_start};

fn check_modes(folder: &Path) -> usize {
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += check_modes(&path);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            files += 1;
        }
    }
    files
}

#[test]
fn only_the_owner_can_read_the_data() {
    let tool = Tool::start();
    let mut gateway = Gateway::in_front_of(tool.address, RULES).start();
    assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    assert!(check_modes(&gateway.folder().join("data")) >= 4);
    gateway.kill();
    let mut gateway = gateway.restart();
    gateway.stop();
    assert!(check_modes(&gateway.folder().join("data")) >= 6);
}

#[test]
fn two_gateways_on_one_folder_write_an_epoch_each() {
    let tool = Tool::start();
    let mut first = Gateway::in_front_of(tool.address, RULES).start();
    let mut second = first.restart();
    for gateway in [&first, &second, &first] {
        assert_eq!(gateway.client().get("/crm/contacts/1").status, 200);
    }
    assert_eq!(first.records_of("decision").len(), 3);
    let verified = String::from_utf8(first.verify().stdout).unwrap();
    assert_eq!(verified.matches("being written").count(), 2, "{verified}");
    assert_eq!(first.admin_key(), second.admin_key());
    assert!(first.stop().success());
    assert_eq!(second.client().get("/crm/contacts/1").status, 200);
    assert!(second.stop().success());
    let verified = String::from_utf8(first.verify().stdout).unwrap();
    assert_eq!(verified.matches("sealed, last hash").count(), 2, "{verified}");
    assert!(second.records_of("repair").is_empty());
}

#[test]
fn a_data_folder_that_cannot_be_made_refuses_the_start_and_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("occupied"), "a file").unwrap();
    fs::write(
        folder.path().join("gateway.yaml"),
        "version: 1\ndata_dir: occupied/data\ncontrol: {listen: \"127.0.0.1:0\"}\n\
         gateway: {listen: [{address: \"127.0.0.1:0\"}]}\n",
    )
    .unwrap();
    let (status, said, errors) = refused_start(folder.path());
    assert_eq!(status.code(), Some(1), "{errors}");
    assert!(errors.contains("occupied/data"), "{errors}");
    assert!(!said.contains("listening"), "{said}");
}
