//! New tokens: one flight for each identity and scope, however many wait for it. A flight reads the secret, logs in, tries
//! again where that can help (never after a 401), and puts the token into the cache. Who waits has a deadline of its own.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cache::{Held, Key};
use super::profiles::Entry;
use super::refused::Known;
use super::{Agent, words};
use crate::keyring::{Done, Job};
use crate::keystone::{self, Fault, Issued};
use crate::profile::{Identity, Profile, Scope};
use crate::secret::Secret;
use crate::wire::{Code, Failure, Question};

/// The pause before the second try; it doubles up to [`PAUSE_MAX`]. A Keystone that restarts is back in seconds.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(16);

/// A flight goes on this long even if all who wait have gone: a token that Keystone has made is not thrown away because a
/// shell hook waits for 300 ms only.
const FLIGHT_LEAST: Duration = Duration::from_secs(30);

/// What the waiters of a flight share.
#[derive(Debug)]
pub(super) struct Flight {
    /// The latest deadline of all who wait; tries end there.
    until: Cell<Instant>,
    /// What the last try met, for those whose deadline comes first.
    last: RefCell<Option<Failure>>,
    done: watch::Receiver<Option<Result<(), Failure>>>,
}

/// Waits for a new token of the entry, joining a flight that is under way. The token is in the cache afterwards.
pub(super) async fn wait(agent: &Rc<Agent>, entry: &Entry, caller: Caller) -> Result<(), Failure> {
    let flight = join(agent, entry, caller);
    let mut done = flight.done.clone();
    let outcome = tokio::time::timeout_at(caller.until.into(), done.wait_for(Option::is_some)).await;
    match outcome {
        Ok(Ok(outcome)) => outcome.clone().expect("waited for some"),
        Ok(Err(_)) => Err(Failure::new(Code::Internal, "the login ended without an answer")),
        Err(_) => Err(late(entry, flight.last.borrow().as_ref())),
    }
}

/// Starts a flight that nobody waits for.
pub(super) fn start(agent: &Rc<Agent>, entry: &Entry, caller: Caller) {
    join(agent, entry, caller);
}

/// Who wants a new token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub until: Instant,
    /// A person was told that the keyring may ask for its password.
    pub may_prompt: bool,
}

fn join(agent: &Rc<Agent>, entry: &Entry, caller: Caller) -> Rc<Flight> {
    let key = Key::of(&entry.profile);
    if let Some(flight) = agent.flights.borrow().get(&key) {
        flight.until.set(flight.until.get().max(caller.until));
        return Rc::clone(flight);
    }
    let (tell, done) = watch::channel(None);
    let until = caller.until.max(Instant::now() + FLIGHT_LEAST);
    let flight = Rc::new(Flight { until: Cell::new(until), last: RefCell::new(None), done });
    agent.flights.borrow_mut().insert(key.clone(), Rc::clone(&flight));
    let landing = Landing { agent: Rc::clone(agent), key };
    let (agent, entry, shared) = (Rc::clone(agent), entry.clone(), Rc::clone(&flight));
    tokio::task::spawn_local(async move {
        let outcome = fly(&agent, &entry, &shared, caller.may_prompt).await;
        // First off the board, so that who comes now starts anew, then told to those who waited.
        drop(landing);
        let _ = tell.send(Some(outcome));
    });
    flight
}

/// Takes the flight off the board, also when it panics.
struct Landing {
    agent: Rc<Agent>,
    key: Key,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.agent.flights.borrow_mut().remove(&self.key);
    }
}

async fn fly(agent: &Rc<Agent>, entry: &Entry, flight: &Flight, may_prompt: bool) -> Result<(), Failure> {
    let key = Key::of(&entry.profile);
    known_refusal(agent, entry, &key)?;
    let epoch = agent.lock_count.get();
    let secret = secret(agent, entry, may_prompt).await?;
    let mut pause = PAUSE;
    loop {
        let fault = match login(agent, &entry.profile, &key.scope, &secret, flight.until.get()).await {
            Ok(issued) => return keep(agent, &entry.profile, key, issued, epoch),
            Err(fault) => fault,
        };
        if matches!(fault, Fault::Refused { .. }) {
            return Err(refused(agent, entry, &key, &secret, &fault, flight.until.get(), epoch).await);
        }
        let failure = words::keystone(&entry.profile, &fault);
        let rest = fault.retry_after().unwrap_or_else(|| jitter(pause));
        if !fault.is_worth_retrying() || Instant::now() + rest >= flight.until.get() {
            return Err(failure);
        }
        *flight.last.borrow_mut() = Some(failure);
        tokio::time::sleep(rest).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One login at Keystone, counted before it is sent.
pub(super) async fn login(
    agent: &Agent,
    profile: &Profile,
    scope: &Scope,
    secret: &Secret,
    until: Instant,
) -> Result<Issued, Fault> {
    let mut gate = Gate { agent, identity: profile.identity() };
    keystone::login(&agent.http, profile, scope, secret, &mut gate, until).await
}

struct Gate<'a> {
    agent: &'a Agent,
    identity: Identity,
}

impl keystone::Gate for Gate<'_> {
    fn creation(&mut self) -> Result<(), Duration> {
        self.agent.limits.borrow_mut().count(&self.identity, self.agent.clock.boot())
    }
}

