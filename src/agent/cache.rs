//! The cache: tokens by identity and scope. Knows no clock, no socket, no disk, and its keys hold no secret. Every token
//! that was handed out is kept until its end, for revoke needs it, also when a younger one has taken its place.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::chosen::Holders;
use crate::profile::{Identity, Profile, Scope};
use crate::token::Token;

/// What makes two requests want the same token. Region, interface and name do not matter to Keystone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub identity: Identity,
    pub scope: Scope,
}

impl Key {
    pub fn of(profile: &Profile) -> Key {
        Key { identity: profile.identity(), scope: profile.scope.clone() }
    }
}

/// A token in memory, with its end on our own clock.
#[derive(Debug)]
pub struct Held {
    pub token: Token,
    pub key: Key,
    /// As it was at the login: how Keystone is reached when the token is to be revoked. The profile itself may be gone by then.
    pub profile: Profile,
    /// On CLOCK_BOOTTIME.
    pub end: Duration,
    /// What it had left when it was issued.
    pub life: Duration,
    /// What a login gets here; a trade gets what is left of it.
    pub whole: Duration,
    /// Counted through the agent's life.
    pub number: u64,
    /// The number of the login's own token: this one's, or that of the one it was traded for.
    pub root: u64,
    pub handed_out: Cell<u64>,
    pub holders: RefCell<Holders>,
}

impl Held {
    pub fn left(&self, now: Duration) -> Duration {
        self.end.saturating_sub(now)
    }

    /// Whether a login made it.
    pub fn is_root(&self) -> bool {
        self.root == self.number
    }

    /// Past a third of its life: 8 of OVHcloud's 24 hours, 20 minutes of an hour.
    pub fn is_due(&self, now: Duration) -> bool {
        self.left(now) < self.life * 2 / 3
    }
}

#[derive(Debug, Default)]
pub struct Cache {
    /// The youngest token of each key.
    young: HashMap<Key, Rc<Held>>,
    /// Older ones that somebody may still hold.
    old: Vec<Rc<Held>>,
}

impl Cache {
    /// The youngest token of the key, if it is alive.
    pub fn take(&self, key: &Key, now: Duration) -> Option<&Rc<Held>> {
        self.young.get(key).filter(|held| held.end > now)
    }

    /// Puts a new token in front of the key's older ones.
    pub fn put(&mut self, held: Rc<Held>, now: Duration) {
        self.drop_dead(now);
        if let Some(older) = self.young.insert(held.key.clone(), held) {
            self.old.push(older);
        }
    }

    /// Forgets what has ended. Says whether anything had.
    pub fn drop_dead(&mut self, now: Duration) -> bool {
        let before = self.young.len() + self.old.len();
        self.young.retain(|_, held| held.end > now);
        self.old.retain(|held| held.end > now);
        self.young.len() + self.old.len() < before
    }

    /// Forgets one token; revoked or refused.
    pub fn forget(&mut self, held: &Rc<Held>) {
        if self.young.get(&held.key).is_some_and(|young| Rc::ptr_eq(young, held)) {
            self.young.remove(&held.key);
        }
        self.old.retain(|old| !Rc::ptr_eq(old, held));
    }

    /// Forgets everything, and says how many tokens that were.
    pub fn clear(&mut self) -> usize {
        let count = self.young.len() + self.old.len();
        *self = Cache::default();
        count
    }

    /// Every token, the youngest of each key first; `true` with those that a younger one replaced.
    pub fn all(&self) -> impl Iterator<Item = (&Rc<Held>, bool)> {
        self.young.values().map(|held| (held, false)).chain(self.old.iter().map(|held| (held, true)))
    }

    /// The first that is meant.
    pub fn find(&self, is_meant: impl Fn(&Held) -> bool) -> Option<Rc<Held>> {
        self.all().map(|(held, _)| held).find(|held| is_meant(held)).cloned()
    }

    /// A live token of the same login, whatever its scope: the proof that its secret was good.
    pub fn has_identity(&self, identity: &Identity, now: Duration) -> bool {
        self.all().any(|(held, _)| held.key.identity == *identity && held.end > now)
    }

    /// The next end of any token.
    pub fn next_end(&self) -> Option<Duration> {
        self.all().map(|(held, _)| held.end).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, Reference, Tls, User};
    use crate::token;

    fn held(project: &str, end_s: u64) -> Rc<Held> {
        let named = |id: &str| Reference { id: Some(id.to_owned()), name: None };
        let profile = Profile {
            name: "prod".parse().unwrap(),
            auth_url: "https://id.example/v3".to_owned(),
            method: Method::Password,
            user: User { user: named("ada"), domain: Reference::default() },
            scope: Scope::Project { project: named(project), domain: Reference::default() },
            regions: Vec::new(),
            interface: None,
            tls: Tls::default(),
            allow_http: false,
        };
        let token = Token {
            id: token::Id::new("gAAAAA".to_owned()),
            expires_at: String::new(),
            expires_s: 0,
            issued_s: None,
            methods: Vec::new(),
            user: token::Named::default(),
            scope: token::Scope::Unscoped,
            audit_ids: Vec::new(),
            password_expires_s: None,
            catalog: Vec::new(),
        };
        Rc::new(Held {
            token,
            key: Key::of(&profile),
            profile,
            end: Duration::from_secs(end_s),
            life: Duration::from_secs(3600),
            whole: Duration::from_secs(3600),
            number: 1,
            root: 1,
            handed_out: Cell::new(0),
            holders: RefCell::default(),
        })
    }

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn a_token_is_found_by_its_scope_until_its_end() {
        let mut cache = Cache::default();
        let (alpha, beta) = (held("alpha", 3600), held("beta", 3600));
        cache.put(alpha.clone(), at(0));
        assert!(cache.take(&beta.key, at(0)).is_none());
        assert!(cache.take(&alpha.key, at(3599)).is_some());
        assert!(cache.take(&alpha.key, at(3600)).is_none());
    }

    #[test]
    fn an_older_token_is_kept_for_revoke_until_its_own_end() {
        let mut cache = Cache::default();
        cache.put(held("alpha", 100), at(0));
        cache.put(held("alpha", 200), at(0));
        assert_eq!(cache.all().map(|(_, old)| old).collect::<Vec<_>>(), [false, true]);
        assert!(cache.drop_dead(at(150)));
        assert_eq!(cache.all().count(), 1);
        assert!(!cache.drop_dead(at(150)));
    }

    #[test]
    fn a_token_is_due_past_a_third_of_its_life() {
        let held = held("alpha", 3600);
        assert!(!held.is_due(at(1200)));
        assert!(held.is_due(at(1201)));
    }

    #[test]
    fn forgetting_one_token_leaves_the_others() {
        let mut cache = Cache::default();
        let (older, younger) = (held("alpha", 100), held("alpha", 200));
        cache.put(older.clone(), at(0));
        cache.put(younger.clone(), at(0));
        cache.forget(&older);
        assert!(cache.take(&younger.key, at(0)).is_some());
        cache.forget(&younger);
        assert_eq!(cache.all().count(), 0);
    }
}
