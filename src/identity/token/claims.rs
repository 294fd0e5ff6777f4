//! What a token claims, and who that is. A claim of the wrong type is not taken for one that is absent.

use std::sync::Arc;

use crate::identity::{IdentityError, Key, TokenIssuer};
use crate::model::call::{ACTOR_ID_MAX_BYTES, Claim, PrincipalKind, Scope, is_actor_id};
use crate::model::json::{Json, NumberValue, Text};
use crate::model::time::Timestamp;

/// How far the clock of an issuer may be ahead of ours, in microseconds (AGP-1: five minutes).
const SKEW_MICROS: i64 = 300 * 1_000_000;

/// Longest other name in a claim, in bytes.
const NAME_MAX_BYTES: usize = 128;
/// Claims that say for whom and until when a token is good, and nothing of whom it is about: they are told only where the configuration
/// names them.
pub const CLAIMS_OF_THE_TOKEN: [&str; 5] = ["aud", "exp", "iat", "jti", "nbf"];
/// Most names in a claim.
const NAMES_MAX: usize = 256;

/// The claims that count.
#[derive(Debug)]
pub(super) struct Claims<'c> {
    subject: &'c str,
    audiences: Vec<&'c str>,
    expires: Timestamp,
    not_before: Option<Timestamp>,
    issued: Option<Timestamp>,
    kind: PrincipalKind,
    tenant: Option<&'c str>,
    person: Option<&'c str>,
    roles: Vec<&'c str>,
    groups: Vec<&'c str>,
    scopes: Vec<Scope>,
    all: &'c Json<'c>,
}

impl<'c> Claims<'c> {
    /// `None`: one that is needed is missing, or one has not the form it must have.
    pub(super) fn read(claims: &'c Json<'c>) -> Option<Self> {
        // Bound to a certificate or another key, of which nothing is known here: whoever presents it may have stolen it.
        if claims.member("cnf").is_some() {
            return None;
        }
        let kind = match claims.member("actor_type") {
            None => PrincipalKind::default(),
            Some(kind) => PrincipalKind::parse(kind.as_str()?)?,
        };
        Some(Self {
            subject: text(claims, "sub", ACTOR_ID_MAX_BYTES)?.filter(|subject| is_actor_id(subject))?,
            audiences: names(claims, "aud")?,
            expires: time(claims, "exp")??,
            not_before: time(claims, "nbf")?,
            issued: time(claims, "iat")?,
            kind,
            tenant: text(claims, "tenant", NAME_MAX_BYTES)?,
            person: text(claims, "person", NAME_MAX_BYTES)?,
            roles: names(claims, "roles")?,
            groups: names(claims, "groups")?,
            scopes: scopes(claims)?,
            all: claims,
        })
    }

    /// Whether it is for `audience`.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        self.audiences.contains(&audience)
    }

    /// Whether it is for now, and not for much longer than that.
    ///
    /// # Errors
    /// It has ended, is not to be used yet, or is good for more than `max_lifetime_s` seconds from now.
    pub(super) fn check_times(&self, now: Timestamp, max_lifetime_s: u32) -> Result<(), IdentityError> {
        if now >= self.expires {
            return Err(IdentityError::TokenExpired);
        }
        let most = i64::from(max_lifetime_s).saturating_mul(1_000_000).saturating_add(SKEW_MICROS);
        if self.expires.as_micros() > now.as_micros().saturating_add(most) {
            return Err(IdentityError::TokenLifetime);
        }
        let latest = now.as_micros().saturating_add(SKEW_MICROS);
        let begins = [self.not_before, self.issued].into_iter().flatten();
        if begins.map(Timestamp::as_micros).any(|begin| begin > latest) {
            return Err(IdentityError::TokenEarly);
        }
        Ok(())
    }
}

/// The key that stands for a token of `issuer` with these claims; `None`: the issuer speaks for another tenant.
pub(super) fn holder(claims: &Claims<'_>, issuer: &TokenIssuer) -> Option<Key> {
    let tenant = match (&issuer.tenant, claims.tenant) {
        (Some(own), Some(claimed)) if **own != *claimed => return None,
        (Some(own), _) => Arc::clone(own),
        (None, claimed) => claimed.unwrap_or("default").into(),
    };
    let all = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect();
    Some(Key {
        id: format!("{}#{}", issuer.issuer, claims.subject).into(),
        // Nobody is known by it: the key is in no ring.
        hash: [0; 32],
        tenant,
        scopes: claims.scopes.clone(),
        actors: vec![claims.subject.to_owned()],
        actor: Some((claims.subject.into(), claims.kind)),
        roles: all(&claims.roles),
        groups: all(&claims.groups),
        claims: told(claims.all, issuer.claims.as_deref()),
        person: claims.person.map(Arc::from),
        expires_at: Some(claims.expires),
    })
}

