//! Just enough HTTP/1.1 to read the benchmark's requests and their answers.
//!
//! It imports nothing of ours; `load`, `targets` and `upstream` share it. Start reading at `Head`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

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

/// Whether an answer's first line says 200.
pub(crate) fn is_success(answer: &[u8]) -> bool {
    answer.get(9..12) == Some(b"200")
}

/// Sends one request on a connection of its own and gives the answer's body if it was 200.
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
    fn a_head_is_read_once_it_is_complete() {
        let request = b"POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        let head = Head::parse(request).unwrap();
        assert_eq!(head.body_bytes, 3);
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
    #[test]
    fn only_200_is_success() {
        assert!(is_success(b"HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!is_success(b"HTTP/1.1 202 Accepted\r\n\r\n") && !is_success(b"HTTP/1.1 4"));
    }
}
