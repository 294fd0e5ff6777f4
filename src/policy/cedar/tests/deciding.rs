//! What engines decide.

use crate::policy::cedar::tests::support::{asked, engine, shown, stored};
use crate::policy::cedar::{
    Engine, EngineOptions, Mode, OnError, Quarantine, Refusal, StoredPolicy, Touching, read,
};

const PERMIT: &str =
    "permit(principal == Agent::\"a\", action == Action::\"x\", resource == Gateway::\"g\");";
const FAILS: &str = "forbid(principal, action, resource) when { context.risk > 5 };";

#[test]
fn forbid_wins_and_nothing_is_allowed_by_default() {
    for (texts, expected) in [
        (vec![], (false, vec![])),
        (vec![PERMIT], (true, vec!["p0"])),
        (vec![PERMIT, "forbid(principal is Agent, action, resource);"], (false, vec!["p1"])),
        (vec![PERMIT, "forbid(principal is User, action, resource);"], (true, vec!["p0"])),
        (
            vec!["permit(principal, action in [Action::\"y\", Action::\"x\", Action::\"x\"], resource);"],
            (true, vec!["p0"]),
        ),
        (
            vec!["permit(principal is Agent in Agent::\"a\", action, resource is Gateway);", PERMIT],
            (true, vec!["p0", "p1"]),
        ),
    ] {
        let engine = engine(EngineOptions::default(), &texts);
        assert_eq!(shown(&engine.authorize(&asked("{}"))), expected, "{texts:?}");
    }
}

#[test]
fn a_policy_that_fails_denies_as_the_engine_says() {
    let failing_permit = "permit(principal, action, resource) when { context.risk > 5 };";
    for (on_error, texts, allowed) in [
        (OnError::Deny, [PERMIT, FAILS], false),
        (OnError::Deny, [PERMIT, failing_permit], true),
        (OnError::DenyAny, [PERMIT, failing_permit], false),
        (OnError::Cedar, [PERMIT, FAILS], true),
    ] {
        let options = EngineOptions { on_error, ..EngineOptions::default() };
        let verdict = engine(options, &texts).authorize(&asked("{}"));
        assert_eq!(verdict.allowed, allowed, "{on_error:?} {texts:?}");
        assert_eq!(verdict.errors.len(), 1);
        assert_eq!(verdict.refusal.is_some(), !allowed);
        assert!(verdict.errors[0].message.contains("risk"), "{}", verdict.errors[0].message);
    }
}

#[test]
fn stored_policies_that_cannot_be_read_deny() {
    let broken = [
        ("forbid(principal, action, resource) when { 1 = 1 };", true),
        ("permit(principal, action, resource); forbid(principal, action, resource);", true),
        ("permit(principal, action, resource) when { \"unended };", true),
        ("", true),
        ("@a(\"forbid\") permit(principal, action, resource) when { 1 = 1 };", false),
    ];
    for (text, could_forbid) in broken {
        for (quarantine, allowed) in [(Quarantine::DenyAll, false), (Quarantine::SkipPermits, !could_forbid)]
        {
            let options = EngineOptions { quarantine, ..EngineOptions::default() };
            let engine = Engine::compile(options, [stored("good", PERMIT), stored("bad", text)]);
            assert_eq!((engine.policy_count(), engine.broken().len()), (1, 1));
            assert_eq!(engine.broken()["bad"].could_forbid, could_forbid, "{text}");
            let verdict = engine.authorize(&asked("{}"));
            assert_eq!((verdict.allowed, engine.is_degraded()), (allowed, !allowed), "{text}");
            assert_eq!(verdict.refusal.is_some(), !allowed);
            assert_eq!(engine.prospect(&asked("{}")), allowed);
            // Mended, or removed, or only watched, it denies no more.
            assert!(engine.with("bad", read(PERMIT).unwrap(), Mode::Active).authorize(&asked("{}")).allowed);
            assert!(engine.without("bad").authorize(&asked("{}")).allowed);
            let watched = StoredPolicy { mode: Mode::LogOnly, ..stored("bad", text) };
            assert!(
                Engine::compile(options, [stored("good", PERMIT), watched]).authorize(&asked("{}")).allowed
            );
        }
    }
}

