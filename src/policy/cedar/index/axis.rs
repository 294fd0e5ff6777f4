//! One part of all scopes, as numbers: which of them could a principal (or action, or resource) be in? Imports scopes.

use std::collections::HashSet;

use cedar_policy::{EntityTypeName, EntityUid};

use crate::policy::cedar::index::scope::{Lineage, Within};
use crate::policy::cedar::index::shards::Shards;

/// The number of the parts that admit anything.
pub(super) const ANY: u32 = 0;

/// The numbers of one part of the scopes. Parts that name one entity have one number, however they name it: the index only has to
/// find enough.
#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    uids: Shards<EntityUid, Slot>,
    types: Shards<EntityTypeName, Slot>,
    /// The last number given. Should it ever reach its end, keys share a number, and the index finds more than it has to.
    last: u32,
}

/// A number, and how many policies use it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    number: u32,
    uses: usize,
}

/// What a part of a scope is found by.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Any,
    Uid(EntityUid),
    Type(EntityTypeName),
}

impl Key {
    /// What `within` is found by: one or more keys, none if it admits nothing.
    pub(super) fn of(within: &Within) -> Vec<Self> {
        match within {
            Within::Any => vec![Self::Any],
            Within::Eq(uid) | Within::In(uid) | Within::IsIn(_, uid) => vec![Self::Uid(uid.clone())],
            Within::Is(name) => vec![Self::Type(name.clone())],
            // An action may be listed twice.
            Within::InAny(uids) => {
                let once: HashSet<&EntityUid> = uids.iter().collect();
                once.into_iter().cloned().map(Self::Uid).collect()
            }
        }
    }
}

impl Axis {
    /// The number of `key`, for one more policy.
    pub(super) fn enter(&mut self, key: &Key) -> u32 {
        let last = &mut self.last;
        let enter = |slot: &mut Option<Slot>| {
            let slot = slot.get_or_insert_with(|| {
                *last = last.saturating_add(1);
                Slot { number: *last, uses: 0 }
            });
            slot.uses += 1;
            slot.number
        };
        match key {
            Key::Any => ANY,
            Key::Uid(uid) => self.uids.change(uid.clone(), enter),
            Key::Type(name) => self.types.change(name.clone(), enter),
        }
    }

    /// The number of `key`, for one policy less.
    pub(super) fn leave(&mut self, key: &Key) -> Option<u32> {
        let leave = |entry: &mut Option<Slot>| {
            let slot = entry.as_mut()?;
            let number = slot.number;
            slot.uses = slot.uses.saturating_sub(1);
            if slot.uses == 0 {
                *entry = None;
            }
            Some(number)
        };
        match key {
            Key::Any => Some(ANY),
            Key::Uid(uid) => self.uids.change(uid.clone(), leave),
            Key::Type(name) => self.types.change(name.clone(), leave),
        }
    }

    /// The numbers of the parts that could admit `lineage`.
    pub(super) fn about(&self, lineage: &Lineage) -> Vec<u32> {
        let named = lineage.uids().filter_map(|uid| self.uids.find(uid));
        let typed = self.types.find(lineage.uid.type_name());
        let mut numbers = vec![ANY];
        numbers.extend(named.chain(typed).map(|slot| slot.number));
        // An ancestor may be listed twice.
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
