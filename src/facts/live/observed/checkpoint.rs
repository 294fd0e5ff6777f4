//! What is observed of an actor as bytes, and back.

use crate::facts::live::bytes::{Bytes, Written};
use crate::facts::live::event::KEY_BYTES;
use crate::facts::live::observed::scores::Scores;
use crate::facts::live::observed::watched::{KINDS_MAX, SeenKind, Watched};

/// Highest score, in ten-thousandths.
const SCORE_MAX: u16 = 10_000;

pub(in crate::facts::live) fn write_watched(out: &mut Written, watched: &Watched) {
    let Watched { touched, scores, turn, kinds } = watched;
    out.signed(*touched);
    out.number(scores.window.into());
    for (count, list) in [
        (scores.first.len(), scores.first.iter().collect::<Vec<_>>()),
        (scores.newest.len(), scores.newest.iter().collect()),
    ] {
        out.count(count);
        list.into_iter().for_each(|score| out.number((*score).into()));
    }
    out.number((*turn).into());
    out.count(kinds.len());
    for kind in kinds {
        out.key(&kind.key);
        out.number(kind.seen.into());
        out.number(kind.turn.into());
    }
}

pub(in crate::facts::live) fn read_watched(bytes: &mut Bytes<'_>) -> Option<Watched> {
    let touched = bytes.signed()?;
    let window: u16 = bytes.small()?.try_into().ok()?;
    let (first, newest) = (read_scores(bytes, window)?, read_scores(bytes, window)?);
    // There are newer ones only behind a whole baseline.
    if !newest.is_empty() && first.len() < usize::from(window) {
        return None;
    }
    let turn = bytes.small()?;
    let count = bytes.count(KEY_BYTES).filter(|count| *count <= KINDS_MAX)?;
    let mut kinds = Vec::with_capacity(count);
    for _ in 0..count {
        kinds.push(SeenKind { key: bytes.key()?, seen: bytes.small()?, turn: bytes.small()? });
    }
    // They are looked up by halves.
    let in_order = kinds.is_sorted_by(|one, next| one.key < next.key);
    let scores = Scores::new(window, first, newest.into());
    in_order.then_some(Watched { touched, scores, turn, kinds })
}

fn read_scores(bytes: &mut Bytes<'_>, window: u16) -> Option<Vec<u16>> {
    let count = bytes.count(1).filter(|count| *count <= usize::from(window))?;
    let mut scores = Vec::with_capacity(count);
    for _ in 0..count {
        scores.push(u16::try_from(bytes.small()?).ok().filter(|score| *score <= SCORE_MAX)?);
    }
    Some(scores)
}
