//! Which attributes does a policy read without asking first whether they are there? Imports paths.

use std::collections::BTreeSet;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp};

use crate::policy::cedar::access::path::{Step, parts};
use crate::policy::cedar::access::{AttributePath, Base};

/// What every mapped request has: see `policy::cedar::mapping`.
const ALWAYS_THERE: &[(Base, &[&str])] = &[
    (Base::Context, &["input"]),
    (Base::Context, &["tenant"]),
    (Base::Context, &["system"]),
    (Base::Context, &["system", "now"]),
    (Base::Principal, &["id"]),
    (Base::Principal, &["kind"]),
    (Base::Principal, &["tenant"]),
];

/// The paths that the clauses of a policy read although nothing makes sure that they are there, sorted; at most `most`.
pub(in crate::policy::cedar) fn unguarded(clauses: &[Clause], most: usize) -> Vec<AttributePath> {
    let mut walk = Walk { known: Vec::new(), found: BTreeSet::new() };
    for clause in clauses {
        match clause {
            Clause::When(expression) => {
                walk.read(expression);
                // The clauses hold together: what one has asked for is there for the next.
                walk.learn(expression, true);
            }
            Clause::Unless(expression) => {
                walk.read(expression);
                walk.learn(expression, false);
            }
        }
    }
    walk.found.into_iter().take(most).collect()
}

struct Walk {
    /// What is known to be there where the walk is.
    known: Vec<AttributePath>,
    found: BTreeSet<AttributePath>,
}

impl Walk {
    /// Looks at everything that is evaluated with `expression`, in its order.
    fn read(&mut self, expression: &Expr) {
        match expression {
            Expr::BinaryOp { op: BinaryOp::And, left, right } => self.read_both(left, right, true),
            Expr::BinaryOp { op: BinaryOp::Or, left, right } => self.read_both(left, right, false),
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                self.read_both(cond, then_expr, true);
                let known = self.known.len();
                self.learn(cond, false);
                self.read(else_expr);
                self.known.truncate(known);
            }
            _ => {
                if let Some(path) = AttributePath::of(expression)
                    && !path.steps.is_empty()
                    && !self.is_there(&path)
                {
                    self.found.insert(path);
                }
                parts(expression).into_iter().flatten().for_each(|part| self.read(part));
            }
        }
    }

    /// Reads `first`, then `second`, which is only evaluated where `first` is `truth`.
    fn read_both(&mut self, first: &Expr, second: &Expr, truth: bool) {
        self.read(first);
        let known = self.known.len();
        self.learn(first, truth);
        self.read(second);
        self.known.truncate(known);
    }

    /// Adds what is there if `expression` is `truth`.
    fn learn(&mut self, expression: &Expr, truth: bool) {
        match expression {
            Expr::UnaryOp { op: UnaryOp::Not, expr } => self.learn(expr, !truth),
            Expr::BinaryOp { op: BinaryOp::And, left, right } if truth => {
                self.learn(left, true);
                self.learn(right, true);
            }
            Expr::BinaryOp { op: BinaryOp::Or, left, right } if !truth => {
                self.learn(left, false);
                self.learn(right, false);
            }
            Expr::HasAttr { expr, attrs } if truth => {
                let Some(mut path) = AttributePath::of(expr) else { return };
                for attr in attrs {
                    path = path.then(Step::Attribute(attr.to_string()));
                    self.known.push(path.clone());
                }
            }
            Expr::BinaryOp { op: BinaryOp::HasTag, left, right } if truth => {
                if let (Some(path), Expr::Literal(Literal::String(tag))) = (AttributePath::of(left), &**right)
                {
                    self.known.push(path.then(Step::Tag(tag.to_string())));
                }
            }
            _ => {}
        }
    }

    fn is_there(&self, path: &AttributePath) -> bool {
        let always = ALWAYS_THERE.iter().any(|(base, names)| {
            let named = |(step, name): (&Step, &&str)| matches!(step, Step::Attribute(attribute) if attribute == name);
            *base == path.base && names.len() == path.steps.len() && path.steps.iter().zip(*names).all(named)
        });
        always || self.known.contains(path)
    }
}
