//! The property of the index: with the ledger's tail it says what a plain reading of the files says, whatever was recorded,
//! wherever the indexer stopped, over starts and crashes.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::audit::index::{AuditQuery, Order};
use crate::store::sqlite::index::tests::world::{World, at};

#[derive(Clone, Debug)]
enum Event {
    /// A call with so many bytes of arguments.
    Call { bypass: bool, members: String, bytes: usize },
    /// A record that is no call.
    Other(String),
    /// What became of a call.
    Ended { call: usize, kind: &'static str, members: String },
    /// Time goes on, or back.
    Time(i64),
    /// The indexer takes what there is.
    Index,
    /// The index is opened anew.
    Reopen,
    /// The gateway ends in order, or with such an end of its log, and starts again.
    Restart(Option<&'static str>),
}

const ACTORS: [&str; 3] = ["a-1", "a \"2\"", "ä"];
const OUTCOMES: [&str; 3] = ["ALLOW", "DENY", "ESCALATE"];

fn text(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(values)
}

fn members() -> impl Strategy<Value = String> {
    let texts = (
        text(&["acme", "other"]),
        text(&ACTORS),
        text(&["files.read", "files.delete", "DROP TABLE"]),
        text(&OUTCOMES),
        text(&["rule_allowed", "rule_denied"]),
        text(&["LOW", "HIGH"]),
    );
    let more = (
        any::<bool>(),
        option::of(text(&["s1", "s2"])),
        option::of(text(&["policy_server", "null"])),
        any::<bool>(),
    );
    (texts, more).prop_map(|((tenant, actor, capability, outcome, code, risk), (tool, session, surface, blocked))| {
        let actor = serde_json::Value::from(actor);
        let name = if tool { "tool" } else { "capability" };
        let session = session.map_or("null".to_owned(), |session| format!("\"{session}\""));
        let surface = surface.map(|surface| format!(r#","surface":"{surface}""#)).unwrap_or_default();
        let status = if blocked { r#","result_status":"blocked""# } else { "" };
        format!(
            r#""tenant":"{tenant}","actor":{actor},"{name}":"{capability}","outcome":"{outcome}","code":"{code}","risk":{{"level":"{risk}"}},"session_id":{session}{surface}{status}"#
        )
    })
}

fn ended() -> impl Strategy<Value = Event> {
    let kinds = text(&["execution", "reconciliation"]);
    let status = option::of(text(&["success", "failed"]));
    (any::<prop::sample::Index>(), kinds, text(&["completed", "failed"]), status).prop_map(
        |(call, kind, result, status)| {
            let status = status.map(|status| format!(r#","result_status":"{status}""#)).unwrap_or_default();
            Event::Ended { call: call.index(64), kind, members: format!(r#""result":"{result}"{status}"#) }
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => (any::<bool>(), members(), prop_oneof![9 => 0..900_usize, 1 => 100_000..400_000_usize])
            .prop_map(|(bypass, members, bytes)| Event::Call { bypass, members, bytes }),
        2 => members().prop_map(Event::Other),
        10 => ended(),
        4 => (-500_000..2_000_000_i64).prop_map(Event::Time),
        4 => Just(Event::Index),
        1 => Just(Event::Reopen),
        2 => select(&[None, None, Some(""), Some(r#"{"seq":3,"ti"#), Some("\n\nx\n")][..]).prop_map(Event::Restart),
    ]
}

fn query() -> impl Strategy<Value = AuditQuery> {
    let texts = (
        option::weighted(0.3, text(&["acme", "other"])),
        option::weighted(0.3, text(&ACTORS)),
        option::weighted(0.3, text(&["files.read", "DROP TABLE", "none"])),
        option::weighted(0.3, text(&OUTCOMES)),
        option::weighted(0.2, text(&["rule_allowed", "rule_denied"])),
        option::weighted(0.2, text(&["LOW", "HIGH"])),
        option::weighted(0.3, text(&["completed", "failed"])),
        option::weighted(0.3, text(&["success", "blocked"])),
        option::weighted(0.2, text(&["s1", "s2"])),
        option::weighted(0.2, text(&["policy_server", "null"])),
    );
    let kinds = vec(text(&["decision", "bypass", "hold", "epoch"]), 0..3);
    let bounds = (option::weighted(0.2, -10..30_000_000_i64), option::weighted(0.2, -10..30_000_000_i64));
    let place = ((any::<bool>(), any::<bool>()), 0..4_u64, option::weighted(0.6, 0..20_usize));
    (texts, kinds, bounds, place).prop_map(
        |(texts, kinds, (since, until), ((ascending, or_no_tenant), offset, limit))| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            AuditQuery {
                tenant: own(texts.0),
                or_no_tenant,
                actor: own(texts.1),
                capability: own(texts.2),
                outcome: own(texts.3),
                code: own(texts.4),
                risk: own(texts.5),
                result: own(texts.6),
                result_status: own(texts.7),
                session_id: own(texts.8),
                surface: own(texts.9),
                kinds: kinds.into_iter().map(str::to_owned).collect(),
                since: since.map(at),
                until: until.map(at),
                order: if ascending { Order::Ascending } else { Order::Descending },
                after: None,
                offset,
                limit,
            }
        },
    )
}

fn apply(world: &mut World, event: &Event) {
    match event {
        Event::Call { bypass, members, bytes } => {
            let pad = "x".repeat(*bytes);
            world.call(*bypass, &format!(r#"{members},"arguments":"{pad}""#));
        }
        Event::Other(members) => {
            let of = world.calls.first().map(|made| format!(r#","decision_id":"{}""#, made.decision()));
            world.append(&format!(r#""kind":"hold",{members}{}"#, of.unwrap_or_default()));
        }
        Event::Ended { call, kind, members } => {
            let calls = world.calls.len().max(1);
            world.tell(call % calls, kind, members);
        }
        Event::Time(micros) => world.now += micros,
        Event::Index => world.catch_up(),
        Event::Reopen => world.take_up(),
        Event::Restart(torn) => world.restart(*torn),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_and_the_tail_say_what_the_files_say(
        events in vec(event(), 1..80),
        queries in vec(query(), 1..12),
        end in option::of(select(&[None, Some(""), Some(r#"{"seq":9"#)][..])),
    ) {
        let mut world = World::new();
        events.iter().for_each(|event| apply(&mut world, event));
        if let Some(torn) = end {
            // Nobody writes any more, and nobody has repaired it yet.
            world.end(torn);
        }
        for query in &queries {
            world.check(query);
            world.check_pages(query, 3);
        }
        for made in &world.calls {
            let found = world.index.find(&made.decision()).unwrap().expect("every call is found by its id");
            prop_assert_eq!(found.execution.is_some(), made.told);
        }
        world.catch_up();
        for query in &queries {
            world.check(query);
        }
    }
}
