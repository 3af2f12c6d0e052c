//! How much a person is asked: one question at a time for each profile, with the asker's name; a cancel is told to all who
//! wait and remembered for a while; and after a wrong password the next one waits, without anybody else waiting with it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::{Agent, words};
use crate::host::process;
use crate::profile::{Identity, Profile};
use crate::wire::answer::Done;
use crate::wire::{Code, Failure};

/// Whoever was asked has gone for a walk: then the next one may be.
const QUESTION_MAX: Duration = Duration::from_secs(120);

/// Long enough for all who asked together to hear of it, short enough for whoever cancelled by mistake.
const CANCEL_REMEMBERED: Duration = Duration::from_secs(10);

/// A process that was asked may end without a word.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// The wait after the first wrong password; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Far more logins than a person has.
const WRONG_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Prompts {
    /// By profile, for each one that is asked for, or was cancelled a while ago.
    open: RefCell<HashMap<String, Question>>,
    changed: Notify,
    wrong: RefCell<HashMap<Identity, Arc<Mutex<Wrong>>>>,
}

#[derive(Debug, Clone, Copy)]
enum Question {
    AskedOf { pid: i32, at: Instant },
    Cancelled { pid: i32, at: Instant },
}

/// How often in a row, and when the next may be tried.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    count: u32,
    next: Option<Instant>,
}

impl Prompts {
    /// The question was answered, well or not: the next one may be asked.
    pub(super) fn answered(&self, profile: &str) {
        self.open.borrow_mut().remove(profile);
        self.changed.notify_waiters();
    }

    /// Of a question that is open; there is nothing else to cancel.
    fn cancelled(&self, profile: &str, pid: Option<i32>) {
        if !matches!(self.known(profile), Some(Question::AskedOf { .. })) {
            return;
        }
        let cancelled = Question::Cancelled { pid: pid.unwrap_or(0), at: Instant::now() };
        self.open.borrow_mut().insert(profile.to_owned(), cancelled);
        self.changed.notify_waiters();
    }

    /// Logins that nobody has guessed at for a while, once there are many of them.
    fn forget_wrong(&self) {
        let mut wrong = self.wrong.borrow_mut();
        if wrong.len() >= WRONG_MAX {
            let is_recent = |wrong: &Wrong| wrong.next.is_some_and(|next| next.elapsed() < PAUSE_MAX);
            wrong.retain(|_, wrong| wrong.try_lock().map_or(true, |wrong| is_recent(&wrong)));
        }
    }

    fn known(&self, profile: &str) -> Option<Question> {
        let known = *self.open.borrow().get(profile)?;
        let holds = match known {
            Question::AskedOf { pid, at } => process::is_alive(pid) && at.elapsed() < QUESTION_MAX,
            Question::Cancelled { at, .. } => at.elapsed() < CANCEL_REMEMBERED,
        };
        if !holds {
            self.open.borrow_mut().remove(profile);
        }
        holds.then_some(known)
    }
}

/// Whether this caller is the one to be asked: `Err` with the question, or why not. `Ok`: somebody else has been asked
/// meanwhile, and the request may be tried again. `for_whom` will have what comes of it.
pub(super) async fn turn(
    agent: &Agent,
    mut failure: Failure,
    peer: Option<i32>,
    for_whom: Option<i32>,
    until: Instant,
) -> Result<(), Failure> {
    let Some(mut question) = failure.question.take() else { return Err(failure) };
    loop {
        let changed = agent.prompts.changed.notified();
        match agent.prompts.known(&question.id) {
            Some(Question::Cancelled { pid, .. }) => {
                failure.causes.push(format!("process {pid} was asked for it and cancelled"));
                return Err(failure);
            }
            Some(Question::AskedOf { pid, .. }) if Some(pid) != peer => {
                if Instant::now() >= until {
                    failure.causes.push(format!("process {pid} is being asked for it"));
                    return Err(failure);
                }
                let wait = until.min(Instant::now() + LOOK_AGAIN);
                if tokio::time::timeout_at(wait.into(), changed).await.is_ok()
                    && agent.prompts.known(&question.id).is_none()
                {
                    return Ok(());
                }
            }
            _ => break,
        }
    }
    if let Some(pid) = peer {
        let asked = Question::AskedOf { pid, at: Instant::now() };
        agent.prompts.open.borrow_mut().insert(question.id.clone(), asked);
    }
    if let Some((pid, name)) = for_whom.and_then(|pid| Some((pid, process::name_of(pid)?))) {
        let text = question.question.trim_end_matches([':', ' ']);
        question.question = format!("{text} (for {name}, process {pid}): ");
    }
    failure.question = Some(question);
    Err(failure)
}

/// `answer` with `cancelled`.
pub(super) fn cancel(agent: &Agent, profile: Option<&str>, peer: Option<i32>) -> Result<Done, Failure> {
    agent.refuse_if_locked()?;
    agent.prompts.cancelled(agent.entry(profile)?.profile.name.as_str(), peer);
    Ok(Done::default())
}

/// The turn to try a password that somebody gave for this login. One at a time, and after wrong ones not at once.
pub(super) async fn try_password(
    agent: &Rc<Agent>,
    profile: &Profile,
    until: Instant,
) -> Result<OwnedMutexGuard<Wrong>, Failure> {
    agent.prompts.forget_wrong();
    let wrong = Arc::clone(agent.prompts.wrong.borrow_mut().entry(profile.identity()).or_default());
    let late = |wait: Duration| {
        let text = format!("wrong passwords before; the next is tried in {} s", wait.as_secs().max(1));
        words::about(profile, Failure::new(Code::Limited, text))
    };
    let locked = tokio::time::timeout_at(until.into(), wrong.lock_owned()).await;
    let guard = locked.map_err(|_| late(PAUSE))?;
    if let Some(next) = guard.next {
        if next > until {
            return Err(late(next.saturating_duration_since(Instant::now())));
        }
        tokio::time::sleep_until(next.into()).await;
    }
    Ok(guard)
}

impl Wrong {
    /// What came of it.
    pub(super) fn tried(&mut self, failure: Option<&Failure>) {
        match failure.map(|failure| failure.code) {
            None => *self = Wrong::default(),
            Some(Code::Refused) => {
                let pause = PAUSE.saturating_mul(1 << self.count.min(10)).min(PAUSE_MAX);
                (self.count, self.next) = (self.count + 1, Some(Instant::now() + pause));
            }
            // Nothing was learned of the password.
            Some(_) => {}
        }
    }
}
