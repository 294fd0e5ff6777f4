//! All that is known as bytes, and back. The same state is always the same bytes.

use std::collections::VecDeque;

use thiserror::Error;

use crate::facts::Live;
use crate::facts::live::activity::Activity;
use crate::facts::live::bytes::{Bytes, Written};
use crate::facts::live::event::{KEY_BYTES, Key};
use crate::facts::live::numbers::lock;
use crate::facts::live::observed::{Watched, read_watched, write_watched};
use crate::facts::live::part::{Known, Part, Used};
use crate::facts::live::reports::{HOURS, HourOf, Reports};
use crate::facts::live::uses::{BUNDLES, Bundle, KEEP_MAX, Uses};

/// Number of the form; another means something else.
const FORM: u128 = 2;

/// The bytes are no state that was written down here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the state is damaged, or of another version")]
pub struct CheckpointError;

impl Live {
    /// All that is known, as bytes. Callers that add meanwhile are in it or not, each part of the callers as of one moment.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut out = Written::default();
        out.number(FORM);
        for part in &self.parts {
            write_part(&mut out, &lock(part));
        }
        out.0
    }

    /// Knows from now on what [`Self::checkpoint`] wrote, and nothing else.
    ///
    /// # Errors
    /// They are not its bytes; nothing has changed.
    pub fn restore(&self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let mut bytes = Bytes(bytes);
        if bytes.number() != Some(FORM) {
            return Err(CheckpointError);
        }
        let parts: Option<Vec<Part>> = self.parts.iter().map(|_| read_part(&mut bytes)).collect();
        let parts = parts.filter(|_| bytes.0.is_empty()).ok_or(CheckpointError)?;
        for (part, read) in self.parts.iter().zip(parts) {
            *lock(part) = read;
        }
        Ok(())
    }
}

fn write_part(out: &mut Written, part: &Part) {
    let mut uses: Vec<(&Key, &Uses)> = part.uses.iter().collect();
    uses.sort_unstable_by_key(|(key, _)| **key);
    out.count(uses.len());
    for (key, uses) in uses {
        out.key(key);
        write_uses(out, uses);
    }
    let mut actors: Vec<(&Key, &Known)> = part.actors.iter().map(|(key, known)| (key, &**known)).collect();
    actors.sort_unstable_by_key(|(key, _)| **key);
    out.count(actors.len());
    for (key, known) in actors {
        out.key(key);
        out.signed(known.touched);
        write_activity(out, &known.activity);
        out.count(known.capabilities.len());
        for used in &known.capabilities {
            out.key(&used.key);
            out.signed(used.touched);
            out.number(used.day.into());
            write_reports(out, &used.reports);
        }
    }
    let mut observed: Vec<(&Key, &Watched)> =
        part.observed.iter().map(|(key, watched)| (key, &**watched)).collect();
    observed.sort_unstable_by_key(|(key, _)| **key);
    out.count(observed.len());
    for (key, watched) in observed {
        out.key(key);
        write_watched(out, watched);
    }
}

fn read_part(bytes: &mut Bytes<'_>) -> Option<Part> {
    let mut part = Part::default();
    let uses = bytes.count(KEY_BYTES)?;
    part.uses.reserve(uses);
    for _ in 0..uses {
        part.uses.insert(bytes.key()?, read_uses(bytes)?);
    }
    let actors = bytes.count(KEY_BYTES)?;
    part.actors.reserve(actors);
    for _ in 0..actors {
        part.actors.insert(bytes.key()?, Box::new(read_known(bytes)?));
    }
    let observed = bytes.count(KEY_BYTES)?;
    part.observed.reserve(observed);
    for _ in 0..observed {
        part.observed.insert(bytes.key()?, Box::new(read_watched(bytes)?));
    }
    Some(part)
}

fn read_known(bytes: &mut Bytes<'_>) -> Option<Known> {
    let (touched, activity) = (bytes.signed()?, read_activity(bytes)?);
    let capabilities = read_list(bytes, KEY_BYTES, |bytes| {
        Some(Used {
            key: bytes.key()?,
            touched: bytes.signed()?,
            day: bytes.small()?,
            reports: read_reports(bytes)?,
        })
    })?;
    // They are looked up by halves.
    capabilities.is_sorted_by(|one, next| one.key < next.key).then_some(Known {
        touched,
        activity,
        capabilities,
    })
}

