//! JSON bodies: redaction and tool lists.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::json::JsonErrorKind;
use crate::response::tests::support::{JSON, hiding, listing, rpc, whole};
use crate::response::{ListKind, ResponseError, ResponseHead, ResponsePlan};

const HIDDEN: &str = "[REDACTED]";

#[test]
fn pointers_lead_to_what_is_hidden() {
    let body = r#"{"a":{"b":1,"c":[1,{"d":"x"},{"d":2}]},"a/b":3,"m~n":4,"*":5,"":6,"01":7}"#;
    for (pointers, expected) in [
        (vec!["/a/b"], body.replace("\"b\":1", "\"b\":\"[REDACTED]\"")),
        (vec!["/a/c/0"], body.replace("[1,", "[\"[REDACTED]\",")),
        (
            vec!["/a/c/*/d"],
            body.replace("{\"d\":\"x\"},{\"d\":2}", "{\"d\":\"[REDACTED]\"},{\"d\":\"[REDACTED]\"}"),
        ),
        (vec!["/a~1b", "/m~0n"], body.replace(":3", ":\"[REDACTED]\"").replace(":4", ":\"[REDACTED]\"")),
        (vec!["/"], body.replace(":6", ":\"[REDACTED]\"")),
        (vec!["/a", "/a/b"], body.replace("{\"b\":1,\"c\":[1,{\"d\":\"x\"},{\"d\":2}]}", "\"[REDACTED]\"")),
        (vec!["/a/b", "/a"], body.replace("{\"b\":1,\"c\":[1,{\"d\":\"x\"},{\"d\":2}]}", "\"[REDACTED]\"")),
    ] {
        assert_eq!(whole(&hiding(&pointers), JSON, body).unwrap(), expected, "{pointers:?}");
    }
    let everything = whole(&hiding(&["/*"]), JSON, body).unwrap();
    let everything: Value = serde_json::from_str(&everything).unwrap();
    assert!(everything.as_object().unwrap().values().all(|value| value == HIDDEN), "{everything}");
    // What leads nowhere changes nothing, not even a space.
    let spaced = "{ \"a\" : [1, 2.50, 1e3, 18446744073709551615, \"\\u00e9\"] }\n";
    for pointer in ["/b", "/A", "/a/5", "/a/00", "/a/-", "/a/b", "/a/0/x", "/a/*/x"] {
        assert_eq!(whole(&hiding(&[pointer]), JSON, spaced).unwrap(), spaced, "{pointer}");
    }
    let changed = whole(&hiding(&["/a/0"]), JSON, spaced).unwrap();
    assert_eq!(changed, "{\"a\":[\"[REDACTED]\",2.50,1e3,18446744073709551615,\"\\u00e9\"]}");
    assert_eq!(whole(&hiding(&["/0"]), JSON, "\"text\"").unwrap(), "\"text\"");
}

#[test]
fn mcp_pointers_start_at_each_result_and_at_the_data_of_each_error() {
    let plan = rpc(&["/structuredContent/ssn"]);
    let result =
        |ssn: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"structuredContent":{{"ssn":{ssn}}}}}}}"#);
    let (before, after) = (result("\"1-2\""), result("\"[REDACTED]\""));
    assert_eq!(whole(&plan, JSON, &before).unwrap(), after);
    assert_eq!(
        whole(&plan, JSON, &format!("[{before},{{\"id\":2}},{before}]")).unwrap(),
        format!("[{after},{{\"id\":2}},{after}]")
    );
    let error = before.replace("\"result\":", "\"error\":{\"code\":1,\"data\":") + "}";
    assert_eq!(whole(&plan, JSON, &error).unwrap(), error.replace("1-2", "[REDACTED]"));
    for untouched in [
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#,
        r#"{"structuredContent":{"ssn":"1-2"}}"#,
        "[]",
        "3",
    ] {
        assert_eq!(whole(&plan, JSON, untouched).unwrap(), untouched);
    }
}

