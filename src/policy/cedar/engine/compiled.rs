//! [`Engine`]: the policies of one moment. Imports the index and the reader of policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::cedar::index::{Entry, Index, Mode, Shards};
use crate::policy::cedar::read::{could_forbid, with_room};
use crate::policy::cedar::{CedarPolicy, CedarProblems, Effect, read};

/// A policy as it was stored.
#[derive(Clone, Debug)]
pub struct StoredPolicy {
    /// Its id, unique in the engine. Never what the text calls itself.
    pub id: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// Whether it counts.
    pub mode: Mode,
}

/// How an engine denies when something is wrong with a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// When one fails.
    pub on_error: OnError,
    /// When one cannot be read.
    pub quarantine: Quarantine,
}

/// What follows when a policy fails to be evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// A forbid that fails denies the call; a permit that fails permits nothing.
    #[default]
    Deny,
    /// Any policy that fails denies the call.
    DenyAny,
    /// A policy that fails is as if it were not there, as in Cedar itself. A forbid that fails forbids nothing.
    Cedar,
}

/// What follows when a stored policy cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quarantine {
    /// Every call is denied until it is mended or removed.
    #[default]
    DenyAll,
    /// The same, unless it plainly is a permit: without it, less is allowed, not more.
    SkipPermits,
}

/// A stored policy that cannot be read.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Its text.
    pub text: Arc<str>,
    /// Whether it would count.
    pub mode: Mode,
    /// What is wrong with it.
    pub problems: CedarProblems,
    /// Whether it may have been meant to forbid something.
    pub could_forbid: bool,
}

/// One change of an engine.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds a policy, or puts it in the place of the one with its id.
    Put {
        /// Its id.
        id: Arc<str>,
        /// The policy.
        policy: CedarPolicy,
        /// Whether it counts.
        mode: Mode,
    },
    /// Adds a policy that cannot be read, or puts it in the place of the one with its id.
    Break {
        /// Its id.
        id: Arc<str>,
        /// Its text.
        text: Arc<str>,
        /// Whether it would count.
        mode: Mode,
        /// What is wrong with it.
        problems: CedarProblems,
    },
    /// Removes the policy with that id, if there is one.
    Remove {
        /// Its id.
        id: Arc<str>,
    },
}

/// A policy of an engine, to look at.
#[derive(Clone, Copy, Debug)]
pub struct HeldPolicy<'e> {
    /// Its id.
    pub id: &'e Arc<str>,
    /// The policy.
    pub policy: &'e CedarPolicy,
    /// Whether it counts.
    pub mode: Mode,
}

/// All policies of one engine, indexed. Never changed: a change makes another, which shares with this one whatever it did not touch.
/// `Default` = no policies, which allows nothing.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    options: EngineOptions,
    policies: Shards<Arc<str>, Arc<Entry>>,
    index: Index,
    broken: Arc<BTreeMap<Arc<str>, Broken>>,
}

impl Engine {
    /// An engine without policies.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Reads and indexes stored policies. Those that cannot be read are set apart ([`Self::broken`]), and the engine is degraded
    /// ([`Self::is_degraded`]). Of two with one id the last counts. Takes about 50 microseconds a policy.
    #[must_use]
    pub fn compile(options: EngineOptions, policies: impl IntoIterator<Item = StoredPolicy>) -> Self {
        let mut engine = Self::new(options);
        with_room(|| {
            for StoredPolicy { id, text, mode } in policies {
                engine.remove(&id);
                match read(&text) {
                    Ok(policy) => engine.put(id, policy, mode),
                    Err(problems) => engine.set_apart(id, text, mode, problems),
                }
            }
        });
        engine
    }

    /// This engine with one more policy, or another in the place of the one with that id.
    #[must_use]
    pub fn with(&self, id: impl Into<Arc<str>>, policy: CedarPolicy, mode: Mode) -> Self {
        self.changed([Change::Put { id: id.into(), policy, mode }])
    }

    /// This engine without the policy of that id.
    #[must_use]
    pub fn without(&self, id: &str) -> Self {
        self.changed([Change::Remove { id: id.into() }])
    }

    /// This engine with all of these changes, in their order.
    #[must_use]
    pub fn changed(&self, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut engine = self.clone();
        for change in changes {
            match change {
                Change::Put { id, policy, mode } => {
                    engine.remove(&id);
                    engine.put(id, policy, mode);
                }
                Change::Break { id, text, mode, problems } => {
                    engine.remove(&id);
                    engine.set_apart(id, text, mode, problems);
                }
                Change::Remove { id } => engine.remove(&id),
            }
        }
        engine
    }

    /// This engine with other options.
    #[must_use]
    pub fn with_options(&self, options: EngineOptions) -> Self {
        Self { options, ..self.clone() }
    }

    /// How it denies when something is wrong with a policy.
    #[must_use]
    pub const fn options(&self) -> EngineOptions {
        self.options
    }

    /// The policy of that id, if it could be read.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<HeldPolicy<'_>> {
        self.policies.find(id).map(held)
    }

    /// Every policy that could be read, in no order.
    pub fn policies(&self) -> impl Iterator<Item = HeldPolicy<'_>> {
        self.policies.iter().map(|(_, entry)| held(entry))
    }

    /// How many policies could be read.
    #[must_use]
    pub const fn policy_count(&self) -> usize {
        self.policies.count()
    }

    /// The stored policies that could not be read, by id.
    #[must_use]
    pub fn broken(&self) -> &BTreeMap<Arc<str>, Broken> {
        &self.broken
    }

    /// Whether every call is denied because of a stored policy that cannot be read.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.first_unreadable().is_some()
    }

    /// The first stored policy that cannot be read and counts.
    pub(super) fn first_unreadable(&self) -> Option<Arc<str>> {
        let counts = |broken: &Broken| {
            broken.mode == Mode::Active
                && (self.options.quarantine == Quarantine::DenyAll || broken.could_forbid)
        };
        self.broken.iter().find(|(_, broken)| counts(broken)).map(|(id, _)| Arc::clone(id))
    }

    pub(in crate::policy::cedar) const fn index(&self) -> &Index {
        &self.index
    }

    fn put(&mut self, id: Arc<str>, policy: CedarPolicy, mode: Mode) {
        let entry = Arc::new(Entry::new(Arc::clone(&id), policy, mode));
        self.index.enter(&entry);
        self.policies.change(id, |held| *held = Some(entry));
    }

    fn set_apart(&mut self, id: Arc<str>, text: Arc<str>, mode: Mode, problems: CedarProblems) {
        let could_forbid = could_forbid(&text);
        let broken = Broken { text, mode, problems, could_forbid };
        Arc::make_mut(&mut self.broken).insert(id, broken);
    }

    fn remove(&mut self, id: &Arc<str>) {
        if let Some(entry) = self.policies.change(Arc::clone(id), Option::take) {
            self.index.leave(&entry);
        }
        if self.broken.contains_key(id) {
            Arc::make_mut(&mut self.broken).remove(id);
        }
    }
}

fn held(entry: &Arc<Entry>) -> HeldPolicy<'_> {
    HeldPolicy { id: &entry.id, policy: &entry.policy, mode: entry.mode }
}

impl HeldPolicy<'_> {
    /// What it does when it matches.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.policy.effect()
    }
}
