//! `gateway.jwt`: whose tokens are believed. Imports `model` only.

use std::collections::HashMap;

use crate::config::gateway::jwks;
use crate::config::raw::{RawJwt, RawTokenAlgorithm};
use crate::config::resolve::Spot;
use crate::model::call::{PublicKey, TokenAlgorithm};

/// Who signs tokens, and which of them are for this gateway.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// What stands in `iss`.
    pub issuer: String,
    /// What must stand in `aud`.
    pub audience: String,
    /// The algorithms its tokens may be signed with; each once.
    pub algorithms: Vec<TokenAlgorithm>,
    /// Its keys: at least one for these algorithms.
    pub keys: Vec<JwtKey>,
    /// The tenant of all its callers; `None`: as tokens say.
    pub tenant: Option<String>,
    /// For how many seconds from now a token may still be good.
    pub max_lifetime_s: u32,
    /// The claims that Cedar policies read as tags and records keep; `None`: all of them.
    pub claims: Option<Vec<String>>,
}

/// A key of an issuer.
#[derive(Clone, Debug)]
pub struct JwtKey {
    /// Its name; no two keys of an issuer share one.
    pub kid: Option<String>,
    /// The key.
    pub key: PublicKey,
}

/// The issuers as far as they are sound.
pub(super) fn resolve(raw: &[RawJwt], spot: &Spot<'_>) -> Vec<Jwt> {
    let mut seen = HashMap::new();
    let mut found = Vec::new();
    for (index, raw) in raw.iter().enumerate() {
        let spot = spot.element(index);
        let named = (raw.issuer.as_str(), raw.audience.as_str());
        if let Some(line) = seen.insert(named, spot.line()) {
            spot.key("issuer").refuse(format!("the same issuer and audience as in {line}"));
        }
        found.extend(issuer(raw, &spot));
    }
    found
}

fn issuer(raw: &RawJwt, spot: &Spot<'_>) -> Option<Jwt> {
    let mut algorithms = Vec::new();
    for algorithm in &raw.algorithms {
        let algorithm = match algorithm {
            RawTokenAlgorithm::Es256 => TokenAlgorithm::Es256,
            RawTokenAlgorithm::Rs256 => TokenAlgorithm::Rs256,
            RawTokenAlgorithm::EdDsa => TokenAlgorithm::EdDsa,
        };
        if !algorithms.contains(&algorithm) {
            algorithms.push(algorithm);
        }
    }
    let at_file = spot.key("jwks").key("file");
    let mut keys = jwks::load(&raw.jwks.file, &at_file)?;
    keys.retain(|key| algorithms.contains(&key.key.algorithm()));
    if keys.is_empty() {
        let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        at_file.refuse(format!("no key in it is for {}: no token could be verified", names.join(", ")));
        return None;
    }
    let (issuer, audience) = (raw.issuer.clone(), raw.audience.clone());
    let (tenant, max_lifetime_s, claims) = (raw.tenant.clone(), raw.max_lifetime_s, raw.claims.clone());
    Some(Jwt { issuer, audience, algorithms, keys, tenant, max_lifetime_s, claims })
}
