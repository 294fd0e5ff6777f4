//! Secrets, and where they and other values outside the configuration file come from. Imports `model` only.

use std::fmt;
use std::path::Path;

use crate::config::raw::RawSecret;
use crate::config::resolve::Spot;

/// What a configuration may refer to outside itself. The process reads the real ones; tests bring their own.
pub trait Sources {
    /// The value of an environment variable; `None` when it is not set (or not Unicode).
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read, for people: "no such file". Never its content.
    fn file(&self, path: &Path) -> Result<String, String>;
}

/// A text that is never shown: not by `Debug`, not in an error, not in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Reads a secret from where the configuration says it is. A file's last line break is not part of it.
pub(super) fn resolve_secret(raw: &RawSecret, spot: &Spot<'_>) -> Option<Secret> {
    let text = match raw {
        RawSecret::Text(text) => text.clone(),
        RawSecret::Env(source) => {
            let value = spot.sources().variable(&source.env);
            let name = source.env.escape_debug();
            spot.require(value, || format!("the environment variable {name} is not set"))?
        }
        RawSecret::File(source) => match spot.sources().file(&spot.beside(&source.file)) {
            Ok(text) => {
                text.strip_suffix('\n').map_or(text.as_str(), |line| line.trim_end_matches('\r')).to_owned()
            }
            Err(reason) => {
                spot.refuse(format!("the file {} cannot be read: {reason}", source.file.escape_debug()));
                return None;
            }
        },
    };
    if text.is_empty() {
        spot.refuse("the secret is empty");
        return None;
    }
    Some(Secret(text))
}
