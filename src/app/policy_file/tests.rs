//! What the lint says of a rule holds: a rule it says never decides decides nothing.

use proptest::prelude::*;
use serde_json::json;

use crate::app::policy_file::{Loading, PolicyFile, Question, lint};
use crate::facts::Deciding;
use crate::model::document::Document;
use crate::model::time::Timestamp;

fn rule() -> impl Strategy<Value = String> {
    let glob = || {
        let known = [
            "*", "**", "a*", "*b", "?", "??", "[ab]", "[!a]", "[a-b]", "[!a]b", "a", "ab", "[ab]*", "?*",
            "*a*", "",
        ];
        prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "[ab*?!\\[\\]]{0,4}"]
    };
    let conditions = prop::sample::select(vec![
        "{}",
        "{param_gt: {a: 1}}",
        "{param_gt: {a: 1}, param_lt: {a: 3}}",
        "{param_gt: {a: 3}, param_lt: {a: 3}}",
        "{param_eq: {a: 2}, param_gte: {a: 3}}",
        "{time_after: \"06:00\"}",
        "{time_after: \"06:00\", time_before: \"18:00\"}",
        "{time_after: \"18:00\", time_before: \"06:00\"}",
        "{weekdays: [4], param_eq: {a: 2}}",
    ]);
    (glob(), glob(), conditions).prop_map(|(kind, target, conditions)| {
        format!("- {{match: {{type: \"{kind}\", target: \"{target}\"}}, conditions: {conditions}}}\n")
    })
}

proptest! {
    #[test]
    fn a_rule_said_never_to_decide_decides_nothing(
        rules in prop::collection::vec(rule(), 1..6),
        actions in prop::collection::vec(("[ab]{1,2}", "[ab!]{0,2}", 0..4_i64, 0..24_i64), 1..40),
    ) {
        let text = format!("rules:\n{}", rules.concat());
        let document = Document::parse("rules.yaml", &text).unwrap();
        let policy = PolicyFile::of(document, Loading::Strict).unwrap();
        let said = lint(policy.document(), policy.rules());
        for (action_type, target, a, hour) in actions {
            let question = Question {
                action_type,
                target,
                agent: None,
                params: json!({"a": a}),
                description: String::new(),
                session: None,
            };
            let now = Timestamp::from_micros(hour * 3_600_000_000);
            let Some(index) = policy.decide(&question, now, &Deciding::default()).unwrap().deciding_rule() else { continue };
            let path = format!("rules[{index}]");
            let never = said.iter().find(|problem| {
                problem.message.starts_with("never") && (problem.path == path || problem.path.starts_with(&(path.clone() + ".")))
            });
            prop_assert!(never.is_none(), "{:?} for {:?} of\n{}", never, question, text);
        }
    }
}
