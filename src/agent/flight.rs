//! Flights: one login under way for each identity and scope, however many wait for it. Who waits has a deadline of their own;
//! the flight goes on to the latest of them. A lock ends them all at once; a revoke ends those of its login, each as soon as
//! Keystone has said whether it made a token, so that no token is left that nobody knows.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cache::Key;
use super::profiles::Entry;
use super::{Agent, refresh, words};
use crate::profile::Identity;
use crate::wire::{Code, Failure};

/// A flight goes on this long even if all who wait have gone: a token that Keystone has made is not thrown away because a
/// shell hook waits for 300 ms only.
const FLIGHT_LEAST: Duration = Duration::from_secs(30);

/// How long one who can do without waits for a flight: a login takes a second or two, where Keystone is well.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What the waiters of a flight share.
#[derive(Debug)]
pub(super) struct Flight {
    /// The latest deadline of all who wait; tries end there.
    until: Cell<Instant>,
    /// The most life that any of them wants.
    least: Cell<Duration>,
    stage: watch::Sender<Stage>,
    /// Who is to answer next, for those whose time is up.
    waits_for: RefCell<String>,
    end: watch::Sender<End>,
}

/// Whether somebody has ended a flight before it landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum End {
    /// It goes on.
    No,
    /// It sends nothing more; what Keystone answers to what was sent is taken.
    Soon,
    /// Keystone takes too long to answer.
    Now,
}

/// How far a flight has come.
#[derive(Debug)]
enum Stage {
    Flying,
    /// A try has failed, and another will follow.
    Troubled(Failure),
    /// The token is in the cache, or there will be none.
    Landed(Result<(), Failure>),
}

/// Who wants a new token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub until: Instant,
    /// A person was told that the keyring may ask for its password.
    pub may_prompt: bool,
    /// Has an older token that will do: the first trouble is enough to go on with that one.
    pub is_content: bool,
    /// The life that the token must have; more than any has: the whole of a new one.
    pub least: Duration,
}

impl Flight {
    pub(super) fn until(&self) -> Instant {
        self.until.get()
    }

    pub(super) fn least(&self) -> Duration {
        self.least.get()
    }

    /// Who is to answer next.
    pub(super) fn waits_for(&self, whom: String) {
        self.waits_for.replace(whom);
    }

    /// Does what sends nothing to Keystone, unless the flight is to end.
    pub(super) async fn unless_ended<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let mut end = self.end.subscribe();
        tokio::select! {
            biased;
            _ = end.wait_for(|end| *end >= End::Soon) => Err(revoked()),
            outcome = work => Ok(outcome),
        }
    }

    pub(super) fn refuse_if_ended(&self) -> Result<(), Failure> {
        if *self.end.borrow() == End::No { Ok(()) } else { Err(revoked()) }
    }

    /// A try has failed, and another will follow.
    pub(super) fn trouble(&self, failure: Failure) {
        self.stage.send_replace(Stage::Troubled(failure));
    }
}

/// Waits for a new token of the entry, joining a flight that is under way. The token is in the cache afterwards.
pub(super) async fn wait(agent: &Rc<Agent>, entry: &Entry, caller: Caller) -> Result<(), Failure> {
    let flight = join(agent, entry, caller);
    let mut stage = flight.stage.subscribe();
    let is_enough = |stage: &Stage| match stage {
        Stage::Flying => false,
        Stage::Troubled(_) => caller.is_content,
        Stage::Landed(_) => true,
    };
    // The sender is in the flight that we hold: the wait ends with a stage, or by the deadline.
    let _ = tokio::time::timeout_at(caller.until.into(), stage.wait_for(is_enough)).await;
    match &*stage.borrow() {
        Stage::Landed(outcome) => outcome.clone(),
        Stage::Troubled(failure) => Err(failure.clone()),
        Stage::Flying => Err(late(entry, &flight)),
    }
}

