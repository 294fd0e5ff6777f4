//! Schemas: read, and policies checked against them. Imports problems, findings and the reader of policies.

use std::sync::Arc;

use cedar_policy::{PolicySet, Schema, ValidationMode, ValidationWarning, Validator};
use miette::Diagnostic;

use crate::policy::cedar::problem::unnamed;
use crate::policy::cedar::read::extent::too_large;
use crate::policy::cedar::read::policy::with_room;
use crate::policy::cedar::read::scan::{Token, TokenKind, Tokens};
use crate::policy::cedar::{CedarFinding, CedarPolicy, CedarProblem, CedarProblems, Effect, FindingType};

/// Longest schema, in bytes.
const SCHEMA_MAX_BYTES: usize = 400 * 1024;

/// How many brackets of a schema may be open at once.
const OPEN_MAX: usize = 64;

/// A schema that could be read: which entities, actions and contexts there are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CedarSchema {
    text: Arc<str>,
    validator: Arc<Validator>,
}

impl CedarSchema {
    /// Reads a schema in Cedar's syntax or, where it begins with `{`, in its JSON form; 400 KiB at most.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str) -> Result<Self, CedarProblems> {
        check(text)?;
        let schema =
            with_room(
                || if text.trim_start().starts_with('{') { from_json(text) } else { from_cedar(text) },
            )?;
        Ok(Self { text: text.into(), validator: Arc::new(Validator::new(schema)) })
    }

    /// The text, as written.
    #[must_use]
    pub const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Checks a policy strictly. What it gives is odd but valid: a policy that can never match is [`FindingType::AllowNone`] or
    /// [`FindingType::DenyNone`].
    ///
    /// # Errors
    /// Everything in the policy that does not agree with the schema.
    pub fn validate(&self, policy: &CedarPolicy) -> Result<Vec<CedarFinding>, CedarProblems> {
        let set = PolicySet::from_policies([policy.parsed().clone()])
            .map_err(|error| CedarProblem::at(policy.text(), 0, 0, error.to_string()))?;
        let result = with_room(|| self.validator.validate(&set, ValidationMode::Strict));
        let errors: Vec<&dyn Diagnostic> =
            result.validation_errors().map(|error| error as &dyn Diagnostic).collect();
        if errors.is_empty() {
            Ok(result.validation_warnings().filter_map(|warning| finding(policy, warning)).collect())
        } else {
            Err(CedarProblems::found(policy.text(), &errors))
        }
    }
}

/// What a warning says; nothing where it is about a text that may be taken for another, which is told of a policy without a schema too.
fn finding(policy: &CedarPolicy, warning: &ValidationWarning) -> Option<CedarFinding> {
    let kind = match (warning, policy.effect()) {
        (ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_), effect) => {
            match effect {
                Effect::Permit => FindingType::AllowNone,
                Effect::Forbid => FindingType::DenyNone,
            }
        }
        (
            ValidationWarning::MixedScriptString(_)
            | ValidationWarning::MixedScriptIdentifier(_)
            | ValidationWarning::BidiCharsInString(_)
            | ValidationWarning::BidiCharsInIdentifier(_)
            | ValidationWarning::ConfusableIdentifier(_),
            _,
        ) => return None,
        _ => FindingType::SuspiciousText,
    };
    Some(CedarFinding { kind, description: unnamed(&warning.to_string()).to_owned() })
}

fn check(text: &str) -> Result<(), CedarProblem> {
    if text.len() > SCHEMA_MAX_BYTES {
        let message = format!("a schema has at most {SCHEMA_MAX_BYTES} bytes; this text has {}", text.len());
        return Err(CedarProblem::at(text, 0, 0, message));
    }
    let mut open = 0_usize;
    for Token { offset, kind } in Tokens::of(text) {
        match kind {
            TokenKind::Sign(b'(' | b'[' | b'{' | b'<') => open += 1,
            TokenKind::Sign(b')' | b']' | b'}' | b'>') => open = open.saturating_sub(1),
            _ => {}
        }
        if open > OPEN_MAX {
            let message = format!("a schema has at most {OPEN_MAX} nested brackets");
            return Err(CedarProblem::at(text, offset, 1, message));
        }
    }
    too_large(text).map_or(Ok(()), |why| Err(CedarProblem::at(text, 0, 0, why)))
}

fn from_cedar(text: &str) -> Result<Schema, CedarProblems> {
    match Schema::from_cedarschema_str(text) {
        Ok((schema, _)) => Ok(schema),
        Err(error) => Err(CedarProblems::found(text, &[&error as &dyn Diagnostic])),
    }
}

fn from_json(text: &str) -> Result<Schema, CedarProblems> {
    // Read twice: only the first reading knows where in the text a mistake of JSON itself is.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let line = error.line().saturating_sub(1);
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let at = start + error.column().saturating_sub(1);
        return Err(CedarProblem::at(text, at, 0, format!("it is not JSON: {error}")).into());
    }
    Schema::from_json_str(text).map_err(|error| CedarProblems::found(text, &[&error as &dyn Diagnostic]))
}
