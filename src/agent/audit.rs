//! The audit: a line for each hand-out, refusal, lock, unlock and revoke. Never a secret, never a token: of a token only the id
//! that Keystone's own audit knows it by. Lines wait in memory for a second, so that a hand-out costs no system call; what is
//! never written harms nobody but the reader.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio::sync::Notify;

use super::Agent;
use super::cache::Held;
use super::profiles::Entry;
use crate::host::{log, process};
use crate::profile::Name;
use crate::wire::answer::{Audit as Answer, Audited};
use crate::wire::{self, Code, Failure, Request};

/// What a kill -9 loses at the most.
const REST: Duration = Duration::from_secs(1);

/// Different events of one second; more are counted and not told apart. Their lines are well under the log's length.
const WAITING_MAX: usize = 1024;

/// How far back an event is looked for that is the same as this one: many shells ask in turns.
const LOOK_BACK: usize = 16;

/// What may be answered; a line is a little longer there.
const READ_MAX: u64 = wire::REPLY_LEN_MAX as u64 / 4;

/// One thing that happened; the same again within a second is counted.
pub(super) struct Event {
    pub op: &'static str,
    pub entry: Option<Rc<Entry>>,
    /// The profile, where there is no entry.
    pub profile: Option<String>,
    pub held: Option<Rc<Held>>,
    pub pid: Option<i32>,
    pub code: Option<Code>,
    pub tokens: Option<usize>,
    pub why: &'static str,
    /// By the restricted socket.
    pub is_extra: bool,
}

impl Event {
    pub(super) fn of(op: &'static str) -> Event {
        let (entry, profile, held, pid, code, tokens) = (None, None, None, None, None, None);
        Event { op, entry, profile, held, pid, code, tokens, why: "", is_extra: false }
    }

    fn is_same(&self, other: &Event) -> bool {
        fn same<T>(one: &Option<Rc<T>>, other: &Option<Rc<T>>) -> bool {
            one.as_ref().map(Rc::as_ptr) == other.as_ref().map(Rc::as_ptr)
        }
        (self.op, self.pid, self.code, self.tokens, self.why, self.is_extra)
            == (other.op, other.pid, other.code, other.tokens, other.why, other.is_extra)
            && same(&self.entry, &other.entry)
            && same(&self.held, &other.held)
            && self.profile == other.profile
    }
}

pub(super) struct Audit {
    path: PathBuf,
    /// 0: nothing is written.
    len_max: u64,
    /// With the second of its first time, and how often.
    waiting: RefCell<Vec<(Event, i64, u64)>>,
    lost: Cell<u64>,
    wake: Notify,
    /// One write at a time, so that lines keep their order.
    writing: tokio::sync::Mutex<()>,
    fault: RefCell<Option<String>>,
}

impl Audit {
    pub(super) fn new(path: PathBuf, len_max: u64) -> Audit {
        Audit {
            path,
            len_max,
            waiting: RefCell::default(),
            lost: Cell::new(0),
            wake: Notify::new(),
            writing: tokio::sync::Mutex::default(),
            fault: RefCell::default(),
        }
    }

    /// Why the last lines were not written.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    pub(super) fn note(&self, event: Event, wall_s: i64) {
        if self.len_max == 0 {
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        let is_full = waiting.len() == WAITING_MAX;
        let again = waiting.iter_mut().rev().take(LOOK_BACK).find(|(known, ..)| known.is_same(&event));
        match again {
            Some((.., times)) => *times += 1,
            None if is_full => self.lost.set(self.lost.get() + 1),
            None => {
                if waiting.is_empty() {
                    self.wake.notify_one();
                }
                waiting.push((event, wall_s, 1));
            }
        }
    }

    /// Writes what waits. On another thread: a disk may be slow, and the agent has one.
    pub(super) async fn flush(&self) {
        let _turn = self.writing.lock().await;
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        let lost = self.lost.take();
        if waiting.is_empty() && lost == 0 {
            return;
        }
        let text = lines(&waiting, lost);
        // The tokens go with their events, before anything is waited for.
        drop(waiting);
        let (path, len_max) = (self.path.clone(), self.len_max);
        let written = tokio::task::spawn_blocking(move || log::append(&path, &text, len_max)).await;
        let fault = match written {
            Ok(outcome) => outcome.err().map(|error| error.to_string()),
            Err(_) => Some("its thread broke".to_owned()),
        };
        let fault = fault.map(|why| format!("the audit {} cannot be written: {why}", self.path.display()));
        self.fault.replace(fault);
    }
}

/// Writes a second after something has happened, for ever.
pub(super) async fn keep(agent: &Agent) {
    loop {
        agent.audit.wake.notified().await;
        tokio::time::sleep(REST).await;
        agent.audit.flush().await;
    }
}

