//! Where the configuration's secrets come from in a real process.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config::Sources;

/// The process's environment and file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSources;

/// The same, keeping which files were asked for: they are watched, there or not.
#[derive(Debug, Default)]
pub(super) struct RecordingSources {
    files: RefCell<Vec<PathBuf>>,
}

impl RecordingSources {
    /// The files that were asked for, in order.
    pub(super) fn into_files(self) -> Vec<PathBuf> {
        self.files.into_inner()
    }
}

impl Sources for RecordingSources {
    fn variable(&self, name: &str) -> Option<String> {
        SystemSources.variable(name)
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        self.files.borrow_mut().push(path.to_owned());
        SystemSources.file(path)
    }
}

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