#[test]
fn answers_that_can_be_read_in_two_ways_do_not_pass() {
    let plan = hiding(&["/a"]);
    for (body, kind) in [
        ("{\"a\":1,\"a\":2}", JsonErrorKind::DuplicateKey),
        ("{\"a\":1} {}", JsonErrorKind::TrailingData),
        ("\u{feff}{}", JsonErrorKind::ByteOrderMark),
        ("{\"a\":NaN}", JsonErrorKind::UnexpectedCharacter),
        ("{\"a\":", JsonErrorKind::UnexpectedEnd),
        (&"[".repeat(65), JsonErrorKind::TooDeep),
    ] {
        let Err(ResponseError::Json(error)) = whole(&plan, JSON, body) else { panic!("{body} passes") };
        assert!(error.kind == kind || body.contains("NaN"), "{body}: {error}");
    }
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(whole(&plan, JSON, &deep).unwrap(), deep);
    // Data may have names that differ in case.
    assert_eq!(whole(&plan, JSON, "{\"a\":1,\"A\":2}").unwrap(), "{\"a\":\"[REDACTED]\",\"A\":2}");
}

fn list(tools: &str, rest: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{tools}{rest}}}}}"#)
}

#[test]
fn lists_lose_what_is_hidden_and_nothing_else() {
    let tools = r#"[{"name":"read","inputSchema":{"maximum":1.0}},{"name":"hidden_a"},{"name":"write"},{"title":"x"},{"name":3},"read"]"#;
    let rest =
        r#","nextCursor":"c","ttlMs":300000,"cacheScope":"public","_meta":{"tools":[{"name":"hidden"}]}"#;
    let expected = list(
        r#"[{"name":"read","inputSchema":{"maximum":1.0}},{"name":"write"}]"#,
        &rest.replace("public", "private"),
    );
    for kind in [ListKind::Answer, ListKind::Replay] {
        assert_eq!(whole(&listing(kind), JSON, &list(tools, rest)).unwrap(), expected);
        let batch = |message: &str| format!("[{{\"method\":\"notifications/x\"}},{message}]");
        assert_eq!(whole(&listing(kind), JSON, &batch(&list(tools, rest))).unwrap(), batch(&expected));
    }
    // Nothing hidden: as it came, but for what it says of who else may see it.
    let shown = "[ {\"name\" : \"read\"} ]";
    assert_eq!(whole(&listing(ListKind::Answer), JSON, &list(shown, "")).unwrap(), list(shown, ""));
    let private = ",\"cacheScope\":\"private\"";
    assert_eq!(whole(&listing(ListKind::Answer), JSON, &list(shown, private)).unwrap(), list(shown, private));
    for scope in ["\"public\"", "\"Public\"", "null", "{}"] {
        let rest = format!(",\"cacheScope\":{scope}");
        let out = whole(&listing(ListKind::Answer), JSON, &list(shown, &rest)).unwrap();
        assert_eq!(out, list("[{\"name\":\"read\"}]", private), "{scope}");
    }
    // Two tools that would share what is told of them are both looked at before either is judged.
    let twice = r#"[{"name":"twin"},{"name":"b"},{"name":"twin"}]"#;
    assert_eq!(
        whole(&listing(ListKind::Answer), JSON, &list(twice, "")).unwrap(),
        list("[{\"name\":\"b\"}]", "")
    );
    // An error is no list.
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#;
    let head = ResponseHead { status: 400, ..JSON };
    assert_eq!(whole(&listing(ListKind::Answer), head, error).unwrap(), error);
}

