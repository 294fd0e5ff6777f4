//! Changes by API: how long one takes until it is in force, with many policies there already, and how long a start takes over
//! them; the same of Cedar policies. Run with `cargo bench --bench administer`; `POLICIES` says how many there are (10,000).

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]
#![expect(clippy::print_stdout, reason = "what was measured is printed")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_gateway::admin::{By, CedarChange, CedarEdit, Change, FileObject, FileSet};
use aegis_gateway::audit::{Durability, Ledger, LedgerOptions};
use aegis_gateway::config::{Sources, load_document};
use aegis_gateway::decision::compile;
use aegis_gateway::gateway::{Administrator, Candidate, Clock, Publisher, PublisherParts, SystemClock};
use aegis_gateway::model::document::Document;
use aegis_gateway::policy::cedar::read as read_cedar;
use aegis_gateway::policy::governance::raw::{RawCedarEngine, RawCedarPolicy};
use aegis_gateway::policy::governance::{Defaults, Kind, Written, read};
use aegis_gateway::store::SqliteStore;
use aegis_gateway::telemetry::Metrics;

const WRITES: u32 = 200;

struct NoSources;

impl Sources for NoSources {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no files".to_owned())
    }
}

fn policy(number: u32, outcome: &str) -> Written {
    let text = format!(
        "{{name: policy-{number}, rules: [{{capability: area{}.tool{}, outcome: {outcome}, priority: {}, \
         condition: \"parameters.amount > {number} and actor.type == 'ai-agent'\"}}]}}",
        number % 10,
        number % 100,
        number % 7
    );
    let id = format!("pol_{number:026}");
    let document = Document::parse("policy", &text).expect("YAML");
    read(Kind::Policy, &document, Defaults { tenant: "default", actor: None, id: Some(&id) })
        .expect("a policy")
}

fn start(folder: &Path, files: &FileSet) -> Administrator {
    let mut options = LedgerOptions::new(folder.join("ledger"));
    options.durability = Durability::Disk;
    let clock = SystemClock;
    let (ledger, _report) = Ledger::open(options, clock.now()).expect("a ledger");
    let parts = PublisherParts {
        ledger,
        store: Arc::new(SqliteStore::open(&folder.join("aegis.db")).expect("a store")),
        metrics: Arc::new(Metrics::new("bench").expect("metrics")),
        clock: Arc::new(clock),
        seen: 0,
        issued: Arc::default(),
    };
    let document = Document::parse("gateway.yaml", "version: 1\n").expect("YAML");
    let config = load_document(document, Path::new("."), Vec::new(), &NoSources).expect("a configuration");
    let mut first = Candidate {
        hash: "bench".into(),
        source: "start",
        by: None,
        files,
        build: &mut |reference| compile(&config, None, &[], reference).ok(),
    };
    Administrator::new(Arc::new(Publisher::start(&mut first, parts).expect("a publisher")))
}

fn main() {
    let policies = std::env::var("POLICIES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let written: Vec<_> = (0..policies).map(|number| policy(number, "ALLOW")).collect();
    println!("{policies} policies read in {:.0?}", begun.elapsed());
    let objects = written.into_iter().map(|written| FileObject { file: "p.yaml".into(), written }).collect();
    let files = FileSet { objects, ..FileSet::default() };
    let begun = Instant::now();
    let administrator = start(folder.path(), &files);
    println!("first start over a file of them: {:.0?}", begun.elapsed());
    let by = By::key("bench", "default");
    measure(&format!("a write with {policies} policies"), |number| {
        let change = Change::CreatePolicy(policy(policies + number, "DENY"));
        let begun = Instant::now();
        administrator.apply(change, &by, SystemClock.now()).expect("a change");
        begun.elapsed()
    });
    drop(administrator);
    let begun = Instant::now();
    start(folder.path(), &files);
    println!("a start over them and {WRITES} of the API: {:.0?}", begun.elapsed());
    cedar(policies);
}

/// Cedar policies of one engine: they come from files, and further ones by API.
fn cedar(policies: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let engine =
        RawCedarEngine { name: "main".into(), description: String::new(), schema: None, strict: false };
    let engine = Written::cedar_engine(&engine).expect("an engine");
    let written = (0..policies).map(|number| cedar_policy(&format!("filed-{number}"), number));
    let objects = std::iter::once(engine).chain(written);
    let objects = objects.map(|written| FileObject { file: "p.cedar".into(), written }).collect();
    let files = FileSet { objects, ..FileSet::default() };
    let begun = Instant::now();
    let administrator = start(folder.path(), &files);
    println!("first start over a file of {policies} Cedar policies: {:.0?}", begun.elapsed());
    let by = By::key("bench", "default");
    measure(&format!("a write with {policies} Cedar policies"), |number| {
        let begun = Instant::now();
        let edits = vec![CedarEdit::Create(cedar_policy(&format!("ced_{number}"), policies + number))];
        let change = Change::Cedar(CedarChange::Policies { engine: "main".into(), edits });
        administrator.apply(change, &by, SystemClock.now()).expect("a change");
        begun.elapsed()
    });
}

fn cedar_policy(id: &str, number: u32) -> Written {
    let definition = format!(
        "permit(principal == Agent::\"agent-{}\", action == Action::\"area{}___tool{}\", resource) \
         when {{ context has input.amount && context.input.amount < {number} }};",
        number % 1000,
        number % 10,
        number % 100
    );
    let policy = read_cedar(&definition).expect("a policy");
    let raw = RawCedarPolicy {
        engine: "main".into(),
        name: None,
        definition,
        description: String::new(),
        log_only: false,
    };
    Written::cedar_policy(id, &raw, policy)
}

fn measure(what: &str, write: impl FnMut(u32) -> Duration) {
    let mut taken: Vec<Duration> = (0..WRITES).map(write).collect();
    taken.sort();
    let at = |percent: usize| taken.get(taken.len() * percent / 100).copied().unwrap_or_default();
    println!("{what}: median {:.1?}, p90 {:.1?}, p99 {:.1?}", at(50), at(90), at(99));
}
