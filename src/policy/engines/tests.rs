//! Engines as they are administered: what a change makes of them, however it comes.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::model::time::Timestamp;
use crate::policy::cedar::{Mode, read};
use crate::policy::engines::CedarEngines;
use crate::policy::governance::raw::{RawCedarEngine, RawCedarPolicy};
use crate::policy::governance::{Object, ObjectKey, Source, Stamp, Written};

type Change = (ObjectKey, Option<(Arc<Object>, [u8; 32])>);

fn held(written: Written, id: &str) -> Change {
    let Written { key, written, content } = written;
    let time = Timestamp::from_micros(0);
    let stamp = Stamp { id: id.into(), version: 1, created_at: time, updated_at: time, source: Source::Api };
    let digest = Sha256::digest(format!("{key:?} {written}")).into();
    let object = Object { key: key.clone(), stamp, written, content };
    (key, Some((Arc::new(object), digest)))
}

fn engine(name: &str) -> Change {
    let raw =
        RawCedarEngine { name: name.to_owned(), description: String::new(), schema: None, strict: false };
    held(Written::cedar_engine(&raw).unwrap(), name)
}

fn raw(engine: &str, definition: &str, log_only: bool) -> RawCedarPolicy {
    RawCedarPolicy {
        engine: engine.to_owned(),
        name: None,
        definition: definition.to_owned(),
        description: String::new(),
        log_only,
    }
}

fn policy(engine: &str, id: &str, definition: &str) -> Change {
    held(Written::cedar_policy(id, &raw(engine, definition, false), read(definition).unwrap()), id)
}

fn gone(engine: &str, id: &str) -> Change {
    (ObjectKey::cedar_policy(engine, id), None)
}

const PERMIT: &str = "permit(principal, action, resource);";
const FORBID: &str = "forbid(principal, action, resource);";

#[test]
fn an_engine_has_its_policies_and_no_others() {
    let all = CedarEngines::default().changed(vec![
        engine("main"),
        engine("spare"),
        policy("main", "one", PERMIT),
        policy("main", "two", FORBID),
        policy("spare", "one", PERMIT),
    ]);
    assert_eq!((all.len(), all.policy_count()), (2, 3));
    let main = all.find("main").unwrap();
    assert_eq!((main.policy_count(), main.engine().policy_count()), (2, 2));
    assert_eq!(main.policy("two").unwrap().written["definition"], FORBID);
    assert!(all.find("other").is_none());

    let less = all.changed(vec![gone("main", "two"), gone("main", "none")]);
    assert_eq!(less.find("main").unwrap().engine().policy_count(), 1);
    assert_eq!(all.find("main").unwrap().engine().policy_count(), 2, "what there was is as it was");
    let without = all.changed(vec![(ObjectKey::cedar_engine("spare"), None), gone("spare", "one")]);
    assert_eq!((without.len(), without.policy_count()), (1, 2));
}

#[test]
fn a_policy_that_can_be_read_no_more_is_set_apart_and_denies() {
    let key = ObjectKey::cedar_policy("main", "old");
    let text = serde_json::to_string(&raw("main", "forbid(principal, action, resource) when { oops", false))
        .unwrap();
    let kept = Written::kept_cedar(&key, &text).unwrap();
    let all = CedarEngines::default().changed(vec![
        engine("main"),
        policy("main", "one", PERMIT),
        held(kept, "old"),
    ]);
    let main = all.find("main").unwrap();
    assert!(main.engine().is_degraded());
    assert_eq!((main.policy_count(), main.engine().broken().len()), (2, 1));
    assert!(!all.changed(vec![gone("main", "old")]).find("main").unwrap().engine().is_degraded());
    assert!(Written::kept_cedar(&ObjectKey::cedar_policy("other", "old"), &text).is_none());
}

#[test]
fn what_is_only_watched_is_held_so() {
    let watched = raw("main", FORBID, true);
    let written = Written::cedar_policy("one", &watched, read(FORBID).unwrap());
    let all = CedarEngines::default().changed(vec![engine("main"), held(written, "one")]);
    assert_eq!(all.find("main").unwrap().engine().policy("one").unwrap().mode, Mode::LogOnly);
}

proptest! {
    /// The same objects have the same digests, in whatever order and steps they came; others have others.
    #[test]
    fn digests_are_of_what_holds(changes in vec((0..3_usize, 0..40_u8, any::<bool>(), any::<bool>()), 0..60), cut in 0..60_usize) {
        let made: Vec<Change> = changes
            .iter()
            .map(|(of, id, there, permit)| {
                let (of, id) = (["a", "b", "c"][*of], format!("p{id}"));
                if *there { policy(of, &id, if *permit { PERMIT } else { FORBID }) } else { gone(of, &id) }
            })
            .collect();
        let at_once = CedarEngines::default().changed(made.clone());
        let (first, second) = made.split_at(cut.min(made.len()));
        let in_two = CedarEngines::default().changed(first.to_vec()).changed(second.to_vec());
        let digests = |all: &CedarEngines| all.digests().collect::<Vec<_>>();
        prop_assert_eq!(digests(&at_once), digests(&in_two));
        // Only what holds in the end, sorted.
        let mut last: Vec<Change> = Vec::new();
        for change in &made {
            last.retain(|(key, _)| *key != change.0);
            last.push(change.clone());
        }
        last.sort_by(|(one, _), (other, _)| one.cmp(other));
        prop_assert_eq!(digests(&at_once), digests(&CedarEngines::default().changed(last.clone())));
        let one_more = at_once.changed(vec![policy("a", "p99", PERMIT)]);
        prop_assert_ne!(digests(&at_once), digests(&one_more));
        prop_assert_eq!(digests(&at_once), digests(&one_more.changed(vec![gone("a", "p99")])));
    }
}
