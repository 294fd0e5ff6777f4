//! JWK Sets (RFC 7517): the public keys that tokens are verified with. Imports `model` only.

use data_encoding::BASE64URL_NOPAD;

use crate::config::gateway::JwtKey;
use crate::config::resolve::Spot;
use crate::model::call::PublicKey;
use crate::model::document::{Document, Node, NodeValue, Problem};

/// Most keys of a set.
const KEYS_MAX: usize = 64;

/// Members of keys that nobody but their owner may have.
const PRIVATE: [&str; 2] = ["d", "k"];

/// RSA keys are this long, in bytes.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The keys in the file that can verify a token. Those for other purposes and of other kinds are left; complains of what is
/// wrong with the rest, at its place.
pub(super) fn load(path: &str, spot: &Spot<'_>) -> Option<Vec<JwtKey>> {
    let file = spot.beside(path);
    let text = match spot.sources().file(&file) {
        Ok(text) => text,
        Err(reason) => {
            spot.refuse(format!("the file {} cannot be read: {reason}", path.escape_debug()));
            return None;
        }
    };
    let document = match Document::parse(&file.display().to_string(), &text) {
        Ok(document) => document,
        Err(problems) => {
            problems.into_iter().for_each(|problem| spot.report(problem));
            return None;
        }
    };
    let (keys, problems) = read(&document);
    if problems.is_empty() {
        return Some(keys);
    }
    problems.into_iter().for_each(|problem| spot.report(problem));
    None
}

fn read(document: &Document) -> (Vec<JwtKey>, Vec<Problem>) {
    let Some(list) = document.node("/keys").filter(|node| matches!(node.value, NodeValue::Sequence(_)))
    else {
        let problem = document.problem("", "not a JWK Set: it has no list of keys under keys");
        return (Vec::new(), vec![problem]);
    };
    let elements = list.elements();
    if elements.len() > KEYS_MAX {
        let message = format!("must have at most {KEYS_MAX} entries, has {}", elements.len());
        return (Vec::new(), vec![document.problem("/keys", message)]);
    }
    let (mut keys, mut problems): (Vec<JwtKey>, Vec<Problem>) = (Vec::new(), Vec::new());
    for (index, node) in elements.iter().enumerate() {
        let pointer = format!("/keys/{index}");
        match key(node) {
            Ok(Some(key)) if key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid) => {
                problems.push(document.problem(&format!("{pointer}/kid"), "another key has the same name"));
            }
            Ok(Some(key)) => keys.push(key),
            Ok(None) => {}
            Err((member, message)) => {
                problems.push(document.problem(&format!("{pointer}{member}"), message));
            }
        }
    }
    (keys, problems)
}

/// Where in a key something is wrong, and what.
type Wrong = (&'static str, &'static str);

/// `Ok(None)`: a key for something else.
fn key(node: &Node) -> Result<Option<JwtKey>, Wrong> {
    let text = |name: &str| node.field(name).and_then(Node::text);
    let kind = text("kty").ok_or(("", "a key names its kind: kty"))?;
    // Before anything else: a set that holds these must not lie about here.
    if PRIVATE.iter().any(|name| node.field(name).is_some()) {
        return Err(("", "this is a private key: only public keys belong here"));
    }
    let verifies = node.field("key_ops").is_none_or(|operations| {
        operations.elements().iter().any(|operation| operation.text() == Some("verify"))
    });
    if text("use").is_some_and(|purpose| purpose != "sig") || !verifies {
        return Ok(None);
    }
    let key = match (kind, text("crv")) {
        ("EC", Some("P-256")) => p256(node)?,
        ("RSA", _) => rsa(node)?,
        ("OKP", Some("Ed25519")) => {
            PublicKey::Ed25519(exact(node, "x", ("/x", "not 32 bytes in base64url without padding"))?)
        }
        _ => return Ok(None),
    };
    if text("alg").is_some_and(|algorithm| algorithm != key.algorithm().as_str()) {
        return Ok(None);
    }
    Ok(Some(JwtKey { kid: text("kid").map(str::to_owned), key }))
}

fn p256(node: &Node) -> Result<PublicKey, Wrong> {
    let x: [u8; 32] = exact(node, "x", ("/x", "not 32 bytes in base64url without padding"))?;
    let y: [u8; 32] = exact(node, "y", ("/y", "not 32 bytes in base64url without padding"))?;
    let mut point = [4; 65];
    for (slot, byte) in point.iter_mut().skip(1).zip(x.into_iter().chain(y)) {
        *slot = byte;
    }
    Ok(PublicKey::P256(point))
}

fn rsa(node: &Node) -> Result<PublicKey, Wrong> {
    let number = |name: &str, wrong: Wrong| {
        let mut bytes = decoded(node, name).ok_or(wrong)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.drain(..zeros);
        if bytes.is_empty() { Err(wrong) } else { Ok(bytes) }
    };
    let modulus = number("n", ("/n", "not a number in base64url without padding"))?;
    let exponent = number("e", ("/e", "not a number in base64url without padding"))?;
    if !RSA_BYTES.contains(&modulus.len()) {
        return Err(("/n", "an RSA key has 2048 to 8192 bits"));
    }
    Ok(PublicKey::Rsa { modulus, exponent })
}

fn exact<const N: usize>(node: &Node, name: &str, wrong: Wrong) -> Result<[u8; N], Wrong> {
    decoded(node, name).and_then(|bytes| bytes.try_into().ok()).ok_or(wrong)
}

fn decoded(node: &Node, name: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(node.field(name)?.text()?.as_bytes()).ok()
}
