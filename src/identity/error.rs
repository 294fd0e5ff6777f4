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
