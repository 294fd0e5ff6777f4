//! Finds the lines of one epoch in order, across its segments, whether or not somebody is still writing.
//!
//! Imports `audit::{error, epoch}`. A cursor that has come to the end can be asked again later. It does not check the
//! chain (`walk.rs` does).
//!
//! The rules: a zero byte or the end of the file ends a segment; a line without its newline is not there yet. A segment
//! named `n` holds the records from `n` on, and from there on every earlier segment is ignored.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::audit::epoch::{SegmentFile, segments};
use crate::audit::error::LedgerError;

const BUFFER_BYTES: usize = 256 << 10;

/// How a try for a line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// A whole line was read.
    Full,
    /// Nothing follows.
    Clean,
    /// Bytes without a newline follow.
    Partial,
    /// A later segment begins with this number, but the records before it are missing.
    Gap(u64),
}

/// A place in an epoch, moving forward.
#[derive(Debug)]
pub(crate) struct Cursor {
    epoch: PathBuf,
    next_seq: u64,
    open: Option<Open>,
    line: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    inode: u64,
    reader: BufReader<File>,
    /// Where the next line begins.
    offset: u64,
    /// Lines read from this file.
    lines: u64,
    /// The segment that takes over, as known when this one was opened.
    limit: Option<u64>,
}

impl Cursor {
    pub(crate) fn new(epoch: &Path) -> Self {
        Self { epoch: epoch.to_path_buf(), next_seq: 0, open: None, line: Vec::new() }
    }

    /// A cursor whose next line is record `first_seq`, which must be the first of a segment.
    pub(crate) fn at_segment(epoch: &Path, first_seq: u64) -> Self {
        Self { next_seq: first_seq, ..Self::new(epoch) }
    }

    /// A cursor that goes on at record `next_seq`, whose line begins `offset` bytes into the segment that begins with record
    /// `segment`, as [`Self::line_place`] said. Where that is no more so, the record is looked for by its number.
    pub(crate) fn resume(
        epoch: &Path,
        next_seq: u64,
        segment: u64,
        offset: u64,
    ) -> Result<Self, LedgerError> {
        let mut cursor = Self { next_seq, ..Self::new(epoch) };
        let listed = segments(epoch)?;
        let named = |listed: &&SegmentFile| listed.first_seq.is_some_and(|first| first <= next_seq);
        let holder = listed
            .iter()
            .rfind(named)
            .filter(|holder| holder.first_seq == Some(segment))
            .or_else(|| listed.iter().find(|listed| listed.first_seq.is_none() && next_seq == segment));
        let limit = listed.iter().find_map(|listed| listed.first_seq.filter(|first| *first > next_seq));
        if let Some(holder) = holder {
            let opened = Open::at(holder, limit, offset, next_seq.saturating_sub(segment));
            cursor.open = opened.map_err(LedgerError::io("open", &holder.path))?;
        }
        Ok(cursor)
    }

    /// Reads the next line; [`Self::line`] holds it when the answer is [`LineEnd::Full`].
    pub(crate) fn advance(&mut self) -> Result<LineEnd, LedgerError> {
        let first = self.read_here()?;
        if first == LineEnd::Full {
            return Ok(first);
        }
        // The end of this file. Which files there are is asked first and the file read once more after that: what the
        // writer put into it before it moved on must not be skipped.
        let listed = segments(&self.epoch)?;
        let again = self.read_here()?;
        if again == LineEnd::Full {
            return Ok(again);
        }
        match self.follow(&listed)? {
            Some(end) => Ok(end),
            None => Ok(again),
        }
    }

    /// The line last read, without its newline.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Count of lines read so far, which is the number the next record must have.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Where the next line begins: the number of its segment's first record, and the offset there in bytes.
    pub(crate) fn next_place(&self) -> (u64, u64) {
        let open = self.open.as_ref();
        open.map_or((self.next_seq, 0), |open| (self.next_seq.saturating_sub(open.lines), open.offset))
    }

    /// Where the line last read begins, in the same form.
    pub(crate) fn line_place(&self) -> (u64, u64) {
        let (segment, next) = self.next_place();
        (segment, next.saturating_sub(self.line.len() as u64 + 1))
    }

