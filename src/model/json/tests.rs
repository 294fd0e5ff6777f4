//! What the strict reader takes and refuses.

use proptest::prelude::*;

use crate::model::json::{
    CaseEqualKeys, Json, JsonErrorKind as Kind, NormalPath, Number, NumberValue, PathAllowance, PathError,
    Reader, write_json,
};

fn parse(text: &[u8]) -> Result<Json<'_>, Kind> {
    Reader::default().parse(text).map_err(|error| error.kind)
}

#[test]
fn refuses_everything_parsers_disagree_on() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (text, kind) in [
        (&b"\xef\xbb\xbf{}"[..], Kind::ByteOrderMark),
        (b"", Kind::UnexpectedEnd),
        (b"{} {}", Kind::TrailingData),
        (b"{}\0", Kind::TrailingData),
        (b"\"\xff\"", Kind::InvalidUtf8),
        (b"\xff\xfe{\0}\0", Kind::InvalidUtf8),
        (br#"{"a":1,"a":2}"#, Kind::DuplicateKey),
        (br#"{"a":1,"\u0061":2}"#, Kind::DuplicateKey),
        (br#"{"x":{"a":1,"b":2,"a":3}}"#, Kind::DuplicateKey),
        (br#"{"name":1,"Name":2}"#, Kind::CaseEqualKeys),
        ("{\"k\":1,\"\u{212a}\":2}".as_bytes(), Kind::CaseEqualKeys),
        ("{\"stra\u{df}e\":1,\"STRA\u{1e9e}E\":2}".as_bytes(), Kind::CaseEqualKeys),
        (b"NaN", Kind::InvalidNumber),
        (b"[Infinity]", Kind::InvalidNumber),
        (b"[-Infinity]", Kind::InvalidNumber),
        (b"1e999", Kind::NotFinite),
        (b"9223372036854775808", Kind::IntegerRange),
        (b"01", Kind::InvalidNumber),
        (b"1.", Kind::InvalidNumber),
        (b"+1", Kind::UnexpectedCharacter),
        (br#""\ud800""#, Kind::LoneSurrogate),
        (br#""\udc00""#, Kind::LoneSurrogate),
        (br#""\ud800\u0041""#, Kind::LoneSurrogate),
        (br#""\x41""#, Kind::InvalidEscape),
        (b"\"a\nb\"", Kind::ControlCharacter),
        (b"{'a':1}", Kind::UnexpectedCharacter),
        (b"[1,]", Kind::UnexpectedCharacter),
        (b"{\"a\":1,}", Kind::UnexpectedCharacter),
        (b"// c\n{}", Kind::UnexpectedCharacter),
        (b"[1", Kind::UnexpectedEnd),
        (deep.as_bytes(), Kind::TooDeep),
    ] {
        assert_eq!(parse(text), Err(kind), "{}", String::from_utf8_lossy(&text[..text.len().min(40)]));
    }
}

#[test]
fn answers_may_hold_integers_of_any_size_that_is_a_number() {
    let text = b"[18446744073709551615,-9223372036854775809,1e2,7]";
    assert_eq!(parse(text), Err(Kind::IntegerRange));
    let answer = Reader::default().parse_answer(text).unwrap();
    let mut written = Vec::new();
    write_json(&answer, &|_| false, &mut written);
    assert_eq!(written, text, "the text of a number is kept");
    let Json::Array(items) = answer else { panic!("not an array") };
    assert_eq!(
        items[0],
        Json::Number(Number {
            text: "18446744073709551615",
            value: NumberValue::Decimal(18446744073709551615.0)
        })
    );
    assert_eq!(items[3], Json::Number(Number { text: "7", value: NumberValue::Integer(7) }));
    let refused = |text: &[u8]| Reader::default().parse_answer(text).unwrap_err().kind;
    assert_eq!(refused("9".repeat(400).as_bytes()), Kind::NotFinite);
    assert_eq!(refused(b"{\"a\":1,\"a\":2}"), Kind::DuplicateKey);
    assert_eq!(refused(b"01"), Kind::InvalidNumber);
}

#[test]
fn finds_duplicates_among_many_keys() {
    let mut members: Vec<String> = (0..40).map(|index| format!("\"k{index}\":{index}")).collect();
    members.push("\"k7\":0".to_owned());
    assert_eq!(parse(format!("{{{}}}", members.join(",")).as_bytes()), Err(Kind::DuplicateKey));
    *members.last_mut().unwrap() = "\"K7\":0".to_owned();
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(parse(text.as_bytes()), Err(Kind::CaseEqualKeys));
    let lenient = Reader { case_equal_keys: CaseEqualKeys::Allow, ..Reader::default() };
    assert!(lenient.parse(text.as_bytes()).is_ok());
}

#[test]
fn keeps_depth_and_number_text_exactly() {
    let at_limit = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert!(parse(at_limit.as_bytes()).is_ok());
    assert_eq!(parse(format!("[{at_limit}]").as_bytes()), Err(Kind::TooDeep));
    let Ok(Json::Number(number)) = parse(b" 1.50e1 ") else { panic!("not a number") };
    assert_eq!((number.text, number.value), ("1.50e1", NumberValue::Decimal(15.0)));
}

#[test]
fn redacts_by_key_at_any_depth() {
    let value = parse(br#"{"a":[{"Token":"x","n":1.50}],"b":"q\u00e9"}"#).unwrap();
    let mut out = Vec::new();
    write_json(&value, &|key| key.eq_ignore_ascii_case("token"), &mut out);
    assert_eq!(out, br#"{"a":[{"Token":"[REDACTED]","n":1.50}],"b":"q\u00e9"}"#);
}

#[test]
fn pointers_follow_rfc_6901() {
    let value = parse(br#"{"a/b":[{"m~n":1}],"":2}"#).unwrap();
    assert!(value.pointer("/a~1b/0/m~0n").is_some());
    assert!(value.pointer("/").is_some());
    assert!(value.pointer("/a~1b/00").is_none());
    assert!(value.pointer("a").is_none());
}

#[test]
fn paths_are_refused_or_spelled_one_way() {
    let strict = PathAllowance::default();
    for (raw, expected) in [
        ("/crm/contacts/42", Ok("/crm/contacts/42")),
        ("/", Ok("/")),
        ("//crm///contacts/", Ok("/crm/contacts/")),
        ("/crm/%7Eann/%63", Ok("/crm/~ann/c")),
        ("/a%3fb", Ok("/a%3Fb")),
        ("/caf%C3%A9", Ok("/caf%C3%A9")),
        ("/a%2Fb", Err(PathError::EncodedSlash)),
        ("/a%5cb", Err(PathError::Backslash)),
        ("/a\\b", Err(PathError::Backslash)),
        ("/a%00", Err(PathError::ControlCharacter)),
        ("/a%0d%0a", Err(PathError::ControlCharacter)),
        ("/a%252e", Err(PathError::EncodedPercent)),
        ("/a;b", Err(PathError::Semicolon)),
        ("/a%3Bb", Err(PathError::Semicolon)),
        ("/a/../b", Err(PathError::DotSegment)),
        ("/a/%2e%2E/b", Err(PathError::DotSegment)),
        ("/./a", Err(PathError::DotSegment)),
        ("/a%zz", Err(PathError::MalformedEncoding)),
        ("/a%f", Err(PathError::MalformedEncoding)),
        ("/a%ff", Err(PathError::InvalidUtf8)),
        ("/a b", Err(PathError::UnencodedByte)),
        ("*", Err(PathError::NotAbsolute)),
    ] {
        let path = NormalPath::parse(raw, strict);
        assert_eq!(path.as_ref().map(NormalPath::spelling).map_err(|error| *error), expected, "{raw}");
    }
    let wide = PathAllowance { semicolon: true, encoded_slash: true };
    for raw in ["/a/..;x", "/a%2F..%2Fb", "/a%2F.", "/.;a%2Fb"] {
        assert_eq!(NormalPath::parse(raw, wide), Err(PathError::DotSegment), "{raw}");
    }
    let path = NormalPath::parse("/a%2Fb;c", wide).unwrap();
    assert_eq!((path.spelling(), path.segments()[0].as_ref()), ("/a%2Fb;c", "a/b;c"));
}

proptest! {
    /// A string ends where its first special character is, wherever that falls in a word.
    #[test]
    fn strings_end_where_they_end(plain in "[ -!#-\\[\\]-~é\u{80}-\u{2fff}]{0,40}", end in prop::sample::select(vec!["\"", "\\", "\u{1}", "\u{1f}"])) {
        let text = format!("\"{plain}{end}");
        let expected = match end {
            "\"" => Ok(plain.clone()),
            "\\" => Err(Kind::UnexpectedEnd),
            _ => Err(Kind::ControlCharacter),
        };
        let read = parse(text.as_bytes()).map(|value| value.as_str().unwrap_or_default().to_owned());
        prop_assert_eq!(read, expected);
    }

    /// Whatever the strict reader takes, the usual reader takes too, and reads the same.
    #[test]
    fn agrees_with_serde_json(text in r#"[\[\]{}:,"\\ 0-9a-c.eE+\-]{0,40}"#) {
        if let Ok(value) = Reader::default().parse(text.as_bytes()) {
            let mut out = Vec::new();
            write_json(&value, &|_| false, &mut out);
            let ours: serde_json::Value = serde_json::from_slice(&out).unwrap();
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(ours, theirs);
        }
    }

    /// A normal path's spelling is its own normal form: judging it again changes nothing.
    #[test]
    fn spelling_is_a_fixed_point(raw in "/[a-z%0-9A-F./;~:@é]{0,24}") {
        if let Ok(path) = NormalPath::parse(&raw, PathAllowance { semicolon: true, encoded_slash: true }) {
            let again = NormalPath::parse(path.spelling(), PathAllowance { semicolon: true, encoded_slash: true });
            let again = again.unwrap();
            prop_assert_eq!(again.spelling(), path.spelling());
            prop_assert_eq!(again.segments(), path.segments());
        }
    }
}
