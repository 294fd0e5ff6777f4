//! Action merge: what is said of several actions alike is said once. Imports drafts.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::cedar::Effect;
use crate::policy::generation::EntityRef;
use crate::policy::generation::learn::Plan;
use crate::policy::generation::write::{Draft, Subject, Target, When};

/// Most actions of one policy.
const ACTIONS_MAX: usize = 64;

/// Longest text of the actions of one policy, in bytes.
const ACTIONS_MAX_BYTES: usize = 24 * 1024;

/// What is said of one action.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) subject: Subject,
    pub(super) action: EntityRef,
    pub(super) target: Target,
    pub(super) when: When,
    pub(super) cells: BTreeSet<usize>,
    pub(super) samples: BTreeSet<usize>,
}

/// The pieces as plans of calls of `tenant`: those that differ in their action alone together.
pub(super) fn merged(pieces: Vec<Piece>, tenant: &str) -> Vec<Plan> {
    let mut alike: BTreeMap<(Subject, Target, When), BTreeMap<EntityRef, Piece>> = BTreeMap::new();
    for piece in pieces {
        let key = (piece.subject.clone(), piece.target.clone(), piece.when.clone());
        match alike.entry(key).or_default().entry(piece.action.clone()) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(piece);
            }
            std::collections::btree_map::Entry::Occupied(mut same) => {
                same.get_mut().cells.extend(piece.cells);
                same.get_mut().samples.extend(piece.samples);
            }
        }
    }
    let mut plans: Vec<Plan> = Vec::new();
    for ((subject, target, when), actions) in alike {
        let mut bytes = 0;
        let mut open = false;
        for (action, piece) in actions {
            let length = action.to_string().len();
            bytes += length;
            let last = plans
                .last_mut()
                .filter(|plan| open && plan.draft.actions.len() < ACTIONS_MAX && bytes <= ACTIONS_MAX_BYTES);
            if let Some(plan) = last {
                plan.draft.actions.insert(action);
                plan.cells.extend(piece.cells);
                plan.samples.extend(piece.samples);
            } else {
                (bytes, open) = (length, true);
                plans.push(plan((&subject, &target, &when), tenant, action, piece));
            }
        }
    }
    plans
}

fn plan(
    (subject, target, when): (&Subject, &Target, &When),
    tenant: &str,
    action: EntityRef,
    piece: Piece,
) -> Plan {
    let draft = Draft {
        effect: Effect::Permit,
        subject: subject.clone(),
        actions: BTreeSet::from([action]),
        target: target.clone(),
        tenant: Some(tenant.to_owned()),
        when: when.clone(),
    };
    Plan { draft, cells: piece.cells, samples: piece.samples }
}
