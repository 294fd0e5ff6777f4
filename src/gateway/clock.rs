//! The clock and the randomness of the request path, in one place so that tests can hold both still.

use std::fmt::Debug;
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use rand::Rng;

use crate::identity::SEAL_NONCE_BYTES;
use crate::model::id::Id;
use crate::model::time::Timestamp;

/// Where time and randomness come from.
pub trait Clock: Debug + Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Ten random bytes, unpredictable to callers.
    fn random(&self) -> [u8; 10];

    /// Twenty-four random bytes, unpredictable to callers.
    fn nonce(&self) -> [u8; SEAL_NONCE_BYTES] {
        let mut nonce = [0; SEAL_NONCE_BYTES];
        for part in nonce.chunks_mut(10) {
            for (byte, random) in part.iter_mut().zip(self.random()) {
                *byte = random;
            }
        }
        nonce
    }

    /// The text of a new key: `aegis_` and 32 random bytes in hexadecimal. Whoever is given it is known by it.
    fn key_text(&self) -> String {
        let (first, [rest @ .., _, _]) = (self.nonce(), self.random());
        format!("aegis_{}{}", HEXLOWER.encode(&first), HEXLOWER.encode(&rest))
    }

    /// A new id of the moment `now`.
    fn id(&self, prefix: &'static str, now: Timestamp) -> Id {
        Id::new(prefix, now, self.random())
    }
}

/// The machine's clock and a per-thread cryptographic generator seeded by the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}
