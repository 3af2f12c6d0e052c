//! Taking away: revoke at Keystone, lock, unlock. A token that could not be revoked is kept and named, so that it can be
//! tried again; what `lock` forgets lives on at Keystone until its end.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::cache::{Held, Key};
use super::handout::until;
use super::{Agent, flight, words};
use crate::keystone::{self, Revoked};
use crate::profile::{Method, Origin, Profile, Scope, Tls, User};
use crate::token;
use crate::wire::answer::{Done, Ended};
use crate::wire::{Code, Failure, Request, Sealed};

/// `lock` with `revoke = true` may not take longer: somebody is leaving the desk.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// `revoke`: the profile's tokens, all (`--all`), or one from elsewhere (`--token`).
pub(super) async fn revoke(agent: &Rc<Agent>, request: &mut Request) -> Result<Ended, Failure> {
    if let Some(Sealed(secret)) = request.secret.take() {
        return foreign(agent, request, token::Id::new(secret.expose().to_owned())).await;
    }
    let key = match request.all {
        true => None,
        false => Some(Key::of(&agent.entry(request.profile.as_deref())?.profile)),
    };
    if !request.dry_run {
        // A token that is on its way would be there when all others are gone.
        flight::landed(agent, key.as_ref().map(|key| &key.identity), until(request)).await;
    }
    let chosen = chosen(agent, key.as_ref());
    let also = also(agent, request, &chosen);
    if request.dry_run {
        return Ok(Ended { forgotten: chosen.len(), also, ..Ended::default() });
    }
    let mut ended = end(agent, &chosen, until(request)).await;
    ended.also = also;
    agent.epoch.bump();
    Ok(ended)
}

/// The tokens of this key; all of them without one.
fn chosen(agent: &Agent, key: Option<&Key>) -> Vec<Rc<Held>> {
    agent.cache.borrow_mut().drop_dead(agent.clock.boot());
    let cache = agent.cache.borrow();
    let profiles = agent.profiles.borrow();
    // The login's unscoped token opens every scope, and one of a scope that no profile stands for (`--project`) belongs to
    // nobody else: they go too.
    let is_nobodys = |held: &Held| {
        held.key.scope == Scope::Unscoped || !profiles.all().any(|entry| Key::of(&entry.profile) == held.key)
    };
    let is_chosen =
        |held: &Held, key: &Key| held.key == *key || (held.key.identity == key.identity && is_nobodys(held));
    let all = cache.all().map(|(held, _)| held);
    all.filter(|held| key.is_none_or(|key| is_chosen(held, key))).cloned().collect()
}

/// Other profiles that hand out the same tokens.
fn also(agent: &Agent, request: &Request, chosen: &[Rc<Held>]) -> Vec<String> {
    if request.all {
        return Vec::new();
    }
    let asked = agent.entry(request.profile.as_deref()).map(|entry| entry.profile.name.clone()).ok();
    let profiles = agent.profiles.borrow();
    let shares = |profile: &Profile| chosen.iter().any(|held| held.key == Key::of(profile));
    let others = profiles.all().map(|entry| &entry.profile).filter(|profile| shares(profile));
    others
        .filter(|profile| Some(&profile.name) != asked.as_ref())
        .map(|profile| profile.name.to_string())
        .collect()
}

/// Revokes each; a descendant that its root took along is dead already, which is as good.
async fn end(agent: &Agent, chosen: &[Rc<Held>], until: Instant) -> Ended {
    let mut ended = Ended::default();
    for held in chosen {
        match keystone::revoke(&agent.http, &held.profile, &held.token.id, until).await {
            Ok(Revoked::Ended) => ended.revoked += 1,
            Ok(Revoked::AlreadyDead) => ended.already_dead += 1,
            Err(fault) => {
                ended.failed.push(words::keystone(&held.profile, &fault));
                continue;
            }
        }
        agent.cache.borrow_mut().forget(held);
        agent.revoked.borrow_mut().insert(held.key.clone());
    }
    ended
}

