//! [`Evidence`]: how often something was seen, and when. Imports `model`.

use crate::model::time::Timestamp;

/// How often something was seen, and when first and last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How often.
    pub count: u64,
    /// When first; `None` if never.
    pub first_seen: Option<Timestamp>,
    /// When last; `None` if never.
    pub last_seen: Option<Timestamp>,
}

impl Evidence {
    /// One more, at `at`.
    pub(in crate::policy::generation) fn see(&mut self, at: Timestamp) {
        self.add(&Self { count: 1, first_seen: Some(at), last_seen: Some(at) });
    }

    /// All of `other` too.
    pub(in crate::policy::generation) fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first_seen = [self.first_seen, other.first_seen].into_iter().flatten().min();
        self.last_seen = self.last_seen.max(other.last_seen);
    }

    /// The sum of several.
    pub(in crate::policy::generation) fn of<'e>(parts: impl IntoIterator<Item = &'e Self>) -> Self {
        let mut sum = Self::default();
        parts.into_iter().for_each(|part| sum.add(part));
        sum
    }

    /// Whether it was seen at all.
    pub(in crate::policy::generation) const fn is_some(&self) -> bool {
        self.count > 0
    }
}