/// The claims that have one value each, of those in `wanted`; `None` = of all. There are no more of them than a token has room for.
fn told(claims: &Json<'_>, wanted: Option<&[String]>) -> Arc<[Claim]> {
    let Json::Object(members) = claims else { return Arc::default() };
    let claim = |(name, value): &(Text<'_>, Json<'_>)| {
        let name = name.as_str();
        let is_wanted = match wanted {
            Some(wanted) => wanted.iter().any(|wanted| wanted == name),
            None => !CLAIMS_OF_THE_TOKEN.contains(&name),
        };
        let value: Arc<str> = match value {
            Json::String(text) => text.as_str().into(),
            Json::Bool(value) => value.to_string().into(),
            Json::Number(number) => number.text.into(),
            Json::Null | Json::Array(_) | Json::Object(_) => return None,
        };
        is_wanted.then(|| Claim { name: name.into(), value })
    };
    members.iter().filter_map(claim).collect()
}

/// `None`: there, and not a text that can be used; `Some(None)`: not there.
fn text<'c>(claims: &'c Json<'_>, name: &str, most: usize) -> Option<Option<&'c str>> {
    match claims.member(name) {
        None => Some(None),
        Some(value) => usable(value, most).map(Some),
    }
}

fn usable<'c>(value: &'c Json<'_>, most: usize) -> Option<&'c str> {
    let text = value.as_str()?;
    (!text.is_empty() && text.len() <= most && !text.chars().any(char::is_control)).then_some(text)
}

/// One name or a list of names; none where the claim is absent.
fn names<'c>(claims: &'c Json<'_>, name: &str) -> Option<Vec<&'c str>> {
    // An audience may be a URL.
    let most = if name == "aud" { 2048 } else { NAME_MAX_BYTES };
    match claims.member(name) {
        None => Some(Vec::new()),
        Some(Json::Array(values)) if values.len() <= NAMES_MAX => {
            let mut found: Vec<&str> = Vec::with_capacity(values.len());
            for value in values {
                let name = usable(value, most)?;
                if !found.contains(&name) {
                    found.push(name);
                }
            }
            Some(found)
        }
        Some(value) => usable(value, most).map(|name| vec![name]),
    }
}

/// A list, or a text with blanks between (RFC 8693). Issuers have scopes of their own for others: what is none of ours is left.
fn scopes(claims: &Json<'_>) -> Option<Vec<Scope>> {
    let mut scopes = Vec::new();
    let mut add = |name: &str| {
        let scope = Scope::parse(name).filter(|scope| !scopes.contains(scope));
        scopes.extend(scope);
    };
    match claims.member("scope") {
        None => {}
        Some(Json::Array(values)) => {
            for value in values {
                add(value.as_str()?);
            }
        }
        Some(value) => value.as_str()?.split(' ').for_each(add),
    }
    // Nobody decides on its own calls. A key may be forced to (`force`), a token cannot say so, and loses the lesser of the two.
    if scopes.iter().any(|scope| scope.governs()) && !scopes.contains(&Scope::Admin) {
        scopes.retain(|scope| *scope != Scope::GovernancePropose);
    }
    Some(scopes)
}

/// Seconds since 1970, with or without a fraction. `None`: there, and not such a number; `Some(None)`: not there.
fn time(claims: &Json<'_>, name: &str) -> Option<Option<Timestamp>> {
    let value = match claims.member(name) {
        None => return Some(None),
        Some(Json::Number(number)) => number.value,
        Some(_) => return None,
    };
    let seconds = match value {
        NumberValue::Integer(seconds) => seconds,
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and beyond any calendar")]
        NumberValue::Decimal(seconds) => seconds.floor() as i64,
    };
    Some(Some(Timestamp::from_micros(seconds.saturating_mul(1_000_000))))
}
