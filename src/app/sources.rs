//! Where the configuration's secrets come from in a real process.

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use sha2::{Digest, Sha256};

use crate::config::Sources;
use crate::model::document::{Document, TEXT_BYTES_MAX};

/// The process's environment and file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSources;

/// The same, noting which files were asked for, there or not, and what they held: they are watched, and a snapshot is made of
/// them too.
#[derive(Debug, Default)]
pub(super) struct NotingSources {
    read: RefCell<Vec<(PathBuf, [u8; 32])>>,
}

impl NotingSources {
    /// The files that were asked for, in order.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.read.borrow().iter().map(|(path, _)| path.clone()).collect()
    }

    /// SHA-256 of what each of them held.
    pub(super) fn digests(&self) -> Vec<[u8; 32]> {
        self.read.borrow().iter().map(|(_, digest)| *digest).collect()
    }
}

/// Reads the document at `path`, which messages call so.
///
/// # Errors
/// It cannot be read, or is no YAML.
pub(super) fn document(path: &Path) -> Result<Document> {
    let name = path.display().to_string();
    let text = SystemSources.file(path).map_err(|error| anyhow!("{name}: {error}"))?;
    Ok(Document::parse(&name, &text)?)
}

impl Sources for NotingSources {
    fn variable(&self, name: &str) -> Option<String> {
        SystemSources.variable(name)
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        let text = SystemSources.file(path);
        let digest = Sha256::digest(text.as_deref().unwrap_or_default()).into();
        self.read.borrow_mut().push((path.to_owned(), digest));
        text
    }
}

impl Sources for SystemSources {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        // What is no longer than a document may be is read; a device or a log given by mistake does not fill the memory.
        let most = u64::try_from(TEXT_BYTES_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes)).map_err(
            |error| match error.kind() {
                ErrorKind::NotFound => "no such file".to_owned(),
                _ => error.to_string(),
            },
        )?;
        if bytes.len() > TEXT_BYTES_MAX {
            return Err(format!("longer than {TEXT_BYTES_MAX} bytes"));
        }
        String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned())
    }
}
