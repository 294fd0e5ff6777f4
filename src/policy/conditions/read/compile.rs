//! From the parser's tree to ours: every name is known, loops do not lie in loops, regular expressions are compiled.
//!
//! The parser has already written the macros out; they are recognized by what they start from. Imports `model` and the tree.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SourceInfo, operators,
};

use crate::model::document::shape::nearest;
use crate::policy::conditions::ConditionError;
use crate::policy::conditions::expression::{
    Calculation, Comparison, Expression, Function, Literal, Loop, LoopKind, Member, Root,
};
use crate::policy::conditions::read::parsed::{added_of, call_of, find_ins};
use crate::policy::conditions::read::pattern;
use crate::policy::conditions::read::question::never_boolean;

type Compiled = Result<Expression, ConditionError>;

/// What is known while a condition is compiled.
pub(super) struct Compiler<'c> {
    text: &'c str,
    source: &'c SourceInfo,
    /// The `in`s that were written `not in`.
    negated: HashSet<u64>,
    /// What the regular expressions compiled so far take, in bytes.
    pattern_bytes: Cell<usize>,
}

/// The name of the loop that an expression lies in.
type Within<'c> = Option<&'c str>;

impl<'c> Compiler<'c> {
    /// `negated`: for each `in` of the text, whether it was `not in`.
    pub(super) fn new(text: &'c str, source: &'c SourceInfo, tree: &IdedExpr, negated: &[bool]) -> Self {
        let mut found = Vec::new();
        find_ins(tree, &mut found);
        found.sort_by_key(|id| source.offset_for(*id));
        let negated =
            found.into_iter().zip(negated).filter_map(|(id, negated)| negated.then_some(id)).collect();
        Self { text, source, negated, pattern_bytes: Cell::new(0) }
    }

    /// Compiles a whole condition.
    pub(super) fn compile(&self, tree: &IdedExpr) -> Compiled {
        self.question(tree, None)
    }

    /// What its regular expressions take, in bytes.
    pub(super) fn pattern_bytes(&self) -> usize {
        self.pattern_bytes.get()
    }

    /// Something that is asked: yes or no.
    fn question(&self, tree: &IdedExpr, within: Within<'_>) -> Compiled {
        let expression = self.expression(tree, within)?;
        match never_boolean(&expression) {
            None => Ok(expression),
            Some(kind) => Err(self
                .refuse(tree, format!("this comes to {kind}, where a yes or no is wanted"))
                .with_hint("compare it with something, as in parameters.amount > 100")),
        }
    }

    fn expression(&self, tree: &IdedExpr, within: Within<'_>) -> Compiled {
        match &tree.expr {
            Expr::Literal(literal) => self.literal(tree, literal).map(Expression::Literal),
            Expr::Ident(name) => self.name(tree, name, within),
            Expr::Select(select) => {
                let of = self.expression(&select.operand, within)?;
                let member = self.member(tree, of, &select.field)?;
                Ok(if select.test { Expression::Has(member) } else { Expression::Member(member) })
            }
            Expr::List(list) => {
                let elements = list.elements.iter().map(|element| self.expression(element, within));
                elements.collect::<Result<_, _>>().map(Expression::List)
            }
            Expr::Map(map) => self.map(tree, map, within),
            Expr::Call(call) => self.call(tree, call, within),
            Expr::Comprehension(comprehension) => self.comprehension(tree, comprehension, within),
            Expr::Struct(_) => Err(self.refuse(tree, "messages cannot be made here")),
            Expr::Unspecified => Err(self.refuse(tree, "no CEL from here on")),
        }
    }

    fn literal(&self, tree: &IdedExpr, literal: &LiteralValue) -> Result<Literal, ConditionError> {
        Ok(match literal {
            LiteralValue::Null => Literal::Null,
            LiteralValue::Boolean(value) => Literal::Bool(*value.inner()),
            LiteralValue::Int(value) => Literal::Int(*value.inner()),
            LiteralValue::Double(value) if value.inner().is_finite() => Literal::Double(*value.inner()),
            LiteralValue::Double(_) => return Err(self.refuse(tree, "a number that no double holds")),
            LiteralValue::String(value) => Literal::Text(value.inner().into()),
            LiteralValue::UInt(_) => {
                return Err(self
                    .refuse(tree, "unsigned numbers are not known here")
                    .with_hint("leave out the u"));
            }
            LiteralValue::Bytes(_) => {
                return Err(self.refuse(tree, "bytes are not known here").with_hint("leave out the b"));
            }
        })
    }

