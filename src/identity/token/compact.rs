//! The compact form: header, claims and signature in base64url, joined by dots (RFC 7515).

use data_encoding::BASE64URL_NOPAD;

/// Longest token that is looked at, in bytes.
const TOKEN_MAX_BYTES: usize = 16 * 1024;

/// A token, decoded. Nothing of it is believed yet.
#[derive(Debug)]
pub(super) struct Compact<'t> {
    pub(super) header: Vec<u8>,
    pub(super) claims: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// What is signed: header and claims as they came.
    pub(super) signed: &'t [u8],
}

impl<'t> Compact<'t> {
    /// `None`: it has not the form of a token.
    pub(super) fn parse(token: &'t [u8]) -> Option<Self> {
        if token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let mut parts = token.split(|byte| *byte == b'.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let decode = |part: &[u8]| BASE64URL_NOPAD.decode(part).ok().filter(|bytes| !bytes.is_empty());
        Some(Self {
            header: decode(header)?,
            claims: decode(claims)?,
            signature: decode(signature)?,
            signed: token.get(..header.len() + 1 + claims.len())?,
        })
    }
}
