//! Handing a token out: from the cache when it has life enough, else after a new login; renewed in the background past a
//! third of its life. The warm path touches the cache and nothing else.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::cache::{Held, Key};
use super::flight::{self, Caller};
use super::profiles::Entry;
use super::{Agent, export, words};
use crate::keystone;
use crate::profile::{Name, Profile, Reference, Scope};
use crate::wire::answer::{Env, Rejected, Token};
use crate::wire::{Code, Failure, Op, Request, Sealed};

/// How long a caller waits who does not say.
pub(super) const WAIT: Duration = Duration::from_secs(60);

/// A renewal that nobody waits for may try this long.
const RENEWAL: Duration = Duration::from_secs(120);

/// After a renewal that failed, the old token is handed out this long before the next try.
const REST: Duration = Duration::from_secs(60);

/// A token that was found for a request, and what is to be said of it.
#[derive(Debug)]
pub(super) struct Found {
    pub held: Rc<Held>,
    pub warning: Option<String>,
}

impl Found {
    /// Handed out, to this process.
    pub(super) fn goes_to(&self, holder: Option<i32>, now: Duration) {
        self.held.handed_out.set(self.held.handed_out.get() + 1);
        if let Some(pid) = holder {
            self.held.holders.borrow_mut().add(pid, now);
        }
    }
}

impl Agent {
    /// The profile that the request names, else the default one.
    pub(crate) fn entry(&self, name: Option<&str>) -> Result<Rc<Entry>, Failure> {
        let profiles = self.profiles.borrow();
        if let Some(name) = name {
            return profiles.get(name).cloned().ok_or_else(|| no_profile(name, &names(&profiles)));
        }
        profiles.default().cloned().ok_or_else(|| {
            let names = names(&profiles);
            let text = match names.is_empty() {
                true => "there is no profile yet".to_owned(),
                false => format!("which profile? there are {}, and none is the default", names.join(", ")),
            };
            Failure::new(if names.is_empty() { Code::NoProfile } else { Code::NoDefault }, text)
        })
    }

    /// The same, with the scope that the request asks for in place of the profile's own.
    pub(super) fn wanted(&self, request: &Request) -> Result<Rc<Entry>, Failure> {
        let entry = self.entry(request.profile.as_deref())?;
        let asked = [request.project.is_some(), request.domain.is_some(), request.system, request.unscoped];
        if asked.iter().filter(|is_asked| **is_asked).count() > 1 {
            let text = "a token has one scope, and the request names more";
            return Err(words::about(&entry.profile, Failure::new(Code::Usage, text)));
        }
        let Some(scope) = scope(request, &entry.profile) else { return Ok(entry) };
        let mut entry = Entry::clone(&entry);
        entry.profile.scope = scope;
        match entry.profile.fault() {
            Some(fault) => Err(words::about(&entry.profile, Failure::of(Code::BadProfile, &fault))),
            None => Ok(Rc::new(entry)),
        }
    }

    pub(super) fn refuse_if_locked(&self) -> Result<(), Failure> {
        if self.is_locked.get() { Err(self.locked()) } else { Ok(()) }
    }

    /// Does it, unless the agent is locked; a lock in the middle ends it where it stands.
    pub(super) async fn unless_locked<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.refuse_if_locked()?;
        let mut locks = self.locks.subscribe();
        tokio::select! {
            biased;
            _ = locks.changed() => Err(self.locked()),
            outcome = work => outcome,
        }
    }
}

pub(super) fn no_profile(name: &str, names: &[String]) -> Failure {
    // What is no name at all may be a password that was pasted in the wrong place: it is not repeated.
    if let Err(fault) = name.parse::<Name>() {
        return Failure::of(Code::NoProfile, &fault);
    }
    let text = match names {
        [] => format!("there is no profile {name:?}, nor any other"),
        names => format!("there is no profile {name:?}; there are {}", names.join(", ")),
    };
    Failure::new(Code::NoProfile, text)
}

fn names(profiles: &super::profiles::Profiles) -> Vec<String> {
    profiles.all().map(|entry| entry.profile.name.to_string()).collect()
}

