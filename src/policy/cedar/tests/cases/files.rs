//! The files of the cases, and the policies in them.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use cedar_policy::{Policy, PolicyId, PolicySet};
use serde_json::Value;

use crate::policy::cedar::{CedarProblem, Engine, EngineOptions, Mode, OnError, StoredPolicy};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cedar").join(name)
}

pub(super) fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(super) fn value(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of a table.
pub(super) fn rows(name: &str) -> Vec<Value> {
    let Value::Array(rows) = value(name) else { panic!("{name} is no list") };
    rows
}

/// A member that is a string.
pub(super) fn said<'v>(row: &'v Value, name: &str) -> Option<&'v str> {
    row.get(name).and_then(Value::as_str)
}

/// The files below a folder whose names end so, sorted.
pub(super) fn below(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(below(&name, ending));
        } else if name.ends_with(ending) {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// What a problem is about.
pub(super) fn place<'t>(text: &'t str, problem: &CedarProblem) -> &'t str {
    text.get(problem.offset..problem.offset + problem.length).unwrap()
}

/// The text of each policy of a file, with the comments before it: each ends with the `;` at the end of a line.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        end += line.len();
        if line.trim_end().ends_with(';') && !line.trim_start().starts_with("//") {
            found.push(text.get(start..end).unwrap().trim());
            start = end;
        }
    }
    let rest = text.get(start..).unwrap();
    assert!(rest.lines().all(|line| line.trim().is_empty() || line.starts_with("//")), "{text}");
    found
}

/// A file of policies: as Cedar reads it, whole, and in pieces.
pub(super) struct Policies {
    /// As the command of Cedar names them: `@id`, or else `policy` and the number in the file.
    pub(super) set: PolicySet,
    /// Id and text of each that is no template.
    pub(super) statics: Vec<(String, String)>,
    /// Id and text of each template.
    pub(super) templates: Vec<(String, String)>,
    engines: OnceCell<[Engine; 3]>,
}

impl Policies {
    pub(super) fn of(name: &str) -> Self {
        let text = text(name);
        let whole: PolicySet = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut statics, mut templates) = (Vec::new(), Vec::new());
        for (number, piece) in pieces(&text).into_iter().enumerate() {
            let one: PolicySet = piece.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
            let named = |id: Option<&str>| id.map_or_else(|| format!("policy{number}"), str::to_owned);
            let of_static = one.policies().map(|policy| named(policy.annotation("id")));
            statics.extend(of_static.map(|id| (id, piece.to_owned())));
            let of_template = one.templates().map(|template| named(template.annotation("id")));
            templates.extend(of_template.map(|id| (id, piece.to_owned())));
        }
        assert_eq!(whole.policies().count(), statics.len(), "{name}");
        assert_eq!(whole.templates().count(), templates.len(), "{name}");
        let named = whole.policies().map(|policy: &Policy| match policy.annotation("id") {
            Some(id) => policy.new_id(PolicyId::new(id)),
            None => policy.clone(),
        });
        let set = PolicySet::from_policies(named).unwrap();
        Self { set, statics, templates, engines: OnceCell::new() }
    }

    /// One policy.
    pub(super) fn one(text: String) -> Self {
        let set = text.parse().unwrap();
        let statics = vec![("policy0".to_owned(), text)];
        Self { set, statics, templates: Vec::new(), engines: OnceCell::new() }
    }

    /// The policies that are no templates.
    pub(super) fn without_templates(self) -> Self {
        Self { templates: Vec::new(), engines: OnceCell::new(), ..self }
    }

    /// Engines of all of them: one that takes failures as Cedar does, the default one, and the strictest.
    pub(super) fn engines(&self) -> &[Engine; 3] {
        self.engines
            .get_or_init(|| [OnError::Cedar, OnError::Deny, OnError::DenyAny].map(|on| self.engine(on)))
    }

    fn engine(&self, on_error: OnError) -> Engine {
        let options = EngineOptions { on_error, ..EngineOptions::default() };
        let stored = self.statics.iter().chain(&self.templates).map(|(id, text)| StoredPolicy {
            id: id.as_str().into(),
            text: text.as_str().into(),
            mode: Mode::Active,
        });
        let engine = Engine::compile(options, stored);
        assert_eq!(engine.policy_count(), self.statics.len());
        let broken: Vec<&str> = engine.broken().keys().map(|id| &**id).collect();
        let mut templates: Vec<&str> = self.templates.iter().map(|(id, _)| id.as_str()).collect();
        templates.sort_unstable();
        assert_eq!(broken, templates);
        engine
    }
}
