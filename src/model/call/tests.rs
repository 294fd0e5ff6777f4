//! Which calls have one digest, and which do not.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::call::{CallDigest, DigestBody, DigestParts, Principal, PrincipalKind};
use crate::model::json::{CaseEqualKeys, Json, NormalPath, PathAllowance, Reader};

/// A call to be digested; bodies that are JSON as their text.
#[derive(Clone, Debug, PartialEq)]
struct Call {
    texts: [String; 4],
    path: String,
    query: Option<String>,
    content_types: Vec<Vec<u8>>,
    mcp_params: Vec<(String, Vec<u8>)>,
    body: (Kind, String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Absent,
    Json,
    JsonRpc,
    Opaque,
}

impl Call {
    fn new(kind: Kind, body: &str) -> Self {
        Self {
            texts: ["acme", "agent-001", "files", "POST"].map(str::to_owned),
            path: "/mcp/files".to_owned(),
            query: None,
            content_types: Vec::new(),
            mcp_params: Vec::new(),
            body: (kind, body.to_owned()),
        }
    }

    fn digest(&self) -> CallDigest {
        let [tenant, id, route, method] = &self.texts;
        let principal = Principal::new(tenant.as_str(), id.as_str(), PrincipalKind::AiAgent);
        let content_types: Vec<&[u8]> = self.content_types.iter().map(Vec::as_slice).collect();
        let mcp_params: Vec<(&str, &[u8])> =
            self.mcp_params.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let reader = Reader { case_equal_keys: CaseEqualKeys::Allow, ..Reader::default() };
        let (kind, text) = &self.body;
        let json = match kind {
            Kind::Json | Kind::JsonRpc => reader.parse(text.as_bytes()).unwrap(),
            Kind::Absent | Kind::Opaque => Json::Null,
        };
        CallDigest::of(&DigestParts {
            principal: &principal,
            route,
            method,
            path: &NormalPath::parse(&self.path, PathAllowance::default()).unwrap(),
            query: self.query.as_deref(),
            content_types: &content_types,
            mcp_params: &mcp_params,
            body: match kind {
                Kind::Absent => DigestBody::Absent,
                Kind::Json => DigestBody::Json(&json),
                Kind::JsonRpc => DigestBody::JsonRpc(&json),
                Kind::Opaque => DigestBody::Opaque(text.as_bytes()),
            },
        })
    }
}

fn of_body(kind: Kind, text: &str) -> CallDigest {
    Call::new(kind, text).digest()
}

fn assert_all_differ(calls: &[Call]) {
    let mut seen = BTreeMap::new();
    for call in calls {
        if let Some(other) = seen.insert(call.digest(), call) {
            panic!("one digest for {call:?} and {other:?}");
        }
    }
}

const MESSAGE: &str = r#"{ "jsonrpc": "2.0", "id": 7, "method": "tools/call",
    "params": { "name": "delete_file", "_meta": { "progressToken": "t-1", "trace": "\u0041\/\n" },
    "arguments": { "path": "/srv/r\u00e9sum\u00e9.txt", "force": true, "size": 9007199254740993, "id": 1.50 } } }"#;

/// The digests were computed by a program of a few lines written after the table, with another language's SHA-256 and
/// JSON.
#[test]
fn is_what_the_table_says() {
    let mut call = Call::new(Kind::Absent, "");
    assert_eq!(call.digest().to_string(), "a21a6346583cf40b32cbcb4c524bd2980ad340be45690ce2eea509fa0791ea50");
    call.content_types = vec![b"text/plain".to_vec(), b"text/csv".to_vec()];
    call.body = (Kind::Opaque, "a,b\n1,2\n".to_owned());
    assert_eq!(call.digest().to_string(), "acb048f681e58524846d7870194fc9abe55a8af149eb480eb49995832e3b046f");
    call.content_types = vec![b"application/json".to_vec()];
    call.query = Some(String::new());
    call.body = (Kind::Json, MESSAGE.to_owned());
    assert_eq!(call.digest().to_string(), "ab9e5e8caffd453ea40bd3c00d9b05de71b82957e2c5d416c4c46a213a5ca7b4");
    call.query = Some("a=1&b=%20".to_owned());
    let params = [("Mcp-Param-Region", &b"eu"[..]), ("mcp-param-Account", b"\xff42")];
    call.mcp_params = params.map(|(name, value)| (name.to_owned(), value.to_vec())).to_vec();
    call.body = (Kind::JsonRpc, MESSAGE.to_owned());
    let digest = call.digest();
    assert_eq!(digest.to_string(), "ff5695b9c11da668503bf12e035c6fd14b2a9a4c594b92255e552557c4846aee");
    assert_eq!((digest.as_bytes()[0], digest.as_bytes()[31]), (0xff, 0xee));
    call.mcp_params.reverse();
    assert_eq!(call.digest(), digest);
}

