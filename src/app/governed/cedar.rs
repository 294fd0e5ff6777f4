//! Cedar policies of files: the engine that the configuration names, and what is written for it.

use std::path::Path;
use std::sync::Arc;

use crate::admin::{FileObject, Text};
use crate::model::document::{Document, Place, Problem, Problems};
use crate::policy::cedar::{CedarProblem, CedarProblems, CedarSchema, FiledPolicy, PolicyFile, read_files};
use crate::policy::governance::Written;
use crate::policy::governance::raw::{RawCedarEngine, RawCedarPolicy};

/// The key that names the engine.
const KEY: &str = "/policy/cedar/engine";

/// What files of policies end in.
const POLICIES: &str = "cedar";

/// What a file with the engine's schema ends in.
const SCHEMA: &str = "cedarschema";

/// Whether a file has something for an engine, by its name.
pub(super) fn is_cedar(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension == POLICIES || extension == SCHEMA)
}

/// The engine that `document` names, with its policies in `texts`: those of files for engines. Nothing where it names none.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn objects(
    document: &Document,
    engine: Option<&str>,
    texts: &[Text],
) -> Result<Vec<FileObject>, Problems> {
    let Some(engine) = engine else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    let schema = schema(texts, &mut problems);
    let checked = schema.as_ref().and_then(|text| match CedarSchema::read(&text.text) {
        Ok(schema) => Some(schema),
        Err(found) => {
            problems.extend(placed(&text.name, found));
            None
        }
    });
    let mut objects = Vec::new();
    for text in texts.iter().filter(|text| ends_in(text, POLICIES)) {
        let stem = Path::new(&*text.name).file_stem().unwrap_or_default().to_string_lossy();
        match read_files(&[PolicyFile { stem: &stem, text: &text.text }]) {
            Ok(policies) => {
                for filed in policies {
                    if let Some(Err(found)) = checked.as_ref().map(|schema| schema.validate(&filed.policy)) {
                        problems.extend(found.into_list().into_iter().map(|found| {
                            let at = Place::whole(Arc::clone(&text.name));
                            problem(at, &format!("policy {}: {found}", filed.id), found.help)
                        }));
                    }
                    objects.push(object(engine, text, &filed));
                }
            }
            Err(found) => {
                problems.extend(found.into_iter().flat_map(|found| placed(&text.name, found.problem.into())))
            }
        }
    }
    let raw = RawCedarEngine {
        name: engine.to_owned(),
        description: String::new(),
        schema: schema.filter(|_| checked.is_some()).map(|text| text.text.to_string()),
        strict: false,
    };
    match Written::cedar_engine(&raw) {
        Ok(written) => {
            let file = schema.map_or_else(|| document.place(KEY).source, |text| Arc::clone(&text.name));
            objects.push(FileObject { file, written });
        }
        Err(found) => problems.push(document.problem(KEY, found.to_string())),
    }
    Problems::unless_empty(objects, problems)
}

/// The one schema.
fn schema<'t>(texts: &'t [Text], problems: &mut Vec<Problem>) -> Option<&'t Text> {
    let mut schemas = texts.iter().filter(|text| ends_in(text, SCHEMA));
    let first = schemas.next()?;
    for second in schemas {
        let message = format!("the schema of the engine is in {} too", first.name);
        let at = Place::whole(Arc::clone(&second.name));
        problems.push(Problem::new(at, "", message).with_hint("keep one of them"));
    }
    Some(first)
}

fn object(engine: &str, text: &Text, FiledPolicy { id, policy, log_only }: &FiledPolicy) -> FileObject {
    let raw = RawCedarPolicy {
        engine: engine.to_owned(),
        name: None,
        definition: policy.text().to_string(),
        description: policy.annotation("description").unwrap_or_default().to_owned(),
        log_only: *log_only,
    };
    FileObject { file: Arc::clone(&text.name), written: Written::cedar_policy(id, &raw, policy.clone()) }
}

fn ends_in(text: &Text, extension: &str) -> bool {
    Path::new(&*text.name).extension().is_some_and(|found| found == extension)
}

fn placed(file: &Arc<str>, problems: CedarProblems) -> Vec<Problem> {
    let place = |found: CedarProblem| {
        let at = Place { source: Arc::clone(file), line: found.line, column: found.column };
        problem(at, &found.message, found.help)
    };
    problems.into_list().into_iter().map(place).collect()
}

fn problem(at: Place, message: &str, help: Option<String>) -> Problem {
    let problem = Problem::new(at, "", message);
    match help {
        Some(help) => problem.with_hint(help),
        None => problem,
    }
}
