//! What documents are read as, and what is refused where.

use proptest::prelude::*;

use crate::model::document::{Document, NodeValue, Outline, OverlayError, Part, Problems, Step};

fn parse(text: &str) -> Document {
    Document::parse("a.yaml", text).unwrap()
}

/// The problems of a text, one a line; "" when there are none.
fn check(text: &str) -> String {
    Document::parse("a.yaml", text).map_or_else(|problems| problems.to_string(), |_| String::new())
}

const SAMPLE: &str = "\
# a comment
stage: dev
routes:
  - name: files
    upstream: {connect_ms: 5, \"read ms\": [1, 2.5]}
  - name: crm
    empty:
";

#[test]
fn every_key_and_value_has_its_place() {
    let document = parse(SAMPLE);
    let cases = [
        ("", "a.yaml:2:1", "a.yaml:2:1", ""),
        ("/stage", "a.yaml:2:8", "a.yaml:2:1", "stage"),
        ("/routes", "a.yaml:4:3", "a.yaml:3:1", "routes"),
        ("/routes/0", "a.yaml:4:5", "a.yaml:4:5", "routes[0]"),
        ("/routes/0/name", "a.yaml:4:11", "a.yaml:4:5", "routes[0].name"),
        ("/routes/0/upstream/connect_ms", "a.yaml:5:28", "a.yaml:5:16", "routes[0].upstream.connect_ms"),
        ("/routes/0/upstream/read ms/1", "a.yaml:5:46", "a.yaml:5:46", "routes[0].upstream[\"read ms\"][1]"),
        ("/routes/1/name", "a.yaml:6:11", "a.yaml:6:5", "routes[1].name"),
        ("/routes/1/missing", "a.yaml:6:5", "a.yaml:6:5", "routes[1].missing"),
    ];
    for (pointer, value, key, path) in cases {
        assert_eq!(document.place(pointer).to_string(), value, "value of {pointer}");
        assert_eq!(document.key_place(pointer).to_string(), key, "key of {pointer}");
        assert_eq!(document.path(pointer), path, "path of {pointer}");
    }
    assert_eq!(document.key_place("/routes/1/empty").to_string(), "a.yaml:7:5");
}

#[test]
fn values_are_those_of_the_core_schema() {
    let text = "[true, off, yes, 0755, 1_000, 0x1F, -5, 18446744073709551615, 1.5, ~, '1', .5, 12e1, !!str 5, 2020-01-01]";
    let expected = serde_json::json!([
        true,
        "off",
        "yes",
        "0755",
        "1_000",
        31,
        -5,
        18_446_744_073_709_551_615_u64,
        1.5,
        null,
        "1",
        0.5,
        120.0,
        "5",
        "2020-01-01"
    ]);
    assert_eq!(parse(text).to_json(), expected);
}

#[test]
fn json_and_empty_texts_are_documents() {
    assert_eq!(parse(r#"{"a": [1, "x"]}"#).to_json(), serde_json::json!({"a": [1, "x"]}));
    for text in ["", "\n# only a comment\n", "---\n", "~"] {
        assert_eq!(parse(text).to_json(), serde_json::Value::Null, "{text:?}");
    }
}

#[test]
fn what_is_refused_names_its_place() {
    let cases = [
        (
            "a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\n",
            "a.yaml:3:1: the key \"a\" is written twice; the first one is at line 1\na.yaml:4:11: the key \"x\" is written twice; the first one is at line 4",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "a.yaml:3:1: several YAML documents in one text (a line \"---\"): only one is read",
        ),
        ("a: *b\n", "a.yaml:1:4: the alias names an anchor that is not defined before it"),
        ("a: &a [*a]\n", "a.yaml:1:8: the alias stands inside the value it repeats"),
        ("a: !ruby/object:X {b: 1}\n", "a.yaml:1:19: a tag that is not supported"),
        ("a: !!binary aGk=\n", "a.yaml:1:13: the tag \"tag:yaml.org,2002:binary\" is not supported"),
        ("a: !!timestamp 2020-01-01\n", "a.yaml:1:16: the value does not fit its tag"),
        ("a: &b {c: 1}\nd:\n  <<: *b\n", "a.yaml:3:3: merge keys (<<) are not supported: write the keys out"),
        ("a: .nan\n", "a.yaml:1:4: not a finite number"),
        ("a: 1e999\n", "a.yaml:1:4: not a finite number"),
        ("{a: 1}: 2\n", "a.yaml:1:1: a key must be a string"),
        ("a: !!int x\n", "a.yaml:1:10: the value does not fit its tag"),
    ];
    for (text, expected) in cases {
        assert_eq!(check(text), expected, "{text:?}");
    }
    for text in ["a: [1", "a: \"x", "a:\n\tb: 1\n", "a: b: c", "- a\nb: 1\n", "%", "\u{0}"] {
        let problems = check(text);
        assert!(
            problems.contains("not valid YAML") && problems.starts_with("a.yaml:1:")
                || problems.starts_with("a.yaml:2:"),
            "{text:?}: {problems}"
        );
    }
}

#[test]
fn depth_size_and_aliases_are_bounded() {
    let deep = "[".repeat(33) + &"]".repeat(33);
    assert!(check(&deep).contains("nested deeper than 32 levels"), "{}", check(&deep));
    assert_eq!(check(&("[".repeat(32) + &"]".repeat(32))), "");
    let indented = (0..40).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    assert!(check(&indented).contains("nested deeper"), "{}", check(&indented));

    let long = "x".repeat(9 * 1024 * 1024);
    assert!(check(&long).contains("bytes, more than 8388608"));
    let wide = format!("[{}]", "a,".repeat(600_000));
    assert!(check(&wide).contains("more than 500000 values"), "{}", check(&wide));

    let laughs = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        let item = format!("*a{}", n - 1);
        format!("{text}a{n}: &a{n} [{}]\n", [item.as_str(); 10].join(", "))
    });
    assert!(check(&laughs).contains("alias"), "{}", check(&laughs));
    let heavy = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(50));
    assert!(check(&heavy).contains("bytes of keys and values"), "{}", check(&heavy));
}

