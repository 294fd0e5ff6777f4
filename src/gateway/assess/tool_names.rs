//! Which tools a server has, as far as its lists told: two tools whose names make one capability would both be allowed by a rule
//! that was meant for one of them, so both are denied until the route's `tools` tells them apart.
//!
//! What was seen is raw names, so that a changed `tools` is heeded at once. Nothing is known before a first list; servers that
//! change a tool's name are believed after a minute, since a list of many pages takes no longer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::decision::{PolicySnapshot, Protocol, Route};
use crate::model::call::{Action, CapabilityName};
use crate::model::time::Timestamp;

/// Most names that are kept of one route.
const MAX_NAMES: usize = 4096;

/// Longer names make no capability.
const MAX_NAME_BYTES: usize = 128;

/// How far apart, in microseconds, two names may be seen that belong to one list.
const ONE_LIST_MICROS: i64 = 60_000_000;

/// The names of tools, by route.
#[derive(Debug, Default)]
pub(in crate::gateway) struct ToolNames {
    seen: Mutex<HashMap<Arc<str>, Seen>>,
    /// Version of the snapshot under which no two names are known to make one capability: the usual case, told without a lock.
    distinct_under: AtomicU64,
}

#[derive(Debug, Default)]
struct Seen {
    /// When each name was last seen.
    names: HashMap<Box<str>, Timestamp>,
    /// The version of the snapshot that `shared` was worked out for.
    version: u64,
    shared: Vec<CapabilityName>,
}

impl ToolNames {
    /// Notes that the server of `route` has `tool`.
    pub(super) fn note(&self, route: &Arc<str>, tool: &str, now: Timestamp) {
        if tool.len() > MAX_NAME_BYTES {
            return;
        }
        self.lock().entry(Arc::clone(route)).or_default().note(tool, now);
        self.distinct_under.store(0, Ordering::Relaxed);
    }

    /// Whether two tools of `route` are known whose names both make `capability` under `snapshot`.
    pub(super) fn is_shared(
        &self,
        snapshot: &PolicySnapshot,
        route: &Route,
        capability: &CapabilityName,
    ) -> bool {
        let version = snapshot.reference.version;
        if self.distinct_under.load(Ordering::Relaxed) == version {
            return false;
        }
        let mut seen = self.lock();
        for route in &snapshot.routes {
            if let Some(of_route) = seen.get_mut(&route.name).filter(|of_route| of_route.version != version) {
                of_route.work_out(version, |tool| named(route, tool));
            }
        }
        if seen.values().all(|of_route| of_route.shared.is_empty()) {
            self.distinct_under.store(version, Ordering::Relaxed);
        }
        seen.get(&route.name).is_some_and(|of_route| of_route.shared.contains(capability))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn note(&mut self, tool: &str, now: Timestamp) {
        let has_room = self.names.len() < MAX_NAMES;
        match self.names.get_mut(tool) {
            Some(last) => *last = now,
            None if has_room => {
                self.names.insert(tool.into(), now);
            }
            None => return,
        }
        self.version = 0;
    }

    fn work_out(&mut self, version: u64, capability: impl Fn(&str) -> Option<CapabilityName>) {
        self.version = version;
        self.shared.clear();
        let mut latest: HashMap<CapabilityName, (Timestamp, usize)> = HashMap::new();
        let mut named: Vec<(CapabilityName, Timestamp)> = Vec::with_capacity(self.names.len());
        for (tool, seen) in &self.names {
            named.extend(capability(tool).map(|name| (name, *seen)));
        }
        named.sort_by_key(|(_, seen)| std::cmp::Reverse(*seen));
        for (name, seen) in named {
            let (first, count) = latest.entry(name).or_insert((seen, 0));
            if first.as_micros() - seen.as_micros() <= ONE_LIST_MICROS {
                *count += 1;
            }
        }
        self.shared.extend(latest.into_iter().filter(|(_, (_, count))| *count > 1).map(|(name, _)| name));
    }
}

/// The capability a tool's name makes on `route`.
fn named(route: &Route, tool: &str) -> Option<CapabilityName> {
    let Protocol::Mcp(mcp) = &route.protocol else { return None };
    match mcp.listed(tool).action {
        Action::Named(name) => Some(name),
        Action::Verbatim(_) | Action::Tunnel(_) | Action::Shared(_) | Action::Unnamed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(seen: &mut Seen) -> Vec<String> {
        seen.work_out(1, |tool| CapabilityName::under("files", tool));
        let mut names: Vec<_> = seen.shared.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn names_of_one_list_that_make_one_capability_are_shared() {
        let mut seen = Seen::default();
        for (second, tool) in ["delete-file", "deleteFile", "read", "löschen"].iter().enumerate() {
            seen.note(tool, at(i64::try_from(second).unwrap()));
        }
        assert_eq!(shared(&mut seen), ["files.delete_file"]);
    }

    /// A server that changed a name is believed once the old one is not seen any more.
    #[test]
    fn a_name_that_is_gone_shares_nothing_for_long() {
        let mut seen = Seen::default();
        seen.note("delete-file", at(0));
        seen.note("delete_file", at(30));
        assert_eq!(shared(&mut seen), ["files.delete_file"]);
        seen.note("delete_file", at(61));
        assert!(shared(&mut seen).is_empty());
        seen.note("delete-file", at(62));
        assert_eq!(shared(&mut seen), ["files.delete_file"]);
    }

    #[test]
    fn no_more_names_are_kept_than_the_limit() {
        let mut seen = Seen::default();
        for number in 0..MAX_NAMES + 10 {
            seen.note(&format!("tool{number}"), at(0));
        }
        assert_eq!(seen.names.len(), MAX_NAMES);
    }
}
