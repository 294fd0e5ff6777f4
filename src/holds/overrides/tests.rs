//! Who may override an evaluation, with whom, and for how long.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::holds::Approver;
use crate::holds::overrides::{
    MessageHash, OVERRIDE_LASTS, Override, OverrideAsk, OverrideMessage, OverrideRefused, OverrideState,
};
use crate::holds::sample::{approver, at, key};
use crate::model::call::PrincipalKind;
use crate::model::id::{DECISION, Id};
use crate::model::time::Timestamp;

const RISK: &str = "risk_lead";
const SECURITY: &str = "security_lead";

fn decision() -> Id {
    Id::new(DECISION, at(0), [7; 10])
}

/// What `agent` asked for, with the key of the person `ann`.
fn ask() -> OverrideAsk {
    OverrideAsk {
        decision_id: decision(),
        tenant: "default".into(),
        actor: "agent".into(),
        key: Some("agent-key".into()),
        person: Some("ann".into()),
    }
}

fn message(text: &str) -> OverrideMessage {
    OverrideMessage { hash: MessageHash::of(&decision(), text), justification: text.to_owned() }
}

type Voted = Result<Override, OverrideRefused>;

fn vote_at(before: Option<&Override>, who: &Approver, text: &str, now: Timestamp) -> Voted {
    Override::vote(before, &ask(), &message(text), (who, now))
}

fn vote(before: Option<&Override>, who: &Approver) -> Voted {
    vote_at(before, who, "why", at(1))
}

fn person(name: &str, roles: &[&str]) -> Approver {
    approver(&format!("key-of-{name}"), Some(name), roles)
}

/// Everybody's person and role.
fn told(override_: &Override) -> Vec<(&str, Option<&str>)> {
    override_.filling().into_iter().map(|(vote, role)| (&*vote.person, role)).collect()
}

#[test]
fn two_people_of_both_roles_override() {
    let (risk, security) = (person("rita", &[RISK, "cook"]), person("sam", &[SECURITY]));
    for (first, second, needs) in [(&risk, &security, SECURITY), (&security, &risk, RISK)] {
        let requested = vote(None, first).unwrap();
        assert_eq!((requested.revision, requested.needs()), (1, vec![needs]));
        assert_eq!(requested.state_at(at(1)), OverrideState::Pending);
        assert_eq!((requested.requested_at, requested.expires_at), (at(1), at(1).after(OVERRIDE_LASTS)));
        assert_eq!(requested.votes.first().unwrap().roles.len(), 1, "other roles are no business of it");
        let granted = vote_at(Some(&requested), second, "why", at(9)).unwrap();
        assert_eq!((granted.revision, granted.needs(), granted.is_granted()), (2, vec![], true));
        assert_eq!(
            (granted.requested_at, granted.expires_at),
            (requested.requested_at, requested.expires_at)
        );
        // For good.
        assert_eq!(granted.state_at(at(9).after(OVERRIDE_LASTS * 100)), OverrideState::Overridden);
        for again in [first, second] {
            assert_eq!(vote(Some(&granted), again).as_ref(), Ok(&granted));
        }
        let third = person("tom", &[RISK, SECURITY]);
        assert_eq!(vote(Some(&granted), &third), Err(OverrideRefused::Granted));
    }
}

#[test]
fn who_has_both_roles_fills_the_one_that_is_left() {
    let both = person("bo", &[SECURITY, RISK]);
    for (other, role, left) in [("rita", RISK, SECURITY), ("sam", SECURITY, RISK)] {
        let other = person(other, &[role]);
        let granted = vote(Some(&vote(None, &both).unwrap()), &other).unwrap();
        assert_eq!(told(&granted).first(), Some(&("bo", Some(left))));
        let granted = vote(Some(&vote(None, &other).unwrap()), &both).unwrap();
        assert_eq!(told(&granted).last(), Some(&("bo", Some(left))));
    }
    assert!(vote(Some(&vote(None, &both).unwrap()), &person("bea", &[RISK, SECURITY])).unwrap().is_granted());
}

#[test]
fn one_person_is_one_vote_with_however_many_keys() {
    let first = approver("key-1", Some("bo"), &[RISK]);
    let requested = vote(None, &first).unwrap();
    for roles in [&[RISK][..], &[SECURITY], &[RISK, SECURITY]] {
        assert_eq!(vote(Some(&requested), &approver("key-2", Some("bo"), roles)).as_ref(), Ok(&requested));
    }
    let both = vote(None, &approver("key-3", Some("bo"), &[RISK, SECURITY])).unwrap();
    assert!(!both.is_granted() && both.needs().len() == 1, "{both:?}");
}

#[test]
fn a_vote_that_fills_no_role_is_refused() {
    let requested = vote(None, &person("rita", &[RISK])).unwrap();
    let refused = OverrideRefused::RoleFilled(SECURITY);
    assert_eq!(vote(Some(&requested), &person("rob", &[RISK])), Err(refused));
    assert!(refused.to_string().contains(SECURITY));
}

