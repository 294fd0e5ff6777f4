//! A tool that speaks what modern tools speak: HTTP/1.1 or HTTP/2, with TLS or without, over TCP or a unix socket.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// A request as the tool saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    pub method: String,
    /// `scheme://authority/path` with HTTP/2, the target with HTTP/1.1.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Whether the gateway showed a certificate.
    pub certified: bool,
    /// Which connection it came by.
    pub connection: usize,
}

/// What the tool does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers 200 with `{"ok":true}`.
    Ok,
    /// Answers with this status and nothing else.
    Status(u16),
    /// HTTP/2: resets the stream.
    Reset(Reason),
    /// HTTP/2: says that the connection takes no more streams, and leaves this one unanswered.
    GoAway,
    /// HTTP/2: an event stream of what is sent with [`Server::say`], with trailers at its end.
    Stream,
}

/// A running tool. It ends with the test process.
#[derive(Debug)]
pub struct Server {
    /// As the configuration has it.
    pub address: String,
    shared: Arc<Shared>,
    events: UnboundedSender<&'static str>,
}

#[derive(Debug)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    /// The replies to come; the last one stays.
    replies: Mutex<VecDeque<Reply>>,
    events: tokio::sync::Mutex<UnboundedReceiver<&'static str>>,
}

/// How a tool speaks.
#[derive(Clone, Default)]
pub struct Speaks {
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// HTTP/2 without being asked; with TLS what was agreed counts.
    pub http2: bool,
}

impl Server {
    /// A tool on a port that the system chooses.
    pub fn start(speaks: Speaks) -> Self {
        Self::at(([127, 0, 0, 1], 0).into(), speaks)
    }

    /// A tool at this address.
    pub fn at(address: SocketAddr, speaks: Speaks) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self::run(address, |shared| {
            std::thread::spawn(move || {
                runtime().block_on(async {
                    let listener = TcpListener::from_std(listener).unwrap();
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(serve(stream, speaks.clone(), Arc::clone(&shared)));
                    }
                });
            });
        })
    }

    /// A tool at a unix socket.
    pub fn on_socket(path: &Path, speaks: Speaks) -> Self {
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self::run(format!("unix:{}", path.display()), |shared| {
            std::thread::spawn(move || {
                runtime().block_on(async {
                    let listener = UnixListener::from_std(listener).unwrap();
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(serve(stream, speaks.clone(), Arc::clone(&shared)));
                    }
                });
            });
        })
    }

    fn run(address: String, spawn: impl FnOnce(Arc<Shared>)) -> Self {
        let (events, to_say) = unbounded_channel();
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            replies: Mutex::new([Reply::Ok].into()),
            events: tokio::sync::Mutex::new(to_say),
        });
        spawn(Arc::clone(&shared));
        Self { address, shared, events }
    }

    /// Replies so from now on, one after the other; the last one stays.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.shared.replies.lock().unwrap() = replies.into_iter().collect();
    }

    /// Sends an event on the open stream; an empty one ends it.
    pub fn say(&self, event: &'static str) {
        self.events.send(event).unwrap();
    }

    /// The calls it was sent, health checks aside.
    pub fn calls(&self) -> Vec<Seen> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|seen| !seen.is_check()).cloned().collect()
    }

    /// The health checks it was sent.
    pub fn checks(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.is_check()).cloned().collect()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn is_check(&self) -> bool {
        self.header("user-agent").is_some_and(|agent| agent.starts_with("aegis-health/"))
    }
}

impl Shared {
    fn note(&self, seen: Seen) -> Reply {
        let is_check = seen.is_check();
        self.seen.lock().unwrap().push(seen);
        let mut replies = self.replies.lock().unwrap();
        let stays = replies.len() == 1 || is_check;
        if stays { replies[0].clone() } else { replies.pop_front().unwrap() }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    speaks: Speaks,
    shared: Arc<Shared>,
) {
    let connection = shared.connections.fetch_add(1, Ordering::SeqCst);
    let Some(tls) = speaks.tls else {
        return if speaks.http2 {
            http2(stream, false, connection, shared).await;
        } else {
            http1(stream, false, connection, &shared).await;
        };
    };
    // A handshake that fails is what some tests are about.
    let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await else { return };
    let (_, agreed) = stream.get_ref();
    let (http2_agreed, certified) =
        (agreed.alpn_protocol() == Some(b"h2"), agreed.peer_certificates().is_some());
    if http2_agreed {
        http2(stream, certified, connection, shared).await;
    } else {
        http1(stream, certified, connection, &shared).await;
    }
}

async fn http1(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    certified: bool,
    connection: usize,
    shared: &Shared,
) {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                return;
            }
        };
        let head = String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
        if head.starts_with("PRI ") {
            let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
            return;
        }
        let mut lines = head.trim_end().split("\r\n");
        let mut words = lines.next().unwrap().split(' ').map(str::to_owned);
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        let length =
            headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
        while bytes.len() < length {
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                return;
            }
        }
        let seen = Seen {
            method: words.next().unwrap(),
            target: words.next().unwrap(),
            version: words.next().unwrap(),
            headers,
            body: bytes.drain(..length).collect(),
            certified,
            connection,
        };
        let answer = match shared.note(seen) {
            Reply::Status(status) => format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"),
            _ => {
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}"
                    .to_owned()
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    certified: bool,
    connection: usize,
    shared: Arc<Shared>,
) {
    // Small windows, so that long bodies take more than one.
    let handshake = h2::server::Builder::new().initial_window_size(65_535).handshake::<_, Bytes>(stream);
    let Ok(mut streams) = handshake.await else { return };
    let (leave, mut leaving) = unbounded_channel::<()>();
    loop {
        tokio::select! {
            accepted = streams.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                let (shared, leave) = (Arc::clone(&shared), leave.clone());
                tokio::spawn(answer(request, respond, certified, connection, shared, leave));
            }
            Some(()) = leaving.recv() => {
                // The stream that is open counts as not processed.
                streams.abrupt_shutdown(Reason::NO_ERROR);
            }
        }
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    certified: bool,
    connection: usize,
    shared: Arc<Shared>,
    leave: UnboundedSender<()>,
) {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(Ok(data)) = stream.data().await {
        stream.flow_control().release_capacity(data.len()).unwrap();
        body.extend_from_slice(&data);
    }
    let reply = shared.note(Seen {
        version: format!("{:?}", head.version),
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body,
        certified,
        connection,
    });
    let ok = Response::builder().header("content-type", "application/json");
    match reply {
        Reply::Ok => {
            let mut sending = respond.send_response(ok.body(()).unwrap(), false).unwrap();
            sending.send_data(Bytes::from_static(b"{\"ok\":true}"), true).unwrap();
        }
        Reply::Status(status) => {
            let refusal = Response::builder().status(status).body(()).unwrap();
            respond.send_response(refusal, true).unwrap();
        }
        Reply::Reset(reason) => respond.send_reset(reason),
        Reply::GoAway => {
            leave.send(()).unwrap();
            std::future::pending().await
        }
        Reply::Stream => {
            let head = Response::builder().header("content-type", "text/event-stream").body(()).unwrap();
            let mut sending = respond.send_response(head, false).unwrap();
            let mut events = shared.events.lock().await;
            while let Some(event) = events.recv().await.filter(|event| !event.is_empty()) {
                sending.send_data(Bytes::from_static(event.as_bytes()), false).unwrap();
            }
            let mut trailers = HeaderMap::new();
            trailers.insert("x-end", "yes".parse().unwrap());
            sending.send_trailers(trailers).unwrap();
        }
    }
}
