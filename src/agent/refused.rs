//! What Keystone refused: remembered for each login and scope, so that a wrong secret is sent once, however many ask, and no
//! account is locked by us. In memory only; `passwd`, `unlock`, a new `add` and a login that succeeds forget it.

use std::collections::HashMap;

use super::cache::Key;
use crate::profile::{Identity, Scope};
use crate::wire::Failure;

/// What the refusal was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The secret: every scope of the login is refused.
    Secret,
    /// This scope only.
    NoRole,
}

#[derive(Debug, Default)]
pub(super) struct Refused {
    secrets: HashMap<Identity, Failure>,
    scopes: HashMap<Identity, HashMap<Scope, Failure>>,
}

impl Refused {
    pub(super) fn known(&self, key: &Key) -> Option<&Failure> {
        let scope = || self.scopes.get(&key.identity)?.get(&key.scope);
        self.secrets.get(&key.identity).or_else(scope)
    }

    pub(super) fn remember(&mut self, key: &Key, known: Known, failure: &Failure) {
        match known {
            Known::Secret => {
                self.secrets.insert(key.identity.clone(), failure.clone());
            }
            Known::NoRole => {
                let scopes = self.scopes.entry(key.identity.clone()).or_default();
                scopes.insert(key.scope.clone(), failure.clone());
            }
        }
    }

    /// The login has a new secret, or one that was taken.
    pub(super) fn forget(&mut self, identity: &Identity) {
        self.secrets.remove(identity);
        self.scopes.remove(identity);
    }

    pub(super) fn clear(&mut self) {
        *self = Refused::default();
    }
}
