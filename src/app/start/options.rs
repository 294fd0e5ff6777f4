//! What a start is told besides the configuration.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::ConfigSource;
use crate::control::Access;
use crate::gateway::{Approval, Executor};
use crate::identity::Key;

/// How to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the configuration is.
    pub source: ConfigSource,
    /// Who may call the control listener.
    pub access: Access,
    /// Keys from elsewhere than the configuration, for one that has none.
    pub own_keys: Vec<Key>,
    /// What runs actions of the policy server, and what becomes of those that want approval; `None`: as configured.
    pub executor: Option<(Arc<dyn Executor>, Approval)>,
    /// The file of the ledger's index, if it is not in the data folder.
    pub audit_index: Option<PathBuf>,
    /// Which listeners there are.
    pub planes: Planes,
}

/// Which listeners there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planes {
    /// The control listener alone: the policy server.
    Control,
    /// The data plane beside it.
    Both,
}

impl Options {
    /// A gateway as its configuration says.
    #[must_use]
    pub fn gateway(source: ConfigSource, access: Access) -> Self {
        let planes = Planes::Both;
        Self { source, access, own_keys: Vec::new(), executor: None, audit_index: None, planes }
    }
}
