//! L6: the command line, a file per verb. The only place that prints.
//!
//! May import everything below and `app`. Exit codes: 0 ok, 1 findings or a failure, 2 usage, 3 no gateway answers, 64 bad configuration. Start
//! reading at `command.rs`.

mod audit;
mod audit_list;
mod check;
mod command;
mod demo;
mod flow;
mod held;
mod holds;
mod keys;
mod output;
mod remote;
mod schema;
mod serve;
mod status;

pub use command::run;
