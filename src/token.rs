//! A token: what Keystone issued, with its end, its scope and its catalog. Plain data; it knows no clock.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The value of `X-Subject-Token` (v3) or `access.token.id` (v2.0). ASCII without control characters.
pub struct Id(SecretString);

impl Id {
    pub fn new(id: String) -> Id {
        Id(SecretString::from(id))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Id(..)")
    }
}

/// One token and all that Keystone said of it.
#[derive(Debug)]
pub struct Token {
    pub id: Id,
    /// As Keystone wrote it, for people and for `--json`.
    pub expires_at: String,
    /// Seconds since 1970-01-01T00:00Z by Keystone's clock.
    pub expires_s: i64,
    /// Likewise; `None` where the answer had none (old v2.0) or one that does not parse.
    pub issued_s: Option<i64>,
    /// By which methods the login was made; `application_credential` tells that it cannot be traded.
    pub methods: Vec<String>,
    pub user: Named,
    pub scope: Scope,
    /// Own audit id first, then the root's.
    pub audit_ids: Vec<String>,
    /// Seconds since the epoch; `None` when the password does not expire.
    pub password_expires_s: Option<i64>,
    pub catalog: Vec<Service>,
}

/// An id and a name, and the domain that the name is unique in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
    pub domain_id: Option<String>,
    pub domain_name: Option<String>,
}

/// What the token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Project(Named),
    Domain(Named),
    System,
    Unscoped,
}

/// One service of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub kind: String,
    pub name: String,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `public`, `internal` or `admin`.
    pub interface: String,
    pub region: String,
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_id() {
        assert_eq!(format!("{:?}", Id::new("gAAAAAcanary".to_owned())), "Id(..)");
    }
}
