//! `agent`: the agent in the foreground, for systemd, launchd and debugging. This program becomes it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;

use crate::client;
use crate::wire::{Code, Failure};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent agent              # until Ctrl-C or 'osagent stop'\n\n\
    Any command that needs an agent starts one by itself; this is for service managers and for debugging.")]
pub(crate) struct Agent {}

pub(crate) fn run(_: &Agent) -> Result<(), Failure> {
    let program = client::agent_program()?;
    let error = Command::new(&program).arg("--foreground").exec();
    let mut failure = Failure::new(Code::Agent, format!("{} cannot be started", program.display()));
    failure.causes.push(error.to_string());
    Err(failure)
}
