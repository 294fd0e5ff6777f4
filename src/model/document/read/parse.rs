//! Text to [`Document`]: strict YAML 1.2 core schema, every size bounded. Imports nothing of ours.
//!
//! `serde_saphyr` was chosen over walking `saphyr`'s marked tree because its budget also counts what aliases expand to,
//! in nodes and in bytes, while the text is being read.

use std::sync::Arc;

use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Options, alias_limits, budget, options};

use crate::model::document::node::{Node, NodeValue, Position};
use crate::model::document::place::Place;
use crate::model::document::problem::{Problem, Problems};
use crate::model::document::read::message::message_of;
use crate::model::document::read::outline::{Outline, Whole};
use crate::model::document::read::raw_node::Located;
use crate::model::document::tree::Document;

/// The longest text that is read, in bytes. Ten thousand rules take about a quarter of it.
pub const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How much of a document there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How deep lists and mappings may lie in each other.
    pub(super) depth: usize,
    /// How many values there may be, those repeated by aliases counted again.
    pub(super) nodes: usize,
}

/// Of a document that is read whole. A level costs the reader about 35 KiB of stack in a debug build, so that twice as
/// many would not fit the 2 MiB of an ordinary thread.
const WHOLE: Bounds = Bounds { depth: 32, nodes: 500_000 };

/// Of a document that is read in part. What is not read costs no memory and little stack; an OpenAPI document of the
/// greatest length, its schemas written out in place, stays below both.
const IN_PART: Bounds = Bounds { depth: 96, nodes: 2_000_000 };

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
        parse::<Whole>(name, text, WHOLE, Reading::Strict)
    }

    /// Reads `text` as [`Document::parse`] does, but as other readers of YAML would: of equal keys the last one counts, and merge
    /// keys (`<<`) are merged.
    ///
    /// # Errors
    /// As [`Document::parse`], but for these.
    pub fn parse_lenient(name: &str, text: &str) -> Result<Self, Problems> {
        parse::<Whole>(name, text, WHOLE, Reading::Lenient)
    }

    /// Reads of `text` what the outline `O` names, and skips the rest. What is skipped must be YAML and must not have tags
    /// beyond the core schema; duplicate keys in it go unseen.
    ///
    /// # Errors
    /// As [`Document::parse`], with wider limits on depth and number of values.
    pub fn parse_in_part<O: Outline>(name: &str, text: &str) -> Result<Self, Problems> {
        parse::<O>(name, text, IN_PART, Reading::Strict)
    }
}

/// What is made of equal keys and merge keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Strict,
    Lenient,
}

fn parse<O: Outline>(name: &str, text: &str, bounds: Bounds, reading: Reading) -> Result<Document, Problems> {
    let source: Arc<str> = Arc::from(name);
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the text has {} bytes, more than {TEXT_BYTES_MAX}", text.len());
        return Err(Problem::new(Place::whole(source), "", message).into());
    }
    let raw = match serde_saphyr::from_str_with_options::<Option<Located<O>>>(text, limits(bounds, reading)) {
        Ok(raw) => raw,
        Err(error) => return Err(problem_of(&error, bounds, source).into()),
    };
    let null = Node { at: Position { source: 0, line: 1, column: 1 }, value: NodeValue::Null };
    let mut document = Document::new(source, null);
    let mut problems = Vec::new();
    if let Some(raw) = raw {
        let mut node = raw.into_node();
        if reading == Reading::Lenient {
            node.keep_last_keys();
        }
        document.root = node.finish(&document, &mut problems);
    }
    Problems::unless_empty(document, problems)
}

/// The reader's settings. Duplicate keys pass here, because the tree reports all of them with both places.
fn limits(Bounds { depth, nodes }: Bounds, reading: Reading) -> Options {
    let merge_keys = match reading {
        Reading::Strict => MergeKeyPolicy::Error,
        Reading::Lenient => MergeKeyPolicy::Merge,
    };
    options! {
        budget: budget! {
            max_reader_input_bytes: Some(TEXT_BYTES_MAX),
            max_depth: depth,
            flow_nesting_limit: depth + 1,
            max_nodes: nodes,
            max_events: nodes * 3,
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
        merge_keys: merge_keys,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn problem_of(error: &serde_saphyr::Error, bounds: Bounds, source: Arc<str>) -> Problem {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let (line, column) =
        error.location().map_or((0, 0), |location| (number(location.line()), number(location.column())));
    Problem::new(Place { source, line, column }, "", message_of(error, bounds))
}
