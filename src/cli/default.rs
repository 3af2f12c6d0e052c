//! `default`: which profile is meant when none is named.

use clap::Args;

use super::{ask, output, report};
use crate::wire::answer::Done;
use crate::wire::{Failure, Op, Request};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent default prod     # set it\n  osagent default          # which one is it?"
)]
pub(crate) struct Default {
    /// The new default; without one the present default is printed
    pub profile: Option<String>,
}

pub(crate) fn run(arguments: &Default) -> Result<(), Failure> {
    let done: Done = ask::ask(&mut Request::for_profile(Op::Default, arguments.profile.as_deref()))?;
    let name = done.profile.unwrap_or_default();
    match arguments.profile {
        Some(_) => report::note(&format!("the default profile is {name:?}")),
        None => output::print(&format!("{name}\n"))?,
    }
    Ok(())
}
