//! Rows of text in columns, for people.

use std::fmt::Write;

/// Widest text of a column, in characters.
const COLUMN_CHARS: usize = 40;

/// The rows with their columns aligned, a line each; no space at the end of a line.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut table = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        // Writing into a text cannot fail.
        let _infallible = writeln!(table, "{}", cells.join("  ").trim_end());
    }
    table
}

/// The beginning of a text that is too wide for a column.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= COLUMN_CHARS {
        return text.to_owned();
    }
    text.chars().take(COLUMN_CHARS - 3).chain("...".chars()).collect()
}
