//! Whether an expression can come to yes or no: what never does is a mistake of whoever wrote it, told when it is written.

use crate::policy::conditions::expression::{Expression, Function, Literal, LoopKind, Member, Root};

/// What `expression` comes to instead of a boolean, whatever is called; `None` where it is one, or may be.
pub(super) fn never_boolean(expression: &Expression) -> Option<&'static str> {
    Some(match expression {
        Expression::Literal(literal) => return literal_kind(literal),
        Expression::List(_) => "a list",
        Expression::Map(_) => "a mapping",
        Expression::Root(Root::Resource) => "a text",
        Expression::Root(_) => "a mapping",
        Expression::Member(member) => return member_kind(member),
        Expression::Negate(_) => "a number",
        // Texts and lists can be added, too.
        Expression::Calculate(..) => "no boolean",
        Expression::Call(function, _) => return result_kind(*function),
        Expression::Loop(one) if one.kind == LoopKind::Collect => "a list",
        Expression::If(three) => {
            let (_, yes, no) = &**three;
            return never_boolean(yes).or_else(|| never_boolean(no));
        }
        Expression::Element
        | Expression::Has(_)
        | Expression::Index(_)
        | Expression::Not(_)
        | Expression::And(_)
        | Expression::Or(_)
        | Expression::Compare(..)
        | Expression::In(_)
        | Expression::Matches(..)
        | Expression::Loop(_) => return None,
    })
}

const fn literal_kind(literal: &Literal) -> Option<&'static str> {
    match literal {
        Literal::Bool(_) => None,
        Literal::Null => Some("null"),
        Literal::Int(_) | Literal::Double(_) => Some("a number"),
        Literal::Text(_) => Some("a text"),
    }
}

/// Only what a call brings along can be of any kind.
fn member_kind(member: &Member) -> Option<&'static str> {
    match (&member.of, &*member.name) {
        (Expression::Root(Root::Actor), "roles" | "groups") => Some("a list"),
        (Expression::Root(Root::Actor | Root::Action | Root::Capability), _) => Some("a text"),
        (Expression::Root(Root::Time), "now") => Some("a time"),
        (Expression::Root(Root::Time | Root::Risk), _) => Some("a number"),
        _ => None,
    }
}

const fn result_kind(function: Function) -> Option<&'static str> {
    match function {
        Function::Contains | Function::StartsWith | Function::EndsWith => None,
        Function::LowerAscii | Function::UpperAscii | Function::ToText => Some("a text"),
        Function::Size | Function::ToInt | Function::ToDouble | Function::Field(_) => Some("a number"),
        Function::ToTimestamp => Some("a time"),
        Function::ToDuration => Some("a duration"),
    }
}
