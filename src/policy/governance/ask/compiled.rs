//! [`Governance`]: the objects of one moment, indexed.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::model::decision::Obligations;
use crate::policy::governance::ask::combination::{self, Combination};
use crate::policy::governance::ask::index::{Candidate, PolicyIndex};
use crate::policy::governance::ask::{PolicyAnswer, PolicyQuestion, Prospect};
use crate::policy::governance::{Content, KillSwitch, Object, ObjectKey, Objects, SharedLimit};

/// All that is administered, indexed for decisions. Never changed: a change makes another. `Default` = nothing.
#[derive(Clone, Debug, Default)]
pub struct Governance {
    objects: Objects,
    /// What holds for every tenant.
    deployment: Tables,
    tenants: HashMap<Arc<str>, Tables, RandomState>,
    policies: usize,
    /// Whether any capability has a limit that its callers share: where none has, no call is looked up for it.
    limited: bool,
}

/// The objects of one tenant, or of the deployment.
#[derive(Clone, Debug, Default)]
struct Tables {
    capabilities: Named,
    /// By the names of their keys: capability and actor.
    grants: Named,
    actors: Named,
    kill_switch: Option<Arc<Object>>,
    policies: PolicyIndex,
    /// What its policies' rules want done, all together.
    streams: Obligations,
}

/// Objects by the names of their keys. Operators choose them, so the map needs no defense against chosen keys.
type Named = HashMap<Arc<str>, Arc<Object>, RandomState>;

impl Governance {
    /// Indexes `objects`. Takes a few milliseconds for ten thousand.
    #[must_use]
    pub fn compile(objects: &Objects) -> Self {
        let mut governance = Self { objects: objects.clone(), ..Self::default() };
        for object in objects.iter() {
            governance.enter(object);
        }
        governance
    }

    fn enter(&mut self, object: &Arc<Object>) {
        let tables = match &object.key.tenant {
            None => &mut self.deployment,
            Some(tenant) => self.tenants.entry(Arc::clone(tenant)).or_default(),
        };
        let name = || Arc::clone(&object.key.name);
        match &object.content {
            Content::Capability(capability) => {
                tables.capabilities.insert(name(), Arc::clone(object));
                self.limited |= capability.shared_limit.is_some();
            }
            Content::Grant(_) => drop(tables.grants.insert(name(), Arc::clone(object))),
            Content::Actor(_) => drop(tables.actors.insert(name(), Arc::clone(object))),
            Content::KillSwitch(_) => tables.kill_switch = Some(Arc::clone(object)),
            Content::Policy(policy) if policy.enabled => {
                tables.policies.enter(object, policy);
                for rule in policy.rules.iter().filter(|rule| !rule.obligations.is_empty()) {
                    tables.streams = std::mem::take(&mut tables.streams).and(&rule.obligations);
                }
                self.policies += 1;
            }
            // Those of Cedar are indexed by `policy::engines`.
            Content::Policy(_)
            | Content::CedarEngine(_)
            | Content::CedarPolicy(_)
            | Content::CedarEnforcement(_) => {}
        }
    }

    /// What it was compiled from.
    #[must_use]
    pub const fn objects(&self) -> &Objects {
        &self.objects
    }

    /// How many policies are asked: the enabled ones.
    #[must_use]
    pub const fn policy_count(&self) -> usize {
        self.policies
    }

