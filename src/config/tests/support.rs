//! What the tests of the configuration share: sources in memory, and loading a text.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::config::{Config, Sources, load_document};
use crate::model::document::{Document, Problems};

/// Files and variables that a test brings.
#[derive(Default)]
pub(in crate::config::tests) struct Memory {
    pub(in crate::config::tests) variables: HashMap<String, String>,
    pub(in crate::config::tests) files: HashMap<PathBuf, String>,
}

impl Sources for Memory {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        self.files.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

impl Memory {
    /// What the samples refer to.
    pub(in crate::config::tests) fn sample() -> Self {
        let mut memory = Self::default();
        memory.variables.insert("FILES_TOKEN".to_owned(), "Bearer hunter2".to_owned());
        memory.files.insert("/etc/aegis/secrets/files.key".into(), "key-hunter2\n".to_owned());
        let (certificate, key) = certificate();
        memory.files.insert("/etc/aegis/secrets/ca.pem".into(), self::certificate().0);
        for name in ["client", "gateway"] {
            memory.files.insert(format!("/etc/aegis/secrets/{name}.pem").into(), certificate.clone());
            memory.files.insert(format!("/etc/aegis/secrets/{name}.key").into(), key.clone());
        }
        let document = include_str!("../../../config/crm.openapi.yaml");
        memory.files.insert("/etc/aegis/crm.openapi.yaml".into(), document.to_owned());
        let keys = include_str!("../../../config/jwks.json");
        memory.files.insert("/etc/aegis/jwks.json".into(), keys.to_owned());
        memory
    }
}

/// A configuration in `/etc/aegis` beside these files.
pub(in crate::config::tests) fn load_beside(text: &str, files: &[(&str, &str)]) -> Result<Config, Problems> {
    let mut memory = Memory::sample();
    for (name, text) in files {
        memory.files.insert(Path::new("/etc/aegis").join(name), (*text).to_owned());
    }
    load_document(Document::parse("gateway.yaml", text)?, Path::new("/etc/aegis"), [], &memory)
}

/// A new certificate and its key, both in PEM form.
pub(in crate::config::tests) fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["files.internal".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

pub(in crate::config::tests) fn load_with(
    text: &str,
    variables: &[(&str, &str)],
) -> Result<Config, Problems> {
    load_from(&Memory::sample(), text, variables)
}

pub(in crate::config::tests) fn load_from(
    memory: &Memory,
    text: &str,
    variables: &[(&str, &str)],
) -> Result<Config, Problems> {
    let document = Document::parse("gateway.yaml", text)?;
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_document(document, Path::new("/etc/aegis"), variables, memory)
}

/// The problems of a text, one a line; "" when it is accepted.
pub(in crate::config::tests) fn problems_of(text: &str, variables: &[(&str, &str)]) -> String {
    load_with(text, variables).map_or_else(|problems| problems.to_string(), |_| String::new())
}
