//! The one request of a shape, ready to be sent over either version of HTTP, and what the tool answers it.
//!
//! It imports `shape`; `load`, `targets` and `upstream` share it. Start reading at `Workload`.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request};

use crate::shape::{Protocol, Shape};

/// The tool that every request calls; the generated rules allow it and nothing else.
pub(crate) const TOOL: &str = "search_docs";
/// Where it is called on the MCP route and on the HTTP route.
pub(crate) const MCP_PATH: &str = "/mcp";
pub(crate) const HTTP_PATH: &str = "/documents/search";
/// Where it is called on the MCP route whose calls wait for a person.
pub(crate) const HELD_PATH: &str = "/held";
/// What the upstream answers, about 200 bytes. The id is the one of every request.
pub(crate) const ANSWER: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"#,
    r#""3 documents: rotating keys (updated yesterday), key ceremonies for auditors, and the runbook "#,
    r#"for a lost key"}],"isError":false}}"#
);
/// The protocol version of the session era; the upstream keeps no sessions, so no session id is needed.
const PROTOCOL_VERSION: &str = "2025-11-25";

const WORDS: &str = "how do we rotate the signing keys of the staging cluster without downtime ";

/// What is sent: always the same call, with a body of the wanted length.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) path: &'static str,
    /// The headers besides Host and Content-Length.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: String,
}

impl Workload {
    /// The request of a shape. A body shorter than the shortest call is that call.
    pub(crate) fn of(shape: Shape) -> Workload {
        match shape.protocol {
            Protocol::Mcp => Workload {
                path: MCP_PATH,
                headers: &[
                    ("Content-Type", "application/json"),
                    ("Accept", "application/json, text/event-stream"),
                    ("Mcp-Protocol-Version", PROTOCOL_VERSION),
                ],
                body: body(
                    &format!(
                        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{TOOL}","arguments":"#
                    ),
                    "}}",
                    shape.body_bytes,
                ),
            },
            Protocol::Http => Workload {
                path: HTTP_PATH,
                headers: &[("Content-Type", "application/json"), ("Accept", "application/json")],
                body: body("", "", shape.body_bytes),
            },
        }
    }

    /// The whole request as bytes, for an HTTP/1.1 keep-alive connection to `address`.
    pub(crate) fn http1_request(&self, address: SocketAddr) -> Vec<u8> {
        let mut text = format!("POST {} HTTP/1.1\r\nHost: {address}\r\n", self.path);
        for (name, value) in self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body));
        text.into_bytes()
    }

    /// The same for HTTP/2: the head, and the body to be sent after it.
    pub(crate) fn http2_request(&self, address: SocketAddr) -> anyhow::Result<(Request<()>, Bytes)> {
        let mut head = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{address}{}", self.path))
            .header("content-length", self.body.len());
        for (name, value) in self.headers {
            head = head.header(*name, *value);
        }
        Ok((head.body(())?, Bytes::from(self.body.clone())))
    }
}

/// The call's arguments between `before` and `after`: documents to look through, as many as there is room for, and a
/// query that fills what is left. So short bodies are one text and long ones many values of all kinds.
fn body(before: &str, after: &str, bytes: usize) -> String {
    let (begin, end) = (r#"{"limit":10,"query":""#, r#""}"#);
    let frame = before.len() + begin.len() + end.len() + after.len();
    let mut room = bytes.saturating_sub(frame);
    let mut documents = String::new();
    let (list, list_end) = (r#"","documents":["#, "]}");
    let list_bytes = list.len() + list_end.len() - end.len();
    for number in 0.. {
        let mut document = document(number);
        if number > 0 {
            document.insert(0, ',');
        }
        let needed = document.len() + if number > 0 { 0 } else { list_bytes };
        match room.checked_sub(needed) {
            Some(rest) => room = rest,
            None => break,
        }
        documents.push_str(&document);
    }
    let query: String = WORDS.chars().cycle().take(room).collect();
    if documents.is_empty() {
        return format!("{before}{begin}{query}{end}{after}");
    }
    format!("{before}{begin}{query}{list}{documents}{list_end}{after}")
}

/// About a kilobyte of JSON: a text of several lines, with a few small members.
fn document(number: u32) -> String {
    let lines = format!(r"{}\n", WORDS.trim_end()).repeat(12);
    format!(
        r#"{{"id":{number},"title":"Runbook \"{number}\"","tags":["keys","staging",null],"score":0.{number},"#
    ) + &format!(r#""public":true,"owner":{{"name":"ops","since":2019}},"text":"{lines}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Version;
    use crate::wire::Head;

    fn arguments(shape: Shape) -> serde_json::Value {
        let mut json: serde_json::Value = serde_json::from_str(&Workload::of(shape).body).unwrap();
        match shape.protocol {
            Protocol::Mcp => {
                assert_eq!(json["params"]["name"], TOOL);
                json["params"]["arguments"].take()
            }
            Protocol::Http => json,
        }
    }

    #[test]
    fn every_body_has_the_wanted_size_and_is_json() {
        let sizes = [300, 1300, 4096, 1024 * 1024];
        let protocols = [Protocol::Mcp, Protocol::Http];
        for (body_bytes, protocol) in sizes.into_iter().flat_map(|size| protocols.map(|each| (size, each))) {
            let shape = Shape { protocol, body_bytes, version: Version::H1 };
            assert_eq!(Workload::of(shape).body.len(), body_bytes, "{shape}");
            assert!(arguments(shape)["query"].is_string(), "{shape}");
        }
        assert!(serde_json::from_str::<serde_json::Value>(ANSWER).is_ok());
        assert!((180..=260).contains(&ANSWER.len()), "{}", ANSWER.len());
    }

    #[test]
    fn short_bodies_are_one_text_and_long_ones_many_values() {
        assert!(arguments(Shape::DEFAULT).get("documents").is_none());
        let long = arguments(Shape { body_bytes: 100 * 1024, ..Shape::DEFAULT });
        assert!(long["documents"].as_array().unwrap().len() > 80);
    }

    #[test]
    fn both_versions_carry_the_same_request() {
        let address: SocketAddr = ([127, 0, 0, 1], 80).into();
        let workload = Workload::of(Shape::DEFAULT);
        let bytes = workload.http1_request(address);
        let head = Head::parse(&bytes).unwrap();
        let (request, body) = workload.http2_request(address).unwrap();
        assert_eq!(bytes.len(), head.message_bytes());
        assert_eq!(&bytes[head.head_bytes..], &body[..]);
        let text = String::from_utf8(bytes).unwrap().to_ascii_lowercase();
        for (name, value) in request.headers() {
            let line = format!("{name}: {}", value.to_str().unwrap()).to_ascii_lowercase();
            assert!(text.contains(&line), "{line}");
        }
    }
}
