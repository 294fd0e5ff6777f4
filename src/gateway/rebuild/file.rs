//! The checkpoint's file: one state, and where in the ledger it stands. Written whole or not at all.
//!
//! `aegis-facts-1`, a line feed, SHA-256 of all that follows, and then a line of JSON with the positions and the state's own bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::audit::line::HexHash;

const FORM: &[u8] = b"aegis-facts-1\n";
const HASH_BYTES: usize = 32;

/// A state with where it stands.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// By epoch, in their order.
    pub(super) positions: Vec<Position>,
    /// `Live::checkpoint`.
    pub(super) state: Vec<u8>,
}

/// How far an epoch was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Name of the epoch.
    pub(super) epoch: String,
    /// Records before this number are in.
    pub(super) next: u64,
    /// Where its line begins: the number of its segment's first record, and bytes there.
    pub(super) place: (u64, u64),
    /// Where the line before it begins, in the same form, and its hash: shows whether the ledger is still the one that was read.
    pub(super) last: Option<((u64, u64), HexHash)>,
    /// Nothing will follow.
    pub(super) complete: bool,
}

/// Writes `checkpoint` to `path`, and has it on disk.
pub(super) fn write(path: &Path, checkpoint: &Checkpoint) -> io::Result<()> {
    let positions: Vec<Value> = checkpoint.positions.iter().map(written).collect();
    let mut body = serde_json::to_vec(&positions)?;
    body.push(b'\n');
    body.extend_from_slice(&checkpoint.state);
    let draft = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft)?;
    for part in [FORM, &Sha256::digest(&body), &body] {
        file.write_all(part)?;
    }
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Reads `path`; `None` when there is no such file.
///
/// # Errors
/// Why it cannot be used.
pub(super) fn read(path: &Path) -> Result<Option<Checkpoint>, String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let rest = bytes.strip_prefix(FORM).ok_or("it is no checkpoint of this version")?;
    let (hash, body) = rest.split_at_checked(HASH_BYTES).ok_or("it is cut off")?;
    if hash != Sha256::digest(body).as_slice() {
        return Err("it is damaged or cut off".to_owned());
    }
    let end = body.iter().position(|byte| *byte == b'\n').ok_or("it has no positions")?;
    let (line, state) = body.split_at_checked(end).ok_or("it has no positions")?;
    let positions: Vec<Value> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let positions: Option<Vec<Position>> = positions.iter().map(read_position).collect();
    let positions = positions.ok_or("its positions cannot be read")?;
    Ok(Some(Checkpoint { positions, state: state.get(1..).unwrap_or_default().to_vec() }))
}

fn written(position: &Position) -> Value {
    let (segment, offset) = position.place;
    let last = position.last.as_ref();
    json!({
        "epoch": position.epoch,
        "next": position.next,
        "segment": segment,
        "offset": offset,
        "last": last.map(|((segment, offset), hash)| json!([segment, offset, hash.as_str()])),
        "complete": position.complete,
    })
}

fn read_position(value: &Value) -> Option<Position> {
    let number = |name: &str| value.get(name)?.as_u64();
    let last = match value.get("last")? {
        Value::Null => None,
        last => {
            let place = (last.get(0)?.as_u64()?, last.get(1)?.as_u64()?);
            Some((place, HexHash::parse(last.get(2)?.as_str()?.as_bytes())?))
        }
    };
    Some(Position {
        epoch: value.get("epoch")?.as_str()?.to_owned(),
        next: number("next")?,
        place: (number("segment")?, number("offset")?),
        last,
        complete: value.get("complete")?.as_bool()?,
    })
}
