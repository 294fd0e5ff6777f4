//! A text that may come from elsewhere. Imports nothing of ours.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// A text, written here or read from a file or an environment variable: "text", {file: path} or {env: NAME}.
#[derive(Clone, Deserialize, JsonSchema)]
#[schemars(rename = "Secret")]
#[serde(untagged)]
pub(crate) enum RawSecret {
    /// The text itself.
    Text(String),
    /// From a file.
    File(RawFile),
    /// From an environment variable.
    Env(RawEnv),
}

/// The text of a file, without the line break at its end.
#[derive(Clone, Deserialize, JsonSchema)]
#[schemars(rename = "SecretFile")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFile {
    /// The file, relative to the configuration file.
    #[schemars(length(min = 1))]
    pub(crate) file: String,
}

/// The value of an environment variable.
#[derive(Clone, Deserialize, JsonSchema)]
#[schemars(rename = "SecretEnv")]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEnv {
    /// The variable's name.
    #[schemars(length(min = 1))]
    pub(crate) env: String,
}

/// INVARIANT: a text written in the configuration is never shown.
impl fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(***)"),
            Self::File(file) => write!(f, "File({:?})", file.file),
            Self::Env(env) => write!(f, "Env({:?})", env.env),
        }
    }
}
