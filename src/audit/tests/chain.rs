//! A sealed ledger proves its records: whatever is changed in it is found, and the right record is named.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use crate::audit::tests::support::{
    append, at, damage, decision, open, options, overwrite, padded, root, segment_files, written,
};
use crate::audit::{AppendError, Durability, Ledger, LedgerError, Reader, tail, verify};

/// A sealed epoch with `payloads` between its first record and its last. Answers with its directory.
fn sealed(directory: &TempDir, payloads: &[String]) -> PathBuf {
    let ledger = open(directory, Durability::Process);
    for (index, payload) in payloads.iter().enumerate() {
        append(&ledger, payload, index as i64);
    }
    ledger.close(at(1_000_000)).unwrap();
    ledger.epoch_directory().to_path_buf()
}

fn lines(segment: &std::path::Path) -> Vec<Vec<u8>> {
    written(segment).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn payloads() -> impl Strategy<Value = Vec<String>> {
    let text = "[ -!#-\\[\\]-~äöü漢]{0,60}";
    let payload = (text, any::<u32>()).prop_map(|(text, number)| {
        format!(r#""kind":"decision","outcome":"ALLOW","text":"{text}","n":{number},"deep":{{"previous_hash":"x"}}"#)
    });
    prop::collection::vec(payload, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_is_found_and_its_record_named(
        payloads in payloads(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let directory = TempDir::new().unwrap();
        let epoch = sealed(&directory, &payloads);
        prop_assert_eq!(verify(&root(&directory)).unwrap().records, payloads.len() as u64 + 2);
        let file = segment_files(&epoch).remove(0);
        let bytes = fs::read(&file).unwrap();
        let offset = place.index(bytes.len());
        overwrite(&file, offset, &[bytes[offset] ^ flip]);
        let record = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() as u64;
        let found = damage(&root(&directory));
        prop_assert_eq!(found.seq, record, "{:?}", found);
        prop_assert_eq!(found.file, file);
    }

    #[test]
    fn any_changed_byte_of_the_seal_is_found(place in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let directory = TempDir::new().unwrap();
        let seal = sealed(&directory, &[decision(0)]).join("sealed");
        let bytes = fs::read(&seal).unwrap();
        let offset = place.index(bytes.len());
        overwrite(&seal, offset, &[bytes[offset] ^ flip]);
        prop_assert_eq!(damage(&root(&directory)).file, seal);
    }
}

#[test]
fn a_removed_a_swapped_and_a_cut_off_record_are_found() {
    type Change = fn(&mut Vec<Vec<u8>>);
    let cases: [(&str, Change, u64); 5] = [
        ("removed", |lines| drop(lines.remove(3)), 3),
        ("swapped", |lines| lines.swap(2, 3), 2),
        ("doubled", |lines| lines.insert(2, lines[2].clone()), 3),
        ("first removed", |lines| drop(lines.remove(0)), 0),
        ("cut off", |lines| drop(lines.pop()), 6),
    ];
    for (what, change, seq) in cases {
        let directory = TempDir::new().unwrap();
        let epoch = sealed(&directory, &(0..5).map(decision).collect::<Vec<_>>());
        let file = segment_files(&epoch).remove(0);
        let mut content = lines(&file);
        change(&mut content);
        fs::write(&file, content.concat()).unwrap();
        assert_eq!(damage(&root(&directory)).seq, seq, "{what}");
    }
}

#[test]
fn a_removed_segment_is_found() {
    let directory = TempDir::new().unwrap();
    let epoch = sealed(&directory, &(0..8).map(|number| padded(number, 300_000)).collect::<Vec<_>>());
    let files = segment_files(&epoch);
    assert!(files.len() >= 3, "{files:?}");
    fs::remove_file(&files[1]).unwrap();
    assert!(damage(&root(&directory)).why.contains("missing"));
}

#[test]
fn a_removed_or_shortened_earlier_epoch_is_found() {
    for shorten in [false, true] {
        let directory = TempDir::new().unwrap();
        sealed(&directory, &[decision(0)]);
        let middle = sealed(&directory, &[decision(1)]);
        let last = sealed(&directory, &[decision(2)]);
        assert_eq!(verify(&root(&directory)).unwrap().epochs.len(), 3);
        if shorten {
            // A forger who can compute hashes: the epoch is cut, and no seal contradicts it.
            let file = segment_files(&middle).remove(0);
            let mut content = lines(&file);
            content.pop();
            fs::write(&file, content.concat()).unwrap();
            fs::remove_file(middle.join("sealed")).unwrap();
        } else {
            fs::remove_dir_all(&middle).unwrap();
        }
        let found = damage(&root(&directory));
        assert!(found.file.starts_with(&last), "{found:?}");
    }
}

#[test]
fn a_report_counts_by_kind_and_outcome() {
    let directory = TempDir::new().unwrap();
    sealed(&directory, &(0..3).map(decision).collect::<Vec<_>>());
    let report = verify(&root(&directory)).unwrap();
    let count = |kind: &str, outcome: Option<&str>| {
        report.counts.get(&(kind.to_owned(), outcome.map(str::to_owned))).copied()
    };
    assert_eq!(count("decision", Some("ALLOW")), Some(2));
    assert_eq!(count("decision", Some("DENY")), Some(1));
    assert_eq!((count("epoch", None), count("close", None)), (Some(1), Some(1)));
    assert_eq!(report.epochs[0].caveat(), None);
}

#[test]
fn eight_threads_make_one_dense_chain_over_many_segments() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Process);
    let mut seqs: Vec<u64> = std::thread::scope(|scope| {
        let run = |thread: usize| {
            let ledger = &ledger;
            move || (0..400).map(|n| append(ledger, &padded(thread, n * 10), n as i64)).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(run(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=3200).collect::<Vec<_>>());
    assert_eq!(verify(&root(&directory)).unwrap().records, 3201, "beside the living writer");
    ledger.close(at(0)).unwrap();
    let report = verify(&root(&directory)).unwrap();
    assert_eq!(report.records, 3202);
    assert!(segment_files(ledger.epoch_directory()).len() > 5);
    for file in segment_files(ledger.epoch_directory()) {
        assert_eq!(fs::metadata(&file).unwrap().len(), written(&file).len() as u64, "cut to its length");
    }
}

#[test]
fn lines_up_to_a_whole_segment_are_taken_and_longer_ones_refused() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Process);
    append(&ledger, &decision(0), 0);
    let frame = 300;
    for bytes in [1 << 19, (1 << 20) - frame, 10, (1 << 20) - frame] {
        append(&ledger, &padded(0, bytes), 0);
    }
    let refused = ledger.append(padded(0, 1 << 20).as_bytes(), at(0));
    assert!(matches!(refused, Err(AppendError::TooLarge { segment_bytes: 1_048_576, .. })), "{refused:?}");
    append(&ledger, &decision(1), 0);
    ledger.close(at(0)).unwrap();
    assert_eq!(verify(&root(&directory)).unwrap().records, 8);
}

#[test]
fn payloads_that_would_break_the_line_form_are_refused() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Process);
    for payload in ["", "\"kind\":\"a\nb\"", "\"kind\":\"a\0b\""] {
        let refused = ledger.append(payload.as_bytes(), at(0));
        assert!(matches!(refused, Err(AppendError::Malformed(_))), "{refused:?}");
    }
    assert_eq!(ledger.status().next_seq, 1);
}

#[test]
fn time_never_goes_back() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&directory, Durability::Process);
    for micros in [5, 3, 9, -1_000_000] {
        append(&ledger, &decision(0), micros);
    }
    let records = Reader::open(&root(&directory)).unwrap().skip(1);
    let times: Vec<String> = records.map(|record| record.unwrap().time().unwrap().to_owned()).collect();
    assert_eq!(times, [at(5), at(5), at(9), at(9)].map(|time| time.to_rfc3339()));
}

