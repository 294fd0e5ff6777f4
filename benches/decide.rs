//! One decision: nanoseconds with 10 and with 1,000 rules.
//!
//! The bar is 3,000 ns with 1,000 rules, and at most twice what 10 take. Run with `cargo bench --bench decide`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::fmt::Write as _;
use std::hint::black_box;

use aegis_gateway::config::Config;
use aegis_gateway::decision::{PolicySnapshot, compile, decide};
use aegis_gateway::model::call::{Action, DecisionRequest, Parameters, Principal, PrincipalKind, ToolCall};
use aegis_gateway::model::decision::{Facts, SnapshotRef};
use aegis_gateway::model::document::Document;
use aegis_gateway::model::json::Reader;
use aegis_gateway::model::time::Timestamp;
use aegis_gateway::policy::rules;
use criterion::{Criterion, criterion_group, criterion_main};

