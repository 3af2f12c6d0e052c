//! Which tokens a revoke ends, and what else that takes away: other profiles, other scopes, shells and commands. It looks, and
//! ends nothing.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;
use std::time::Duration;

use super::Agent;
use super::cache::{Held, Key};
use crate::host::process;
use crate::profile::Scope;
use crate::wire::answer::{Ended, Holder};

/// As many holders of a token are remembered, the latest: more shells than a person has, and a bound for scripts.
const HOLDERS_MAX: usize = 64;

/// The processes that a token was handed out to, and when. For people only: nothing is allowed or refused by them.
#[derive(Debug, Default)]
pub struct Holders(Vec<(i32, Duration)>);

impl Holders {
    pub fn add(&mut self, pid: i32, now: Duration) {
        match self.0.iter_mut().rfind(|(known, _)| *known == pid) {
            Some((_, at)) => *at = now,
            None => {
                if self.0.len() == HOLDERS_MAX {
                    self.0.remove(0);
                }
                self.0.push((pid, now));
            }
        }
    }

    /// Each with when it was handed the token, the earliest first.
    pub fn all(&self) -> impl Iterator<Item = (i32, Duration)> {
        self.0.iter().copied()
    }

    /// Those that still run. A process that began after the hand-out has the number of one that is gone.
    fn living(&self) -> impl Iterator<Item = Holder> {
        self.0.iter().filter_map(|(pid, at)| {
            let name = process::name_of(*pid)?;
            let is_another = process::started(*pid).is_some_and(|started| started > *at);
            (!is_another).then_some(Holder { pid: *pid, name })
        })
    }
}

/// The tokens of this key and all that belongs to their logins; every token without a key.
pub(super) fn tokens(agent: &Agent, key: Option<&Key>) -> Vec<Rc<Held>> {
    agent.cache.borrow_mut().drop_dead(agent.clock.boot());
    let cache = agent.cache.borrow();
    let all = || cache.all().map(|(held, _)| held);
    let Some(key) = key else { return all().cloned().collect() };
    let keys: HashSet<Key> = agent.profiles.borrow().all().map(|entry| Key::of(&entry.profile)).collect();
    // The login's unscoped token opens every scope, and one of a scope that no profile stands for (`--project`) belongs to
    // nobody else: they go too.
    let is_nobodys = |held: &Held| held.key.scope == Scope::Unscoped || !keys.contains(&held.key);
    let is_meant =
        |held: &&Rc<Held>| held.key == *key || (held.key.identity == key.identity && is_nobodys(held));
    // The whole tree goes: what was traded for a login's token dies with it at a current Keystone, and what `openstack` traded
    // for one of those dies with the login's token alone.
    let roots: HashSet<u64> = all().filter(is_meant).map(|held| held.root).collect();
    all().filter(|held| roots.contains(&held.root)).cloned().collect()
}

/// What ends beyond the token of the profile that was named.
pub(super) fn others(agent: &Agent, key: Option<&Key>, named: Option<&str>, chosen: &[Rc<Held>]) -> Ended {
    let mut others = Ended::default();
    let mut holders: Vec<Holder> = Vec::new();
    for holder in chosen.iter().flat_map(|held| held.holders.borrow().living().collect::<Vec<_>>()) {
        if !holders.iter().any(|known| known.pid == holder.pid) {
            holders.push(holder);
        }
    }
    holders.sort_by_key(|holder| holder.pid);
    others.holders = holders;
    let Some(key) = key else { return others };
    let named = agent.entry(named).map(|entry| entry.profile.name.clone()).ok();
    let keys: HashSet<&Key> = chosen.iter().map(|held| &held.key).collect();
    let profiles = agent.profiles.borrow();
    let mut with_profile = HashSet::new();
    for entry in profiles.all() {
        let of = Key::of(&entry.profile);
        if keys.contains(&of) && Some(&entry.profile.name) != named.as_ref() {
            others.also.push(entry.profile.name.to_string());
        }
        with_profile.insert(of);
    }
    let alone = keys.into_iter().filter(|of| *of != key && !with_profile.contains(of));
    let scopes: BTreeSet<String> = alone.map(|of| of.scope.describe()).collect();
    others.scopes = scopes.into_iter().collect();
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_remembered_once_each_and_not_without_end() {
        let mut holders = Holders::default();
        let me = process::pid();
        for pid in [me, 1].into_iter().chain(1_000_000..1_000_000 + 2 * HOLDERS_MAX as i32).chain([me, me]) {
            holders.add(pid, Duration::MAX);
        }
        assert_eq!(holders.0.len(), HOLDERS_MAX);
        let living: Vec<i32> = holders.living().map(|holder| holder.pid).collect();
        assert_eq!(living, [me]);
    }

    #[test]
    fn a_process_that_began_after_the_hand_out_is_not_its_holder() {
        let mut holders = Holders::default();
        holders.add(process::pid(), Duration::ZERO);
        assert_eq!(holders.living().count(), 0);
    }
}
