//! The client: finds the agent, checks that it is ours, asks, reads the answer. Plain std, no runtime. It opens one socket
//! when an agent runs, and starts one only when told to.

mod start;

pub use start::program as agent_program;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::host::paths::Socket;
use crate::host::signals::{self, Held, Waited};
use crate::host::{process, socket};
use crate::wire::{self, Code, Failure, Reply, Request};

/// How long a caller waits who does not say; the agent's own default is the same.
pub const WAIT: Duration = Duration::from_secs(60);

/// What the agent gets beyond the caller's deadline to say why it was missed.
const GRACE: Duration = Duration::from_secs(3);

/// A person should be told that something is going on.
const SLOW: Duration = Duration::from_secs(2);

/// A warm `env` is under 2 KiB.
const BUFFER_LEN: usize = 4096;

/// How an agent is reached, and what may happen on the way.
#[derive(Debug)]
pub struct Route<'a> {
    pub socket: Socket,
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
        let socket =
            Socket::find(variable, process::uid()).map_err(|fault| Failure::of(Code::Agent, &fault))?;
        Ok(Route { socket, held, on_slow: None })
    }

    /// Asks the agent that runs; `None` when none does.
    pub fn ask_running<T: DeserializeOwned>(&self, request: &Request) -> Result<Option<Reply<T>>, Failure> {
        let Some(mut stream) = self.connect()? else { return Ok(None) };
        match self.call(&mut stream, request) {
            Ok(reply) => Ok(Some(reply)),
            Err(Cut::Gone) => Ok(None),
            Err(Cut::Failed(failure)) => Err(failure),
        }
    }

    /// Asks the agent, starting one if none runs. An agent that dies in the middle is replaced once.
    pub fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<Reply<T>, Failure> {
        for _ in 0..2 {
            let mut stream = match self.connect()? {
                Some(stream) => stream,
                None => start::start(self)?,
            };
            match self.call(&mut stream, request) {
                Ok(reply) => return Ok(reply),
                Err(Cut::Gone) => {}
                Err(Cut::Failed(failure)) => return Err(failure),
            }
        }
        Err(Failure::new(Code::Agent, "the agent ended twice in the middle of the request"))
    }

    /// A connection to whoever listens, if it is a process of our own uid; otherwise nobody is told anything.
    fn connect(&self) -> Result<Option<UnixStream>, Failure> {
        let path = &self.socket.path;
        let stream = match socket::connect(path) {
            Ok(Some(stream)) => stream,
            Ok(None) => return Ok(None),
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

    fn call<T: DeserializeOwned>(&self, stream: &mut UnixStream, request: &Request) -> Result<Reply<T>, Cut> {
        let capacity = if request.secret.is_some() { wire::REQUEST_LEN_MAX } else { BUFFER_LEN };
        let line = wire::line(request, capacity).map_err(|_| {
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
        let wait = request.deadline_ms.map_or(WAIT, Duration::from_millis) + GRACE;
        let reply = self.read_line(stream, Instant::now() + wait)?;
        wire::read(&reply).map_err(|fault| Cut::Failed(Failure::of(Code::Agent, &fault)))
    }

    /// The reply's line, without its end.
    fn read_line(&self, stream: &mut UnixStream, until: Instant) -> Result<Zeroizing<Vec<u8>>, Cut> {
        let mut buffer = Zeroizing::new(vec![0; BUFFER_LEN]);
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
