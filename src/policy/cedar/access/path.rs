//! Paths: `context.input.amount`. Imports the reader of policies.

use std::fmt;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, Var};

use crate::policy::cedar::CedarPolicy;
use crate::policy::cedar::read::with_room;

/// A place in the context: the names that lead to it from the outside in. The empty path is the whole context.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextPath(Vec<String>);

impl ContextPath {
    /// The path of these names.
    pub(in crate::policy::cedar) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// Keeps the first `names` names.
    pub(in crate::policy::cedar) fn shorten(&mut self, names: usize) {
        self.0.truncate(names);
    }

    /// Whether it is the other, or leads to it from the outside.
    #[must_use]
    pub fn leads_to(&self, other: &Self) -> bool {
        self.0.len() <= other.0.len() && self.touches(other)
    }

    /// Whether one of the two leads to the other or to a part of it.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one == other)
    }
}

/// `context.input.amount`; names that are none of Cedar's are quoted: `context["a b"]`.
impl fmt::Display for ContextPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("context")?;
        self.0.iter().try_for_each(|name| write_name(name, f))
    }
}

fn write_name(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty();
    if plain { write!(f, ".{name}") } else { write!(f, "[{name:?}]") }
}

/// What a path begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::policy::cedar) enum Base {
    Principal,
    Action,
    Resource,
    Context,
}

/// One attribute or tag of a thing that a path leads through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::policy::cedar) enum Step {
    Attribute(String),
    Tag(String),
}

/// A path from one of the four variables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::policy::cedar) struct AttributePath {
    pub(super) base: Base,
    pub(super) steps: Vec<Step>,
}

impl AttributePath {
    /// The path that an expression is, if it is one.
    pub(super) fn of(expression: &Expr) -> Option<Self> {
        let base = |base| Some(Self { base, steps: Vec::new() });
        match expression {
            Expr::Var(Var::Principal) => base(Base::Principal),
            Expr::Var(Var::Action) => base(Base::Action),
            Expr::Var(Var::Resource) => base(Base::Resource),
            Expr::Var(Var::Context) => base(Base::Context),
            Expr::GetAttr { expr, attr } => Some(Self::of(expr)?.then(Step::Attribute(attr.to_string()))),
            Expr::BinaryOp { op: BinaryOp::GetTag, left, right } => match &**right {
                Expr::Literal(Literal::String(tag)) => Some(Self::of(left)?.then(Step::Tag(tag.to_string()))),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.base {
            Base::Principal => "principal",
            Base::Action => "action",
            Base::Resource => "resource",
            Base::Context => "context",
        })?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Attribute(name) => write_name(name, f),
            Step::Tag(name) => write!(f, ".getTag({name:?})"),
        })
    }
}

/// What `look` makes of the conditions of a policy; `None` if Cedar cannot take them apart.
pub(in crate::policy::cedar) fn with_clauses<T>(
    policy: &CedarPolicy,
    look: impl FnOnce(&[Clause]) -> T,
) -> Option<T> {
    with_room(|| {
        let tree = policy.parsed().to_pst().ok()?;
        Some(look(tree.body().clauses()))
    })
}

/// The parts an expression is directly made of.
pub(super) fn parts(expression: &Expr) -> Option<Vec<&Expr>> {
    Some(match expression {
        Expr::Literal(_) | Expr::Var(_) => vec![],
        Expr::UnaryOp { expr, .. }
        | Expr::GetAttr { expr, .. }
        | Expr::HasAttr { expr, .. }
        | Expr::Like { expr, .. } => vec![expr],
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::Is { expr, in_expr, .. } => std::iter::once(&**expr).chain(in_expr.as_deref()).collect(),
        Expr::IfThenElse { cond, then_expr, else_expr } => vec![cond, then_expr, else_expr],
        Expr::Set(items) => items.iter().map(|item| &**item).collect(),
        Expr::Record(members) => members.values().map(|member| &**member).collect(),
        // What a later Cedar adds, and what cannot stand in a policy's text.
        _ => return None,
    })
}
