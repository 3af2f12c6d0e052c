//! Locking: every token and every secret in memory goes, and nothing is handed out until `unlock`. What it forgets lives on
//! at Keystone until its end, unless it is revoked first. Who asks may be a client, a signal, or the desk's own session.

use std::rc::Rc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::audit::Event;
use super::cache::Held;
use super::handout::until;
use super::serve::Count;
use super::{Agent, config, revoke};
use crate::host::session::{self, Wants};
use crate::wire::answer::{Done, Ended};
use crate::wire::{Code, Failure, Request};

/// `lock` with `revoke = true` may not take longer: somebody is leaving the desk.
const WAIT: Duration = Duration::from_secs(5);

/// Why the agent locks itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// `osagent lock`.
    Asked,
    /// SIGUSR1.
    Signal,
    /// Nobody used it for `idle_s`.
    Idle,
    /// It was unlocked for `max_s`.
    Age,
    Suspend,
    Screen,
    Logout,
}

impl Reason {
    /// What comes after "locked".
    fn words(self) -> &'static str {
        match self {
            Reason::Asked => "",
            Reason::Signal => " by a signal",
            Reason::Idle => ", for nobody has used it for a while",
            Reason::Age => ", for it was unlocked for long enough",
            Reason::Suspend => ", for the machine slept",
            Reason::Screen => " with the screen",
            Reason::Logout => " by the end of the session",
        }
    }
}

/// What happens around the agent, told by a signal's task or by a thread that listens.
#[derive(Debug)]
pub struct Notice {
    /// `None`: the screen is unlocked again.
    pub reason: Option<Reason>,
    /// Dropped when the agent has done what it does about it.
    pub done: Option<SyncSender<()>>,
}

impl Notice {
    pub fn of(reason: Reason) -> Notice {
        Notice { reason: Some(reason), done: None }
    }
}

impl From<session::Event> for Notice {
    fn from(event: session::Event) -> Notice {
        let reason = match event {
            session::Event::Suspending => Some(Reason::Suspend),
            session::Event::ScreenLocked => Some(Reason::Screen),
            session::Event::ScreenUnlocked => None,
            session::Event::LoggedOut => Some(Reason::Logout),
        };
        Notice { reason, done: None }
    }
}

/// What the configuration makes it worth to listen to.
pub(super) fn wants(config: &config::Lock) -> Wants {
    Wants { suspend: config.on_suspend, screen: config.on_screen_lock, logout: config.on_logout }
}

/// Where notices are sent, and where the agent takes them ([`super::run`]).
pub fn notices() -> (UnboundedSender<Notice>, UnboundedReceiver<Notice>) {
    unbounded_channel()
}

/// Does what the notices say, for as long as somebody may send one.
pub(super) async fn heed(agent: &Rc<Agent>, notices: &mut UnboundedReceiver<Notice>) {
    while let Some(notice) = notices.recv().await {
        match notice.reason {
            None => agent.is_screen_locked.set(false),
            Some(reason) => {
                agent.is_screen_locked.set(agent.is_screen_locked.get() || reason == Reason::Screen);
                if agent.is_meant_to_lock(reason) {
                    agent.lock_now(reason).await;
                }
            }
        }
        drop(notice.done);
    }
    std::future::pending().await
}

impl Agent {
    /// Locks, without anybody who waits for the answer. With `[lock] revoke = true` the tokens are revoked too, within 5 s;
    /// nothing is handed out from the first moment.
    pub(super) async fn lock_now(self: &Rc<Self>, reason: Reason) -> Ended {
        lock(self, reason, self.config.lock.revoke, Instant::now() + WAIT).await
    }

    /// What a locked agent says.
    pub(super) fn locked(&self) -> Failure {
        Failure::new(Code::Locked, format!("the agent is locked{}", self.lock_reason.get().words()))
    }

    fn is_meant_to_lock(&self, reason: Reason) -> bool {
        match reason {
            Reason::Suspend => self.config.lock.on_suspend,
            Reason::Screen => self.config.lock.on_screen_lock,
            Reason::Logout => self.config.lock.on_logout,
            Reason::Asked | Reason::Signal | Reason::Idle | Reason::Age => true,
        }
    }
}

/// `lock`.
pub(super) async fn asked(agent: &Rc<Agent>, request: &Request) -> Ended {
    let limit = until(request).min(Instant::now() + WAIT);
    lock(agent, Reason::Asked, request.all || agent.config.lock.revoke, limit).await
}

async fn lock(agent: &Rc<Agent>, reason: Reason, revokes: bool, limit: Instant) -> Ended {
    let _under_way = Count::up(Rc::clone(&agent.ending));
    agent.is_locked.set(true);
    agent.lock_reason.set(reason);
    // A login under way must not put its token into a locked agent.
    agent.locks.send_replace(());
    let secrets_forgotten = forgotten_secrets(agent);
    let chosen: Vec<Rc<Held>> = match revokes {
        true => agent.cache.borrow().all().map(|(held, _)| Rc::clone(held)).collect(),
        false => Vec::new(),
    };
    // A keyring that hangs takes its time while Keystone does.
    let (mut ended, ()) = tokio::join!(revoke::end(agent, &chosen, limit), agent.keyrings.forget());
    ended.secrets_forgotten = secrets_forgotten;
    ended.forgotten = agent.cache.borrow_mut().clear();
    agent.refused.borrow_mut().clear();
    agent.rests.borrow_mut().clear();
    agent.epoch.bump();
    agent.note(Event {
        code: ended.failed.first().map(|failure| failure.code),
        tokens: Some(ended.revoked + ended.already_dead),
        why: reason.words().trim_start_matches([',', ' ']),
        ..Event::of("lock")
    });
    // What waits there holds on to its tokens.
    let writing = Rc::clone(agent);
    tokio::task::spawn_local(async move { writing.audit.flush().await });
    ended
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
    agent.clocks.unlocked(agent.clock.boot());
    agent.refused.borrow_mut().clear();
    agent.trades.borrow_mut().clear();
    agent.epoch.bump();
    agent.note(Event::of("unlock"));
    Done::default()
}