/// A token that came from elsewhere: `$OS_TOKEN`, or standard input.
async fn foreign(agent: &Rc<Agent>, request: &Request, id: token::Id) -> Result<Ended, Failure> {
    let held = agent
        .cache
        .borrow()
        .all()
        .map(|(held, _)| Rc::clone(held))
        .find(|held| held.token.id.expose() == id.expose());
    if let Some(held) = held {
        let ended = end(agent, &[held], until(request)).await;
        agent.epoch.bump();
        return Ok(ended);
    }
    let profile = match &request.auth_url {
        Some(url) => stranger(agent, url)?,
        None => agent.entry(request.profile.as_deref())?.profile.clone(),
    };
    let revoked = keystone::revoke(&agent.http, &profile, &id, until(request)).await;
    match revoked.map_err(|fault| words::keystone_alone(&fault))? {
        Revoked::Ended => Ok(Ended { revoked: 1, ..Ended::default() }),
        Revoked::AlreadyDead => Ok(Ended { already_dead: 1, ..Ended::default() }),
    }
}

/// The least of a profile that a token of an unknown login can be revoked with. Where a profile of ours is of the same cloud,
/// we know how that cloud is to be trusted.
fn stranger(agent: &Agent, auth_url: &str) -> Result<Profile, Failure> {
    let profiles = agent.profiles.borrow();
    let origin = Origin::of(auth_url);
    let known = profiles.all().map(|entry| &entry.profile).find(|profile| profile.origin() == origin);
    let someone = crate::profile::Reference { id: Some("unknown".to_owned()), name: None };
    let profile = Profile {
        name: "OS_TOKEN".parse().expect("letters and an underscore"),
        auth_url: auth_url.to_owned(),
        method: Method::Password,
        user: User { user: someone, domain: Default::default() },
        scope: Scope::Unscoped,
        regions: Vec::new(),
        interface: None,
        tls: known.map_or_else(Tls::default, |profile| profile.tls.clone()),
        allow_http: known.is_some_and(|profile| profile.allow_http),
    };
    match profile.fault() {
        Some(fault) => Err(Failure::of(Code::Usage, &fault)),
        None => Ok(profile),
    }
}

/// `lock`: every token and key in memory goes, and nothing is handed out until `unlock`.
pub(super) async fn lock(agent: &Rc<Agent>, request: &Request) -> Result<Ended, Failure> {
    agent.is_locked.set(true);
    // A login under way must not put its token into a locked agent.
    agent.locks.send_replace(());
    let mut ended = Ended { secrets_forgotten: forgotten_secrets(agent), ..Ended::default() };
    if request.all || agent.config.lock.revoke {
        let chosen: Vec<Rc<Held>> = agent.cache.borrow().all().map(|(held, _)| Rc::clone(held)).collect();
        let limit = until(request).min(Instant::now() + LOCK_WAIT);
        let revoked = end(agent, &chosen, limit).await;
        ended = Ended { secrets_forgotten: ended.secrets_forgotten, ..revoked };
    }
    ended.forgotten = agent.cache.borrow_mut().clear();
    agent.refused.borrow_mut().clear();
    agent.rests.borrow_mut().clear();
    agent.keyrings.forget().await;
    agent.epoch.bump();
    Ok(ended)
}

/// Profiles whose keyring is the agent's memory.
fn forgotten_secrets(agent: &Agent) -> Vec<String> {
    let profiles = agent.profiles.borrow();
    let volatile = profiles.all().filter(|entry| !agent.keyrings.survives(&entry.keyring));
    volatile.map(|entry| entry.profile.name.to_string()).collect()
}

/// `unlock`.
pub(super) fn unlock(agent: &Agent) -> Done {
    agent.is_locked.set(false);
    agent.refused.borrow_mut().clear();
    agent.epoch.bump();
    Done::default()
}
