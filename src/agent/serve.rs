//! The socket's other side: takes connections of our own uid, reads one request a line, answers with one line. A client that
//! is silent, slow, huge or talks rubbish harms only itself; nothing that it sent is echoed or logged.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::{Agent, audit, extra, handout, handover, lock, prompts, revoke, settings, status, store};
use crate::host::process;
use crate::wire::{self, Code, Failure, Frame, Op, Reply, Request};

/// Far more than the shells of one person; far fewer than the descriptors that a system has.
const CONNECTIONS_MAX: usize = 4096;

/// When descriptors run out, connections wait in the kernel's queue this long before the next try.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A whole request, from its first byte.
const REQUEST_WAIT: Duration = Duration::from_secs(2);

/// Between two requests, and for a reply to be taken.
const IDLE_WAIT: Duration = Duration::from_secs(60);

/// Holds a refusal with its causes.
const REFUSAL_LEN: usize = 1024;

/// Holds a whole `env` with a token of usual length, so that no copy of it is left behind by growing.
const REPLY_LEN: usize = 4096;

/// Serves until told to stop.
pub(super) async fn serve(agent: Rc<Agent>, mut stop: watch::Receiver<bool>) {
    let open = Rc::new(Cell::new(0));
    let capacity = capacity(process::open_files_max());
    loop {
        let listener = agent.door.listener();
        let accepted = tokio::select! {
            accepted = accept(listener.as_deref(), open.get() < capacity) => accepted,
            () = agent.door.changed() => continue,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if let Some(stream) = accepted {
            take(&agent, stream, &open, Way::Own);
        }
    }
}

/// By which socket somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Own,
    Extra,
}

/// Who asks, and who will have the token: the same, unless that one says otherwise.
#[derive(Debug, Clone, Copy)]
struct Asker {
    peer: Option<i32>,
    holder: Option<i32>,
    is_extra: bool,
}

/// Serves a connection, which counts as `open` as long as it lives.
pub(super) fn take(agent: &Rc<Agent>, stream: UnixStream, open: &Rc<Cell<usize>>, way: Way) {
    let (count, agent) = (Count::up(Rc::clone(open)), Rc::clone(agent));
    tokio::task::spawn_local(async move {
        connection(agent, stream, way).await;
        drop(count);
    });
}

/// How many connections may be open at once: of the descriptors that we may have a quarter is for logins, keyrings and files,
/// whoever sits on a connection.
fn capacity(open_files: usize) -> usize {
    CONNECTIONS_MAX.min(open_files - open_files / 4)
}

/// The next connection; `None` after a pause, where there is no room for one. Those who come meanwhile wait in the kernel.
pub(super) async fn accept(listener: Option<&UnixListener>, has_room: bool) -> Option<UnixStream> {
    let Some(listener) = listener else { return std::future::pending().await };
    if has_room && let Ok((stream, _)) = listener.accept().await {
        return Some(stream);
    }
    tokio::time::sleep(ACCEPT_PAUSE).await;
    None
}

/// One more connection, or request, or lock, as long as it lives.
pub(super) struct Count(Rc<Cell<usize>>);

