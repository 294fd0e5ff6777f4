//! A question that somebody wrote out: for trying policies. Imports `model` and the engine.

use std::collections::HashSet;

use cedar_policy::{Context, Entities, Entity, RestrictedExpression};

use crate::model::json::Json;
use crate::model::time::Timestamp;
use crate::policy::cedar::engine::{Around, Asked, AskedError, AskedParts, uid};
use crate::policy::cedar::mapping::value::Values;

/// Most entities of one question.
const ENTITIES_MAX: usize = 1000;

/// A question, written out.
#[derive(Clone, Copy, Debug)]
pub struct WrittenRequest<'w> {
    /// Who, as Cedar writes it: `Agent::"agent-001"`.
    pub principal: &'w str,
    /// What: `Action::"files___read_file"`.
    pub action: &'w str,
    /// On what: `Gateway::"files"`.
    pub resource: &'w str,
    /// The whole context; an object.
    pub context: &'w Json<'w>,
    /// The clock, as `context.system.now`; `None`: it is not known.
    pub now: Option<Timestamp>,
    /// What is known of them and what is above them.
    pub entities: &'w [WrittenEntity<'w>],
}

/// An entity, written out.
#[derive(Clone, Debug)]
pub struct WrittenEntity<'w> {
    /// Which.
    pub uid: &'w str,
    /// What is directly above it.
    pub parents: Vec<&'w str>,
    /// Its attributes; an object.
    pub attributes: &'w Json<'w>,
    /// Its tags; an object.
    pub tags: &'w Json<'w>,
}

/// The question. Values are as in a call: keys mean nothing, and what Cedar has no way to say is left out and noted.
///
/// # Errors
/// A text is no entity, entities are above themselves or there are two of one, an object is none.
pub fn written(request: &WrittenRequest<'_>) -> Result<Asked, AskedError> {
    let wrong = |error: &dyn std::fmt::Display| AskedError::new(error.to_string());
    if request.entities.len() > ENTITIES_MAX {
        return Err(AskedError::new(format!("at most {ENTITIES_MAX} entities")));
    }
    let mut entities = Vec::with_capacity(request.entities.len());
    for entity in request.entities {
        let parents: HashSet<_> = entity.parents.iter().map(|text| uid(text)).collect::<Result<_, _>>()?;
        let mut values = Values::new();
        let attributes = members(entity.attributes, &mut values)?;
        let tags = members(entity.tags, &mut values)?;
        if !values.into_dropped().is_empty() {
            return Err(AskedError::new(
                "an attribute or tag has a value that Cedar has no way to say".to_owned(),
            ));
        }
        let made = Entity::new_with_tags(uid(entity.uid)?, attributes, parents, tags);
        entities.push(made.map_err(|error| wrong(&error))?);
    }
    let entities = Entities::from_entities(entities, None).map_err(|error| wrong(&error))?;
    let mut values = Values::new();
    let context = members(request.context, &mut values)?;
    Ok(Asked::new(AskedParts {
        principal: uid(request.principal)?,
        action: uid(request.action)?,
        resource: uid(request.resource)?,
        context: Context::from_pairs(context).map_err(|error| wrong(&error))?,
        now: request.now,
        around: Around::Worked(entities),
        dropped: values.into_dropped(),
        known: true,
        resource_known: true,
    }))
}

fn members<'j>(
    json: &'j Json<'_>,
    values: &mut Values<'j>,
) -> Result<Vec<(String, RestrictedExpression)>, AskedError> {
    let Json::Object(members) = json else {
        return Err(AskedError::new(format!("expected an object, got {}", json.type_name())));
    };
    let made = members.iter().filter_map(|(name, member)| {
        Some((name.as_str().to_owned(), values.below(&[name.as_str()], member)?))
    });
    Ok(made.collect())
}