/// Query, content types and `Mcp-Param-*` fields.
type Parts = (Option<&'static str>, &'static [&'static str], &'static [(&'static str, &'static str)]);

#[test]
fn near_misses_differ() {
    let values = "1 1.0 1e0 1E0 10 0 -0 -0.0 \"1\" null \"null\" true [] {} [1,2] [2,1] [[1],2] [12] [\"1,2\"] \
        {\"a\":null} {\"a\":{}} {\"a\":1,\"b\":2} {\"a\":2,\"b\":1} {\"a\":{\"b\":2}} {\"A\":1} \"\" \"\\u0000\" \
        9007199254740992 9007199254740993 \"é\" \"e\\u0301\" {\"id\":1} {\"id\":2}";
    let kinds = [Kind::Json, Kind::Opaque];
    let mut calls: Vec<Call> = values
        .split_whitespace()
        .flat_map(|value| kinds.map(|kind| Call::new(kind, value)))
        .chain(["{}", "[]", "null"].map(|value| Call::new(Kind::JsonRpc, value)))
        .chain([Call::new(Kind::Absent, ""), Call::new(Kind::Opaque, ""), Call::new(Kind::Opaque, "1 ")])
        .collect();
    let parts: [Parts; 12] = [
        (Some(""), &[], &[]),
        (Some("a"), &[], &[]),
        (Some("%61"), &[], &[]),
        (None, &[""], &[]),
        (None, &["a"], &[]),
        (None, &["a", "b"], &[]),
        (None, &["ab"], &[]),
        (None, &["b", "a"], &[]),
        (None, &[], &[("a", "b")]),
        (None, &[], &[("ab", "")]),
        (None, &[], &[("a", "b"), ("a", "c")]),
        (None, &[], &[("a", "c"), ("a", "b")]),
    ];
    calls.extend(parts.map(|(query, content_types, mcp_params)| Call {
        query: query.map(str::to_owned),
        content_types: content_types.iter().map(|value| value.as_bytes().to_vec()).collect(),
        mcp_params: mcp_params.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
        ..Call::new(Kind::Absent, "")
    }));
    assert_all_differ(&calls);
}

#[test]
fn only_the_marks_of_the_sending_are_left_out() {
    let same = of_body(Kind::JsonRpc, r#"{"params":{"_meta":{"a":1}}}"#);
    assert_eq!(same, of_body(Kind::JsonRpc, r#"{"id":[],"params":{"_meta":{"progressToken":{},"a":1}}}"#));
    let nothing = of_body(Kind::JsonRpc, r#"{"params":{"a":1}}"#);
    for says_nothing in [
        r#"{"params":{"a":1,"_meta":{}}}"#,
        r#"{"params":{"a":1,"_meta":{"progressToken":1}}}"#,
        r#"{"id":1,"params":{"a":1,"_meta":{"traceparent":"00-1","tracestate":"b=c","progressToken":"x"}}}"#,
    ] {
        assert_eq!(of_body(Kind::JsonRpc, says_nothing), nothing, "{says_nothing}");
    }
    assert_ne!(of_body(Kind::JsonRpc, r#"{"params":{"a":1,"_meta":{"progress":1}}}"#), nothing);
    assert_ne!(of_body(Kind::JsonRpc, r#"{"params":{"a":1,"_meta":null}}"#), nothing);
    let elsewhere = [
        r#"{"params":{"_meta":{"a":1,"id":1}}}"#,
        r#"{"params":{"_meta":{"a":1},"id":1}}"#,
        r#"{"params":{"_meta":{"a":1},"progressToken":1}}"#,
        r#"{"params":{"_meta":{"a":1},"arguments":{"id":1,"_meta":{"progressToken":1}}}}"#,
        r#"{"params":{"_meta":{"a":1},"arguments":{"id":2,"_meta":{"progressToken":1}}}}"#,
        r#"{"params":{"_meta":{"a":1},"arguments":{"id":1,"_meta":{"progressToken":2}}}}"#,
        r#"{"params":{"_meta":{"a":1}},"_meta":{"progressToken":1}}"#,
        r#"{"params":{"_meta":{"a":1}}}"#,
    ];
    assert_all_differ(&elsewhere.map(|text| Call::new(Kind::JsonRpc, text)));
}

/// What a JSON text means. Words are `null`, `true`, `false` and numbers.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Word(&'static str),
    Text(String),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
}

impl Tree {
    /// Writes the tree in one of many ways, chosen by `noise`.
    fn write(&self, noise: &mut dyn Iterator<Item = u8>, out: &mut String) {
        let space = |noise: &mut dyn Iterator<Item = u8>| {
            ["", "", " ", "\t", "\n", " \r\n "][usize::from(noise.next().unwrap_or(0) % 6)]
        };
        out.push_str(space(noise));
        match self {
            Self::Word(word) => out.push_str(word),
            Self::Text(text) => write_text(text, noise, out),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    item.write(noise, out);
                }
                out.push_str(if items.is_empty() { "[ ]" } else { "]" });
            }
            Self::Map(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_cached_key(|_| noise.next());
                for (index, (key, member)) in members.iter().enumerate() {
                    out.push(if index == 0 { '{' } else { ',' });
                    out.push_str(space(noise));
                    write_text(key, noise, out);
                    out.push_str(space(noise));
                    out.push(':');
                    member.write(noise, out);
                }
                out.push_str(if members.is_empty() { "{ }" } else { "}" });
            }
        }
        out.push_str(space(noise));
    }

    fn spelled(&self, noise: &[u8]) -> String {
        let mut out = String::new();
        self.write(&mut noise.iter().copied().cycle(), &mut out);
        out
    }

    /// Puts `other` in the place of the node number `place`, counted from the root down.
    fn replace(&mut self, place: &mut usize, other: &Self) {
        if *place == 0 {
            *self = other.clone();
        }
        *place = place.wrapping_sub(1);
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.replace(place, other)),
            Self::Map(members) => members.values_mut().for_each(|member| member.replace(place, other)),
            Self::Word(_) | Self::Text(_) => {}
        }
    }
}

fn write_text(text: &str, noise: &mut dyn Iterator<Item = u8>, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match (letter, noise.next().unwrap_or(0) % 3) {
            ('\n', 0) => out.push_str("\\n"),
            ('/' | '"' | '\\', 0) => out.extend(['\\', letter]),
            (_, 1) if letter != '"' && letter != '\\' && letter >= ' ' => out.push(letter),
            (_, upper) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let escape = if upper == 0 { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
                    out.push_str(&escape);
                }
            }
        }
    }
    out.push('"');
}

fn tree() -> impl Strategy<Value = Tree> {
    let words = vec!["null", "true", "false", "0", "-0", "1", "1.0", "1e0", "-1"];
    let text = || "[aA1/\"\\\\\né\u{1}\u{7f}\u{1f600}]{0,3}";
    let leaf = prop_oneof![select(words).prop_map(Tree::Word), text().prop_map(Tree::Text)];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Tree::List),
            btree_map(text(), inner, 0..4).prop_map(Tree::Map),
        ]
    })
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..40)
}

