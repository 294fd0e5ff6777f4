//! Who may approve, and whether enough have.

use std::sync::Arc;

use crate::holds::Ask;
use crate::identity::Key;

/// Who decides on a hold.
#[derive(Clone, Debug)]
pub struct Approver {
    /// What records call the approver: the id of the key; `local-admin` where no keys are asked for.
    pub name: Arc<str>,
    /// The key; `None` where none was asked for.
    pub key: Option<Key>,
}

impl Approver {
    /// Who approves where no keys are asked for (`aegis demo`).
    #[must_use]
    pub fn local_admin() -> Self {
        Self { name: "local-admin".into(), key: None }
    }

    /// The holder of `key`.
    #[must_use]
    pub fn holder(key: &Key) -> Self {
        Self { name: Arc::clone(&key.id), key: Some(key.clone()) }
    }

    /// The tenant whose holds it may see; `None`: every tenant's.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.key.as_ref().map(|key| &*key.tenant)
    }

    /// Whether it may see a hold of `tenant`.
    #[must_use]
    pub fn sees(&self, tenant: &str) -> bool {
        self.tenant().is_none_or(|own| own == tenant)
    }

    /// Whether it is the actor that asked, speaks for it, or is the same person.
    #[must_use]
    pub fn asked(&self, ask: &Ask) -> bool {
        self.is_of(&ask.actor, ask.key.as_deref(), ask.person.as_deref())
    }

    /// Whether it is `actor`, speaks for it, or has the same key or is the same person as whoever called in its name.
    pub(in crate::holds) fn is_of(&self, actor: &str, with_key: Option<&str>, person: Option<&str>) -> bool {
        let Some(key) = &self.key else { return false };
        let same_person = key.person.is_some() && key.person.as_deref() == person;
        let same_key = with_key == Some(&*key.id);
        same_person || same_key || *key.principal(None).id == *actor || key.admits(actor)
    }

    /// Whether it may speak for the actor that asked. Where no keys are asked for, everybody may.
    #[must_use]
    pub fn speaks_for(&self, ask: &Ask) -> bool {
        let Some(key) = &self.key else { return true };
        key.tenant == ask.tenant && (key.principal(None).id == ask.actor || key.admits(&ask.actor))
    }

    /// Which of the roles that `ask` wants it has.
    #[must_use]
    pub fn roles_for(&self, ask: &Ask) -> Vec<String> {
        self.roles_of(ask.roles.iter().map(|role| &**role))
    }

    /// Which of the roles `wanted` it has.
    pub(in crate::holds) fn roles_of<'r>(&self, wanted: impl IntoIterator<Item = &'r str>) -> Vec<String> {
        let Some(key) = &self.key else { return Vec::new() };
        let held = wanted.into_iter().filter(|role| key.roles.iter().any(|held| **held == **role));
        held.map(str::to_owned).collect()
    }

    /// Who it is, as a person.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.key.as_ref()?.person.as_deref()
    }
}

/// For each of `roles` the approval that fills it, or `None`, such that as many as possible are filled and no approval fills
/// two; `held` has the roles of who gave each approval. (Kuhn's augmenting paths: an approver of two roles makes room for one who has
/// only the other.)
pub(in crate::holds) fn filled<R: AsRef<str>>(roles: &[R], held: &[&[String]]) -> Vec<Option<usize>> {
    let mut by_role = vec![None; roles.len()];
    for index in 0..held.len() {
        let mut tried = vec![false; roles.len()];
        place(index, roles, held, &mut by_role, &mut tried);
    }
    by_role
}

fn place<R: AsRef<str>>(
    index: usize,
    roles: &[R],
    held: &[&[String]],
    by_role: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let Some(own) = held.get(index) else { return false };
    for (at, role) in roles.iter().enumerate() {
        let has_role = own.iter().any(|held| **held == *role.as_ref());
        let Some(tried_here) = tried.get_mut(at) else { continue };
        if !has_role || std::mem::replace(tried_here, true) {
            continue;
        }
        let before = by_role.get(at).copied().flatten();
        if before.is_none_or(|other| place(other, roles, held, by_role, tried))
            && let Some(slot) = by_role.get_mut(at)
        {
            *slot = Some(index);
            return true;
        }
    }
    false
}