/// The scope that the request asks for, if it does. A project's name is looked for in the domain of the profile's project,
/// else in the user's.
fn scope(request: &Request, profile: &Profile) -> Option<Scope> {
    if let Some(project) = request.project.as_deref() {
        let domain = match &profile.scope {
            Scope::Project { domain, .. } if !domain.is_empty() => domain.clone(),
            _ => profile.user.domain.clone(),
        };
        return Some(Scope::Project { project: Reference::typed(project), domain });
    }
    match (request.domain.as_deref(), request.system, request.unscoped) {
        (Some(domain), ..) => Some(Scope::Domain(Reference::typed_domain(domain))),
        (None, true, _) => Some(Scope::System),
        (None, false, true) => Some(Scope::Unscoped),
        (None, false, false) => None,
    }
}

/// When the caller's wait ends.
pub(super) fn until(request: &Request) -> Instant {
    Instant::now() + request.deadline_ms.map_or(WAIT, Duration::from_millis)
}

/// The token for a `token` or `env` request, and for `exec`.
pub(super) async fn find(agent: &Rc<Agent>, entry: &Entry, request: &Request) -> Result<Found, Failure> {
    agent.refuse_if_locked()?;
    let key = Key::of(&entry.profile);
    let least_wanted = match request.fresh {
        true => Duration::MAX,
        false => Duration::from_secs(request.min_ttl_s.unwrap_or(0)),
    };
    let mut caller = Caller {
        until: until(request),
        may_prompt: request.may_prompt,
        is_content: false,
        least: least_wanted,
    };
    let now = agent.clock.boot();
    let cached = agent.cache.borrow().take(&key, now).cloned();
    if let Some(held) = cached.filter(|_| !request.fresh) {
        let least = least(request, held.whole);
        let is_alive = !request.check || lives(agent, &held, caller.until).await?;
        if is_alive && is_enough(&held, now, least) {
            return Ok(warm(agent, entry, request, caller, held, least).await);
        }
        if is_alive && request.min_ttl_s.is_none() {
            caller = content(caller);
        }
    }
    agent.may_log_in(entry, &key, request.at_prompt)?;
    let renewed = flight::wait(agent, entry, caller).await;
    agent.refuse_if_locked()?;
    let now = agent.clock.boot();
    let held = agent.cache.borrow().take(&key, now).cloned();
    match (renewed, held) {
        (Ok(()), Some(held)) => {
            let short = short_of(&held, now, least(request, held.whole));
            Ok(Found { held, warning: short })
        }
        // An old token with life left is better than none, unless the caller wants more than that.
        (Err(failure), Some(held)) if !request.fresh && request.min_ttl_s.is_none() => {
            let left = held.left(now).as_secs();
            Ok(Found {
                held,
                warning: Some(format!("the token ends in {left} s and cannot be renewed: {failure}")),
            })
        }
        (Err(failure), _) => Err(failure),
        (Ok(()), None) => {
            Err(Failure::new(Code::BadAnswer, "keystone issued a token that has ended already")
                .at(&format!("profile {:?}", entry.profile.name.as_str())))
        }
    }
}

/// `rejected`: a service would not have this token. Keystone alone says whether it is dead; one that is gets forgotten.
pub(super) async fn rejected(agent: &Agent, request: &mut Request) -> Result<Rejected, Failure> {
    agent.refuse_if_locked()?;
    let sent = request.secret.take().map(|Sealed(secret)| secret);
    let held = match &sent {
        Some(secret) => agent.cache.borrow().find(|held| held.token.id.expose() == secret.expose()),
        None => {
            let key = Key::of(&agent.wanted(request)?.profile);
            agent.cache.borrow().take(&key, agent.clock.boot()).cloned()
        }
    };
    let Some(held) = held else { return Ok(Rejected { lives: false }) };
    Ok(Rejected { lives: lives(agent, &held, until(request)).await? })
}

/// Whether the token still lives at Keystone: after a password change, or somebody's `token revoke`, nothing else tells us. A
/// dead one is forgotten.
async fn lives(agent: &Agent, held: &Rc<Held>, until: Instant) -> Result<bool, Failure> {
    let lives = keystone::check(&agent.http, &held.profile, &held.token.id, until).await;
    let lives = lives.map_err(|fault| words::keystone(&held.profile, &fault))?;
    if !lives {
        agent.cache.borrow_mut().forget(held);
        agent.epoch.bump();
    }
    Ok(lives)
}