/// Reads `kept` with what is directly in it, and `list` with its elements.
struct Parts;

struct Inner;

impl Outline for Parts {
    type Below = Inner;
    type Beside = Elements;

    fn part(key: &str) -> Part {
        match key {
            "kept" => Part::Below,
            "list" => Part::Beside,
            "flat" => Part::Scalar,
            _ => Part::Nothing,
        }
    }
}

impl Outline for Inner {
    type Below = Self;
    type Beside = Self;

    fn part(_key: &str) -> Part {
        Part::Scalar
    }
}

struct Elements;

impl Outline for Elements {
    type Below = Inner;
    type Beside = Inner;
    const ELEMENTS: bool = true;

    fn part(_key: &str) -> Part {
        Part::Nothing
    }
}

#[test]
fn of_a_document_that_is_read_in_part_the_rest_is_skipped() {
    let read = |text: &str| Document::parse_in_part::<Parts>("a.yaml", text);
    let document =
        read("x: &x {kept: 1}\nkept: {a: 1, b: {c: 2}, d: [3]}\nlist: [{e: 4}, [5]]\nflat: [6, 7]\n")
            .unwrap();
    let expected = serde_json::json!({"kept": {"a": 1, "b": {}, "d": [null]}, "list": [{"e": 4}, [null]], "flat": [null, null]});
    assert_eq!(document.to_json(), expected);
    assert_eq!(document.place("/list/0/e").to_string(), "a.yaml:3:12");
    let message = |text: &str| read(text).map_or_else(|problems| problems.to_string(), |_| String::new());
    assert_eq!(message("x: {y: 1, y: 2, 3: 4}"), "", "what is skipped is not judged");
    assert!(message("kept: {y: 1, y: 2}").contains("the key \"y\" is written twice"));
    assert!(message("x: [1").contains("not valid YAML"));
    assert!(message("x: !secret 1").contains("tag"), "{}", message("x: !secret 1"));
    // In half the stack of an ordinary thread.
    let nested = |levels: usize| format!("x: {}1{}", "{a: ".repeat(levels), "}".repeat(levels));
    let deep = nested(95);
    let reading = move || Document::parse_in_part::<Parts>("a.yaml", &deep).map(drop);
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(reading).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(()));
    assert!(message(&nested(96)).contains("nested deeper than 96 levels"), "{}", message(&nested(96)));
    let indented = (0..120).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    assert!(message(&indented).contains("nested deeper than 96 levels"), "{}", message(&indented));
    let wide = |count: usize| format!("x: [{}]", "a,".repeat(count));
    assert_eq!(message(&wide(1_900_000)), "");
    assert!(message(&wide(2_100_000)).contains("more than 2000000 values"));
}

