//! A map that is cheap to copy and then change: what was not touched stays shared. Imports nothing of ours.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::RandomState;

/// How many maps the keys are spread over. A write copies this many pointers and one of the maps: with 100,000 keys, about 400 of them.
const SHARDS: usize = 256;

/// A hash map in shared parts. The keys are the operators', so it needs no defense against chosen keys.
#[derive(Clone, Debug)]
pub(in crate::policy::cedar) struct Shards<K, V> {
    parts: Vec<Arc<HashMap<K, V, RandomState>>>,
    spread: RandomState,
    count: usize,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        // All of them are one until the first key comes.
        Self { parts: vec![Arc::default(); SHARDS], spread: RandomState::default(), count: 0 }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Shards<K, V> {
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        // The upper bits: the maps use the lower ones.
        usize::try_from(self.spread.hash_one(key) >> 32).unwrap_or(0) % SHARDS
    }

    /// The value of `key`.
    pub(in crate::policy::cedar) fn find<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if self.count == 0 {
            return None;
        }
        self.parts.get(self.part(key))?.get(key)
    }

    /// Changes what belongs to `key`; `None` stands for nothing, before and after.
    pub(in crate::policy::cedar) fn change<T>(
        &mut self,
        key: K,
        change: impl FnOnce(&mut Option<V>) -> T,
    ) -> T {
        let number = self.part(&key);
        let Some(part) = self.parts.get_mut(number) else { return change(&mut None) };
        let part = Arc::make_mut(part);
        let mut value = part.remove(&key);
        let before = usize::from(value.is_some());
        let result = change(&mut value);
        self.count = self.count + usize::from(value.is_some()) - before;
        if let Some(value) = value {
            part.insert(key, value);
        }
        result
    }

    /// How many keys there are.
    pub(in crate::policy::cedar) const fn count(&self) -> usize {
        self.count
    }

    /// Every key with its value, in no order.
    pub(in crate::policy::cedar) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}
