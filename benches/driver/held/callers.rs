//! Callers whose calls wait for a person, each on a connection of its own. Start reading at `Callers::call`.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use anyhow::{anyhow, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::shape::Shape;
use crate::targets::CALLER;
use crate::wire::{Head, is_success};
use crate::workload::{ANSWER, HELD_PATH, Workload};

/// Callers that wait for their answers.
#[derive(Debug)]
pub(super) struct Callers {
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Callers {
    /// So many callers call and wait. Each call is another one, since a repeat would wait for the same hold.
    pub(super) fn call(address: SocketAddr, calls: u16) -> Callers {
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let calls: Vec<_> =
                    (0..calls).map(|number| tokio::spawn(answered(address, number))).collect();
                for call in calls {
                    call.await??;
                }
                Ok(())
            })
        });
        Callers { thread }
    }

    /// Whether none of them waits any more, which before an approval is a failure.
    pub(super) fn have_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the answers.
    ///
    /// # Errors
    /// One was not the tool's.
    pub(super) fn answered(self) -> anyhow::Result<()> {
        self.thread.join().map_err(|_| anyhow!("the callers panicked"))?
    }
}

async fn answered(address: SocketAddr, number: u16) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&request(address, number)).await?;
    let mut answer = Vec::with_capacity(512);
    let head = loop {
        match Head::parse(&answer) {
            Some(head) if answer.len() >= head.message_bytes() => break head,
            _ => {}
        }
        if stream.read_buf(&mut answer).await? == 0 {
            bail!("held call {number}: the connection was closed");
        }
    };
    let body = answer.get(head.head_bytes..).unwrap_or_default();
    if !is_success(&answer) || body != ANSWER.as_bytes() {
        bail!("held call {number} was answered {}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

/// The standing call, made another one by its `limit`.
fn request(address: SocketAddr, number: u16) -> Vec<u8> {
    let workload = Workload::of(Shape::DEFAULT);
    let body =
        workload.body.replacen("\"limit\":10", &format!("\"limit\":{}", u32::from(number) + 10_000), 1);
    let mut text = format!("POST {HELD_PATH} HTTP/1.1\r\nHost: {address}\r\nX-Api-Key: {}\r\n", CALLER.0);
    for (name, value) in workload.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_another_one() {
        let address = ([127, 0, 0, 1], 1).into();
        let (first, second) = (request(address, 0), request(address, 999));
        assert_eq!(first.len(), second.len());
        assert_ne!(first, second);
        assert!(String::from_utf8(second).unwrap().contains("\"limit\":10999"));
    }
}
