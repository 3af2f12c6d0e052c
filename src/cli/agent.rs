//! `agent`: the agent in the foreground, for systemd, launchd and debugging. This program becomes it.

use std::os::unix::process::CommandExt;

use clap::Args;

use super::{ask, report};
use crate::client;
use crate::wire::{Code, Failure};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent agent              # until Ctrl-C or 'osagent stop'\n  \
    osagent agent --replace    # after an upgrade: tokens and secrets in memory are kept\n\n\
    Any command that needs an agent starts one by itself; this is for service managers and for debugging.")]
pub(crate) struct Agent {
    /// Put this release's agent in the place of the one that runs, in the background; it takes over all that it holds
    #[arg(long)]
    pub replace: bool,
}

pub(crate) fn run(arguments: &Agent) -> Result<(), Failure> {
    if arguments.replace {
        return replace();
    }
    let mut agent = client::foreground()?;
    let error = agent.exec();
    let mut failure = Failure::new(Code::Agent, format!("{:?} cannot be started", agent.get_program()));
    failure.causes.push(error.to_string());
    Err(failure)
}

fn replace() -> Result<(), Failure> {
    match ask::route(None)?.replace()? {
        None => report::note("no agent is running; the first command that needs one starts it"),
        Some((before, after)) => report::note(&format!(
            "agent {} (release {}) took over from agent {} (release {})",
            after.pid, after.release, before.pid, before.release
        )),
    }
    Ok(())
}
