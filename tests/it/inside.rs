//! An agent in the test's own process, with a clock that the test turns: what takes a day happens at once.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use osagent::agent::config::Config;
use osagent::agent::keyrings::Keyrings;
use osagent::agent::lock::{self, Notice};
use osagent::agent::profiles::Profiles;
use osagent::agent::{self, Parts};
use osagent::host::clock::{Clock, System};
use osagent::host::locked::Arena;
use osagent::host::{paths, socket};
use osagent::keyring::Bus;
use osagent::keystone::Http;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use crate::fake::{Fake, Knobs};
use crate::rig::{Line, PROFILE, adding, token_request};

pub(crate) struct Inside {
    pub(crate) fake: Fake,
    pub(crate) clock: Turned,
    folder: TempDir,
    stop: watch::Sender<bool>,
    notices: UnboundedSender<Notice>,
    thread: Option<JoinHandle<()>>,
}

impl Inside {
    /// An agent that has the password of [`PROFILE`] and no token yet.
    pub(crate) fn new() -> Inside {
        Inside::with(Knobs::default(), Config::default())
    }

    pub(crate) fn with(knobs: Knobs, config: Config) -> Inside {
        let inside = Inside::empty(knobs, config);
        inside.add(PROFILE, "alpha");
        inside
    }

    /// An agent without a profile.
    pub(crate) fn empty(knobs: Knobs, config: Config) -> Inside {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
        let (clock, stop) = (Turned::default(), watch::channel(false).0);
        let (tell, ready) = mpsc::channel();
        let (path, times, stopping) = (folder.path().to_owned(), clock.clone(), stop.clone());
        let (notices, told) = lock::notices();
        let thread = thread::spawn(move || run(&path, config, times, stopping, told, &tell));
        ready.recv_timeout(Duration::from_secs(20)).expect("the agent says that it is ready");
        Inside { fake: Fake::start(knobs), clock, folder, stop, notices, thread: Some(thread) }
    }

    pub(crate) fn add(&self, profile: &str, project: &str) {
        let reply = self.ask(&adding(profile, &self.fake.url(), project));
        assert!(reply["ok"].is_object(), "{reply}");
    }

    /// Where everything of the agent lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn connect(&self) -> Line {
        Line::connect(&socket_in(self.folder.path()))
    }

    pub(crate) fn ask(&self, request: &Value) -> Value {
        self.connect().ask(request)
    }

    /// The answer to `token`, which must be one.
    #[track_caller]
    pub(crate) fn token(&self) -> Value {
        self.granted(&token_request(PROFILE))
    }

    #[track_caller]
    pub(crate) fn granted(&self, request: &Value) -> Value {
        let mut reply = self.ask(request);
        assert!(reply["ok"].is_object(), "{reply}");
        reply["ok"].take()
    }

    /// The failure that a request meets.
    #[track_caller]
    pub(crate) fn refused(&self, request: &Value) -> Value {
        let mut reply = self.ask(request);
        assert!(reply["err"].is_object(), "{reply}");
        reply["err"].take()
    }

    pub(crate) fn status(&self) -> Value {
        self.granted(&json!({"v": 1, "op": "status"}))
    }

    /// What a signal or the desk's session tells the agent; returns when it has done what it does about it.
    pub(crate) fn notice(&self, reason: lock::Reason) {
        let (done, heard) = mpsc::sync_channel(1);
        self.notices.send(Notice { done: Some(done), ..Notice::of(reason) }).unwrap();
        // The end of the channel is the answer.
        assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Err(mpsc::RecvTimeoutError::Disconnected));
    }

    /// Time goes by, here and at Keystone.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.pass(seconds);
        self.fake.turn(|knobs| knobs.skew_s += i64::try_from(seconds).unwrap());
    }

    /// The machine sleeps, and Keystone does not.
    pub(crate) fn sleep(&self, seconds: u64) {
        self.clock.sleep(seconds);
        self.fake.turn(|knobs| knobs.skew_s += i64::try_from(seconds).unwrap());
    }

    pub(crate) fn epoch(&self) -> u64 {
        let text = std::fs::read_to_string(self.folder.path().join("agent.sock.epoch")).unwrap();
        text.trim_end().parse().unwrap()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // What is held goes on, so that the agent has nothing to wait for.
        self.fake.release();
        self.stop.send_replace(true);
        let ended = self.thread.take().is_some_and(|thread| thread.join().is_ok());
        assert!(ended || thread::panicking(), "the agent panicked");
    }
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("agent.sock")
}

fn run(
    folder: &Path,
    config: Config,
    clock: Turned,
    stop: watch::Sender<bool>,
    notices: UnboundedReceiver<Notice>,
    tell: &mpsc::Sender<()>,
) {
    let path = socket_in(folder);
    let (arena, _) = Arena::new();
    let arena = Arc::new(arena);
    let keeper = Arc::clone(&arena);
    let parts = Parts {
        clock: Box::new(clock),
        socket: paths::Socket { path: path.clone() },
        profiles: Profiles::read(folder.join("config")).unwrap(),
        keyrings: Keyrings::new(
            config.keyring.clone(),
            Bus::default(),
            Arc::new(move |secret| keeper.keep(secret)),
        ),
        config,
        arena,
        http: Http::direct(),
        degraded: Vec::new(),
        deaf: Default::default(),
        state: folder.to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = socket::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::UnixListener::from_std(listener).unwrap();
        agent::run(listener, parts, stop, notices, || tell.send(()).unwrap()).await.unwrap();
    });
    runtime.shutdown_background();
}

/// The machine's clocks, as far ahead as the test has turned them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turned(Arc<Mutex<Ahead>>);

#[derive(Debug, Default)]
struct Ahead {
    boot: Duration,
    awake: Duration,
    wall_s: i64,
}

impl Turned {
    /// So much time goes by, awake.
    pub(crate) fn pass(&self, seconds: u64) {
        self.sleep(seconds);
        self.0.lock().unwrap().awake += Duration::from_secs(seconds);
    }

    /// The same, asleep.
    pub(crate) fn sleep(&self, seconds: u64) {
        let mut ahead = self.0.lock().unwrap();
        ahead.boot += Duration::from_secs(seconds);
        ahead.wall_s += i64::try_from(seconds).unwrap();
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_wall_ahead(&self, seconds: i64) {
        self.0.lock().unwrap().wall_s += seconds;
    }
}

impl Clock for Turned {
    fn boot(&self) -> Duration {
        System.boot() + self.0.lock().unwrap().boot
    }

    fn awake(&self) -> Duration {
        System.awake() + self.0.lock().unwrap().awake
    }

    fn wall_s(&self) -> i64 {
        System.wall_s() + self.0.lock().unwrap().wall_s
    }
}
