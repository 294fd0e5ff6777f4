//! The walk over a condition's tree, and the count of its steps.

use std::rc::Rc;

use crate::policy::conditions::Scope;
use crate::policy::conditions::error::Trouble;
use crate::policy::conditions::evaluate::value::Value;
use crate::policy::conditions::evaluate::{functions, operators};
use crate::policy::conditions::expression::{Expression, Function, Literal, Loop, LoopKind, Member, Pattern};
use crate::policy::conditions::scope::STEPS_OF_ITS_OWN;

/// Most elements a loop goes through.
const ELEMENTS_MAX: usize = 1000;

/// What an expression comes to.
pub(super) type Outcome<'c> = Result<Value<'c>, Trouble<'c>>;

/// One evaluation.
pub(super) struct Run<'c> {
    pub(super) scope: &'c Scope<'c>,
    /// What is left of the steps that are this condition's alone.
    own_steps: u32,
    /// The element that the loop is at; loops do not lie in loops.
    element: Option<Value<'c>>,
}

/// Whether a condition holds.
pub(in crate::policy::conditions) fn holds<'c>(
    tree: &'c Expression,
    scope: &'c Scope<'c>,
) -> Result<bool, Trouble<'c>> {
    let mut run = Run { scope, own_steps: STEPS_OF_ITS_OWN, element: None };
    run.boolean(tree, "the condition")
}

