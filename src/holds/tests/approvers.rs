//! Who may approve, and when enough have.

use crate::holds::sample::{approver, at, hold, key};
use crate::holds::{Approver, ChangeRefused, Hold, HoldState};
use crate::model::call::PrincipalKind;

const RISK: &str = "risk_lead";
const SECURITY: &str = "security_lead";

/// A hold that wants both roles.
fn escalated() -> Hold {
    let mut hold = hold(1);
    hold.ask.roles = vec![RISK.into(), SECURITY.into()];
    hold
}

/// What the store has after the approval: told to the ledger, too.
fn approved(hold: &Hold, by: &Approver) -> Result<Hold, ChangeRefused> {
    hold.approve(by, None, at(1)).map(|next| Hold { recorded: true, ..next })
}

#[test]
fn nobody_decides_on_its_own_call() {
    let speaks_for = |actors: &[&str]| {
        let mut speaker = key("speaker", None, &[]);
        speaker.actors = actors.iter().map(|actor| (*actor).to_owned()).collect();
        Approver::holder(&speaker)
    };
    let mut stands_for = key("bot-key", None, &[]);
    stands_for.actor = Some(("agent".into(), PrincipalKind::AiAgent));
    for (own, who) in [
        (true, approver("agent-key", None, &[])),
        (true, approver("agent-key", Some("someone-else"), &[])),
        (true, approver("other-key", Some("ann"), &[])),
        (true, approver("agent", None, &[])),
        (true, Approver::holder(&stands_for)),
        (true, speaks_for(&["agent"])),
        (true, speaks_for(&["x", "a*t"])),
        (true, speaks_for(&["*"])),
        (false, speaks_for(&["agent-2", "agents*"])),
        (false, approver("other-key", None, &[])),
        (false, approver("other-key", Some("bob"), &[])),
        (false, Approver::local_admin()),
    ] {
        let expected = own.then_some(ChangeRefused::Own);
        assert_eq!(hold(1).approve(&who, None, at(1)).err(), expected, "{who:?}");
        assert_eq!(hold(1).reject(&who, None, at(1)).err(), expected, "{who:?}");
    }
}

#[test]
fn people_who_are_not_named_are_not_taken_for_one() {
    let mut hold = hold(1);
    hold.ask.person = None;
    hold.ask.key = None;
    assert_eq!(hold.approve(&approver("k", None, &[]), None, at(1)).unwrap().state, HoldState::Approved);
}

#[test]
fn one_yes_is_enough_where_no_role_is_wanted() {
    for who in [approver("k", None, &[]), approver("k", Some("bob"), &[RISK]), Approver::local_admin()] {
        assert_eq!(approved(&hold(1), &who).unwrap().state, HoldState::Approved, "{who:?}");
    }
}

#[test]
fn one_yes_is_enough_where_no_keys_are_asked_for() {
    assert_eq!(approved(&escalated(), &Approver::local_admin()).unwrap().state, HoldState::Approved);
}

#[test]
fn an_escalation_needs_roles_and_people() {
    for (who, refused) in [
        (
            approver("k", Some("bob"), &[]),
            ChangeRefused::RoleMissing("risk_lead and security_lead".to_owned()),
        ),
        (
            approver("k", Some("bob"), &["cook"]),
            ChangeRefused::RoleMissing("risk_lead and security_lead".to_owned()),
        ),
        (approver("k", None, &[RISK, SECURITY]), ChangeRefused::PersonMissing),
    ] {
        assert_eq!(escalated().approve(&who, None, at(1)), Err(refused), "{who:?}");
        let rejected = escalated().reject(&who, None, at(1)).unwrap();
        assert_eq!(rejected.state, HoldState::Rejected, "no role is needed for a no: {who:?}");
    }
}

#[test]
fn each_role_is_filled_by_another_person() {
    type Yes = (&'static str, &'static [&'static str]);
    let cases: [(&[Yes], [Option<usize>; 2]); 6] = [
        (&[("bob", &[RISK])], [Some(0), None]),
        (&[("bob", &[RISK]), ("cleo", &[SECURITY])], [Some(0), Some(1)]),
        (&[("bob", &[RISK]), ("cleo", &[RISK])], [Some(0), None]),
        (&[("bob", &[RISK, SECURITY])], [Some(0), None]),
        // Who has both comes first and makes room for who has only the one it was put in.
        (&[("bob", &[RISK, SECURITY]), ("cleo", &[RISK])], [Some(1), Some(0)]),
        (&[("bob", &[RISK, SECURITY]), ("cleo", &[RISK, SECURITY])], [Some(1), Some(0)]),
    ];
    for (approvals, filled) in cases {
        let mut hold = escalated();
        for (number, (person, roles)) in approvals.iter().enumerate() {
            hold = approved(&hold, &approver(&format!("k{number}"), Some(person), roles)).unwrap();
        }
        let by = |number: usize| approvals[number].0;
        let got: Vec<_> = hold
            .filled_roles()
            .into_iter()
            .map(|(role, approval)| (role.to_owned(), approval.and_then(|yes| yes.person.clone())))
            .collect();
        let expected = [RISK, SECURITY].into_iter().zip(filled);
        let expected: Vec<_> = expected
            .map(|(role, number)| (role.to_owned(), number.map(|number| by(number).to_owned())))
            .collect();
        assert_eq!(got, expected);
        let complete = filled.iter().all(Option::is_some);
        assert_eq!(
            hold.state,
            if complete { HoldState::Approved } else { HoldState::Pending },
            "{approvals:?}"
        );
    }
}

#[test]
fn a_person_counts_once_with_whatever_keys() {
    let hold = approved(&escalated(), &approver("k1", Some("bob"), &[RISK])).unwrap();
    for again in [approver("k1", Some("bob"), &[RISK]), approver("k2", Some("bob"), &[SECURITY])] {
        assert_eq!(hold.approve(&again, None, at(2)), Err(ChangeRefused::ApprovedAlready), "{again:?}");
    }
}

#[test]
fn the_next_yes_waits_until_the_one_before_is_recorded() {
    let first = escalated().approve(&approver("k1", Some("bob"), &[RISK]), None, at(1)).unwrap();
    let second = approver("k2", Some("cleo"), &[SECURITY]);
    assert_eq!(first.approve(&second, None, at(2)), Err(ChangeRefused::Unrecorded));
    let recorded = Hold { recorded: true, ..first.clone() };
    assert_eq!(recorded.approve(&second, None, at(2)).unwrap().state, HoldState::Approved);
    let rejected = first.reject(&second, None, at(2)).unwrap();
    assert_eq!(rejected.state, HoldState::Rejected, "a no waits for nothing");
}

#[test]
fn only_roles_that_are_wanted_are_kept() {
    let hold = approved(&escalated(), &approver("k", Some("bob"), &["cook", SECURITY])).unwrap();
    assert_eq!(hold.approvals[0].roles, [SECURITY]);
}
