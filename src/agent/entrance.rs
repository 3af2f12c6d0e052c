//! How an agent comes to its socket: it is the first, a service manager lends it one, or it succeeds an agent that runs. Whoever
//! has the lock serves; the socket belongs to whoever bound it. All of it before the fence, the first thread and the runtime.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use super::predecessor::{self, Predecessor, Refusal};
use crate::host::paths::Socket;
use crate::host::{process, service, socket, spare};
use crate::wire::{Code, Failure};

/// How long a new agent waits for one that is stopping: longer than that one drains, shorter than a client waits for a start.
const TAKEOVER_WAIT: Duration = Duration::from_secs(4);

/// A client looks at the lock for a moment to see whether an agent runs; longer than that it is another agent's.
const FOREGROUND_WAIT: Duration = Duration::from_millis(200);

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What is wanted of this process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// In the place of the agent that runs.
    pub replaces: bool,
    /// Whoever started us is content with any agent.
    pub is_for_client: bool,
}

#[derive(Debug)]
pub(super) struct Entrance {
    /// `None`: still to be bound.
    pub listener: Option<UnixListener>,
    pub spare: Option<UnixListener>,
    /// `None`: the predecessor's, until it lets go.
    pub lock: Option<socket::Lock>,
    pub is_lent: bool,
    pub predecessor: Option<Predecessor>,
}

/// The way in; `None` when an agent serves already and that will do.
pub(super) fn open(
    socket: &Socket,
    lent: Option<UnixListener>,
    wish: Wish,
) -> Result<Option<Entrance>, Failure> {
    let entrance = if lent.is_some() {
        lent_one(socket, lent)?
    } else if let Some(predecessor) = replaced(socket, wish)? {
        Entrance::after(None, Some(predecessor))
    } else {
        match lock(socket, wish).map_err(unusable)? {
            // The lock is new where the old one was taken away from under an agent, which is behind its spare door then.
            Some(lock) => Entrance::after(Some(lock), behind_spare_door(socket)),
            None => return Ok(None),
        }
    };
    Ok(Some(entrance))
}

impl Entrance {
    fn after(lock: Option<socket::Lock>, mut predecessor: Option<Predecessor>) -> Entrance {
        let spare = predecessor.as_mut().and_then(|before| before.spare.take()).map(UnixListener::from);
        let mut entrance = Entrance { listener: None, spare, lock, is_lent: false, predecessor };
        // With a lock of our own the folder is a new one, and a socket in it is still to be made.
        if entrance.lock.is_none() {
            let listener = entrance.predecessor.as_mut().and_then(|before| before.listener.take());
            entrance.listener = listener.map(UnixListener::from);
        }
        entrance
    }
}

/// The service manager's socket. An agent that was there before it holds the lock, and hands over to us.
fn lent_one(socket: &Socket, lent: Option<UnixListener>) -> Result<Entrance, Failure> {
    let any = Wish { replaces: false, is_for_client: false };
    let mut entrance = match lock(socket, any) {
        Ok(lock) => Entrance::after(lock, behind_spare_door(socket)),
        Err(fault @ socket::Fault::Held { .. }) => match behind_spare_door(socket) {
            Some(predecessor) => Entrance::after(None, Some(predecessor)),
            None => return Err(unusable(fault)),
        },
        Err(fault) => return Err(unusable(fault)),
    };
    (entrance.listener, entrance.is_lent) = (lent, true);
    Ok(entrance)
}

/// The agent that runs, if it is to be replaced and can hand over. One that cannot is stopped.
fn replaced(socket: &Socket, wish: Wish) -> Result<Option<Predecessor>, Failure> {
    let connect = || socket::connect(&socket.path, TAKEOVER_WAIT).map_err(unusable);
    let Some(stream) = wish.replaces.then(connect).transpose()?.flatten() else { return Ok(None) };
    if !process::peer(&stream).is_ok_and(|peer| peer.uid == process::uid()) {
        let text = format!("another user's process listens on {}", socket.path.display());
        return Err(Failure::new(Code::Agent, text));
    }
    match Predecessor::ask(stream, None) {
        Ok(predecessor) => Ok(Some(predecessor)),
        Err(Refusal::Failed(failure)) => Err(failure),
        Err(Refusal::Unable) => {
            if let Some(stream) = connect()? {
                predecessor::stop(stream)?;
            }
            Ok(None)
        }
    }
}

/// An agent whose socket and lock were taken away from under it. One that does not answer is left to itself: it ends when it
/// sees that we have its place.
fn behind_spare_door(socket: &Socket) -> Option<Predecessor> {
    let stream = spare::connect(&socket.path)?;
    let proof = spare::prove(&socket.agent_lock()).ok()?;
    Predecessor::ask(stream, Some(proof)).ok()
}

/// The agent's lock; `None` when an agent serves already. One that is stopping has given its socket up and holds the lock
/// until its requests are done; one whose socket was taken away binds it anew.
fn lock(socket: &Socket, wish: Wish) -> Result<Option<socket::Lock>, socket::Fault> {
    let wait = if wish.is_for_client || wish.replaces { TAKEOVER_WAIT } else { FOREGROUND_WAIT };
    let until = Instant::now() + wait;
    loop {
        match socket::try_lock(&socket.agent_lock()) {
            Err(socket::Fault::Held { .. }) if Instant::now() < until => {}
            outcome => return outcome.map(Some),
        }
        // Two were started at once, and the other was first: its clients will find it.
        if wish.is_for_client && socket::connect(&socket.path, TAKEOVER_WAIT)?.is_some() {
            return Ok(None);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The socket that a service manager left open for us.
pub(super) fn lent(socket: &Socket) -> Result<Option<UnixListener>, Failure> {
    service::listener(|name| std::env::var_os(name), process::pid(), process::uid(), &socket.path)
        .map_err(|fault| Failure::of(Code::Agent, &fault))
}

fn unusable(fault: socket::Fault) -> Failure {
    Failure::of(Code::Agent, &fault)
}
