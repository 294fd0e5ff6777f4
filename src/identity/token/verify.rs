//! From a token to the key it stands for. Everything that is not exactly as it must be is refused.

use crate::identity::token::claims::{Claims, holder};
use crate::identity::token::compact::Compact;
use crate::identity::token::issuer::is_signed;
use crate::identity::{IdentityError, Key, TokenIssuer};
use crate::model::call::TokenAlgorithm;
use crate::model::json::{Json, Reader};
use crate::model::time::Timestamp;

/// The key that `token` stands for until it ends.
///
/// # Errors
/// It is no token, nobody's that is believed, not signed by its issuer, or not for here and now. Before its signature is found good
/// nothing of it is told.
pub(in crate::identity) fn verified(
    issuers: &[TokenIssuer],
    token: &[u8],
    now: Timestamp,
) -> Result<Key, IdentityError> {
    let compact = Compact::parse(token).ok_or(IdentityError::Invalid)?;
    // Strict: of two equal members other readers take the first or the last.
    let reader = Reader::default();
    let header = reader.parse(&compact.header).map_err(|_| IdentityError::Invalid)?;
    let read = reader.parse(&compact.claims).map_err(|_| IdentityError::Invalid)?;
    let (algorithm, kid) = head(&header).ok_or(IdentityError::Invalid)?;
    let named = read.member("iss").and_then(Json::as_str).ok_or(IdentityError::Invalid)?;
    let mut is_known = false;
    for issuer in issuers.iter().filter(|issuer| &*issuer.issuer == named) {
        let Some(key) = issuer.key(algorithm, kid) else { continue };
        if !is_signed(key, compact.signed, &compact.signature) {
            continue;
        }
        is_known = true;
        let claims = Claims::read(&read).ok_or(IdentityError::TokenClaims)?;
        // One issuer may be believed for several audiences.
        if claims.is_for(&issuer.audience) {
            claims.check_times(now, issuer.max_lifetime_s)?;
            return holder(&claims, issuer).ok_or(IdentityError::TokenClaims);
        }
    }
    Err(if is_known { IdentityError::TokenAudience } else { IdentityError::Invalid })
}

/// What the header of a token that says who calls may say it is (RFC 7519 and RFC 9068), without `application/`.
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// How a token says it is signed. What its header demands that is not known here (`crit`) cannot be obeyed, so it is refused; one
/// that says it is something else, a logout or a proof of a key, was not made to call with (RFC 8725, section 3.11).
fn head<'h>(header: &'h Json<'_>) -> Option<(TokenAlgorithm, Option<&'h str>)> {
    if header.member("crit").is_some() || header.member("b64").is_some() {
        return None;
    }
    if let Some(typ) = header.member("typ") {
        let typ = typ.as_str()?.to_ascii_lowercase();
        let plain = typ.strip_prefix("application/").unwrap_or(&typ);
        TYPES.contains(&plain).then_some(())?;
    }
    let algorithm = TokenAlgorithm::parse(header.member("alg")?.as_str()?)?;
    match header.member("kid") {
        None => Some((algorithm, None)),
        Some(kid) => Some((algorithm, Some(kid.as_str()?))),
    }
}
