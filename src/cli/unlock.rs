//! `unlock`: the agent hands out tokens again.

use clap::Args;

use super::{ask, report};
use crate::wire::answer::Done;
use crate::wire::{Failure, Op, Request};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent unlock\n\nA password that was in the agent's memory only is asked for when it is next needed."
)]
pub(crate) struct Unlock {}

pub(crate) fn run(_: &Unlock) -> Result<(), Failure> {
    let done: Done = ask::ask(&mut Request::new(Op::Unlock))?;
    report::warnings(&done.warnings);
    report::note("unlocked");
    Ok(())
}
