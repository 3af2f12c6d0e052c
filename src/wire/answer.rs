//! What the agent answers, one struct an op. Every one may carry warnings for stderr.

use serde::{Deserialize, Serialize};

use crate::profile::Profile;

/// `hello`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's number, not the release's.
    pub version: u32,
    pub capabilities: Vec<String>,
    pub release: String,
    pub pid: u32,
}

/// `token`. The fields borrow on the agent's side, so that a warm answer copies nothing but into the line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Token<S = String> {
    pub token: S,
    /// As Keystone wrote it.
    pub expires_at: S,
    /// Seconds left when it was handed out.
    pub left_s: u64,
    pub profile: S,
    pub user_id: S,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<S>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `env`: what to export, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Env<S = String> {
    pub set: Vec<(S, S)>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `profiles`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Profiles {
    pub profiles: Vec<Listed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `show`, and an entry of `profiles`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    #[serde(flatten)]
    pub profile: Profile,
    pub default: bool,
    pub keyring: String,
    /// The origin that the secret is bound to.
    pub secret_origin: String,
    /// `true`, or the end of it: the restricted socket gives its tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_forward: Option<String>,
}

/// `add`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Added {
    pub profile: String,
    pub keyring: String,
    /// Why this keyring.
    pub why: String,
    /// The secret is still there after the agent has gone.
    pub survives: bool,
    /// `new`, `replaced`, `updated`, `unchanged` or `region`.
    pub change: String,
    /// What of a profile that was there is another thing now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// `new`, `same`, `other`, or `kept` where none was given; in a dry run `given` or `kept`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret: String,
    pub default: bool,
    /// The end of the token that the test login made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One setting of a profile, by its key in the profile's file; empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub key: String,
    pub old: String,
    pub new: String,
}

/// `remove`, `default`, `secret_set`, `answer`, `unlock`, `stop`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Done {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// `revoke`, `lock`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ended {
    /// Tokens that Keystone ended now.
    pub revoked: usize,
    /// Tokens that were dead there already.
    pub already_dead: usize,
    /// Tokens only forgotten here (`lock`).
    pub forgotten: usize,
    /// Tokens that could not be revoked: they are kept, with the reason each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<super::Failure>,
    /// Other profiles that lose their token with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Other scopes that end with it and are no profile's: `project "beta"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The shells and commands that the tokens were handed out to and that still run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Holder>,
    /// Profiles whose secret must be typed again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets_forgotten: Vec<String>,
}

/// A process, for people: numbers are used again, and names are the processes' own.
#[derive(Debug, Serialize, Deserialize)]
pub struct Holder {
    pub pid: i32,
    pub name: String,
}

/// `status`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    pub pid: u32,
    pub release: String,
    pub version: u32,
    pub up_s: u64,
    pub locked: bool,
    pub socket: String,
    pub tokens: Vec<Held>,
    pub creations: Vec<Creations>,
    /// What the hardening could not do here, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Held {
    /// The profiles that it serves.
    pub profiles: Vec<String>,
    pub user: String,
    pub scope: String,
    pub auth_url: String,
    pub expires_at: String,
    pub left_s: u64,
    pub handed_out: u64,
    /// Kept only to be revoked: a younger one is handed out.
    pub superseded: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Creations {
    pub auth_url: String,
    pub user: String,
    pub last_minute: u32,
    pub limit: u32,
}

/// `rejected`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rejected {
    /// Keystone takes it all the same: somebody else has refused it, for a reason of their own.
    pub lives: bool,
}

/// `audit`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Audit {
    pub entries: Vec<Audited>,
    /// The file that they are from; what is older lies beside it, with `.1` at its end.
    pub path: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A line of the audit, in the file as in the answer.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Audited {
    /// UTC, as `2026-11-22T10:00:00Z`.
    pub time: String,
    /// The protocol's word.
    pub op: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The project's or domain's name or id, `system`, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who got it, or asked for it. Numbers are used again, and names are the processes' own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// `ok`, or the code of the failure.
    pub code: String,
    /// By which Keystone's own audit knows the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_id: Option<String>,
    /// `revoke`, `lock`: how many ended at Keystone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// `lock`: why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// It came by the restricted socket.
    #[serde(skip_serializing_if = "is_false")]
    pub extra: bool,
    /// How often within a second.
    pub times: u64,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
