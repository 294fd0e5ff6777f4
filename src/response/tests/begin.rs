//! What a plan means for which answers.

use bytes::Bytes;

use crate::response::tests::support::{EVENTS, JSON, hiding, listing, rpc, run, whole};
use crate::response::{
    ListKind, Mode, ReadLimits, ResponseError, ResponseFilter, ResponseHead, ResponsePlan,
};

fn at_most(max_bytes: u64) -> ResponsePlan {
    ResponsePlan { max_bytes: Some(max_bytes), ..ResponsePlan::default() }
}

fn mode(plan: &ResponsePlan, head: ResponseHead<'_>) -> Result<&'static str, ResponseError> {
    ResponseFilter::begin(plan, head).map(|mode| match mode {
        Mode::Untouched => "untouched",
        Mode::Streaming(_) => "streaming",
        Mode::Whole(_) => "whole",
    })
}

#[test]
fn the_head_says_what_is_done() {
    let other = |content_type| ResponseHead { content_type: Some(content_type), ..JSON };
    let lengthy = |content_length| ResponseHead { content_length: Some(content_length), ..JSON };
    let failing = |status, content_type| ResponseHead { status, content_type, ..JSON };
    let coded = |coding| ResponseHead { content_encoding: Some(coding), ..JSON };
    let bare = ResponseHead { content_type: None, ..JSON };
    let reading = hiding(&["/a"]);
    for (head, expected) in [
        (JSON, Ok("whole")),
        (other("Application/Problem+JSON ; charset=utf-8"), Ok("whole")),
        (EVENTS, Ok("streaming")),
        (other("TEXT/event-stream;charset=utf-8"), Ok("streaming")),
        (other("text/html"), Err(ResponseError::ContentType)),
        (other("application/x-ndjson"), Err(ResponseError::ContentType)),
        (other("application/json-seq"), Err(ResponseError::ContentType)),
        (ResponseHead { content_length: Some(3), ..bare }, Err(ResponseError::ContentType)),
        (bare, Ok("whole")),
        (failing(202, Some("text/plain")), Ok("whole")),
        (failing(404, Some("text/html")), Ok("whole")),
        (failing(500, None), Ok("whole")),
        (failing(422, Some("application/json")), Ok("whole")),
        (failing(204, None), Ok("untouched")),
        (failing(304, Some("text/html")), Ok("untouched")),
        (failing(103, None), Ok("untouched")),
        (failing(101, None), Err(ResponseError::Upgraded)),
        (failing(206, Some("application/json")), Err(ResponseError::Partial)),
        (ResponseHead { is_partial: true, ..JSON }, Err(ResponseError::Partial)),
        (coded("gzip"), Err(ResponseError::Encoded)),
        (coded("identity, br"), Err(ResponseError::Encoded)),
        (ResponseHead { status: 500, ..coded("gzip") }, Err(ResponseError::Encoded)),
        (coded(" Identity "), Ok("whole")),
        (ResponseHead { to_head: true, ..coded("gzip") }, Ok("untouched")),
        (ResponseHead { content_type: Some("image/png"), ..lengthy(0) }, Ok("untouched")),
        (lengthy(8 << 20), Ok("whole")),
        (lengthy((8 << 20) + 1), Err(ResponseError::BodyTooLong { limit: 8 << 20 })),
    ] {
        assert_eq!(mode(&reading, head), expected, "{head:?}");
        assert_eq!(mode(&listing(ListKind::Answer), head), expected, "{head:?}");
        assert_eq!(mode(&ResponsePlan::default(), head), Ok("untouched"), "{head:?}");
    }
    // Counting needs no reading.
    for head in [other("image/png"), coded("gzip"), failing(206, None), failing(101, None), JSON, EVENTS] {
        assert_eq!(mode(&at_most(9), head), Ok("streaming"), "{head:?}");
    }
    assert_eq!(mode(&at_most(9), lengthy(9)), Ok("streaming"));
    assert_eq!(mode(&at_most(9), lengthy(10)), Err(ResponseError::TooLong { limit: 9 }));
    assert_eq!(
        mode(&ResponsePlan { max_bytes: Some(9), ..reading }, lengthy(10)),
        Err(ResponseError::TooLong { limit: 9 })
    );
    assert!(ResponsePlan::default().is_empty() && rpc(&[]).is_empty());
    assert!(!at_most(1).is_empty() && !hiding(&["/a"]).is_empty() && !listing(ListKind::Replay).is_empty());
}

#[test]
fn an_answer_that_grows_too_long_ends_there() {
    let plan = at_most(5);
    assert_eq!(whole(&plan, JSON, "12345").unwrap(), "12345");
    let Mode::Streaming(mut filter) = ResponseFilter::begin(&plan, JSON).unwrap() else { panic!() };
    assert_eq!(filter.push(Bytes::from_static(b"1234"), false), Ok(Bytes::from_static(b"1234")));
    let too_long = Err(ResponseError::TooLong { limit: 5 });
    assert_eq!(filter.push(Bytes::from_static(b"56"), false), too_long);
    assert!(!format!("{filter:?}").contains("1234"), "the body is shown");
    // It stays refused.
    assert_eq!(filter.push(Bytes::new(), true), too_long);
    for (plan, head) in
        [(hiding(&["/a"]), JSON), (hiding(&["/a"]), EVENTS), (listing(ListKind::Replay), EVENTS)]
    {
        let plan = ResponsePlan { max_bytes: Some(10), ..plan };
        assert_eq!(whole(&plan, head, "data: 1\n\ndata: 2\n\n"), Err(ResponseError::TooLong { limit: 10 }));
    }
}

#[test]
fn what_is_read_at_once_has_a_limit() {
    let limits = ReadLimits { body_bytes: 20, event_bytes: 12 };
    let plan = ResponsePlan { limits, ..hiding(&["/a"]) };
    let body = "{\"b\":\"0123456789\"}  ";
    assert_eq!(whole(&plan, JSON, body).unwrap(), body);
    let too_long = Err(ResponseError::BodyTooLong { limit: 20 });
    assert_eq!(run(&plan, JSON, [body.as_bytes(), b" "]), too_long);
    assert_eq!(run(&plan, JSON, [format!("{body} ").as_bytes()]), too_long);
    let stream = "data: 123456\n\n: and a note\n\ndata: 1\ndata\n\n";
    assert_eq!(whole(&plan, EVENTS, stream).unwrap(), stream);
    for longer in ["data: 1234567\n\n", ": and a note.\n", "data: 1\ndata:\n\n", "0123456789012"] {
        assert_eq!(whole(&plan, EVENTS, longer), Err(ResponseError::EventTooLong { limit: 12 }), "{longer}");
    }
}

#[test]
fn a_body_where_none_should_be_does_not_pass() {
    let accepted = ResponseHead { status: 202, content_type: None, ..JSON };
    assert_eq!(whole(&rpc(&["/a"]), accepted, "").unwrap(), "");
    assert_eq!(whole(&rpc(&["/a"]), accepted, "{}"), Err(ResponseError::ContentType));
    assert_eq!(whole(&rpc(&["/a"]), JSON, "").unwrap(), "");
}

#[test]
fn texts_of_errors_pass_unless_they_are_json() {
    let plan = hiding(&["/token"]);
    let failed = ResponseHead { status: 500, content_type: Some("text/plain"), ..JSON };
    for text in ["no such contact", "[error] {\"token\":1}", "<html>", "", " "] {
        assert_eq!(whole(&plan, failed, text).unwrap(), text);
    }
    assert_eq!(run(&plan, failed, [&b"\xff\xfe"[..]]).unwrap(), b"\xff\xfe");
    for text in ["{\"token\":1}", "\n {\"token\":1}", "{\"token\" : 1}"] {
        assert_eq!(whole(&plan, failed, text).unwrap(), "{\"token\":\"[REDACTED]\"}", "{text}");
    }
    for text in ["{\"token\":1", "\u{feff}{\"token\":1}", "\u{a0}[{\"token\":1}]", "{token: 1}", "[\"a\","] {
        assert!(matches!(whole(&plan, failed, text), Err(ResponseError::Json(_))), "{text}");
    }
}
