//! The agent. People meet it as `osagent agent`, or not at all: the client starts it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    osagent::agent::start::main(&arguments)
}
