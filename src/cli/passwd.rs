//! `passwd`: a new secret for a profile, tested before it replaces the old one.

use clap::Args;

use super::{ask, options, report, secret};
use crate::wire::answer::{Done, Listed};
use crate::wire::{Failure, Op, Request, Sealed};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent passwd prod\n  pass show cloud/prod | osagent passwd prod --secret-stdin\n\n\
    This stores a password that Keystone has already; it does not change it there ('openstack user password set' does)."
)]
pub(crate) struct Passwd {
    /// The profile; without one $OSAGENT_PROFILE, the default one, the only one
    pub profile: Option<String>,
    /// Read it from standard input, one line
    #[arg(long)]
    pub secret_stdin: bool,
    /// Store it without a login
    #[arg(long)]
    pub no_verify: bool,
}

pub(crate) fn run(arguments: &Passwd) -> Result<(), Failure> {
    let named = options::profile(arguments.profile.as_deref());
    let listed: Listed = ask::ask(&mut Request::for_profile(Op::Show, named.as_deref()))?;
    let profile = &listed.profile;
    let secret = match arguments.secret_stdin {
        true => secret::from_stdin()?,
        false => {
            let question = format!("Password of {}, {}: ", profile.who(), profile.scope.describe());
            secret::from_terminal(&question).map_err(|failure| failure.about(profile.name.as_str()))?
        }
    };
    let mut request = Request::for_profile(Op::SecretSet, Some(profile.name.as_str()));
    request.secret = Some(Sealed(secret));
    request.no_verify = arguments.no_verify;
    let done: Done = ask::ask(&mut request)?;
    report::warnings(&done.warnings);
    let tested = if arguments.no_verify { "untested" } else { "tested" };
    report::note(&format!(
        "profile {:?}: the new password is {tested} and in the keyring {}",
        profile.name.as_str(),
        listed.keyring
    ));
    Ok(())
}
