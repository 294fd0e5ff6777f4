//! Applies a plan to one JSON text: a body, or the data of an event.

use std::sync::Arc;

use crate::model::json::{CaseEqualKeys, Json, Reader, write_json};
use crate::model::pointer::Pointer;
use crate::response::redact::redact;
use crate::response::{ListFilter, ResponseError, ResponsePlan, list};

/// How answers are read. Names that differ in case are data to most tools; where it matters, [`list`] looks at them.
const READER: Reader = Reader { max_depth: 64, case_equal_keys: CaseEqualKeys::Allow };

/// What a plan asks of every JSON text.
pub(super) struct Editor {
    redact: Arc<[Pointer]>,
    list: Option<ListFilter>,
    rpc: bool,
}

impl Editor {
    pub(super) fn new(plan: &ResponsePlan) -> Self {
        Self {
            redact: Arc::clone(&plan.redact),
            list: plan.list.clone(),
            rpc: plan.rpc || plan.list.is_some(),
        }
    }

    /// Whether texts are JSON-RPC messages.
    pub(super) const fn is_rpc(&self) -> bool {
        self.rpc
    }

    /// The text as it may be passed on; `None`: as it is.
    ///
    /// # Errors
    /// It cannot be read strictly, or its tool list cannot be told.
    pub(super) fn edit(&self, text: &[u8]) -> Result<Option<Vec<u8>>, ResponseError> {
        let mut value = READER.parse_answer(text)?;
        if !self.apply(&mut value)? {
            return Ok(None);
        }
        let mut edited = Vec::with_capacity(text.len());
        write_json(&value, &|_| false, &mut edited);
        Ok(Some(edited))
    }

    /// The same for a text that need not be JSON: one that does not begin as JSON does has nothing a pointer leads to.
    ///
    /// # Errors
    /// It begins as JSON does, and then as for [`Self::edit`].
    pub(super) fn edit_if_json(&self, text: &[u8]) -> Result<Option<Vec<u8>>, ResponseError> {
        if begins_as_json(text) { self.edit(text) } else { Ok(None) }
    }

    fn apply(&self, value: &mut Json<'_>) -> Result<bool, ResponseError> {
        if !self.rpc {
            return Ok(self.hide(value));
        }
        let messages = match value {
            Json::Array(batch) => batch.as_mut_slice(),
            single => std::slice::from_mut(single),
        };
        let mut changed = false;
        for message in messages {
            if let Some(filter) = &self.list {
                changed |= list::filter(filter, message)?;
            }
            // An error's `data` may carry what a result would have.
            for path in [&["result"][..], &["error", "data"]] {
                changed |= below(message, path).is_some_and(|answered| self.hide(answered));
            }
        }
        Ok(changed)
    }

    fn hide(&self, value: &mut Json<'_>) -> bool {
        let mut changed = false;
        for pointer in &*self.redact {
            changed |= redact(value, pointer.tokens());
        }
        changed
    }
}

/// What members within members lead to.
fn below<'v, 'a>(value: &'v mut Json<'a>, path: &[&str]) -> Option<&'v mut Json<'a>> {
    let Some((name, rest)) = path.split_first() else { return Some(value) };
    let Json::Object(members) = value else { return None };
    let (_, member) = members.iter_mut().find(|(key, _)| key.as_str() == *name)?;
    below(member, rest)
}

/// Whether a text begins as a JSON object or array does, behind whatever its reader might trim off. What is no JSON at all
/// (`[DONE]`, a line of a log) is told apart by the character that follows the bracket.
fn begins_as_json(text: &[u8]) -> bool {
    let skipped = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}';
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start_matches(skipped);
    let Some(elements) = text.strip_prefix('[') else { return text.starts_with('{') };
    let first = elements.trim_start_matches(skipped).chars().next();
    first.is_none_or(|first| matches!(first, '{' | '[' | ']' | '"' | '-' | '0'..='9' | 't' | 'f' | 'n'))
}
