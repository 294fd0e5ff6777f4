//! L3: what operators administer by API.
//!
//! May import L0 to L2. Stores are traits here; `store` implements them. Start reading at [`KeyStore`].

mod keys;

pub use keys::{EarlierHash, IssuedKey, KeyStore, KeyStoreError};
