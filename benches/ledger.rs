//! The ledger's append path: nanoseconds per record, one thread, `process` durability, payloads of 700 bytes.
//!
//! The bar is 150,000 records a second, that is under 6,600 ns. Run with `cargo bench --bench ledger`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_gateway::audit::line::HexHash;
use aegis_gateway::audit::{AppendError, Durability, Ledger, LedgerOptions};
use aegis_gateway::model::time::Timestamp;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const PAYLOAD_BYTES: usize = 700;

fn payload() -> String {
    let head = r#""kind":"decision","tenant":"default","actor":"agent-001","outcome":"ALLOW","arguments":""#;
    format!("{head}{}\"", "x".repeat(PAYLOAD_BYTES - head.len() - 1))
}

fn open(directory: &Path, durability: Durability) -> Arc<Ledger> {
    let options = LedgerOptions {
        durability,
        reserve_percent: 0,
        append_deadline: Duration::from_secs(30),
        ..LedgerOptions::new(directory.to_path_buf())
    };
    Ledger::open(options, Timestamp::from_micros(1_795_414_794_000_000)).expect("a ledger opens").0
}

/// Appends `count` records as fast as they are taken, and says how long that took.
fn append(ledger: &Ledger, payload: &[u8], count: u64) -> Duration {
    let started = Instant::now();
    for number in 0..count {
        let now = Timestamp::from_micros(1_795_414_794_000_000 + i64::try_from(number).unwrap_or(0));
        while let Err(error) = ledger.append(black_box(payload), now) {
            assert_eq!(error, AppendError::Busy, "the bench machine has room");
            std::thread::yield_now();
        }
    }
    started.elapsed()
}

fn benches(criterion: &mut Criterion) {
    let payload = payload();
    let mut group = criterion.benchmark_group("ledger");
    group.throughput(Throughput::Elements(1));

    let line = vec![b'x'; PAYLOAD_BYTES + 150];
    group.bench_function("hash of one line", |bencher| bencher.iter(|| HexHash::of_line(black_box(&line))));

    for (name, durability) in
        [("append, process", Durability::Process), ("append, disk, nobody waits", Durability::Disk)]
    {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ledger = open(directory.path(), durability);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| append(&ledger, payload.as_bytes(), count))
        });
    }

    let directory = tempfile::tempdir().expect("a temporary directory");
    let ledger = open(directory.path(), Durability::Disk);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    group.bench_function("record, disk, one caller", |bencher| {
        bencher.iter(|| {
            let recorded = runtime.block_on(ledger.record(payload.as_bytes(), Timestamp::from_micros(0)));
            recorded.expect("the record is durable")
        });
    });
    group.finish();
}

criterion_group!(ledger, benches);
criterion_main!(ledger);
