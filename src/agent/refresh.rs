//! New tokens: what a flight does. It trades what the login has, or reads the secret and logs in, tries again where that can
//! help (never after a 401), and puts the token into the cache.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::cache::{Held, Key};
use super::flight::Flight;
use super::profiles::Entry;
use super::{Agent, refused, trade, words};
use crate::keyring::{Done, Job};
use crate::keystone::{self, Fault, Issued};
use crate::profile::{Identity, Profile, Scope};
use crate::secret::Secret;
use crate::wire::{Code, Failure, Question};

/// The pause before the second try; it doubles up to [`PAUSE_MAX`]. A Keystone that restarts is back in seconds.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(16);

/// Until there is a token in the cache, or no hope for one.
pub(super) async fn fly(
    agent: &Rc<Agent>,
    entry: &Entry,
    flight: &Flight,
    may_prompt: bool,
) -> Result<(), Failure> {
    let mut proof = None;
    let (mut pause, mut is_second) = (PAUSE, false);
    loop {
        let outcome = attempt(agent, entry, flight, &mut proof, may_prompt).await?;
        // What has landed is in the cache: who ended the flight revokes it.
        flight.refuse_if_ended()?;
        let Err(fault) = outcome else {
            let key = Key::of(&entry.profile);
            let is_alive = agent.cache.borrow().take(&key, agent.clock.boot()).is_some();
            // The machine slept while the answer was on its way; once more will do.
            if is_alive || std::mem::replace(&mut is_second, true) {
                return Ok(());
            }
            continue;
        };
        let failure = words::keystone(&entry.profile, &fault);
        // Whoever asks us to come back at once is not taken at their word.
        let rest = fault.retry_after().map_or_else(|| jitter(pause), |asked| asked.max(PAUSE / 2));
        let is_too_late = Instant::now().checked_add(rest).is_none_or(|next| next >= flight.until());
        if !fault.is_worth_retrying() || is_too_late {
            return Err(failure);
        }
        flight.trouble(failure);
        flight.unless_ended(tokio::time::sleep(rest)).await?;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// The secret, and how many had been replaced before it was read.
type Proof = (u64, Secret);

/// One try: a trade where the login has a token, else a login. `Err` is what cannot be helped, `Ok(Err)` what a later try may.
async fn attempt(
    agent: &Rc<Agent>,
    entry: &Entry,
    flight: &Flight,
    proof: &mut Option<Proof>,
    may_prompt: bool,
) -> Result<Result<(), Fault>, Failure> {
    let (profile, key) = (&entry.profile, Key::of(&entry.profile));
    let keystone = || format!("keystone at {}", profile.origin().map(|o| o.to_string()).unwrap_or_default());
    flight.waits_for(keystone());
    let _turn = flight.unless_ended(turn(agent, &key.identity)).await?;
    refused::known(agent, profile, &key)?;
    if let Some(outcome) = trade::attempt(agent, profile, &key, flight).await {
        return outcome;
    }
    let (secrets, secret) = match proof.take().filter(|(secrets, _)| *secrets == agent.secrets.get()) {
        Some(proof) => proof,
        None => {
            flight.waits_for(format!("the keyring {}", entry.keyring));
            let secrets = agent.secrets.get();
            (secrets, flight.unless_ended(secret(agent, entry, may_prompt)).await??)
        }
    };
    let (_, secret) = proof.insert((secrets, secret));
    flight.waits_for(keystone());
    let fault = match login(agent, profile, &key.scope, secret, flight.until()).await {
        Ok(made) => {
            agent.keep(profile, key, made, None);
            return Ok(Ok(()));
        }
        Err(fault) => fault,
    };
    if !matches!(fault, Fault::Refused { .. }) {
        return Ok(Err(fault));
    }
    flight.refuse_if_ended()?;
    let refusal = refused::diagnose(agent, profile, &key, secret, &fault, flight.until()).await;
    // A secret that was replaced meanwhile was not the one that was refused.
    if agent.secrets.get() == secrets {
        agent.refused.borrow_mut().remember(&key, &refusal);
    }
    Err(refusal)
}

/// One flight of a login at a time, as long as it is not known that the others can trade what the login has: ten scopes would
/// ask the keyring ten times, send a wrong password ten times and lock the account, and be refused the trade ten times. Where
/// nothing is traded a token that lives is proof enough of the secret.
async fn turn(agent: &Agent, identity: &Identity) -> Option<OwnedMutexGuard<()>> {
    let is_settled = || match trade::is_forbidden(agent, identity) {
        true => agent.cache.borrow().has_identity(identity, agent.clock.boot()),
        false => trade::is_sure(agent, identity),
    };
    if is_settled() {
        return None;
    }
    let turns = Arc::clone(agent.turns.borrow_mut().entry(identity.clone()).or_default());
    let turn = Mutex::lock_owned(turns).await;
    (!is_settled()).then_some(turn)
}

/// A token that was issued, and when it was asked for: the machine may have slept since, and its end is no later than this
/// tells.
#[derive(Debug)]
pub(crate) struct Made {
    pub(super) issued: Issued,
    /// On CLOCK_BOOTTIME.
    pub(super) asked: Duration,
}

/// One login at Keystone, counted before it is sent.
pub(super) async fn login(
    agent: &Agent,
    profile: &Profile,
    scope: &Scope,
    secret: &Secret,
    until: Instant,
) -> Result<Made, Fault> {
    let (mut gate, asked) = (Gate::of(agent, profile.identity()), agent.clock.boot());
    let issued = keystone::login(&agent.http, profile, scope, secret, &mut gate, until).await?;
    Ok(Made { issued, asked })
}

/// Counts what may make a token, before it is sent.
pub(super) struct Gate<'a> {
    agent: &'a Agent,
    identity: Identity,
}

impl Gate<'_> {
    pub(super) fn of(agent: &Agent, identity: Identity) -> Gate<'_> {
        Gate { agent, identity }
    }
}

