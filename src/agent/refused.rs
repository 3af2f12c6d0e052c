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

    /// A login succeeded: its secret is good, and so is this scope of it. What is known of other scopes stays.
    pub(crate) fn succeeded(&mut self, key: &Key) {
        self.secrets.remove(&key.identity);
        if let Some(scopes) = self.scopes.get_mut(&key.identity) {
            scopes.remove(&key.scope);
        }
    }

    /// The login has a new secret: all of it may be tried again.
    pub(super) fn forget(&mut self, identity: &Identity) {
        self.secrets.remove(identity);
        self.scopes.remove(identity);
    }

    pub(super) fn clear(&mut self) {
        *self = Refused::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, User};
    use crate::wire::Code;

    fn key(scope: Scope) -> Key {
        let auth_url = "https://id.example".to_owned();
        Key { identity: Identity { auth_url, method: Method::Password, user: User::default() }, scope }
    }

    #[test]
    fn a_refused_secret_is_refused_for_every_scope_and_a_refused_scope_for_itself() {
        let failure = Failure::new(Code::Refused, "no");
        let mut refused = Refused::default();
        refused.remember(&key(Scope::System), Known::NoRole, &failure);
        assert!(
            refused.known(&key(Scope::System)).is_some() && refused.known(&key(Scope::Unscoped)).is_none()
        );
        refused.remember(&key(Scope::System), Known::Secret, &failure);
        assert!(refused.known(&key(Scope::Unscoped)).is_some());
        refused.succeeded(&key(Scope::Unscoped));
        assert!(
            refused.known(&key(Scope::System)).is_some() && refused.known(&key(Scope::Unscoped)).is_none()
        );
        refused.forget(&key(Scope::System).identity);
        assert!(refused.known(&key(Scope::System)).is_none());
    }
}
