//! L6: the command line, a file per verb. The only place that prints.
//!
//! May import everything below and `app`. Exit codes: 0 ok, 1 findings or a failure, 2 usage, 3 no gateway answers, 64 bad configuration. Start
//! reading at `command.rs`.

mod answer;
mod audit;
mod audit_list;
mod cedar;
mod check;
mod command;
mod demo;
mod diff;
mod evaluate;
mod explain;
mod flow;
mod held;
mod holds;
mod init;
mod junit;
mod keys;
mod load;
mod output;
mod overrides;
mod policy_server;
mod remote;
mod schema;
mod serve;
mod simulate;
mod snapshots;
mod status;
mod table;
mod test;
mod values;
mod verdicts;

pub use command::run;
