//! `stop`: the agent ends. Its tokens live on at Keystone; an agent that is not running is already stopped.

use clap::Args;

use super::{ask, report};
use crate::wire::answer::Done;
use crate::wire::{Failure, Op, Request};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent stop\n  osagent revoke --all && osagent stop\n\n\
    Tokens that were handed out live on at Keystone until their end; 'osagent revoke --all' before it ends them.")]
pub(crate) struct Stop {}

pub(crate) fn run(_: &Stop) -> Result<(), Failure> {
    match ask::ask_running::<Done>(&Request::new(Op::Stop))? {
        Some(done) => {
            report::warnings(&done.warnings);
            report::note("the agent is stopped");
        }
        None => report::note("no agent is running"),
    }
    Ok(())
}
