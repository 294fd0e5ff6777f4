//! Aegis Gateway: a policy enforcement point in front of the tools that AI agents call. Each call is identified, read,
//! decided under one immutable policy snapshot, recorded in a hash-chained ledger, and only then forwarded, or refused with
//! a reason. ARCHITECTURE.md says more; this page is the map.
//!
//! # One call
//!
//! ```text
//!  agent                                                                                            tool
//!    |   proxy::listen     accept, one deadline per connection or HTTP/2 stream                       ^
//!    v                                                                                                |
//!  proxy::service          request_filter: the body is read whole (proxy::body)                       |
//!    |                                                                                                |
//!    v                                                                                                |
//!  gateway::pipeline       judge: loads the snapshot once, then                                       |
//!    |   gateway::assess     head and route     gateway::head, decision::PolicySnapshot::route        |
//!    |                       identify           identity::identify        -> Principal                |
//!    |                       extract            extract::{mcp, operations, tool_call} -> ToolCall     |
//!    |                       decide             decision::decide          -> Decision                 |
//!    |                         policy::rules    Finding; decision::combine: the strictest wins        |
//!    |   gateway::holding    a call that wants a person: its hold is found, opened or used up         |
//!    |   record              audit::record -> audit::Ledger::record (memory or disk, as configured)   |
//!    v                                                                                                |
//!  Verdict::Forward(Permit) -> upstream_peer takes the permit, the judged bytes are sent -------------+
//!  Verdict::Refuse(Refusal) -> proxy::respond -> agent
//!  Verdict::Wait(Waiting)   -> proxy::waiting -> judged again
//!
//!  the call has ended      gateway::execution   -> a second record, which nothing waits for
//! ```
//!
//! Beside it: `app::reload` compiles a changed file and `gateway::publish` records it and swaps it in; `control` answers
//! health checks and Prometheus.
//!
//! # Layers
//!
//! | layer | module | the question it answers | may import |
//! |---|---|---|---|
//! | L0 words | [`model`] | what is a call, a decision, a strict JSON tree, a time | nothing of ours |
//! | | [`config`] | what did the operator configure, and what is wrong with it | `model` |
//! | | [`telemetry`] | what is counted and logged | `model` |
//! | L1 pure | [`identity`] | who is calling | `model` |
//! | | [`extract`] | what do they want | `model` |
//! | | [`policy`] | what did the operators write | `model` |
//! | | [`response`] | what may come back | `model` |
//! | | [`risk`] | how dangerous is it | `model` |
//! | L2 decision | [`decision`] | is it allowed | L0, L1 |
//! | L3 state | [`holds`] | which calls wait for a person, and what became of each | L0 to L2 |
//! | | [`audit`] | what happened, and can it be proved | L0 to L2 |
//! | | [`facts`] | what did a session and a caller do before | L0 to L2 |
//! | | [`admin`] | what did operators administer: policies, capabilities, grants, keys | L0 to L2 |
//! | L4 enforcement | [`gateway`] | the steps in order, the permit, the snapshot's one writer | L0 to L3 |
//! | L5 edges | [`store`] | what outlives the gateway beside the ledger (SQL) | L0 to L3 |
//! | | [`proxy`] | HTTP with agents and tools (Pingora) | L0 to L4 |
//! | | [`control`] | HTTP with operators, and with callers of the policy server (axum) | L0 to L4 |
//! | | [`net`] | what we ask other servers ourselves (ureq) | L0 to L4, for `app` alone |
//! | | [`demo`] | tools to try it with (axum) | `model` |
//! | L6 assembly | [`app`] | start, reload, stop | L0 to L5 |
//! | | [`cli`] | arguments, printing, exit codes | L0 to L5, `app` |
//!
//! # What always holds
//!
//! `tests/tidy.rs` checks as much of this as text can show.
//!
//! - **Invariant 1**: imports point only down, and only as the table lists. Modules of one layer do not import each other,
//!   but for `model` in L0 and `app` in L6.
//! - **Invariant 2**: `model`, `config`, L1 and L2 do no I/O, read no clock, draw no randomness, log nothing, spawn nothing
//!   and are not `async`. Time arrives in `Facts`, so a decision can be made again from its record.
//! - **Invariant 3**: only `proxy` names Pingora, only `control` and `demo` axum, only `net` a client of HTTP, only
//!   `telemetry` Prometheus, only `store` SQL, and only `cli` and `main.rs` print.
//! - **Invariant 4**: `arc_swap` appears only in `model::handle`. A request loads the snapshot once, after its body is
//!   complete, and its record names that snapshot's version and hash. `gateway::publish` is the one writer.
//! - **Invariant 5**: forwarding takes a `Permit`. Only `gateway` makes one, only after the ledger took the record under the
//!   configured durability, and `upstream_peer` takes it out of the request: a second try finds none and fails.
//! - **Invariant 6**: every error on the way to a decision is a denial with a reason. An engine that cannot tell is never
//!   taken for one that has nothing to say, and a restrictor has no Allow in its type.
//! - **Invariant 7**: bodies, depths, queues, segments and waits have limits, and a typed error for when one is met. (How
//!   many connections the data plane may have is left to the system's own limit in this version; the listeners of `control`
//!   take 256 each.)
//! - **Invariant 8**: the types of the core are not `Serialize`. What goes over the wire or into the ledger is written by
//!   `audit::record`, `control` and `proxy::respond`.
//! - **Invariant 9**: a panic while a request is served is a refusal, a record and a count.
//!
//! # Where to start
//!
//! [`gateway::Gateway::judge`] for the steps, [`decision::decide`] for the answer, [`audit`] for the ledger,
//! [`config::load_document`] for the configuration, [`app::App::start`] for how all of it is put together.

// L0: words
pub mod model;

pub mod config;
pub mod telemetry;

// L1: one question each
pub mod identity;

pub mod extract;
pub mod policy;
pub mod response;
pub mod risk;

// L2: the decision point
pub mod decision;

// L3: state
pub mod holds;

pub mod admin;
pub mod audit;
pub mod facts;

// L4: the enforcement point
pub mod gateway;

// L5: edges
pub mod store;

pub mod proxy;

pub mod control;
pub mod demo;
pub mod net;

// L6: assembly
pub mod app;
pub mod cli;