impl Count {
    pub(super) fn up(count: Rc<Cell<usize>>) -> Count {
        count.set(count.get() + 1);
        Count(count)
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

async fn connection(agent: Rc<Agent>, mut stream: UnixStream, way: Way) {
    // Authorised by uid, before a byte is read: whoever opened the folder up by hand gets nothing either.
    let Some(peer) = stream.peer_cred().ok().filter(|peer| peer.uid() == process::uid()) else { return };
    let mut frame = Frame::default();
    loop {
        let line = match next(&mut frame, &mut stream).await {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(failure) => {
                let _ = send(&mut stream, &render(&Reply::<()>::Err(failure), REFUSAL_LEN)).await;
                return;
            }
        };
        if agent.door.is_closed() {
            // A successor is being served, and will be asked this.
            return;
        }
        let busy = Count::up(Rc::clone(&agent.busy));
        let turn = answer(&agent, line, peer.pid(), way).await;
        frame.wipe();
        let is_sent = match turn {
            Turn::Say(reply) => send(&mut stream, &reply).await.is_ok(),
            Turn::HandOver => {
                handover::give(&agent, &mut stream, &mut frame, 1).await;
                false
            }
        };
        if !is_sent {
            return;
        }
        drop(busy);
    }
}

pub(super) async fn send(stream: &mut UnixStream, line: &[u8]) -> std::io::Result<()> {
    match stream.try_write(line) {
        Ok(len) if len == line.len() => Ok(()),
        Ok(len) => timeout_at(Instant::now() + IDLE_WAIT, stream.write_all(&line[len..])).await?,
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            timeout_at(Instant::now() + IDLE_WAIT, stream.write_all(line)).await?
        }
        Err(error) => Err(error),
    }
}

/// The next request, without its end; `None` when the client has gone or is silent.
pub(super) async fn next<'a>(
    frame: &'a mut Frame,
    stream: &mut UnixStream,
) -> Result<Option<&'a [u8]>, Failure> {
    let mut until = Instant::now() + if frame.is_empty() { IDLE_WAIT } else { REQUEST_WAIT };
    while !frame.is_whole().map_err(|fault| Failure::of(Code::BadRequest, &fault))? {
        let is_first = frame.is_empty();
        match timeout_at(until, stream.read(frame.room())).await {
            Ok(Ok(count)) if count > 0 => frame.came(count),
            _ => return Ok(None),
        }
        if is_first {
            until = Instant::now() + REQUEST_WAIT;
        }
    }
    Ok(Some(frame.line()))
}

/// What a request leads to.
enum Turn {
    Say(Zeroizing<Vec<u8>>),
    /// The rest of the connection is a successor's.
    HandOver,
}

/// One request, answered as a line.
async fn answer(agent: &Rc<Agent>, line: &[u8], peer: Option<i32>, way: Way) -> Turn {
    let mut request: Request = match wire::read(line) {
        Ok(request) => request,
        Err(fault) => return Turn::Say(failed(Failure::of(Code::BadRequest, &fault))),
    };
    // Whatever is spoken otherwise, who we are, our end and our successor are asked for in these words.
    let is_lasting = matches!(request.op, Op::Hello | Op::Stop | Op::Handover);
    if request.v != wire::VERSION && !is_lasting {
        let text = format!("this agent speaks protocol {}, not {}", wire::VERSION, request.v);
        return Turn::Say(failed(Failure::new(Code::Unsupported, text)));
    }
    agent.look_at_clocks();
    let is_extra = way == Way::Extra;
    if is_extra && let Err(failure) = extra::admit(agent, &mut request) {
        let asker = Asker { peer, holder: peer, is_extra };
        return Turn::Say(refused(agent, "refused", None, asker, failure));
    }
    agent.is_used(&request);
    let asker = Asker { peer, holder: request.holder.or(peer), is_extra };
    match request.op {
        Op::Handover => Turn::HandOver,
        Op::Hello if is_extra => Turn::Say(ok(&extra::hello())),
        _ => Turn::Say(done(agent, &mut request, asker).await),
    }
}

