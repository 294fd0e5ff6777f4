//! The two keys of the environment.

use sha2::{Digest, Sha256};

use crate::config::Secret;
use crate::identity::Key;
use crate::model::call::Scope;

/// The tenant of everybody here, with a key or without: what was recorded before a key was set stays in sight.
const TENANT: &str = "anonymous";

/// The keys, as the server's ring holds them. Where there is no key for policy updates, the other one is for those too.
pub(super) fn keys(api: Option<&Secret>, admin: Option<&Secret>) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(api) = api {
        let mut scopes =
            vec![Scope::GovernancePropose, Scope::GovernanceRead, Scope::AuditRead, Scope::MetricsRead];
        if admin.is_none() {
            scopes.push(Scope::PoliciesManage);
        }
        keys.push(key("api", api, scopes, vec!["*".to_owned()]));
    }
    if let Some(admin) = admin {
        keys.push(key("admin", admin, vec![Scope::Admin], Vec::new()));
    }
    keys
}

fn key(id: &str, text: &Secret, scopes: Vec<Scope>, actors: Vec<String>) -> Key {
    Key {
        id: id.into(),
        hash: Sha256::digest(text.reveal()).into(),
        tenant: TENANT.into(),
        scopes,
        actors,
        actor: None,
        roles: [].into(),
        groups: std::sync::Arc::default(),
        claims: std::sync::Arc::default(),
        person: None,
        expires_at: None,
    }
}

/// What keeps the key `text` of the variable `name` from ever being presented, in a sentence; `None`: nothing. It is sent in headers, which
/// lose spaces at the ends, and of which few clients send anything beyond ASCII, and none in the same way.
pub(super) fn objection(name: &str, text: Option<&Secret>) -> Option<String> {
    let (place, odd) = text?.reveal().chars().enumerate().find(|(_, letter)| !letter.is_ascii_graphic())?;
    let what = match odd {
        ' ' => "a space",
        '\n' | '\r' => "a line break",
        odd if odd.is_ascii() => "a control character",
        _ => "a character beyond ASCII",
    };
    let place = place + 1;
    Some(format!(
        "{name} has {what} at place {place}, which a request header does not carry unchanged: use letters, digits and punctuation of ASCII only"
    ))
}
