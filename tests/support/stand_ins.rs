//! Stand-ins on a session bus for what cannot be had from a real provider: one that hangs at a chosen call, one whose prompt
//! is answered, and a prompter that counts who wants to ask.

#![allow(dead_code, clippy::unwrap_used, reason = "included by several tests, each of which uses a part")]

use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use zbus::Message;
use zbus::blocking::{Connection, MessageIterator, connection::Builder};
use zbus::zvariant::{Fd, ObjectPath, Value};

const SECRETS: &str = "org.freedesktop.secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/stand_in";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/stand_in";

/// The beginning of each session's path, before its number.
pub(crate) const SESSIONS: &str = "/org/freedesktop/login1/session/s";

/// Where a provider stops answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hangs {
    AtOnce,
    /// It says that it is ready, and never opens a session.
    AfterTheProbe,
}

pub(crate) fn hung_provider(address: &str, hangs: Hangs) -> Connection {
    stand_in(address, SECRETS, move |connection, message| {
        if hangs == Hangs::AfterTheProbe {
            answer_probe(connection, message, false);
        }
    })
}

/// It says that it is ready, or locked, and is gone at the first call that is more than a look.
pub(crate) fn vanishing_provider(address: &str, is_locked: bool) -> Connection {
    stand_in(address, SECRETS, move |connection, message| match member(message).as_str() {
        "ReadAlias" | "Get" => answer_probe(connection, message, is_locked),
        _ => connection.clone().close().unwrap(),
    })
}

/// A locked provider whose prompt a person answers at once: by dismissing it, or by unlocking.
pub(crate) fn prompting_provider(address: &str, person_dismisses: bool) -> Connection {
    let is_locked = AtomicBool::new(true);
    stand_in(address, SECRETS, move |connection, message| {
        let header = message.header();
        match member(message).as_str() {
            "Unlock" => {
                let none_yet: Vec<ObjectPath<'_>> = Vec::new();
                let prompt = ObjectPath::try_from(PROMPT).unwrap();
                connection.reply(&header, &(none_yet, prompt)).unwrap();
            }
            "Prompt" => {
                connection.reply(&header, &()).unwrap();
                is_locked.store(person_dismisses, Ordering::SeqCst);
                let completed = (person_dismisses, Value::from(""));
                let prompt = "org.freedesktop.Secret.Prompt";
                connection.emit_signal(None::<&str>, PROMPT, prompt, "Completed", &completed).unwrap();
            }
            _ => answer_probe(connection, message, is_locked.load(Ordering::SeqCst)),
        }
    })
}

/// Stands where gnome-keyring looks for the program that shows its prompts, shows none, and counts.
#[derive(Debug)]
pub(crate) struct Prompter {
    asked: Arc<AtomicUsize>,
    _connection: Connection,
}

impl Prompter {
    pub(crate) fn start(address: &str) -> Prompter {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let connection = stand_in(address, "org.gnome.keyring.SystemPrompter", move |connection, message| {
            count.fetch_add(1, Ordering::SeqCst);
            let refusal = "org.gnome.keyring.Prompter.InProgress";
            connection.reply_error(&message.header(), refusal, &"no display").unwrap();
        });
        Prompter { asked, _connection: connection }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A logind in which `uid` has this many sessions. Each delay that it grants is a pipe: its other end is sent, and ends when the
/// delay does.
pub(crate) fn logind(
    address: &str,
    uid: u32,
    sessions: &Arc<AtomicUsize>,
    delays: mpsc::Sender<PipeReader>,
) -> Connection {
    let sessions = Arc::clone(sessions);
    stand_in(address, "org.freedesktop.login1", move |connection, message| {
        let header = message.header();
        match member(message).as_str() {
            "Inhibit" => {
                let (reads, writes) = std::io::pipe().unwrap();
                delays.send(reads).unwrap();
                connection.reply(&header, &Fd::from(OwnedFd::from(writes))).unwrap();
            }
            "ListSessions" => {
                let row = |number: usize, uid: u32| {
                    let path = ObjectPath::try_from(format!("{SESSIONS}{number}")).unwrap();
                    (number.to_string(), uid, "somebody", "", path)
                };
                let ours = (1..=sessions.load(Ordering::SeqCst)).map(|number| row(number, uid));
                // A neighbour's, and the service manager's of our own.
                let rows: Vec<_> = ours.chain([row(98, uid + 1), row(99, uid)]).collect();
                connection.reply(&header, &rows).unwrap();
            }
            "Get" => {
                let is_manager = header.path().is_some_and(|path| path.ends_with("99"));
                let class = if is_manager { "manager" } else { "user" };
                connection.reply(&header, &Value::from(class)).unwrap();
            }
            _ => {}
        }
    })
}

/// A screen that is locked and unlocked by the test.
pub(crate) fn screen_saver(address: &str, name: &'static str) -> Connection {
    stand_in(address, name, |_, _| {})
}

/// Owns `name` as long as the connection lives, and gives each call to `answer`; what that leaves alone is never answered.
fn stand_in(
    address: &str,
    name: &'static str,
    answer: impl Fn(&Connection, &Message) + Send + 'static,
) -> Connection {
    let connection = Builder::address(address).unwrap().build().unwrap();
    let messages = MessageIterator::from(&connection);
    connection.request_name(name).unwrap();
    let its_own = connection.clone();
    thread::spawn(move || {
        for message in messages.map_while(Result::ok) {
            if message.message_type() == zbus::message::Type::MethodCall {
                answer(&its_own, &message);
            }
        }
    });
    connection
}

fn answer_probe(connection: &Connection, message: &Message, is_locked: bool) {
    let header = message.header();
    match member(message).as_str() {
        "ReadAlias" => {
            connection.reply(&header, &ObjectPath::try_from(COLLECTION).unwrap()).unwrap();
        }
        "Get" => connection.reply(&header, &Value::from(is_locked)).unwrap(),
        _ => {}
    }
}

fn member(message: &Message) -> String {
    message.header().member().map(ToString::to_string).unwrap_or_default()
}