/// What the request asks for, done, and the line that says so.
async fn done(agent: &Rc<Agent>, request: &mut Request, asker: Asker) -> Zeroizing<Vec<u8>> {
    let Asker { peer, holder, is_extra } = asker;
    match request.op {
        Op::Token => match found(agent, request, asker).await {
            Ok((found, entry)) => {
                let now = agent.clock.boot();
                found.goes_to(holder, now);
                agent.note_token("token", &entry, &found.held, holder, is_extra);
                ok(&handout::token(&found, &entry, now))
            }
            Err(failure) => refused(agent, "token", request.profile.take(), asker, failure),
        },
        Op::Env => match found(agent, request, asker).await {
            Ok((found, entry)) => {
                let (now, wall_s) = (agent.clock.boot(), agent.clock.wall_s());
                match handout::env(&found, &entry, request.region.as_deref(), now, wall_s) {
                    Ok(answer) => {
                        found.goes_to(holder, now);
                        agent.note_token("env", &entry, &found.held, holder, is_extra);
                        ok(&answer)
                    }
                    Err(failure) => refused(agent, "env", request.profile.take(), asker, failure),
                }
            }
            Err(failure) => refused(agent, "env", request.profile.take(), asker, failure),
        },
        Op::Rejected => reply(handout::rejected(agent, request).await),
        Op::Hello => ok(&status::hello()),
        Op::Profiles => ok(&store::profiles(agent)),
        Op::Show => reply(store::show(agent, request)),
        Op::Add => {
            let name = request.add.as_ref().map(|add| add.profile.name.to_string());
            let outcome = agent.unless_locked(store::add(agent, request)).await;
            agent.note_outcome("add", name, holder, outcome.as_ref().err());
            reply(outcome)
        }
        Op::Remove => reply(store::remove(agent, request).await),
        Op::Default => reply(store::default(agent, request)),
        Op::Set => reply(settings::set(agent, request)),
        Op::Answer if request.cancelled => reply(prompts::cancel(agent, request.profile.as_deref(), peer)),
        Op::SecretSet | Op::Answer => {
            let outcome = agent.unless_locked(store::secret_set(agent, request)).await;
            agent.note_outcome("secret_set", request.profile.take(), holder, outcome.as_ref().err());
            reply(outcome)
        }
        Op::Revoke => reply(revoke::revoke(agent, request).await),
        Op::Lock => ok(&lock::asked(agent, request).await),
        Op::Unlock => ok(&lock::unlock(agent)),
        Op::Audit => reply(audit::audit(agent, request).await),
        Op::Status => ok(&status::status(agent)),
        Op::Stop => {
            agent.stop();
            ok(&wire::answer::Done::default())
        }
        Op::HandoverDone | Op::Handover => {
            failed(Failure::new(Code::BadRequest, "nothing was handed over on this connection"))
        }
        Op::Unknown => failed(Failure::new(Code::Unsupported, "this agent does not know that op")),
    }
}

type Found = (handout::Found, Rc<super::profiles::Entry>);

async fn found(agent: &Rc<Agent>, request: &Request, asker: Asker) -> Result<Found, Failure> {
    let entry = agent.wanted(request)?;
    let until = handout::until(request);
    loop {
        match handout::find(agent, &entry, request).await {
            Ok(found) => {
                // It may have been closed while a login was under way.
                if asker.is_extra {
                    extra::entry(agent, request.profile.as_deref())?;
                }
                return Ok((found, entry));
            }
            Err(failure) if asker.is_extra => return Err(extra::told(failure)),
            // A prompt's hook asks nobody and waits for nobody.
            Err(failure) if request.at_prompt => return Err(failure),
            Err(failure) => prompts::turn(agent, failure, asker.peer, asker.holder, until).await?,
        }
    }
}

/// Nothing was handed out.
fn refused(
    agent: &Agent,
    op: &'static str,
    profile: Option<String>,
    asker: Asker,
    failure: Failure,
) -> Zeroizing<Vec<u8>> {
    let profile = profile.or_else(|| failure.profile.clone());
    agent.note_refusal(op, profile, asker.holder, &failure, asker.is_extra);
    failed(failure)
}

fn reply<T: Serialize>(outcome: Result<T, Failure>) -> Zeroizing<Vec<u8>> {
    match outcome {
        Ok(answer) => ok(&answer),
        Err(failure) => failed(failure),
    }
}

fn ok<T: Serialize>(answer: &T) -> Zeroizing<Vec<u8>> {
    render(&Reply::Ok(answer), REPLY_LEN)
}

fn failed(mut failure: Failure) -> Zeroizing<Vec<u8>> {
    match failure.question.take() {
        Some(question) => render(&Reply::<()>::Ask(*question), REFUSAL_LEN),
        None => render(&Reply::<()>::Err(failure), REFUSAL_LEN),
    }
}

pub(super) fn render<T: Serialize>(reply: &Reply<T>, capacity: usize) -> Zeroizing<Vec<u8>> {
    match wire::line(reply, capacity) {
        Ok(line) if line.len() <= wire::REPLY_LEN_MAX => line,
        _ => Zeroizing::new(
            b"{\"err\":{\"code\":\"internal\",\"message\":\"the answer is too long\"}}\n".to_vec(),
        ),
    }
}
