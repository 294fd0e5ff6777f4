//! The policy that came by `PUT /api/v1/policy`, kept in the data folder: it outlives a restart, and a later edit of the rules file
//! wins over it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Its file in the data folder.
const FILE: &str = "policy.json";

/// A policy and what it stands in the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct StoredPolicy {
    /// SHA-256 of the rules file it was put over, in lower-case hexadecimal; of nothing where there is no such file.
    base: String,
    /// Who put it there.
    by: String,
    /// The policy.
    pub(in crate::app) policy: String,
}

impl StoredPolicy {
    /// `policy`, put by `by` over a rules file with the text `base`.
    pub(in crate::app) fn over(base: &str, by: &str, policy: &str) -> Self {
        Self { base: digest(base), by: by.to_owned(), policy: policy.to_owned() }
    }

    /// The policy kept in `data_dir`, if it was put over a rules file with the text `base`. Over another it no longer counts.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub(in crate::app) fn read(data_dir: &Path, base: &str) -> Result<Option<Self>> {
        let stored = Self::any(data_dir)?;
        Ok(stored.filter(|stored| stored.base == digest(base)))
    }

    /// The policy kept in `data_dir`, whatever it was put over.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(in crate::app) fn any(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(anyhow!("{}: {error}", path.display())),
        };
        let stored = Self::parse(&text);
        stored.map(Some).with_context(|| {
            format!("{}: holds no policy; remove it, and the rules file counts", path.display())
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let member = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self { base: member("base")?, by: member("by")?, policy: member("policy")? })
    }

    fn text(&self) -> String {
        json!({"base": self.base, "by": self.by, "policy": self.policy}).to_string()
    }

    /// Keeps it in `data_dir`, in one step and for good.
    ///
    /// # Errors
    /// Nothing has changed.
    pub(in crate::app) fn write(&self, data_dir: &Path) -> Result<()> {
        let path = data_dir.join(FILE);
        let new = path.with_extension("json.new");
        let keep = || -> Result<()> {
            let mut file = private(&new)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            Ok(File::open(data_dir)?.sync_all()?)
        };
        keep().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Takes the kept policy away if it was put over another rules file than the one with the text `base`: that one was edited
    /// since, and now counts for good, also if the edit is taken back.
    ///
    /// # Errors
    /// It is still there.
    pub(in crate::app) fn forget_unless_over(data_dir: &Path, base: &str) -> Result<()> {
        match Self::any(data_dir)? {
            Some(stored) if stored.base != digest(base) => Self::remove(data_dir),
            _ => Ok(()),
        }
    }

    /// Takes the kept policy away.
    ///
    /// # Errors
    /// It is still there.
    pub(in crate::app) fn remove(data_dir: &Path) -> Result<()> {
        match std::fs::remove_file(data_dir.join(FILE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn private(path: &PathBuf) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}