/// Ends the flights of a login, or all of them, and returns once they have landed: the tokens that they brought are in the
/// cache. Says what they wanted, and for which of them Keystone did not answer in time: it may have made a token that nobody
/// knows.
pub(super) async fn end(agent: &Agent, identity: Option<&Identity>, until: Instant) -> Vec<(Key, bool)> {
    let until = until.min(Instant::now() + PATIENCE);
    let is_meant = |key: &Key, _: &mut Rc<Flight>| identity.is_none_or(|identity| key.identity == *identity);
    // Off the board at once: who asks from now on wants a token of after the revoke.
    let flights: Vec<(Key, Rc<Flight>)> = agent.flights.borrow_mut().extract_if(is_meant).collect();
    for (_, flight) in &flights {
        flight.end.send_replace(End::Soon);
    }
    let mut ended = Vec::new();
    for (key, flight) in flights {
        let mut stage = flight.stage.subscribe();
        let has_landed = |stage: &Stage| matches!(stage, Stage::Landed(_));
        let landed = tokio::time::timeout_at(until.into(), stage.wait_for(has_landed)).await.is_ok();
        flight.end.send_replace(End::Now);
        ended.push((key, landed));
    }
    ended
}

fn revoked() -> Failure {
    Failure::new(Code::Revoked, "a revoke ended this login before it had a token")
}

/// Starts a flight that nobody waits for.
pub(super) fn start(agent: &Rc<Agent>, entry: &Entry, caller: Caller) {
    join(agent, entry, caller);
}

fn join(agent: &Rc<Agent>, entry: &Entry, caller: Caller) -> Rc<Flight> {
    let key = Key::of(&entry.profile);
    if let Some(flight) = agent.flights.borrow().get(&key) {
        flight.until.set(flight.until.get().max(caller.until));
        flight.least.set(flight.least.get().max(caller.least));
        return Rc::clone(flight);
    }
    let until = caller.until.max(Instant::now() + FLIGHT_LEAST);
    let flight = Rc::new(Flight {
        until: Cell::new(until),
        least: Cell::new(caller.least),
        stage: watch::Sender::new(Stage::Flying),
        waits_for: RefCell::new("the agent".to_owned()),
        end: watch::Sender::new(End::No),
    });
    agent.flights.borrow_mut().insert(key.clone(), Rc::clone(&flight));
    let landing = Landing { agent: Rc::clone(agent), flight: Rc::clone(&flight), key, outcome: None };
    let (agent, entry) = (Rc::clone(agent), entry.clone());
    tokio::task::spawn_local(async move {
        let mut locks = agent.locks.subscribe();
        let flight = Rc::clone(&landing.flight);
        let mut end = flight.end.subscribe();
        let outcome = tokio::select! {
            biased;
            // Whatever it has, the secret too, goes with it; a token that Keystone makes for it yet is not kept.
            _ = locks.changed() => Err(agent.locked()),
            _ = end.wait_for(|end| *end == End::Now) => Err(revoked()),
            outcome = refresh::fly(&agent, &entry, &flight, caller.may_prompt) => outcome,
        };
        landing.land(outcome.map_err(|failure| match failure.code {
            Code::Revoked => words::about(&entry.profile, failure),
            _ => failure,
        }));
    });
    flight
}

/// Takes the flight off the board and tells those who wait, also when it panics.
struct Landing {
    agent: Rc<Agent>,
    flight: Rc<Flight>,
    key: Key,
    outcome: Option<Result<(), Failure>>,
}

impl Landing {
    fn land(mut self, outcome: Result<(), Failure>) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        // First off the board, so that who comes now starts anew; one that was ended is off it, and may have a successor.
        let is_on_board = |flight: &Rc<Flight>| Rc::ptr_eq(flight, &self.flight);
        let mut flights = self.agent.flights.borrow_mut();
        if flights.get(&self.key).is_some_and(is_on_board) {
            flights.remove(&self.key);
        }
        drop(flights);
        let broken = || Err(Failure::new(Code::Internal, "the login ended without an answer"));
        let outcome = self.outcome.take().unwrap_or_else(broken);
        self.flight.stage.send_replace(Stage::Landed(outcome));
    }
}

/// The caller's time is up.
fn late(entry: &Entry, flight: &Flight) -> Failure {
    let text = format!("{} did not answer in the time given", flight.waits_for.borrow());
    words::about(&entry.profile, Failure::new(Code::Deadline, text))
}
