//! `aegis`: arguments -> command -> exit code.

use std::process::ExitCode;

use aegis_gateway::cli;

/// Tool calls allocate small trees and free them soon after; mimalloc does that with fewer instructions than the system's
/// allocator, and keeps memory flat under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
