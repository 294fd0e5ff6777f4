//! What could become of a call whose parameters are not known.

use proptest::prelude::*;

use crate::model::decision::Outcome;
use crate::policy::governance::Prospect;
use crate::policy::governance::tests::support::{Asked, governance};

#[test]
fn prospects() {
    for (rules, expected) in [
        ("{capability: a.b, outcome: DENY}", Prospect::Denied),
        (
            "{capability: a.b, outcome: DENY}, {capability: a.b, outcome: ALLOW, priority: 9}",
            Prospect::Denied,
        ),
        ("{capability: a.b, outcome: DENY, condition: actor.id == 'bot'}", Prospect::Denied),
        (
            "{capability: a.b, outcome: DENY, condition: parameters.x == 1 or actor.id == 'bot'}",
            Prospect::Denied,
        ),
        ("{capability: a.b, outcome: DENY, condition: parameters.x == 1}", Prospect::DeniedOrSilent),
        ("{capability: a.b, outcome: ALLOW}", Prospect::Open),
        ("{capability: a.b, outcome: ESCALATE}", Prospect::Open),
        ("{capability: a.b, outcome: ALLOW, condition: parameters.x == 1}", Prospect::Open),
        ("{capability: a.b, outcome: ALLOW, condition: actor.id == 'eve'}", Prospect::DeniedOrSilent),
        (
            "{capability: a.b, outcome: ALLOW, condition: parameters.x == 1 and actor.id == 'eve'}",
            Prospect::DeniedOrSilent,
        ),
        (
            "{capability: a.b, outcome: ALLOW}, {capability: a.b, outcome: DENY, condition: parameters.x == 1}",
            Prospect::Open,
        ),
        ("{capability: c.d, outcome: ALLOW}", Prospect::DeniedOrSilent),
    ] {
        let governance = governance(&format!("policies: [{{name: p, rules: [{rules}]}}]"));
        assert_eq!(Asked::new("a.b", "{}").prospect(&governance), expected, "{rules}");
    }
}

proptest! {
    /// What a prospect rules out happens for no parameters.
    #[test]
    fn prospects_promise_no_more_than_holds(
        rules in prop::collection::vec(
            (
                prop::sample::select(Outcome::ALL.to_vec()),
                prop::sample::select(vec![
                    "true", "false", "has(parameters.a)", "parameters.a == 1", "not (parameters.a == 1)", "actor.id == 'bot'",
                    "parameters.a == 1 or true", "parameters.a == 1 and false", "parameters.a > 'x'",
                ]),
                0_u32..2,
            ),
            0..4,
        ),
    ) {
        let rules: Vec<String> = rules
            .into_iter()
            .map(|(outcome, condition, priority)| {
                let outcome = outcome.as_str();
                format!("{{capability: a.b, outcome: {outcome}, priority: {priority}, condition: \"{condition}\"}}")
            })
            .collect();
        let text = if rules.is_empty() { String::new() } else { format!("policies: [{{name: p, rules: [{}]}}]", rules.join(", ")) };
        let governance = governance(&text);
        let prospect = Asked::new("a.b", "{}").prospect(&governance);
        for parameters in ["{}", r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":"x"}"#, r#"{"a":null}"#] {
            let answer = Asked::new("a.b", parameters).ask(&governance);
            let matched = answer.matched.map(|matched| matched.outcome);
            let untold = answer.untold.map(|untold| Outcome::from(untold.restriction));
            let outcome = matched.max(untold);
            match prospect {
                Prospect::Denied => prop_assert_eq!(outcome, Some(Outcome::Deny), "{}", text),
                Prospect::DeniedOrSilent => {
                    prop_assert!(matches!(outcome, None | Some(Outcome::Deny)), "{}: {:?}", text, outcome);
                }
                Prospect::Open => {}
            }
        }
    }
}
