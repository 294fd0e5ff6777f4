//! Tests of what is administered, in SQLite.
