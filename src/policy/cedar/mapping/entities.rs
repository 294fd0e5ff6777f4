//! Entities whose ancestors are all known. Imports nothing of ours.
//!
//! The public `Entities::from_entities` works out who is above whom anew for each request, which takes longer than the decision. Here
//! nothing is above the parents, so their list is the whole answer, and Cedar is told so. The tests compare both.

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use cedar_policy_core::ast;
use cedar_policy_core::entities::{NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;

/// An entity, what is directly above it (nothing is above that), and its attributes.
pub(super) struct Placed {
    pub(super) uid: EntityUid,
    pub(super) parents: Vec<EntityUid>,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) tags: Vec<(&'static str, String)>,
}

/// The entities of one request. None of them is the parent of another.
pub(super) fn placed(entities: impl IntoIterator<Item = Placed>) -> Result<Entities, String> {
    let mut made: Vec<ast::Entity> = Vec::with_capacity(3);
    for Placed { uid, parents, attributes, tags } in entities {
        let values = |list: Vec<(&'static str, String)>| {
            list.into_iter().map(|(name, value)| (name.to_owned(), RestrictedExpression::new_string(value)))
        };
        let entity = Entity::new_with_tags(uid, values(attributes), parents, values(tags))
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
