//! Names of epochs: `20261123T061954.123456Z-1a2b3c4d`, a start time in UTC and eight random digits.
//!
//! Imports `audit::error` and `model::time`. Names sort in the order of the epochs, whatever the clock did meanwhile.

use std::path::{Path, PathBuf};

use crate::audit::error::LedgerError;
use crate::model::time::Timestamp;

/// `20261123T061954.123456Z` in bytes.
const TIME_BYTES: usize = 23;

/// A new epoch's name and the start time it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EpochName {
    pub(crate) text: String,
}

impl EpochName {
    /// A name that sorts after `last`, even when the clock stands before it.
    pub(crate) fn after(last: Option<&str>, now: Timestamp, random: u32) -> Self {
        let earliest = last.and_then(time_of).map(|time| Timestamp::from_micros(time.as_micros() + 1));
        let start = earliest.map_or(now, |earliest| earliest.max(now));
        let time: String = start.to_rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect();
        Self { text: format!("{time}-{random:08x}") }
    }
}

/// The epochs of a ledger, oldest first, as (name, directory).
pub(crate) fn epochs(ledger: &Path) -> Result<Vec<(String, PathBuf)>, LedgerError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(ledger).map_err(LedgerError::io("list", ledger))? {
        let path = entry.map_err(LedgerError::io("list", ledger))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() && time_of(&name).is_some() {
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

fn time_of(name: &str) -> Option<Timestamp> {
    let (time, random) = name.split_at_checked(TIME_BYTES)?;
    let random = random.strip_prefix('-')?;
    if random.len() != 8 || !random.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| time.get(range);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, rest) = (part(9..11)?, part(11..13)?, part(13..TIME_BYTES)?);
    Timestamp::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_in_order_even_when_the_clock_goes_back() {
        let now = Timestamp::parse_rfc3339("2026-11-23T06:19:54.123456Z").unwrap();
        let first = EpochName::after(None, now, 0xffff_ffff);
        assert_eq!(first.text, "20261123T061954.123456Z-ffffffff");
        let hour_back = Timestamp::from_micros(now.as_micros() - 3_600_000_000);
        let second = EpochName::after(Some(&first.text), hour_back, 0);
        assert!(second.text > first.text, "{} {}", first.text, second.text);
        assert_eq!(time_of("lock"), None);
    }
}
