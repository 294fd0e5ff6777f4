//! Document to [`Config`], every problem at once. Imports `model` only.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::config::audit::{self, Audit};
use crate::config::control::{self, Control, Executor, Key};
use crate::config::env;
use crate::config::gateway::{self, Gateway};
use crate::config::holds::{self, Holds};
use crate::config::policy::{self, Policy};
use crate::config::raw::{RawConfig, RawStage, schema};
use crate::config::resolve::{Context, Spot};
use crate::config::routes::{self, Route, check_overlaps};
use crate::config::secret::Sources;
use crate::config::store::Store;
use crate::config::telemetry::{self, Telemetry};
use crate::config::unbuilt::{self, When};
use crate::model::document::shape::{Misfit, MisfitKind, check};
use crate::model::document::{Document, Problem, Problems};

/// The whole configuration, complete and sound.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where this gateway stands in the life of what it guards.
    pub stage: Stage,
    /// Folder for the ledger and the first admin key.
    pub data_dir: PathBuf,
    /// The control listener and the keys.
    pub control: Control,
    /// The data plane's listeners and limits.
    pub gateway: Gateway,
    /// The routes, in the order they are tried.
    pub routes: Vec<Route>,
    /// What decides.
    pub policy: Policy,
    /// What runs the actions of the policy server.
    pub executor: Executor,
    /// Calls that wait for a person.
    pub holds: Holds,
    /// The ledger's settings.
    pub audit: Audit,
    /// Where holds are kept.
    pub store: Store,
    /// Logs and metrics.
    pub telemetry: Telemetry,
}

/// Where a gateway stands in the life of what it guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Development.
    Dev,
    /// Staging.
    Staging,
    /// Production.
    Prod,
    /// Not told.
    Unknown,
}

impl Stage {
    /// The stage's name, as `/health` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
            Self::Unknown => "unknown",
        }
    }
}

/// The configuration that `document` describes, with overrides from `variables` laid over it.
///
/// `base` is the folder of the configuration file: paths in it are relative to that. `variables` is the whole environment;
/// what is no override is ignored. `sources` is asked only for secrets that the document names.
///
/// # Errors
/// Everything that is wrong, sorted by place: unknown keys, keys of later versions, wrong types and ranges, and what
/// contradicts itself. What follows from a problem already named is not reported again.
pub fn load_document(
    mut document: Document,
    base: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
    sources: &dyn Sources,
) -> Result<Config, Problems> {
    let mut problems = env::apply(&mut document, variables);
    let mut settled = HashSet::new();
    for unbuilt in unbuilt::find(&document) {
        problems.push(unbuilt.problem);
        if unbuilt.when == When::Written {
            document.remove(&unbuilt.pointer);
        } else {
            settled.insert(unbuilt.pointer);
        }
    }
    let schema = schema();
    let misfits = check(&document, &schema);
    let known = |misfit: &Misfit| settled.contains(&misfit.pointer);
    problems.extend(misfits.iter().filter(|misfit| !known(misfit)).map(|misfit| misfit.problem.clone()));

    let (sound, blanked) = prune(&document, &misfits);
    if check(&sound, &schema).iter().any(|misfit| !blanked.contains(&misfit.pointer)) {
        return Err(one_at_least(problems, &document));
    }
    let raw = match read(sound.to_json()) {
        Ok(raw) => raw,
        Err(problem) => {
            problems.push(document.problem("", problem));
            return Err(one_at_least(problems, &document));
        }
    };
    let context = Context::new(&document, base, sources, settled);
    let config = resolve(raw, &context.root());
    problems.extend(context.into_problems());
    match (config, Problems::from_list(problems)) {
        (Some(config), None) => Ok(config),
        (_, Some(problems)) => Err(problems),
        (None, None) => Err(one_at_least(Vec::new(), &document)),
    }
}

/// The key that `written` describes, as an element of `control.keys` would be: for keys that do not stand in the configuration.
///
/// # Errors
/// Everything that is wrong with it; paths begin with `control.keys[0]`.
pub fn read_key(written: &Value) -> Result<Key, Problems> {
    let document = Document::parse("key", &json!({"control": {"keys": [written]}}).to_string())?;
    let missing = document.problem("/control/keys/0", "expected a mapping");
    let config = load_document(document, Path::new(""), [], &NoSources)?;
    config.control.keys.into_iter().next().ok_or_else(|| missing.into())
}

/// A key refers to nothing elsewhere.
struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files here".to_owned())
    }
}

