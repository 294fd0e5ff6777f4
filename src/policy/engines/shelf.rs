//! The policies of one engine as objects. Imports `policy::governance`.

use std::array::from_fn;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::policy::engines::held::OfEngine;
use crate::policy::governance::Object;

/// How many parts a shelf has.
const PARTS: usize = 64;

/// Objects by id. A copy shares every part until one of the two changes it.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    parts: [Arc<Part>; PARTS],
    count: usize,
}

#[derive(Clone, Debug, Default)]
struct Part {
    objects: BTreeMap<Arc<str>, Shelved>,
    /// Of all of them.
    digest: [u8; 32],
}

#[derive(Clone, Debug)]
struct Shelved {
    object: Arc<Object>,
    digest: [u8; 32],
}

impl Default for Shelf {
    fn default() -> Self {
        let part = Arc::new(Part::default());
        Self { parts: from_fn(|_| Arc::clone(&part)), count: 0 }
    }
}

impl Shelf {
    /// Makes changes: an object with the digest of what is written of it, or none, for each id.
    pub(super) fn change(&mut self, changes: OfEngine) {
        let mut touched = BTreeSet::new();
        for (id, held) in changes {
            let number = part_of(&id);
            let Some(part) = self.parts.get_mut(number) else { continue };
            let objects = &mut Arc::make_mut(part).objects;
            match held {
                Some((object, digest)) => objects.insert(id, Shelved { object, digest }),
                None => objects.remove(&id),
            };
            touched.insert(number);
        }
        for number in touched {
            if let Some(part) = self.parts.get_mut(number).map(Arc::make_mut) {
                part.digest = part.whole();
            }
        }
        self.count = self.parts.iter().map(|part| part.objects.len()).sum();
    }

    /// The object with that id.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<Object>> {
        self.parts.get(part_of(id))?.objects.get(id).map(|shelved| &shelved.object)
    }

    /// Every object, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.parts.iter().flat_map(|part| part.objects.values()).map(|shelved| &shelved.object)
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// SHA-256 of what is written of all of them: the same however they came here.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut all = Sha256::new();
        for part in &self.parts {
            all.update(part.digest);
        }
        all.finalize().into()
    }
}

impl Part {
    fn whole(&self) -> [u8; 32] {
        // As if nothing had ever been in it.
        if self.objects.is_empty() {
            return [0; 32];
        }
        let mut all = Sha256::new();
        // Of each the digest has the key in it.
        for shelved in self.objects.values() {
            all.update(shelved.digest);
        }
        all.finalize().into()
    }
}

/// The part that an id is in: FNV-1a, which is the same everywhere and always.
fn part_of(id: &str) -> usize {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from(hash % 64).unwrap_or(0)
}
