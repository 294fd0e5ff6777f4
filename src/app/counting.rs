//! Which rules count: those that an earlier snapshot brought back, those that came by API, or the file's own.

use std::path::Path;

use anyhow::Result;

use crate::admin::{Pin, Role, Text};
use crate::app::governed::Instead;
use crate::app::policy_server::StoredPolicy;
use crate::model::document::{Document, Problem, Problems};
use crate::policy::rules::{self, RuleSet};

/// What rules that came by API are called in messages.
const PUT: &str = "policy";

/// What becomes of rules that are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnRefusal {
    /// Nothing is loaded.
    Fail,
    /// Those that came by API and are kept count, whatever they were put over.
    Kept,
}

/// The rules that count, before they are compiled.
pub(super) struct Counting {
    name: String,
    text: String,
    /// Whether there are any, if only an empty file.
    any: bool,
    rules_file: String,
    pin: Option<Pin>,
}

/// Rules that are compiled.
pub(super) struct Rules {
    pub(super) rules: Option<RuleSet>,
    pub(super) rules_file: String,
    /// The text that counts, where there is one.
    pub(super) rules_text: Option<Text>,
    pub(super) pin: Option<Pin>,
    pub(super) warnings: Vec<Problem>,
    /// What is wrong with the rules that would have counted.
    pub(super) refused: Option<Problems>,
}

/// Which rules count, of a rules file (its name and text), what stands in its place, and what is kept in `data_dir`.
pub(super) fn counting(
    written: Option<(String, String)>,
    instead: Instead<'_>,
    data_dir: Option<&Path>,
) -> Result<Counting> {
    let any = written.is_some();
    let (name, rules_file) = written.unwrap_or_default();
    let pin = instead.rules(&rules_file);
    if let Some(pin) = pin {
        let (name, text) = match pin.texts.first() {
            Some(text) => (format!("{} of snapshot {}", text.name, pin.version), text.text.to_string()),
            None => (name, String::new()),
        };
        return Ok(Counting { name, text, any: !pin.texts.is_empty(), rules_file, pin: Some(pin) });
    }
    let stored = match (instead.put(), data_dir) {
        (None, Some(data_dir)) => StoredPolicy::read(data_dir, &rules_file)?,
        _ => None,
    };
    let put = instead.put().map(str::to_owned).or(stored.map(|stored| stored.policy));
    Ok(match put {
        Some(text) => Counting { name: PUT.to_owned(), text, any: true, rules_file, pin: None },
        None => Counting { name, text: rules_file.clone(), any, rules_file, pin: None },
    })
}

impl Counting {
    /// The compiled rules, or those that are kept in `data_dir` where that counts and these are refused.
    pub(super) fn compile(
        self,
        lenient: bool,
        on_refusal: OnRefusal,
        data_dir: Option<&Path>,
    ) -> Result<Result<Rules, Problems>> {
        let Self { name, text, any, rules_file, pin } = self;
        let (rules_text, refused) = (None, None);
        if !any {
            let warnings = Vec::new();
            return Ok(Ok(Rules { rules: None, rules_file, rules_text, pin, warnings, refused }));
        }
        let problems = match compiled(&name, &text, lenient) {
            Ok((rules, warnings)) => {
                // Under the name it was first read by, also when it came back.
                let first = pin.as_ref().and_then(|pin| pin.texts.first());
                let name = first.map_or(name.into(), |text| text.name.clone());
                let rules_text = Some(Text { role: Role::Rules, name, text: text.into() });
                return Ok(Ok(Rules { rules: Some(rules), rules_file, rules_text, pin, warnings, refused }));
            }
            Err(problems) => problems,
        };
        let kept = match (on_refusal, data_dir) {
            (OnRefusal::Kept, Some(data_dir)) => StoredPolicy::any(data_dir)?,
            _ => None,
        };
        let Some(text) = kept.map(|kept| kept.policy) else { return Ok(Err(problems)) };
        Ok(match compiled(PUT, &text, lenient) {
            Ok((rules, warnings)) => {
                let rules_text = Some(Text { role: Role::Rules, name: PUT.into(), text: text.into() });
                let refused = Some(problems);
                Ok(Rules { rules: Some(rules), rules_file, rules_text, pin: None, warnings, refused })
            }
            Err(_) => Err(problems),
        })
    }
}

/// Rules, and what strict loading would have refused.
fn compiled(name: &str, text: &str, lenient: bool) -> Result<(RuleSet, Vec<Problem>), Problems> {
    let document = Document::parse(name, text)?;
    if lenient { rules::compile_lenient(&document) } else { Ok((rules::compile(&document)?, Vec::new())) }
}
