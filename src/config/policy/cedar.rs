//! `policy.cedar`: Cedar policies. Imports `model` only.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::raw::{CedarMode, CedarOnError, CedarProvider, CedarQuarantine, RawCedar};
use crate::config::resolve::Spot;

/// Where Cedar policies are kept, and which engine takes part in decisions.
#[derive(Clone, Debug, Default)]
pub struct Cedar {
    /// Who keeps them.
    pub provider: CedarProvider,
    /// The engine that takes part; `None`: none does unless the API chooses one.
    pub engine: Option<Arc<str>>,
    /// Its file or folder of policies; `None`: only the API writes them.
    pub directory: Option<PathBuf>,
    /// Whether what it says counts.
    pub mode: CedarMode,
    /// What becomes of a call when policies fail to be evaluated.
    pub on_error: CedarOnError,
    /// What becomes of calls while a stored policy can be read no more.
    pub quarantine: CedarQuarantine,
    /// What stands before the types of principals, actions and resources.
    pub namespace: Option<Arc<str>>,
}

pub(super) fn resolve(raw: RawCedar, spot: &Spot<'_>) -> Option<Cedar> {
    if raw.engine.is_none() && raw.directory.is_some() {
        spot.key("directory").refuse_with(
            "its policies belong to no engine".to_owned(),
            "name the engine in policy.cedar.engine, such as main".to_owned(),
        );
        return None;
    }
    if raw.engine.is_some() && raw.provider == CedarProvider::Noop {
        spot.key("engine").refuse_with(
            "the provider noop enforces nothing".to_owned(),
            "leave engine out, or use provider: embedded".to_owned(),
        );
        return None;
    }
    if let Some(engine) = &raw.engine
        && !is_name(engine)
    {
        spot.key("engine").refuse("a name begins with a letter and has at most 48 letters, digits, - and _");
        return None;
    }
    Some(Cedar {
        provider: raw.provider,
        engine: raw.engine.map(Arc::from),
        directory: raw.directory.map(|path| spot.beside(&path)),
        mode: raw.mode,
        on_error: raw.on_error,
        quarantine: raw.quarantine,
        namespace: raw.namespace.map(Arc::from),
    })
}

/// Whether a text can be the name of an engine.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= 48 && text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(fits)
}
