//! Event streams: edited one by one, whatever their line ends and wherever their chunks end.

use bytes::Bytes;
use proptest::prelude::*;

use crate::response::tests::support::{EVENTS, hiding, listing, rpc, run, whole};
use crate::response::{ListKind, Mode, ResponseError, ResponseFilter, ResponsePlan};

const LIST: &str = r#"{"id":1,"result":{"tools":[{"name":"hidden"},{"name":"a"}]}}"#;
const FILTERED: &str = r#"{"id":1,"result":{"tools":[{"name":"a"}]}}"#;

fn replay(stream: &str) -> Result<String, ResponseError> {
    whole(&listing(ListKind::Replay), EVENTS, stream)
}

#[test]
fn events_are_edited_in_their_place() {
    for (before, after) in [
        ("data: LIST\n\n", "data: FILTERED\n\n"),
        ("data:LIST\r\n\r\n", "data: FILTERED\r\n\r\n"),
        (
            "id: 7\revent: message\rdata: LIST\rretry: 10\r\r",
            "id: 7\revent: message\rdata: FILTERED\rretry: 10\r\r",
        ),
        (": ping\n\ndata: LIST\n: note\nid\n\n", ": ping\n\ndata: FILTERED\n: note\nid\n\n"),
        ("\u{feff}data: LIST\n\n", "\u{feff}data: FILTERED\n\n"),
        ("\u{feff}\n\u{feff}data: LIST\n\n", "\u{feff}\n\u{feff}data: LIST\n\n"),
        (
            "data: {\"id\":1,\nid: 3\ndata: \"result\":{\"tools\":\ndata:[{\"name\":\"hidden\"},{\"name\":\"a\"}]}}\n\n",
            "data: FILTERED\nid: 3\n\n",
        ),
        ("event: other\ndata: LIST\n\n", "event: other\ndata: FILTERED\n\n"),
        // An event that nobody ended is judged as if it were.
        ("data: LIST\n", "data: FILTERED\n"),
        ("data: LIST", "data: FILTERED"),
        ("data: LI", "data: LI"),
    ] {
        let [before, after] =
            [before, after].map(|text| text.replace("LIST", LIST).replace("FILTERED", FILTERED));
        if before == "data: LI" {
            assert_eq!(replay(&before).unwrap(), "", "what was cut off is withheld");
        } else {
            assert_eq!(replay(&before).unwrap(), after);
        }
    }
}

#[test]
fn what_needs_no_change_is_not_changed() {
    for stream in [
        "",
        "\n\r\r\n\n",
        "\u{feff}",
        ": comment\n: another\r\n\r\n",
        "id: 1\ndata:\n\n",
        "id: 1\ndata\n\n",
        "event: ping\ndata: 12:00\n\n",
        "event\ndata:  { \"method\" : \"notifications/progress\" } \n\n",
        "data: {\"id\":1,\ndata:  \"result\": {}}\nid: 5\nfoo: bar\n\n",
        "Data: no data\n\n",
        "dat",
        "id: 3",
    ] {
        assert_eq!(replay(stream).unwrap(), stream, "{stream:?}");
    }
}

#[test]
fn what_cannot_be_read_does_not_pass() {
    let list = |data: &str| format!("data: {data}\n\n");
    for stream in [
        list("not json"),
        list("{\"a\":1,\"a\":2}"),
        list("{} {}"),
        list("{\"id\":1}\u{2028}"),
        "event: message\ndata: x\n\n".to_owned(),
        "event: other\ndata: {\"a\n\n".to_owned(),
        // The type is forgotten with the event.
        "event: ping\ndata: x\n\ndata: x\n\n".to_owned(),
    ] {
        assert!(matches!(replay(&stream), Err(ResponseError::Json(_))), "{stream}");
    }
    // A reader that keeps the mark would see the second line alone.
    let split = format!("\u{feff}data: \ndata: {LIST}\n\n");
    assert_eq!(replay(&split), Err(ResponseError::Ambiguous));
}

#[test]
fn streams_without_messages_may_hold_anything_but_broken_json() {
    let plan = hiding(&["/delta/secret"]);
    let stream = "data: {\"delta\":{\"secret\":\"x\"}}\n\ndata: some text\n\ndata: [DONE]\n\n";
    let expected = "data: {\"delta\":{\"secret\":\"[REDACTED]\"}}\n\ndata: some text\n\ndata: [DONE]\n\n";
    assert_eq!(whole(&plan, EVENTS, stream).unwrap(), expected);
    assert!(whole(&plan, EVENTS, "data: {\"delta\":\n\n").is_err());
}

