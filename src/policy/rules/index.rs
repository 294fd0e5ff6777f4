//! Which rules can a capability touch? Found by the literal text their `type` globs begin with, so that a thousand rules
//! about other things cost nothing.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::policy::rules::glob::Glob;

/// Rule numbers by the beginning of their type glob. Every list is in ascending order. The keys are the operators', so the maps
/// need no defense against chosen keys, and hashing is most of a look-up's cost.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Rules whose glob is one literal text.
    exact: HashMap<Box<[u8]>, Vec<usize>, RandomState>,
    /// Rules whose matches begin with a text.
    prefixed: HashMap<Box<[u8]>, Vec<usize>, RandomState>,
    /// The different lengths of keys in `prefixed`, ascending.
    prefix_lengths: Vec<usize>,
}

impl Index {
    pub(super) fn new<'g>(types: impl Iterator<Item = &'g Glob>) -> Self {
        let mut index = Self::default();
        for (number, glob) in types.enumerate() {
            let (literal, whole) = glob.literal_prefix();
            let lists = if whole { &mut index.exact } else { &mut index.prefixed };
            lists.entry(literal.as_bytes().into()).or_default().push(number);
        }
        index.prefix_lengths = index.prefixed.keys().map(|prefix| prefix.len()).collect();
        index.prefix_lengths.sort_unstable();
        index.prefix_lengths.dedup();
        index
    }

    /// The numbers of all rules whose type glob could match `capability`, ascending. Some of them may not match.
    pub(super) fn candidates<'i>(&'i self, capability: &str) -> impl Iterator<Item = usize> + 'i {
        let bytes = capability.as_bytes();
        let prefixed = self
            .prefix_lengths
            .iter()
            .filter_map(|length| bytes.get(..*length))
            .filter_map(|prefix| self.prefixed.get(prefix));
        let mut lists: Vec<&'i [usize]> = prefixed.chain(self.exact.get(bytes)).map(Vec::as_slice).collect();
        // Few lists, so the smallest head is found by looking at all of them.
        std::iter::from_fn(move || {
            let next =
                lists.iter_mut().filter(|list| !list.is_empty()).min_by_key(|list| list.first().copied())?;
            let (first, rest) = next.split_first()?;
            *next = rest;
            Some(*first)
        })
    }
}
