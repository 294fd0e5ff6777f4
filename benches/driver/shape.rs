//! The shapes of traffic: which kind of route, how long the bodies, which HTTP the callers speak.
//!
//! Written `PROTOCOL:BODY:HTTP` on the command line and in the report. It imports nothing of ours.
//! Start reading at `Shape`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, anyhow, bail};

/// The kind of route that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A `tools/call` on an MCP route.
    Mcp,
    /// A `POST` that is an operation of an HTTP route.
    Http,
}

/// What callers speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.1.
    H1,
    /// HTTP/2 without TLS.
    H2c,
}

/// One shape of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) protocol: Protocol,
    /// Exact length of every request's body.
    pub(crate) body_bytes: usize,
    pub(crate) version: Version,
}

/// The shortest body that holds a call.
const MIN_BODY_BYTES: usize = 128;
/// The longest body that the gateway can be configured to take.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

impl Shape {
    /// What is measured when nothing else is asked for; the standing figures are of this shape.
    pub(crate) const DEFAULT: Shape =
        Shape { protocol: Protocol::Mcp, body_bytes: 300, version: Version::H1 };

    /// Both protocols with short, long and very long bodies, over both versions of HTTP.
    pub(crate) fn all() -> Vec<Shape> {
        let mut all = Vec::new();
        for protocol in [Protocol::Mcp, Protocol::Http] {
            for version in [Version::H1, Version::H2c] {
                for body_bytes in [300, 100 * 1024, 1024 * 1024] {
                    all.push(Shape { protocol, body_bytes, version });
                }
            }
        }
        all
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Mcp => "mcp",
            Protocol::Http => "http",
        };
        let (number, unit) = match self.body_bytes {
            bytes if bytes.is_multiple_of(1024 * 1024) => (bytes / (1024 * 1024), "m"),
            bytes if bytes.is_multiple_of(1024) => (bytes / 1024, "k"),
            bytes => (bytes, ""),
        };
        let version = match self.version {
            Version::H1 => "h1",
            Version::H2c => "h2c",
        };
        f.pad(&format!("{protocol}:{number}{unit}:{version}"))
    }
}

impl FromStr for Shape {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Shape> {
        let parts: Vec<&str> = text.split(':').collect();
        let [protocol, body, version] = parts.as_slice() else {
            bail!("a shape is PROTOCOL:BODY:HTTP, as in mcp:300:h1")
        };
        let protocol = match *protocol {
            "mcp" => Protocol::Mcp,
            "http" => Protocol::Http,
            other => bail!("`{other}` is no kind of route: mcp or http"),
        };
        let version = match *version {
            "h1" => Version::H1,
            "h2c" => Version::H2c,
            other => bail!("`{other}` is not spoken here: h1 or h2c"),
        };
        Ok(Shape { protocol, body_bytes: bytes(body)?, version })
    }
}

/// Reads a length in bytes; `k` and `m` stand for KiB and MiB.
fn bytes(text: &str) -> anyhow::Result<usize> {
    let (digits, unit) = match text.strip_suffix(['k', 'm']) {
        Some(digits) if text.ends_with('k') => (digits, 1024),
        Some(digits) => (digits, 1024 * 1024),
        None => (text, 1),
    };
    let number: usize = digits.parse().with_context(|| format!("`{text}` is no length: 300, 100k, 1m"))?;
    number
        .checked_mul(unit)
        .filter(|bytes| (MIN_BODY_BYTES..=MAX_BODY_BYTES).contains(bytes))
        .ok_or_else(|| anyhow!("bodies have {MIN_BODY_BYTES} bytes to 16m, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_they_are_shown() {
        for shape in Shape::all() {
            assert_eq!(shape.to_string().parse::<Shape>().unwrap(), shape);
        }
        assert_eq!("mcp:300:h1".parse::<Shape>().unwrap(), Shape::DEFAULT);
        let longest = Shape { protocol: Protocol::Http, body_bytes: MAX_BODY_BYTES, version: Version::H2c };
        assert_eq!("http:16m:h2c".parse::<Shape>().unwrap(), longest);
    }

    #[test]
    fn all_shapes_are_different_and_begin_with_the_default() {
        let all = Shape::all();
        assert_eq!(all.first(), Some(&Shape::DEFAULT));
        assert_eq!(all.len(), 12);
        assert!(all.iter().enumerate().all(|(index, shape)| !all[..index].contains(shape)));
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for text in
            ["", "mcp", "mcp:300", "mcp:300:h3", "soap:300:h1", "mcp:127:h1", "mcp:17m:h1", "mcp:-1:h1"]
        {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
        assert!("mcp:18014398509481985k:h1".parse::<Shape>().is_err(), "a product that overflows");
    }
}
