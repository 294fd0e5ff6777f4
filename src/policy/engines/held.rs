//! All engines, as they stand at one moment. Imports the shelf.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::policy::cedar::{Change, Engine, Mode};
use crate::policy::engines::shelf::Shelf;
use crate::policy::governance::{
    CedarEnforcement, CedarEngine, CedarPolicyContent, Content, Kind, Object, ObjectKey,
};

/// An object that holds, with the digest of what is written of it.
pub(super) type Held = Option<(Arc<Object>, [u8; 32])>;

/// What changes of one engine's policies, each by its id.
pub(super) type OfEngine = Vec<(Arc<str>, Held)>;

/// Every Cedar engine with its policies, and which of them was chosen by API. A copy shares everything; a change makes another, which
/// shares what it did not touch.
#[derive(Clone, Debug, Default)]
pub struct CedarEngines {
    engines: Arc<BTreeMap<Arc<str>, HeldEngine>>,
    enforcement: Option<(Arc<Object>, [u8; 32])>,
}

/// One engine.
#[derive(Clone, Debug, Default)]
pub struct HeldEngine {
    /// The engine as an object, with its digest; `None` while there are only policies of it.
    object: Held,
    policies: Shelf,
    engine: Engine,
}

impl CedarEngines {
    /// What there is after each key of `changes` holds what stands with it.
    #[must_use]
    pub fn changed(&self, changes: Vec<(ObjectKey, Held)>) -> Self {
        let mut next = self.clone();
        let mut policies: BTreeMap<Arc<str>, OfEngine> = BTreeMap::new();
        for (key, held) in changes {
            match key.kind {
                Kind::CedarEngine => {
                    let engines = Arc::make_mut(&mut next.engines);
                    engines.entry(Arc::clone(&key.name)).or_default().object = held;
                }
                Kind::CedarPolicy => {
                    let Some((engine, id)) = key.name.split_once('/') else { continue };
                    policies.entry(engine.into()).or_default().push((id.into(), held));
                }
                Kind::CedarEnforcement => next.enforcement = held,
                Kind::Capability | Kind::Policy | Kind::Grant | Kind::Actor | Kind::KillSwitch => {}
            }
        }
        let engines = Arc::make_mut(&mut next.engines);
        for (name, changes) in policies {
            engines.entry(name).or_default().change(changes);
        }
        engines.retain(|_, engine| engine.object.is_some() || engine.policies.len() > 0);
        next
    }

    /// The engine of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&HeldEngine> {
        self.engines.get(name).filter(|engine| engine.object.is_some())
    }

    /// Every engine, by name.
    pub fn iter(&self) -> impl Iterator<Item = &HeldEngine> {
        self.engines.values().filter(|engine| engine.object.is_some())
    }

    /// How many engines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.engines.len()
    }

    /// How many policies there are, in all engines together.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.engines.values().map(|engine| engine.policies.len()).sum()
    }

    /// Whether there is nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.engines.is_empty() && self.enforcement.is_none()
    }

    /// What was chosen by API.
    #[must_use]
    pub fn enforcement(&self) -> Option<&CedarEnforcement> {
        match &self.enforcement.as_ref()?.0.content {
            Content::CedarEnforcement(enforcement) => Some(enforcement),
            _ => None,
        }
    }

    /// What a snapshot's hash is made of: a digest for each engine, and one for what was chosen.
    pub fn digests(&self) -> impl Iterator<Item = [u8; 32]> {
        let engines = self.engines.iter().map(|(name, engine)| engine.digest(name));
        engines.chain(self.enforcement.as_ref().map(|(_, digest)| *digest))
    }
}

impl HeldEngine {
    /// The engine as an object.
    #[must_use]
    pub fn object(&self) -> Option<&Arc<Object>> {
        self.object.as_ref().map(|(object, _)| object)
    }

    /// What its policies are checked against.
    #[must_use]
    pub fn content(&self) -> Option<&CedarEngine> {
        match &self.object()?.content {
            Content::CedarEngine(engine) => Some(engine),
            _ => None,
        }
    }

    /// The policy with that id.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&Arc<Object>> {
        self.policies.find(id)
    }

    /// Every policy, in no order that means anything.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.policies.iter()
    }

    /// How many policies it has.
    #[must_use]
    pub const fn policy_count(&self) -> usize {
        self.policies.len()
    }

    /// What decides.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn change(&mut self, changes: OfEngine) {
        let made = changes.iter().map(|(id, held)| {
            let held = held.as_ref().and_then(|(object, _)| policy_of(object));
            change(Arc::clone(id), held)
        });
        self.engine = self.engine.changed(made);
        self.policies.change(changes);
    }

    fn digest(&self, name: &str) -> [u8; 32] {
        let mut all = Sha256::new();
        // No name of an engine has a zero byte, and what follows is as long for all.
        all.update(name);
        all.update([0, u8::from(self.object.is_some())]);
        all.update(self.object.as_ref().map_or([0; 32], |(_, digest)| *digest));
        all.update(self.policies.digest());
        all.finalize().into()
    }
}

fn policy_of(object: &Object) -> Option<&CedarPolicyContent> {
    match &object.content {
        Content::CedarPolicy(policy) => Some(policy),
        _ => None,
    }
}

fn change(id: Arc<str>, held: Option<&CedarPolicyContent>) -> Change {
    let Some(CedarPolicyContent { policy, log_only, text, .. }) = held else { return Change::Remove { id } };
    let mode = if *log_only { Mode::LogOnly } else { Mode::Active };
    match policy {
        Ok(policy) => Change::Put { id, policy: policy.clone(), mode },
        Err(problems) => Change::Break { id, text: Arc::clone(text), problems: problems.clone(), mode },
    }
}