    /// The file being read, where its next line begins, and how many lines came before it there.
    pub(crate) fn place(&self) -> (PathBuf, u64, u64) {
        match &self.open {
            Some(open) => (open.path.clone(), open.offset, open.lines),
            None => (self.epoch.clone(), 0, 0),
        }
    }

    fn read_here(&mut self) -> Result<LineEnd, LedgerError> {
        let Some(open) = &mut self.open else { return Ok(LineEnd::Clean) };
        if open.limit == Some(self.next_seq) {
            return Ok(LineEnd::Clean);
        }
        let end = open.read_line(&mut self.line).map_err(LedgerError::io("read", &open.path))?;
        if end == LineEnd::Full {
            self.next_seq += 1;
        }
        Ok(end)
    }

    /// Moves to the segment that holds the next record. `None` when there is none.
    fn follow(&mut self, listed: &[SegmentFile]) -> Result<Option<LineEnd>, LedgerError> {
        let named = |segment: &&SegmentFile| segment.first_seq.is_some_and(|first| first <= self.next_seq);
        let holder = listed.iter().rfind(named);
        let later =
            listed.iter().find_map(|segment| segment.first_seq.filter(|first| *first > self.next_seq));
        if let Some(holder) = holder
            && self.enter(holder, later)?
        {
            return self.read_here().map(Some);
        }
        if let Some(later) = later {
            return Ok(Some(LineEnd::Gap(later)));
        }
        let unnamed = listed.iter().find(|segment| segment.first_seq.is_none());
        match unnamed {
            Some(unnamed) if self.enter(unnamed, None)? => self.read_here().map(Some),
            _ => Ok(None),
        }
    }

    /// Opens `segment` at the next record. False when it is the open one, or has gone by this name.
    fn enter(&mut self, segment: &SegmentFile, limit: Option<u64>) -> Result<bool, LedgerError> {
        let opened = File::open(&segment.path).and_then(|file| Ok((file.metadata()?.ino(), file)));
        let (inode, file) = match opened {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(LedgerError::io("open", &segment.path)(error)),
        };
        if let Some(open) = &mut self.open
            && open.inode == inode
        {
            // The same file; its name may be new.
            open.path.clone_from(&segment.path);
            return Ok(false);
        }
        let reader = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut open = Open { path: segment.path.clone(), inode, reader, offset: 0, lines: 0, limit };
        for _ in segment.first_seq.unwrap_or(self.next_seq)..self.next_seq {
            let skipped = open.read_line(&mut self.line).map_err(LedgerError::io("read", &open.path))?;
            if skipped != LineEnd::Full {
                return Ok(false);
            }
        }
        self.open = Some(open);
        Ok(true)
    }
}

impl Open {
    /// Opens a segment so many bytes from its beginning; `None` when it has gone by this name or is shorter.
    fn at(segment: &SegmentFile, limit: Option<u64>, offset: u64, lines: u64) -> io::Result<Option<Self>> {
        let mut file = match File::open(&segment.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if metadata.len() < offset {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(offset))?;
        let reader = BufReader::with_capacity(BUFFER_BYTES, file);
        Ok(Some(Self { path: segment.path.clone(), inode: metadata.ino(), reader, offset, lines, limit }))
    }

    fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<LineEnd> {
        line.clear();
        let end = loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break if line.is_empty() { LineEnd::Clean } else { LineEnd::Partial };
            }
            let stop = buffer.iter().position(|byte| *byte == b'\n' || *byte == 0);
            let (text, rest) = buffer.split_at_checked(stop.unwrap_or(buffer.len())).unwrap_or_default();
            line.extend_from_slice(text);
            let used = text.len();
            match rest.first() {
                Some(b'\n') => {
                    self.reader.consume(used + 1);
                    self.offset += line.len() as u64 + 1;
                    self.lines += 1;
                    return Ok(LineEnd::Full);
                }
                Some(_) => break if line.is_empty() { LineEnd::Clean } else { LineEnd::Partial },
                None => self.reader.consume(used),
            }
        };
        // Forget what was buffered: the writer may fill it in before the next try.
        self.reader.seek(SeekFrom::Start(self.offset))?;
        Ok(end)
    }
}
