//! What must be done for a call besides letting it through: a closed list.

use std::sync::Arc;

use crate::model::pointer::Pointer;
use crate::model::time::Timestamp;

/// Obligations of a decision. One that cannot be fulfilled blocks the call. `Default` = none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Obligations {
    /// The rate the caller's grant allows; the gateway keeps count, and tells it here.
    pub rate_limit: Option<RateLimit>,
    /// Longest answer that may come back, in bytes.
    pub max_response_bytes: Option<u64>,
    /// Values of the answer that are hidden.
    pub redact_response: Arc<[Pointer]>,
    /// Nothing may be changed: only calls that are known to read fulfill it.
    pub read_only: bool,
    /// Recorded in full and counted. Always fulfilled.
    pub monitoring: bool,
}

/// At most `max_requests` allowed calls in any time of `window_s` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateLimit {
    /// How many; at least 1.
    pub max_requests: u32,
    /// In how many seconds; at least 1.
    pub window_s: u32,
}

/// What letting a call through takes of the limits that all callers of its capability share: one use, which counts for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedCharge {
    /// Those that must have room for it. A limit that was exceeded already when the call was decided is not among them: people let
    /// the call through all the same.
    pub within: [Option<RateLimit>; SHARED_LIMITS],
    /// How many calls the widest of all these limits allows, the exceeded ones too.
    pub max_requests: u32,
}

/// Most limits that all callers of one capability share: the deployment's and the tenant's.
pub const SHARED_LIMITS: usize = 2;

/// What letting a call through took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charged {
    /// Of its caller's grant.
    pub grant: Option<GrantCharged>,
    /// Of the limits that all callers of its capability share.
    pub shared: Option<SharedCharged>,
}

/// What a call took of its caller's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantCharged {
    /// The rate that the grant allows.
    pub rate: RateLimit,
    /// When it counts as used: not before any use that was taken earlier, whatever the clock says.
    pub at: Timestamp,
}

/// What a call took of the limits that all callers of its capability share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedCharged {
    /// How many calls the widest of them allows.
    pub max_requests: u32,
    /// When it counts as used, likewise.
    pub at: Timestamp,
}

impl Obligations {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both together: of each, the stricter.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        let redact_response = if other.redact_response.iter().all(|it| self.redact_response.contains(it)) {
            self.redact_response
        } else {
            let added = other.redact_response.iter().filter(|it| !self.redact_response.contains(it));
            self.redact_response.iter().chain(added).cloned().collect()
        };
        Self {
            rate_limit: self.rate_limit.or(other.rate_limit),
            max_response_bytes: least(self.max_response_bytes, other.max_response_bytes),
            redact_response,
            read_only: self.read_only || other.read_only,
            monitoring: self.monitoring || other.monitoring,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_the_stricter_holds() {
        let pointers = |texts: &[&str]| texts.iter().map(|text| Pointer::parse(text).unwrap()).collect();
        let one = Obligations {
            max_response_bytes: Some(10),
            redact_response: pointers(&["/a", "/b"]),
            read_only: true,
            ..Obligations::default()
        };
        let other = Obligations {
            max_response_bytes: Some(5),
            redact_response: pointers(&["/b", "/c"]),
            monitoring: true,
            ..Obligations::default()
        };
        let both = one.clone().and(&other);
        assert_eq!(both.max_response_bytes, Some(5));
        assert_eq!(both.redact_response, pointers(&["/a", "/b", "/c"]));
        assert!(both.read_only && both.monitoring && !both.is_empty());
        assert_eq!(one.clone().and(&Obligations::default()), one);
        assert_eq!(Obligations::default().and(&one), one);
    }
}
