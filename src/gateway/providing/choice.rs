//! [`PolicyProviders`]: which provider is in force. The snapshot says so, and with it a reload.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::decision::PolicySnapshot;
use crate::gateway::{Administrator, Embedded, GenerationDesk, Noop, PolicyProvider};
use crate::model::handle::Handle;

/// Every provider there is.
#[derive(Debug)]
pub struct PolicyProviders {
    snapshot: Arc<Handle<PolicySnapshot>>,
    embedded: Arc<Embedded>,
    noop: Arc<Noop>,
    turn: Arc<Mutex<()>>,
}

impl PolicyProviders {
    /// Over what `administrator` keeps, chosen as `snapshot` says.
    #[must_use]
    pub fn new(
        snapshot: Arc<Handle<PolicySnapshot>>,
        administrator: &Administrator,
        desk: Arc<GenerationDesk>,
    ) -> Self {
        let embedded = Arc::new(Embedded::new(administrator.clone(), desk));
        let noop = Arc::new(Noop::new(administrator.clone()));
        Self { snapshot, embedded, noop, turn: Arc::default() }
    }

    /// The one that `policy.cedar.provider` names now.
    #[must_use]
    pub fn in_force(&self) -> Arc<dyn PolicyProvider> {
        let embeds = self.snapshot.load().cedar.settings().is_some_and(|settings| settings.embedded);
        if embeds { Arc::clone(&self.embedded) as _ } else { Arc::clone(&self.noop) as _ }
    }

    /// To be held from reading engines and policies until what was made of them is written: what a change leaves out is taken from what is
    /// there, and a policy is checked against the schema that is there.
    pub async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }
}
