//! Sealing: small texts that callers carry for us and can neither read, nor change, nor use for anything else.
//!
//! Imports nothing of ours. Keys and nonces are passed in.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;

/// Bytes of a key.
pub const SEAL_KEY_BYTES: usize = 32;
/// Bytes of a nonce; random ones of this length may be drawn without keeping count.
pub const SEAL_NONCE_BYTES: usize = 24;

/// Bytes the cipher adds so that a change shows.
const TAG_BYTES: usize = 16;

/// Seals and opens (XChaCha20-Poly1305, base64url).
#[derive(Clone)]
pub struct Seal {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seal")
    }
}

impl Seal {
    /// Seals with `key`, which must be secret and random.
    #[must_use]
    pub fn new(key: [u8; SEAL_KEY_BYTES]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&Key::from(key)) }
    }

    /// `plain` as a text that opens only with the same key and `bound`; `None` if the cipher cannot take so much. `nonce` must
    /// be random.
    #[must_use]
    pub fn seal(&self, plain: &[u8], bound: &[u8], nonce: [u8; SEAL_NONCE_BYTES]) -> Option<String> {
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: bound }).ok()?;
        Some(BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat()))
    }

    /// What was sealed with this key for `bound`, at most `most` bytes of it; `None` for anything else.
    #[must_use]
    pub fn open(&self, sealed: &[u8], bound: &[u8], most: usize) -> Option<Vec<u8>> {
        if sealed.len() > (SEAL_NONCE_BYTES + TAG_BYTES + most).div_ceil(3) * 4 {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(sealed).ok()?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<SEAL_NONCE_BYTES>()?;
        let plain =
            self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: bound }).ok()?;
        (plain.len() <= most).then_some(plain)
    }
}

/// `purpose` and `parts` as bytes to bind to, each part behind its length, so that none can run into the next.
#[must_use]
pub fn bind(purpose: &[u8], parts: &[&str]) -> Vec<u8> {
    let mut bound = purpose.to_vec();
    for part in parts {
        bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bound.extend_from_slice(part.as_bytes());
    }
    bound
}
