//! Where the configuration's secrets come from in a real process.

use std::io::ErrorKind;
use std::path::Path;

use crate::config::Sources;

/// The process's environment and file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSources;

impl Sources for SystemSources {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "no such file".to_owned(),
            ErrorKind::InvalidData => "not UTF-8 text".to_owned(),
            _ => error.to_string(),
        })
    }
}
