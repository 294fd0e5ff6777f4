//! The keys a gateway makes for itself: the admin key of the first start, since a gateway is never open just because nobody
//! made a key yet, and the key that binds MCP sessions to their callers.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::gateway::{Clock, SystemClock};
use crate::identity::{Key, SEAL_KEY_BYTES};
use crate::model::call::Scope;

/// Fewest characters of a key found in the file: less was not made by us.
const KEY_MIN_CHARS: usize = 32;

/// The key in `data_dir/admin.key`, made with mode 0600 when it is not there. `Some(path)` when it was made now.
///
/// # Errors
/// The file can be neither read nor made, or holds no key.
pub(super) fn admin_key(data_dir: &Path) -> Result<(Key, Option<PathBuf>)> {
    let path = data_dir.join("admin.key");
    let (text, made) = secret(&path)?;
    let text = text.trim();
    let key = Key {
        id: "admin".into(),
        hash: Sha256::digest(text).into(),
        tenant: "default".into(),
        scopes: vec![Scope::Admin],
        actors: Vec::new(),
        actor: None,
        roles: [].into(),
        groups: std::sync::Arc::default(),
        claims: std::sync::Arc::default(),
        person: None,
        expires_at: None,
    };
    Ok((key, made.then_some(path)))
}

/// The key in `data_dir/session.key`, with which MCP sessions are bound to their callers and cursors to their lists; made with mode 0600 when it is not
/// there. It is kept, so that sessions outlive a restart.
///
/// # Errors
/// The file can be neither read nor made, or holds no key.
pub(super) fn session_key(data_dir: &Path) -> Result<[u8; SEAL_KEY_BYTES]> {
    let (text, _made) = secret(&data_dir.join("session.key"))?;
    Ok(Sha256::digest(text.trim()).into())
}

/// What the file holds, and whether it was made now.
fn secret(path: &Path) -> Result<(String, bool)> {
    let (text, made) = match std::fs::read_to_string(path) {
        Ok(text) => (text, false),
        Err(error) if error.kind() == ErrorKind::NotFound => (make(path)?, true),
        Err(error) => return Err(error).with_context(|| format!("{}: cannot be read", path.display())),
    };
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "{}: others may read or write it (mode {:o}); chmod 600 it, or remove it for a new key",
            path.display(),
            mode & 0o777
        );
    }
    if text.trim().len() < KEY_MIN_CHARS {
        bail!("{}: holds no key; remove the file and a new one is made", path.display());
    }
    Ok((text, made))
}

/// The text of a new key.
#[must_use]
pub fn new_key() -> String {
    SystemClock.key_text()
}

fn make(path: &Path) -> Result<String> {
    let text = new_key();
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = made.with_context(|| format!("{}: cannot be made", path.display()))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    Ok(text)
}
