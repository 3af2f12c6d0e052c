//! `remove`: a profile and its secret.

use clap::Args;

use super::{ask, report};
use crate::wire::answer::Done;
use crate::wire::{Failure, Op, Request};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent remove old-project\n\nTokens that were handed out live on; 'osagent revoke --all' ends them."
)]
pub(crate) struct Remove {
    pub profile: String,
    /// Also when the keyring does not answer: its item is left there
    #[arg(long)]
    pub force: bool,
}

pub(crate) fn run(arguments: &Remove) -> Result<(), Failure> {
    let mut request = Request::for_profile(Op::Remove, Some(&arguments.profile));
    request.all = arguments.force;
    let done: Done = ask::ask(&mut request)?;
    report::warnings(&done.warnings);
    report::note(&format!("profile {:?} and its secret are removed", arguments.profile));
    Ok(())
}
