//! One exchange with Keystone: the only home of reqwest and rustls. HTTP/1, no redirect followed, nothing retried, nothing
//! logged, every wait and every length bounded. Knows no login and no token's shape.

mod cause;
mod client;
mod reply;
mod tls;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use zeroize::Zeroizing;

use crate::keystone::body::Body;
use crate::keystone::fault::Fault;
use crate::keystone::url::Base;
use crate::{profile, token};

pub(crate) use reply::Reply;

/// To the end of the TLS handshake; a host that does not answer by then is not there.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One request and its whole reply. Keystone checks a password in about a second; a loaded one takes several.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest catalogs seen are a few hundred KiB.
pub(crate) const REPLY_LEN_MAX: usize = 4 * 1024 * 1024;

/// Connections to Keystone, one client for each set of TLS settings, made at its first use: reading the system's
/// certificates takes milliseconds and a megabyte, and an agent that never logs in needs neither.
#[derive(Debug, Default)]
pub struct Http {
    clients: Mutex<HashMap<client::Set, reqwest::Client>>,
    is_direct: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Verb {
    Head,
    Post,
    Delete,
}

/// What is sent: `path` is below the base and has no leading slash.
pub(crate) struct Request<'a> {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    /// Becomes both X-Auth-Token and X-Subject-Token: a token is asked about, or ended, by itself.
    pub(crate) token: Option<&'a token::Id>,
    pub(crate) body: Option<Body>,
}

impl Http {
    /// Through the proxies that the environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY).
    pub fn new() -> Http {
        Http::default()
    }

    /// Past all proxies.
    pub fn direct() -> Http {
        Http { is_direct: true, ..Http::default() }
    }

    /// Sends `request` and reads the whole reply, within [`REQUEST_TIMEOUT`] and never beyond `deadline`.
    pub(crate) async fn send(
        &self,
        tls: &profile::Tls,
        base: &Base,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<Reply, Fault> {
        let set = client::Set::of(tls, base.is_plain_http(), self.is_direct);
        let (now, no_reply) =
            (Instant::now(), || Fault::TimedOut { at: base.to_string(), lacking: "no reply" });
        if deadline <= now {
            return Err(no_reply());
        }
        let end = deadline.min(now + REQUEST_TIMEOUT);
        let exchange = async {
            let client = self.client(&set, base).await?;
            let response = self.start(&client, base, request).await?;
            reply::read(response, base).await
        };
        let outcome = tokio::time::timeout_at(end.into(), exchange).await;
        let outcome = outcome.unwrap_or_else(|_| Err(no_reply()));
        if matches!(outcome, Err(Fault::Tls { .. })) {
            self.forget(&set);
        }
        outcome
    }

    async fn start(
        &self,
        client: &reqwest::Client,
        base: &Base,
        request: Request<'_>,
    ) -> Result<reqwest::Response, Fault> {
        let url = base.join(request.path);
        let mut builder = match request.verb {
            Verb::Head => client.head(url),
            Verb::Post => client.post(url),
            Verb::Delete => client.delete(url),
        };
        builder = builder.header(ACCEPT, "application/json");
        if let Some(token) = request.token {
            let value = sensitive(token).ok_or_else(|| Fault::DeadToken { at: base.to_string() })?;
            builder = builder.header("X-Auth-Token", value.clone()).header("X-Subject-Token", value);
        }
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(Bytes::from_owner(body));
        }
        builder.send().await.map_err(|error| cause::fault(base, error))
    }

    /// The files are read on a thread of their own: a path may lead to a slow disk, and the agent has one thread.
    async fn client(&self, set: &client::Set, base: &Base) -> Result<reqwest::Client, Fault> {
        if let Some(client) = self.clients().get(set) {
            return Ok(client.clone());
        }
        let (builder, at) = (set.clone(), base.to_string());
        let client = match tokio::task::spawn_blocking(move || builder.build(&at)).await {
            Ok(built) => built?,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is being shut down; nobody reads this any more.
                Err(_) => return Err(Fault::TimedOut { at: base.to_string(), lacking: "no connection" }),
            },
        };
        self.clients().insert(set.clone(), client.clone());
        Ok(client)
    }

    /// After a TLS failure the files are read anew, for they may have been replaced since.
    fn forget(&self, set: &client::Set) {
        self.clients().remove(set);
    }

    /// After a sleep of the machine: what was open is open no more at the other end.
    pub fn forget_connections(&self) {
        self.clients().clear();
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<client::Set, reqwest::Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A header that no `Debug` shows and whose bytes are wiped; `None` when it cannot be a header at all.
fn sensitive(token: &token::Id) -> Option<HeaderValue> {
    let bytes = Bytes::from_owner(Zeroizing::new(token.expose().as_bytes().to_vec()));
    let mut value = HeaderValue::from_maybe_shared(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}
