//! The client. It has no network code, no keyring and no runtime in it; the agent has.

use std::process::ExitCode;

fn main() -> ExitCode {
    osagent::cli::main()
}
