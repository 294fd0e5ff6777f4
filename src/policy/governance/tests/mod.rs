//! Tests of what is administered.
