//! What an agent hands over to its successor: all that it holds but passwords, which it gives to nobody. It crosses a socket
//! between two processes of one user and is kept nowhere; tokens in it are sealed.

use serde::{Deserialize, Serialize};

use super::{Failure, Sealed};
use crate::profile::{Identity, Profile, Scope};
use crate::token;

/// The number of this form. An agent that is offered another one does without, and stops the one before it.
pub const FORMAT: u32 = 1;

/// Ten thousand tokens with their catalogs are about this much. Beyond an answer's length, for it is one between two agents.
pub const STATE_LEN_MAX: usize = 64 * 1024 * 1024;

/// All that an agent holds. A locked one holds nothing but that it is, and its count of logins.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    pub format: u32,
    pub locked: bool,
    /// As far as somebody told.
    pub screen_locked: bool,
    /// How long ago somebody used the agent, and unlocked it.
    pub used_ms: u64,
    pub unlocked_ms: u64,
    /// Of each scope the older ones first.
    pub tokens: Vec<Held>,
    pub creations: Vec<Creations>,
    pub refused: Vec<Refused>,
    /// Revoked, and not asked for since.
    pub revoked: Vec<Login>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Held {
    pub token: Token,
    /// As it was at the login.
    pub profile: Profile,
    /// The scope that was asked for.
    pub scope: Scope,
    pub left_ms: u64,
    pub life_ms: u64,
    /// What a login gets here.
    pub whole_ms: u64,
    /// Its own number, and that of the login's token that it was traded for.
    pub number: u64,
    pub root: u64,
    pub handed_out: u64,
    pub holders: Vec<Holder>,
}

/// A process that a token was handed out to, and how long ago.
#[derive(Debug, Serialize, Deserialize)]
pub struct Holder {
    pub pid: i32,
    pub age_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Token {
    pub id: Sealed,
    pub expires_at: String,
    pub expires_s: i64,
    pub issued_s: Option<i64>,
    pub methods: Vec<String>,
    pub user: token::Named,
    pub scope: token::Scope,
    pub audit_ids: Vec<String>,
    pub password_expires_s: Option<i64>,
    pub catalog: Vec<token::Service>,
}

/// The logins that count against the limit still, by how long ago they were sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct Creations {
    pub identity: Identity,
    pub ages_ms: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Login {
    pub identity: Identity,
    pub scope: Scope,
}

/// What Keystone refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refused {
    pub identity: Identity,
    /// Absent: the secret itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    pub failure: Failure,
}
