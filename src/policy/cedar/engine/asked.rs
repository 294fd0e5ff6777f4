//! The question: may this principal do this to that? Imports paths and lineages.

use std::borrow::Cow;

use cedar_policy::{Context, Entities, EntityUid, Request, RestrictedExpression};
use thiserror::Error;

use crate::model::time::Timestamp;
use crate::policy::cedar::access::ContextPath;
use crate::policy::cedar::engine::placed::{Needed, Placed, placed};
use crate::policy::cedar::index::{Lineage, Lineages};

/// A question that an engine can answer: principal, action, resource, what is above them, and the context.
///
/// Made by [`Vocabulary::map`](crate::policy::cedar::Vocabulary::map) of a call, or by
/// [`written`](fn@crate::policy::cedar::written) of what somebody wrote out.
#[derive(Clone, Debug)]
pub struct Asked {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    context: Context,
    /// Where the clock stands. Made into a value only where a policy could read it: that takes longer than the decision.
    now: Option<Timestamp>,
    around: Around,
    lineages: Lineages,
    dropped: Vec<ContextPath>,
    known: bool,
}

/// Principal, action and resource, and what is above them.
#[derive(Clone, Debug)]
pub(in crate::policy::cedar) enum Around {
    /// As Cedar worked it out.
    Worked(Entities),
    /// One after the other, with nothing above their parents.
    Placed(Box<[Placed; 3]>),
}

impl Around {
    fn above(&self, uid: &EntityUid) -> Vec<EntityUid> {
        match self {
            Self::Worked(entities) => entities.ancestors(uid).into_iter().flatten().cloned().collect(),
            Self::Placed(all) => {
                all.iter().find(|one| one.uid == *uid).map(|one| one.parents.clone()).unwrap_or_default()
            }
        }
    }
}

/// What a question is made of.
pub(in crate::policy::cedar) struct AskedParts {
    pub(in crate::policy::cedar) principal: EntityUid,
    pub(in crate::policy::cedar) action: EntityUid,
    pub(in crate::policy::cedar) resource: EntityUid,
    pub(in crate::policy::cedar) context: Context,
    pub(in crate::policy::cedar) now: Option<Timestamp>,
    pub(in crate::policy::cedar) around: Around,
    /// What could not be put into the context.
    pub(in crate::policy::cedar) dropped: Vec<ContextPath>,
    /// Whether the parameters are; if not, the context has none.
    pub(in crate::policy::cedar) known: bool,
    /// Whether the resource is.
    pub(in crate::policy::cedar) resource_known: bool,
}

/// A question that cannot be put.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the request cannot be put to Cedar: {0}")]
pub struct AskedError(pub(super) String);

impl AskedError {
    pub(in crate::policy::cedar) const fn new(why: String) -> Self {
        Self(why)
    }
}

impl Asked {
    pub(in crate::policy::cedar) fn new(parts: AskedParts) -> Self {
        let lineage =
            |uid: &EntityUid| Some(Lineage { uid: uid.clone(), ancestors: parts.around.above(uid) });
        let resource = if parts.resource_known { lineage(&parts.resource) } else { None };
        let lineages = [lineage(&parts.principal), lineage(&parts.action), resource];
        Self {
            principal: parts.principal,
            action: parts.action,
            resource: parts.resource,
            context: parts.context,
            now: parts.now,
            around: parts.around,
            lineages,
            dropped: parts.dropped,
            known: parts.known,
        }
    }

    /// The principal as Cedar writes it: `Agent::"agent-001"`, with escapes.
    #[must_use]
    pub fn principal(&self) -> String {
        self.principal.to_string()
    }

    /// The action as Cedar writes it.
    #[must_use]
    pub fn action(&self) -> String {
        self.action.to_string()
    }

    /// The resource as Cedar writes it.
    #[must_use]
    pub fn resource(&self) -> String {
        self.resource.to_string()
    }

    /// What is above principal, action and resource, as Cedar writes it, sorted. Of a resource that is not known: nothing.
    #[must_use]
    pub fn above(&self) -> [Vec<String>; 3] {
        self.lineages.each_ref().map(|lineage| {
            let above = lineage.iter().flat_map(|lineage| &lineage.ancestors);
            let mut above: Vec<String> = above.map(ToString::to_string).collect();
            above.sort();
            above
        })
    }

    /// The values that could not be put into the context: null, numbers that Cedar has no way to say, too much or too deep. A policy
    /// that reads one of them denies the call.
    #[must_use]
    pub fn dropped(&self) -> &[ContextPath] {
        &self.dropped
    }

    /// Whether it is a call, and not what some call could be.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    pub(super) const fn action_uid(&self) -> &EntityUid {
        &self.action
    }

    pub(super) const fn lineages(&self) -> &Lineages {
        &self.lineages
    }

    /// The entities as Cedar takes them, as far as they are needed.
    pub(in crate::policy::cedar) fn entities(&self, needed: Needed) -> Result<Cow<'_, Entities>, AskedError> {
        match &self.around {
            Around::Worked(entities) => Ok(Cow::Borrowed(entities)),
            Around::Placed(all) => placed(&**all, needed).map(Cow::Owned).map_err(AskedError),
        }
    }

    /// The request as Cedar takes it, with the clock if `with_system`.
    pub(in crate::policy::cedar) fn request(&self, with_system: bool) -> Result<Request, AskedError> {
        let mut context = self.context.clone();
        if with_system && let Some(now) = self.now {
            context = context.merge(system(now)?).map_err(|error| AskedError(error.to_string()))?;
        }
        Request::new(self.principal.clone(), self.action.clone(), self.resource.clone(), context, None)
            .map_err(|error| AskedError(error.to_string()))
    }
}

/// `{"system": {"now": datetime}}`. Cedar's times have milliseconds and years of four digits.
fn system(now: Timestamp) -> Result<Context, AskedError> {
    let text = now.to_rfc3339();
    let (Some(millis), 27) = (text.get(..23), text.len()) else {
        return Err(AskedError("the clock shows a year that Cedar cannot write".to_owned()));
    };
    let wrong = |error: &dyn std::fmt::Display| AskedError(error.to_string());
    let time = RestrictedExpression::new_datetime(format!("{millis}Z"));
    let record =
        RestrictedExpression::new_record([("now".to_owned(), time)]).map_err(|error| wrong(&error))?;
    Context::from_pairs([("system".to_owned(), record)]).map_err(|error| wrong(&error))
}
