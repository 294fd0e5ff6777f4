//! Every change, from every state.

use crate::holds::sample::{approver, at, hold};
use crate::holds::{Approval, ChangeRefused, Decided, Hold, HoldState};
use HoldState::{Approved, Cancelled, Consumed, Expired, Pending, Rejected};

fn standing(state: HoldState) -> Hold {
    let consumed_by = (state == Consumed).then(|| "dec_9".to_owned());
    let recorded = state != Consumed;
    Hold { state, consumed_by, recorded, revision: 4, ..hold(1) }
}

/// A change, and where it leads.
struct Change {
    name: &'static str,
    make: fn(&Hold, i64) -> Result<Hold, ChangeRefused>,
    /// From each state while there is time, in the order of [`HoldState::ALL`].
    in_time: [Option<HoldState>; 6],
    /// From pending and approved when time has run out.
    late: [Option<HoldState>; 2],
}

const CHANGES: [Change; 7] = [
    Change {
        name: "approve",
        make: |hold, now| hold.approve(&approver("k", None, &[]), None, at(now)),
        in_time: [Some(Approved), None, None, None, None, None],
        late: [None, None],
    },
    Change {
        name: "reject",
        make: |hold, now| hold.reject(&approver("k", None, &[]), None, at(now)),
        in_time: [Some(Rejected), None, None, None, None, None],
        late: [None, None],
    },
    Change {
        name: "cancel",
        make: |hold, now| hold.cancel("agent", None, at(now)),
        in_time: [Some(Cancelled), None, None, None, None, None],
        late: [None, None],
    },
    Change {
        name: "supersede",
        make: |hold, now| hold.supersede(at(now)),
        in_time: [Some(Cancelled), Some(Cancelled), None, None, None, None],
        late: [None, None],
    },
    Change {
        name: "expire",
        make: |hold, now| hold.expire(at(now)),
        in_time: [None, None, None, None, None, None],
        late: [Some(Expired), Some(Expired)],
    },
    Change {
        name: "consume",
        make: |hold, now| hold.consume("dec_1", at(now)),
        in_time: [None, Some(Consumed), None, None, None, None],
        late: [None, None],
    },
    Change {
        name: "give back",
        make: |hold, _now| hold.give_back("dec_9"),
        in_time: [None, None, Some(Approved), None, None, None],
        late: [None, None],
    },
];

#[test]
fn each_change_is_made_from_some_states_only() {
    for Change { name, make, in_time, late } in CHANGES {
        let all = HoldState::ALL.into_iter().zip(in_time).map(|(from, to)| (from, 299, from, to));
        let late = [Pending, Approved].into_iter().zip(late).map(|(from, to)| (from, 300, Expired, to));
        for (from, now, stands, to) in all.chain(late) {
            let before = standing(from);
            match make(&before, now) {
                Ok(after) => {
                    assert_eq!(Some(after.state), to, "{name} from {from:?} at {now}");
                    assert_eq!(
                        (after.revision, after.recorded, &after.ask),
                        (5, false, &before.ask),
                        "{name}"
                    );
                }
                Err(refused) => {
                    assert_eq!(to, None, "{name} from {from:?} at {now}: {refused}");
                    let by_state = [ChangeRefused::Stands(stands), ChangeRefused::Stands(from)];
                    assert!(by_state.contains(&refused), "{name} from {from:?} at {now}: {refused:?}");
                }
            }
        }
    }
}

#[test]
fn a_hold_out_of_time_stands_expired_before_it_is_marked() {
    for state in HoldState::ALL {
        let (before, after) = (standing(state).state_at(at(299)), standing(state).state_at(at(300)));
        assert_eq!((before, after), (state, if state.is_open() { Expired } else { state }));
    }
}

#[test]
fn who_did_it_is_kept() {
    let said = Some("  a\u{7}b\r\nc");
    let approved = hold(1).approve(&approver("k1", Some("bob"), &["risk_lead"]), said, at(1)).unwrap();
    let comment = Some("  abc".to_owned());
    let approval = Approval {
        by: "k1".to_owned(),
        person: Some("bob".to_owned()),
        roles: Vec::new(),
        at: at(1),
        comment: comment.clone(),
    };
    assert_eq!(approved.approvals, [approval]);
    let decided = |by: &str| Some(Decided { by: by.to_owned(), at: at(1), comment: comment.clone() });
    assert_eq!(hold(1).reject(&approver("k2", None, &[]), said, at(1)).unwrap().decided, decided("k2"));
    let cancelled = hold(1).cancel("agent", said, at(1)).unwrap();
    assert_eq!((cancelled.decided, cancelled.superseded), (decided("agent"), false));
    let superseded = hold(1).supersede(at(1)).unwrap();
    assert!(superseded.superseded && superseded.decided.is_some_and(|decided| decided.by == "gateway"));
}

#[test]
fn a_long_comment_is_cut_between_characters() {
    let said = "\u{1f980}".repeat(501);
    let rejected = hold(1).reject(&approver("k", None, &[]), Some(&said), at(1)).unwrap();
    let kept = rejected.decided.unwrap().comment.unwrap();
    assert_eq!(kept, "\u{1f980}".repeat(500));
}

#[test]
fn an_approval_that_is_not_recorded_lets_nothing_through() {
    let approved = hold(1).approve(&approver("k", None, &[]), None, at(1)).unwrap();
    assert_eq!(approved.consume("dec_1", at(2)), Err(ChangeRefused::Unrecorded));
    let recorded = Hold { recorded: true, ..approved };
    let consumed = recorded.consume("dec_1", at(2)).unwrap();
    assert_eq!(consumed.consumed_by.as_deref(), Some("dec_1"));
}

#[test]
fn only_the_decision_that_used_an_approval_up_gives_it_back_and_only_while_nothing_was_sent() {
    let consumed = standing(Consumed);
    assert_eq!(consumed.give_back("dec_8"), Err(ChangeRefused::Stands(Consumed)));
    let ended = Hold { recorded: true, ..consumed.clone() };
    assert_eq!(ended.give_back("dec_9"), Err(ChangeRefused::Stands(Consumed)));
    let back = consumed.give_back("dec_9").unwrap();
    assert_eq!((back.consumed_by.as_deref(), back.recorded), (None, false));
}