/// A cached token with life enough. Past a third of its life it is renewed behind the caller's back; only `exec`, whose
/// command may run long, waits for the young one.
async fn warm(
    agent: &Rc<Agent>,
    entry: &Entry,
    request: &Request,
    caller: Caller,
    held: Rc<Held>,
    least: Duration,
) -> Found {
    let now = agent.clock.boot();
    let is_flying = agent.flights.borrow().contains_key(&held.key);
    if held.is_due(now) && (is_flying || agent.may_renew(&held.key, now)) {
        if request.exec {
            // If it fails, the older one does.
            let _ = flight::wait(agent, entry, content(caller)).await;
            let young = agent.cache.borrow().take(&held.key, agent.clock.boot()).cloned();
            return Found { held: young.unwrap_or(held), warning: None };
        }
        if !is_flying {
            let until = Instant::now() + RENEWAL;
            flight::start(
                agent,
                entry,
                Caller { until, may_prompt: false, is_content: true, least: Duration::ZERO },
            );
        }
    }
    let warning = short_of(&held, now, least);
    Found { held, warning }
}

/// The same caller, with an older token in the hand.
fn content(caller: Caller) -> Caller {
    Caller { until: caller.until.min(Instant::now() + flight::PATIENCE), is_content: true, ..caller }
}

impl Agent {
    /// After a revoke a new token is for those who ask for one, not for the next prompt of every shell that had the old one.
    fn may_log_in(&self, entry: &Entry, key: &Key, at_prompt: bool) -> Result<(), Failure> {
        if !at_prompt {
            self.revoked.borrow_mut().remove(key);
            return Ok(());
        }
        match self.revoked.borrow().contains(key) {
            true => {
                let text = "its token was revoked; 'osagent env' or 'osagent use' gets a new one";
                Err(words::about(&entry.profile, Failure::new(Code::NeedsPerson, text)))
            }
            false => Ok(()),
        }
    }

    /// Whether a renewal may be tried: not while the last try is fresh, so that a cloud that is down is left in peace.
    fn may_renew(&self, key: &Key, now: Duration) -> bool {
        let mut rests = self.rests.borrow_mut();
        match rests.get(key) {
            Some(until) if *until > now => false,
            _ => {
                rests.insert(key.clone(), now + REST);
                true
            }
        }
    }
}

/// The least life that the verb hands out: a job that starts now gets ten minutes, a bare token five; less where the whole
/// life is short. In a token's last 120 s `openstack` would trade it again for each request.
fn least(request: &Request, life: Duration) -> Duration {
    if let Some(seconds) = request.min_ttl_s {
        return Duration::from_secs(seconds);
    }
    match request.op {
        Op::Env => Duration::from_secs(600).min(life / 3),
        _ => Duration::from_secs(300).min(life / 6),
    }
}

/// Life enough; or less, but this cloud gives no more and the token is young.
fn is_enough(held: &Held, now: Duration, least: Duration) -> bool {
    held.left(now) >= least || (held.whole < least && !held.is_due(now))
}

fn short_of(held: &Held, now: Duration, least: Duration) -> Option<String> {
    let left = held.left(now);
    (left < least).then(|| {
        format!(
            "the token ends in {} s; keystone gives no more than {} s",
            left.as_secs(),
            held.whole.as_secs()
        )
    })
}

/// The answer to `token`.
pub(super) fn token<'a>(found: &'a Found, entry: &'a Entry, now: Duration) -> Token<&'a str> {
    use crate::token::Scope;
    let token = &found.held.token;
    Token {
        token: token.id.expose(),
        expires_at: &token.expires_at,
        left_s: found.held.left(now).as_secs(),
        profile: entry.profile.name.as_str(),
        user_id: &token.user.id,
        project_id: match &token.scope {
            Scope::Project(project) => Some(&project.id),
            _ => None,
        },
        warnings: found.warning.iter().cloned().collect(),
    }
}

/// The answer to `env`.
pub(super) fn env<'a>(
    found: &'a Found,
    entry: &'a Entry,
    region: Option<&'a str>,
    now: Duration,
    wall_s: i64,
) -> Result<Env<std::borrow::Cow<'a, str>>, Failure> {
    let token = &found.held.token;
    let expires_s = wall_s.saturating_add(found.held.left(now).as_secs().try_into().unwrap_or(i64::MAX));
    let set = export::default(&entry.profile, token, region, expires_s).map_err(|fault| {
        Failure::of(Code::Usage, &fault).at(&format!("profile {:?}", entry.profile.name.as_str()))
    })?;
    let set = set.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Ok(Env { set, warnings: found.warning.iter().cloned().collect() })
}