fn lines(waiting: &[(Event, i64, u64)], lost: u64) -> Vec<u8> {
    let mut names: HashMap<i32, Option<String>> = HashMap::new();
    let mut text = Vec::new();
    let mut push = |line: &Audited| {
        if let Ok(line) = serde_json::to_vec(line) {
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
    };
    for (event, wall_s, times) in waiting {
        let profile = event.entry.as_ref().map(|entry| &entry.profile);
        let comm =
            event.pid.and_then(|pid| names.entry(pid).or_insert_with(|| process::name_of(pid)).clone());
        push(&Audited {
            time: time(*wall_s),
            op: event.op.to_owned(),
            profile: profile.map(|profile| profile.name.to_string()).or_else(|| event.profile.clone()),
            scope: profile.map(|profile| profile.scope.word().to_owned()),
            pid: event.pid,
            comm,
            code: event.code.map_or("ok", Code::word).to_owned(),
            audit_id: event.held.as_ref().and_then(|held| held.token.audit_ids.first().cloned()),
            tokens: event.tokens,
            why: event.why.to_owned(),
            extra: event.is_extra,
            times: *times,
        });
    }
    if let (Some((_, wall_s, _)), true) = (waiting.last(), lost > 0) {
        let mut line = Audited { time: time(*wall_s), op: "not_told_apart".to_owned(), ..Audited::default() };
        (line.code, line.times) = ("ok".to_owned(), lost);
        push(&line);
    }
    text
}

fn time(wall_s: i64) -> String {
    Timestamp::from_second(wall_s).map(|time| time.to_string()).unwrap_or_default()
}

impl Agent {
    pub(super) fn note(&self, event: Event) {
        self.audit.note(event, self.clock.wall_s());
    }

    /// A token was handed out.
    pub(super) fn note_token(
        &self,
        op: &'static str,
        entry: &Rc<Entry>,
        held: &Rc<Held>,
        pid: Option<i32>,
        is_extra: bool,
    ) {
        let (entry, held) = (Some(Rc::clone(entry)), Some(Rc::clone(held)));
        self.note(Event { entry, held, pid, is_extra, ..Event::of(op) });
    }

    /// No token was handed out to one who asked for it.
    pub(super) fn note_refusal(
        &self,
        op: &'static str,
        profile: Option<String>,
        pid: Option<i32>,
        failure: &Failure,
        is_extra: bool,
    ) {
        self.note(Event { is_extra, ..outcome(op, profile, pid, Some(failure)) });
    }

    /// What came of a request that had no token handed out.
    pub(super) fn note_outcome(
        &self,
        op: &'static str,
        profile: Option<String>,
        pid: Option<i32>,
        failure: Option<&Failure>,
    ) {
        self.note(outcome(op, profile, pid, failure));
    }
}

fn outcome(op: &'static str, profile: Option<String>, pid: Option<i32>, failure: Option<&Failure>) -> Event {
    // What is no name may be a password that was pasted in the wrong place.
    let profile = profile.filter(|name| name.parse::<Name>().is_ok());
    Event { profile, pid, code: failure.map(|failure| failure.code), ..Event::of(op) }
}

/// `audit`.
pub(super) async fn audit(agent: &Agent, request: &Request) -> Result<Answer, Failure> {
    let since = since(request, agent.clock.wall_s())?;
    agent.audit.flush().await;
    let path = agent.audit.path.clone();
    let read = tokio::task::spawn_blocking(move || log::read(&path, READ_MAX)).await;
    let text = match read {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => {
            let text = format!("the audit {} cannot be read", agent.audit.path.display());
            let mut failure = Failure::new(Code::File, text);
            failure.causes.push(error.to_string());
            return Err(failure);
        }
        Err(_) => return Err(Failure::new(Code::Internal, "the audit's thread broke")),
    };
    // The first line may be the end of one.
    let lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    // Times in UTC are in order as texts.
    let entries = lines.filter(|line: &Audited| since.as_ref().is_none_or(|since| line.time >= *since));
    let warnings = agent.audit.fault().into_iter().collect();
    Ok(Answer { entries: entries.collect(), path: agent.audit.path.display().to_string(), warnings })
}

/// From when on, as the lines have it.
fn since(request: &Request, now_s: i64) -> Result<Option<String>, Failure> {
    if let Some(seconds) = request.since_s {
        return Ok(Some(time(now_s.saturating_sub(seconds.try_into().unwrap_or(i64::MAX)))));
    }
    let Some(text) = request.since.as_deref() else { return Ok(None) };
    let in_utc = || text.parse::<DateTime>().and_then(|time| time.to_zoned(TimeZone::UTC));
    let parsed = text.parse::<Timestamp>().or_else(|_| in_utc().map(|zoned| zoned.timestamp()));
    match parsed {
        Ok(parsed) => Ok(Some(time(parsed.as_second()))),
        Err(_) => {
            let text =
                "a time is 2026-11-22, 2026-11-22T10:00, 2026-11-22T10:00:00Z, or a length such as 90m";
            Err(Failure::new(Code::Usage, text))
        }
    }
}
