//! Random policies, hierarchies and requests over a few names, so that they meet.

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use proptest::prelude::*;
use proptest::sample::select;

use crate::policy::cedar::Mode;
use crate::policy::cedar::engine::{Around, Asked, AskedParts};

const ENTITIES: [&str; 8] = [
    "A::\"a\"",
    "A::\"b\"",
    "G::\"a\"",
    "G::\"b\"",
    "D::\"a\"",
    "D::\"b\"",
    "Action::\"x\"",
    "Action::\"g\"",
];

/// Conditions that hold, do not hold, depend on the request, or fail.
const CONDITIONS: [&str; 20] = [
    "true",
    "false",
    "context.n > 1",
    "context has n && context.n == 1",
    "context.missing == 1",
    "context has missing",
    "principal in G::\"a\"",
    "principal == resource",
    "action in Action::\"g\"",
    "resource.size == 1",
    "principal has size && principal.size < 2",
    "principal.getTag(\"t\") == \"x\"",
    "resource in [G::\"a\", D::\"b\"]",
    "context.n + 9223372036854775807 > 0",
    "context.n == \"one\"",
    "\"one\" < context.n",
    "context.text like \"a*\"",
    "if context.n == 0 then true else context.missing",
    "principal is A && resource is D",
    "[1, 2].contains(context.n) || context.missing",
];

/// The text of a policy.
pub(super) fn policy() -> impl Strategy<Value = String> {
    let entity = || select(ENTITIES.to_vec());
    let part = |name: &'static str| {
        let of_type = select(vec!["A", "G", "D"]);
        prop_oneof![
            2 => Just(name.to_owned()),
            3 => entity().prop_map(move |uid| format!("{name} == {uid}")),
            3 => entity().prop_map(move |uid| format!("{name} in {uid}")),
            1 => of_type.clone().prop_map(move |of| format!("{name} is {of}")),
            1 => (of_type, entity()).prop_map(move |(of, uid)| format!("{name} is {of} in {uid}")),
        ]
    };
    let actions = || select(vec!["Action::\"x\"", "Action::\"y\"", "Action::\"g\"", "Action::\"h\""]);
    let action = prop_oneof![
        Just("action".to_owned()),
        actions().prop_map(|uid| format!("action == {uid}")),
        actions().prop_map(|uid| format!("action in {uid}")),
        proptest::collection::vec(actions(), 0..4)
            .prop_map(|uids| format!("action in [{}]", uids.join(", "))),
    ];
    let clause = (select(vec!["when", "unless"]), select(CONDITIONS.to_vec()))
        .prop_map(|(word, condition)| format!(" {word} {{ {condition} }}"));
    let clauses = proptest::collection::vec(clause, 0..3);
    let effect = prop_oneof![3 => Just("permit"), 1 => Just("forbid")];
    (effect, part("principal"), action, part("resource"), clauses).prop_map(
        |(effect, principal, action, resource, clauses)| {
            format!("{effect}({principal}, {action}, {resource}){};", clauses.concat())
        },
    )
}

/// Mostly active.
pub(super) fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![4 => Just(Mode::Active), 1 => Just(Mode::LogOnly)]
}

/// Who is above whom. An entity has only later ones above it, so that none is above itself.
pub(super) fn hierarchy() -> impl Strategy<Value = Entities> {
    let names = [
        "A::\"a\"",
        "A::\"b\"",
        "D::\"a\"",
        "D::\"b\"",
        "G::\"a\"",
        "G::\"b\"",
        "Action::\"x\"",
        "Action::\"g\"",
        "Action::\"h\"",
    ];
    let one = (any::<u16>(), 0_i64..3, any::<bool>(), any::<bool>());
    proptest::collection::vec(one, names.len()).prop_map(move |drawn| {
        let entities = drawn.iter().enumerate().filter(|(_, (.., there))| *there).map(
            |(at, (bits, size, tagged, _))| {
                let is_action = |name: &str| name.starts_with("Action");
                let above = names.iter().enumerate().skip(at + 1).filter(|(other, name)| {
                    bits & (1 << other) != 0 && is_action(name) == is_action(names[at])
                });
                let tags = tagged.then(|| ("t".to_owned(), RestrictedExpression::new_string("x".to_owned())));
                Entity::new_with_tags(
                    uid(names[at]),
                    [("size".to_owned(), RestrictedExpression::new_long(*size))],
                    above.map(|(_, name)| uid(name)),
                    tags,
                )
                .unwrap()
            },
        );
        Entities::from_entities(entities, None).unwrap()
    })
}

/// Principal, action, resource and context.
pub(super) type Drawn = (&'static str, &'static str, &'static str, Option<i64>, bool);

pub(super) fn request() -> impl Strategy<Value = Drawn> {
    (
        select(vec!["A::\"a\"", "A::\"b\"", "G::\"a\"", "B::\"a\""]),
        select(vec!["Action::\"x\"", "Action::\"y\"", "Action::\"g\""]),
        select(vec!["D::\"a\"", "D::\"b\"", "G::\"b\"", "E::\"a\""]),
        proptest::option::of(0_i64..3),
        any::<bool>(),
    )
}

/// The request as Cedar's authorizer takes it, and as an engine does.
pub(super) fn put(drawn: Drawn, entities: &Entities) -> (Request, Asked) {
    let (principal, action, resource, number, text) = drawn;
    let number = number.map(|number| ("n".to_owned(), RestrictedExpression::new_long(number)));
    let text = text.then(|| ("text".to_owned(), RestrictedExpression::new_string("abc".to_owned())));
    let context = Context::from_pairs(number.into_iter().chain(text)).unwrap();
    let request = Request::new(uid(principal), uid(action), uid(resource), context.clone(), None).unwrap();
    let asked = Asked::new(AskedParts {
        principal: uid(principal),
        action: uid(action),
        resource: uid(resource),
        context,
        now: None,
        around: Around::Worked(entities.clone()),
        dropped: Vec::new(),
        known: true,
        resource_known: true,
    });
    (request, asked)
}

pub(super) fn uid(text: &str) -> EntityUid {
    text.parse().unwrap()
}
