//! Handing over: all that this agent holds but passwords goes to its successor, an agent of the same user, with the socket
//! and the lock. Passwords are given to nobody: who may ask for a handover is known by its user id alone.
//! While it lasts nobody is served; whoever comes waits in the queue of the socket, which the successor goes on emptying.
//! If the successor does not say that it has all, everything is as before.

use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout};

use super::Agent;
use super::audit::Event;
use super::cache::{Held, Key};
use super::chosen::Holders;
use super::serve;
use crate::host::{passed, process, spare};
use crate::profile::Identity;
use crate::secret::Secret;
use crate::token::{Id, Token};
use crate::wire::handover::{self, FORMAT, State};
use crate::wire::{self, Code, Failure, Frame, Op, Reply, Request, Sealed};

/// How long requests under way may still take; those that take longer are asked anew, of the successor.
const QUIET_WAIT: Duration = Duration::from_secs(2);

/// How long the successor may take to fetch all of it, and then to say that it has it.
const SUCCESSOR_WAIT: Duration = Duration::from_secs(3);

const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Nobody comes in while this lives.
struct Closed<'a>(&'a Agent);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        if !self.0.door.is_left() {
            self.0.door.open();
            self.0.extra.wake();
            // The successor may have written its own number.
            self.0.epoch.bump();
        }
    }
}

/// Answers `handover`. `own` requests are under way that are this one.
pub(super) async fn give(agent: &Rc<Agent>, stream: &mut UnixStream, frame: &mut Frame, own: usize) {
    if agent.door.is_closed() {
        return refuse(stream, "the agent is being replaced already").await;
    }
    if agent.door.is_lent() && own > 0 {
        let text = "the agent's socket is its service manager's: systemctl --user restart osagent.service";
        return refuse(stream, text).await;
    }
    agent.door.close();
    agent.extra.wake();
    let _closed = Closed(agent);
    agent.look_at_clocks();
    // A lock that the clocks have begun is counted when it runs.
    tokio::task::yield_now().await;
    be_quiet(agent, own).await;
    if agent.ending.get() > 0 {
        // What it has not ended yet would live on, and nobody would say so.
        return refuse(stream, "a lock or a revoke is under way; try again when it is done").await;
    }
    // Whoever asked has it all from here on, whether it becomes the successor or not.
    let pid = stream.peer_cred().ok().and_then(|peer| peer.pid());
    let tokens = Some(agent.cache.borrow().all().count());
    agent.note(Event { pid, tokens, ..Event::of("handover") });
    // The successor writes its own lines into the same file.
    agent.audit.flush().await;
    let state = collect(agent);
    if !matches!(timeout(SUCCESSOR_WAIT, send(agent, stream, &state)).await, Ok(Ok(()))) {
        return;
    }
    let was_locked = state.locked;
    drop(state);
    let told = timeout(SUCCESSOR_WAIT, serve::next(frame, stream)).await;
    let Ok(Ok(Some(line))) = told else { return };
    let is_done = wire::read::<Request>(line).is_ok_and(|request| request.op == Op::HandoverDone);
    // Locked in the meantime, by a signal or the clock: the successor is not, and must not be left with what it has.
    if is_done && agent.is_locked.get() == was_locked && agent.ending.get() == 0 {
        agent.door.leave();
        let _ = stream.write_all(b"{\"ok\":{}}\n").await;
        agent.stop.send_replace(true);
    }
}

async fn refuse(stream: &mut UnixStream, text: &str) {
    let reply = Reply::<()>::Err(Failure::new(Code::Agent, text));
    let _ = serve::send(stream, &serve::render(&reply, 512)).await;
}

/// Until no other request, no lock and no login is under way.
async fn be_quiet(agent: &Agent, own: usize) {
    let end = Instant::now() + QUIET_WAIT;
    let is_busy = || agent.busy.get() > own || agent.ending.get() > 0 || !agent.flights.borrow().is_empty();
    while is_busy() && Instant::now() < end {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The line, and the descriptors with the end of it.
async fn send(agent: &Agent, stream: &mut UnixStream, state: &State) -> std::io::Result<()> {
    let line = wire::line(&Reply::Ok(state), 64 * 1024)?;
    if line.len() > handover::STATE_LEN_MAX {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    let (end, start) = line.split_last().expect("a line has an end");
    stream.write_all(start).await?;
    let pass = || agent.door.with_descriptors(|all| passed::send(&*stream, &[*end], all));
    stream.async_io(Interest::WRITABLE, pass).await?;
    Ok(())
}

/// The spare door: nothing but a handover, to one of our own uid that has our folder open to it.
pub(super) async fn serve_spare(agent: &Rc<Agent>) {
    let Some(listener) = agent.door.spare() else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::task::spawn_local(knock(Rc::clone(agent), stream))),
            Err(_) => tokio::time::sleep(serve::ACCEPT_PAUSE).await,
        }
    }
}