#[test]
fn who_has_no_role_or_no_name_does_not_vote() {
    let missing = Err(OverrideRefused::RoleMissing);
    assert_eq!(vote(None, &person("bo", &[])), missing);
    assert_eq!(vote(None, &person("bo", &["cook", "risk-lead", "Risk_Lead"])), missing);
    assert_eq!(vote(None, &Approver::local_admin()), missing);
    assert_eq!(vote(None, &approver("key", None, &[RISK, SECURITY])), Err(OverrideRefused::PersonMissing));
}

#[test]
fn nobody_overrides_an_evaluation_of_its_own() {
    let mut stands_for = key("k", Some("bo"), &[RISK]);
    stands_for.actor = Some(("agent".into(), PrincipalKind::AiAgent));
    let mut speaks_for = key("k", Some("bo"), &[RISK]);
    speaks_for.actors = vec!["a*".to_owned()];
    for own in [
        approver("agent-key", Some("bo"), &[RISK]),
        approver("other", Some("ann"), &[RISK]),
        approver("agent", Some("bo"), &[RISK]),
        Approver::holder(&stands_for),
        Approver::holder(&speaks_for),
    ] {
        assert_eq!(vote(None, &own), Err(OverrideRefused::Own), "{own:?}");
        let requested = vote(None, &person("sam", &[SECURITY])).unwrap();
        assert_eq!(vote(Some(&requested), &own), Err(OverrideRefused::Own), "{own:?}");
    }
}

#[test]
fn everybody_says_the_same() {
    let (risk, security) = (person("rita", &[RISK]), person("sam", &[SECURITY]));
    let requested = vote(None, &risk).unwrap();
    let stands = message("why").hash;
    for text in ["Why", "why ", "why\n", ""] {
        let refused = vote_at(Some(&requested), &security, text, at(2));
        assert_eq!(refused, Err(OverrideRefused::MessageDiffers(stands)), "{text:?}");
        assert_eq!(vote_at(Some(&requested), &risk, text, at(2)), refused, "{text:?}");
    }
    assert!(OverrideRefused::MessageDiffers(stands).to_string().contains(&stands.to_string()));
}

#[test]
fn what_ran_out_begins_anew() {
    let (risk, security) = (person("rita", &[RISK]), person("sam", &[SECURITY]));
    let requested = vote(None, &risk).unwrap();
    let last = Timestamp::from_micros(requested.expires_at.as_micros() - 1);
    assert_eq!(requested.state_at(last), OverrideState::Pending);
    assert!(vote_at(Some(&requested), &security, "why", last).unwrap().is_granted());
    let over = requested.expires_at;
    assert_eq!(requested.state_at(over), OverrideState::Expired);
    let anew = vote_at(Some(&requested), &security, "another reason", over).unwrap();
    assert_eq!((anew.revision, told(&anew)), (2, vec![("sam", Some(SECURITY))]));
    assert_eq!((anew.requested_at, anew.message.justification.as_str()), (over, "another reason"));
    assert!(vote_at(Some(&anew), &risk, "another reason", over).unwrap().is_granted());
}

#[test]
fn a_message_is_the_decision_and_the_text() {
    // printf '%s\n%s' dec_aaaaaaaaaaaaaaaaaaaaaaaaaa why | sha256sum
    let hash = MessageHash::of(&Id::parse(DECISION, "dec_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(), "why");
    assert_eq!(hash.to_string(), "c4d6c17e64546903d5020b57e2c073e2a26a526df02dca1ee099430cfe33c956");
    let other = Id::new(DECISION, at(1), [7; 10]);
    assert_ne!(MessageHash::of(&decision(), "why"), MessageHash::of(&other, "why"));
}

/// Who votes (one of three people with one of three keys, some nameless), with which roles, saying what, after how many hours.
type Step = (u8, u8, u8, bool, i64);

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_overridden_by_one_person(steps in vec((0_u8..4, 0_u8..3, 0_u8..4, any::<bool>(), 0_i64..14), 1..24)) {
        let steps: Vec<Step> = steps;
        let mut standing: Option<Override> = None;
        let mut hours = 0;
        for (who, key, roles, same, later) in steps {
            hours += later;
            let name = ["ann", "bo", "rita"].get(usize::from(who)).copied();
            let roles: Vec<&str> = [RISK, SECURITY].into_iter().enumerate().filter(|(bit, _)| roles >> bit & 1 == 1).map(|(_, role)| role).collect();
            let text = if same { "why" } else { "because" };
            let now = at(hours * 3600);
            let before = standing.clone();
            let Ok(next) = vote_at(before.as_ref(), &approver(&format!("k{key}"), name, &roles), text, now) else { continue };
            let people: Vec<&str> = next.votes.iter().map(|vote| &*vote.person).collect();
            prop_assert!(!people.contains(&"ann"), "whoever asked has voted");
            let mut distinct = people.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), people.len());
            prop_assert!(next.filling().iter().all(|(_, role)| role.is_some()));
            prop_assert_eq!(next.is_granted(), people.len() == 2);
            if let Some(before) = before {
                prop_assert!(next.revision == before.revision + 1 || next == before);
                prop_assert!(!before.is_granted() || next == before, "what is granted stays so");
                let joins = next.votes.len() > 1 && next != before;
                prop_assert!(!joins || (next.message == before.message && now < before.expires_at));
            }
            standing = Some(next);
        }
    }
}
