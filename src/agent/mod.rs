//! The agent: holds tokens in memory and hands them out. One thread; everything it needs (listener, clock, folders, keyring
//! addresses, the stop signal) is handed in, so that tests run it in-process. It prints nothing and never asks a person.

mod added;
mod audit;
pub mod cache;
mod changes;
mod chosen;
mod clocks;
pub mod config;
pub mod door;
mod entrance;
pub mod epoch;
pub mod export;
mod extra;
mod flight;
mod handout;
mod handover;
pub mod keyrings;
pub mod limits;
pub mod lock;
mod predecessor;
pub mod profiles;
mod prompts;
mod refresh;
mod refused;
mod revoke;
mod serve;
mod settings;
pub mod start;
mod status;
mod store;
mod trade;
mod words;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Mutex, watch};

use crate::host::clock::Clock;
use crate::host::locked::Arena;
use crate::host::{files, paths, session};
use crate::keystone::Http;
use crate::profile::Identity;
use crate::wire::Failure;

/// Expired tokens are dropped, and shells told, at most this long after their end; also how soon a wake-up is noticed.
const TICK: Duration = Duration::from_secs(15);

/// Cleaners of runtime folders take what nobody touched for days.
const TOUCH: Duration = Duration::from_secs(6 * 3600);

/// How long requests under way may still take once the agent is to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// What an agent is made of.
pub struct Parts {
    pub clock: Box<dyn Clock>,
    pub socket: paths::Socket,
    pub config: config::Config,
    pub profiles: profiles::Profiles,
    pub keyrings: keyrings::Keyrings,
    pub arena: Arc<Arena>,
    pub http: Http,
    /// Where the audit lies.
    pub state: PathBuf,
    /// What the hardening could not do, for `status`.
    pub degraded: Vec<String>,
    /// What of the desk cannot be listened to, for `status` too.
    pub deaf: session::Faults,
}

/// The agent's whole state. One thread owns it; no borrow is held across an await.
pub(crate) struct Agent {
    clock: Box<dyn Clock>,
    socket: paths::Socket,
    door: door::Door,
    extra: extra::Extra,
    config: config::Config,
    profiles: RefCell<profiles::Profiles>,
    keyrings: keyrings::Keyrings,
    arena: Arc<Arena>,
    http: Http,
    degraded: Vec<String>,
    deaf: session::Faults,
    audit: audit::Audit,
    prompts: prompts::Prompts,
    cache: RefCell<cache::Cache>,
    flights: RefCell<HashMap<cache::Key, Rc<flight::Flight>>>,
    limits: RefCell<limits::Limits>,
    refused: RefCell<refused::Refused>,
    /// Until when no renewal of a key is tried.
    rests: RefCell<HashMap<cache::Key, Duration>>,
    /// Revoked, and not asked for since: a prompt's hook gets no new token for it.
    revoked: RefCell<HashSet<cache::Key>>,
    added: RefCell<added::Recent>,
    epoch: epoch::Epoch,
    is_locked: Cell<bool>,
    lock_reason: Cell<lock::Reason>,
    /// As far as somebody tells.
    is_screen_locked: Cell<bool>,
    clocks: clocks::Clocks,
    /// Tells every login under way of a lock: it ends.
    locks: watch::Sender<()>,
    /// How often a secret was replaced: the refusal of an older one is not remembered.
    secrets: Cell<u64>,
    /// How many tokens were issued to us.
    issued: Cell<u64>,
    /// Whether Keystone trades a login's tokens: those with a scope (`false`), and those without.
    trades: RefCell<HashMap<(Identity, bool), bool>>,
    /// For each login, whose turn it is to try a secret that is not proven.
    turns: RefCell<HashMap<Identity, Arc<Mutex<()>>>>,
    /// Requests under way.
    busy: Rc<Cell<usize>>,
    /// Locks and revokes under way: a successor must not come between them and Keystone.
    ending: Rc<Cell<usize>>,
    began: Duration,
    stop: watch::Sender<bool>,
}

