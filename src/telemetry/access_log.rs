//! The access log: one line for each request on the data plane, on standard error. Never arguments, paths or queries.
//!
//! A request costs no system call: lines are gathered in memory and one thread writes them, whole, at most every
//! [`GATHER`] or when [`FULL_BYTES`] are there. What standard error does not take in time is dropped and counted, never
//! waited for. Imports `model` and the rest of `telemetry`. Start reading at [`AccessLog`].

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::model::decimal::{write_decimal, write_millis};
use crate::model::decision::{Outcome, ReasonCode};
use crate::model::id::Id;
use crate::model::json::write_json_string;
use crate::model::time::Timestamp;
use crate::telemetry::{LogFormat, Metrics};

/// How long lines are gathered before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// So many bytes are written at once.
const FULL_BYTES: usize = 64 << 10;

/// Most bytes that wait to be written; a line that finds no room is dropped.
const MOST_BYTES: usize = 1 << 20;

/// What a line is expected to need, in bytes.
const LINE_BYTES: usize = 320;

/// Where batches of whole lines go.
type Sink = Box<dyn FnMut(&[u8]) -> io::Result<()> + Send>;

/// The access log of a process.
#[derive(Debug)]
pub struct AccessLog {
    shared: Arc<Shared>,
    format: LogFormat,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What is said of a request before its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessRequest<'r> {
    /// The request's id.
    pub request_id: Option<&'r Id>,
    /// The route that took it.
    pub route: Option<&'r str>,
    /// Who called, once known.
    pub actor: Option<&'r str>,
    /// What was called.
    pub capability: Option<&'r str>,
}

/// A line that is being written: begun when a request is judged, ended with its answer.
#[derive(Clone, Debug)]
pub struct AccessLine {
    text: Vec<u8>,
    outcome: Option<Outcome>,
    code: ReasonCode,
}

