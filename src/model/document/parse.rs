//! Text to [`Document`]: strict YAML 1.2 core schema, every size bounded. Imports nothing of ours.
//!
//! `serde_saphyr` was chosen over walking `saphyr`'s marked tree because its budget also counts what aliases expand to,
//! in nodes and in bytes, while the text is being read.

use std::sync::Arc;

use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Options, alias_limits, budget, options};

use crate::model::document::message::message_of;
use crate::model::document::node::{Node, NodeValue, Position};
use crate::model::document::place::Place;
use crate::model::document::problem::{Problem, Problems};
use crate::model::document::raw_node::RawNode;
use crate::model::document::tree::Document;

/// The longest text that is read, in bytes. Ten thousand rules take about a quarter of it.
pub(super) const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How deep lists and mappings may lie in each other. A level costs the reader about 35 KiB of stack in a debug build, so
/// that twice as many would not fit the 2 MiB of an ordinary thread.
pub(super) const DEPTH_MAX: usize = 32;
/// How many values a document may have, those repeated by aliases counted again.
pub(super) const NODES_MAX: usize = 500_000;
/// How many bytes all keys and values may have together, those repeated by aliases counted again.
pub(super) const SCALAR_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many parser events aliases may repeat, in all.
pub(super) const ALIAS_EVENTS_MAX: usize = 100_000;

impl Document {
    /// Reads `text`, which the caller calls `name` (a file's path as it should be shown).
    ///
    /// A document is one YAML document (JSON is YAML) of mappings with string keys, lists, strings, booleans, numbers
    /// and nulls. An empty text is a null.
    ///
    /// # Errors
    /// The first syntax error, or every duplicate key and every tag beyond the core schema. Several documents, undefined
    /// aliases, merge keys and anything over the limits of this module are errors too.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        let source: Arc<str> = Arc::from(name);
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("the text has {} bytes, more than {TEXT_BYTES_MAX}", text.len());
            return Err(Problem::new(Place::whole(source), "", message).into());
        }
        let raw = match serde_saphyr::from_str_with_options::<Option<RawNode>>(text, limits()) {
            Ok(raw) => raw,
            Err(error) => return Err(problem_of(&error, source).into()),
        };
        let null = Node { at: Position { source: 0, line: 1, column: 1 }, value: NodeValue::Null };
        let mut document = Self::new(source, null);
        let mut problems = Vec::new();
        if let Some(raw) = raw {
            document.root = raw.finish(&document, &mut problems);
        }
        Problems::unless_empty(document, problems)
    }
}

/// The reader's settings. Duplicate keys pass here, because the tree reports all of them with both places.
fn limits() -> Options {
    options! {
        budget: budget! {
            max_reader_input_bytes: Some(TEXT_BYTES_MAX),
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX + 1,
            max_nodes: NODES_MAX,
            max_events: NODES_MAX * 3,
            max_total_scalar_bytes: SCALAR_BYTES_MAX,
            max_recorded_anchor_events: ALIAS_EVENTS_MAX * 4,
            max_recorded_anchor_bytes: SCALAR_BYTES_MAX,
            // The counts above bound aliases well enough; a ratio would refuse honest files with one anchor.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: alias_limits! {
            max_total_replayed_events: ALIAS_EVENTS_MAX,
        },
        emit_comments: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn problem_of(error: &serde_saphyr::Error, source: Arc<str>) -> Problem {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let (line, column) =
        error.location().map_or((0, 0), |location| (number(location.line()), number(location.column())));
    Problem::new(Place { source, line, column }, "", message_of(error))
}
