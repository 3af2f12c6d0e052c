//! The restricted socket: tokens for another machine (`ssh -R`) or a container, and nothing else. It is there while a profile
//! allows it. Whoever asks here may be anybody: no question reaches a person, no other profile is named, nothing is changed.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use tokio::net::UnixListener;
use tokio::sync::Notify;

use super::profiles::Entry;
use super::{Agent, door, serve};
use crate::host::{files, socket};
use crate::wire::answer::Hello;
use crate::wire::{Code, Failure, Op, Request};

/// Its own, so that a far side that takes all of them leaves the agent's own socket as it was.
const CONNECTIONS_MAX: usize = 64;

/// What `hello` says there. A client that sees the last word never puts another agent in the place of this one.
pub(super) const CAPABILITIES: &[&str] = &["token", "env", "extra"];

/// The socket, while there is one.
#[derive(Debug, Default)]
pub(super) struct Extra {
    listener: RefCell<Option<Rc<UnixListener>>>,
    bound: Cell<Option<socket::Identity>>,
    /// Why there is none although a profile wants one.
    fault: RefCell<Option<String>>,
    changed: Notify,
}

impl Extra {
    /// For `status`.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    /// The doors were opened or closed.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    pub(super) fn touch(&self, path: &Path) {
        if self.is_at(path) {
            files::touch(path);
        }
    }

    fn is_at(&self, path: &Path) -> bool {
        self.bound.get().is_some() && self.bound.get() == socket::identity_of(path)
    }

    /// Takes the name away, if it is ours; a successor's stays.
    pub(super) fn take_away(&self, path: &Path) {
        if self.is_at(path) {
            let _ = files::remove(path);
        }
        self.bound.set(None);
        self.listener.take();
        self.wake();
    }

    fn bind(&self, path: &Path, is_successor: bool) {
        let bound = if is_successor { socket::bind_over(path) } else { socket::bind(path) };
        let bound = bound.and_then(|bound| {
            door::listen(bound).map_err(|source| socket::Fault::Io { path: path.to_owned(), source })
        });
        match bound {
            Ok(listener) => {
                self.bound.set(socket::identity_of(path));
                self.listener.replace(Some(Rc::new(listener)));
                self.fault.take();
                self.wake();
            }
            // Tried again at the next look.
            Err(fault) => drop(self.fault.replace(Some(format!("the restricted socket: {fault}")))),
        }
    }
}

/// Sees to it that the socket is there while a profile allows it, and only then; one that a cleaner took away is bound anew.
pub(super) fn look(agent: &Agent) {
    if agent.door.is_closed() || agent.door.is_left() {
        return;
    }
    let path = agent.socket.extra();
    let is_wanted = agent.profiles.borrow().forwarded(agent.clock.wall_s()).next().is_some();
    let is_there = agent.extra.listener.borrow().is_some() && agent.extra.is_at(&path);
    match (is_wanted, is_there) {
        // The agent before us has it open until it ends, which is after we serve.
        (true, false) => agent.extra.bind(&path, agent.door.predecessor.borrow().is_some()),
        (false, true) => agent.extra.take_away(&path),
        _ => {}
    }
    if !is_wanted {
        agent.extra.listener.take();
        agent.extra.fault.take();
    }
}

/// Serves the restricted socket for as long as the agent runs.
pub(super) async fn serve(agent: &Rc<Agent>) {
    let open = Rc::new(Cell::new(0));
    loop {
        let listener = agent.extra.listener.borrow().clone().filter(|_| !agent.door.is_closed());
        tokio::select! {
            stream = serve::accept(listener.as_deref(), open.get() < CONNECTIONS_MAX) => {
                if let Some(stream) = stream {
                    serve::take(agent, stream, &open, serve::Way::Extra);
                }
            }
            () = agent.extra.changed.notified() => {}
        }
    }
}

pub(super) fn hello() -> Hello {
    Hello { capabilities: CAPABILITIES.iter().map(ToString::to_string).collect(), ..super::status::hello() }
}

/// Makes of a request what it may be here, or says why it may not be. Everything that is not named is refused, an op that is
/// still to come too.
pub(super) fn admit(agent: &Agent, request: &mut Request) -> Result<(), Failure> {
    match request.op {
        Op::Hello => return Ok(()),
        Op::Token | Op::Env => {}
        _ => return Err(restricted("the restricted socket gives tokens and does nothing else")),
    }
    let asks_for_scope =
        request.project.is_some() || request.domain.is_some() || request.system || request.unscoped;
    if asks_for_scope {
        return Err(restricted("the restricted socket gives tokens of a profile's own scope only"));
    }
    // The far side would use up the logins that a minute has.
    if request.fresh {
        return Err(restricted("the restricted socket makes no token where there is one"));
    }
    let name = entry(agent, request.profile.as_deref())?.profile.name.to_string();
    // What belongs to a person, or to a process of this machine, comes from elsewhere.
    *request = Request {
        v: request.v,
        op: request.op,
        profile: Some(name),
        deadline_ms: request.deadline_ms,
        min_ttl_s: request.min_ttl_s,
        check: request.check,
        exec: request.exec,
        region: request.region.take(),
        // Nobody is asked, nothing counts as use of the agent, and what was revoked is not made anew.
        at_prompt: true,
        ..Request::default()
    };
    Ok(())
}

/// The profile that is meant, of those that are given here. One that is not says the same as one that is not there.
pub(super) fn entry(agent: &Agent, name: Option<&str>) -> Result<Rc<Entry>, Failure> {
    let profiles = agent.profiles.borrow();
    let wall_s = agent.clock.wall_s();
    let Some(name) = name else {
        let default = profiles.default().filter(|entry| entry.forward.is_open(wall_s));
        let mut forwarded = profiles.forwarded(wall_s).map(|entry| entry.profile.name.as_str());
        let only = match (forwarded.next(), forwarded.next()) {
            (Some(name), None) => profiles.get(name),
            _ => None,
        };
        return default.or(only).cloned().ok_or_else(|| {
            let names: Vec<&str> = profiles.forwarded(wall_s).map(|e| e.profile.name.as_str()).collect();
            match names.is_empty() {
                true => restricted("the restricted socket gives tokens of no profile any more"),
                false => {
                    Failure::new(Code::NoDefault, format!("which profile? there are {}", names.join(", ")))
                }
            }
        });
    };
    profiles
        .get(name)
        .filter(|entry| entry.forward.is_open(wall_s))
        .cloned()
        .ok_or_else(|| restricted("the restricted socket gives tokens of no such profile, or no longer"))
}

/// A failure as it may be told here: without a question, and with what can be done about it.
pub(super) fn told(mut failure: Failure) -> Failure {
    if failure.question.take().is_some() || failure.code == Code::NeedsPerson {
        failure.causes.push("the restricted socket asks nobody: get a token where the agent runs".to_owned());
    }
    failure
}

fn restricted(text: &str) -> Failure {
    Failure::new(Code::Restricted, text)
}