    /// What is registered under that name for `tenant`: by the deployment, and by the tenant itself. Both hold, so that a tenant
    /// adds to what the deployment requires, and takes nothing away.
    pub fn capabilities<'g>(&'g self, tenant: &str, name: &str) -> impl Iterator<Item = &'g Arc<Object>> {
        let own = self.tenants.get(tenant).and_then(|tables| tables.capabilities.get(name));
        self.deployment.capabilities.get(name).into_iter().chain(own)
    }

    /// Whether any capability has a limit that its callers share.
    #[must_use]
    pub const fn has_shared_limits(&self) -> bool {
        self.limited
    }

    /// The limits that all callers of `tenant` share of that capability: the deployment's, and the tenant's own.
    pub fn shared_limits(&self, tenant: &str, capability: &str) -> impl Iterator<Item = SharedLimit> {
        let found = self.limited.then(|| self.capabilities(tenant, capability));
        found.into_iter().flatten().filter_map(|object| match &object.content {
            Content::Capability(capability) => capability.shared_limit,
            _ => None,
        })
    }

    /// The grant of `capability` to `actor`, whether it may be used now or not.
    #[must_use]
    pub fn grant(&self, tenant: &str, actor: &str, capability: &str) -> Option<&Arc<Object>> {
        let grants = &self.tenants.get(tenant)?.grants;
        if grants.is_empty() {
            return None;
        }
        grants.get(ObjectKey::grant_name(actor, capability).as_str())
    }

    /// What is known of `actor`.
    #[must_use]
    pub fn actor(&self, tenant: &str, actor: &str) -> Option<&Arc<Object>> {
        self.tenants.get(tenant)?.actors.get(actor)
    }

    /// The kill switch that stops the calls of `tenant`: the deployment's if it is active, else its own if that is.
    #[must_use]
    pub fn kill_switch(&self, tenant: &str) -> Option<&KillSwitch> {
        let own = self.tenants.get(tenant).and_then(|tables| tables.kill_switch.as_ref());
        let switches = self.deployment.kill_switch.as_ref().into_iter().chain(own);
        let mut contents = switches.filter_map(|object| match &object.content {
            Content::KillSwitch(switch) => Some(switch),
            _ => None,
        });
        contents.find(|switch| switch.active)
    }

    /// What the policies of the deployment and those of the call's tenant say of a call. Each come to an answer of their own, and the
    /// stricter counts: a tenant restricts what the deployment lets through, and never the other way round.
    #[must_use]
    pub fn ask(&self, question: &PolicyQuestion<'_>) -> PolicyAnswer {
        let scope = combination::scope(question);
        let asked = |tables: &Tables| {
            let mut combination = Combination::new(question.combine);
            for candidate in tables.policies.about(question.capability) {
                combination.ask(candidate, &scope);
            }
            combination.answer()
        };
        let everybodys = asked(&self.deployment);
        let Some(own) = self.tenants.get(&*question.request.principal.tenant) else { return everybodys };
        let mut own = asked(own);
        // What the deployment calls critical a tenant does not let through without a person.
        own.accepts_critical &= !self.deployment.capabilities.contains_key(question.capability);
        everybodys.and(own)
    }

    /// What policies could want done to the answer of some call of `tenant`: for streams, which may repeat any of them.
    #[must_use]
    pub fn stream_obligations(&self, tenant: &str) -> Obligations {
        let own = self.tenants.get(tenant).map(|tables| tables.streams.clone()).unwrap_or_default();
        own.and(&self.deployment.streams)
    }

    /// What the policies could say, were the parameters of the call (and the resource made of them) known. All else is.
    ///
    /// INVARIANT: not [`Prospect::Open`] means that [`Self::ask`] gives nothing milder than DENY, or nothing at all, for no parameters
    /// whatever. The other way round is not promised: conditions that exclude each other are not seen through.
    #[must_use]
    pub fn prospect(&self, question: &PolicyQuestion<'_>) -> Prospect {
        combination::prospect(self.rules(question), &combination::scope(question))
    }

    /// The rules that are about the call's capability, in an order that depends on the objects alone.
    fn rules<'g>(&'g self, question: &PolicyQuestion<'g>) -> impl Iterator<Item = Candidate<'g>> {
        let own = self.tenants.get(&*question.request.principal.tenant);
        let tables = std::iter::once(&self.deployment).chain(own);
        tables.flat_map(|tables| tables.policies.about(question.capability))
    }
}
