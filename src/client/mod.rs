//! The client: finds the agent, checks that it is ours, asks, reads the answer. Plain std, no runtime. It opens one socket
//! when an agent runs, and starts one only when told to.

mod start;

pub use start::foreground;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::host::paths::Socket;
use crate::host::signals::{self, Held, Waited};
use crate::host::{process, socket, spare};
use crate::wire::answer::Hello;
use crate::wire::{self, Code, Failure, Op, Reply, Request};

/// How long a caller waits who does not say; the agent's own default is the same.
pub const WAIT: Duration = Duration::from_secs(60);

/// How long an agent may take for what it answers from its memory alone; one that is stopped is found out by then.
const LOOK_WAIT: Duration = Duration::from_secs(10);

/// What the agent gets beyond the caller's deadline to say why it was missed: a quarter of it, and no more than this.
const GRACE: Duration = Duration::from_secs(3);

/// How long an agent that has said that it stops may take to be gone; it drains for 2 s.
const END_WAIT: Duration = Duration::from_secs(5);

/// An agent looks after its socket every second.
const BACK_WAIT: Duration = Duration::from_secs(2);

/// An agent that is killed may lose a connection before it loses its listener, which then takes one more and loses it too.
const TRIES_MAX: u32 = 3;

/// A person should be told that something is going on.
const SLOW: Duration = Duration::from_secs(2);

/// A request for a token is under 200 bytes. No more than that, for all of it is wiped; a longer one grows.
const REQUEST_LEN: usize = 256;

/// A warm `env` is under 2 KiB.
const REPLY_LEN: usize = 2048;

/// How an agent is reached, and what may happen on the way.
#[derive(Debug)]
pub struct Route<'a> {
    pub socket: Socket,
    /// Somebody said where it is.
    pub is_told: bool,
    /// Ending signals, where the caller has something to say before the end.
    pub held: Option<&'a Held>,
    /// Called once when an answer is slow in coming.
    pub on_slow: Option<fn()>,
}

/// Why there is no answer.
enum Cut {
    /// The agent went away in the middle: another one may answer.
    Gone,
    Failed(Failure),
}

