//! Tokens (JWT): signed by an issuer, verified with its public keys. Start reading at [`TokenIssuer`], then `verify.rs`.
//!
//! Not a library's: theirs read the clock, take the last of two equal members for the one, or bring cryptography of their own
//! beside that of TLS. What is verified here is small: three algorithms, each with a type of key of its own.

mod claims;
mod compact;
mod issuer;
mod verify;

pub use claims::CLAIMS_OF_THE_TOKEN;
pub use issuer::{TokenIssuer, TokenKey};
pub(in crate::identity) use verify::verified;

#[cfg(test)]
mod tests;