impl keystone::Gate for Gate<'_> {
    fn creation(&mut self) -> Result<(), Duration> {
        self.agent.limits.borrow_mut().count(&self.identity, self.agent.clock.boot())
    }
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
    // Nobody would see what the keyring asks.
    let may_prompt = may_prompt && !agent.is_screen_locked.get();
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
    failure.question = Some(Box::new(Question {
        id: profile.name.to_string(),
        question: format!("Password of {}, {}: ", profile.who(), profile.scope.describe()),
        hidden: true,
        why: failure.message.clone(),
    }));
    failure
}

/// Between half of it and all of it, so that two machines do not keep step.
fn jitter(pause: Duration) -> Duration {
    // The standard library's own seed of its hash maps: randomness enough to be out of step.
    let random = RandomState::new().build_hasher().finish() % 256;
    pause / 2 + pause / 2 * random as u32 / 255
}

impl Agent {
    /// Puts an issued token into the cache, its end counted from the reply's `Date` on CLOCK_BOOTTIME.
    /// `from` is what it was traded for.
    pub(crate) fn keep(&self, profile: &Profile, key: Key, made: Made, from: Option<&Held>) -> Rc<Held> {
        let number = self.issued.get() + 1;
        self.issued.set(number);
        let now = self.clock.boot();
        let Made { issued: Issued { token, date_s }, asked } = made;
        // Without a Date, Keystone's own clock was at `issued_at`; without that, the machine's must do.
        let server_s = date_s.or(token.issued_s).unwrap_or_else(|| self.clock.wall_s());
        let life = Duration::from_secs((token.expires_s - server_s).try_into().unwrap_or(0));
        let held = Rc::new(Held {
            token,
            key,
            profile: profile.clone(),
            end: asked + life,
            life,
            whole: from.map_or(life, |from| from.whole),
            number,
            root: from.map_or(number, |from| from.root),
            handed_out: Cell::new(0),
            holders: RefCell::default(),
        });
        self.refused.borrow_mut().succeeded(&held.key, from.is_none());
        self.rests.borrow_mut().remove(&held.key);
        self.cache.borrow_mut().put(Rc::clone(&held), now);
        self.epoch.bump();
        held
    }
}