/// Times are written as what lies between them.
fn write_uses(out: &mut Written, uses: &Uses) {
    out.signed(uses.latest);
    out.count(uses.keep);
    out.count(uses.bundles.len());
    for bundle in &uses.bundles {
        out.signed(uses.latest.saturating_sub(bundle.until));
        out.number(bundle.count.into());
    }
    out.count(uses.single.len());
    let mut before = uses.latest;
    for at in uses.single.iter().rev() {
        out.signed(before.saturating_sub(*at));
        before = *at;
    }
}

fn read_uses(bytes: &mut Bytes<'_>) -> Option<Uses> {
    let latest = bytes.signed()?;
    let keep = usize::try_from(bytes.number()?).ok().filter(|keep| *keep <= KEEP_MAX)?;
    let bundles = read_list(bytes, 2, |bytes| {
        let until = latest.checked_sub(bytes.signed()?)?;
        let count = bytes.small().filter(|count| *count > 0)?;
        Some(Bundle { until, count })
    })?;
    let count = bytes.count(1)?;
    let mut single = VecDeque::with_capacity(count);
    let mut before = latest;
    for _ in 0..count {
        before = before.checked_sub(bytes.signed().filter(|gap| *gap >= 0)?)?;
        single.push_front(before);
    }
    let newest_bundled = bundles.last().map_or(i64::MIN, |bundle: &Bundle| bundle.until);
    let in_order = bundles.is_sorted_by_key(|bundle| bundle.until)
        && bundles.len() <= BUNDLES
        && newest_bundled <= single.front().copied().unwrap_or(latest);
    in_order.then_some(Uses { single, bundles, latest, keep, shifts: 0 })
}

fn write_activity(out: &mut Written, activity: &Activity) {
    out.number(activity.day.into());
    for (count, first) in activity.days.iter().zip(activity.firsts) {
        out.number((*count).into());
        if *count > 0 {
            out.number(first.into());
        }
    }
    // An hour that was not seen lately is as good as one that never was, but the state is to be the same.
    for day in activity.hours {
        out.number(if day == 0 { 0 } else { u128::from(activity.day.saturating_sub(day)) + 1 });
    }
    out.number(activity.piece.into());
    for count in activity.pieces {
        out.number(count.into());
    }
}

fn read_activity(bytes: &mut Bytes<'_>) -> Option<Activity> {
    let mut activity = Activity { day: bytes.small()?, ..Activity::default() };
    for (count, first) in activity.days.iter_mut().zip(&mut activity.firsts) {
        *count = bytes.small()?;
        if *count > 0 {
            *first = u8::try_from(bytes.number()?).ok().filter(|first| *first < 24)?;
        }
    }
    for day in &mut activity.hours {
        let ago = bytes.small()?;
        *day = if ago == 0 { 0 } else { activity.day.checked_sub(ago - 1)? };
    }
    activity.piece = bytes.small()?;
    for count in &mut activity.pieces {
        *count = bytes.small()?;
    }
    Some(activity)
}

fn write_reports(out: &mut Written, reports: &Reports) {
    out.number(reports.last.into());
    if reports.last > 0 {
        out.number(reports.bits & u128::MAX >> (u128::BITS - reports.last));
    }
    out.count(reports.hours.len());
    for of in &reports.hours {
        out.number(of.hour.into());
        out.number(of.reports.into());
        out.number(of.failures.into());
    }
}

fn read_reports(bytes: &mut Bytes<'_>) -> Option<Reports> {
    let last = bytes.small().filter(|last| *last <= 100)?;
    let bits = if last > 0 { bytes.number()? } else { 0 };
    let hours = read_list(bytes, 3, |bytes| {
        Some(HourOf { hour: bytes.small()?, reports: bytes.small()?, failures: bytes.small()? })
    })?;
    let in_order = hours.is_sorted_by(|one: &HourOf, next| one.hour < next.hour);
    (in_order && hours.len() <= HOURS as usize).then_some(Reports { bits, last, hours })
}

fn read_list<T>(
    bytes: &mut Bytes<'_>,
    least: usize,
    mut read: impl FnMut(&mut Bytes<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = bytes.count(least)?;
    let mut list = Vec::with_capacity(count.min(1024));
    for _ in 0..count {
        list.push(read(bytes)?);
    }
    Some(list)
}
