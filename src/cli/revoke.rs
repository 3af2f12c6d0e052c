//! `revoke`: the tokens end at Keystone, not only here.

use clap::Args;

use super::{ask, options, report, secret};
use crate::host::{process, terminal};
use crate::secret::Secret;
use crate::wire::answer::{Ended, Holder};
use crate::wire::{Code, Failure, Op, Request, Sealed};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent revoke prod\n  osagent revoke --all\n  osagent revoke --token             # the one in $OS_TOKEN\n  \
    osagent revoke --token < token.txt\n\nAfterwards 'eval $(osagent env --unset)' clears this shell."
)]
pub(crate) struct Revoke {
    /// The profile; without one $OSAGENT_PROFILE, the default one, the only one
    #[arg(conflicts_with_all = ["all", "token"])]
    pub profile: Option<String>,
    /// Every token that the agent holds
    #[arg(long, conflicts_with = "token")]
    pub all: bool,
    /// The token in $OS_TOKEN, or on standard input; never an argument, for others can read those
    #[arg(long)]
    pub token: bool,
    /// Do not ask, whatever else ends with it
    #[arg(long)]
    pub yes: bool,
}

pub(crate) fn run(arguments: &Revoke) -> Result<(), Failure> {
    let ended = if arguments.token { foreign()? } else { held(arguments)? };
    let count = |n: usize| format!("{n} token{}", if n == 1 { "" } else { "s" });
    let dead = match ended.already_dead {
        0 => String::new(),
        n => format!(", {} had ended there already", count(n)),
    };
    report::note(&format!("{} revoked at Keystone{dead}", count(ended.revoked)));
    if std::env::var_os("OS_TOKEN").is_some_and(|token| !token.is_empty()) {
        report::note("this shell still has OS_TOKEN; 'eval $(osagent env --unset)' clears it");
    }
    let mut failed = ended.failed.into_iter().map(|failure| match failure.profile {
        Some(_) => failure.at("not revoked, and still held"),
        // Of a login whose token nobody knows.
        None => failure,
    });
    let first = failed.next();
    failed.for_each(|failure| report::warning(&failure.message));
    first.map_or(Ok(()), Err)
}

fn held(arguments: &Revoke) -> Result<Ended, Failure> {
    let profile = if arguments.all { None } else { options::profile(arguments.profile.as_deref()) };
    let mut request = Request::for_profile(Op::Revoke, profile.as_deref());
    request.all = arguments.all;
    if !arguments.yes {
        request.dry_run = true;
        let preview: Ended = ask::ask_running(&request)?.ok_or_else(nobody)?;
        request.dry_run = false;
        if tell_what_else(&preview) && !arguments.all {
            let is_sure = !terminal::can_ask()
                || terminal::confirm("Revoke it?").map_err(|fault| ask::asking(&fault))?;
            if !is_sure {
                return Err(Failure::new(Code::Usage, "nothing was revoked"));
            }
        }
    }
    ask::ask_running(&request)?.ok_or_else(nobody)
}

/// What else ends with it. Says whether there is anything.
fn tell_what_else(preview: &Ended) -> bool {
    if !preview.also.is_empty() {
        report::note(&format!("this also ends the token of {}", preview.also.join(", ")));
    }
    if !preview.scopes.is_empty() {
        report::note(&format!("this also ends the token for {}", preview.scopes.join(", ")));
    }
    // Ourselves, and the shell that this is typed in, are known.
    let is_other = |holder: &&Holder| ![process::parent(), process::pid()].contains(&holder.pid);
    let others = preview.holders.iter().filter(is_other);
    let others: Vec<String> = others.map(|one| format!("{} (process {})", one.name, one.pid)).collect();
    if !others.is_empty() {
        report::note(&format!("it was also handed out to {}", others.join(", ")));
    }
    !(preview.also.is_empty() && preview.scopes.is_empty() && others.is_empty())
}

fn nobody() -> Failure {
    Failure::new(
        Code::Agent,
        "no agent is running, so no token of its is held; 'osagent revoke --token' takes $OS_TOKEN",
    )
}

/// A token from elsewhere; any agent will do, so one is started if need be.
fn foreign() -> Result<Ended, Failure> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let piped = if has_input() { Some(secret::line_of_pipe()?) } else { None };
    let token = match (piped, variable("OS_TOKEN").map(Secret::new)) {
        // A pipe says more than an environment that came along, if it says anything.
        (Some(token), _) if !token.is_empty() => token,
        (_, Some(token)) => token,
        (Some(empty), None) => secret::not_empty(empty)?,
        (None, None) => {
            let text = "there is no token: OS_TOKEN is not set, and nothing is piped in";
            return Err(Failure::new(Code::Usage, text));
        }
    };
    let mut request = Request::for_profile(Op::Revoke, variable("OSAGENT_PROFILE").as_deref());
    request.auth_url = variable("OS_AUTH_URL");
    request.secret = Some(Sealed(token));
    ask::ask(&mut request)
}

/// A pipe or a file on standard input; a terminal, /dev/null and a closed one are nothing.
fn has_input() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let stdin = std::io::stdin();
    let metadata =
        stdin.as_fd().try_clone_to_owned().map(std::fs::File::from).and_then(|file| file.metadata());
    metadata.is_ok_and(|metadata| !metadata.file_type().is_char_device())
}