#[test]
fn watched_policies_only_tell() {
    let engine = engine(EngineOptions::default(), &[PERMIT]);
    assert_eq!(engine.authorize(&asked("{}")).shadow, None);
    let forbid = read("forbid(principal, action, resource);").unwrap();
    let watched = engine.with("w", forbid, Mode::LogOnly);
    let verdict = watched.authorize(&asked("{}"));
    assert_eq!(shown(&verdict), (true, vec!["p0"]));
    let shadow = verdict.shadow.unwrap();
    assert_eq!((shadow.allowed, shadow.flips, &*shadow.determining[0]), (false, true, "w"));
    assert!(watched.prospect(&asked("{}")));
    let failing = engine.with("w", read(FAILS).unwrap(), Mode::LogOnly).authorize(&asked("{}"));
    assert!(failing.allowed && failing.errors.is_empty());
    let shadow = failing.shadow.unwrap();
    assert!(!shadow.allowed && shadow.flips && shadow.errors.len() == 1);
}

#[test]
fn what_could_not_be_said_denies_where_it_is_read() {
    for (condition, refused) in [
        ("context.input.a == 1", true),
        ("context.input has a", true),
        ("context.input has a.b", true),
        ("context.input.a.b == 1", true),
        ("context.input == {}", true),
        ("{x: context}.x.input.b == 1", true),
        ("(if true then context else context).input.b == 1", true),
        ("context == {}", true),
        ("[context.input].contains({})", true),
        ("context.input.b == 1", false),
        ("context has input && context.input has b", false),
        ("principal == Agent::\"a\"", false),
    ] {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let refusing = condition == "context has input && context.input has b";
        let engine =
            engine(EngineOptions { on_error: OnError::Cedar, ..EngineOptions::default() }, &[PERMIT, &text]);
        for value in ["null", "1e300", "9223372036854775808", "0.00001"].iter().filter(|_| !refusing) {
            // The reader of requests refuses integers beyond 64 bits before they get here; written as decimals they pass.
            let value = if *value == "9223372036854775808" { "9223372036854775808.0" } else { value };
            let verdict = engine.authorize(&asked(&format!("{{\"input\": {{\"a\": {value}, \"b\": 1}}}}")));
            let dropped = matches!(verdict.refusal, Some(Refusal::Dropped { .. }));
            assert_eq!((dropped, verdict.allowed), (refused, !refused), "{condition} {value}");
        }
    }
    let elsewhere = "permit(principal == Agent::\"b\", action, resource) when { context.input.a == 1 };";
    let engine = engine(EngineOptions::default(), &[PERMIT, elsewhere]);
    assert!(engine.authorize(&asked("{\"input\": {\"a\": null}}")).allowed);
}

#[test]
fn lists_are_filtered_by_scope() {
    let engine = engine(
        EngineOptions::default(),
        &[
            PERMIT,
            "permit(principal in Group::\"g\", action, resource);",
            "permit(principal is Agent, action in [Action::\"x\", Action::\"y\"], resource);",
            "forbid(principal, action, resource);",
            "permit(principal, action in [], resource);",
        ],
    );
    for (principal, action, resource, expected) in [
        (None, None, None, vec!["p0", "p1", "p2", "p3"]),
        (Some("Agent::\"a\""), None, None, vec!["p0", "p2", "p3"]),
        (Some("Agent::\"b\""), None, None, vec!["p2", "p3"]),
        (Some("Group::\"g\""), None, None, vec!["p1", "p3"]),
        (None, Some("Action::\"y\""), None, vec!["p1", "p2", "p3"]),
        (None, Some("Action::\"x\""), Some("Gateway::\"h\""), vec!["p1", "p2", "p3"]),
        (Some("Agent::\"a\""), Some("Action::\"x\""), Some("Gateway::\"g\""), vec!["p0", "p2", "p3"]),
    ] {
        let touching = Touching::parse(principal, action, resource).unwrap();
        let found = engine.touching(&touching);
        assert_eq!(found.iter().map(|id| &**id).collect::<Vec<_>>(), expected, "{touching:?}");
    }
    assert!(Touching::parse(Some("Agent"), None, None).is_err());
}

/// On a thread with the stack that those of the server have.
#[test]
fn the_longest_policies_that_are_taken_are_evaluated() {
    let chains = [
        format!("{} == 991", vec!["1"; 991].join(" + ")),
        vec!["context.limit == 1"; 490].join(" || "),
        format!("{}true{}", "if true then ".repeat(60), " else false".repeat(60)),
    ];
    let work = move || {
        for chain in &chains {
            let text = format!("permit(principal, action, resource) when {{ {chain} }};");
            let verdict = engine(EngineOptions::default(), &[&text]).authorize(&asked("{\"limit\": 1}"));
            assert_eq!((verdict.allowed, verdict.errors), (true, Vec::new()), "{text}");
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
}
