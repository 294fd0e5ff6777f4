//! The one HTTP/1.1 request the benchmark sends, and just enough parsing to read it and its answer.
//!
//! It imports nothing of ours; `load`, `targets` and `upstream` share it. Start reading at `Workload`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// The tool that every request calls; the generated rules allow it and nothing else.
pub(crate) const TOOL: &str = "search_docs";
/// What the upstream answers, about 200 bytes. The id is the one of every request.
pub(crate) const ANSWER: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"#,
    r#""3 documents: rotating keys (updated yesterday), key ceremonies for auditors, and the runbook "#,
    r#"for a lost key"}],"isError":false}}"#
);
/// The protocol version of the session era; the upstream keeps no sessions, so no session id is needed.
pub(crate) const PROTOCOL_VERSION: &str = "2025-11-25";

/// What is sent: always the same `tools/call`, padded to a wanted size.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) path: &'static str,
    pub(crate) body: String,
}

impl Workload {
    /// A `tools/call` whose body has exactly `body_bytes`, or the smallest size that holds the call.
    pub(crate) fn tools_call(body_bytes: usize) -> Self {
        let head = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{TOOL}","arguments":{{"limit":10,"query":""#
        );
        let tail = r#""}}}"#;
        let words = "how do we rotate the signing keys of the staging cluster without downtime ";
        let room = body_bytes.saturating_sub(head.len() + tail.len());
        let query: String = words.chars().cycle().take(room).collect();
        Workload { path: "/mcp", body: format!("{head}{query}{tail}") }
    }

    /// The headers of the request besides Host and Content-Length.
    pub(crate) fn headers() -> [(&'static str, &'static str); 3] {
        [
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
            ("Mcp-Protocol-Version", PROTOCOL_VERSION),
        ]
    }

    /// The whole request as bytes, for the keep-alive connection to `address`.
    pub(crate) fn request_bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut text = format!("POST {} HTTP/1.1\r\nHost: {address}\r\n", self.path);
        for (name, value) in Self::headers() {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body));
        text.into_bytes()
    }
}

/// The head of a request or answer, as far as the benchmark needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes up to and including the empty line.
    pub(crate) head_bytes: usize,
    /// The Content-Length, 0 when there is none.
    pub(crate) body_bytes: usize,
    /// Whether the message announces a Transfer-Encoding, which nothing here can read.
    pub(crate) transfer_encoding: bool,
}

impl Head {
    /// Reads the head at the start of `bytes`; `None` while it is incomplete.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Head> {
        let mut head = Head { head_bytes: 0, body_bytes: 0, transfer_encoding: false };
        let mut rest = bytes;
        loop {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let (line, after) = rest.split_at_checked(end + 1)?;
            head.head_bytes += line.len();
            rest = after;
            let line = line.trim_ascii_end();
            if line.is_empty() {
                return Some(head);
            }
            head.read_line(line);
        }
    }

    /// Bytes of head and body together.
    pub(crate) fn message_bytes(self) -> usize {
        self.head_bytes + self.body_bytes
    }

    fn read_line(&mut self, line: &[u8]) {
        if let Some(value) = field_value(line, b"content-length:") {
            self.body_bytes = value.iter().fold(0, |sum: usize, digit| {
                sum.saturating_mul(10).saturating_add(usize::from(digit.saturating_sub(b'0')))
            });
        } else if field_value(line, b"transfer-encoding:").is_some() {
            self.transfer_encoding = true;
        }
    }
}

fn field_value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

/// Whether an answer's first line says 2xx.
pub(crate) fn is_success(answer: &[u8]) -> bool {
    answer.get(9) == Some(&b'2')
}

/// Sends one request on a connection of its own and gives the answer's body if it was 2xx.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> anyhow::Result<String> {
    let patience = Duration::from_secs(10);
    let mut stream = TcpStream::connect_timeout(&address, patience).context("cannot connect")?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    let head = loop {
        match Head::parse(&answer) {
            Some(head) if answer.len() >= head.message_bytes() => break head,
            _ => {}
        }
        let read = stream.read(&mut chunk).context("no answer")?;
        if read == 0 {
            bail!("the connection was closed before a whole answer came");
        }
        answer.extend_from_slice(chunk.get(..read).unwrap_or_default());
    };
    let text = String::from_utf8_lossy(&answer);
    let (first, body) =
        (text.lines().next().unwrap_or_default(), text.get(head.head_bytes..).unwrap_or_default());
    if head.transfer_encoding || !is_success(&answer) {
        bail!("answered `{first}` with {body:?}");
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_the_wanted_size_and_is_json() {
        for wanted in [300, 100 * 1024] {
            let body = Workload::tools_call(wanted).body;
            assert_eq!(body.len(), wanted);
            let json: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(json["params"]["name"], TOOL);
        }
        assert!(serde_json::from_str::<serde_json::Value>(ANSWER).is_ok());
        assert!((180..=260).contains(&ANSWER.len()), "{}", ANSWER.len());
    }

    #[test]
    fn a_head_is_read_once_it_is_complete() {
        let request = Workload::tools_call(300).request_bytes(([127, 0, 0, 1], 80).into());
        let head = Head::parse(&request).unwrap();
        assert_eq!(head.body_bytes, 300);
        assert_eq!(head.message_bytes(), request.len());
        for cut in 0..head.head_bytes {
            assert_eq!(Head::parse(&request[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn field_names_have_no_case() {
        let head =
            Head::parse(b"HTTP/1.1 200 OK\r\ncontent-LENGTH:  12 \r\nTransfer-encoding: chunked\r\n\r\n")
                .unwrap();
        assert_eq!((head.body_bytes, head.transfer_encoding), (12, true));
    }
}
