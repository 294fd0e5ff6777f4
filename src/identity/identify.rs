//! From presented credentials to a principal. A credential that fails is never passed over for another kind or for the
//! route's anonymous principal: a caller with a wrong key is told so.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::identity::{IdentityError, Key, KeyRing};
use crate::model::call::Principal;
use crate::model::time::Timestamp;

/// The credentials of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presented<'h> {
    api_key: Option<&'h [u8]>,
    bearer: Option<&'h [u8]>,
    actor: Option<&'h str>,
}

impl<'h> Presented<'h> {
    /// Reads `X-Api-Key`, `Authorization` and `X-Aegis-Actor`.
    ///
    /// # Errors
    /// One of them stands twice, or is not what it must be (`Authorization` other than Bearer, empty values).
    pub fn read(headers: &'h HeaderMap) -> Result<Self, IdentityError> {
        let single = |name: &str| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (value, None) => Ok(value.map(http::HeaderValue::as_bytes)),
                _ => Err(IdentityError::Repeated),
            }
        };
        let api_key = single("x-api-key")?;
        let bearer = match single(AUTHORIZATION.as_str())? {
            None => None,
            Some(value) => match value.split_at_checked(7) {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"Bearer ") => Some(token.trim_ascii()),
                _ => return Err(IdentityError::Invalid),
            },
        };
        if [api_key, bearer].into_iter().flatten().any(<[u8]>::is_empty) {
            return Err(IdentityError::Invalid);
        }
        let actor = match single("x-aegis-actor")? {
            None => None,
            Some(name) => {
                let name = std::str::from_utf8(name).map_err(|_| IdentityError::ForeignActor)?;
                let plain = !name.is_empty() && name.len() <= 256 && !name.contains('*');
                Some(plain.then_some(name).ok_or(IdentityError::ForeignActor)?)
            }
        };
        Ok(Self { api_key, bearer, actor })
    }

    const fn is_none(&self) -> bool {
        self.api_key.is_none() && self.bearer.is_none()
    }
}

/// The key presented to the control API; `None` when none was.
///
/// # Errors
/// A credential that fails, or two of different keys.
pub fn authenticate<'k>(
    ring: &'k KeyRing,
    presented: Presented<'_>,
    now: Timestamp,
) -> Result<Option<&'k Key>, IdentityError> {
    let find = |text: Option<&[u8]>| {
        text.map(|text| ring.find(text, now).ok_or(IdentityError::Invalid)).transpose()
    };
    match (find(presented.api_key)?, find(presented.bearer)?) {
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
) -> Result<Cow<'p, Principal>, IdentityError> {
    if presented.is_none() {
        return anonymous.map(Cow::Borrowed).ok_or(IdentityError::Missing);
    }
    let key = authenticate(ring, presented, now)?.ok_or(IdentityError::Missing)?;
    if key.governs() {
        return Err(IdentityError::Governing);
    }
    match presented.actor {
        Some(actor) if !key.admits(actor) => Err(IdentityError::ForeignActor),
        asserted => Ok(Cow::Owned(key.principal(asserted))),
    }
}