/// The document without what does not fit, so that the rest can be judged too. Elements of the lists that are resolved one
/// by one become nulls and keep their numbers (their pointers are returned); elsewhere the misfitting key goes, and its
/// default stands in.
fn prune(document: &Document, misfits: &[Misfit]) -> (Document, HashSet<String>) {
    let mut sound = document.clone();
    let mut blanked = HashSet::new();
    for misfit in misfits {
        if misfit.kind == MisfitKind::UnknownKey {
            sound.remove(&misfit.pointer);
        } else if let Some(element) = resolved_alone(&misfit.pointer) {
            sound.blank(element);
            blanked.insert(element.to_owned());
        } else {
            sound.remove_entry(&misfit.pointer);
        }
    }
    (sound, blanked)
}

/// The element of `routes`, `control.keys` or `gateway.listen` that a pointer lies in.
fn resolved_alone(pointer: &str) -> Option<&str> {
    let lists = ["/routes/", "/control/keys/", "/gateway/listen/"];
    let (list, rest) = lists.into_iter().find_map(|list| Some((list, pointer.strip_prefix(list)?)))?;
    let index_bytes = rest.find('/').unwrap_or(rest.len());
    pointer.get(..list.len() + index_bytes)
}

/// The raw structs of a value that fits the schema. Elements made null by `prune` are read as `None`.
fn read(value: Value) -> Result<RawConfig, String> {
    // Unreachable while schema and structs come from one derive; serde's own message might repeat a value.
    serde_json::from_value(value)
        .map_err(|_| "the configuration fits its schema but cannot be read".to_owned())
}

fn one_at_least(problems: Vec<Problem>, document: &Document) -> Problems {
    Problems::from_list(problems)
        .unwrap_or_else(|| document.problem("", "the configuration cannot be resolved").into())
}

fn resolve(raw: RawConfig, root: &Spot<'_>) -> Option<Config> {
    let stage = match raw.stage {
        RawStage::Dev => Stage::Dev,
        RawStage::Staging => Stage::Staging,
        RawStage::Prod => Stage::Prod,
        RawStage::Unknown => Stage::Unknown,
    };
    let control = control::resolve(raw.control.unwrap_or_default(), &root.key("control"));
    let gateway = gateway::resolve(&raw.gateway.unwrap_or_default(), &root.key("gateway"));
    let policy = policy::resolve(raw.policy.unwrap_or_default(), &root.key("policy"));
    let executor = control::resolve_executor(&raw.executor.unwrap_or_default(), &root.key("executor"));
    let holds = holds::resolve(&raw.holds.unwrap_or_default(), &root.key("holds"));
    let audit = audit::resolve(&raw.audit.unwrap_or_default(), gateway.max_body_bytes, &root.key("audit"));
    let telemetry = telemetry::resolve(raw.telemetry.unwrap_or_default(), &root.key("telemetry"));

    let at_routes = root.key("routes");
    let (mut routes, mut outlines) = (Vec::new(), Vec::new());
    for (index, raw) in raw.routes.unwrap_or_default().into_iter().enumerate() {
        let Some(raw) = raw else { continue };
        let spot = at_routes.element(index);
        let (outline, route) = routes::resolve(raw, &spot);
        outlines.push((spot, outline));
        routes.extend(route);
    }
    check_overlaps(&outlines);
    check_listeners(control.as_ref(), &gateway, &telemetry, root);
    Some(Config {
        stage,
        data_dir: root.beside(&raw.data_dir),
        control: control?,
        gateway,
        routes,
        policy: policy?,
        executor: executor?,
        holds,
        audit,
        store: Store::Sqlite,
        telemetry,
    })
}

/// One address serves one thing: the control API must not be found where tool traffic arrives.
fn check_listeners(control: Option<&Control>, gateway: &Gateway, telemetry: &Telemetry, root: &Spot<'_>) {
    let control = control.map(|control| control.listen).filter(|address| address.port() != 0);
    let tools = || gateway.listen.iter().filter_map(|listen| listen.address.fixed());
    if control.is_some_and(|address| tools().any(|other| other == address)) {
        root.key("gateway").key("listen").refuse("the same address as control.listen");
    }
    if let Some(address) = telemetry.listen.filter(|address| address.port() != 0)
        && (control == Some(address) || tools().any(|other| other == address))
    {
        root.key("telemetry").key("listen").refuse("the same address as another listener");
    }
}
