//! Logs: arbitrary bytes where a log should be, and edits of a sound one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aegis_gateway::audit::{Ledger, LedgerOptions, tail, verify};
use aegis_gateway::model::time::Timestamp;
use tempfile::TempDir;

const EPOCH: &str = "20261123T061954.123456Z-1a2b3c4d";
const SEGMENT: &str = "00000000000000000000.jsonl";

/// Any bytes as the only segment of an unsealed log: checked and read without a panic.
pub fn ledger(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let epoch = folder.path().join(EPOCH);
    fs::create_dir(&epoch).and_then(|()| fs::write(epoch.join(SEGMENT), data)).expect("a log can be written");
    let verified = verify(folder.path());
    if let Ok(mut tail) = tail(folder.path(), 3) {
        let records = tail.poll_new().map(|records| records.len());
        if let (Ok(report), Ok(records)) = (verified, records) {
            assert!(report.records >= records as u64, "more is read than was found sound");
        }
    }
}

/// Edits of a sealed log, three bytes each (where, where, what): found, unless nothing changed.
pub fn ledger_edit(data: &[u8]) {
    let sound = sound_log();
    let mut edited = sound.bytes.clone();
    for edit in data.chunks_exact(3).take(64) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % edited.len();
        edited[at] = edit[2];
    }
    fs::write(&sound.segment, &edited).expect("the log can be written");
    let verified = verify(sound.folder.path());
    assert_eq!(verified.is_ok(), edited == sound.bytes, "{verified:?}");
}

/// A log of a few records, written and sealed by the gateway's own code.
struct Sound {
    folder: TempDir,
    segment: PathBuf,
    bytes: Vec<u8>,
}

fn sound_log() -> &'static Sound {
    static SOUND: OnceLock<Sound> = OnceLock::new();
    SOUND.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let now = Timestamp::parse_rfc3339("2026-11-23T06:19:54Z").expect("a time");
        let options = LedgerOptions { reserve_percent: 0, ..LedgerOptions::new(folder.path().to_owned()) };
        let (ledger, _) = Ledger::open(options, now).expect("a ledger opens");
        for capability in ["files.read_file", "files.delete_file", "crm.contacts.read"] {
            let payload =
                format!("\"kind\":\"decision\",\"capability\":\"{capability}\",\"outcome\":\"ALLOW\"");
            ledger.append(payload.as_bytes(), now).expect("a record is taken");
        }
        ledger.close(now).expect("the log is sealed");
        drop(ledger);
        let segment = find_segment(folder.path());
        let bytes = fs::read(&segment).expect("the log can be read");
        Sound { folder, segment, bytes }
    })
}

fn find_segment(ledger: &Path) -> PathBuf {
    let epochs = fs::read_dir(ledger).expect("the ledger can be listed");
    let segments = epochs.filter_map(Result::ok).map(|epoch| epoch.path().join(SEGMENT));
    segments.into_iter().find(|segment| segment.exists()).expect("the log has a segment")
}
