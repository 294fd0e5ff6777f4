//! JSON that two readers could read differently, or one of them not at all.

/// What must be refused on every protocol and version of HTTP, by name.
pub fn refused_json() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    let utf_16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("duplicate key", text(r#"{"tool":"a","tool":"b"}"#)),
        ("escaped duplicate", text(r#"{"tool":"a","too\u006c":"b"}"#)),
        ("nested duplicate", text(r#"{"a":[{"b":{"c":1,"c":2}}]}"#)),
        ("case-equal keys", text(r#"{"tool":"a","Tool":"b"}"#)),
        ("keys equal with a long s", text("{\"\u{17f}cope\":1,\"scope\":2}")),
        ("keys equal with a dotted I", text("{\"\u{130}d\":1,\"id\":2}")),
        ("keys equal with a Kelvin sign", text("{\"\u{212a}\":1,\"k\":2}")),
        ("NaN", text(r#"{"a":NaN}"#)),
        ("Infinity", text(r#"{"a":-Infinity}"#)),
        ("byte order mark", text("\u{feff}{\"a\":1}")),
        ("UTF-16", utf_16),
        ("UTF-16 with mark", b"\xff\xfe{\0}\0".to_vec()),
        ("trailing data", text(r#"{"a":1} {"a":2}"#)),
        ("trailing NUL", text("{\"a\":1}\0")),
        ("depth", deep.into_bytes()),
        ("depth 10,000", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes()),
        ("invalid UTF-8", b"{\"a\":\"\xc3\x28\"}".to_vec()),
        ("overlong UTF-8", b"{\"a\":\"\xc0\xaf\"}".to_vec()),
        ("lone surrogate", text(r#"{"a":"\ud800"}"#)),
        ("reversed pair", text(r#"{"a":"\udc00\ud800"}"#)),
        ("over i64", text(r#"{"a":9223372036854775808}"#)),
        ("under i64", text(r#"{"a":-9223372036854775809}"#)),
        ("no finite double", text(r#"{"a":1e999}"#)),
        ("comment", text(r#"{"a":1/*x*/}"#)),
        ("trailing comma", text(r#"{"a":1,}"#)),
        ("leading zero", text(r#"{"a":01}"#)),
        ("raw newline", text("{\"a\":\"x\ny\"}")),
        ("cut off", text(r#"{"a":1"#)),
    ]
}
