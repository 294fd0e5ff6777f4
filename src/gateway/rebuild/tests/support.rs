//! A ledger with records that say something, and its numbers as they are made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::audit::{AppendError, Durability, Ledger, LedgerOptions};
use crate::facts::{Live, Observation, Who};
use crate::gateway::{Begun, Fold};
use crate::model::decision::RiskScore;
use crate::model::time::Timestamp;

pub(super) const START: i64 = 1_795_414_794_000_000;
pub(super) const SECOND: i64 = 1_000_000;

pub(super) struct World {
    pub(super) folder: TempDir,
    /// The numbers of a gateway that was never stopped.
    pub(super) live: Live,
    /// Records so far, of those that say something.
    pub(super) records: i64,
    /// What the clock is off by.
    pub(super) off: i64,
}

impl World {
    pub(super) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), live: Live::default(), records: 0, off: 0 }
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("facts.checkpoint")
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(START + self.off + self.records * SECOND)
    }

    /// Starts an epoch.
    pub(super) fn open(&self) -> Arc<Ledger> {
        open(&self.ledger(), self.now())
    }

    /// Records so many calls, and what became of them, and notes them as a gateway would.
    pub(super) fn call(&mut self, ledger: &Ledger, count: i64) {
        for _ in 0..count {
            let number = self.records;
            let actor = ["ann", "bob", "cyd"][usize::try_from(number).unwrap() % 3];
            let capability = ["a.b", "a.c"][usize::try_from(number / 3).unwrap() % 2];
            let who = Who::new("t", actor, capability);
            let now = self.now();
            if number % 211 == 150 {
                self.live.recalibrate(&who);
                let payload =
                    format!(r#""kind":"drift.recalibrated","by":"admin","tenant":"t","actor":"{actor}""#);
                append(ledger, &payload, now);
                self.records += 1;
                continue;
            }
            let common = format!(r#""tenant":"t","actor":"{actor}","capability":"{capability}""#);
            let text = now.to_rfc3339();
            let observed = self.observe(&who, number, now);
            let payload = match number % 4 {
                0 => {
                    self.live.let_through(&who, now);
                    self.live.note_use(&who, 20, now);
                    format!(
                        r#""kind":"decision",{common},"outcome":"ALLOW","facts":{{"now":"{text}"}},"charge":{{"max_requests":20,"window_s":60,"at":"{text}"}},{observed}"#
                    )
                }
                1 => {
                    self.live.let_through(&who, now);
                    self.live.note_use(&Who::everybody("t", capability), 30, now);
                    format!(
                        r#""kind":"decision",{common},"outcome":"ALLOW","facts":{{"now":"{text}"}},"shared_charge":{{"max_requests":30,"at":"{text}"}},{observed}"#
                    )
                }
                2 => format!(
                    r#""kind":"decision",{common},"outcome":"DENY","facts":{{"now":"{text}"}},{observed}"#
                ),
                _ => {
                    self.live.reported(&who, number % 8 == 3, now);
                    let result = if number % 8 == 3 { "failed" } else { "completed" };
                    format!(r#""kind":"execution",{common},"decision_id":"dec_x","result":"{result}""#)
                }
            };
            append(ledger, &payload, now);
            self.records += 1;
        }
    }

    /// Notes what a record of a decision says of the gates, which is returned. The window changes now and then.
    fn observe(&self, who: &Who, number: i64, now: Timestamp) -> String {
        let window = if number % 400 < 300 { 30 } else { 40 };
        let score = u32::try_from(number * 137 % 10_001).unwrap();
        let shape = [u8::try_from(number % 7).unwrap(); 16];
        // The third of four repeats what was held every other time; the last is no decision.
        let repeats = number % 8 == 6;
        let score = (!repeats).then(|| RiskScore::from_ten_thousandths(score));
        if number % 4 < 3 {
            let let_through = number % 4 < 2;
            self.live.observe(who, &Observation { shape, window, score, let_through, at: now });
        }
        let score = score.map(|score| format!(",\"score\":{}", score.exact())).unwrap_or_default();
        let shape = data_encoding::HEXLOWER.encode(&shape);
        format!("\"observed\":{{\"shape\":\"{shape}\",\"window\":{window}{score}}}")
    }

    /// The fold of all that is in the ledger, from the checkpoint where there is one.
    pub(super) fn fold(&self) -> (Fold, Begun) {
        let (mut fold, begun) = Fold::begin(&self.ledger(), &self.file()).unwrap();
        fold.catch_up().unwrap();
        (fold, begun)
    }

    /// That what is made again is what there was.
    pub(super) fn check(&self, begun: &Begun) {
        let (fold, found) = self.fold();
        assert_eq!(found, *begun);
        assert!(
            fold.live().unwrap().checkpoint() == self.live.checkpoint(),
            "another state, begun {begun:?}"
        );
    }
}

pub(super) fn open(ledger: &Path, now: Timestamp) -> Arc<Ledger> {
    let mut options = LedgerOptions::new(ledger.to_owned());
    (options.durability, options.segment_bytes, options.reserve_percent) = (Durability::Process, 1 << 20, 0);
    Ledger::open(options, now).unwrap().0
}

pub(super) fn append(ledger: &Ledger, payload: &str, now: Timestamp) {
    loop {
        match ledger.append(payload.as_bytes(), now) {
            Ok(_) => return,
            Err(AppendError::Busy) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Copies a folder as it is at this moment: what is left of a process that is killed now.
pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
