//! A reqwest client for one set of TLS settings: HTTP/1, bounded waits, no redirect, no retry.

use std::time::Duration;

use crate::keystone::fault::Fault;
use crate::keystone::http::{CONNECT_TIMEOUT, cause, tls};
use crate::profile;

/// An idle connection is worth keeping between a refused login and its second try, or through a revoke of many tokens;
/// after that a peer's own time-out would cut it under the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

const USER_AGENT: &str = concat!("osagent/", env!("CARGO_PKG_VERSION"));

/// What makes two clients the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Set {
    /// `None` for plain http: it needs no certificates, and works on a machine that has none.
    tls: Option<profile::Tls>,
    is_direct: bool,
}

impl Set {
    pub(super) fn of(tls: &profile::Tls, is_plain_http: bool, is_direct: bool) -> Set {
        Set { tls: (!is_plain_http).then(|| tls.clone()), is_direct }
    }

    pub(super) fn build(&self, at: &str) -> Result<reqwest::Client, Fault> {
        let config = match &self.tls {
            Some(settings) => tls::config(settings, at)?,
            None => tls::none(at)?,
        };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(1)
            .user_agent(USER_AGENT);
        if self.is_direct {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| Fault::Tls { at: at.to_owned(), source: cause::root(error) })
    }
}
