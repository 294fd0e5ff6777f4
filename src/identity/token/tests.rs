//! Which tokens are believed, and which are not.

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::identity::token::verified;
use crate::identity::{IdentityError, Key, TokenIssuer, TokenKey};
use crate::model::call::{PrincipalKind, PublicKey, Scope, TokenAlgorithm};
use crate::model::time::Timestamp;

const NOW: i64 = 1_772_721_005;

/// An issuer with a key of each kind that can be made here; `p256` is what an attacker takes for a shared secret.
struct Idp {
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    issuer: TokenIssuer,
}

impl Idp {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let p256 =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let ed25519 = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let named = |kid: &str, key| TokenKey { kid: Some(kid.into()), key };
        let issuer = TokenIssuer {
            issuer: "https://idp.example".into(),
            audience: "tools".into(),
            algorithms: vec![TokenAlgorithm::Es256, TokenAlgorithm::EdDsa],
            keys: vec![
                named("ec", PublicKey::P256(p256.public_key().as_ref().try_into().unwrap())),
                named("ed", PublicKey::Ed25519(ed25519.public_key().as_ref().try_into().unwrap())),
            ],
            tenant: None,
            max_lifetime_s: 86_400,
            claims: None,
        };
        Self { p256, ed25519, issuer }
    }

    /// A token of these two texts, signed with the key that `alg` names, whatever the header says.
    fn sign(&self, header: &str, claims: &str, alg: &str) -> String {
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        let signature = match alg {
            "ES256" => self.p256.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed25519.sign(signed.as_bytes()).as_ref().to_vec(),
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.p256.public_key().as_ref());
                hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            "none" => return format!("{signed}."),
            other => panic!("{other}"),
        };
        format!("{signed}.{}", encode(&signature))
    }

    fn token(&self, claims: &Value) -> String {
        self.sign(r#"{"alg":"ES256","kid":"ec","typ":"JWT"}"#, &claims.to_string(), "ES256")
    }

    fn try_token(&self, token: &str) -> Result<Key, IdentityError> {
        verified(std::slice::from_ref(&self.issuer), token.as_bytes(), now())
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn now() -> Timestamp {
    Timestamp::from_micros(NOW * 1_000_000)
}

fn claims() -> Value {
    json!({"iss": "https://idp.example", "aud": "tools", "sub": "agent-001", "exp": NOW + 3600})
}

/// The usual claims with some replaced; null takes one away.
fn with(changes: &Value) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    claims
}

#[test]
fn a_token_is_its_subject_with_what_it_claims() {
    let idp = Idp::new();
    let plain = idp.try_token(&idp.token(&claims())).unwrap();
    let principal = plain.principal(None);
    assert_eq!(
        (&*principal.tenant, &*principal.id, principal.kind),
        ("default", "agent-001", PrincipalKind::AiAgent)
    );
    assert_eq!(principal.key.as_deref(), Some("https://idp.example#agent-001"));
    assert!(plain.scopes.is_empty() && !plain.governs() && plain.person.is_none());
    // It speaks for nobody else.
    assert!(plain.admits("agent-001") && !plain.admits("agent-002"));

    let full = idp.token(&with(&json!({
        "aud": ["other", "tools"], "actor_type": "human", "tenant": "acme", "person": "ada@acme.example",
        "roles": ["risk_lead", "risk_lead"], "groups": "ops", "iat": NOW, "nbf": NOW,
        "scope": "openid holds:approve governance:read holds:approve", "jti": "x",
    })));
    let key = idp.try_token(&full).unwrap();
    assert_eq!(key.scopes, [Scope::HoldsApprove, Scope::GovernanceRead]);
    assert!(key.governs());
    let principal = key.principal(None);
    assert_eq!((&*principal.tenant, principal.kind), ("acme", PrincipalKind::Human));
    assert_eq!(principal.person.as_deref(), Some("ada@acme.example"));
    assert_eq!((&*principal.roles, &*principal.groups), (&["risk_lead".into()][..], &["ops".into()][..]));
    let listed = idp.token(&with(&json!({"scope": ["admin", "email"]})));
    assert_eq!(idp.try_token(&listed).unwrap().scopes, [Scope::Admin]);

    let other = idp.sign(r#"{"alg":"EdDSA"}"#, &claims().to_string(), "EdDSA");
    assert_eq!(&*idp.try_token(&other).unwrap().principal(None).id, "agent-001");
}

#[test]
fn what_else_a_token_claims_is_told_as_texts_and_as_wanted() {
    let mut idp = Idp::new();
    let token = idp.token(&with(&json!({
        "department": "billing", "level": 3, "limit": 1.50, "verified": true, "nothing": null, "list": ["a"], "inner": {"x": 1},
        "empty": "", "iat": NOW, "nbf": NOW, "jti": "x",
    })));
    let told = |key: &Key| -> Vec<(String, String)> {
        let claims = key.principal(None).claims;
        claims.iter().map(|claim| (claim.name.to_string(), claim.value.to_string())).collect()
    };
    let mut all = told(&idp.try_token(&token).unwrap());
    all.sort();
    let expected = [
        ("department", "billing"),
        ("empty", ""),
        ("iss", "https://idp.example"),
        ("level", "3"),
        ("limit", "1.5"),
        ("sub", "agent-001"),
        ("verified", "true"),
    ];
    assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    // Only what the operator names, also if it is one of the token itself.
    idp.issuer.claims = Some(vec!["department".to_owned(), "jti".to_owned(), "absent".to_owned()]);
    let mut named = told(&idp.try_token(&token).unwrap());
    named.sort();
    assert_eq!(named, [("department", "billing"), ("jti", "x")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    idp.issuer.claims = Some(Vec::new());
    assert!(told(&idp.try_token(&token).unwrap()).is_empty());
}

/// AV-1.4: a signature that is not one of a key of the issuer, by the algorithm of that key, is none.
#[test]
fn forged_tokens_are_refused() {
    let (idp, stranger) = (Idp::new(), Idp::new());
    let claims = claims().to_string();
    let invalid =
        |token: &str| assert_eq!(idp.try_token(token).unwrap_err(), IdentityError::Invalid, "{token}");
    for (header, alg) in [
        (r#"{"alg":"none"}"#, "none"),
        (r#"{"alg":"None"}"#, "none"),
        (r#"{"alg":"none","kid":"ec"}"#, "ES256"),
        (r#"{"alg":"HS256","kid":"ec"}"#, "HS256"),
        (r#"{"alg":"ES256","kid":"ec"}"#, "HS256"),
        (r#"{"alg":"HS256"}"#, "HS256"),
        (r#"{"alg":"EdDSA","kid":"ec"}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"ed"}"#, "EdDSA"),
        (r#"{"alg":"es256","kid":"ec"}"#, "ES256"),
        (r#"{"alg":"RS256","kid":"ec"}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"no"}"#, "ES256"),
        (r#"{"alg":"ES256","kid":1}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"ec","crit":["exp"]}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"ec","b64":false}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"ec","typ":"logout+jwt"}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"ec","typ":"dpop+jwt"}"#, "ES256"),
        (r#"{"alg":"ES256","kid":"ec","typ":1}"#, "ES256"),
        (r#"{"alg":"none","alg":"ES256","kid":"ec"}"#, "ES256"),
        (r#"{"alg":"ES256","Alg":"none","kid":"ec"}"#, "ES256"),
        (r#"{"kid":"ec"}"#, "ES256"),
        (r#"["ES256"]"#, "ES256"),
        ("", "ES256"),
    ] {
        invalid(&idp.sign(header, &claims, alg));
    }
    invalid(&stranger.token(&self::claims()));
    invalid(&idp.token(&with(&json!({"iss": "https://idp.example/"}))));
    invalid(&idp.token(&with(&json!({"iss": null}))));
    invalid(&idp.sign(r#"{"alg":"ES256"}"#, &claims.replacen('{', r#"{"sub":"boss","#, 1), "ES256"));

    let good = idp.token(&self::claims());
    assert!(idp.try_token(&good).is_ok());
    for typ in ["at+jwt", "application/at+jwt", "jwt"] {
        let header = format!(r#"{{"alg":"ES256","kid":"ec","typ":"{typ}"}}"#);
        assert!(idp.try_token(&idp.sign(&header, &claims, "ES256")).is_ok(), "{typ}");
    }
    let [header, body, signature] = <[&str; 3]>::try_from(good.split('.').collect::<Vec<_>>()).unwrap();
    let other_body = encode(claims.replace("agent-001", "agent-002").as_bytes());
    for token in [
        format!("{header}.{other_body}.{signature}"),
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{header}.{body}.{signature}."),
        format!("{header}.{body}.{signature}="),
        format!(".{body}.{signature}"),
        format!("{header}.{body}.{}", encode(&[0; 64])),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}.{body}.{signature}{}", "A".repeat(20_000)),
        String::new(),
        "..".to_owned(),
    ] {
        invalid(&token);
    }
}

#[test]
fn an_algorithm_that_is_not_listed_is_refused_whatever_keys_there_are() {
    let mut idp = Idp::new();
    let token = idp.token(&claims());
    idp.issuer.algorithms = vec![TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256];
    assert_eq!(idp.try_token(&token).unwrap_err(), IdentityError::Invalid);
}

#[test]
fn a_token_that_names_no_key_has_the_only_one_of_its_algorithm() {
    let mut idp = Idp::new();
    let nameless = idp.sign(r#"{"alg":"ES256"}"#, &claims().to_string(), "ES256");
    assert!(idp.try_token(&nameless).is_ok());
    idp.issuer.keys.push(TokenKey { kid: None, key: idp.issuer.keys[0].key.clone() });
    assert_eq!(idp.try_token(&nameless).unwrap_err(), IdentityError::Invalid);
}

#[test]
fn tokens_are_for_here_and_now_and_say_who() {
    let idp = Idp::new();
    use IdentityError::{TokenAudience, TokenClaims, TokenEarly, TokenExpired, TokenLifetime};
    for (changes, expected) in [
        (json!({"aud": "other"}), TokenAudience),
        (json!({"aud": []}), TokenAudience),
        (json!({"aud": null}), TokenAudience),
        (json!({"aud": "Tools"}), TokenAudience),
        (json!({"exp": NOW}), TokenExpired),
        (json!({"exp": NOW - 1}), TokenExpired),
        (json!({"exp": -1e300}), TokenExpired),
        (json!({"nbf": NOW + 301}), TokenEarly),
        (json!({"iat": NOW + 301}), TokenEarly),
        // Another type is not taken for an absent claim.
        (json!({"exp": NOW + 86_400 + 301}), TokenLifetime),
        (json!({"exp": 1e300}), TokenLifetime),
        (json!({"exp": null}), TokenClaims),
        (json!({"exp": (NOW + 3600).to_string()}), TokenClaims),
        (json!({"nbf": "never"}), TokenClaims),
        (json!({"iat": true}), TokenClaims),
        (json!({"sub": null}), TokenClaims),
        (json!({"sub": ""}), TokenClaims),
        (json!({"sub": "agent-*"}), TokenClaims),
        (json!({"sub": "a\nb"}), TokenClaims),
        (json!({"sub": "a".repeat(257)}), TokenClaims),
        (json!({"sub": 7}), TokenClaims),
        (json!({"aud": 7}), TokenClaims),
        (json!({"actor_type": "boss"}), TokenClaims),
        (json!({"actor_type": 1}), TokenClaims),
        (json!({"tenant": ""}), TokenClaims),
        (json!({"tenant": ["acme"]}), TokenClaims),
        (json!({"roles": [1]}), TokenClaims),
        (json!({"groups": {"a": 1}}), TokenClaims),
        (json!({"scope": 1}), TokenClaims),
        (json!({"scope": [1]}), TokenClaims),
        (json!({"person": []}), TokenClaims),
        // Bound to a certificate that nobody has shown.
        (json!({"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}), TokenClaims),
    ] {
        let refused = idp.try_token(&idp.token(&with(&changes)));
        assert_eq!(refused.unwrap_err(), expected, "{changes}");
    }
    for changes in [
        json!({"exp": NOW + 1}),
        json!({"exp": NOW + 86_400}),
        json!({"exp": NOW as f64 + 1.5}),
        // The clock of the issuer may be five minutes ahead: the vectors of AGP-1.
        json!({"iat": NOW + 300, "nbf": NOW + 300}),
        json!({"iat": NOW - 86_400}),
        json!({"sub": "user:alice@company.com/1"}),
    ] {
        assert!(idp.try_token(&idp.token(&with(&changes))).is_ok(), "{changes}");
    }
}

#[test]
fn an_issuer_of_one_tenant_speaks_for_no_other() {
    let mut idp = Idp::new();
    idp.issuer.tenant = Some("acme".into());
    let tenant = |changes| {
        let key = idp.try_token(&idp.token(&with(&changes)));
        key.map(|key| key.tenant.to_string())
    };
    assert_eq!(tenant(json!({})), Ok("acme".to_owned()));
    assert_eq!(tenant(json!({"tenant": "acme"})), Ok("acme".to_owned()));
    assert_eq!(tenant(json!({"tenant": "default"})).unwrap_err(), IdentityError::TokenClaims);
}

/// The token of RFC 7515, A.2, with its key: signed by another implementation, with an algorithm that none here signs with.
#[test]
fn rsa_signatures_of_others_are_verified() {
    let modulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let issuer = TokenIssuer {
        issuer: "joe".into(),
        audience: "tools".into(),
        algorithms: vec![TokenAlgorithm::Rs256],
        keys: vec![TokenKey {
            kid: None,
            key: PublicKey::Rsa {
                modulus: BASE64URL_NOPAD.decode(modulus.as_bytes()).unwrap(),
                exponent: vec![1, 0, 1],
            },
        }],
        tenant: None,
        max_lifetime_s: 60,
        claims: None,
    };
    let tried = |token: &str| verified(std::slice::from_ref(&issuer), token.as_bytes(), now());
    // Its signature is good; it lacks a subject and an audience.
    assert_eq!(tried(token).unwrap_err(), IdentityError::TokenClaims);
    assert_eq!(tried(&token.replace("cC4hiUPoj", "cC4hiUPok")).unwrap_err(), IdentityError::Invalid);
}

proptest! {
    #[test]
    fn arbitrary_tokens_never_panic_and_are_never_believed(token in "[A-Za-z0-9_=.{}\":-]{0,120}") {
        let idp = Idp::new();
        prop_assert!(idp.try_token(&token).is_err());
    }

    /// A byte of a good token changed anywhere.
    #[test]
    fn damaged_tokens_are_refused(at in 0_usize..10_000, byte in any::<u8>()) {
        let idp = Idp::new();
        let good = idp.token(&claims()).into_bytes();
        let mut token = good.clone();
        let at = at % token.len();
        token[at] = byte;
        let tried = verified(std::slice::from_ref(&idp.issuer), &token, now());
        prop_assert!(tried.is_err() || token == good);
    }
}