#[test]
fn an_alias_stands_where_it_is_used() {
    let document = parse("a: &a {k: 1}\nb: *a\n");
    assert_eq!(document.to_json(), serde_json::json!({"a": {"k": 1}, "b": {"k": 1}}));
    assert_eq!(document.place("/b").to_string(), "a.yaml:2:4");
}

#[test]
fn an_overlay_replaces_adds_and_names_its_source() {
    let mut document = parse(SAMPLE);
    let value = |text: &str| Document::parse("AEGIS_X__Y", text).unwrap();
    let key = |name: &str| Step::Key(name.to_owned());

    document.overlay(&[key("routes"), Step::Index(0), key("NAME")], value("other")).unwrap();
    assert_eq!(document.node("/routes/0/name").unwrap().text(), Some("other"));
    assert_eq!(document.place("/routes/0/name").to_string(), "AEGIS_X__Y");
    assert_eq!(document.place("/routes/0/upstream").to_string(), "a.yaml:5:15");

    document.overlay(&[key("routes"), Step::Index(2), key("name")], value("third")).unwrap();
    assert_eq!(document.path("/routes/2/name"), "routes[2].name");
    document.overlay(&[key("gateway"), key("listen"), Step::Index(0), key("address")], value("x")).unwrap();
    assert_eq!(document.to_json()["gateway"], serde_json::json!({"listen": [{"address": "x"}]}));

    let before = document.to_json();
    let error = document.overlay(&[key("stage"), key("x")], value("1"));
    assert_eq!(error, Err(OverlayError::NotMapping(1)));
    let error = document.overlay(&[key("routes"), Step::Index(7)], value("1"));
    assert_eq!(error, Err(OverlayError::BeyondEnd(1)));
    assert_eq!(document.to_json(), before);
}

#[test]
fn removing_takes_entries_and_elements() {
    let mut document = parse("{a: {b: 1, c: 2}, d: [1, 2]}");
    assert_eq!(document.remove("/a/b").map(|node| node.value), Some(NodeValue::Number(1.into())));
    assert!(document.remove("/d/0").is_some());
    assert!(
        document.remove("/d/9").is_none()
            && document.remove("/x/y").is_none()
            && document.remove("").is_none()
    );
    assert_eq!(document.to_json(), serde_json::json!({"a": {"c": 2}, "d": [2]}));
    document.blank("/d/0");
    document.blank("/x/0");
    assert_eq!(document.to_json(), serde_json::json!({"a": {"c": 2}, "d": [null]}));
}

#[test]
fn problems_are_sorted_and_each_shown_once() {
    let document = parse(SAMPLE);
    let list = vec![
        document.problem("/routes/1/name", "late"),
        document.problem("/stage", "early"),
        document.problem("/stage", "early").clone(),
        document.key_problem("/stage", "key").with_hint("a hint"),
    ];
    let problems = Problems::from_list(list).unwrap();
    assert_eq!(
        problems.to_string(),
        "a.yaml:2:1: stage: key; a hint\na.yaml:2:8: stage: early\na.yaml:6:11: routes[1].name: late"
    );
    assert_eq!(Problems::from_list(Vec::new()), None);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        let _ = Document::parse("a.yaml", &text);
    }

    #[test]
    fn yaml_like_text_never_panics(text in "[-a-c&*!:{}\\[\\]|>'\"#%~?, \n\t0-9.]{0,60}") {
        let _ = Document::parse("a.yaml", &text);
    }

    #[test]
    fn pointers_never_panic(pointer in "[a-z0-9/~]{0,20}") {
        let mut document = parse(SAMPLE);
        let _ = (document.place(&pointer), document.key_place(&pointer), document.path(&pointer));
        let _ = document.remove(&pointer);
    }
}

#[test]
fn a_lenient_reader_merges_and_takes_the_last_of_equal_keys() {
    let text = "rules:\n- &r {name: a, type: q}\n- {<<: *r, name: b, name: c}\n";
    assert!(Document::parse("x", text).is_err());
    let document = Document::parse_lenient("x", text).unwrap();
    let expected = serde_json::json!({"rules": [{"name": "a", "type": "q"}, {"name": "c", "type": "q"}]});
    assert_eq!(document.to_json(), expected);
}
