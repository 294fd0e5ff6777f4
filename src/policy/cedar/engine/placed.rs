//! Entities whose ancestors are all known. Imports `model` only.
//!
//! The public `Entities::from_entities` works out who is above whom anew for each request, which takes longer than the decision. Here
//! nothing is above the parents, so their list is the whole answer, and Cedar is told so. The tests compare both. Attributes and tags are
//! only made where a policy could read them.

use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use cedar_policy_core::ast;
use cedar_policy_core::entities::{NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;

use crate::model::call::Claim;

/// An entity, what is directly above it (nothing is above that), and its attributes, which are its tags too, beside others.
#[derive(Clone, Debug)]
pub(in crate::policy::cedar) struct Placed {
    pub(in crate::policy::cedar) uid: EntityUid,
    pub(in crate::policy::cedar) parents: Vec<EntityUid>,
    pub(in crate::policy::cedar) attributes: Vec<(&'static str, String)>,
    /// Tags only. Where one is named like an attribute, the attribute is the tag.
    pub(in crate::policy::cedar) claims: Arc<[Claim]>,
}

/// What policies ask about entities besides which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::cedar) enum Needed {
    /// Nothing.
    Nothing,
    /// What is above them.
    Ancestors,
    /// That, and what can be read of them.
    Attributes,
}

/// The entities of one request, as far as they are needed. None of them is the parent of another.
pub(super) fn placed(entities: &[Placed], needed: Needed) -> Result<Entities, String> {
    if needed == Needed::Nothing {
        return Ok(Entities::empty());
    }
    let with_attributes = needed == Needed::Attributes;
    let mut made: Vec<ast::Entity> = Vec::with_capacity(entities.len());
    for Placed { uid, parents, attributes, claims } in entities {
        let (attributes, claims): (&[(&'static str, String)], &[Claim]) =
            if with_attributes { (attributes, claims) } else { (&[], &[]) };
        if parents.is_empty() && attributes.is_empty() && claims.is_empty() {
            // One that is not there has nothing above it either; of what is read of it, both fail.
            continue;
        }
        let text =
            |name: &str, value: &str| (name.to_owned(), RestrictedExpression::new_string(value.to_owned()));
        let values = || attributes.iter().map(|(name, value)| text(name, value));
        let others = claims.iter().filter(|claim| attributes.iter().all(|(name, _)| **name != *claim.name));
        let tags = values().chain(others.map(|claim| text(&claim.name, &claim.value)));
        let entity = Entity::new_with_tags(uid.clone(), values(), parents.iter().cloned(), tags)
            .map_err(|error| error.to_string())?;
        let entity: &ast::Entity = entity.as_ref();
        made.push(entity.clone());
    }
    cedar_policy_core::entities::Entities::from_entities(
        made,
        None::<&NoEntitiesSchema>,
        TCComputation::AssumeAlreadyComputed,
        Extensions::all_available(),
    )
    .map(Entities::from)
    .map_err(|error| error.to_string())
}