/// Puts a new token into the cache. One that was asked for before a `lock` is not kept: it is let go, to end by itself.
fn keep(agent: &Agent, profile: &Profile, key: Key, issued: Issued, epoch: u64) -> Result<(), Failure> {
    if agent.lock_count.get() != epoch {
        return Err(super::handout::locked());
    }
    agent.keep(profile, key, issued);
    Ok(())
}

/// Keystone says 401 alike for a wrong secret, an unknown project and a missing role. A live token of this secret, or one
/// login without a scope, tells them apart; either way nothing is tried again with it.
async fn refused(
    agent: &Rc<Agent>,
    entry: &Entry,
    key: &Key,
    secret: &Secret,
    fault: &Fault,
    until: Instant,
    epoch: u64,
) -> Failure {
    let profile = &entry.profile;
    let mut is_good = agent.cache.borrow().has_identity(&key.identity, agent.clock.boot());
    if !is_good && key.scope != Scope::Unscoped {
        if let Ok(issued) = login(agent, profile, &Scope::Unscoped, secret, until).await {
            let key = Key { identity: key.identity.clone(), scope: Scope::Unscoped };
            is_good = true;
            // Kept, so that `revoke` ends it too.
            let _ = keep(agent, profile, key, issued, epoch);
        }
    }
    let failure = if is_good { no_role(profile) } else { words::keystone(profile, fault) };
    agent.refused.borrow_mut().remember(key, if is_good { Known::NoRole } else { Known::Secret }, &failure);
    failure
}

/// What Keystone said of this secret and scope before; it is not asked again until `passwd`, `unlock` or a new `add`.
fn known_refusal(agent: &Agent, entry: &Entry, key: &Key) -> Result<(), Failure> {
    match agent.refused.borrow().known(key) {
        Some(failure) => Err(Failure { profile: Some(entry.profile.name.to_string()), ..failure.clone() }),
        None => Ok(()),
    }
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

/// The profile's secret, from the keyring that it was put into and no other.
pub(super) async fn secret(agent: &Agent, entry: &Entry, may_prompt: bool) -> Result<Secret, Failure> {
    let name = entry.profile.name.as_str();
    let Some(origin) = entry.origin() else {
        let text = format!(
            "the secret was stored for {}, and OS_AUTH_URL is now {}",
            entry.secret_origin, entry.profile.auth_url
        );
        return Err(words::about(&entry.profile, Failure::new(Code::OtherOrigin, text)));
    };
    let job = Job::Get(super::store::item(&entry.profile, origin));
    match agent.keyrings.ask(&entry.keyring, job, may_prompt).await {
        Ok(Done::Got(Some(secret))) => Ok(agent.arena.keep(secret)),
        Ok(_) => Err(gone(entry)),
        Err(fault) => Err(words::keyring(name, &fault)),
    }
}

/// The keyring does not hold it (any more): a person can say it again.
fn gone(entry: &Entry) -> Failure {
    let profile = &entry.profile;
    let text = format!("the keyring {} does not hold its password", entry.keyring);
    let mut failure = words::about(profile, Failure::new(Code::NeedsPerson, text));
    failure.question = Some(Question {
        id: profile.name.to_string(),
        question: format!("Password of {}, {}: ", profile.who(), profile.scope.describe()),
        hidden: true,
        why: failure.message.clone(),
    });
    failure
}

/// The caller's time is up; what the tries met so far says why.
fn late(entry: &Entry, last: Option<&Failure>) -> Failure {
    last.cloned().unwrap_or_else(|| {
        let origin = entry.profile.origin().map(|origin| origin.to_string()).unwrap_or_default();
        let text = format!("keystone at {origin} did not answer in the time given");
        words::about(&entry.profile, Failure::new(Code::Deadline, text))
    })
}

/// Between half of it and all of it, so that two machines do not keep step.
fn jitter(pause: Duration) -> Duration {
    // The standard library's own seed of its hash maps: randomness enough to be out of step.
    let random = RandomState::new().build_hasher().finish() % 256;
    pause / 2 + pause / 2 * random as u32 / 255
}

impl Agent {
    /// Puts an issued token into the cache, its end counted from the reply's `Date` on CLOCK_BOOTTIME.
    pub(crate) fn keep(&self, profile: &Profile, key: Key, issued: Issued) -> Rc<Held> {
        let now = self.clock.boot();
        let Issued { token, date_s } = issued;
        // Without a Date the machine's own clock must do.
        let left_s = token.expires_s - date_s.unwrap_or_else(|| self.clock.wall_s());
        let life_s = token.issued_s.map_or(left_s, |issued_s| token.expires_s - issued_s).max(left_s);
        let seconds = |s: i64| Duration::from_secs(s.try_into().unwrap_or(0));
        let held = Rc::new(Held {
            token,
            key,
            profile: profile.clone(),
            end: now + seconds(left_s),
            life: seconds(life_s),
            handed_out: Cell::new(0),
        });
        self.refused.borrow_mut().succeeded(&held.key);
        self.cache.borrow_mut().put(Rc::clone(&held), now);
        self.epoch.bump();
        held
    }
}