#[test]
fn a_tail_starts_with_the_last_records_and_follows_across_epochs() {
    let directory = TempDir::new().unwrap();
    sealed(&directory, &(0..3).map(decision).collect::<Vec<_>>());
    let ledger = open(&directory, Durability::Process);
    append(&ledger, &decision(7), 0);
    let mut tail = tail(&root(&directory), 4).unwrap();
    let kinds = |records: Vec<crate::audit::StoredRecord>| -> Vec<String> {
        records.iter().map(|record| record.parse().unwrap()["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(tail.poll_new().unwrap()), ["decision", "close", "epoch", "decision"]);
    assert!(tail.poll_new().unwrap().is_empty());
    for number in 0..2_000 {
        append(&ledger, &padded(number, 1_000), 0);
    }
    assert_eq!(tail.poll_new().unwrap().len(), 2_000);
    ledger.close(at(0)).unwrap();
    let other = open(&directory, Durability::Process);
    append(&other, &decision(8), 0);
    assert_eq!(kinds(tail.poll_new().unwrap()), ["close", "epoch", "decision"]);
}

#[test]
fn files_are_private_and_options_are_checked() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let epoch = sealed(&directory, &[decision(0)]);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&root(&directory)), mode(&epoch)), (0o700, 0o700));
    for entry in fs::read_dir(&epoch).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    let small = crate::audit::LedgerOptions { segment_bytes: 4096, ..options(&directory, Durability::Disk) };
    assert!(matches!(Ledger::open(small, at(0)), Err(LedgerError::Options(_))));
}
