//! [`PolicyProviders`]: which provider is in force. The snapshot says so, and with it a reload.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use crate::gateway::providing::turns::Turns;
use crate::gateway::{Administrator, Embedded, GenerationDesk, Noop, PolicyProvider, Publisher};

/// Every provider there is.
#[derive(Debug)]
pub struct PolicyProviders {
    publisher: Arc<Publisher>,
    embedded: Arc<Embedded>,
    noop: Arc<Noop>,
    turns: Turns,
}

impl PolicyProviders {
    /// Over what `publisher` puts in force. Policies are made at `desk`.
    #[must_use]
    pub fn new(publisher: Arc<Publisher>, desk: Arc<GenerationDesk>) -> Self {
        let administrator = Administrator::new(Arc::clone(&publisher));
        let embedded = Arc::new(Embedded::new(administrator.clone(), desk));
        Self { publisher, embedded, noop: Arc::new(Noop::new(administrator)), turns: Turns::default() }
    }

    /// The one that `policy.cedar.provider` names now.
    #[must_use]
    pub fn in_force(&self) -> Arc<dyn PolicyProvider> {
        let embeds = self.publisher.in_force().cedar.settings().is_some_and(|settings| settings.embedded);
        if embeds { Arc::clone(&self.embedded) as _ } else { Arc::clone(&self.noop) as _ }
    }

    /// To be held from reading the engine `name` and its policies until what was made of them is written: what a change leaves out is taken
    /// from what is there, and a policy is checked against the schema that is there. Other engines are not held up.
    pub async fn turn_of(&self, name: &str) -> OwnedMutexGuard<()> {
        self.turns.of(name).await
    }
}
