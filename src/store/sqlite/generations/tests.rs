//! Runs over a real file.

use tempfile::TempDir;

use crate::admin::{GenerationRun, GenerationState, GenerationStore, MemoryGenerationStore};
use crate::model::time::Timestamp;
use crate::store::SqliteStore;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

fn run(id: &str, engine: &str, second: i64, state: GenerationState) -> GenerationRun {
    GenerationRun {
        id: id.into(),
        engine: engine.into(),
        name: Some("spring".to_owned()),
        state,
        config: "{}".to_owned(),
        by: "admin".into(),
        created_at: at(second),
        updated_at: at(second),
        outcome: (state == GenerationState::Generated).then(|| "{\"assets\":[]}".to_owned()),
    }
}

fn keeps(store: &dyn GenerationStore) {
    let (old, new) =
        (run("b", "main", 5, GenerationState::Generated), run("a", "main", 9, GenerationState::Generating));
    for one in [&new, &old, &run("c", "spare", 1, GenerationState::Failed)] {
        store.put_run(one).unwrap();
    }
    assert_eq!(store.find_run("b").unwrap(), Some(old.clone()));
    assert_eq!(store.find_run("none").unwrap(), None);
    let listed = store.runs_of("main").unwrap();
    assert_eq!(listed, [GenerationRun { outcome: None, ..old }, new]);
    store.put_run(&run("d", "main", 0, GenerationState::Generated)).unwrap();
    store.forget_runs(at(1)).unwrap();
    assert_eq!(store.find_run("d").unwrap(), None, "forgotten");
    assert_eq!(store.find_run("a").unwrap().unwrap().state, GenerationState::Generating);
    assert!(store.find_run("c").unwrap().is_some());
    store.tidy_runs(at(2), "{\"why\":\"interrupted\"}", at(20)).unwrap();
    assert_eq!(store.find_run("c").unwrap(), None, "forgotten");
    let interrupted = store.find_run("a").unwrap().unwrap();
    assert_eq!((interrupted.state, interrupted.updated_at), (GenerationState::Failed, at(20)));
    assert_eq!(interrupted.outcome.as_deref(), Some("{\"why\":\"interrupted\"}"));
    assert_eq!(store.find_run("b").unwrap().unwrap().state, GenerationState::Generated);
    store.remove_run("b").unwrap();
    store.remove_run("b").unwrap();
    assert_eq!(store.runs_of("main").unwrap().len(), 1);
}

#[test]
fn runs_are_kept_listed_interrupted_and_forgotten() {
    keeps(&MemoryGenerationStore::default());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("aegis.db");
    keeps(&SqliteStore::open(&path).unwrap());
    // And are there after the next start.
    assert_eq!(SqliteStore::open(&path).unwrap().runs_of("main").unwrap().len(), 1);
}
