//! The token options: the same for `token`, `env` and `exec`.

use std::time::Duration;

use clap::Args;

use super::duration;
use crate::host::process;
use crate::wire::{Op, Request};

#[derive(Debug, Default, Args)]
// The verb `token` has a group of that name.
#[group(id = "token-options")]
pub(crate) struct Token {
    /// The least life that the token is to have (90s, 10m, 8h)
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub min_ttl: Option<Duration>,
    /// For this project in place of the profile's scope: its name or id
    #[arg(long, value_name = "PROJECT", group = "scope")]
    pub project: Option<String>,
    /// For this domain: its name or id
    #[arg(long, value_name = "DOMAIN", group = "scope")]
    pub domain: Option<String>,
    /// For the whole system
    #[arg(long, group = "scope")]
    pub system: bool,
    /// For no scope at all
    #[arg(long, group = "scope")]
    pub unscoped: bool,
    /// Make a new token, whatever is cached
    #[arg(long)]
    pub fresh: bool,
    /// How long to wait for it all
    #[arg(long, value_name = "TIME", value_parser = duration::parse, overrides_with = "timeout")]
    pub timeout: Option<Duration>,
}

impl Token {
    pub(crate) fn request(&self, op: Op, profile: Option<&str>) -> Request {
        let mut request = Request::for_profile(op, profile);
        request.holder = Some(process::parent());
        request.min_ttl_s = self.min_ttl.map(|length| length.as_secs());
        request.fresh = self.fresh;
        request.project = self.project.clone();
        request.domain = self.domain.clone();
        (request.system, request.unscoped) = (self.system, self.unscoped);
        request.deadline_ms = self.timeout.and_then(|length| length.as_millis().try_into().ok());
        request
    }
}

/// The profile that is meant: named, else `$OSAGENT_PROFILE`; `None` leaves it to the agent.
pub(crate) fn profile(named: Option<&str>) -> Option<String> {
    let from_environment = || std::env::var("OSAGENT_PROFILE").ok().filter(|name| !name.is_empty());
    named.map(str::to_owned).or_else(from_environment)
}
