//! Cursors of lists: where the next page begins, sealed, so that a caller can only hand one back to the list that gave it.

use sha2::{Digest, Sha256};

use crate::identity::{SEAL_KEY_BYTES, SEAL_NONCE_BYTES, Seal, bind};
use crate::model::time::Timestamp;

/// What the sealed bytes are for, so that none can stand for anything else sealed with a key of ours.
const PURPOSE: &[u8] = b"aegis list cursor v1";

/// Longest id of an item, in bytes.
const ID_MAX_BYTES: usize = 128;

/// Bytes of a time.
const TIME_BYTES: usize = size_of::<i64>();

/// The last item of a page. Lists show the newest first, and of one moment the greatest id first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// When the item was made.
    pub created_at: Timestamp,
    /// Its id.
    pub id: String,
}

/// Which list a cursor belongs to: for another path, other filters or another tenant's callers it is no cursor.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'l> {
    /// The path of the list.
    pub path: &'l str,
    /// Whose items are shown; `None` = everybody's.
    pub tenant: Option<&'l str>,
    /// Name and value of each filter, in a fixed order.
    pub filters: &'l [(&'l str, &'l str)],
}

/// Makes and opens cursors. Nothing is stored, so every gateway with the same key reads them, after a restart too.
#[derive(Clone, Debug)]
pub struct CursorSeal {
    seal: Seal,
}

impl CursorSeal {
    /// Seals with a key of its own that is derived from `secret`, which must be random.
    #[must_use]
    pub fn new(secret: &[u8; SEAL_KEY_BYTES]) -> Self {
        let key = Sha256::new().chain_update(PURPOSE).chain_update(secret).finalize();
        Self { seal: Seal::new(key.into()) }
    }

    /// The cursor of the page behind `last`; `None` for an id no item has. `nonce` must be random.
    #[must_use]
    pub fn seal(
        &self,
        last: &Position,
        listing: Listing<'_>,
        nonce: [u8; SEAL_NONCE_BYTES],
    ) -> Option<String> {
        if last.id.len() > ID_MAX_BYTES {
            return None;
        }
        let plain = [&last.created_at.as_micros().to_be_bytes(), last.id.as_bytes()].concat();
        self.seal.seal(&plain, &listing.bound(), nonce)
    }

    /// The position behind a cursor; `None` for one that this list did not give.
    #[must_use]
    pub fn open(&self, cursor: &str, listing: Listing<'_>) -> Option<Position> {
        let plain = self.seal.open(cursor.as_bytes(), &listing.bound(), TIME_BYTES + ID_MAX_BYTES)?;
        let (micros, id) = plain.split_first_chunk::<TIME_BYTES>()?;
        let id = String::from_utf8(id.to_vec()).ok()?;
        Some(Position { created_at: Timestamp::from_micros(i64::from_be_bytes(*micros)), id })
    }
}

impl Listing<'_> {
    fn bound(self) -> Vec<u8> {
        let tenant = self.tenant.map_or(["everybody", ""], |tenant| ["tenant", tenant]);
        let mut parts = vec![self.path];
        parts.extend(tenant);
        parts.extend(self.filters.iter().flat_map(|(name, value)| [*name, *value]));
        bind(PURPOSE, &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: Listing<'_> =
        Listing { path: "/api/v1/things", tenant: Some("acme"), filters: &[("state", "new"), ("by", "")] };

    fn last() -> Position {
        Position { created_at: Timestamp::from_micros(-7), id: "thg_1".to_owned() }
    }

    fn seal() -> CursorSeal {
        CursorSeal::new(&[7; SEAL_KEY_BYTES])
    }

    #[test]
    fn only_the_list_that_gave_a_cursor_takes_it() {
        let cursor = seal().seal(&last(), LISTING, [1; SEAL_NONCE_BYTES]).unwrap();
        assert!(!cursor.contains("thg"));
        assert_eq!(seal().open(&cursor, LISTING), Some(last()));
        for other in [
            Listing { path: "/api/v1/other", ..LISTING },
            Listing { tenant: Some("acme2"), ..LISTING },
            Listing { tenant: None, ..LISTING },
            Listing { filters: &[("state", "old"), ("by", "")], ..LISTING },
            Listing { filters: &[("state", ""), ("by", "new")], ..LISTING },
            Listing { filters: &[], ..LISTING },
        ] {
            assert_eq!(seal().open(&cursor, other), None, "{other:?}");
        }
        assert_eq!(CursorSeal::new(&[8; SEAL_KEY_BYTES]).open(&cursor, LISTING), None, "another gateway's");
    }

    #[test]
    fn what_was_changed_or_made_up_is_no_cursor() {
        let cursor = seal().seal(&last(), LISTING, [1; SEAL_NONCE_BYTES]).unwrap();
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal().open(&String::from_utf8(changed).unwrap(), LISTING), None, "{at}");
            assert_eq!(seal().open(cursor.get(..at).unwrap(), LISTING), None, "{at}");
        }
        for made_up in ["", "x", "==", "ä", &"A".repeat(100), &"A".repeat(100_000)] {
            assert_eq!(seal().open(made_up, LISTING), None, "{made_up:.9}");
        }
        // The same key used for a session says nothing here.
        let foreign =
            Seal::new([7; SEAL_KEY_BYTES]).seal(&[0; 12], &LISTING.bound(), [1; SEAL_NONCE_BYTES]).unwrap();
        assert_eq!(seal().open(&foreign, LISTING), None);
    }
}
