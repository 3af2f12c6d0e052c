//! The agent before us, as its successor meets it: asks for all that it holds, and tells it when that has arrived. Plain and
//! blocking, for it happens before we serve anybody. Until it is told, the other agent may go on as if nothing had been.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::host::passed;
use crate::wire::answer::Done;
use crate::wire::handover::{FORMAT, STATE_LEN_MAX, State};
use crate::wire::{self, Code, Failure, Op, Reply, Request};

/// The agent before us lets its requests finish first, for two seconds; a client waits five for us to be ready.
const ANSWER_WAIT: Duration = Duration::from_secs(4);

/// Room for a few tokens and their catalogs.
const STATE_LEN: usize = 64 * 1024;

/// An agent that has closed its doors and waits for our word.
#[derive(Debug)]
pub struct Predecessor {
    stream: UnixStream,
    pub(super) state: State,
    pub(super) listener: Option<OwnedFd>,
    pub(super) spare: Option<OwnedFd>,
    lock: Option<OwnedFd>,
}

/// Why there is nothing to take over.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It does not know how, or speaks of it in another form.
    Unable,
    Failed(Failure),
}

impl Predecessor {
    /// Asks for everything. With a proof, at the spare door.
    pub(super) fn ask(stream: UnixStream, proof: Option<String>) -> Result<Predecessor, Refusal> {
        let broken = |error: io::Error| Refusal::Failed(lost(&error));
        stream.set_read_timeout(Some(ANSWER_WAIT)).map_err(broken)?;
        stream.set_write_timeout(Some(ANSWER_WAIT)).map_err(broken)?;
        say(&stream, &Request { proof, ..Request::new(Op::Handover) }).map_err(broken)?;
        let (line, mut descriptors) = hear(&stream).map_err(broken)?;
        let state = match wire::read::<Reply<State>>(&line) {
            Ok(Reply::Ok(state)) if state.format == FORMAT => state,
            Ok(Reply::Err(failure)) if failure.code != Code::Unsupported => {
                return Err(Refusal::Failed(failure));
            }
            _ => return Err(Refusal::Unable),
        };
        if descriptors.len() < 2 {
            return Err(Refusal::Unable);
        }
        let spare = (descriptors.len() > 2).then(|| descriptors.remove(2));
        let lock = Some(descriptors.remove(1));
        Ok(Predecessor { stream, state, listener: Some(descriptors.remove(0)), spare, lock })
    }

    /// Tells it that we have all. Its lock, if it says that it ends.
    pub(super) fn confirm(mut self) -> Result<Option<OwnedFd>, Failure> {
        let told = say(&self.stream, &Request::new(Op::HandoverDone)).and_then(|()| hear(&self.stream));
        let (line, _) = told.map_err(|error| lost(&error))?;
        match wire::read::<Reply<Done>>(&line) {
            Ok(Reply::Ok(_)) => Ok(self.lock.take()),
            _ => Err(Failure::new(Code::Agent, "the agent that runs has thought better of being replaced")),
        }
    }
}

/// Asks an agent that cannot hand over to end, and waits until it has let go of the connection.
pub(super) fn stop(mut stream: UnixStream) -> Result<(), Failure> {
    let asked = stream
        .set_read_timeout(Some(ANSWER_WAIT))
        .and_then(|()| say(&stream, &Request::new(Op::Stop)))
        .and_then(|()| stream.read_to_end(&mut Vec::new()));
    match asked {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(lost(&error)),
    }
}

fn lost(error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::Agent, "the agent that runs does not answer its successor");
    failure.causes.push(error.to_string());
    failure
}

fn say(mut stream: &UnixStream, request: &Request) -> io::Result<()> {
    stream.write_all(&wire::line(request, 256)?)
}

/// One line without its end, and what came with it.
fn hear(stream: &UnixStream) -> io::Result<(Zeroizing<Vec<u8>>, Vec<OwnedFd>)> {
    let mut buffer = Zeroizing::new(vec![0; STATE_LEN]);
    let (mut len, mut descriptors) = (0, Vec::new());
    loop {
        let (count, passed) = passed::receive(stream.as_fd(), &mut buffer[len..])?;
        descriptors.extend(passed);
        len += count;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // The agent says nothing more until it is asked.
        if buffer[len - 1] == b'\n' {
            buffer.truncate(len - 1);
            return Ok((buffer, descriptors));
        }
        if len > STATE_LEN_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if len == buffer.len() {
            let mut larger = Zeroizing::new(vec![0; len * 2]);
            larger[..len].copy_from_slice(&buffer);
            buffer = larger;
        }
    }
}