async fn knock(agent: Rc<Agent>, mut stream: UnixStream) {
    if !stream.peer_cred().is_ok_and(|peer| peer.uid() == process::uid()) {
        return;
    }
    let mut frame = Frame::default();
    let Ok(Ok(Some(line))) = timeout(SUCCESSOR_WAIT, serve::next(&mut frame, &mut stream)).await else {
        return;
    };
    let proof = wire::read::<Request>(line).ok().filter(|request| request.op == Op::Handover);
    let lock = agent.socket.agent_lock();
    if proof.and_then(|request| request.proof).is_some_and(|proof| spare::is_proven(&lock, &proof)) {
        frame.wipe();
        give(&agent, &mut stream, &mut frame, 0).await;
    }
}

/// All that this agent holds but passwords.
fn collect(agent: &Rc<Agent>) -> State {
    let now = agent.clock.boot();
    let (used, unlocked) = agent.clocks.ages(now);
    let mut state = State {
        format: FORMAT,
        locked: agent.is_locked.get(),
        screen_locked: agent.is_screen_locked.get(),
        used_ms: millis(used),
        unlocked_ms: millis(unlocked),
        ..State::default()
    };
    // They count at Keystone whether we are locked or not.
    state.creations = agent.limits.borrow().ages(now).map(creations).collect();
    if state.locked {
        return state;
    }
    agent.cache.borrow_mut().drop_dead(now);
    let mut all: Vec<(Rc<Held>, bool)> =
        agent.cache.borrow().all().map(|(held, is_old)| (Rc::clone(held), is_old)).collect();
    all.sort_by_key(|(_, is_old)| !is_old);
    state.tokens = all.iter().map(|(held, _)| told(held, now)).collect();
    state.refused = agent.refused.borrow().all().collect();
    let login = |key: &Key| handover::Login { identity: key.identity.clone(), scope: key.scope.clone() };
    state.revoked = agent.revoked.borrow().iter().map(login).collect();
    state
}

fn creations((identity, ages): (&Identity, Vec<Duration>)) -> handover::Creations {
    handover::Creations { identity: identity.clone(), ages_ms: ages.into_iter().map(millis).collect() }
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

fn told(held: &Held, now: Duration) -> handover::Held {
    let token = &held.token;
    handover::Held {
        token: handover::Token {
            id: Sealed(Secret::new(token.id.expose().to_owned())),
            expires_at: token.expires_at.clone(),
            expires_s: token.expires_s,
            issued_s: token.issued_s,
            methods: token.methods.clone(),
            user: token.user.clone(),
            scope: token.scope.clone(),
            audit_ids: token.audit_ids.clone(),
            password_expires_s: token.password_expires_s,
            catalog: token.catalog.clone(),
        },
        profile: held.profile.clone(),
        scope: held.key.scope.clone(),
        left_ms: millis(held.left(now)),
        life_ms: millis(held.life),
        whole_ms: millis(held.whole),
        number: held.number,
        root: held.root,
        handed_out: held.handed_out.get(),
        holders: held.holders.borrow().all().map(|(pid, at)| holder(pid, now.saturating_sub(at))).collect(),
    }
}

fn holder(pid: i32, age: Duration) -> handover::Holder {
    handover::Holder { pid, age_ms: millis(age) }
}

/// Takes up what the agent before us held.
pub(super) fn take(agent: &Rc<Agent>, state: State) {
    let now = agent.clock.boot();
    agent.is_locked.set(state.locked);
    agent.is_screen_locked.set(state.screen_locked);
    let ages = (Duration::from_millis(state.used_ms), Duration::from_millis(state.unlocked_ms));
    agent.clocks.remember(ages, now);
    for held in state.tokens {
        agent.issued.set(agent.issued.get().max(held.number));
        agent.cache.borrow_mut().put(Rc::new(heard(held, now)), now);
    }
    for made in state.creations {
        let ages = made.ages_ms.into_iter().map(Duration::from_millis);
        agent.limits.borrow_mut().remember(made.identity, ages, now);
    }
    for refused in state.refused {
        agent.refused.borrow_mut().remember(
            &Key {
                identity: refused.identity,
                scope: refused.scope.unwrap_or(crate::profile::Scope::Unscoped),
            },
            &refused.failure,
        );
    }
    let revoked = state.revoked.into_iter().map(|login| Key { identity: login.identity, scope: login.scope });
    agent.revoked.borrow_mut().extend(revoked);
}

fn heard(held: handover::Held, now: Duration) -> Held {
    let handover::Held {
        token,
        profile,
        scope,
        left_ms,
        life_ms,
        whole_ms,
        number,
        root,
        handed_out,
        holders,
    } = held;
    let mut held_by = Holders::default();
    for handover::Holder { pid, age_ms } in holders {
        held_by.add(pid, now.saturating_sub(Duration::from_millis(age_ms)));
    }
    Held {
        key: Key { identity: profile.identity(), scope },
        token: Token {
            id: Id::new(token.id.0.expose().to_owned()),
            expires_at: token.expires_at,
            expires_s: token.expires_s,
            issued_s: token.issued_s,
            methods: token.methods,
            user: token.user,
            scope: token.scope,
            audit_ids: token.audit_ids,
            password_expires_s: token.password_expires_s,
            catalog: token.catalog,
        },
        profile,
        end: now + Duration::from_millis(left_ms),
        life: Duration::from_millis(life_ms),
        whole: Duration::from_millis(whole_ms),
        number,
        root,
        handed_out: handed_out.into(),
        holders: held_by.into(),
    }
}
