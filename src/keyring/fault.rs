//! What can go wrong with a keyring, in words for a person: which keyring, which provider, what it waits for. No secret is
//! ever in one, and what to do next is said elsewhere.

use crate::profile::{Name, Origin};

/// The cause as the store told it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("keyring {keyring}: there is none here: {why}")]
    Absent { keyring: &'static str, why: String },

    #[error("keyring {keyring}: {provider} is locked and waits for its password")]
    Locked { keyring: &'static str, provider: String },

    #[error("keyring {keyring}: {provider} asked for its password and got none")]
    Dismissed { keyring: &'static str, provider: String },

    #[error("keyring {keyring}: {provider} has no keyring to put secrets into")]
    NoCollection { keyring: &'static str, provider: String },

    #[error("keyring {keyring}: {provider} did not answer in time; waited for {waiting_for}")]
    TimedOut { keyring: &'static str, provider: String, waiting_for: String },

    /// `found` is `None` where the item says no origin at all: we did not make it, or not to the end.
    #[error("keyring {keyring}: the secret of profile \"{profile}\" is for {}, not for {asked}", of(.found))]
    OtherOrigin { keyring: &'static str, profile: Name, asked: Origin, found: Option<String> },

    #[error("keyring {keyring}: {what}")]
    Failed {
        keyring: &'static str,
        what: String,
        #[source]
        cause: Option<Cause>,
    },
}

fn of(found: &Option<String>) -> &str {
    found.as_deref().unwrap_or("no Keystone that is written on it")
}
