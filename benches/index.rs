//! The index of the ledger: records a second that one core puts in when it does nothing else, bytes a call takes, and how long
//! queries take. Run with `cargo bench --bench index`; `CALLS` says how many calls there are (100,000).
//!
//! The gateway gives the indexer a tenth of a core, so a tenth of this figure is what it keeps up with for ever.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]
#![expect(clippy::print_stdout, reason = "what was measured is printed")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_gateway::audit::index::{AuditIndex, AuditQuery, Indexer};
use aegis_gateway::audit::{AppendError, Durability, Ledger, LedgerOptions};
use aegis_gateway::model::id::{DECISION, Id, REQUEST};
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::store::SqliteIndex;
use rustix::time::{ClockId, clock_gettime};

const START: i64 = 1_795_414_794_000_000;

fn append(ledger: &Ledger, payload: &str, now: Timestamp) {
    while let Err(error) = ledger.append(payload.as_bytes(), now) {
        assert_eq!(error, AppendError::Busy, "the bench machine has room");
        std::thread::yield_now();
    }
}

/// Calls as the gateway records them, each with its execution.
fn fill(ledger: &Ledger, calls: i64) {
    for number in 0..calls {
        let now = Timestamp::from_micros(START + number * 100);
        let mut random = [7; 10];
        random[2..].copy_from_slice(&number.wrapping_mul(0x5bd1_e995).to_be_bytes());
        let (decision, request) = (Id::new(DECISION, now, random), Id::new(REQUEST, now, random));
        let (actor, tool) = (number % 50, number % 31);
        let (outcome, code) =
            if number % 20 == 0 { ("DENY", "rule_denied") } else { ("ALLOW", "rule_allowed") };
        let risk = if number % 25 == 0 { "high" } else { "low" };
        let tenant = if number % 10 == 0 { "acme" } else { "default" };
        append(
            ledger,
            &format!(
                r#""kind":"decision","tenant":"{tenant}","actor":"agent-{actor}","actor_type":"ai-agent","key":"k1","capability":"files.tool_{tool}","resource":"/srv/data/{number}.txt","arguments":{{"path":"/srv/data/{number}.txt","content":"{}"}},"outcome":"{outcome}","code":"{code}","reason":"Rule 7 allows it.","findings":[{{"engine":"rules","outcome":"{outcome}","rule":"7"}}],"risk":{{"level":"{risk}"}},"decision_id":"{decision}","route":"files","request_id":"{request}","facts":{{"now":"2026-11-23T06:19:54.123456Z"}},"snapshot":{{"version":1,"hash":"{}"}}"#,
                "x".repeat(120),
                "a".repeat(64)
            ),
            now,
        );
        if outcome == "ALLOW" {
            append(
                ledger,
                &format!(
                    r#""kind":"execution","tenant":"{tenant}","actor":"agent-{actor}","capability":"files.tool_{tool}","route":"files","decision_id":"{decision}","request_id":"{request}","result":"completed","status":200,"response_bytes":512,"duration_ms":1.234"#
                ),
                now,
            );
        }
    }
}

fn cpu() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(used.tv_sec), u32::try_from(used.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn main() {
    let calls = std::env::var("CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut options = LedgerOptions::new(folder.path().join("ledger"));
    (options.durability, options.reserve_percent) = (Durability::Process, 0);
    let (ledger, _) = Ledger::open(options, Timestamp::from_micros(START)).expect("a ledger opens");
    fill(&ledger, calls);

    let file = folder.path().join("index.db");
    let index = Arc::new(AuditIndex::new(Arc::new(SqliteIndex::new(file.clone())), ledger));
    let mut indexer = Indexer::new(Arc::clone(&index));
    let (began, wall, mut records) = (cpu(), Instant::now(), 0);
    loop {
        let step = indexer.step().expect("the index takes it");
        records += u64::try_from(step.records).unwrap_or(0);
        if step.idle {
            break;
        }
    }
    let (used, wall) = (cpu() - began, wall.elapsed());
    let rate = f64::from(u32::try_from(records).unwrap_or(u32::MAX)) / used.as_secs_f64();
    println!("{records} records in {used:.2?} of a core ({wall:.2?}): {rate:.0} records a second");
    println!("{} bytes a call", bytes(&file) / u64::try_from(calls).unwrap_or(1).max(1));

    let text = |text: &str| Some(text.to_owned());
    let any = AuditQuery { limit: Some(50), ..AuditQuery::default() };
    for (name, query) in [
        ("the newest 50", any.clone()),
        ("of an actor", AuditQuery { actor: text("agent-3"), ..any.clone() }),
        ("refused", AuditQuery { outcome: text("DENY"), ..any.clone() }),
        (
            "of a capability, refused",
            AuditQuery { capability: text("files.tool_3"), outcome: text("DENY"), ..any.clone() },
        ),
        (
            "decisions of the tenant",
            AuditQuery { tenant: text("default"), kinds: vec!["decision".to_owned()], ..any.clone() },
        ),
        ("by a result nobody has", AuditQuery { result: text("failed"), ..any.clone() }),
        ("by a code nobody has", AuditQuery { code: text("bypass"), ..any.clone() }),
        ("of a tenant", AuditQuery { tenant: text("acme"), ..any.clone() }),
        ("of high risk", AuditQuery { risk: text("high"), ..any.clone() }),
        ("executed by the policy server", AuditQuery { surface: text("policy_server"), ..any }),
    ] {
        let began = Instant::now();
        let page = index.query(&query).expect("the index answers");
        println!("{name}: {} in {:.2?}", page.calls.len(), began.elapsed());
        let began = Instant::now();
        let count = index.count(&query).expect("the index answers");
        println!("{name}, counted: {count} in {:.2?}", began.elapsed());
    }
}