    fn name(&self, tree: &IdedExpr, name: &str, within: Within<'_>) -> Compiled {
        if within == Some(name) {
            return Ok(Expression::Element);
        }
        if let Some(root) = Root::ALL.into_iter().find(|root| root.as_str() == name) {
            return Ok(Expression::Root(root));
        }
        let names = Root::ALL.map(Root::as_str);
        let hint = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}; texts stand in quotes", names.join(", ")),
        };
        Err(self.refuse(tree, format!("unknown variable `{name}`")).with_hint(hint))
    }

    fn member(&self, tree: &IdedExpr, of: Expression, name: &str) -> Result<Box<Member>, ConditionError> {
        if let Expression::Root(root) = &of
            && let Some(known) = root.members()
            && !known.contains(&name)
        {
            let near = nearest(name, known.iter().copied());
            let hint = match (near, known) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, []) => "it is a text".to_owned(),
                (None, known) => format!("known are {}", known.join(", ")),
            };
            let message = format!("`{}` has no member `{name}`", root.as_str());
            return Err(self.refuse(tree, message).with_hint(hint));
        }
        let path = format!("{}.{name}", path_of(&of)).into();
        Ok(Box::new(Member { of, name: name.into(), path }))
    }

    fn map(&self, tree: &IdedExpr, map: &MapExpr, within: Within<'_>) -> Compiled {
        let mut entries: Vec<(Arc<str>, Expression)> = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(self.refuse(tree, "messages cannot be made here"));
            };
            let Expr::Literal(LiteralValue::String(key)) = &entry.key.expr else {
                return Err(self.refuse(&entry.key, "a key of a mapping must be a text that is written out"));
            };
            if entries.iter().any(|(known, _)| **known == *key.inner()) {
                return Err(self.refuse(&entry.key, "the key is there twice"));
            }
            entries.push((key.inner().into(), self.expression(&entry.value, within)?));
        }
        Ok(Expression::Map(entries))
    }

    fn call(&self, tree: &IdedExpr, call: &CallExpr, within: Within<'_>) -> Compiled {
        let operands = call.target.as_deref().into_iter().chain(&call.args);
        if call.func_name == "matches" {
            return self.matches(tree, call, within);
        }
        let asked = asked_operands(&call.func_name);
        let operands = operands.enumerate().map(|(place, operand)| match place < asked {
            true => self.question(operand, within),
            false => self.expression(operand, within),
        });
        let mut operands: Vec<Expression> = operands.collect::<Result<_, _>>()?;
        if call.func_name == operators::CONDITIONAL
            && let (Some(no), Some(yes), Some(asked)) = (operands.pop(), operands.pop(), operands.pop())
        {
            return Ok(Expression::If(Box::new((asked, yes, no))));
        }
        if let Some(function) = Function::ALL.iter().find(|(name, ..)| *name == call.func_name) {
            let (name, function, least, most) = *function;
            if !(1 + least..=1 + most).contains(&operands.len()) {
                let message = format!("`{name}` takes {}", values_text(least, most));
                return Err(self.refuse(tree, message));
            }
            return Ok(Expression::Call(function, operands));
        }
        match (operands.pop(), operands.pop()) {
            (Some(right), Some(left)) => self.binary(tree, call, left, right),
            (Some(only), None) => match call.func_name.as_str() {
                operators::LOGICAL_NOT => Ok(Expression::Not(Box::new(only))),
                operators::NEGATE => Ok(Expression::Negate(Box::new(only))),
                _ => Err(self.unknown_function(tree, &call.func_name)),
            },
            _ => Err(self.unknown_function(tree, &call.func_name)),
        }
    }

    fn binary(&self, tree: &IdedExpr, call: &CallExpr, left: Expression, right: Expression) -> Compiled {
        if call.func_name == operators::INDEX {
            return match right {
                Expression::Literal(Literal::Text(name)) => {
                    self.member(tree, left, &name).map(Expression::Member)
                }
                right => Ok(Expression::Index(Box::new((left, right)))),
            };
        }
        let both = Box::new((left, right));
        Ok(match call.func_name.as_str() {
            operators::LOGICAL_AND => Expression::And(both),
            operators::LOGICAL_OR => Expression::Or(both),
            operators::EQUALS => Expression::Compare(Comparison::Equal, both),
            operators::NOT_EQUALS => Expression::Compare(Comparison::Unequal, both),
            operators::LESS => Expression::Compare(Comparison::Less, both),
            operators::LESS_EQUALS => Expression::Compare(Comparison::LessOrEqual, both),
            operators::GREATER => Expression::Compare(Comparison::Greater, both),
            operators::GREATER_EQUALS => Expression::Compare(Comparison::GreaterOrEqual, both),
            operators::ADD => Expression::Calculate(Calculation::Add, both),
            operators::SUBSTRACT => Expression::Calculate(Calculation::Subtract, both),
            operators::MULTIPLY => Expression::Calculate(Calculation::Multiply, both),
            operators::DIVIDE => Expression::Calculate(Calculation::Divide, both),
            operators::MODULO => Expression::Calculate(Calculation::Remainder, both),
            operators::IN if self.negated.contains(&tree.id) => {
                Expression::Not(Box::new(Expression::In(both)))
            }
            operators::IN => Expression::In(both),
            _ => return Err(self.unknown_function(tree, &call.func_name)),
        })
    }

    fn matches(&self, tree: &IdedExpr, call: &CallExpr, within: Within<'_>) -> Compiled {
        let operands: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        let [searched, written] = operands.as_slice() else {
            return Err(self.refuse(tree, "`matches` takes a text and a regular expression"));
        };
        let Expr::Literal(LiteralValue::String(text)) = &written.expr else {
            let message = "the regular expression of `matches` must be written out";
            return Err(self
                .refuse(written, message)
                .with_hint("a caller's text as a pattern would be the caller's rule"));
        };
        let pattern = pattern::compile(text.inner()).map_err(|message| self.refuse(written, message))?;
        self.pattern_bytes.set(self.pattern_bytes.get() + pattern.bytes);
        Ok(Expression::Matches(Box::new(self.expression(searched, within)?), pattern))
    }

    fn comprehension(&self, tree: &IdedExpr, written: &ComprehensionExpr, within: Within<'_>) -> Compiled {
        if within.is_some() {
            return Err(self.refuse(tree, "a loop (all, exists, exists_one, map, filter) within another"));
        }
        let name = written.iter_var.as_str();
        if Root::ALL.into_iter().any(|root| root.as_str() == name) {
            return Err(
                self.refuse(tree, format!("`{name}` is a variable already: name the element otherwise"))
            );
        }
        let unknown = || self.refuse(tree, "an unknown macro");
        let range = self.expression(&written.iter_range, None)?;
        let step = call_of(&written.loop_step).ok_or_else(unknown)?;
        let inside = |tree: &IdedExpr| self.expression(tree, Some(name));
        let asked = |tree: &IdedExpr| self.question(tree, Some(name));
        let (kind, filter, body) = match (&written.accu_init.expr, step) {
            (Expr::Literal(LiteralValue::Boolean(start)), (_, [_, body])) => {
                let kind = if *start.inner() { LoopKind::All } else { LoopKind::Exists };
                (kind, None, asked(body)?)
            }
            (Expr::Literal(LiteralValue::Int(_)), (operators::CONDITIONAL, [body, _, _])) => {
                (LoopKind::ExistsOne, None, asked(body)?)
            }
            (Expr::List(_), (operators::CONDITIONAL, [filter, added, _])) => {
                let body = added_of(added).ok_or_else(unknown)?;
                (LoopKind::Collect, Some(asked(filter)?), inside(body)?)
            }
            (Expr::List(_), (operators::ADD, _)) => {
                let body = added_of(&written.loop_step).ok_or_else(unknown)?;
                (LoopKind::Collect, None, inside(body)?)
            }
            _ => return Err(unknown()),
        };
        Ok(Expression::Loop(Box::new(Loop { kind, range, filter, body })))
    }

    fn unknown_function(&self, tree: &IdedExpr, name: &str) -> ConditionError {
        let macros = ["has", "all", "exists", "exists_one", "map", "filter", "matches"];
        let names = || Function::ALL.iter().map(|(name, ..)| *name).chain(macros);
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", names().collect::<Vec<_>>().join(", ")),
        };
        self.refuse(tree, format!("unknown function `{name}`, or not of so many values")).with_hint(hint)
    }

    fn refuse(&self, tree: &IdedExpr, message: impl Into<String>) -> ConditionError {
        let offset = self.source.offset_for(tree.id).map_or(0, |(start, _)| start as usize);
        ConditionError::at(self.text, offset, message)
    }
}

/// How many of an operator's first operands are asked: yes or no.
fn asked_operands(operator: &str) -> usize {
    match operator {
        operators::LOGICAL_AND | operators::LOGICAL_OR => 2,
        operators::LOGICAL_NOT | operators::CONDITIONAL => 1,
        _ => 0,
    }
}

fn values_text(least: usize, most: usize) -> &'static str {
    match (least, most) {
        (0, 0) => "one value",
        (0, _) => "one value, or a time zone beside it",
        _ => "two values",
    }
}

/// How an expression is called in reasons.
fn path_of(expression: &Expression) -> String {
    match expression {
        Expression::Root(root) => root.as_str().to_owned(),
        Expression::Element => "the element".to_owned(),
        Expression::Member(member) => member.path.to_string(),
        Expression::Index(both) => format!("{}[]", path_of(&both.0)),
        _ => "(...)".to_owned(),
    }
}
