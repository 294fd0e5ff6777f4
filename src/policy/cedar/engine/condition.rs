//! The evaluation of one policy, by Cedar's own evaluator.
//!
//! `Authorizer::is_authorized` of the public interface takes a whole `PolicySet`, copies of which are dear, and puts the condition of
//! each policy together anew for each call; the evaluator below it takes one condition. It is the same evaluator, pinned to the same
//! version, and the tests compare the two. Nothing else here names `cedar_policy_core`, but for `placed.rs` and, for its check of texts, `findings.rs`.

use cedar_policy::{Entities, Request};
use cedar_policy_core::ast::{Expr, Literal, Policy, SlotEnv, ValueKind};
use cedar_policy_core::evaluator::{EvaluationError, Evaluator};
use cedar_policy_core::extensions::Extensions;

use crate::policy::cedar::CedarPolicy;
use crate::policy::cedar::read::{is_deep, with_room};

/// The scope and the conditions of a policy as one expression, scope first: where the scope does not match nothing else is looked at.
#[derive(Clone, Debug)]
pub(in crate::policy::cedar) struct Condition {
    whole: Expr,
    /// Whether it needs a stack of its own.
    deep: bool,
}

impl Condition {
    pub(in crate::policy::cedar) fn of(policy: &CedarPolicy) -> Self {
        let parsed: &Policy = policy.parsed().as_ref();
        Self { whole: parsed.condition(), deep: is_deep(policy.text()) }
    }
}

/// One call that policies are evaluated for.
pub(in crate::policy::cedar) struct Evaluation<'e> {
    evaluator: Evaluator<'e>,
    /// A static policy has no slots.
    slots: SlotEnv,
}

impl<'e> Evaluation<'e> {
    pub(in crate::policy::cedar) fn new(request: &Request, entities: &'e Entities) -> Self {
        let request: &cedar_policy_core::ast::Request = request.as_ref();
        let evaluator = Evaluator::new(request.clone(), entities.as_ref(), Extensions::all_available());
        Self { evaluator, slots: SlotEnv::new() }
    }

    /// Whether a policy matches, or why that cannot be told: names of the policy's own and types, no values.
    pub(in crate::policy::cedar) fn holds(&self, condition: &Condition) -> Result<bool, String> {
        let told = || self.tell(&condition.whole);
        if condition.deep { with_room(told) } else { told() }
    }

    fn tell(&self, condition: &Expr) -> Result<bool, String> {
        match self.evaluator.interpret(condition, &self.slots) {
            Ok(value) => match value.value_kind() {
                ValueKind::Lit(Literal::Bool(holds)) => Ok(*holds),
                _ => Err("the condition is neither true nor false".to_owned()),
            },
            Err(error) => Err(told(&error)),
        }
    }
}

/// An error without the values that Cedar's own words for it may have: these may be arguments that no record keeps.
fn told(error: &EvaluationError) -> String {
    let words = match error {
        // What they name are names of attributes, and types.
        EvaluationError::RecordAttrDoesNotExist(_) | EvaluationError::TypeError(_) => {
            return error.to_string();
        }
        EvaluationError::EntityDoesNotExist(_) => "an entity whose attributes are read is not known",
        EvaluationError::EntityAttrDoesNotExist(_) => "an entity has no such attribute or tag",
        EvaluationError::FailedExtensionFunctionLookup(_) | EvaluationError::WrongNumArguments(_) => {
            "a function is not known, or takes other arguments"
        }
        EvaluationError::IntegerOverflow(_) => "a number is beyond 64 bits",
        EvaluationError::FailedExtensionFunctionExecution(_) => "a function does not take this value",
        EvaluationError::RecursionLimit(_) => "its conditions are too deep",
        _ => "it cannot be evaluated",
    };
    words.to_owned()
}