impl<'a> Route<'a> {
    /// The route to this user's agent.
    pub fn find(
        variable: impl Fn(&str) -> Option<OsString>,
        held: Option<&'a Held>,
    ) -> Result<Route<'a>, Failure> {
        let is_told = variable("OSAGENT_SOCK").is_some_and(|path| !path.is_empty());
        let socket =
            Socket::find(variable, process::uid()).map_err(|fault| Failure::of(Code::Agent, &fault))?;
        Ok(Route { socket, is_told, held, on_slow: None })
    }

    /// Asks the agent that runs; `None` when none does. One that goes away in the middle may have a successor, which is asked
    /// then; none is started.
    pub fn ask_running<T: DeserializeOwned>(&self, request: &Request) -> Result<Option<Reply<T>>, Failure> {
        let until = until(request);
        for _ in 0..TRIES_MAX {
            let Some(mut stream) = self.connect_to_running(until)? else { return Ok(None) };
            match self.call(&mut stream, request, until) {
                Ok(reply) => {
                    if request.op == Op::Stop {
                        self.wait_for_end(&mut stream);
                    }
                    return Ok(Some(reply));
                }
                Err(Cut::Gone) => self.pause(start::LOOK_AGAIN)?,
                Err(Cut::Failed(failure)) => return Err(failure),
            }
        }
        Err(ended_too_often())
    }

    /// Asks the agent, starting one if none runs. An agent that dies in the middle is replaced.
    pub fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<Reply<T>, Failure> {
        let until = until(request);
        let mut may_replace = true;
        for _ in 0..TRIES_MAX {
            let mut stream = match self.connect(until)? {
                Some(stream) => stream,
                None => start::start(self, until)?,
            };
            match self.call(&mut stream, request, until) {
                // An agent of another release does not know what we know; asked once, and never on the way to a token.
                Ok(Reply::Err(failure)) if failure.code == Code::Unsupported && may_replace => {
                    may_replace = false;
                    if !start::replace_another_release(self, until)? {
                        return Ok(Reply::Err(failure));
                    }
                }
                Ok(reply) => return Ok(reply),
                Err(Cut::Gone) => self.pause(start::LOOK_AGAIN)?,
                Err(Cut::Failed(failure)) => return Err(failure),
            }
        }
        match self.socket.is_extra() {
            true => {
                let text = format!("nobody answers at the other end of {}", self.socket.path.display());
                Err(Failure::new(Code::Agent, text))
            }
            false => Err(ended_too_often()),
        }
    }

    /// Starts an agent in the place of the one that runs, which hands over all that it holds. Who ran and who runs; `None`
    /// where none ran.
    pub fn replace(&self) -> Result<Option<(Hello, Hello)>, Failure> {
        let until = until(&Request::new(Op::Hello));
        let Some(mut stream) = self.connect_to_running(until)? else { return Ok(None) };
        let before = self.hello(&mut stream, until)?;
        drop(stream);
        start::replace(self, until)?;
        let stream = self.connect(until)?;
        let mut stream = stream.ok_or_else(|| Failure::new(Code::Agent, "the new agent ended at once"))?;
        Ok(Some((before, self.hello(&mut stream, until)?)))
    }

    fn hello(&self, stream: &mut UnixStream, until: Instant) -> Result<Hello, Failure> {
        match self.call(stream, &Request::new(Op::Hello), until) {
            Ok(Reply::Ok(hello)) => Ok(hello),
            Ok(Reply::Err(failure)) | Err(Cut::Failed(failure)) => Err(failure),
            Ok(Reply::Ask(_)) | Err(Cut::Gone) => Err(self.silent()),
        }
    }

    /// The agent that runs, found without starting one, also by a service manager.
    fn connect_to_running(&self, until: Instant) -> Result<Option<UnixStream>, Failure> {
        // A lock that nobody holds: what listens there, if anything does, is a service manager, who would start an agent. Where
        // there is no lock, the socket comes from elsewhere.
        let lock = self.socket.agent_lock();
        let is_held = socket::is_held(&lock);
        let is_spare = || spare::connect(&self.socket.path).is_some();
        if is_held == Some(false) {
            return if is_spare() { start::start(self, until).map(Some) } else { Ok(None) };
        }
        if let Some(stream) = self.connect(until)? {
            return Ok(Some(stream));
        }
        // A cleaner took the socket away: the agent binds it anew, or its successor does.
        if is_held.is_none() {
            return if is_spare() { start::start(self, until).map(Some) } else { Ok(None) };
        }
        let until = until.min(Instant::now() + BACK_WAIT);
        while Instant::now() < until && socket::is_held(&lock) == Some(true) && is_spare() {
            self.pause(start::LOOK_AGAIN)?;
            if let Some(stream) = self.connect(until)? {
                return Ok(Some(stream));
            }
        }
        Ok(None)
    }

    /// A connection to whoever listens, if it is a process of our own uid; otherwise nobody is told anything.
    fn connect(&self, until: Instant) -> Result<Option<UnixStream>, Failure> {
        let path = &self.socket.path;
        let stream = match socket::connect(path, until.saturating_duration_since(Instant::now())) {
            Ok(Some(stream)) => stream,
            Ok(None) => return Ok(None),
            Err(socket::Fault::Busy { .. }) => return Err(self.silent()),
            Err(fault) => return Err(Failure::of(Code::Agent, &fault)),
        };
        match process::peer(&stream) {
            Ok(peer) if peer.uid == process::uid() => Ok(Some(stream)),
            Ok(peer) => {
                let text =
                    format!("a process of uid {} listens on {}: not our agent", peer.uid, path.display());
                Err(Failure::new(Code::Agent, text))
            }
            Err(error) => Err(broken(&error)),
        }
    }

    fn call<T: DeserializeOwned>(
        &self,
        stream: &mut UnixStream,
        request: &Request,
        until: Instant,
    ) -> Result<Reply<T>, Cut> {
        let line = wire::line(request, REQUEST_LEN).map_err(|_| {
            Cut::Failed(Failure::new(Code::Internal, "the request cannot be written as JSON"))
        })?;
        if line.len() > wire::REQUEST_LEN_MAX {
            let text = format!("the request is longer than {} bytes", wire::REQUEST_LEN_MAX);
            return Err(Cut::Failed(Failure::new(Code::Usage, text)));
        }
        match stream.write_all(&line) {
            Err(error) if is_gone(&error) => return Err(Cut::Gone),
            Err(error) => return Err(Cut::Failed(broken(&error))),
            Ok(()) => {}
        }
        let reply = self.read_line(stream, until)?;
        wire::read(&reply).map_err(|fault| Cut::Failed(Failure::of(Code::Agent, &fault)))
    }

    /// The reply's line, without its end.
    fn read_line(&self, stream: &mut UnixStream, until: Instant) -> Result<Zeroizing<Vec<u8>>, Cut> {
        let mut buffer = Zeroizing::new(vec![0; REPLY_LEN]);
        let mut len = 0;
        let mut slow = self.on_slow;
        loop {
            self.wait_for(stream, until, &mut slow).map_err(Cut::Failed)?;
            match stream.read(&mut buffer[len..]) {
                Ok(0) => return Err(Cut::Gone),
                Err(error) if is_gone(&error) => return Err(Cut::Gone),
                Err(error) => return Err(Cut::Failed(broken(&error))),
                Ok(count) => len += count,
            }
            // The newline is the last byte: the agent says nothing more until it is asked.
            if buffer[len - 1] == b'\n' {
                buffer.truncate(len - 1);
                return Ok(buffer);
            }
            if len > wire::REPLY_LEN_MAX {
                return Err(Cut::Failed(Failure::new(Code::Agent, "the agent's answer has no end")));
            }
            if len == buffer.len() {
                let mut larger = Zeroizing::new(vec![0; len * 2]);
                larger[..len].copy_from_slice(&buffer);
                buffer = larger;
            }
        }
    }

    fn pause(&self, within: Duration) -> Result<(), Failure> {
        match signals::wait(self.held, None, within).map_err(|error| broken(&error))? {
            Waited::Signal(number) => Err(interrupted(number)),
            Waited::Ready | Waited::TimedOut => Ok(()),
        }
    }

    /// Until the agent's process lets go of the connection, which it does last of all.
    fn wait_for_end(&self, stream: &mut UnixStream) {
        let until = Instant::now() + END_WAIT;
        // Whatever ends this wait, the agent has said that it stops.
        while self.wait_for(stream, until, &mut None).is_ok() {
            if !stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {
                return;
            }
        }
    }

    fn wait_for(&self, stream: &UnixStream, until: Instant, slow: &mut Option<fn()>) -> Result<(), Failure> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let within = if slow.is_some() { left.min(SLOW) } else { left };
            match signals::wait(self.held, Some(stream.as_fd()), within).map_err(|error| broken(&error))? {
                Waited::Ready => return Ok(()),
                Waited::Signal(number) => return Err(interrupted(number)),
                Waited::TimedOut if left > within => {
                    if let Some(tell) = slow.take() {
                        tell();
                    }
                }
                Waited::TimedOut => return Err(self.silent()),
            }
        }
    }

    /// It took the connection and says nothing: stopped, or stuck.
    fn silent(&self) -> Failure {
        let text = format!("the agent at {} does not answer", self.socket.path.display());
        Failure::new(Code::Agent, text)
    }
}

/// When the caller's whole wait is over, the start of an agent included.
fn until(request: &Request) -> Instant {
    let usual = match request.op {
        Op::Hello | Op::Profiles | Op::Show | Op::Default | Op::Unlock | Op::Status | Op::Stop => LOOK_WAIT,
        _ => WAIT,
    };
    let wait = request.deadline_ms.map_or(usual, Duration::from_millis);
    Instant::now() + wait + GRACE.min(wait / 4)
}

fn ended_too_often() -> Failure {
    Failure::new(Code::Agent, format!("the agent ended {TRIES_MAX} times in the middle of the request"))
}

/// A held signal came; [`Held::came`] tells which.
fn interrupted(number: i32) -> Failure {
    Failure::new(Code::Agent, format!("ended by signal {number}"))
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
    )
}

fn broken(error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::Agent, "the connection to the agent failed");
    failure.causes.push(error.to_string());
    failure
}
