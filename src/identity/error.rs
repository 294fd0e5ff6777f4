//! Why a caller was not identified.

use thiserror::Error;

/// A caller that is not who it may be. The texts are for the caller and say nothing about which keys exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// No credential, where one is needed.
    #[error("Credentials are required: send X-Api-Key or Authorization: Bearer.")]
    Missing,
    /// A credential that no live key matches, or one that is not even well formed.
    #[error("The credential presented is not valid.")]
    Invalid,
    /// A token that was signed for others.
    #[error("The token presented is not for this gateway.")]
    TokenAudience,
    /// A token that has ended.
    #[error("The token presented has expired.")]
    TokenExpired,
    /// A token that is not to be used yet.
    #[error("The token presented is not valid yet.")]
    TokenEarly,
    /// A token that is good for longer than tokens may be.
    #[error("The token presented is valid for longer than is accepted here.")]
    TokenLifetime,
    /// A token that does not say what it must, or says it in another form.
    #[error("The token presented lacks a claim, or one has not the form it must have.")]
    TokenClaims,
    /// One of many credentials from one address that failed.
    #[error("Too many credentials from this address were not valid. Try again in {retry_after_s} seconds.")]
    Throttled {
        /// In how many seconds.
        retry_after_s: u32,
    },
    /// The same kind of credential twice.
    #[error("A credential was presented twice.")]
    Repeated,
    /// Two credentials of different principals.
    #[error("Two credentials of different callers were presented.")]
    Conflicting,
    /// A key that may manage or approve, used to call a tool.
    #[error("This key may change policies or approve calls, so it may not call tools.")]
    Governing,
    /// An actor named by `X-Aegis-Actor` that the key may not speak for.
    #[error("The key may not speak for the actor named by X-Aegis-Actor.")]
    ForeignActor,
}

impl IdentityError {
    /// Whether a credential was tried and found wanting, as by someone who guesses.
    #[must_use]
    pub const fn is_failed_credential(&self) -> bool {
        matches!(
            self,
            Self::Invalid
                | Self::TokenAudience
                | Self::TokenExpired
                | Self::TokenEarly
                | Self::TokenLifetime
                | Self::TokenClaims
        )
    }
}
