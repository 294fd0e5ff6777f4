//! JSON as values of Cedar, built one by one. Imports `model`, numbers and paths.
//!
//! Never by Cedar's own reading of JSON: there, an object with the key `__entity` is an entity and one with `__extn` a call, so that
//! whoever sends arguments could pass for somebody else. Here they are keys like any other.

use cedar_policy::RestrictedExpression;

use crate::model::json::{Json, Text};
use crate::policy::cedar::access::ContextPath;
use crate::policy::cedar::mapping::decimal::{CedarNumber, number};

/// How deep values may be nested.
const DEPTH_MAX: usize = 32;

/// How many values one context may have.
const VALUES_MAX: usize = 10_000;

/// How many places that were left out are told apart.
const DROPPED_MOST: usize = 64;

/// Makes values of Cedar, and notes what could not be made one.
pub(super) struct Values<'j> {
    path: Vec<&'j str>,
    left: usize,
    dropped: Vec<ContextPath>,
}

impl<'j> Values<'j> {
    pub(super) const fn new() -> Self {
        Self { path: Vec::new(), left: VALUES_MAX, dropped: Vec::new() }
    }

    /// The value of `json`, which stands in the context below the names `at`. What cannot be said in Cedar is left out, and noted.
    pub(super) fn below(&mut self, at: &[&'j str], json: &'j Json<'_>) -> Option<RestrictedExpression> {
        self.path = at.to_vec();
        self.value(json)
    }

    /// Notes that what stands below the names `at` is left out.
    pub(super) fn drop_below(&mut self, at: &[&str]) {
        self.note(ContextPath::of(at.iter().copied()));
    }

    /// What was left out, sorted. Where that is much, it is told by what it is part of: each policy is compared with all of it.
    pub(super) fn into_dropped(mut self) -> Vec<ContextPath> {
        for names in [usize::MAX, 2, 1] {
            self.dropped.iter_mut().for_each(|path| path.shorten(names));
            self.dropped.sort();
            self.dropped.dedup();
            if self.dropped.len() <= DROPPED_MOST {
                break;
            }
        }
        self.dropped
    }

    fn value(&mut self, json: &'j Json<'_>) -> Option<RestrictedExpression> {
        let value = match self.left.checked_sub(1) {
            Some(left) if self.path.len() <= DEPTH_MAX => {
                self.left = left;
                self.made_of(json)
            }
            _ => None,
        };
        if value.is_none() {
            self.note(ContextPath::of(self.path.iter().copied()));
        }
        value
    }

    fn made_of(&mut self, json: &'j Json<'_>) -> Option<RestrictedExpression> {
        match json {
            Json::Null => None,
            Json::Bool(value) => Some(RestrictedExpression::new_bool(*value)),
            Json::Number(value) => match number(value.text)? {
                CedarNumber::Long(value) => Some(RestrictedExpression::new_long(value)),
                CedarNumber::Decimal(text) => Some(RestrictedExpression::new_decimal(text)),
            },
            Json::String(text) => Some(RestrictedExpression::new_string(text.as_str().to_owned())),
            Json::Array(items) => Some(self.set(items)),
            Json::Object(members) => self.record(members),
        }
    }

    /// Order and doubles are lost. An item that is left out is noted at the place of the whole array: its items have none.
    fn set(&mut self, items: &'j [Json<'_>]) -> RestrictedExpression {
        let mut values = Vec::with_capacity(items.len().min(VALUES_MAX));
        for item in items {
            // An empty name, so that depth counts and no name is taken for an attribute of the set.
            let depth = self.path.len();
            let value = if depth < DEPTH_MAX { self.item(item) } else { None };
            let missing = value.is_none();
            values.extend(value);
            if missing || self.left == 0 {
                self.note(ContextPath::of(self.path.iter().copied()));
            }
            if self.left == 0 {
                break;
            }
        }
        RestrictedExpression::new_set(values)
    }

    fn item(&mut self, json: &'j Json<'_>) -> Option<RestrictedExpression> {
        let before = self.dropped.len();
        let at = self.path.len();
        self.path.push("");
        let value = self.value(json);
        self.path.truncate(at);
        if self.dropped.len() > before {
            self.dropped.truncate(before);
            self.note(ContextPath::of(self.path.iter().copied()));
        }
        value
    }

    fn record(&mut self, members: &'j [(Text<'_>, Json<'_>)]) -> Option<RestrictedExpression> {
        let mut values = Vec::with_capacity(members.len().min(VALUES_MAX));
        for (name, member) in members {
            if self.left == 0 {
                return None;
            }
            self.path.push(name.as_str());
            let value = self.value(member);
            self.path.pop();
            if let Some(value) = value {
                values.push((name.as_str().to_owned(), value));
            }
        }
        // Two members of one name, which the reader of JSON has refused.
        RestrictedExpression::new_record(values).ok()
    }

    fn note(&mut self, path: ContextPath) {
        if self.dropped.last() != Some(&path) {
            self.dropped.push(path);
        }
    }
}
