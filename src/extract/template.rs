//! Templates of resources: `contact:{id}`, `{arguments.path}`.

use thiserror::Error;

use crate::model::call::is_variable_name;
use crate::model::json::Json;

/// A template that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("a brace is not closed")]
    UnclosedBrace,
    /// `{}` or a name with other characters than letters, digits, `_`, `-`, `.`.
    #[error("a variable needs a name of letters, digits, _, - and .")]
    BadName,
}

/// A piece of a resource template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text as it stands.
    Literal(String),
    /// A variable, by the keys that lead to it.
    Variable(Vec<String>),
}

/// A template for a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceTemplate {
    parts: Vec<TemplatePart>,
}

impl ResourceTemplate {
    /// Reads `text`; variables stand in braces, dots lead into objects.
    ///
    /// # Errors
    /// Unbalanced braces or bad names.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or(TemplateError::UnclosedBrace)?;
            if literal.contains('}') {
                return Err(TemplateError::UnclosedBrace);
            }
            if !is_variable_name(name) {
                return Err(TemplateError::BadName);
            }
            if !literal.is_empty() {
                parts.push(TemplatePart::Literal(literal.to_owned()));
            }
            parts.push(TemplatePart::Variable(name.split('.').map(str::to_owned).collect()));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(TemplateError::UnclosedBrace);
        }
        if !rest.is_empty() {
            parts.push(TemplatePart::Literal(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The pieces.
    #[must_use]
    pub fn parts(&self) -> &[TemplatePart] {
        &self.parts
    }

    /// The key of each variable's value: the last of the keys that lead to it.
    pub fn variable_keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Variable(keys) => keys.last().map(String::as_str),
            TemplatePart::Literal(_) => None,
        })
    }

    /// Fills the template from `values`; a leading key `arguments` stands for `values` itself. `Ok(None)` when a value is
    /// absent or null.
    ///
    /// # Errors
    /// The name of a variable whose value is an object or array: it has no one text, so a rule about the resource could
    /// be slipped past.
    pub fn fill(&self, values: &Json<'_>) -> Result<Option<String>, String> {
        let mut filled = String::new();
        for part in &self.parts {
            let keys = match part {
                TemplatePart::Literal(text) => {
                    filled.push_str(text);
                    continue;
                }
                TemplatePart::Variable(keys) => keys,
            };
            let keys = match keys.split_first() {
                Some((first, rest)) if first == "arguments" && !rest.is_empty() => rest,
                _ => keys,
            };
            let mut value = Some(values);
            for key in keys {
                value = value.and_then(|value| value.member(key));
            }
            match value {
                None | Some(Json::Null) => return Ok(None),
                Some(Json::String(text)) => filled.push_str(text.as_str()),
                Some(Json::Number(number)) => filled.push_str(number.text),
                Some(Json::Bool(truth)) => filled.push_str(if *truth { "true" } else { "false" }),
                Some(Json::Array(_) | Json::Object(_)) => return Err(keys.join(".")),
            }
        }
        Ok(Some(filled))
    }
}
