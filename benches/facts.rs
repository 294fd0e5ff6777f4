//! The live numbers: nanoseconds of a `commit`, alone and with sixteen threads at one grant and at many; a checkpoint of 100,000
//! actors, what an actor takes in memory, and what the gates ask of an actor.
//!
//! The bar is 2,000 ns for a commit with sixteen threads at one grant, and 1 KiB for an actor. Run with `cargo bench --bench facts`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot be set up has nothing to measure"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_gateway::facts::{Live, Observation, Reservation, Who};
use aegis_gateway::model::decision::{RateLimit, RiskScore};
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::risk::gates::Constants;
use criterion::{Criterion, criterion_group, criterion_main};

const START: i64 = 1_795_414_794_000_000;
const ACTORS: i64 = 100_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(START + micros)
}

fn who(number: i64) -> Who {
    Who::new("default", &format!("agent-{number}"), "crm.contacts.read")
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux says it");
    let pages: usize = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4096
}

/// Commits by `threads` at `grants`, `each` by each thread; how long one takes, were the threads one after the other.
fn commits(threads: i64, grants: i64, each: i64) -> Duration {
    let live = Arc::new(Live::default());
    let limit = RateLimit { max_requests: 1000, window_s: 60 };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let live = &live;
            scope.spawn(move || {
                let who = who(thread % grants);
                for number in 0..each {
                    let taken = live.reserve(Some((who, limit)), None, at(number * 1000));
                    black_box(taken.map(Reservation::spend)).ok();
                }
            });
        }
    });
    began.elapsed()
}

/// Observes so many calls of an actor that nothing of it is left to fill.
fn watch(live: &Live, who: &Who) -> Observation {
    let mut observation =
        Observation { shape: [0; 16], window: 200, score: None, let_through: true, at: at(0) };
    for number in 0..1000_u16 {
        let [high, low] = number.to_be_bytes();
        observation.shape = [high, low, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
        observation.score = Some(RiskScore::from_ten_thousandths(u32::from(number) * 37 % 5000));
        live.observe(who, &observation);
    }
    observation
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("facts");
    group.bench_function("who", |bencher| {
        bencher.iter(|| Who::new(black_box("default"), black_box("agent-1"), black_box("crm.contacts.read")));
    });
    for (name, threads, grants) in
        [("commit", 1, 1), ("commit/16 threads, 1 grant", 16, 1), ("commit/16 threads, 16 grants", 16, 16)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let each = i64::try_from(count).unwrap_or(i64::MAX) / threads + 1;
                commits(threads, grants, each)
            });
        });
    }
    let before = resident();
    let live = Live::default();
    // Two capabilities each, a few calls and reports over three days.
    for number in 0..ACTORS {
        for step in 0..6 {
            let (actor, time) = (format!("agent-{number}"), at(step * 43_000_000_000 + number));
            let who = Who::new(
                "default",
                &actor,
                if step % 2 == 0 { "crm.contacts.read" } else { "crm.notes.write" },
            );
            live.let_through(&who, time);
            live.reported(&who, step == 3, time);
        }
    }
    let (conduct, size) = (resident() - before, live.size());
    println!("facts/actor with 2 capabilities: {} bytes", conduct / size.actors);
    for number in 0..ACTORS {
        for step in 0..20 {
            live.note_use(&who(number), 20, at(step * 1_000_000));
        }
    }
    let size = live.size();
    println!("facts/grant of 20 with 20 uses: {} bytes", (resident() - before - conduct) / size.grants);
    println!("facts/size: {size:?}, checkpoint {} bytes", live.checkpoint().len());
    let known = who(7);
    group
        .bench_function("conduct", |bencher| bencher.iter(|| black_box(live.conduct(&known, at(5_000_000)))));
    let watched = watch(&live, &known);
    group.bench_function("observed/window 200, 256 kinds", |bencher| {
        bencher.iter(|| live.observed(&known, watched.shape, watched.window, &Constants::default()));
    });
    group.bench_function("observe/window 200, 256 kinds", |bencher| {
        bencher.iter(|| live.observe(&known, black_box(&watched)));
    });
    group.sample_size(10);
    group.bench_function("checkpoint of 100,000 actors", |bencher| bencher.iter(|| live.checkpoint()));
    let bytes = live.checkpoint();
    group.bench_function("restore of 100,000 actors", |bencher| {
        bencher.iter(|| live.restore(&bytes).expect("its own bytes"));
    });
}

criterion_group!(group, benches);
criterion_main!(group);
