//! Server-sent events, edited one by one as they stream (the event stream format of the HTML standard).
//!
//! Lines end with LF, CR or both, and an event with an empty line. Lines that carry no data pass at once; from an event's first
//! data line on they wait for its end, so that the data can be read whole.

use crate::response::ResponseError;
use crate::response::edit::Editor;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A stream of events on its way.
pub(super) struct Events {
    editor: Editor,
    /// Longest event, in bytes.
    limit: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The lines of an event from its first data line on.
    waiting: Vec<u8>,
    /// Whether the event is of the type that JSON-RPC messages come as.
    is_message: bool,
    /// Whether the last byte was a CR: an LF that follows belongs to the same line end.
    after_cr: bool,
    /// Whether no line has ended yet: the first may begin with a byte order mark.
    at_start: bool,
}

impl Events {
    pub(super) const fn new(editor: Editor, limit: usize) -> Self {
        Self {
            editor,
            limit,
            line: Vec::new(),
            waiting: Vec::new(),
            is_message: true,
            after_cr: false,
            at_start: true,
        }
    }

    /// Takes the next bytes and gives those that may pass. At the `end`, an event that was not ended is judged as if it were,
    /// since some clients dispatch it; what cannot be read of it, the tool not having sent it all, is withheld.
    ///
    /// # Errors
    /// An event that is too long, or whose data cannot be read.
    pub(super) fn push(&mut self, chunk: &[u8], end: bool) -> Result<Vec<u8>, ResponseError> {
        let mut out = Vec::with_capacity(chunk.len());
        let mut rest = chunk;
        if let Some((first, behind)) = chunk.split_first()
            && std::mem::take(&mut self.after_cr)
            && *first == b'\n'
        {
            let place = if self.waiting.is_empty() { &mut out } else { &mut self.waiting };
            place.push(b'\n');
            rest = behind;
        }
        while let Some((content, line_end, behind)) = split_line(rest) {
            rest = behind;
            self.after_cr = line_end == b"\r" && behind.is_empty();
            if self.line.is_empty() {
                self.end_line(content, line_end, &mut out)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(content);
                self.end_line(&line, line_end, &mut out)?;
            }
        }
        self.check_length(self.line.len() + rest.len())?;
        self.line.extend_from_slice(rest);
        if end {
            let line = std::mem::take(&mut self.line);
            if !line.is_empty() {
                self.end_line(&line, b"", &mut out)?;
            }
            match self.edited() {
                Ok(edited) => out.extend_from_slice(edited.as_deref().unwrap_or(&self.waiting)),
                Err(_withheld) => {}
            }
            self.waiting.clear();
        }
        Ok(out)
    }

    fn end_line(&mut self, line: &[u8], line_end: &[u8], out: &mut Vec<u8>) -> Result<(), ResponseError> {
        self.check_length(line.len())?;
        let mark = if std::mem::take(&mut self.at_start) { BYTE_ORDER_MARK } else { b"" };
        let text = line.strip_prefix(mark).unwrap_or(line);
        if text.is_empty() {
            self.dispatch(out)?;
            out.extend_from_slice(line);
            out.extend_from_slice(line_end);
            return Ok(());
        }
        let (field, value) = split_field(text);
        if field == b"event" {
            self.is_message = value.is_empty() || value == b"message";
        }
        let place = if field == b"data" || !self.waiting.is_empty() { &mut self.waiting } else { out };
        place.extend_from_slice(line);
        place.extend_from_slice(line_end);
        Ok(())
    }

    /// Passes the waiting lines on; the event is complete.
    fn dispatch(&mut self, out: &mut Vec<u8>) -> Result<(), ResponseError> {
        let edited = self.edited()?;
        out.extend_from_slice(edited.as_deref().unwrap_or(&self.waiting));
        self.waiting.clear();
        self.is_message = true;
        Ok(())
    }

    /// The waiting lines as they may pass; `None`: as they are.
    fn edited(&self) -> Result<Option<Vec<u8>>, ResponseError> {
        let mut values = data_values(&self.waiting);
        let Some(first) = values.next() else { return Ok(None) };
        let (data, is_joined) = match values.next() {
            None => (first.to_vec(), false),
            Some(second) => {
                let mut data = [first, b"\n", second].concat();
                for value in values {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                (data, true)
            }
        };
        // Readers that keep the mark do not know the first line for data, and read the others alone.
        if is_joined && self.waiting.starts_with(BYTE_ORDER_MARK) {
            return Err(ResponseError::Ambiguous);
        }
        let edited = if !self.editor.is_rpc() || !self.is_message {
            self.editor.edit_if_json(&data)?
        } else if data.iter().all(u8::is_ascii_whitespace) {
            // Servers begin a stream that can be resumed with an event that has an id and no message.
            None
        } else {
            self.editor.edit(&data)?
        };
        Ok(edited.map(|data| with_data(&self.waiting, &data)))
    }

    /// Whether the event may become longer by `more` bytes of a line. Line ends behind its last byte do not count, so that it
    /// makes no difference in which chunk they come.
    fn check_length(&self, more: usize) -> Result<(), ResponseError> {
        if more > 0 && self.waiting.len() + more > self.limit {
            return Err(ResponseError::EventTooLong { limit: self.limit });
        }
        Ok(())
    }
}

/// The lines with `data` in place of their first data line's value and without the other data lines.
fn with_data(lines: &[u8], data: &[u8]) -> Vec<u8> {
    let mut edited = Vec::with_capacity(lines.len().max(data.len()));
    let mut written = false;
    if lines.starts_with(BYTE_ORDER_MARK) {
        edited.extend_from_slice(BYTE_ORDER_MARK);
    }
    for (line, line_end) in waiting_lines(lines) {
        let is_data = data_value(line).is_some();
        if is_data && written {
            // A CR before the line left out would be one end of line with an LF behind it.
            if let Some(end) = edited.last_mut().filter(|end| **end == b'\r') {
                *end = b'\n';
            }
            continue;
        }
        if is_data {
            written = true;
            edited.extend_from_slice(b"data: ");
            edited.extend_from_slice(data);
        } else {
            edited.extend_from_slice(line);
        }
        edited.extend_from_slice(line_end);
    }
    edited
}

fn data_values(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    waiting_lines(lines).filter_map(|(line, _)| data_value(line))
}

/// The lines of an event that waited. The first is a data line, so a byte order mark before it is that of the stream.
fn waiting_lines(lines: &[u8]) -> Lines<'_> {
    Lines(lines.strip_prefix(BYTE_ORDER_MARK).unwrap_or(lines))
}

fn data_value(line: &[u8]) -> Option<&[u8]> {
    let (field, value) = split_field(line);
    (field == b"data").then_some(value)
}

/// A line's field and value. A comment has an empty field.
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return (line, b"") };
    let (field, rest) = line.split_at(colon);
    let value = rest.get(1..).unwrap_or_default();
    (field, value.strip_prefix(b" ").unwrap_or(value))
}

/// The first line of `bytes`, its end (CR, LF or CRLF), and what follows. `None`: no line ends here.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let at = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let (line, rest) = bytes.split_at(at);
    let (line_end, behind) = rest.split_at(if rest.starts_with(b"\r\n") { 2 } else { 1 });
    Some((line, line_end, behind))
}

/// Lines with their ends; the last may have none.
struct Lines<'l>(&'l [u8]);

impl<'l> Iterator for Lines<'l> {
    type Item = (&'l [u8], &'l [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let (line, line_end, behind) = split_line(self.0).unwrap_or((self.0, b"", b""));
        self.0 = behind;
        Some((line, line_end))
    }
}
