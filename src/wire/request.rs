//! What a client asks. One flat object for every op: an absent field is a default, so the reader needs no second pass (a
//! tagged union would buffer, and so copy, the secret).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::profile::Profile;

/// The verbs of the protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Hello,
    Token,
    Env,
    Rejected,
    Profiles,
    Show,
    Add,
    Remove,
    Default,
    Set,
    SecretSet,
    Answer,
    Revoke,
    Lock,
    Unlock,
    Status,
    Audit,
    Stop,
    /// An agent's successor asks for all that it holds.
    Handover,
    /// The successor has it all; the agent ends.
    HandoverDone,
    /// Anything else: answered with `unsupported`.
    #[default]
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub v: u32,
    pub op: Op,
    /// A profile's name; absent: the default one, or the only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// How long the caller waits, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// `token`, `env`: the least life that the token is to have, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ttl_s: Option<u64>,
    /// `token`, `env`: a new one, whatever is held.
    #[serde(skip_serializing_if = "is_false")]
    pub fresh: bool,
    /// `token`, `env`: another scope of the same login. A project's or a domain's name or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub system: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub unscoped: bool,
    /// `env`: ask Keystone whether the cached token still lives, and drop a dead one.
    #[serde(skip_serializing_if = "is_false")]
    pub check: bool,
    /// `env`: for a command that may run long, which gets the young token of a renewal under way.
    #[serde(skip_serializing_if = "is_false")]
    pub exec: bool,
    /// `env`: for a shell's prompt. A login that was revoked is not made anew by it.
    #[serde(skip_serializing_if = "is_false")]
    pub at_prompt: bool,
    /// `token`, `env`: the process that will hold the token, for people. Absent: whoever asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<i32>,
    /// `audit`: not what is older, in seconds; or than a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// `env`: another region than the profile's first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `add`: what to add, its name included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add: Option<Box<Add>>,
    /// `set`: the settings, each as a person writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<BTreeMap<String, String>>,
    /// `add`, `secret_set`, `answer`: the secret. `revoke`: a token to revoke. `rejected`: the token that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Sealed>,
    /// `revoke`: with a token in `secret`, where it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<String>,
    /// `revoke`: every token held. `lock`: revoke them too.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// `revoke`: only say what would end.
    #[serde(skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// The person at the terminal was told that the keyring may ask for its password.
    #[serde(skip_serializing_if = "is_false")]
    pub may_prompt: bool,
    /// `handover`, where the socket's name is gone: what the successor wrote into the lock's file, to show that it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// `answer`: the person did not answer.
    #[serde(skip_serializing_if = "is_false")]
    pub cancelled: bool,
    /// `secret_set`: store it untested.
    #[serde(skip_serializing_if = "is_false")]
    pub no_verify: bool,
}

/// How a profile is to be added.
#[derive(Debug, Serialize, Deserialize)]
pub struct Add {
    pub profile: Profile,
    /// A name for this request: a second one with the same id, after a cut connection, gets the first one's answer.
    pub request_id: String,
    /// A keyring's name; absent: as config.toml says, else decided now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyring: Option<String>,
    /// Take the name from another login that has it.
    #[serde(default)]
    pub replace: bool,
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub no_verify: bool,
    /// The file is to lose its secret: refuse a keyring that would not survive the agent.
    #[serde(default)]
    pub must_survive: bool,
    /// Say what would be done, and do nothing.
    #[serde(default)]
    pub dry_run: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Request {
    pub fn new(op: Op) -> Request {
        Request { v: super::VERSION, op, ..Request::default() }
    }

    pub fn for_profile(op: Op, profile: Option<&str>) -> Request {
        Request { profile: profile.map(str::to_owned), ..Request::new(op) }
    }
}
