//! All that is observed of one actor.

use crate::facts::live::event::Key;
use crate::facts::live::observed::scores::{DriftBaseline, Scores};
use crate::facts::{Observation, Who};
use crate::model::decision::Observed;
use crate::risk::gates::Constants;

/// Most kinds of calls that are known of one actor; for more, the one that was let through the longest time ago is forgotten.
pub(in crate::facts::live) const KINDS_MAX: usize = 256;

/// What is observed of one actor.
#[derive(Clone, Debug, Default)]
pub(in crate::facts::live) struct Watched {
    /// The latest time at which something was observed of it.
    pub(in crate::facts::live) touched: i64,
    pub(in crate::facts::live) scores: Scores,
    /// How many of its calls were let through; stands still at the end of its range.
    pub(in crate::facts::live) turn: u32,
    /// By key.
    pub(in crate::facts::live) kinds: Vec<SeenKind>,
}

/// A kind of calls: a capability with parameters of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::facts::live) struct SeenKind {
    pub(in crate::facts::live) key: Key,
    /// How many were let through.
    pub(in crate::facts::live) seen: u32,
    /// The turn of the last one.
    pub(in crate::facts::live) turn: u32,
}

impl Watched {
    pub(in crate::facts::live) fn add(&mut self, who: &Who, observation: &Observation) {
        let Observation { shape, window, score, let_through, at } = *observation;
        self.touched = self.touched.max(at.as_micros());
        if let Some(score) = score {
            self.scores.add(window, score);
        }
        if let_through {
            self.let_through(kind(who, shape));
        }
    }

    /// What a decision on a call of that shape may go by.
    pub(in crate::facts::live) fn observed(
        &mut self,
        who: &Who,
        (shape, window): ([u8; 16], u16),
        constants: &Constants,
    ) -> Observed {
        let known = self.find(&kind(who, shape)).ok().and_then(|index| self.kinds.get(index));
        Observed {
            shape,
            seen: known.map_or(0, |known| known.seen),
            risk_before: self.scores.mean(window, constants),
            drift: self.scores.drift(window, constants),
            window,
        }
    }

    /// How it behaves.
    pub(in crate::facts::live) fn baseline(&mut self, window: u16, constants: &Constants) -> DriftBaseline {
        self.scores.baseline(window, constants)
    }

    /// Its next calls make a baseline anew. What is familiar stays so.
    pub(in crate::facts::live) fn recalibrate(&mut self) {
        self.scores = Scores::default();
    }

    fn let_through(&mut self, key: Key) {
        self.turn = self.turn.saturating_add(1);
        if self.kinds.len() >= KINDS_MAX && self.find(&key).is_err() {
            let oldest = self.kinds.iter().enumerate().min_by_key(|(_, known)| (known.turn, known.key));
            if let Some(index) = oldest.map(|(index, _)| index) {
                self.kinds.remove(index);
            }
        }
        let index = self.find(&key).unwrap_or_else(|index| {
            self.kinds.insert(index, SeenKind { key, seen: 0, turn: 0 });
            index
        });
        if let Some(known) = self.kinds.get_mut(index) {
            known.seen = known.seen.saturating_add(1);
            known.turn = self.turn;
        }
    }

    fn find(&self, key: &Key) -> Result<usize, usize> {
        self.kinds.binary_search_by(|known| known.key.cmp(key))
    }
}

/// By what a kind of calls is known. Both are halves of a SHA-256, so that nobody finds two pairs with one key.
fn kind(who: &Who, shape: [u8; 16]) -> Key {
    let mut key = who.call;
    key.iter_mut().zip(shape).for_each(|(byte, of_shape)| *byte ^= of_shape);
    key
}
