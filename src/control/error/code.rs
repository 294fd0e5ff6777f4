//! The closed list of problem codes: what stands behind `urn:aegis:` in our own problems, and in `error.code` on the governance
//! and enforcement paths.

use crate::admin::Refused;
use crate::gateway::{KeyConflict, OverrideError, ReportRefused};
use crate::holds::{ChangeRefused, OverrideRefused};
use crate::identity::IdentityError;

use crate::control::ControlError;

macro_rules! codes {
    ($($name:ident $text:literal),* $(,)?) => {
        /// What kind of problem it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::control) enum ProblemCode {
            $(#[doc = $text] $name),*
        }

        impl ProblemCode {
            /// Every code.
            pub(in crate::control) const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as callers see it. None is ever renamed.
            pub(in crate::control) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

codes! {
    ActorMismatch "actor-mismatch",
    AlreadyExists "already-exists",
    AlreadyReported "already-reported",
    ApprovedAlready "approved-already",
    BadBody "bad-body",
    BadCursor "bad-cursor",
    BadIdempotencyKey "bad-idempotency-key",
    BadPrecondition "bad-precondition",
    BadQuery "bad-query",
    BodyTimeout "body-timeout",
    BodyTooLarge "body-too-large",
    CredentialsInvalid "credentials-invalid",
    CredentialsMissing "credentials-missing",
    CredentialsThrottled "credentials-throttled",
    CrossSite "cross-site",
    DeploymentOnly "deployment-only",
    HostNotAllowed "host-not-allowed",
    EngineEnforcing "engine-enforcing",
    IdempotencyInProgress "idempotency-in-progress",
    IdempotencyKeyReused "idempotency-key-reused",
    IdempotencyUnknown "idempotency-unknown",
    IndexUnavailable "index-unavailable",
    InternalError "internal-error",
    KeyConfigured "key-configured",
    KeyEnded "key-ended",
    KeyExists "key-exists",
    KeyLimit "key-limit",
    KeyOverlap "key-overlap",
    KeyRevoked "key-revoked",
    LedgerUnavailable "ledger-unavailable",
    MediaTypeNotSupported "media-type-not-supported",
    MethodNotAllowed "method-not-allowed",
    NotFound "not-found",
    NotOverridable "not-overridable",
    NotOwnHold "not-own-hold",
    NotPending "not-pending",
    NotVoted "not-voted",
    NothingToReport "nothing-to-report",
    OverrideGranted "override-granted",
    OverrideMessageDiffers "override-message-differs",
    OwnActor "own-actor",
    OwnEvaluation "own-evaluation",
    OwnHold "own-hold",
    PersonMissing "person-missing",
    RateLimited "rate-limited",
    RoleFilled "role-filled",
    RoleMissing "role-missing",
    RollbackRefused "rollback-refused",
    ScopeMissing "scope-missing",
    StoppedByFile "stopped-by-file",
    StoreUnavailable "store-unavailable",
    TenantFixed "tenant-fixed",
    TenantNotAllowed "tenant-not-allowed",
    TooManyObjects "too-many-objects",
    VersionStale "version-stale",
    WrittenInFile "written-in-file",
}

impl ControlError {
    /// What kind of problem it is.
    pub(in crate::control) const fn code(&self) -> ProblemCode {
        match self {
            Self::NotFound | Self::NoSuch(_) => ProblemCode::NotFound,
            Self::MethodNotAllowed(_) => ProblemCode::MethodNotAllowed,
            Self::Identity(IdentityError::Missing) => ProblemCode::CredentialsMissing,
            Self::Identity(IdentityError::Throttled { .. }) => ProblemCode::CredentialsThrottled,
            Self::Identity(_) => ProblemCode::CredentialsInvalid,
            Self::Rate { .. } => ProblemCode::RateLimited,
            Self::Key(conflict) => match conflict {
                KeyConflict::Exists => ProblemCode::KeyExists,
                KeyConflict::Configured => ProblemCode::KeyConfigured,
                KeyConflict::Revoked => ProblemCode::KeyRevoked,
                KeyConflict::Ended => ProblemCode::KeyEnded,
                KeyConflict::Overlap { .. } => ProblemCode::KeyOverlap,
                KeyConflict::Full => ProblemCode::KeyLimit,
            },
            Self::ForeignTenant => ProblemCode::TenantNotAllowed,
            Self::Scope(_) | Self::NotOwnHold => ProblemCode::ScopeMissing,
            Self::OthersHold => ProblemCode::NotOwnHold,
            Self::ForeignHost => ProblemCode::HostNotAllowed,
            Self::CrossSite => ProblemCode::CrossSite,
            Self::BadQuery { .. } => ProblemCode::BadQuery,
            Self::BadCursor => ProblemCode::BadCursor,
            Self::BadBody { .. } | Self::BadFields(_) => ProblemCode::BadBody,
            Self::ForeignActor | Self::ActorType(_) => ProblemCode::ActorMismatch,
            Self::Report(refused) => match refused {
                ReportRefused::Unknown => ProblemCode::NotFound,
                ReportRefused::NotAllowed | ReportRefused::Witnessed => ProblemCode::NothingToReport,
                ReportRefused::Reported => ProblemCode::AlreadyReported,
                ReportRefused::Index => ProblemCode::IndexUnavailable,
                ReportRefused::Ledger => ProblemCode::LedgerUnavailable,
            },
            Self::Override(error) => of_override(*error),
            Self::BodyTooLarge(_) => ProblemCode::BodyTooLarge,
            Self::BodyTooSlow => ProblemCode::BodyTimeout,
            Self::MediaType | Self::Packed => ProblemCode::MediaTypeNotSupported,
            Self::BadPrecondition => ProblemCode::BadPrecondition,
            Self::OwnActor => ProblemCode::OwnActor,
            Self::Refused(refused) => match refused {
                Refused::Forbidden { .. } => ProblemCode::TenantNotAllowed,
                Refused::NotFound { .. } | Refused::NoSnapshot => ProblemCode::NotFound,
                Refused::Exists { .. } => ProblemCode::AlreadyExists,
                Refused::FromFile { .. } => ProblemCode::WrittenInFile,
                Refused::OtherTenant => ProblemCode::TenantFixed,
                Refused::Stale { .. } => ProblemCode::VersionStale,
                Refused::Full { .. } | Refused::Patterns { .. } => ProblemCode::TooManyObjects,
                Refused::Stopped { .. } => ProblemCode::StoppedByFile,
                Refused::Repeated { .. } => ProblemCode::BadBody,
                Refused::Enforcing { .. } => ProblemCode::EngineEnforcing,
            },
            Self::BadIdempotencyKey(_) => ProblemCode::BadIdempotencyKey,
            Self::IdempotencyKeyReused => ProblemCode::IdempotencyKeyReused,
            Self::IdempotencyInProgress => ProblemCode::IdempotencyInProgress,
            Self::IdempotencyUnknown => ProblemCode::IdempotencyUnknown,
            Self::Hold(refused, _) => match refused {
                ChangeRefused::Stands(_) => ProblemCode::NotPending,
                ChangeRefused::ApprovedAlready => ProblemCode::ApprovedAlready,
                ChangeRefused::Own => ProblemCode::OwnHold,
                ChangeRefused::RoleMissing(_) => ProblemCode::RoleMissing,
                ChangeRefused::PersonMissing => ProblemCode::PersonMissing,
                ChangeRefused::Unrecorded => ProblemCode::LedgerUnavailable,
            },
            Self::DeploymentOnly => ProblemCode::DeploymentOnly,
            Self::RollbackRefused(_) => ProblemCode::RollbackRefused,
            Self::StoreUnavailable | Self::AdminUnavailable => ProblemCode::StoreUnavailable,
            Self::IndexUnavailable => ProblemCode::IndexUnavailable,
            Self::LedgerUnavailable => ProblemCode::LedgerUnavailable,
            Self::Internal => ProblemCode::InternalError,
        }
    }
}

/// What kind of problem a vote is that does not count.
const fn of_override(error: OverrideError) -> ProblemCode {
    match error {
        OverrideError::Unknown | OverrideError::NotRequested => ProblemCode::NotFound,
        OverrideError::Not(_) => ProblemCode::NotOverridable,
        OverrideError::Refused(refused) => match refused {
            OverrideRefused::Own => ProblemCode::OwnEvaluation,
            OverrideRefused::RoleMissing => ProblemCode::RoleMissing,
            OverrideRefused::PersonMissing => ProblemCode::PersonMissing,
            OverrideRefused::MessageDiffers(_) => ProblemCode::OverrideMessageDiffers,
            OverrideRefused::RoleFilled(_) => ProblemCode::RoleFilled,
            OverrideRefused::NotVoted => ProblemCode::NotVoted,
            OverrideRefused::Granted => ProblemCode::OverrideGranted,
        },
        OverrideError::Index => ProblemCode::IndexUnavailable,
        OverrideError::Store => ProblemCode::StoreUnavailable,
        OverrideError::Ledger => ProblemCode::LedgerUnavailable,
    }
}