impl<'c> Run<'c> {
    /// Takes `steps` of what is left.
    pub(super) fn take(&mut self, steps: usize) -> Result<(), Trouble<'c>> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        if let Some(left) = self.own_steps.checked_sub(steps) {
            self.own_steps = left;
            return Ok(());
        }
        match self.scope.steps_left.get().checked_sub(steps) {
            Some(left) => {
                self.scope.steps_left.set(left);
                Ok(())
            }
            None => Err(Trouble::Bound("the conditions take too many steps for this call")),
        }
    }

    fn boolean(&mut self, tree: &'c Expression, what: &'static str) -> Result<bool, Trouble<'c>> {
        match self.value(tree)? {
            Value::Bool(value) => Ok(value),
            other => Err(Trouble::Types(what, other.kind_text(), "")),
        }
    }

    /// What an expression comes to. Recursion is bounded: a tree has at most
    /// 32 levels, and those that balanced `&&` and `||` add.
    pub(super) fn value(&mut self, tree: &'c Expression) -> Outcome<'c> {
        self.take(1)?;
        match tree {
            Expression::Literal(literal) => Ok(match literal {
                Literal::Null => Value::Null,
                Literal::Bool(value) => Value::Bool(*value),
                Literal::Int(value) => Value::Int(*value),
                Literal::Double(value) => Value::Double(*value),
                Literal::Text(text) => Value::Text(text),
            }),
            Expression::List(elements) => {
                let elements: Result<Rc<[_]>, _> =
                    elements.iter().map(|element| self.value(element)).collect();
                elements.map(Value::List)
            }
            Expression::Map(entries) => {
                let entries: Result<Rc<[_]>, _> =
                    entries.iter().map(|(key, value)| Ok((&**key, self.value(value)?))).collect();
                entries.map(Value::Map)
            }
            Expression::Root(root) => self.root(*root),
            Expression::Element => {
                self.element.clone().ok_or(Trouble::NoResult("an element outside of its loop"))
            }
            Expression::Member(member) => self.member(member),
            Expression::Has(member) => self.has(member),
            Expression::Index(both) => {
                let (of, index) = (self.value(&both.0)?, self.value(&both.1)?);
                self.index(&of, &index)
            }
            Expression::Not(operand) => self.boolean(operand, "`!`").map(|value| Value::Bool(!value)),
            Expression::Negate(operand) => operators::negate(&self.value(operand)?),
            Expression::And(both) => self.logic(both, false, "`&&`"),
            Expression::Or(both) => self.logic(both, true, "`||`"),
            Expression::If(parts) => {
                let (asked, yes, no) = &**parts;
                if self.boolean(asked, "`?:`")? { self.value(yes) } else { self.value(no) }
            }
            Expression::Compare(comparison, both) => {
                let (left, right) = (self.value(&both.0)?, self.value(&both.1)?);
                self.compare(*comparison, &left, &right).map(Value::Bool)
            }
            Expression::In(both) => {
                let (wanted, within) = (self.value(&both.0)?, self.value(&both.1)?);
                self.is_in(&wanted, &within).map(Value::Bool)
            }
            Expression::Calculate(calculation, both) => {
                let (left, right) = (self.value(&both.0)?, self.value(&both.1)?);
                self.calculate(*calculation, &left, &right)
            }
            Expression::Call(function, operands) => self.call(*function, operands),
            Expression::Matches(searched, pattern) => self.matches(searched, pattern),
            Expression::Loop(written) => self.go_through(written),
        }
    }

    /// `&&` and `||`: an operand that decides makes good for one without a value, on whichever side it is.
    fn logic(
        &mut self,
        both: &'c (Expression, Expression),
        decisive: bool,
        what: &'static str,
    ) -> Outcome<'c> {
        let left = self.boolean(&both.0, what);
        if left == Ok(decisive) {
            return Ok(Value::Bool(decisive));
        }
        match (left, self.boolean(&both.1, what)) {
            (_, Ok(right)) if right == decisive => Ok(Value::Bool(decisive)),
            (Err(trouble), _) | (_, Err(trouble)) => Err(trouble),
            (Ok(_), Ok(_)) => Ok(Value::Bool(!decisive)),
        }
    }

    fn call(&mut self, function: Function, operands: &'c [Expression]) -> Outcome<'c> {
        let Some((first, rest)) = operands.split_first() else {
            return Err(Trouble::NoResult("a function of nothing"));
        };
        let first = self.value(first)?;
        let second = match rest.first() {
            Some(second) => Some(self.value(second)?),
            None => None,
        };
        functions::call(self, function, &first, second.as_ref())
    }

    fn matches(&mut self, searched: &'c Expression, pattern: &'c Pattern) -> Outcome<'c> {
        let searched = self.value(searched)?;
        let Some(text) = searched.as_text() else {
            return Err(Trouble::Types("`matches`", searched.kind_text(), ""));
        };
        self.take(text.len() / 64 + text.len().saturating_mul(pattern.places as usize) / 16)?;
        Ok(Value::Bool(pattern.regex.is_match(text)))
    }

    fn member(&mut self, member: &'c Member) -> Outcome<'c> {
        let of = self.value(&member.of)?;
        self.look_up(&of, &member.name, &member.path)?.ok_or(Trouble::Missing(&member.path))
    }

    fn has(&mut self, member: &'c Member) -> Outcome<'c> {
        let of = self.value(&member.of)?;
        Ok(Value::Bool(self.look_up(&of, &member.name, &member.path)?.is_some()))
    }

    fn index(&mut self, of: &Value<'c>, index: &Value<'c>) -> Outcome<'c> {
        match (of, index) {
            (Value::Array(_) | Value::Names(_) | Value::List(_), Value::Int(index)) => {
                let element = usize::try_from(*index).ok().and_then(|index| of.element(index));
                element.unwrap_or(Err(Trouble::Missing("an element of that number")))
            }
            (_, index) => match index.as_text() {
                Some(name) => {
                    self.look_up(of, name, "a member")?.ok_or(Trouble::Missing("a member of that name"))
                }
                None => Err(Trouble::Types("`[]`", of.kind_text(), index.kind_text())),
            },
        }
    }

    fn go_through(&mut self, written: &'c Loop) -> Outcome<'c> {
        let range = self.value(&written.range)?;
        let Some(count) = range.count() else {
            return Err(Trouble::Types("a loop", range.kind_text(), ""));
        };
        if count > ELEMENTS_MAX {
            return Err(Trouble::Bound("a loop over more than 1,000 elements"));
        }
        let outcome = self.elements(written, &range, count);
        self.element = None;
        outcome
    }

    fn elements(&mut self, written: &'c Loop, range: &Value<'c>, count: usize) -> Outcome<'c> {
        let mut collected = Vec::new();
        let mut trouble = None;
        let mut held = 0_usize;
        for index in 0..count {
            self.take(1)?;
            let element = range.element(index).unwrap_or(Ok(Value::Null));
            match self.one(written, element) {
                Ok(None) => {}
                Ok(Some(value)) => match (written.kind, &value) {
                    (LoopKind::Collect, _) => collected.push(value),
                    (LoopKind::All, Value::Bool(false)) => return Ok(value),
                    (LoopKind::Exists, Value::Bool(true)) => return Ok(value),
                    (_, Value::Bool(holds)) => held += usize::from(*holds),
                    (_, other) => trouble = Some(Trouble::Types("a loop's condition", other.kind_text(), "")),
                },
                // Another element may decide `all` and `exists`; nothing makes good for it elsewhere. A bound is final.
                Err(found @ Trouble::Bound(_)) => return Err(found),
                Err(found) => trouble = Some(trouble.unwrap_or(found)),
            }
        }
        match (trouble, written.kind) {
            (Some(trouble), _) => Err(trouble),
            (None, LoopKind::All) => Ok(Value::Bool(true)),
            (None, LoopKind::Exists) => Ok(Value::Bool(false)),
            (None, LoopKind::ExistsOne) => Ok(Value::Bool(held == 1)),
            (None, LoopKind::Collect) => Ok(Value::List(collected.into())),
        }
    }

    /// What a loop makes of one element; `None` where it leaves it out.
    fn one(&mut self, written: &'c Loop, element: Outcome<'c>) -> Result<Option<Value<'c>>, Trouble<'c>> {
        self.element = Some(element?);
        if let Some(filter) = &written.filter
            && !self.boolean(filter, "`filter`")?
        {
            return Ok(None);
        }
        self.value(&written.body).map(Some)
    }
}
