//! A tool server that keeps everything it was sent, byte for byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// What a tool answers with.
pub type Respond = dyn Fn(&Seen, &mut TcpStream) + Send + Sync;

/// A request as the tool saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Request line and header lines, without the blank line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    /// The request line.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A running tool server. It ends with the test process.
#[derive(Debug)]
pub struct Tool {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    arrivals: Receiver<()>,
    connections: Arc<AtomicUsize>,
}

impl Tool {
    /// A tool that answers every request with `{"ok":true}`.
    pub fn start() -> Self {
        Self::answering(|_, stream| respond(stream, "200 OK", "application/json", b"{\"ok\":true}"))
    }

    /// A tool that answers with `body`.
    pub fn saying(body: &'static str) -> Self {
        Self::answering(move |_, stream| respond(stream, "200 OK", "application/json", body.as_bytes()))
    }

    /// A tool that answers each call with `{"late":true}`, only when it is told to.
    pub fn waiting() -> (Self, Sender<()>) {
        let (release, released) = channel();
        let released = Mutex::new(released);
        let tool = Self::answering(move |_, stream| {
            if released.lock().unwrap().recv().is_ok() {
                respond(stream, "200 OK", "application/json", b"{\"late\":true}");
            }
        });
        (tool, release)
    }

    /// A tool that writes its own answers.
    pub fn answering(answer: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (arrived, arrivals) = channel();
        let answer: Arc<Respond> = Arc::new(answer);
        let log = Arc::clone(&seen);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (log, answer, arrived) = (Arc::clone(&log), Arc::clone(&answer), arrived.clone());
                std::thread::spawn(move || serve(stream, &log, &arrived, &*answer));
            }
        });
        Self { address, seen, arrivals, connections }
    }

    /// Serves one request on a listener of the test's own, as [`Self::start`] does.
    pub fn serve_one(listener: &TcpListener) {
        let (mut stream, _peer) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"}") && fill(&mut stream, &mut bytes) {}
        respond(&mut stream, "200 OK", "application/json", b"{\"ok\":true}");
    }

    /// Everything it was sent so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests reached it.
    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The only request it was sent.
    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }

    /// Waits until another request has reached it.
    pub fn wait(&self) {
        self.arrivals.recv().unwrap();
    }
}

/// Writes a whole answer with a Content-Length.
pub fn respond(stream: &mut TcpStream, status: &str, content_type: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _gone = stream.write_all(&[head.as_bytes(), body].concat());
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Seen>>, arrived: &Sender<()>, answer: &Respond) {
    let _unset = stream.set_nodelay(true);
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if !fill(&mut stream, &mut bytes) {
                return;
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes.drain(..end + 4);
        let mut request = Seen { head, body: Vec::new() };
        let length: usize =
            request.header("content-length").first().map_or(0, |length| length.parse().unwrap());
        while bytes.len() < length {
            if !fill(&mut stream, &mut bytes) {
                return;
            }
        }
        request.body = bytes.drain(..length).collect();
        seen.lock().unwrap().push(request.clone());
        let _nobody_waits = arrived.send(());
        answer(&request, &mut stream);
    }
}

fn fill(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(count @ 1..) => {
            bytes.extend_from_slice(&buffer[..count]);
            true
        }
        _ => false,
    }
}
