//! A plain HTTP/1.1 client. It sends the bytes it is given, also wrong ones, which no library would.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer. Only a gateway that hangs ever reaches it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is kept open.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    stream: TcpStream,
    /// Bytes read beyond the last answer.
    rest: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name (any letter case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { address, stream, rest: Vec::new() }
    }

    /// Sends a well-formed request and reads the answer.
    pub fn request(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes);
        self.answer().expect("the connection was closed without an answer")
    }

    pub fn get(&mut self, target: &str) -> Answer {
        self.request("GET", target, &[], b"")
    }

    /// POSTs JSON.
    pub fn post_json(&mut self, target: &str, body: &str) -> Answer {
        let headers =
            [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
        self.request("POST", target, &headers, body.as_bytes())
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends bytes, or notices that the other side has closed.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The raw stream, for tests that read a response piece by piece.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Reads up to and with `end`; `None` when the connection was closed before it came.
    pub fn read_until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            match find(&self.rest, end) {
                Some(at) => return self.take(at + end.len()),
                None => self.fill()?,
            }
        }
    }

    /// Reads until the other side closes.
    pub fn read_all(&mut self) -> Vec<u8> {
        while self.fill().is_some() {}
        std::mem::take(&mut self.rest)
    }

    /// Reads one answer; `None` when the connection was closed before a whole one came. Interim answers (1xx) are skipped.
    pub fn answer(&mut self) -> Option<Answer> {
        loop {
            let end = loop {
                match find(&self.rest, b"\r\n\r\n") {
                    Some(end) => break end,
                    None => self.fill()?,
                }
            };
            let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
            self.rest.drain(..end + 4);
            let mut lines = head.split("\r\n");
            let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect();
            let mut answer = Answer { status, headers, body: Vec::new() };
            if (100..200).contains(&status) {
                continue;
            }
            answer.body = self.body(&answer)?;
            return Some(answer);
        }
    }

    /// Whether the other side has closed the connection (waits for it).
    pub fn is_closed(&mut self) -> bool {
        self.rest.is_empty() && self.fill().is_none()
    }

    fn body(&mut self, answer: &Answer) -> Option<Vec<u8>> {
        if answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        match answer.header("content-length") {
            Some(length) => self.take(length.parse().ok()?),
            None if matches!(answer.status, 204 | 304) => Some(Vec::new()),
            None => {
                while self.fill().is_some() {}
                Some(std::mem::take(&mut self.rest))
            }
        }
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match find(&self.rest, b"\r\n") {
                    Some(end) => break end,
                    None => self.fill()?,
                }
            };
            let size = usize::from_str_radix(String::from_utf8_lossy(&self.rest[..end]).trim(), 16).ok()?;
            self.rest.drain(..end + 2);
            body.extend(self.take(size)?);
            self.take(2)?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.rest.len() < length {
            self.fill()?;
        }
        Some(self.rest.drain(..length).collect())
    }

    fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => None,
            Ok(count) => {
                self.rest.extend_from_slice(&buffer[..count]);
                Some(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("no answer within {PATIENCE:?}")
            }
            Err(_) => None,
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
