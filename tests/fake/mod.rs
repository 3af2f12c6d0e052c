//! A Keystone in the test's own process, with knobs and a record of every request. Its answers are those measured on a real
//! Keystone 30; it is no second opinion on what Keystone does. Std threads, plain HTTP/1.1, never a secret in its record.
//!
//! Included by path (`#[path = "../fake/mod.rs"] mod fake;`) from the tests, the benches and `examples/fake-keystone.rs`.

#![allow(dead_code, unreachable_pub, unused_imports)]

mod clock;
mod knobs;
mod server;
mod tokens;
mod v3;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use knobs::{Knobs, On, Project, RetryAfter, Trouble, What};

use server::{Answer, Request};

/// Beyond this a test has gone wrong, not slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that says nothing for so long is closed, so that no thread outlives its test for ever.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// One request that was answered. `status` 0: the connection was cut instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// `password`, `token`; empty for requests that make no token.
    pub methods: Vec<String>,
    /// Name or id, as it was sent.
    pub user: String,
    /// `project 5950`, `project alpha`, `domain lab`, `system`, `unscoped`; empty where none was sent.
    pub scope: String,
    pub status: u16,
}

impl Seen {
    /// Whether it asked for a token, granted or not: what a cloud counts against its limit.
    pub fn is_creation(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/auth/tokens")
    }
}

/// Called with each request once its answer is settled, before the answer leaves.
pub type Watch = Box<dyn Fn(&Seen) + Send + Sync>;

pub struct Fake {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    is_closing: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
    accepted: AtomicUsize,
    origin: String,
    watch: Option<Watch>,
}

struct State {
    knobs: Knobs,
    tokens: tokens::Tokens,
    requests: Vec<Seen>,
    held: usize,
}

impl Fake {
    pub fn start(knobs: Knobs) -> Fake {
        Fake::start_with(knobs, 0, None)
    }

    /// On a chosen port (0: any free one), telling `watch` of each request.
    pub fn start_with(knobs: Knobs, port: u16, watch: Option<Watch>) -> Fake {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port on loopback can be had");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = State { knobs, tokens: tokens::Tokens::default(), requests: Vec::new(), held: 0 };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            is_closing: AtomicBool::new(false),
            connections: Mutex::new(Vec::new()),
            accepted: AtomicUsize::new(0),
            origin: format!("http://{address}"),
            watch,
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Fake { shared, address }
    }

    /// With `/v3`, as an OpenRC file has it.
    pub fn url(&self) -> String {
        format!("{}{}/v3", self.shared.origin, self.shared.state().knobs.prefix)
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        self.shared.origin.clone()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.shared.state().requests.clone()
    }

    /// Requests for a token so far, granted or not.
    pub fn creations(&self) -> usize {
        self.shared.state().requests.iter().filter(|seen| seen.is_creation()).count()
    }

    /// Requests that are being held now.
    pub fn held(&self) -> usize {
        self.shared.state().held
    }

    /// Connections that were opened so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Forgets the record, not the tokens.
    pub fn forget_requests(&self) {
        self.shared.state().requests.clear();
    }

    /// Whether a token would be accepted now.
    pub fn is_alive(&self, token: &str) -> bool {
        let state = self.shared.state();
        state.tokens.is_alive(token, state.now_s())
    }

    /// Ends a token as somebody else would: by its user's new password, or by hand.
    pub fn revoke(&self, token: &str) {
        self.shared.state().tokens.revoke(token);
    }

    pub fn set(&self, knobs: Knobs) {
        self.shared.state().knobs = knobs;
        self.shared.changed.notify_all();
    }

    /// Changes some knobs and leaves the others: `fake.turn(|knobs| knobs.life_s = 10)`.
    pub fn turn(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.shared.state().knobs);
        self.shared.changed.notify_all();
    }

    /// Lets every held request go on, and holds no more.
    pub fn release(&self) {
        self.turn(|knobs| knobs.trouble = None);
    }

    /// Returns once `count` requests are being held. Panics when they do not come.
    pub fn wait_until_held(&self, count: usize) {
        self.wait("held requests", |state| state.held >= count);
    }

    /// Returns once `count` requests were answered. Panics when they do not come.
    pub fn wait_until_answered(&self, count: usize) {
        self.wait("answered requests", |state| state.requests.len() >= count);
    }

    /// Serves one connection of another kind (TLS, a socket pair) until its end, on the caller's thread.
    pub fn serve(&self, stream: impl Read + Write) {
        server::converse(stream, |request| self.shared.answer(request));
    }

    fn wait(&self, what: &str, is_there: impl Fn(&State) -> bool) {
        let start = Instant::now();
        let mut state = self.shared.state();
        while !is_there(&state) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "the fake Keystone waited in vain for {what}");
            state = self.shared.wait(state, left);
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::SeqCst);
        self.shared.changed.notify_all();
        for connection in lock(&self.shared.connections).drain(..) {
            // One that is closed already needs no closing.
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
        // Wakes the accepting thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_closing() {
            return;
        }
        let Ok(stream) = stream else { continue };
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        // Without Nagle: head and body of an answer are one write, but a small one.
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(IDLE_TIMEOUT));
        let Ok(kept) = stream.try_clone() else { continue };
        lock(&shared.connections).push(kept);
        let serving = Arc::clone(shared);
        thread::spawn(move || {
            let peer = stream.peer_addr().ok();
            let end = stream.try_clone();
            server::converse(stream, |request| serving.answer(request));
            if let Ok(end) = end {
                let _ = end.shutdown(std::net::Shutdown::Both);
            }
            lock(&serving.connections).retain(|kept| kept.peer_addr().ok() != peer);
        });
    }
}

impl Shared {
    /// Settles an answer: trouble first, then Keystone's own; the record is written before the answer leaves.
    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state();
        let asked = v3::Asked::of(request);
        let trouble = state.knobs.take_trouble(&request.method, asked.is_creation);
        if matches!(trouble, Some(What::Hold)) {
            state.held += 1;
            self.changed.notify_all();
            while state.knobs.is_holding() && !self.is_closing() {
                state = self.wait(state, PATIENCE);
            }
            state.held -= 1;
        }
        let until = Instant::now() + state.knobs.delay;
        while Instant::now() < until && !self.is_closing() {
            state = self.wait(state, until.saturating_duration_since(Instant::now()));
        }
        let now_s = state.now_s();
        let answer = match trouble.filter(|what| !matches!(what, What::Hold)) {
            Some(what) => what.answer(now_s),
            None => v3::answer(request, &asked, &mut state, &self.origin, now_s),
        };
        let answer = answer.dated(state.knobs.has_date.then_some(now_s), state.requests.len());
        let seen = asked.seen(request, answer.seen_status());
        if let Some(watch) = &self.watch {
            watch(&seen);
        }
        state.requests.push(seen);
        self.changed.notify_all();
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl State {
    fn now_s(&self) -> i64 {
        clock::now_s() + self.knobs.skew_s
    }
}

/// A test that panicked while it held the lock must not hide its message behind a second panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
