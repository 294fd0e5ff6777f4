//! Texts that other people read, kept as files in `tests/golden`: a change of one shows in review.

use std::path::Path;

/// Compares `text` with the golden file of that name; with `UPDATE_GOLDEN=1` writes it instead.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == text, "tests/golden/{name} differs; UPDATE_GOLDEN=1 takes this over:\n{text}");
}
