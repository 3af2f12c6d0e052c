//! What can go wrong between us and Keystone: one variant for each thing that somebody branches on. No variant ever holds
//! a secret, a token, a request or a reply; the remote's own words come in as `Said` only.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use crate::keystone::said::Said;
use crate::keystone::url::BadUrl;
use crate::profile;

type Source = Box<dyn Error + Send + Sync>;

/// `at` is the address of Identity v3 that was asked; it never holds a user name, a password or a query.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The profile cannot be used as it is; nothing was sent.
    #[error(transparent)]
    Profile(#[from] profile::Fault),
    /// The auth URL cannot be used; nothing was sent.
    #[error(transparent)]
    Url(#[from] BadUrl),
    /// Our own limit of token creations: nothing was sent, and `wait` is how long until there is room.
    #[error("too many token creations in the last minute; room again in {} s", wait.as_secs().max(1))]
    OwnLimit { wait: Duration },

    /// 401. A wrong secret, an unknown user or project, no role there and a locked account look alike.
    #[error("keystone at {at} refused the login{said}")]
    Refused { at: String, said: Said },
    /// 401 with a receipt: the secret is right, and the account's rules ask for more. `rules` are sets of methods.
    #[error("keystone at {at} accepted the password and asks for another factor ({})", in_words(rules))]
    SecondFactor { at: String, rules: Vec<Vec<String>> },
    /// The login goes on in a browser, at `to`.
    #[error("the login at {at} goes on in a browser")]
    Visit { at: String, to: String },
    /// The token that was to be traded is revoked, expired or unknown.
    #[error("keystone at {at} does not know the token any more")]
    DeadToken { at: String },
    /// 403: this login may not do that. From `rescope`: trading is forbidden here, log in anew.
    #[error("keystone at {at} forbids this{said}")]
    Forbidden { at: String, said: Said },
    /// 404: what answers there has no Identity v3.
    #[error("there is no identity service (v3) at {at}")]
    NotFound { at: String },
    /// 413.
    #[error("keystone at {at} says that the request is too large")]
    TooLarge { at: String },
    /// 429. `retry_after` as the server gave it, in seconds or as a date against its own `Date`.
    #[error("keystone at {at} limits the rate of logins{}", in_seconds(*retry_after))]
    Limited { at: String, retry_after: Option<Duration> },
    /// 5xx. `retry_after` where the server gave one.
    #[error("keystone at {at} has trouble of its own (status {status})")]
    Server { at: String, status: u16, retry_after: Option<Duration> },
    /// 3xx: never followed, for the secret is bound to its origin.
    #[error("keystone at {at} points elsewhere, to {to}; a login is not sent on")]
    Redirect { at: String, to: String },
    /// Any other status.
    #[error("keystone at {at} answered with an unexpected status ({status})")]
    Status { at: String, status: u16 },

    /// The right status, but the body is no JSON: some web page, or not Keystone at all.
    #[error("what answers at {at} is no keystone: its reply is not JSON")]
    NotJson { at: String },
    /// JSON, but without something that a token must have.
    #[error("the reply of keystone at {at} is not as it should be: {what}")]
    Shape { at: String, what: &'static str },
    /// More than any catalog could be.
    #[error("the reply of keystone at {at} is larger than {} MiB", len_max >> 20)]
    ReplyTooLarge { at: String, len_max: usize },
    /// The connection ended in the middle of the exchange, or what came is no HTTP. A token may have been made.
    #[error("the exchange with keystone at {at} broke off")]
    CutOff { at: String, source: Source },

    #[error("no secure connection to keystone at {at}")]
    Tls { at: String, source: Source },
    #[error("the host name of keystone at {at} has no address")]
    Dns { at: String, source: Source },
    #[error("keystone at {at} cannot be reached")]
    Connect { at: String, source: Source },
    #[error("keystone at {at} did not answer in time ({lacking})")]
    TimedOut { at: String, lacking: &'static str },

    #[error("the CA file {} cannot be used", path.display())]
    CaCert { path: PathBuf, source: Source },
    #[error("the client certificate or key {} cannot be used", path.display())]
    Cert { path: PathBuf, source: Source },
}

impl Fault {
    /// Whether the same request may succeed a little later without anybody changing anything. Never for a refusal: a
    /// wrong secret that is tried again locks the account.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Fault::OwnLimit { .. }
            | Fault::Limited { .. }
            | Fault::Server { .. }
            | Fault::CutOff { .. }
            | Fault::Dns { .. }
            | Fault::Connect { .. }
            | Fault::TimedOut { .. } => true,
            Fault::Profile(_)
            | Fault::Url(_)
            | Fault::Refused { .. }
            | Fault::SecondFactor { .. }
            | Fault::Visit { .. }
            | Fault::DeadToken { .. }
            | Fault::Forbidden { .. }
            | Fault::NotFound { .. }
            | Fault::TooLarge { .. }
            | Fault::Redirect { .. }
            | Fault::Status { .. }
            | Fault::NotJson { .. }
            | Fault::Shape { .. }
            | Fault::ReplyTooLarge { .. }
            | Fault::Tls { .. }
            | Fault::CaCert { .. }
            | Fault::Cert { .. } => false,
        }
    }

    /// How long the other side (or our own limit) wants us to wait, where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Fault::OwnLimit { wait } => Some(*wait),
            Fault::Limited { retry_after, .. } | Fault::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// `totp + password`, one set after the other.
fn in_words(rules: &[Vec<String>]) -> String {
    let sets: Vec<String> = rules.iter().map(|rule| rule.join(" + ")).collect();
    sets.join(", or ")
}

fn in_seconds(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!("; it asks to wait {} s", wait.as_secs())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_never_worth_a_retry() {
        let at = || "https://cloud:5000/v3".to_owned();
        assert!(!Fault::Refused { at: at(), said: Said::default() }.is_worth_retrying());
        assert!(!Fault::SecondFactor { at: at(), rules: Vec::new() }.is_worth_retrying());
        assert!(!Fault::Forbidden { at: at(), said: Said::default() }.is_worth_retrying());
        assert!(Fault::Limited { at: at(), retry_after: None }.is_worth_retrying());
    }

    #[test]
    fn a_second_factor_is_named() {
        let rules = vec![vec!["password".to_owned(), "totp".to_owned()]];
        let fault = Fault::SecondFactor { at: "https://cloud:5000/v3".to_owned(), rules };
        assert_eq!(
            fault.to_string(),
            "keystone at https://cloud:5000/v3 accepted the password and asks for another factor (password + totp)"
        );
    }
}
