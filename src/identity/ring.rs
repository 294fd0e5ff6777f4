//! All keys in force: known by their SHA-256, compared in constant time.

use std::num::NonZeroU32;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::identity::{Key, TokenIssuer};
use crate::model::call::Scope;
use crate::model::time::Timestamp;

/// How many requests a key may make on the control listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRate {
    /// In a second; `None` = any number.
    pub per_second: Option<NonZeroU32>,
    /// In a day (UTC); `None` = any number.
    pub per_day: Option<NonZeroU32>,
}

/// All keys in force, and whose tokens are believed.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    /// Of the configuration, in its order.
    configured: Arc<[Key]>,
    /// Issued by API. A key whose id the configuration gives to another is not in force: the file counts.
    issued: Arc<[Key]>,
    /// All of them by the first byte of their hash, those of the configuration last of their kind.
    sorted: Vec<Key>,
    issuers: Vec<TokenIssuer>,
    rate: Option<KeyRate>,
}

impl KeyRing {
    /// A ring of `keys`.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        Self { configured: keys.into(), ..Self::default() }.sort()
    }

    /// The same, that believes the tokens of `issuers` too.
    #[must_use]
    pub fn with_issuers(self, issuers: Vec<TokenIssuer>) -> Self {
        Self { issuers, ..self }
    }

    /// The same, whose keys may make so many requests.
    #[must_use]
    pub fn with_rate(self, rate: Option<KeyRate>) -> Self {
        Self { rate, ..self }
    }

    /// The same with these keys in the place of those issued before.
    #[must_use]
    pub fn with_issued(&self, issued: Arc<[Key]>) -> Self {
        Self { issued, ..self.clone() }.sort()
    }

    fn sort(mut self) -> Self {
        let issued = self.issued.iter().filter(|key| !is_among(&self.configured, &key.id));
        self.sorted = issued.chain(&*self.configured).cloned().collect();
        self.sorted.sort_by_key(bucket);
        self
    }

    /// How many requests each key may make on the control listener; `None` = any number.
    #[must_use]
    pub const fn rate(&self) -> Option<KeyRate> {
        self.rate
    }

    /// The keys issued by API, also those that are not in force because the configuration gives their id to another.
    #[must_use]
    pub const fn issued(&self) -> &Arc<[Key]> {
        &self.issued
    }

    /// The keys of the configuration.
    #[must_use]
    pub const fn configured(&self) -> &Arc<[Key]> {
        &self.configured
    }

    /// Whose tokens are believed.
    pub(in crate::identity) fn issuers(&self) -> &[TokenIssuer] {
        &self.issuers
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Whether some key may use `scope`.
    #[must_use]
    pub fn any_may(&self, scope: Scope) -> bool {
        self.sorted.iter().any(|key| key.may(scope))
    }

    /// The first key with this id, ended or not. Keys that share an id have the same roles and person.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Key> {
        self.configured.iter().chain(&*self.issued).find(|key| &*key.id == id)
    }

    /// The live key with this text. Of keys whose hash begins as that of the text does every one is compared, whatever matched
    /// before: time tells nothing of a key but how many begin like it.
    #[must_use]
    pub fn find(&self, text: &[u8], now: Timestamp) -> Option<&Key> {
        let presented: [u8; 32] = Sha256::digest(text).into();
        let [first, ..] = presented;
        let start = self.sorted.partition_point(|key| bucket(key) < first);
        let alike = self.sorted.get(start..)?.iter().take_while(|key| bucket(key) == first);
        let mut found = u64::MAX;
        for (index, key) in (0_u64..).zip(alike) {
            let live = key.expires_at.is_none_or(|end| now < end);
            let matches = key.hash.ct_eq(&presented) & Choice::from(u8::from(live));
            found.conditional_assign(&index, matches);
        }
        self.sorted.get(start.checked_add(usize::try_from(found).ok()?)?)
    }
}

const fn bucket(key: &Key) -> u8 {
    let [first, ..] = key.hash;
    first
}

fn is_among(keys: &[Key], id: &str) -> bool {
    keys.iter().any(|key| &*key.id == id)
}
