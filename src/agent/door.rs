//! The agent's doors: the socket that clients come by, the lock that says whose it is, and the spare one for a successor. A
//! socket that a cleaner took away is bound again; one that a service manager lent us is never touched.

use std::cell::{Cell, RefCell};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::Notify;

use super::predecessor::Predecessor;
use super::{Agent, extra};
use crate::host::paths::Socket;
use crate::host::{files, socket};
use crate::wire::{Code, Failure};

/// How soon the agent notices that its socket is gone; a client waits a little longer than that for it.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Door {
    listener: RefCell<Option<Rc<UnixListener>>>,
    spare: RefCell<Option<Rc<UnixListener>>>,
    lock: RefCell<Option<socket::Lock>>,
    /// It is a service manager's, who goes on listening after us.
    is_lent: bool,
    /// The socket and its folder as they were when we came.
    bound: Cell<Option<socket::Identity>>,
    folder: Option<socket::Identity>,
    /// The agent before us, until it has been told that we have all.
    pub(super) predecessor: RefCell<Option<Predecessor>>,
    /// A successor is being served: nobody else is.
    is_closed: Cell<bool>,
    /// It all belongs to a successor by now.
    is_left: Cell<bool>,
    changed: Notify,
}

/// What an agent comes to its socket with.
#[derive(Debug)]
pub struct Keys {
    pub listener: UnixListener,
    pub spare: Option<UnixListener>,
    pub lock: Option<socket::Lock>,
    pub is_lent: bool,
    pub predecessor: Option<Predecessor>,
}

impl From<UnixListener> for Keys {
    fn from(listener: UnixListener) -> Keys {
        Keys { listener, spare: None, lock: None, is_lent: false, predecessor: None }
    }
}

impl Door {
    pub(super) fn new(keys: Keys, socket: &Socket) -> Door {
        Door {
            listener: RefCell::new(Some(Rc::new(keys.listener))),
            spare: RefCell::new(keys.spare.map(Rc::new)),
            lock: RefCell::new(keys.lock),
            is_lent: keys.is_lent,
            bound: Cell::new(socket::identity_of(&socket.path)),
            folder: socket::identity_of(socket.folder()),
            predecessor: RefCell::new(keys.predecessor),
            is_closed: Cell::new(false),
            is_left: Cell::new(false),
            changed: Notify::new(),
        }
    }

    /// Where clients come in now; `None` while nobody may.
    pub(super) fn listener(&self) -> Option<Rc<UnixListener>> {
        self.listener.borrow().clone().filter(|_| !self.is_closed.get())
    }

    pub(super) fn spare(&self) -> Option<Rc<UnixListener>> {
        self.spare.borrow().clone()
    }

    /// Another listener, or none, or one again.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn is_lent(&self) -> bool {
        self.is_lent
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Nobody comes in any more; who knocks waits in the kernel's queue.
    pub(super) fn close(&self) {
        self.is_closed.set(true);
        self.changed.notify_one();
    }

    pub(super) fn open(&self) {
        self.is_closed.set(false);
        self.changed.notify_one();
    }

    /// All of it is the successor's from now on.
    pub(super) fn leave(&self) {
        self.is_left.set(true);
    }

    pub(super) fn is_left(&self) -> bool {
        self.is_left.get()
    }

    /// The descriptors for a successor, in the order in which it takes them.
    pub(super) fn with_descriptors<T>(&self, send: impl FnOnce(&[BorrowedFd<'_>]) -> T) -> T {
        let (listener, lock, spare) = (self.listener.borrow(), self.lock.borrow(), self.spare.borrow());
        let all = [
            listener.as_ref().map(|listener| listener.as_fd()),
            lock.as_ref().map(AsFd::as_fd),
            spare.as_ref().map(|spare| spare.as_fd()),
        ];
        send(&all.into_iter().flatten().collect::<Vec<_>>())
    }

    /// Tells the agent before us that we have all, and takes its lock over.
    pub(super) fn succeed(&self, socket: &Socket) -> Result<(), Failure> {
        let Some(predecessor) = self.predecessor.take() else { return Ok(()) };
        if let Some(lock) = predecessor.confirm()?
            && self.lock.borrow().is_none()
        {
            let lock = socket::Lock::inherit(lock, &socket.agent_lock());
            *self.lock.borrow_mut() = Some(lock.map_err(|fault| Failure::of(Code::Agent, &fault))?);
        }
        Ok(())
    }

    /// Takes the name away, if it is ours: who connects from now on starts another agent.
    pub(super) fn take_name_away(&self, socket: &Socket) {
        let bound = self.bound.get();
        if !self.is_lent
            && !self.is_left.get()
            && bound.is_some()
            && bound == socket::identity_of(&socket.path)
        {
            let _ = files::remove(&socket.path);
        }
    }

    /// Nobody listens any more.
    pub(super) fn shut(&self) {
        self.listener.take();
        self.spare.take();
    }

    /// The last of all: lets another agent come.
    pub(super) fn unlock(&self) {
        if let Some(lock) = self.lock.take()
            && self.is_left.get()
        {
            lock.leave_to_successor();
        }
    }

    /// Looks whether clients still find us, and sees to it where we can.
    fn look(&self, socket: &Socket) -> Sight {
        if self.is_lent || self.is_closed.get() || self.is_left.get() {
            return Sight::Well;
        }
        let there = socket::identity_of(&socket.path);
        if there.is_some() && there == self.bound.get() {
            return Sight::Well;
        }
        let path = socket.agent_lock();
        let is_ours = self.lock.borrow().as_ref().is_none_or(|lock| lock.is_at(&path));
        if !is_ours && socket::identity_of(socket.folder()) != self.folder {
            // Made anew by whoever starts an agent there, who asks us at the spare door; our own fence keeps us out.
            let is_anothers = there.is_some() && socket::is_held(&path) == Some(true);
            return if is_anothers { Sight::Replaced } else { Sight::Well };
        }
        if !is_ours {
            match socket::try_lock(&path) {
                Ok(lock) => drop(self.lock.replace(Some(lock))),
                Err(socket::Fault::Held { .. }) if there.is_some() => return Sight::Replaced,
                // One is coming, and will ask us.
                Err(_) => return Sight::Well,
            }
        }
        // It may fail (a full disk); then the next look tries again.
        match there.is_none().then(|| socket::bind(&socket.path).ok().and_then(|bound| listen(bound).ok())) {
            Some(Some(listener)) => {
                self.bound.set(socket::identity_of(&socket.path));
                *self.listener.borrow_mut() = Some(Rc::new(listener));
                self.changed.notify_one();
                Sight::BoundAnew
            }
            _ => Sight::Well,
        }
    }
}

/// What a look at the socket shows.
#[derive(Debug, PartialEq, Eq)]
enum Sight {
    Well,
    BoundAnew,
    /// Another agent serves there, and nobody will ever come to us.
    Replaced,
}

pub(super) fn listen(listener: std::os::unix::net::UnixListener) -> std::io::Result<UnixListener> {
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// Looks after the socket, and ends the agent when another has its place.
pub(super) async fn guard(agent: &Agent) {
    loop {
        tokio::time::sleep(LOOK).await;
        extra::look(agent);
        match agent.door.look(&agent.socket) {
            Sight::Well => {}
            // The epoch's file may have gone the same way.
            Sight::BoundAnew => agent.epoch.bump(),
            Sight::Replaced => return agent.door.leave(),
        }
    }
}
