//! L3: what operators administer besides the configuration: capabilities, policies, grants, statuses of actors, kill switches,
//! Cedar's engines, and the keys that were issued.
//!
//! May import L0 to L2. Objects come from files and by API; a [`Registry`] knows what each source says and which objects hold
//! because of it. A [`Change`] is planned (`plan.rs`) into [`RowChange`]s, which a registry can make and take back; an
//! [`AdminStore`] keeps them with their history. Nothing here records or puts anything in force: `gateway::Publisher` does.
//! Start reading at `registry.rs`, then `plan.rs`.

mod cedar;
mod change;
mod digest;
mod error;
mod files;
mod generation;
mod load;
mod plan;
mod registry;
mod replay;
mod row;
mod store;

#[cfg(test)]
mod tests;

pub use cedar::{CedarChange, CedarEdit, MOST_CEDAR_ENGINES, MOST_CEDAR_POLICIES};
pub use change::{By, Change, DEPLOYMENT_TENANT, IfMatch};
pub use digest::Digest;
pub use error::{AdminStoreError, Refused};
pub use files::{FileObject, FileSet, Pin, Pins, Role, Text};
pub use generation::{GenerationRun, GenerationState, GenerationStore};
pub use load::comes_back;
pub use plan::{Asked, MOST_OBJECTS, Planned};
pub use registry::Registry;
pub use replay::{Kept, MOST_REPLAY_BYTES, MOST_REPLAYS, REPLAY_LASTS, Replay, ReplayRequest, ReplayStore};
pub use row::{Entry, Origin, Row, RowChange};
pub use store::{
    AdminStore, EarlierHash, IssuedKey, SnapshotContent, SnapshotRow, Step, Stored, StoredObject,
};

#[cfg(test)]
pub(crate) use generation::MemoryGenerationStore;
#[cfg(test)]
pub(crate) use replay::MemoryReplayStore;
#[cfg(test)]
pub(crate) use tests::{Faults, MemoryAdminStore, sample};