fn call() -> impl Strategy<Value = Call> {
    let few = || vec(vec(select(vec![b'a', b'b', 0xff]), 0..3), 0..3);
    let fields = vec(("[abAB]{1,2}", vec(any::<bool>().prop_map(u8::from), 0..2)), 0..3);
    let kinds = select(vec![Kind::Absent, Kind::Json, Kind::JsonRpc, Kind::Opaque]);
    let parts =
        (["[ab]{0,2}", "[ab]{0,2}", "[ab]{0,2}", "[ab]{0,2}"], "/[ab]{0,2}", prop::option::of("[ab]{0,2}"));
    (parts, few(), fields, kinds, select(vec!["1", "[1]", "\"1\"", "{\"a\":1}"])).prop_map(
        |((texts, path, query), content_types, mcp_params, kind, body)| {
            let body = (kind, if kind == Kind::Absent { String::new() } else { body.to_owned() });
            Call { texts, path, query, content_types, mcp_params, body }
        },
    )
}

proptest! {
    /// Neither the order of members nor whitespace nor escapes change a digest.
    #[test]
    fn one_meaning_has_one_digest(tree in tree(), one in noise(), other in noise()) {
        let (one, other) = (tree.spelled(&one), tree.spelled(&other));
        prop_assert_eq!(of_body(Kind::Json, &one), of_body(Kind::Json, &other), "{} {}", one, other);
    }

    /// One value changed anywhere in a body changes the digest.
    #[test]
    fn another_meaning_has_another(tree in tree(), mut place in 0..12_usize, other in tree(), noise in noise()) {
        let mut changed = tree.clone();
        changed.replace(&mut place, &other);
        let same = of_body(Kind::Json, &tree.spelled(&noise)) == of_body(Kind::Json, &changed.spelled(&noise));
        prop_assert_eq!(same, tree == changed, "{:?} {:?}", tree, changed);
    }

    /// A call sent again with another id and progress token is the same call; as plain JSON it is not.
    #[test]
    fn ids_and_tokens_do_not_count(arguments in tree(), ids in [tree(), tree()], tokens in [tree(), tree()], noise in noise()) {
        let message = |index: usize| {
            let map = |members: Vec<(&str, Tree)>| {
                Tree::Map(members.into_iter().map(|(key, member)| (key.to_owned(), member)).collect())
            };
            let meta = map(vec![("progressToken", tokens[index].clone()), ("x", Tree::Word("1"))]);
            let params = map(vec![("_meta", meta), ("arguments", arguments.clone())]);
            map(vec![("id", ids[index].clone()), ("params", params)]).spelled(&noise)
        };
        prop_assert_eq!(of_body(Kind::JsonRpc, &message(0)), of_body(Kind::JsonRpc, &message(1)));
        let same = of_body(Kind::Json, &message(0)) == of_body(Kind::Json, &message(1));
        prop_assert_eq!(same, ids[0] == ids[1] && tokens[0] == tokens[1]);
    }

    /// Every part counts: with one part of another call, the digest is the same only if that part was.
    #[test]
    fn every_part_counts(call in call(), other in call(), part in 0..9_usize) {
        let mut changed = call.clone();
        match part {
            0..4 => changed.texts[part].clone_from(&other.texts[part]),
            4 => changed.path.clone_from(&other.path),
            5 => changed.query.clone_from(&other.query),
            6 => changed.content_types.clone_from(&other.content_types),
            7 => changed.mcp_params.clone_from(&other.mcp_params),
            _ => changed.body.clone_from(&other.body),
        }
        let same = call.digest() == changed.digest();
        let sorted = |call: &Call| {
            let mut fields = call.mcp_params.clone();
            fields.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Call { mcp_params: fields, ..call.clone() }
        };
        prop_assert_eq!(same, sorted(&call) == sorted(&changed));
    }

    /// Where one part ends and the next begins counts, too.
    #[test]
    fn boundaries_count(text in "[ab]{6}", one in vec(0..=6_usize, 3), other in vec(0..=6_usize, 3)) {
        let split = |mut cuts: Vec<usize>| {
            cuts.sort_unstable();
            let texts = [0..cuts[0], cuts[0]..cuts[1], cuts[1]..cuts[2], cuts[2]..6];
            Call { texts: texts.map(|part| text.get(part).unwrap().to_owned()), ..Call::new(Kind::Absent, "") }
        };
        let (one, other) = (split(one), split(other));
        prop_assert_eq!(one.digest() == other.digest(), one == other);
    }

    /// One bit of a body that is not JSON changes the digest.
    #[test]
    fn every_byte_of_other_bodies_counts(text in "[ -~]{1,80}", at in any::<prop::sample::Index>()) {
        let mut bytes = text.clone().into_bytes();
        bytes[at.index(text.len())] ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert_ne!(of_body(Kind::Opaque, &text), of_body(Kind::Opaque, &changed));
    }
}
