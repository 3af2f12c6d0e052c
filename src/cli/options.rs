//! The token options: the same for `token`, `env` and `exec`.

use std::time::Duration;

use clap::Args;

use super::duration;
use crate::wire::{Op, Request};

#[derive(Debug, Default, Args)]
// The verb `token` has a group of that name.
#[group(id = "token-options")]
pub(crate) struct Token {
    /// The least life that the token is to have (90s, 10m, 8h)
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub min_ttl: Option<Duration>,
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
        request.min_ttl_s = self.min_ttl.map(|length| length.as_secs());
        request.fresh = self.fresh;
        request.deadline_ms = self.timeout.and_then(|length| length.as_millis().try_into().ok());
        request
    }
}

/// The profile that is meant: named, else `$OSAGENT_PROFILE`; `None` leaves it to the agent.
pub(crate) fn profile(named: Option<&str>) -> Option<String> {
    let from_environment = || std::env::var("OSAGENT_PROFILE").ok().filter(|name| !name.is_empty());
    named.map(str::to_owned).or_else(from_environment)
}