#[test]
fn a_list_that_cannot_be_told_does_not_pass() {
    let answer = |body: &str| whole(&listing(ListKind::Answer), JSON, body);
    for tools in ["{}", "\"x\"", "1", "{\"a\":{\"name\":\"hidden\"}}"] {
        assert_eq!(answer(&list(tools, "")), Err(ResponseError::NotAList), "{tools}");
    }
    for body in [
        list("[]", ",\"Tools\":[]"),
        r#"{"result":{"TOOLS":[{"name":"hidden"}]}}"#.to_owned(),
        r#"{"Result":{"tools":[{"name":"hidden"}]}}"#.to_owned(),
        "{\"re\u{17f}ult\":{\"tools\":[{\"name\":\"hidden\"}]}}".to_owned(),
        r#"{"result":{},"RESULT":{"tools":[{"name":"hidden"}]}}"#.to_owned(),
        list("[]", ",\"cachescope\":\"public\""),
    ] {
        assert_eq!(answer(&body), Err(ResponseError::Ambiguous), "{body}");
    }
    for tool in [r#"{"Name":"read"}"#, r#"{"name":"read","NAME":"hidden"}"#] {
        assert_eq!(answer(&list(&format!("[{tool}]"), "")).unwrap(), list("[]", ""), "{tool}");
    }
    assert_eq!(answer(&list("null", "")).unwrap(), list("null", ""));
    // Elsewhere `tools` may be something else.
    for tools in ["{}", "[]", "[\"hidden\"]", "null"] {
        let body = list(tools, "");
        assert_eq!(whole(&listing(ListKind::Replay), JSON, &body).unwrap(), body);
    }
}

#[test]
fn a_list_can_be_filtered_and_redacted() {
    let list_filter = listing(ListKind::Answer).list;
    let plan = ResponsePlan { list: list_filter, ..rpc(&["/tools/*/description"]) };
    let tools = r#"[{"name":"hidden"},{"name":"a","description":"x"}]"#;
    let expected = list(r#"[{"name":"a","description":"[REDACTED]"}]"#, "");
    assert_eq!(whole(&plan, JSON, &list(tools, "")).unwrap(), expected);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[a-c\"\\\\\u{e9}\n]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "0", "1", "*", "~"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(keys, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Redaction as simply as it can be said.
fn naive(value: &mut Value, tokens: &[&str]) {
    let Some((token, rest)) = tokens.split_first() else {
        *value = HIDDEN.into();
        return;
    };
    let name = token.replace("~1", "/").replace("~0", "~");
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if *token == "*" || index.to_string() == name {
                    naive(item, rest);
                }
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                if *token == "*" || *key == name {
                    naive(member, rest);
                }
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn redaction_agrees_with_the_naive_reading(
        mut before in value(),
        pointers in prop::collection::vec(prop::collection::vec(prop::sample::select(vec!["a", "b", "0", "1", "*", "~0", "00"]), 1..4), 0..3),
    ) {
        let texts: Vec<String> = pointers.iter().map(|tokens| format!("/{}", tokens.join("/"))).collect();
        let plan = hiding(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let after = whole(&plan, JSON, &before.to_string()).unwrap();
        for tokens in &pointers {
            naive(&mut before, tokens);
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), before);
    }

    #[test]
    fn lists_agree_with_the_naive_reading(
        tools in prop::collection::vec(prop_oneof![
            value(),
            prop::sample::select(vec!["read", "write", "hidden", "hidden2", "twin", ""])
                .prop_flat_map(|name| value().prop_map(move |schema| json!({"inputSchema": schema, "name": name}))),
        ], 0..6),
        scope in prop::option::of(prop::sample::select(vec!["public", "private"])),
        extra in value(),
    ) {
        let mut message = json!({"jsonrpc": "2.0", "id": extra, "result": {"tools": tools, "nextCursor": extra}});
        if let Some(scope) = scope {
            message["result"]["cacheScope"] = scope.into();
        }
        let after = whole(&listing(ListKind::Answer), JSON, &message.to_string()).unwrap();
        let twins = tools.iter().filter(|tool| tool["name"] == "twin").count();
        let shown = |name: &str| !name.starts_with("hidden") && (name != "twin" || twins == 1);
        let kept: Vec<&Value> = tools.iter().filter(|tool| tool["name"].as_str().is_some_and(shown)).collect();
        message["result"]["tools"] = json!(kept);
        if scope.is_some() {
            message["result"]["cacheScope"] = "private".into();
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), message);
    }
}
