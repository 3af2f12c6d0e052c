//! `status` and `hello`: what is held, for whom, how long yet. Looks only; no token's value is in it.

use super::Agent;
use super::cache::{Held as Cached, Key};
use crate::wire::answer::{Creations, Held, Hello, Status};
use crate::{host, wire};

pub(super) fn hello() -> Hello {
    Hello {
        version: wire::VERSION,
        capabilities: wire::CAPABILITIES.iter().map(ToString::to_string).collect(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        pid: pid(),
    }
}

pub(super) fn status(agent: &Agent) -> Status {
    let now = agent.clock.boot();
    agent.cache.borrow_mut().drop_dead(now);
    let cache = agent.cache.borrow();
    let mut tokens: Vec<Held> = cache.all().map(|(held, old)| describe(agent, held, old, now)).collect();
    tokens.sort_by(|a, b| (a.superseded, &a.profiles, &a.scope).cmp(&(b.superseded, &b.profiles, &b.scope)));
    let limits = agent.limits.borrow();
    let creations = limits.last_minute(now).map(|(identity, last_minute)| Creations {
        auth_url: identity.auth_url.clone(),
        user: identity.user.user.word().to_owned(),
        last_minute,
        limit: limits.limit(),
    });
    Status {
        pid: pid(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        version: wire::VERSION,
        up_s: now.saturating_sub(agent.began).as_secs(),
        locked: agent.is_locked.get(),
        socket: agent.socket.path.display().to_string(),
        tokens,
        creations: creations.collect(),
        degraded: agent.degraded.iter().cloned().chain(agent.deaf.words()).collect(),
        warnings: agent
            .profiles
            .borrow()
            .warnings
            .iter()
            .cloned()
            .chain(agent.audit.fault())
            .chain(agent.extra.fault())
            .collect(),
    }
}

fn describe(agent: &Agent, held: &Cached, superseded: bool, now: std::time::Duration) -> Held {
    let profiles = agent.profiles.borrow();
    let serves = profiles.all().filter(|entry| Key::of(&entry.profile) == held.key);
    let mut names: Vec<String> = serves.map(|entry| entry.profile.name.to_string()).collect();
    if names.is_empty() {
        // Of a scope that was asked for by an option, or of a profile that is gone.
        names.push(held.profile.name.to_string());
    }
    Held {
        profiles: names,
        user: held.key.identity.user.user.word().to_owned(),
        scope: held.key.scope.describe(),
        auth_url: held.profile.auth_url.clone(),
        expires_at: held.token.expires_at.clone(),
        left_s: held.left(now).as_secs(),
        handed_out: held.handed_out.get(),
        superseded,
    }
}

fn pid() -> u32 {
    host::process::pid().unsigned_abs()
}
