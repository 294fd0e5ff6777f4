//! Callers that call as fast as they are answered, each on its own connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::support::{Answer, Client};

/// Running callers.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<Answer>>>,
}

impl Load {
    /// `callers` threads; each sends reads, and every fourth time a delete, until stopped or cut off.
    pub fn start(gateway: SocketAddr, callers: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let callers = (0..callers).map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || call(gateway, &stop))
        });
        Self { callers: callers.collect(), stop }
    }

    /// Ends it; every answer that came whole.
    pub fn stop(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::Relaxed);
        self.callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    }
}

fn call(gateway: SocketAddr, stop: &AtomicBool) -> Vec<Answer> {
    let mut client = Client::connect(gateway);
    let mut answers = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let method = if answers.len() % 4 == 3 { "DELETE" } else { "GET" };
        let request = format!("{method} /crm/contacts/{} HTTP/1.1\r\nHost: {gateway}\r\n\r\n", answers.len());
        let answer = client.try_send(request.as_bytes()).then(|| client.answer()).flatten();
        let Some(answer) = answer else { break };
        answers.push(answer);
    }
    answers
}