#[test]
fn events_come_out_when_they_end() {
    let plan = rpc(&["/secret"]);
    let Mode::Streaming(mut filter) = ResponseFilter::begin(&plan, EVENTS).unwrap() else { panic!() };
    let mut push = |chunk: &'static str| filter.push(Bytes::from_static(chunk.as_bytes()), false).unwrap();
    assert_eq!(push(": ping\nid: 1\nda"), ": ping\nid: 1\n");
    assert_eq!(push("ta: {\"result\":{\"secret\":1}}\n"), "");
    assert_eq!(push("\r"), "data: {\"result\":{\"secret\":\"[REDACTED]\"}}\n\r");
    assert_eq!(push("\ndata: {}\r"), "\n");
    assert_eq!(push("\n\r"), "data: {}\r\n\r");
    assert_eq!(push("\n"), "\n");
    assert_eq!(filter.push(Bytes::new(), true).unwrap(), "");
}

/// A line of a stream.
fn line() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        String::new(),
        String::new(),
        ": note".to_owned(),
        "id: 1".to_owned(),
        "event: ping".to_owned(),
        "event: message".to_owned(),
        "retry: 5".to_owned(),
        "data".to_owned(),
        "data: {\"id\":1,".to_owned(),
        "data: \"result\":{\"tools\":[{\"name\":\"hidden\"}],\"secret\":1}}".to_owned(),
        "data: {\"method\":\"x\"}".to_owned(),
        "data: text".to_owned(),
        format!("data:{LIST}"),
        "\u{feff}data: 1".to_owned(),
    ])
}

fn stream() -> impl Strategy<Value = String> {
    let ends = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    let lines = prop::collection::vec((line(), ends), 0..14);
    (prop::sample::select(vec!["", "\u{feff}"]), lines, line()).prop_map(|(mark, lines, last)| {
        let lines: String = lines.into_iter().map(|(line, end)| line + end).collect();
        [mark, &lines, &last].concat()
    })
}

/// Chunks of `stream` that end at the `cuts`.
fn cut<'s>(stream: &'s [u8], cuts: &[prop::sample::Index]) -> Vec<&'s [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    ends.push(stream.len());
    ends.sort_unstable();
    let starts = std::iter::once(0).chain(ends.clone());
    starts.zip(ends.clone()).map(|(start, end)| &stream[start..end]).collect()
}

/// The events of a stream as the standard has clients read them: type, data and id. An event that is not ended is none.
fn events(text: &str) -> Vec<(String, Option<String>, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut kind, mut data, mut id) = (vec![], String::new(), None::<String>, String::new());
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            _ if line.is_empty() => {
                events.push((std::mem::take(&mut kind), data.take(), id.clone()));
            }
            "data" => data = Some(data.map_or_else(|| value.to_owned(), |data| data + "\n" + value)),
            "event" => value.clone_into(&mut kind),
            "id" => value.clone_into(&mut id),
            _ => {}
        }
    }
    events
}

fn plans() -> [ResponsePlan; 3] {
    let list = listing(ListKind::Replay).list;
    [hiding(&["/result/secret", "/id"]), rpc(&["/secret"]), ResponsePlan { list, ..rpc(&["/secret"]) }]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn chunks_make_no_difference(
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        plan in 0_usize..3,
    ) {
        let plan = &plans()[plan];
        let stream = stream.as_bytes();
        let at_once = run(plan, EVENTS, [stream]);
        prop_assert_eq!(run(plan, EVENTS, cut(stream, &cuts)), at_once.clone());
        prop_assert_eq!(run(plan, EVENTS, stream.chunks(1)), at_once);
    }

    /// What clients read is what they would have read, but for data that was edited.
    #[test]
    fn the_rest_of_a_stream_stays_as_it_is(stream in stream(), plan in 0_usize..3) {
        let plan = &plans()[plan];
        let Ok(out) = whole(plan, EVENTS, &stream) else { return Ok(()) };
        let (before, after) = (events(&stream), events(&out));
        prop_assert_eq!(before.len(), after.len());
        for ((kind, data, id), after) in before.iter().zip(&after) {
            prop_assert_eq!((kind, id), (&after.0, &after.2));
            let Some(data) = data else {
                prop_assert_eq!(&after.1, &None);
                continue;
            };
            let again = format!("event: {kind}\ndata: {}\n\n", data.replace('\n', "\ndata: "));
            let again = events(&whole(plan, EVENTS, &again).unwrap());
            prop_assert_eq!(&again[0].1, &after.1);
            let text = after.1.as_deref().unwrap_or_default();
            prop_assert!(text == data || !text.contains('\n'));
            let is_json = text.starts_with('{');
            prop_assert!(plan.list.is_none() || !is_json || !text.contains("\"hidden\""), "{}", text);
        }
        if before.iter().zip(&after).all(|(before, after)| before == after) && stream.ends_with("\n\n") {
            prop_assert_eq!(out, stream);
        }
    }
}
