//! Sessions that belong to their caller.
//!
//! An MCP server names a session by an id, and whoever sends that id is in the session. So callers are shown a sealed id: the
//! server's own, encrypted and bound to tenant, caller and route. Nobody else can use it, and nobody can make one up. Nothing
//! is stored, so every gateway with the same key reads it, after a restart too. Imports `identity::seal`.

use crate::identity::seal::{SEAL_KEY_BYTES, SEAL_NONCE_BYTES, Seal, bind};

/// The longest session id of a server that is sealed, in bytes.
const SESSION_MAX_BYTES: usize = 1024;

/// What the sealed bytes are for, so that none can stand for anything else sealed with the key.
const PURPOSE: &[u8] = b"aegis mcp session v1";

/// To whom a session belongs.
#[derive(Clone, Copy, Debug)]
pub struct SessionOwner<'o> {
    /// The caller's tenant.
    pub tenant: &'o str,
    /// The caller's id.
    pub actor: &'o str,
    /// Whether a credential says so; a route's anonymous caller of the same name is somebody else.
    pub identified: bool,
    /// The route's name.
    pub route: &'o str,
}

/// Seals and opens session ids.
#[derive(Clone, Debug)]
pub struct SessionSeal {
    seal: Seal,
}

impl SessionSeal {
    /// Seals with `key`, which must be secret and random.
    #[must_use]
    pub fn new(key: [u8; SEAL_KEY_BYTES]) -> Self {
        Self { seal: Seal::new(key) }
    }

    /// What `owner` is shown instead of the server's `session`; `None` when that is too long. `nonce` must be random.
    #[must_use]
    pub fn seal(
        &self,
        session: &[u8],
        owner: SessionOwner<'_>,
        nonce: [u8; SEAL_NONCE_BYTES],
    ) -> Option<String> {
        if session.is_empty() || session.len() > SESSION_MAX_BYTES {
            return None;
        }
        self.seal.seal(session, &owner.bound(), nonce)
    }

    /// The server's own id behind `sealed`; `None` unless it was sealed with this key for this `owner`.
    #[must_use]
    pub fn open(&self, sealed: &[u8], owner: SessionOwner<'_>) -> Option<Vec<u8>> {
        self.seal.open(sealed, &owner.bound(), SESSION_MAX_BYTES)
    }
}

impl SessionOwner<'_> {
    fn bound(self) -> Vec<u8> {
        let mut purpose = PURPOSE.to_vec();
        purpose.push(u8::from(self.identified));
        bind(&purpose, &[self.tenant, self.actor, self.route])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: SessionOwner<'_> =
        SessionOwner { tenant: "t", actor: "ann", identified: true, route: "files" };

    fn seal() -> SessionSeal {
        SessionSeal::new([7; SEAL_KEY_BYTES])
    }

    #[test]
    fn only_the_owner_opens_a_session() {
        let sealed = seal().seal(b"s-1", ANN, [1; SEAL_NONCE_BYTES]).unwrap();
        assert!(!sealed.contains("s-1"));
        assert_eq!(seal().open(sealed.as_bytes(), ANN).as_deref(), Some(&b"s-1"[..]));
        for other in [
            SessionOwner { tenant: "u", ..ANN },
            SessionOwner { actor: "bob", ..ANN },
            SessionOwner { route: "mail", ..ANN },
            SessionOwner { tenant: "", actor: "tann", ..ANN },
            SessionOwner { identified: false, ..ANN },
            SessionOwner { actor: "annf", route: "iles", ..ANN },
        ] {
            assert_eq!(seal().open(sealed.as_bytes(), other), None, "{other:?}");
        }
        assert_eq!(SessionSeal::new([8; SEAL_KEY_BYTES]).open(sealed.as_bytes(), ANN), None);
    }

    #[test]
    fn what_was_changed_cut_or_made_up_does_not_open() {
        let sealed = seal().seal(b"s-1", ANN, [1; SEAL_NONCE_BYTES]).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal().open(&changed, ANN), None, "{at}");
            assert_eq!(seal().open(&sealed.as_bytes()[..at], ANN), None, "{at}");
        }
        for made_up in ["", "s-1", "=", "ä", &"A".repeat(100), &"A".repeat(100_000)] {
            assert_eq!(seal().open(made_up.as_bytes(), ANN), None, "{made_up:.9}");
        }
    }

    #[test]
    fn ids_no_server_should_have_are_not_sealed() {
        assert_eq!(seal().seal(b"", ANN, [1; SEAL_NONCE_BYTES]), None);
        assert!(seal().seal(&[b'x'; SESSION_MAX_BYTES], ANN, [1; SEAL_NONCE_BYTES]).is_some());
        assert_eq!(seal().seal(&[b'x'; SESSION_MAX_BYTES + 1], ANN, [1; SEAL_NONCE_BYTES]), None);
    }
}
