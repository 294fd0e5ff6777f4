//! Which parts of the context can a policy tell from one another, and does it look at entities? Imports paths.

use std::collections::BTreeSet;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal};

use crate::policy::cedar::CedarPolicy;
use crate::policy::cedar::access::path::{Step, parts};
use crate::policy::cedar::access::{AttributePath, Base, ContextPath, with_clauses};

/// What a policy reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy::cedar) struct Reads {
    context: Vec<ContextPath>,
    /// What it only asks the presence of (`has`): what is missing within is nothing to that.
    presence: Vec<ContextPath>,
    /// Whether its conditions read attributes or tags of anything else, or ask what is above what.
    entities: bool,
    tags: Tags,
}

/// Which tags a policy asks for, of whatever entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::cedar) enum Tags {
    /// These.
    Named(BTreeSet<String>),
    /// Perhaps any: a name is worked out.
    Any,
}

impl Default for Tags {
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

impl Tags {
    fn add(&mut self, name: Option<&str>) {
        match (&mut *self, name) {
            (Self::Named(names), Some(name)) => {
                names.insert(name.to_owned());
            }
            (_, None) => *self = Self::Any,
            (Self::Any, Some(_)) => {}
        }
    }

    /// What either asks for.
    pub(in crate::policy::cedar) fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Named(mut names), Self::Named(others)) => {
                names.extend(others.iter().cloned());
                Self::Named(names)
            }
            _ => Self::Any,
        }
    }
}

impl Reads {
    /// The first of `paths` that the policy reads, or reads a part of, or reads with more around it; or whose presence, or that of a part
    /// of it, the policy asks.
    pub(in crate::policy::cedar) fn first_of<'p>(&self, paths: &'p [ContextPath]) -> Option<&'p ContextPath> {
        paths.iter().find(|path| {
            self.context.iter().any(|read| read.touches(path))
                || self.presence.iter().any(|asked| path.leads_to(asked))
        })
    }

    /// Whether its conditions could ask anything about entities but which they are.
    pub(in crate::policy::cedar) const fn entities(&self) -> bool {
        self.entities
    }

    /// Which tags its conditions ask for.
    pub(in crate::policy::cedar) const fn tags(&self) -> &Tags {
        &self.tags
    }
}

/// What of the context `policy` reads: every path its conditions name, each as long as it is written out. A context, or a part of it,
/// that is used in any other way (compared, passed on, put in a set) is read whole.
pub(in crate::policy::cedar) fn reads_of(policy: &CedarPolicy) -> Reads {
    let found = with_clauses(policy, |clauses| {
        let mut found = Reads::default();
        for Clause::When(expression) | Clause::Unless(expression) in clauses {
            collect(expression, &mut found);
        }
        found.context.sort();
        found.context.dedup();
        found.presence.sort();
        found.presence.dedup();
        found
    });
    // What cannot be taken apart may read anything.
    found.unwrap_or_else(|| Reads {
        context: vec![ContextPath::default()],
        entities: true,
        tags: Tags::Any,
        ..Reads::default()
    })
}

fn collect(expression: &Expr, found: &mut Reads) {
    if let Some(path) = AttributePath::of(expression).filter(|path| path.base == Base::Context) {
        found.add(&path);
        return;
    }
    if let Expr::BinaryOp { op: BinaryOp::GetTag | BinaryOp::HasTag, right, .. } = expression {
        found.tags.add(match &**right {
            Expr::Literal(Literal::String(name)) => Some(name),
            _ => None,
        });
    }
    match expression {
        Expr::HasAttr { expr, attrs } => {
            if let Some(mut path) = AttributePath::of(expr).filter(|path| path.base == Base::Context) {
                path.steps.extend(attrs.iter().map(|attr| Step::Attribute(attr.to_string())));
                found.ask(&path);
                return;
            }
            found.entities = true;
        }
        // Of a record that is written out too; that costs a little time, and nothing else.
        Expr::GetAttr { .. }
        | Expr::BinaryOp { op: BinaryOp::GetTag | BinaryOp::HasTag | BinaryOp::In, .. }
        | Expr::Is { in_expr: Some(_), .. } => found.entities = true,
        _ => {}
    }
    match parts(expression) {
        Some(parts) => parts.into_iter().for_each(|part| collect(part, found)),
        None => found.add_everything(),
    }
}

impl Reads {
    fn add(&mut self, path: &AttributePath) {
        self.context.push(within_context(path));
        self.entities |= leaves_context(path);
        for step in &path.steps {
            if let Step::Tag(name) = step {
                self.tags.add(Some(name));
            }
        }
    }

    /// Only the presence of what stands there is asked.
    fn ask(&mut self, path: &AttributePath) {
        if leaves_context(path) {
            self.add(path);
        } else {
            self.presence.push(within_context(path));
        }
    }

    fn add_everything(&mut self) {
        self.context.push(ContextPath::default());
        self.entities = true;
        self.tags = Tags::Any;
    }
}

/// The path as far as attributes lead. Behind a tag is an entity, not the context.
fn within_context(path: &AttributePath) -> ContextPath {
    ContextPath::of(path.steps.iter().map_while(|step| match step {
        Step::Attribute(name) => Some(name.as_str()),
        Step::Tag(_) => None,
    }))
}

fn leaves_context(path: &AttributePath) -> bool {
    path.steps.iter().any(|step| matches!(step, Step::Tag(_)))
}