/// Runs until `stop` says so (or a client does), then lets the requests under way finish, within [`DRAIN`]. `notices` tell of
/// what happens outside ([`lock::notices`]). `is_ready` is called once a client can connect.
pub async fn run(
    keys: impl Into<door::Keys>,
    parts: Parts,
    stop: watch::Sender<bool>,
    mut notices: UnboundedReceiver<lock::Notice>,
    is_ready: impl FnOnce(),
) -> Result<(), Failure> {
    let epoch_start = u64::try_from(parts.clock.wall_s()).unwrap_or(0).saturating_mul(1000);
    let epoch =
        epoch::Epoch::begin(parts.socket.epoch(), epoch_start).map_err(|fault| words::files(&fault))?;
    let agent = Rc::new(Agent::new(keys.into(), parts, epoch, stop));
    let stopped = agent.stop.subscribe();
    extra::look(&agent);
    succeed(&agent).await?;
    is_ready();
    tokio::select! {
        () = serve::serve(Rc::clone(&agent), stopped) => {}
        () = handover::serve_spare(&agent) => {}
        () = extra::serve(&agent) => {}
        () = door::guard(&agent) => {}
        () = tick(&agent) => {}
        () = lock::heed(&agent, &mut notices) => {}
        () = audit::keep(&agent) => {}
    }
    // The name goes before the last connection does: whoever sees the end of it finds nobody there.
    agent.door.take_name_away(&agent.socket);
    agent.extra.take_away(&agent.socket.extra());
    agent.door.shut();
    let end = tokio::time::Instant::now() + DRAIN;
    while agent.busy.get() > 0 && !agent.door.is_left() && tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    agent.cache.borrow_mut().clear();
    // A disk that hangs does not keep the agent.
    let _ = tokio::time::timeout(DRAIN, agent.audit.flush()).await;
    if !agent.door.is_left() {
        agent.epoch.end();
    }
    agent.door.unlock();
    Ok(())
}

/// Takes up what the agent before us held, if there was one.
async fn succeed(agent: &Rc<Agent>) -> Result<(), Failure> {
    let state = agent.door.predecessor.borrow_mut().as_mut().map(|before| std::mem::take(&mut before.state));
    if let Some(state) = state {
        handover::take(agent, state);
    }
    agent.door.succeed(&agent.socket)
}

/// Never ends: drops what has expired and tells the shells.
async fn tick(agent: &Rc<Agent>) {
    let mut touched = agent.clock.boot();
    loop {
        tokio::time::sleep(agent.until_next_look()).await;
        agent.look_at_clocks();
        let now = agent.clock.boot();
        if agent.cache.borrow_mut().drop_dead(now) {
            agent.epoch.bump();
        }
        if now.saturating_sub(touched) >= TOUCH {
            touched = now;
            files::touch(&agent.socket.path);
            files::touch(&agent.socket.agent_lock());
            files::touch(&agent.socket.epoch());
            agent.extra.touch(&agent.socket.extra());
        }
    }
}

impl Agent {
    fn new(keys: door::Keys, parts: Parts, epoch: epoch::Epoch, stop: watch::Sender<bool>) -> Agent {
        let audit = audit::Audit::new(parts.state.join("audit.jsonl"), parts.config.audit.len_max);
        Agent {
            began: parts.clock.boot(),
            clocks: clocks::Clocks::begin(&*parts.clock),
            limits: RefCell::new(limits::Limits::new(parts.config.limits.creations_per_min)),
            clock: parts.clock,
            door: door::Door::new(keys, &parts.socket),
            extra: extra::Extra::default(),
            socket: parts.socket,
            config: parts.config,
            profiles: RefCell::new(parts.profiles),
            keyrings: parts.keyrings,
            arena: parts.arena,
            http: parts.http,
            degraded: parts.degraded,
            deaf: parts.deaf,
            audit,
            prompts: prompts::Prompts::default(),
            cache: RefCell::default(),
            flights: RefCell::default(),
            refused: RefCell::default(),
            rests: RefCell::default(),
            revoked: RefCell::default(),
            added: RefCell::default(),
            epoch,
            is_locked: Cell::new(false),
            lock_reason: Cell::new(lock::Reason::Asked),
            is_screen_locked: Cell::new(false),
            locks: watch::Sender::new(()),
            secrets: Cell::new(0),
            issued: Cell::new(0),
            trades: RefCell::default(),
            turns: RefCell::default(),
            busy: Rc::default(),
            ending: Rc::default(),
            stop,
        }
    }

    fn stop(&self) {
        self.door.take_name_away(&self.socket);
        self.extra.take_away(&self.socket.extra());
        self.stop.send_replace(true);
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("socket", &self.socket).finish_non_exhaustive()
    }
}
