//! Entities whose ancestors are all known. Imports nothing of ours.
//!
//! The public `Entities::from_entities` works out who is above whom anew for each request, which takes longer than the decision. Here
//! nothing is above the parents, so their list is the whole answer, and Cedar is told so. The tests compare both. Attributes and tags are
//! only made where a policy could read them.

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use cedar_policy_core::ast;
use cedar_policy_core::entities::{NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;

/// An entity, what is directly above it (nothing is above that), and its attributes, which are its tags too.
#[derive(Clone, Debug)]
pub(in crate::policy::cedar) struct Placed {
    pub(in crate::policy::cedar) uid: EntityUid,
    pub(in crate::policy::cedar) parents: Vec<EntityUid>,
    pub(in crate::policy::cedar) attributes: Vec<(&'static str, String)>,
}

/// The entities of one request, with what can be read of them if `with_attributes`. None of them is the parent of another.
pub(super) fn placed(entities: &[Placed], with_attributes: bool) -> Result<Entities, String> {
    let mut made: Vec<ast::Entity> = Vec::with_capacity(entities.len());
    for Placed { uid, parents, attributes } in entities {
        let readable: &[(&'static str, String)] = if with_attributes { attributes } else { &[] };
        if parents.is_empty() && readable.is_empty() {
            // One that is not there has nothing above it either; of what is read of it, both fail.
            continue;
        }
        let values = || {
            let value = |(name, value): &(&'static str, String)| {
                ((*name).to_owned(), RestrictedExpression::new_string(value.clone()))
            };
            readable.iter().map(value)
        };
        let entity = Entity::new_with_tags(uid.clone(), values(), parents.iter().cloned(), values())
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
