//! Revoke: tokens end at Keystone, not only here. A token that could not be revoked is kept and named, so that it can be tried
//! again.

use std::rc::Rc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::audit::Event;
use super::cache::{Held, Key};
use super::handout::until;
use super::serve::Count;
use super::{Agent, chosen, flight, words};
use crate::keystone::{self, Revoked};
use crate::profile::{Method, Origin, Profile, Scope, Tls, User};
use crate::token;
use crate::wire::answer::Ended;
use crate::wire::{Code, Failure, Request, Sealed};

/// So many tokens are ended at a time: one after the other, those of a day's work would not be done while somebody leaves the
/// desk, and all at once a Keystone would take for an attack.
const AT_ONCE: usize = 8;

/// `revoke`: the profile's tokens, all (`--all`), or one from elsewhere (`--token`).
pub(super) async fn revoke(agent: &Rc<Agent>, request: &mut Request) -> Result<Ended, Failure> {
    let _under_way = (!request.dry_run).then(|| Count::up(Rc::clone(&agent.ending)));
    if let Some(Sealed(secret)) = request.secret.take() {
        return foreign(agent, request, token::Id::new(secret.expose().to_owned())).await;
    }
    let key = match request.all {
        true => None,
        false => Some(Key::of(&agent.entry(request.profile.as_deref())?.profile)),
    };
    let mut unknown = Vec::new();
    if !request.dry_run {
        // A token that is on its way would be there when all others are gone.
        let ended = flight::end(agent, key.as_ref().map(|key| &key.identity), until(request)).await;
        agent.revoked.borrow_mut().extend(ended.iter().map(|(key, _)| key.clone()));
        unknown =
            ended.iter().filter(|(_, has_landed)| !has_landed).map(|(key, _)| unknown_token(key)).collect();
    }
    let chosen = chosen::tokens(agent, key.as_ref());
    let others = chosen::others(agent, key.as_ref(), request.profile.as_deref(), &chosen);
    if request.dry_run {
        return Ok(Ended { forgotten: chosen.len(), ..others });
    }
    let Ended { revoked, already_dead, mut failed, .. } = end(agent, &chosen, until(request)).await;
    failed.extend(unknown);
    agent.epoch.bump();
    agent.note(Event {
        profile: key
            .and_then(|_| agent.entry(request.profile.as_deref()).ok())
            .map(|e| e.profile.name.to_string()),
        code: failed.first().map(|failure| failure.code),
        tokens: Some(revoked + already_dead),
        ..Event::of("revoke")
    });
    Ok(Ended { revoked, already_dead, failed, ..others })
}

/// Keystone was asked for a token and has not answered.
fn unknown_token(key: &Key) -> Failure {
    let text = format!(
        "keystone at {} did not answer to a login of {:?} that was under way; a token that it may have made lives to its end",
        key.identity.auth_url,
        key.identity.user.user.word()
    );
    Failure::new(Code::Deadline, text)
}

/// Revokes each of them, what was traded before what it was traded for, so that each is ended by itself whatever Keystone takes
/// along; one that has ended there already is as good.
pub(super) async fn end(agent: &Rc<Agent>, chosen: &[Rc<Held>], until: Instant) -> Ended {
    let mut ended = Ended::default();
    let (roots, traded): (Vec<_>, Vec<_>) = chosen.iter().partition(|held| held.is_root());
    let now = Instant::now();
    // Half of the time is kept for the logins' own tokens, which matter most.
    let half = now + until.saturating_duration_since(now) / 2;
    let traded = traded.chunks(AT_ONCE).map(|some| (some, half));
    for (some, until) in traded.chain(roots.chunks(AT_ONCE).map(|some| (some, until))) {
        let mut under_way = JoinSet::new();
        for held in some {
            let (agent, held) = (Rc::clone(agent), Rc::clone(*held));
            under_way.spawn_local(async move {
                let revoked = keystone::revoke(&agent.http, &held.profile, &held.token.id, until).await;
                (held, revoked)
            });
        }
        while let Some(done) = under_way.join_next().await {
            // One that panicked has said where; its token is still held.
            let Ok((held, revoked)) = done else { continue };
            match revoked {
                Ok(Revoked::Ended) => ended.revoked += 1,
                Ok(Revoked::AlreadyDead) => ended.already_dead += 1,
                Err(fault) => {
                    ended.failed.push(words::keystone(&held.profile, &fault));
                    continue;
                }
            }
            agent.cache.borrow_mut().forget(&held);
            agent.revoked.borrow_mut().insert(held.key.clone());
        }
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
        let code = ended.failed.first().map(|failure| failure.code);
        agent.note(Event { code, tokens: Some(ended.revoked + ended.already_dead), ..Event::of("revoke") });
        return Ok(ended);
    }
    let profile = match &request.auth_url {
        Some(url) => stranger(agent, url)?,
        None => agent.entry(request.profile.as_deref())?.profile.clone(),
    };
    let revoked = keystone::revoke(&agent.http, &profile, &id, until(request)).await;
    let revoked = revoked.map_err(|fault| words::keystone_alone(&fault));
    let code = revoked.as_ref().err().map(|failure| failure.code);
    agent.note(Event { code, tokens: Some(revoked.is_ok().into()), ..Event::of("revoke") });
    match revoked? {
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
