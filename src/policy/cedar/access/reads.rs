//! Which parts of the context can a policy tell from one another? Imports paths.

use cedar_policy::pst::{Clause, Expr};

use crate::policy::cedar::CedarPolicy;
use crate::policy::cedar::access::path::{Step, parts};
use crate::policy::cedar::access::{AttributePath, Base, ContextPath, with_clauses};

/// What of the context a policy reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::cedar) struct Reads(Vec<ContextPath>);

impl Reads {
    /// The first of `paths` that the policy reads, or reads a part of, or reads with more around it.
    pub(in crate::policy::cedar) fn first_of<'p>(&self, paths: &'p [ContextPath]) -> Option<&'p ContextPath> {
        paths.iter().find(|path| self.0.iter().any(|read| read.touches(path)))
    }
}

/// What of the context `policy` reads: every path its conditions name, each as long as it is written out. A context, or a part of it,
/// that is used in any other way (compared, passed on, put in a set) is read whole.
pub(in crate::policy::cedar) fn reads_of(policy: &CedarPolicy) -> Reads {
    let found = with_clauses(policy, |clauses| {
        let mut found = Vec::new();
        for Clause::When(expression) | Clause::Unless(expression) in clauses {
            collect(expression, &mut found);
        }
        found.sort();
        found.dedup();
        found
    });
    // What cannot be taken apart may read anything.
    Reads(found.unwrap_or_else(|| vec![ContextPath::default()]))
}

fn collect(expression: &Expr, found: &mut Vec<ContextPath>) {
    if let Some(path) = AttributePath::of(expression).filter(|path| path.base == Base::Context) {
        found.push(in_context(&path));
        return;
    }
    if let Expr::HasAttr { expr, attrs } = expression
        && let Some(mut path) = AttributePath::of(expr).filter(|path| path.base == Base::Context)
    {
        path.steps.extend(attrs.iter().map(|attr| Step::Attribute(attr.to_string())));
        found.push(in_context(&path));
        return;
    }
    match parts(expression) {
        Some(parts) => parts.into_iter().for_each(|part| collect(part, found)),
        None => found.push(ContextPath::default()),
    }
}

/// As far as attributes lead. Behind a tag is an entity, not the context.
fn in_context(path: &AttributePath) -> ContextPath {
    let names = path.steps.iter().map_while(|step| match step {
        Step::Attribute(name) => Some(name.as_str()),
        Step::Tag(_) => None,
    });
    ContextPath::of(names)
}