impl AccessLog {
    /// Starts the log on standard error. Lines carry the time at which their request was judged.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn start(format: LogFormat, metrics: Arc<Metrics>) -> io::Result<Self> {
        // The lock is that of all who write to standard error: no line is torn by another.
        Self::start_into(format, metrics, Box::new(|batch| io::stderr().lock().write_all(batch)))
    }

    fn start_into(format: LogFormat, metrics: Arc<Metrics>, sink: Sink) -> io::Result<Self> {
        let shared = Arc::new(Shared { lines: Mutex::default(), changed: Condvar::new(), metrics });
        let writing = Arc::clone(&shared);
        let thread = Builder::new().name("access-log".to_owned()).spawn(move || writing.write(sink))?;
        Ok(Self { shared, format, writer: Mutex::new(Some(thread)) })
    }

    /// Begins the line of a request.
    #[must_use]
    pub fn begin(&self, at: Timestamp, request: AccessRequest<'_>) -> AccessLine {
        let mut text = Vec::with_capacity(LINE_BYTES);
        let json = self.format == LogFormat::Json;
        text.extend_from_slice(if json { b"{\"timestamp\":\"" } else { b"" });
        at.write_rfc3339(&mut text);
        text.extend_from_slice(if json {
            b"\",\"level\":\"INFO\",\"log\":\"access\""
        } else {
            b"  INFO access"
        });
        if let Some(id) = request.request_id {
            self.key("request_id", &mut text);
            if json {
                text.push(b'"');
            }
            id.write(&mut text);
            if json {
                text.push(b'"');
            }
        }
        for (key, value) in
            [("route", request.route), ("actor", request.actor), ("capability", request.capability)]
        {
            if let Some(value) = value {
                self.word(key, value, &mut text);
            }
        }
        AccessLine { text, outcome: None, code: ReasonCode::InternalError }
    }

    /// Ends a line: `status` is what the caller was answered, `elapsed` how long that took since its request's head.
    pub fn end(&self, line: AccessLine, status: Option<u16>, elapsed: Duration) {
        let AccessLine { mut text, outcome, code } = line;
        self.word("outcome", outcome.map_or("REFUSED", Outcome::as_str), &mut text);
        self.word("code", code.as_str(), &mut text);
        if let Some(status) = status {
            self.key("status", &mut text);
            write_decimal(u64::from(status), &mut text);
        }
        self.key("ms", &mut text);
        write_millis(elapsed, &mut text);
        text.extend_from_slice(if self.format == LogFormat::Json { b"}\n" } else { b"\n" });
        self.shared.push(&text);
    }

    /// Writes what is gathered, and ends. Later lines are dropped.
    pub fn close(&self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_one();
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Its end is waited for, not how it ended: there is nobody to tell.
            let _ended = writer.join();
        }
    }

    fn key(&self, key: &str, text: &mut Vec<u8>) {
        let [before, after]: [&[u8]; 2] =
            if self.format == LogFormat::Json { [b",\"", b"\":"] } else { [b" ", b"="] };
        for part in [before, key.as_bytes(), after] {
            text.extend_from_slice(part);
        }
    }

    /// A member whose value is a text. In the form for people it stands in quotes only where it could be misread.
    fn word(&self, key: &str, value: &str, text: &mut Vec<u8>) {
        self.key(key, text);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@/+-".contains(&byte);
        if self.format == LogFormat::Text && !value.is_empty() && value.bytes().all(plain) {
            text.extend_from_slice(value.as_bytes());
        } else {
            write_json_string(value, text);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl AccessLine {
    /// What was decided; `None` for what came to no decision.
    #[must_use]
    pub fn judged(self, outcome: Option<Outcome>, code: ReasonCode) -> Self {
        Self { outcome, code, ..self }
    }

    /// It came to something else than what was judged.
    pub fn ended_by(&mut self, code: ReasonCode) {
        self.code = code;
    }
}

/// What requests and the writer share.
#[derive(Debug)]
struct Shared {
    lines: Mutex<Lines>,
    /// Told when the writer has something to do.
    changed: Condvar,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    /// Whether the writer waits for a first line. Only then, and when a batch is full, is it woken.
    waiting: bool,
    stopping: bool,
}

impl Shared {
    fn push(&self, line: &[u8]) {
        let mut lines = self.lock();
        let before = lines.text.len();
        if lines.stopping || before + line.len() > MOST_BYTES {
            drop(lines);
            self.metrics.access_log_dropped(1);
            return;
        }
        lines.text.extend_from_slice(line);
        let full = before < FULL_BYTES && lines.text.len() >= FULL_BYTES;
        let wake = std::mem::take(&mut lines.waiting) || full;
        drop(lines);
        if wake {
            self.changed.notify_one();
        }
    }

    /// Writes until told to stop and everything is written.
    fn write(&self, mut sink: Sink) {
        let mut batch = Vec::new();
        loop {
            let stopping = self.gather(&mut batch);
            if !batch.is_empty() && sink(&batch).is_err() {
                let lines = batch.iter().filter(|byte| **byte == b'\n').count();
                self.metrics.access_log_dropped(u64::try_from(lines).unwrap_or(u64::MAX));
            }
            batch.clear();
            if stopping {
                return;
            }
        }
    }

    /// Waits for lines and moves them to `batch`, which is empty. True: there will be no more.
    fn gather(&self, batch: &mut Vec<u8>) -> bool {
        let mut lines = self.lock();
        while lines.text.is_empty() && !lines.stopping {
            lines.waiting = true;
            lines = self.changed.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        lines.waiting = false;
        let more = |lines: &mut Lines| lines.text.len() < FULL_BYTES && !lines.stopping;
        let (mut lines, _waited) =
            self.changed.wait_timeout_while(lines, GATHER, more).unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut lines.text, batch);
        lines.stopping
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    struct Written {
        log: AccessLog,
        metrics: Arc<Metrics>,
        batches: Receiver<Vec<u8>>,
    }

    fn log(format: LogFormat, gate: Option<Receiver<()>>) -> Written {
        let metrics = Arc::new(Metrics::new("test").unwrap());
        let (wrote, batches): (Sender<Vec<u8>>, _) = channel();
        let sink = Box::new(move |batch: &[u8]| {
            wrote.send(batch.to_vec()).map_err(io::Error::other)?;
            gate.as_ref().map_or(Ok(()), |gate| gate.recv().map_err(io::Error::other))
        });
        Written { log: AccessLog::start_into(format, Arc::clone(&metrics), sink).unwrap(), metrics, batches }
    }

    fn say(log: &AccessLog, actor: &str) {
        let at = Timestamp::from_micros(1_795_414_794_123_456);
        let id = Id::new("req_", at, [0; 10]);
        let request = AccessRequest {
            request_id: Some(&id),
            route: Some("crm"),
            actor: Some(actor),
            capability: Some("crm.contacts.read"),
        };
        let line = log.begin(at, request).judged(Some(Outcome::Allow), ReasonCode::RuleAllowed);
        log.end(line, Some(200), Duration::from_micros(1234));
    }

    fn dropped(metrics: &Metrics) -> String {
        let text = String::from_utf8(metrics.render(0, 0).unwrap()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("aegis_access_log_dropped_total "));
        line.unwrap().to_owned()
    }

    #[test]
    fn lines_have_the_documented_form_and_no_text_can_break_them() {
        let text = log(LogFormat::Text, None);
        say(&text.log, "dev");
        say(&text.log, "de v\n=");
        text.log.close();
        let written = String::from_utf8(text.batches.iter().flatten().collect()).unwrap();
        let id = "req_agpq5rlc2pjmjyh3y7m6qyeaaa";
        let id = written.split("request_id=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or(id);
        let line = |actor: &str| {
            format!(
                "2026-11-23T06:19:54.123456Z  INFO access request_id={id} route=crm actor={actor} \
                 capability=crm.contacts.read outcome=ALLOW code=rule_allowed status=200 ms=1.234\n"
            )
        };
        assert_eq!(written, line("dev") + &line(r#""de v\n=""#));

        let json = log(LogFormat::Json, None);
        say(&json.log, "de v\n=");
        let mut line = json.log.begin(Timestamp::from_micros(0), AccessRequest::default());
        line.ended_by(ReasonCode::Overloaded);
        json.log.end(line, None, Duration::ZERO);
        json.log.close();
        let written: Vec<u8> = json.batches.iter().flatten().collect();
        let lines: Vec<serde_json::Value> = written
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["actor"], &lines[0]["status"]), (&"de v\n=".into(), &200.into()));
        assert_eq!((&lines[0]["log"], &lines[0]["ms"]), (&"access".into(), &1.234.into()));
        assert_eq!((&lines[1]["outcome"], &lines[1]["code"]), (&"REFUSED".into(), &"overloaded".into()));
        assert_eq!(dropped(&json.metrics), "0");
    }

    #[test]
    fn a_reader_that_is_slow_costs_lines_and_nobodys_time() {
        let (go, gate) = channel();
        let slow = log(LogFormat::Text, Some(gate));
        say(&slow.log, "first");
        // The writer is at it now, and stays there.
        let first = slow.batches.recv().unwrap();
        let room = MOST_BYTES / first.len();
        for _ in 0..room + 10 {
            say(&slow.log, "first");
        }
        assert_eq!(dropped(&slow.metrics), "10");
        drop(go);
        slow.log.close();
        say(&slow.log, "late");
        let rest = slow.batches.iter().flatten().filter(|byte| *byte == b'\n').count();
        assert_eq!(rest, room);
        // A sink that fails has lost its lines.
        assert_eq!(dropped(&slow.metrics), (10 + 1 + room + 1).to_string());
    }
}
