//! What Keystone refused: remembered for each login and scope, so that a wrong secret is sent once, however many ask, and no
//! account is locked by us. In memory only; `passwd`, `unlock`, a new `add` and a login that succeeds forget it.

use std::collections::HashMap;

use std::rc::Rc;
use std::time::Instant;

use super::cache::{Held, Key};
use super::{Agent, refresh, words};
use crate::keystone::{self, Fault};
use crate::profile::{Identity, Profile, Scope};
use crate::secret::Secret;
use crate::wire::{Code, Failure, handover};

/// What Keystone said of this secret and scope before; it is not asked again until `passwd`, `unlock` or a new `add`.
pub(super) fn known(agent: &Agent, profile: &Profile, key: &Key) -> Result<(), Failure> {
    match agent.refused.borrow().known(key) {
        Some(failure) => Err(failure.clone().about(profile.name.as_str())),
        None => Ok(()),
    }
}

/// Keystone says 401 alike for a wrong secret, an unknown project and a missing role. A token of the same login that still
/// lives there, or one login without a scope, tells them apart; either way nothing is tried again with it.
pub(super) async fn diagnose(
    agent: &Rc<Agent>,
    profile: &Profile,
    key: &Key,
    secret: &Secret,
    fault: &Fault,
    until: Instant,
) -> Failure {
    let is_good = has_living_token(agent, &key.identity, until).await
        || is_good_unscoped(agent, profile, secret, until).await;
    if is_good { no_role(profile) } else { words::keystone(profile, fault) }
}

/// Keystone ends a login's tokens when its password changes, so one that lives there is a proof, and one that we hold is not.
async fn has_living_token(agent: &Rc<Agent>, identity: &Identity, until: Instant) -> bool {
    let is_of_it = |held: &&Rc<Held>| held.key.identity == *identity;
    let held = agent.cache.borrow().all().map(|(held, _)| held).find(is_of_it).cloned();
    let Some(held) = held else { return false };
    match keystone::check(&agent.http, &held.profile, &held.token.id, until).await {
        Ok(false) => {
            agent.cache.borrow_mut().forget(&held);
            agent.epoch.bump();
            false
        }
        lives => lives.is_ok(),
    }
}

/// Whether a login without a scope succeeds where the scoped one was refused.
pub(super) async fn is_good_unscoped(
    agent: &Rc<Agent>,
    profile: &Profile,
    secret: &Secret,
    until: Instant,
) -> bool {
    if profile.scope == Scope::Unscoped {
        return false;
    }
    let issued = refresh::login(agent, profile, &Scope::Unscoped, secret, until).await;
    let key = Key { identity: profile.identity(), scope: Scope::Unscoped };
    // Kept, so that `revoke` ends it too.
    issued.map(|issued| agent.keep(profile, key, issued, None)).is_ok()
}

pub(super) fn no_role(profile: &Profile) -> Failure {
    let origin = profile.origin().map(|origin| origin.to_string()).unwrap_or_default();
    let text = format!(
        "keystone at {origin} takes the secret of {:?}, but knows no {}, or the user has no role there",
        profile.user.user.word(),
        profile.scope.describe()
    );
    words::about(profile, Failure::new(Code::NoRole, text))
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

    /// A refusal of the scope is remembered for that scope alone, any other for the whole login.
    pub(super) fn remember(&mut self, key: &Key, failure: &Failure) {
        if failure.code == Code::NoRole {
            let scopes = self.scopes.entry(key.identity.clone()).or_default();
            scopes.insert(key.scope.clone(), failure.clone());
        } else {
            self.secrets.insert(key.identity.clone(), failure.clone());
        }
    }

    /// Everything that was refused.
    pub(super) fn all(&self) -> impl Iterator<Item = handover::Refused> {
        let told = |identity: &Identity, scope: Option<&Scope>, failure: &Failure| handover::Refused {
            identity: identity.clone(),
            scope: scope.cloned(),
            failure: failure.clone(),
        };
        let secrets = self.secrets.iter().map(move |(identity, failure)| told(identity, None, failure));
        let scopes =
            self.scopes.iter().flat_map(|(identity, scopes)| scopes.iter().map(move |s| (identity, s)));
        secrets.chain(scopes.map(move |(identity, (scope, failure))| told(identity, Some(scope), failure)))
    }

    /// There is a token: this scope is good, and if a login made it the secret is too. What is known of other scopes stays.
    pub(crate) fn succeeded(&mut self, key: &Key, by_login: bool) {
        if by_login {
            self.secrets.remove(&key.identity);
        }
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

    fn key(scope: Scope) -> Key {
        let auth_url = "https://id.example".to_owned();
        Key { identity: Identity { auth_url, method: Method::Password, user: User::default() }, scope }
    }

    #[test]
    fn a_refused_secret_is_refused_for_every_scope_and_a_refused_scope_for_itself() {
        let (no_role, wrong) = (Failure::new(Code::NoRole, "no"), Failure::new(Code::Refused, "no"));
        let mut refused = Refused::default();
        refused.remember(&key(Scope::System), &no_role);
        assert!(
            refused.known(&key(Scope::System)).is_some() && refused.known(&key(Scope::Unscoped)).is_none()
        );
        refused.remember(&key(Scope::System), &wrong);
        assert!(refused.known(&key(Scope::Unscoped)).is_some());
        refused.succeeded(&key(Scope::Unscoped), true);
        assert!(
            refused.known(&key(Scope::System)).is_some() && refused.known(&key(Scope::Unscoped)).is_none()
        );
        refused.forget(&key(Scope::System).identity);
        assert!(refused.known(&key(Scope::System)).is_none());
    }
}
