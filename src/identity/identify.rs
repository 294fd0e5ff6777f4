//! From presented credentials to a principal. A credential that fails is never passed over for another kind or for the
//! route's anonymous principal: a caller with a wrong key is told so.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::identity::token::verified;
use crate::identity::{IdentityError, Key, KeyRing};
use crate::model::call::{Principal, is_actor_id};
use crate::model::time::Timestamp;

/// How patiently credentials are tried that no key is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// They may be a token: it is verified.
    Left,
    /// Too many failed where they come from: they are not looked at.
    Spent {
        /// For how many seconds more.
        retry_after_s: u32,
    },
}

/// The credentials of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presented<'h> {
    api_key: Option<&'h [u8]>,
    bearer: Option<&'h [u8]>,
    actor: Option<&'h str>,
}

impl<'h> Presented<'h> {
    /// Reads `X-Api-Key`, `Authorization` and `X-Aegis-Actor` of a request.
    ///
    /// # Errors
    /// One of them stands twice, or is not what it must be (`Authorization` other than Bearer, empty values).
    pub fn read(headers: &'h HeaderMap) -> Result<Self, IdentityError> {
        let mut presented = Self::default();
        for value in headers.get_all(AUTHORIZATION) {
            presented = presented.authorization(value.as_bytes())?;
        }
        for value in headers.get_all("x-api-key") {
            presented = presented.api_key(value.as_bytes())?;
        }
        for value in headers.get_all("x-aegis-actor") {
            presented = presented.actor(value.as_bytes())?;
        }
        Ok(presented)
    }

    /// Adds the value of `X-Api-Key`.
    ///
    /// # Errors
    /// It is empty, or the second one.
    pub fn api_key(self, value: &'h [u8]) -> Result<Self, IdentityError> {
        match self.api_key {
            Some(_) => Err(IdentityError::Repeated),
            None if value.is_empty() => Err(IdentityError::Invalid),
            None => Ok(Self { api_key: Some(value), ..self }),
        }
    }

    /// Adds the value of `Authorization`.
    ///
    /// # Errors
    /// It is no Bearer credential, or the second one.
    pub fn authorization(self, value: &'h [u8]) -> Result<Self, IdentityError> {
        if self.bearer.is_some() {
            return Err(IdentityError::Repeated);
        }
        match value.split_at_checked(7) {
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case(b"Bearer ") && !token.trim_ascii().is_empty() =>
            {
                Ok(Self { bearer: Some(token.trim_ascii()), ..self })
            }
            _ => Err(IdentityError::Invalid),
        }
    }

    /// Adds the value of `X-Aegis-Actor`.
    ///
    /// # Errors
    /// It cannot be an actor's id, or is the second one.
    pub fn actor(self, value: &'h [u8]) -> Result<Self, IdentityError> {
        let name = std::str::from_utf8(value).map_err(|_| IdentityError::ForeignActor)?;
        if self.actor.is_some() {
            return Err(IdentityError::Repeated);
        }
        if !is_actor_id(name) {
            return Err(IdentityError::ForeignActor);
        }
        Ok(Self { actor: Some(name), ..self })
    }

    const fn is_none(&self) -> bool {
        self.api_key.is_none() && self.bearer.is_none()
    }
}

/// The key presented, or the one that a token presented stands for; `None` when neither was.
///
/// # Errors
/// A credential that fails, or two of different callers.
pub fn authenticate<'k>(
    ring: &'k KeyRing,
    presented: Presented<'_>,
    now: Timestamp,
    patience: Patience,
) -> Result<Option<Cow<'k, Key>>, IdentityError> {
    let failed = || match patience {
        Patience::Left => Ok(()),
        Patience::Spent { retry_after_s } => Err(IdentityError::Throttled { retry_after_s }),
    };
    let key = |text: &[u8]| ring.find(text, now).map(Cow::Borrowed);
    let first = match presented.api_key.map(key) {
        Some(None) => return Err(failed().err().unwrap_or(IdentityError::Invalid)),
        found => found.flatten(),
    };
    let second = match presented.bearer.map(|text| (text, key(text))) {
        Some((text, None)) => {
            failed()?;
            Some(Cow::Owned(verified(ring.issuers(), text, now)?))
        }
        found => found.and_then(|(_, key)| key),
    };
    match (first, second) {
        (Some(first), Some(second)) if first.id != second.id => Err(IdentityError::Conflicting),
        (first, second) => Ok(first.or(second)),
    }
}

/// Who calls a tool: the holder of the presented key, else the route's anonymous principal.
///
/// # Errors
/// No credential where one is needed, one that fails, or a key that may not call tools.
pub fn identify<'p>(
    ring: &KeyRing,
    presented: Presented<'_>,
    anonymous: Option<&'p Principal>,
    now: Timestamp,
    patience: Patience,
) -> Result<Cow<'p, Principal>, IdentityError> {
    if presented.is_none() {
        return anonymous.map(Cow::Borrowed).ok_or(IdentityError::Missing);
    }
    let key = authenticate(ring, presented, now, patience)?.ok_or(IdentityError::Missing)?;
    if key.governs() {
        return Err(IdentityError::Governing);
    }
    match presented.actor {
        Some(actor) if !key.admits(actor) => Err(IdentityError::ForeignActor),
        asserted => Ok(Cow::Owned(key.principal(asserted))),
    }
}
