//! Whatever is changed and loaded in whatever order: what is kept brings the same objects back, and every change can be undone.

use proptest::prelude::*;

use std::sync::Arc;

use super::support::*;
use crate::admin::{AdminStore, RowChange, SnapshotRow, Step};
use crate::admin::{Change, MemoryAdminStore, Registry};
use crate::policy::governance::Kind;

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Capability(u8),
    Policy(u8, u8),
    Grant(u8, u8),
    Revoke(u8),
    Actor(u8, u8),
    Kill(bool),
    /// The files hold these grants, each with one of some texts.
    Files(Vec<(u8, u8)>),
    Restart,
}

pub(crate) fn moves() -> impl Strategy<Value = Vec<Move>> {
    let files = prop::collection::btree_map(0..4_u8, 0..2_u8, 0..4);
    let one = prop_oneof![
        (0..3_u8).prop_map(Move::Capability),
        (0..3_u8, 0..2_u8).prop_map(|(policy, outcome)| Move::Policy(policy, outcome)),
        (0..4_u8, 0..2_u8).prop_map(|(actor, text)| Move::Grant(actor, text)),
        (0..4_u8).prop_map(Move::Revoke),
        (0..2_u8, 0..3_u8).prop_map(|(actor, status)| Move::Actor(actor, status)),
        any::<bool>().prop_map(Move::Kill),
        files.prop_map(|files| Move::Files(files.into_iter().collect())),
        Just(Move::Restart),
    ];
    prop::collection::vec(one, 1..24)
}

const EXPIRES: [&str; 2] = ["null", "\"2030-01-01T00:00:00Z\""];

/// The text of a file of these grants.
pub(crate) fn grants(files: &[(u8, u8)]) -> String {
    let grants: Vec<_> = files
        .iter()
        .map(|(actor, text)| {
            format!("{{actor: a{actor}, capability: a.b, expires_at: {}}}", EXPIRES[usize::from(*text)])
        })
        .collect();
    format!("grants: [{}]\n", grants.join(", "))
}

/// The change a move asks for, if it asks for one by API.
pub(crate) fn change(registry: &Registry, step: &Move) -> Option<Change> {
    Some(match step {
        Move::Capability(name) => {
            Change::Register(written(Kind::Capability, &format!("{{name: a.c{name}, risk_level: low}}")))
        }
        Move::Policy(number, outcome) => {
            let id: Arc<str> = format!("pol_{number}").into();
            let written = policy(&id, None, ["ALLOW", "DENY"][usize::from(*outcome)]);
            match registry.policy(&id) {
                Some(_) => Change::ReplacePolicy { id, written, if_match: None },
                None => Change::CreatePolicy(written),
            }
        }
        Move::Grant(actor, text) => Change::Grant(written(
            Kind::Grant,
            &format!("{{actor: a{actor}, capability: a.b, expires_at: {}}}", EXPIRES[usize::from(*text)]),
        )),
        Move::Revoke(actor) => revoke("default", &format!("a{actor}"), "a.b"),
        Move::Actor(actor, status) => Change::SetActor {
            written: written(
                Kind::Actor,
                &format!(
                    "{{actor: a{actor}, status: {}}}",
                    ["active", "suspended", "revoked"][usize::from(*status)]
                ),
            ),
            if_match: None,
        },
        Move::Kill(active) => Change::SetKillSwitch {
            written: written(Kind::KillSwitch, &format!("{{active: {active}}}")),
            if_match: None,
        },
        Move::Files(_) | Move::Restart => return None,
    })
}

/// Everything that can be told of a registry.
fn told(registry: &Registry) -> (Vec<String>, Arc<str>, String) {
    let maps = format!(
        "{:?} {:?} {:?}",
        registry.api.keys().collect::<Vec<_>>(),
        registry.files.keys().collect::<Vec<_>>(),
        registry.revoked.iter().map(|(key, entry)| (key, entry.digest)).collect::<Vec<_>>()
    );
    (holding(registry), registry.hash(&Arc::from("base")), maps)
}

/// Runs moves over a store, restarting where they say so.
pub(crate) fn run(store: &dyn AdminStore, moves: &[Move]) {
    let (mut registry, mut files, mut version) = (Registry::default(), Vec::new(), 0);
    for (now, step) in (1_i64..).zip(moves) {
        let rows: Vec<RowChange> = match step {
            Move::Files(held) => {
                files = file("g.yaml", &grants(held));
                registry.files_changed(&files, at(now))
            }
            Move::Restart => {
                let (mut again, restated) = Registry::restore(store.load().unwrap().objects).unwrap();
                assert!(restated.is_empty(), "{restated:?}");
                let rows = again.files_changed(&files, at(now));
                assert!(!again.is_news(&rows), "a restart is no news: {rows:?}");
                again.apply(rows);
                assert_eq!(told(&again), told(&registry));
                registry = again;
                continue;
            }
            api => {
                let change = change(&registry, api).unwrap();
                planned(&registry, change, &root(), now).map(|planned| planned.rows).unwrap_or_default()
            }
        };
        let before = told(&registry);
        let undo = registry.apply(rows.clone());
        let after = told(&registry);
        registry.apply(undo);
        assert_eq!(told(&registry), before, "undone");
        registry.apply(rows.clone());
        assert_eq!(told(&registry), after, "done again");
        if rows.is_empty() {
            continue;
        }
        version += 1;
        let snapshot = SnapshotRow {
            version,
            hash: registry.hash(&Arc::from("base")),
            source: "api".into(),
            by: None,
            created_at: at(now),
            back_to: None,
        };
        let step =
            Step { after: version - 1, snapshot: &snapshot, texts: None, rows: &rows, pins: None, key: None };
        store.commit(step).unwrap();
        let content = store.content(version).unwrap().unwrap();
        let held: Vec<_> =
            content.holding().iter().map(|object| (object.key.clone(), object.digest)).collect();
        let expected: Vec<_> = registry.objects().iter().map(|object| object.key.clone()).collect();
        assert_eq!(held.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), expected);
    }
    // The history is complete: every snapshot is there, as it was.
    let rows = store.snapshots(None, usize::MAX).unwrap();
    assert_eq!(
        rows.iter().map(|row| row.version).collect::<Vec<_>>(),
        (1..=version).rev().collect::<Vec<_>>()
    );
    for row in rows {
        let content = store.content(row.version).unwrap().unwrap();
        let mut parts = crate::admin::digest::Parts::default();
        parts.note(b"base");
        let holding = content.holding();
        holding.iter().for_each(|object| parts.note(&object.digest.0));
        let hash = if holding.is_empty() { "base".to_owned() } else { parts.finish().to_hex() };
        assert_eq!(&*row.hash, hash, "snapshot {}", row.version);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_brings_the_same_objects_back(moves in moves()) {
        run(&MemoryAdminStore::default(), &moves);
    }
}
