//! `set`: settings of a profile that is there.

use clap::Args;

use super::{ask, duration, report};
use crate::wire::answer::{Done, Listed};
use crate::wire::{Code, Failure, Op, Request};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent set prod allow_forward=8h\n  osagent set prod allow_forward=false\n\n\
        Keys:\n  allow_forward   whether the restricted socket gives tokens of this profile, for ssh -R and containers:\n                  \
        true, false, a length of time (8h) or an end in UTC (2026-12-31T12:00:00Z)"
)]
pub(crate) struct Set {
    /// The profile
    pub profile: String,
    /// What to set
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
}

pub(crate) fn run(arguments: &Set) -> Result<(), Failure> {
    let settings = arguments.settings.iter().map(|setting| pair(setting)).collect::<Result<_, _>>()?;
    let mut request = Request::for_profile(Op::Set, Some(&arguments.profile));
    request.set = Some(settings);
    let done: Done = ask::ask(&mut request)?;
    report::warnings(&done.warnings);
    let listed: Listed = ask::ask(&mut Request::for_profile(Op::Show, Some(&arguments.profile)))?;
    let name = listed.profile.name.as_str();
    report::note(&match listed.allow_forward.as_deref() {
        None => format!("profile {name:?}: its tokens are given at no restricted socket"),
        Some("true") => {
            format!("profile {name:?}: the restricted socket gives its tokens until you say otherwise")
        }
        Some(end) => format!("profile {name:?}: the restricted socket gives its tokens until {end}"),
    });
    Ok(())
}

/// A length of time crosses as seconds from now, for the agent has the clock.
fn pair(setting: &str) -> Result<(String, String), Failure> {
    // What has no `=` may be anything: it is not repeated.
    let (key, value) = setting
        .split_once('=')
        .ok_or_else(|| Failure::new(Code::Usage, "a setting is KEY=VALUE: allow_forward=8h"))?;
    let value = match duration::parse(value) {
        Ok(length) if key == "allow_forward" => format!("+{}s", length.as_secs()),
        _ => value.to_owned(),
    };
    Ok((key.to_owned(), value))
}
