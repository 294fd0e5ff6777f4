//! Whose tokens are believed, and as far as what.

use std::sync::Arc;

use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256};
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};

use crate::model::call::{PublicKey, TokenAlgorithm};

/// Who signs tokens.
#[derive(Clone, Debug)]
pub struct TokenIssuer {
    /// Its name, as `iss` of its tokens.
    pub issuer: Arc<str>,
    /// What must be in `aud` of its tokens.
    pub audience: Arc<str>,
    /// The only algorithms its tokens may be signed with.
    pub algorithms: Vec<TokenAlgorithm>,
    /// Its keys.
    pub keys: Vec<TokenKey>,
    /// The tenant of all its callers; `None`: as `tenant` of a token says, else `default`.
    pub tenant: Option<Arc<str>>,
    /// For how many seconds from now a token of it may still be good: a stolen one is of no use for longer.
    pub max_lifetime_s: u32,
    /// The claims that are told of its callers; `None`: all of them.
    pub claims: Option<Vec<String>>,
}

/// A key of an issuer.
#[derive(Clone, Debug)]
pub struct TokenKey {
    /// Its name, as `kid` of tokens.
    pub kid: Option<Arc<str>>,
    /// The key.
    pub key: PublicKey,
}

impl TokenIssuer {
    /// The key that a token signed with `algorithm` under the name `kid` is verified with. A token that names none has the only
    /// key of the algorithm.
    pub(super) fn key(&self, algorithm: TokenAlgorithm, kid: Option<&str>) -> Option<&PublicKey> {
        if !self.algorithms.contains(&algorithm) {
            return None;
        }
        let mut fitting = self.keys.iter().filter(|key| key.key.algorithm() == algorithm);
        let found = match kid {
            Some(kid) => fitting.find(|key| key.kid.as_deref() == Some(kid))?,
            None => fitting.next().filter(|_| fitting.next().is_none())?,
        };
        Some(&found.key)
    }
}

/// Whether `signature` is that of `key` over `message`.
pub(super) fn is_signed(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    match key {
        PublicKey::P256(point) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
        }
        PublicKey::Rsa { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok(),
        PublicKey::Ed25519(bytes) => {
            UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature).is_ok()
        }
    }
}
