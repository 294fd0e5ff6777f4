//! All that is administered, as it stands at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::governance::{Object, ObjectKey};

/// Every administered object, by its key. A copy shares everything until one of the two is changed.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    map: Arc<BTreeMap<ObjectKey, Arc<Object>>>,
}

impl Objects {
    /// The object of that key.
    #[must_use]
    pub fn find(&self, key: &ObjectKey) -> Option<&Arc<Object>> {
        self.map.get(key)
    }

    /// Puts an object in the place of whatever had its key.
    pub fn put(&mut self, object: Arc<Object>) {
        Arc::make_mut(&mut self.map).insert(object.key.clone(), object);
    }

    /// Takes an object away; returns it.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Arc<Object>> {
        Arc::make_mut(&mut self.map).remove(key)
    }

    /// Every object, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.map.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}
