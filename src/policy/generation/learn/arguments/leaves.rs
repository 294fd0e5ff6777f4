//! Arguments as flat lists of simple values, each with the names that lead to it. Imports `model`.

use std::collections::BTreeMap;

use crate::model::json::{Json, NumberValue};
use crate::policy::generation::observe::Call;
use crate::policy::generation::write::Scalar;

/// How many names may lead to a value.
const DEPTH_MAX: usize = 4;

/// How many values of a call are looked at.
const LEAVES_MAX: usize = 64;

/// Longest name, in bytes.
const NAME_MAX_BYTES: usize = 128;

/// What a place holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::generation) enum Leaf {
    /// A value that policies can be about.
    Scalar(Scalar),
    /// Something else that Cedar can say: a list, an empty object.
    Other,
    /// Something that Cedar perhaps cannot say: null, a fraction, what is nested too deep.
    Unsayable,
}

/// The arguments of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy::generation) enum Arguments {
    /// They were not recorded.
    Unknown,
    /// They are no object.
    Odd,
    /// What each place holds.
    Known(BTreeMap<Vec<String>, Leaf>),
}

impl Arguments {
    /// The arguments of `call`.
    pub(in crate::policy::generation) fn of(call: &Call) -> Self {
        call.with_arguments(|json| match json {
            None => Self::Unknown,
            Some(json @ Json::Object(_)) => {
                let mut leaves = BTreeMap::new();
                collect(json, &mut Vec::new(), &mut leaves);
                Self::Known(leaves)
            }
            Some(_) => Self::Odd,
        })
    }
}

fn collect(json: &Json<'_>, path: &mut Vec<String>, leaves: &mut BTreeMap<Vec<String>, Leaf>) {
    if leaves.len() >= LEAVES_MAX {
        // What is around what was not looked at is not to be read.
        leaves.insert(path.get(..1).unwrap_or_default().to_vec(), Leaf::Unsayable);
        return;
    }
    match json {
        Json::Object(members) if path.is_empty() || (path.len() < DEPTH_MAX && !members.is_empty()) => {
            // The canonical form is sorted by name, so that the same values of equal calls are looked at.
            for (name, member) in members {
                path.push(name.as_str().to_owned());
                if name.as_str().len() <= NAME_MAX_BYTES {
                    collect(member, path, leaves);
                } else {
                    leaves.insert(path.clone(), Leaf::Unsayable);
                }
                path.pop();
            }
        }
        _ => {
            leaves.insert(path.clone(), leaf(json));
        }
    }
}

fn leaf(json: &Json<'_>) -> Leaf {
    match json {
        Json::Bool(value) => Leaf::Scalar(Scalar::Bool(*value)),
        Json::String(text) => Leaf::Scalar(Scalar::Text(text.as_str().to_owned())),
        Json::Number(number) => match number.value {
            NumberValue::Integer(value) => Leaf::Scalar(Scalar::Long(value)),
            NumberValue::Decimal(_) => Leaf::Unsayable,
        },
        Json::Null => Leaf::Unsayable,
        Json::Array(items) => {
            let simple = items.iter().all(|item| matches!(leaf(item), Leaf::Scalar(_)));
            if simple { Leaf::Other } else { Leaf::Unsayable }
        }
        Json::Object(members) => {
            if members.is_empty() {
                Leaf::Other
            } else {
                Leaf::Unsayable
            }
        }
    }
}
