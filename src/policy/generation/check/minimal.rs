//! Minimality: a policy without which everything that was seen would be decided alike is not needed. Imports nothing of ours.

use std::collections::BTreeSet;

/// Which of `policies` policies are needed, given by which each call is allowed: taking any of them away changes a decision, and taking
/// all others away changes none. Those that allow the fewest calls are taken away first.
pub(super) fn needed(policies: usize, allowed_by: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut calls: Vec<Vec<usize>> = vec![Vec::new(); policies];
    for (call, by) in allowed_by.iter().enumerate() {
        for policy in by {
            if let Some(calls) = calls.get_mut(*policy) {
                calls.push(call);
            }
        }
    }
    let mut left: Vec<usize> = allowed_by.iter().map(BTreeSet::len).collect();
    let mut order: Vec<usize> = (0..policies).collect();
    order.sort_by_key(|policy| calls.get(*policy).map_or(0, Vec::len));
    let mut needed: BTreeSet<usize> = order.iter().copied().collect();
    for policy in order {
        let Some(calls) = calls.get(policy) else { continue };
        if calls.iter().all(|call| left.get(*call).is_some_and(|count| *count >= 2)) {
            needed.remove(&policy);
            for call in calls {
                if let Some(count) = left.get_mut(*call) {
                    *count -= 1;
                }
            }
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn none_can_be_taken_away_and_no_call_is_lost(
            allowed_by in proptest::collection::vec(proptest::collection::btree_set(0_usize..6, 1..4), 0..20)
        ) {
            let needed = needed(6, &allowed_by);
            for by in &allowed_by {
                proptest::prop_assert!(!by.is_disjoint(&needed));
            }
            for policy in &needed {
                let alone = |by: &BTreeSet<usize>| by.intersection(&needed).eq([policy]);
                proptest::prop_assert!(allowed_by.iter().any(alone));
            }
        }
    }
}
