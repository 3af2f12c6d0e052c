//! `lock`: every token and key in the agent's memory goes; nothing is handed out until `unlock`.

use clap::Args;

use super::{ask, report};
use crate::wire::answer::{Ended, Profiles};
use crate::wire::{Failure, Op, Request};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent lock\n  osagent lock --revoke      # leaving for the day\n\n\
    Without --revoke the tokens live on at Keystone until their end. Where one cannot be revoked the agent is locked all\n\
    the same, and the exit status is not 0.")]
pub(crate) struct Lock {
    /// Revoke the tokens at Keystone first (5 s at the most)
    #[arg(long)]
    pub revoke: bool,
}

pub(crate) fn run(arguments: &Lock) -> Result<(), Failure> {
    if let Some(answer) = ask::ask_running::<Profiles>(&Request::new(Op::Profiles))? {
        let volatile = answer.profiles.iter().filter(|listed| listed.keyring == "memory");
        let names: Vec<&str> = volatile.map(|listed| listed.profile.name.as_str()).collect();
        if !names.is_empty() {
            report::warning(&format!(
                "the password of {} is in the agent's memory only: after this it must be typed again",
                names.join(", ")
            ));
        }
    }
    let mut request = Request::new(Op::Lock);
    request.all = arguments.revoke;
    let Some(ended) = ask::ask_running::<Ended>(&request)? else {
        report::note("no agent is running: there is nothing to lock");
        return Ok(());
    };
    let mut text = "locked".to_owned();
    if ended.revoked + ended.already_dead > 0 {
        text.push_str(&format!("; {} revoked at Keystone", ended.revoked + ended.already_dead));
    }
    if ended.forgotten > 0 {
        text.push_str(&format!(
            "; {} forgotten here, alive at Keystone until the end of each",
            ended.forgotten
        ));
    }
    report::note(&text);
    let mut failed =
        ended.failed.into_iter().map(|failure| failure.at("locked, but a token was not revoked"));
    let first = failed.next();
    failed.for_each(|failure| report::warning(&failure.message));
    first.map_or(Ok(()), Err)
}
