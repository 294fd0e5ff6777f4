//! Tests of what is administered.

mod asking;
mod files;
mod prospects;
mod reading;
mod schemas;
mod support;
mod windows;
