//! When the agent locks itself by the clock: nobody used it, it was unlocked long enough, or the machine slept. The tick looks,
//! and so does each request before it is served, for the tick stands still while the machine does.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::lock::Reason;
use super::{Agent, TICK};
use crate::host::clock::Clock;
use crate::wire::{Op, Request};

/// Reading two clocks one after the other makes them differ by less; no machine falls asleep and wakes up within it.
const SLEEP_LEAST: Duration = Duration::from_secs(1);

/// What the agent remembers of the clocks.
#[derive(Debug)]
pub(super) struct Clocks {
    /// Since boot, as all here.
    used: Cell<Duration>,
    unlocked: Cell<Duration>,
    /// How long the machine has slept since its boot.
    slept: Cell<Duration>,
}

impl Clocks {
    pub(super) fn begin(clock: &dyn Clock) -> Clocks {
        let now = clock.boot();
        let slept = now.saturating_sub(clock.awake());
        Clocks { used: Cell::new(now), unlocked: Cell::new(now), slept: Cell::new(slept) }
    }

    /// How long ago the agent was used, and unlocked.
    pub(super) fn ages(&self, now: Duration) -> (Duration, Duration) {
        (now.saturating_sub(self.used.get()), now.saturating_sub(self.unlocked.get()))
    }

    /// The same of an agent before us: an upgrade gives nobody more time.
    pub(super) fn remember(&self, (used, unlocked): (Duration, Duration), now: Duration) {
        self.used.set(now.saturating_sub(used));
        self.unlocked.set(now.saturating_sub(unlocked));
    }

    /// The agent is unlocked: both times begin anew.
    pub(super) fn unlocked(&self, now: Duration) {
        self.used.set(now);
        self.unlocked.set(now);
    }
}

impl Agent {
    /// Before each request, and at each tick.
    pub(super) fn look_at_clocks(self: &Rc<Self>) {
        let now = self.clock.boot();
        let slept = now.saturating_sub(self.clock.awake());
        let was_asleep = slept.saturating_sub(self.clocks.slept.replace(slept)) >= SLEEP_LEAST;
        if was_asleep {
            // Their other ends have forgotten them, and a request on one would wait for an answer in vain.
            self.http.forget_connections();
        }
        if self.is_locked.get() {
            return;
        }
        let lock = &self.config.lock;
        let reason = match was_asleep && lock.on_suspend {
            true => Some(Reason::Suspend),
            false => self.deadlines().find(|(end, _)| *end <= now).map(|(_, reason)| reason),
        };
        if let Some(reason) = reason {
            // At once, for the request that is behind this; the rest may take its time.
            self.is_locked.set(true);
            self.lock_reason.set(reason);
            let agent = Rc::clone(self);
            tokio::task::spawn_local(async move { agent.lock_now(reason).await });
        }
    }

    /// A person, or what works for one, wants something. A prompt's hook and a look at the status are no use.
    pub(super) fn is_used(&self, request: &Request) {
        let is_use = match request.op {
            Op::Token | Op::Env => !request.at_prompt,
            Op::Add | Op::SecretSet | Op::Answer => true,
            _ => false,
        };
        if is_use {
            self.clocks.used.set(self.clock.boot());
        }
    }

    /// How long the tick may wait for the next look.
    pub(super) fn until_next_look(&self) -> Duration {
        let now = self.clock.boot();
        let left = self.deadlines().map(|(end, _)| end.saturating_sub(now)).min();
        left.filter(|_| !self.is_locked.get()).map_or(TICK, |left| left.min(TICK))
    }

    /// When the agent is to lock itself, and why.
    fn deadlines(&self) -> impl Iterator<Item = (Duration, Reason)> {
        let lock = &self.config.lock;
        let after = |begin: &Cell<Duration>, seconds: u64, reason| {
            let end = begin.get().saturating_add(Duration::from_secs(seconds));
            (seconds > 0).then_some((end, reason))
        };
        let idle = after(&self.clocks.used, lock.idle_s, Reason::Idle);
        idle.into_iter().chain(after(&self.clocks.unlocked, lock.max_s, Reason::Age))
    }
}
