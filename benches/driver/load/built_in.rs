//! The built-in generator: threads with an event loop each, so that a connection costs a task and not a thread.
//! Start reading at `run`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use tokio::runtime::Builder;

use crate::load::budget::Budget;
use crate::load::http1::{self, Http1Call};
use crate::load::http2::{self, Http2Call};
use crate::load::tally::{Seen, Tally};
use crate::load::{Amount, Intensity};
use crate::shape::Version;
use crate::workload::Workload;

/// A request in the form its connection sends it.
#[derive(Clone, Debug)]
enum Call {
    Http1(Http1Call),
    Http2(Arc<Http2Call>),
}

/// Loads `address` and waits until the last answer is in or given up.
pub(super) fn run(
    address: SocketAddr,
    workload: &Workload,
    version: Version,
    intensity: Intensity,
) -> anyhow::Result<Tally> {
    let call = match version {
        Version::H1 => Call::Http1(Http1Call::new(address, workload)),
        Version::H2c => Call::Http2(Arc::new(Http2Call::new(address, workload)?)),
    };
    let started = Instant::now();
    let connections = intensity.connections(version);
    let threads = intensity.threads.clamp(1, connections.len().max(1));
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let own: Vec<usize> = connections.iter().copied().skip(thread).step_by(threads).collect();
            let call = call.clone();
            std::thread::spawn(move || run_thread(&call, &own, intensity.amount, started))
        })
        .collect();
    let mut all = Seen::default();
    for worker in workers {
        all.add(worker.join().map_err(|_| anyhow!("a load thread panicked"))??);
    }
    Ok(all.tally(started.elapsed().as_secs_f64()))
}

/// One thread with its connections, each given by how many requests it carries at a time.
fn run_thread(call: &Call, connections: &[usize], amount: Amount, started: Instant) -> anyhow::Result<Seen> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let tasks: Vec<_> = connections
            .iter()
            .map(|lanes| {
                let budget = Arc::new(Budget::new(amount, started, *lanes));
                match call.clone() {
                    Call::Http1(call) => tokio::spawn(http1::keep_asking(call, budget)),
                    Call::Http2(call) => tokio::spawn(http2::keep_asking(call, *lanes, budget)),
                }
            })
            .collect();
        let mut all = Seen::default();
        for task in tasks {
            all.add(task.await?);
        }
        Ok(all)
    })
}
