//! What a start says of calls whose process died: each once, whatever cuts the start off.

use tempfile::TempDir;

use crate::audit::reconcile::{Reconciled, reconcile};
use crate::audit::tests::support::{append, at, open, options, root};
use crate::audit::{Durability, Ledger, OpenReport, tail};
use crate::model::id::{Id, REQUEST};

/// The text of call `number`'s request id.
fn id(number: u8) -> String {
    Id::new(REQUEST, at(0), [number; 10]).to_string()
}

fn let_through(number: u8) -> String {
    let suffix = id(number).split_off(4);
    format!(
        r#""kind":"decision","tenant":"acme","actor":"bot","capability":"crm.read","arguments":{{"kind":"execution"}},"outcome":"ALLOW","route":"crm","decision_id":"dec_{suffix}","request_id":"req_{suffix}""#
    )
}

fn executed(number: u8) -> String {
    format!(r#""kind":"execution","request_id":"{}","result":"completed""#, id(number))
}

fn reopen(directory: &TempDir) -> (std::sync::Arc<Ledger>, OpenReport) {
    Ledger::open(options(directory, Durability::Process), at(10)).unwrap()
}

async fn reconciled(ledger: &Ledger, report: &OpenReport, most: usize) -> Vec<u64> {
    let found = reconcile(ledger, report, most, at(10)).await;
    found.into_iter().map(|Reconciled { calls, .. }| calls.unwrap()).collect()
}

/// All reconciliation records there are.
fn recorded(directory: &TempDir) -> Vec<serde_json::Value> {
    let records = tail(&root(directory), 10_000).unwrap().poll_new().unwrap();
    let parsed = records.iter().map(|record| record.parse().unwrap());
    parsed.filter(|record| record["kind"] == "reconciliation").collect()
}

/// A ledger whose process died with these records.
fn crashed(directory: &TempDir, records: &[String]) -> String {
    let ledger = open(directory, Durability::Process);
    for record in records {
        append(&ledger, record, 0);
    }
    ledger.status().epoch
}

#[tokio::test]
async fn calls_without_an_end_are_told_once() {
    let directory = TempDir::new().unwrap();
    let shadowed = let_through(4).replace("ALLOW", "DENY") + r#","enforced":false"#;
    let bypassed = format!(r#""kind":"bypass","outcome":"ALLOW","request_id":"{}""#, id(5));
    let epoch = crashed(
        &directory,
        &[
            let_through(1),
            let_through(2),
            let_through(3).replace("ALLOW", "DENY"),
            executed(1),
            shadowed,
            bypassed,
            let_through(6).replace("\"decision\"", "\"message\""),
        ],
    );
    let (ledger, report) = reopen(&directory);
    assert_eq!(report.unreconciled, [epoch.as_str()]);
    assert_eq!(reconciled(&ledger, &report, 100).await, [3]);
    let told = recorded(&directory);
    let ids: Vec<_> = told.iter().map(|record| record["request_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [id(2), id(4), id(5)]);
    let first = &told[0];
    assert_eq!((&first["result"], &first["epoch"]), (&"outcome_unknown".into(), &epoch.into()));
    assert_eq!((&first["decided_seq"], &first["tenant"]), (&2.into(), &"acme".into()));
    assert_eq!((&first["actor"], &first["capability"]), (&"bot".into(), &"crm.read".into()));
    assert!(told[2]["decision_id"].is_null());
    ledger.close(at(11)).unwrap();
    drop(ledger);

    let (ledger, report) = reopen(&directory);
    assert!(report.unreconciled.is_empty(), "{report:?}");
    assert!(reconciled(&ledger, &report, 100).await.is_empty());
    assert_eq!(recorded(&directory).len(), 3);
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_taken_up_where_it_ended() {
    let directory = TempDir::new().unwrap();
    let first = crashed(&directory, &[let_through(1), let_through(2), let_through(3)]);
    // Sealed, and then the start dies, once without and once with a record written.
    drop(reopen(&directory));
    let (ledger, report) = reopen(&directory);
    assert_eq!(report.unreconciled.first(), Some(&first));
    let told = format!(
        r#""kind":"reconciliation","result":"outcome_unknown","epoch":"{first}","request_id":"{}""#,
        id(2)
    );
    append(&ledger, &told, 10);
    drop(ledger);

    let (ledger, report) = reopen(&directory);
    assert_eq!(report.unreconciled.len(), 3, "{report:?}");
    assert_eq!(reconciled(&ledger, &report, 100).await, [2, 0, 0]);
    let mut ids: Vec<_> =
        recorded(&directory).iter().map(|record| record["request_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    assert_eq!(ids, [id(1), id(2), id(3)]);
    drop(ledger);
    // The one that reconciled died too, but of its own calls there are none.
    let (ledger, report) = reopen(&directory);
    assert_eq!(report.unreconciled.len(), 1);
    assert_eq!(reconciled(&ledger, &report, 100).await, [0]);
    assert_eq!(recorded(&directory).len(), 3);
}

#[tokio::test]
async fn more_than_are_named_are_told_as_a_number_once() {
    let directory = TempDir::new().unwrap();
    let mut records: Vec<String> = (0..10).map(let_through).collect();
    records.extend([executed(1), executed(9)]);
    let epoch = crashed(&directory, &records);
    let (ledger, report) = reopen(&directory);
    assert_eq!(reconciled(&ledger, &report, 4).await, [8]);
    let told = recorded(&directory);
    // Four were held, of which one ended; of the six others one did.
    assert_eq!(told.len(), 4);
    let crowd = told.last().unwrap();
    assert_eq!((&crowd["calls"], &crowd["first_seq"]), (&5.into(), &5.into()));
    assert_eq!((&crowd["epoch"], &crowd["result"]), (&epoch.clone().into(), &"outcome_unknown".into()));
    drop(ledger);

    // As if the start had died between its last record and taking the mark of the epoch away.
    std::fs::write(root(&directory).join(&epoch).join("unreconciled"), "").unwrap();
    let (ledger, report) = reopen(&directory);
    assert_eq!(reconciled(&ledger, &report, 100).await, [0, 0]);
    assert_eq!(recorded(&directory).len(), 4);
}

#[tokio::test]
async fn a_log_that_was_closed_in_order_is_not_read_unless_it_says_so() {
    let directory = TempDir::new().unwrap();
    for (says_so, wanted) in [(false, vec![]), (true, vec![1])] {
        let ledger = open(&directory, Durability::Disk);
        append(&ledger, &let_through(1), 0);
        if says_so {
            ledger.leave_unreconciled().unwrap();
        }
        ledger.close(at(1)).unwrap();
        drop(ledger);
        let (ledger, report) = reopen(&directory);
        assert_eq!(reconciled(&ledger, &report, 100).await, wanted);
        ledger.close(at(11)).unwrap();
    }
}
