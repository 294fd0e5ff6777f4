//! Who is let in, and who is not.

use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use crate::identity::{IdentityError, Key, KeyRing, Patience, Presented, identify};
use crate::model::call::{Principal, PrincipalKind, Scope};
use crate::model::time::Timestamp;

fn key(id: &str, text: &str, scopes: &[Scope]) -> Key {
    Key {
        id: id.into(),
        hash: Sha256::digest(text).into(),
        tenant: "acme".into(),
        scopes: scopes.to_vec(),
        actors: vec!["agent-*".into()],
        actor: None,
        roles: [].into(),
        groups: std::sync::Arc::default(),
        claims: std::sync::Arc::default(),
        person: None,
        expires_at: None,
    }
}

fn ring() -> KeyRing {
    let mut ended = key("ended", "old", &[]);
    ended.expires_at = Some(Timestamp::from_micros(1_000));
    let mut named = key("named", "named-text", &[Scope::GovernancePropose]);
    named.actor = Some(("agent-7".into(), PrincipalKind::Automation));
    let mut literal = key("literal", "literal-text", &[]);
    literal.actors = vec!["crm-bot".into()];
    KeyRing::new(vec![key("bot", "secret", &[]), ended, key("ops", "root", &[Scope::Admin]), named, literal])
}

fn anonymous() -> Principal {
    Principal::new("default", "dev", PrincipalKind::Human)
}

fn who(headers: &[(&str, &str)], anonymous: Option<&Principal>) -> Result<String, IdentityError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let presented = Presented::read(&map)?;
    identify(&ring(), presented, anonymous, Timestamp::from_micros(2_000), Patience::Left)
        .map(|who| who.id.to_string())
}

#[test]
fn callers_are_known_by_their_keys_only() {
    let dev = anonymous();
    for (headers, anonymous, expected) in [
        (&[][..], None, Err(IdentityError::Missing)),
        (&[], Some(&dev), Ok("dev")),
        (&[("x-api-key", "secret")], None, Ok("bot")),
        (&[("authorization", "Bearer secret")], None, Ok("bot")),
        (&[("authorization", "bearer secret"), ("x-api-key", "secret")], None, Ok("bot")),
        (&[("x-api-key", "named-text")], None, Ok("agent-7")),
        (&[("x-api-key", "literal-text")], None, Ok("crm-bot")),
        // A credential that fails never falls through to anonymous.
        (&[("x-api-key", "wrong")], Some(&dev), Err(IdentityError::Invalid)),
        (&[("x-api-key", "")], Some(&dev), Err(IdentityError::Invalid)),
        (&[("authorization", "Basic c2VjcmV0")], Some(&dev), Err(IdentityError::Invalid)),
        (&[("x-api-key", "old")], Some(&dev), Err(IdentityError::Invalid)),
        (&[("x-api-key", "secret"), ("x-api-key", "secret")], None, Err(IdentityError::Repeated)),
        (&[("x-api-key", "secret"), ("authorization", "Bearer wrong")], None, Err(IdentityError::Invalid)),
        (
            &[("x-api-key", "secret"), ("authorization", "Bearer named-text")],
            None,
            Err(IdentityError::Conflicting),
        ),
        (&[("x-api-key", "root")], None, Err(IdentityError::Governing)),
        (&[("x-api-key", "secret"), ("x-aegis-actor", "agent-9")], None, Ok("agent-9")),
        (&[("x-api-key", "secret"), ("x-aegis-actor", "boss")], None, Err(IdentityError::ForeignActor)),
        (&[("x-api-key", "secret"), ("x-aegis-actor", "agent-*")], None, Err(IdentityError::ForeignActor)),
        // Nobody becomes an actor by a header alone.
        (&[("x-aegis-actor", "agent-9")], Some(&dev), Ok("dev")),
    ] {
        assert_eq!(who(headers, anonymous), expected.map(str::to_owned), "{headers:?}");
    }
}

#[test]
fn actor_patterns_match_whole_ids() {
    let mut key = key("k", "t", &[]);
    key.actors = vec!["a*b*c".into()];
    for (actor, admitted) in
        [("abc", true), ("axxbyyc", true), ("ab", false), ("xabc", false), ("abcx", false)]
    {
        assert_eq!(key.admits(actor), admitted, "{actor}");
    }
}

#[test]
fn keys_are_found_by_their_ids_also_after_their_end() {
    let ring = ring();
    assert_eq!(ring.by_id("ended").map(|key| &*key.id), Some("ended"));
    assert!(ring.by_id("nobody").is_none());
    let twins = KeyRing::new(vec![key("a", "first", &[]), key("a", "second", &[])]);
    let first: [u8; 32] = Sha256::digest("first").into();
    assert_eq!(twins.by_id("a").map(|key| key.hash), Some(first));
}
