//! What came of requests with an idempotency key that the store did not take: it says only that they were begun.

use std::collections::HashMap;

use crate::admin::{MOST_REPLAY_BYTES, REPLAY_LASTS, Replay};
use crate::model::time::Timestamp;

/// How many are remembered. Of one more a repeat is told that nobody knows.
const MOST: usize = 1024;

/// What came of a request.
#[derive(Debug)]
pub(super) enum Came {
    /// It was done, and answered so.
    To(Replay),
    /// It was refused, and nothing was done.
    ToNothing,
}

impl Came {
    fn bytes(&self) -> usize {
        match self {
            Self::To(replay) => replay.bytes(),
            Self::ToNothing => 0,
        }
    }
}

/// What the store did not take, by scope. Lost when the gateway ends.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    by_scope: HashMap<[u8; 32], (Came, Timestamp)>,
}

impl Unwritten {
    pub(super) fn find(&self, scope: &[u8; 32], now: Timestamp) -> Option<&Came> {
        self.by_scope.get(scope).filter(|(_, until)| now < *until).map(|(came, _)| came)
    }

    /// Remembers what came of a request, while there is room.
    pub(super) fn remember(&mut self, scope: [u8; 32], came: Came, now: Timestamp) {
        self.by_scope.retain(|_, (_, until)| now < *until);
        let bytes: usize = self.by_scope.values().map(|(came, _)| came.bytes()).sum();
        if self.by_scope.len() < MOST && bytes + came.bytes() <= MOST_REPLAY_BYTES {
            self.by_scope.insert(scope, (came, now.after(REPLAY_LASTS)));
        }
    }

    /// Forgets a scope that the store knows again.
    pub(super) fn forget(&mut self, scope: &[u8; 32]) {
        self.by_scope.remove(scope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(bytes: usize) -> Came {
        Came::To(Replay { request_body: [0; 32], status: 200, headers: Vec::new(), body: vec![b'x'; bytes] })
    }

    fn scope(number: usize) -> [u8; 32] {
        let mut scope = [0; 32];
        scope[..8].copy_from_slice(&number.to_be_bytes());
        scope
    }

    #[test]
    fn so_many_and_so_much_are_remembered_until_their_time_is_over() {
        let now = Timestamp::from_micros(1_795_414_794_000_000);
        let mut unwritten = Unwritten::default();
        (0..=MOST).for_each(|number| unwritten.remember(scope(number), Came::ToNothing, now));
        assert!(matches!(unwritten.find(&scope(MOST - 1), now), Some(Came::ToNothing)));
        assert!(unwritten.find(&scope(MOST), now).is_none());
        unwritten.forget(&scope(0));
        unwritten.remember(scope(MOST), came(9), now);
        assert!(
            matches!(unwritten.find(&scope(MOST), now), Some(Came::To(replay)) if replay.body.len() == 9)
        );
        let over = now.after(REPLAY_LASTS);
        assert!(unwritten.find(&scope(MOST), over).is_none());
        unwritten.remember(scope(1), came(MOST_REPLAY_BYTES / 2), over);
        assert_eq!(unwritten.by_scope.len(), 1, "what is over makes room");
        unwritten.remember(scope(2), came(MOST_REPLAY_BYTES / 2), over);
        assert!(unwritten.find(&scope(1), over).is_some() && unwritten.find(&scope(2), over).is_none());
    }
}
