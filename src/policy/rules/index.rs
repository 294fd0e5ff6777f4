//! Which rules can a call touch? Found by the literal text that one of their globs begins with, so that a thousand rules about
//! other things cost nothing.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::policy::rules::glob::Glob;

/// What a rule's globs are about, in this order everywhere: type, target, agent.
const FIELDS: usize = 3;

/// Every rule stands in one list: that of the glob whose literal text the fewest rules share. All lists are in ascending order.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    fields: [Field; FIELDS],
    /// Rules of whose globs none begins with a literal text: they are always asked.
    others: Vec<usize>,
}

/// Rule numbers by the beginning of their glob for one field. The keys are the operators', so the maps need no defense against
/// chosen keys, and hashing is most of a look-up's cost.
#[derive(Clone, Debug, Default)]
struct Field {
    /// Rules whose glob is one literal text.
    exact: HashMap<Box<[u8]>, Vec<usize>, RandomState>,
    /// Rules whose matches begin with a text.
    prefixed: HashMap<Box<[u8]>, Vec<usize>, RandomState>,
    /// The different lengths of keys in `prefixed`, ascending.
    prefix_lengths: Vec<usize>,
    /// All rules in the two maps.
    all: Vec<usize>,
}

impl Index {
    /// An index over rules, each by its globs for type, target and agent.
    pub(super) fn new<'g>(rules: impl Iterator<Item = [&'g Glob; FIELDS]> + Clone) -> Self {
        let mut sharing: [HashMap<(&str, bool), usize>; FIELDS] = Default::default();
        for globs in rules.clone() {
            for (glob, sharing) in globs.into_iter().zip(&mut sharing) {
                *sharing.entry(glob.literal_prefix()).or_default() += 1;
            }
        }
        let mut index = Self::default();
        for (number, globs) in rules.enumerate() {
            let fields = globs.into_iter().zip(&sharing).zip(&mut index.fields);
            let literal = fields.filter_map(|((glob, sharing), field)| {
                let (text, whole) = glob.literal_prefix();
                let count = sharing.get(&(text, whole)).copied().unwrap_or(usize::MAX);
                (whole || !text.is_empty()).then_some((count, text, whole, field))
            });
            // Of several the first: the type.
            match literal.min_by_key(|(count, ..)| *count) {
                Some((_, text, whole, field)) => field.add(number, text, whole),
                None => index.others.push(number),
            }
        }
        for field in &mut index.fields {
            field.prefix_lengths = field.prefixed.keys().map(|prefix| prefix.len()).collect();
            field.prefix_lengths.sort_unstable();
            field.prefix_lengths.dedup();
        }
        index
    }

    /// The numbers of all rules whose globs could match type, target and agent of a call, ascending. Some of them may not match.
    /// What is `None` is not known: it could be anything.
    pub(super) fn candidates<'i>(
        &'i self,
        texts: [Option<&str>; FIELDS],
    ) -> impl Iterator<Item = usize> + use<'i> {
        let mut lists: Vec<&'i [usize]> = Vec::with_capacity(4);
        lists.push(&self.others);
        for (field, text) in self.fields.iter().zip(texts) {
            match text {
                Some(text) => field.push_lists(text.as_bytes(), &mut lists),
                None => lists.push(&field.all),
            }
        }
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

impl Field {
    fn add(&mut self, number: usize, text: &str, whole: bool) {
        let lists = if whole { &mut self.exact } else { &mut self.prefixed };
        lists.entry(text.as_bytes().into()).or_default().push(number);
        self.all.push(number);
    }

    fn push_lists<'i>(&'i self, text: &[u8], lists: &mut Vec<&'i [usize]>) {
        let prefixes = self.prefix_lengths.iter().map_while(|length| text.get(..*length));
        let prefixed = prefixes.filter_map(|prefix| self.prefixed.get(prefix));
        lists.extend(prefixed.chain(self.exact.get(text)).map(Vec::as_slice));
    }
}
