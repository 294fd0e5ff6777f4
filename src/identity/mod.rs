//! L1: who is calling? Credentials in, [`Principal`](crate::model::call::Principal) out.
//!
//! May import `model` only. Keys are passed in; nothing here knows where they come from. Start reading at [`identify`].

mod error;
mod identify;
mod key;
mod ring;
mod seal;
mod session;
mod token;

pub use error::IdentityError;
pub use identify::{Patience, Presented, authenticate, identify};
pub use key::Key;
pub use ring::{KeyRate, KeyRing};
pub use seal::{SEAL_KEY_BYTES, SEAL_NONCE_BYTES, Seal, bind};
pub use session::{SessionOwner, SessionSeal};
pub use token::{CLAIMS_OF_THE_TOKEN, TokenIssuer, TokenKey};

#[cfg(test)]
mod tests;
