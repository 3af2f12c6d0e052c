//! `kill -9` of the client or of the agent during `add --scrub`, at each file and socket system call: the file is whole, the
//! secret is in the file or in the keyring, and a second `add` finishes the job.
//!
//! strace writes down the calls of one undisturbed run; then there is one run for each, in which strace delivers SIGKILL as
//! the call is entered. strace counts the calls of one name in one thread: where another thread comes to that number earlier,
//! the agent dies there, and where that is before it listens, nothing is tried. Those are few, and each has a neighbour.

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::canary::files;
use crate::home::Home;
use crate::openrc::Login;
use crate::run::{Done, Run, Running};
use crate::scene::{PROFILE, Scene};

pub(crate) const CALLS: &str = "trace=%file,%desc,%network";
/// strace counts them in, but they touch neither file nor socket.
const NO_CALLS: &[&str] = &[
    "mmap",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "eventfd2",
    "poll",
    "timerfd_settime",
];

/// As many runs at once as keep two cores busy while half of them wait for Keystone.
const AT_ONCE: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    Client,
    Agent,
}

/// The `nth` call of `name` in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Point {
    pub(crate) name: String,
    pub(crate) nth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Killed,
    /// Another thread of the agent came to that number before it listened.
    TooSoon,
    /// The call did not come this time.
    Survived,
}

#[test]
fn killing_the_client_loses_nothing() {
    kill_at_each_call_of(Victim::Client);
}

#[test]
fn killing_the_agent_loses_nothing() {
    kill_at_each_call_of(Victim::Agent);
}

fn kill_at_each_call_of(victim: Victim) {
    let first = Stage::new(None);
    let (done, agent) = first.play(victim, &["-o", "calls", "-e", CALLS]).expect("nobody is killed");
    let done = done.ok();
    let scrubbed = fs::read_to_string(first.scene.rc()).unwrap();
    assert!(!scrubbed.contains("S3cret"), "{done:#?}");
    // With nothing that an orderly stop does; strace ends with it.
    first.scene.home.kill_agent();
    agent.done();
    let calls = fs::read_to_string(first.scene.home.path().join("calls")).unwrap();
    let points = points(victim, &calls);
    assert!(points.len() > 20, "{points:?}");
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let stage = Stage::new(Some(&first.scene.login));
                    let outcome = stage.is_safe_after(victim, point, &scrubbed);
                    outcomes.lock().unwrap().push((outcome, point));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let of = |wanted| outcomes.iter().filter(move |(outcome, _)| *outcome == wanted);
    let (killed, too_soon) = (of(Outcome::Killed).count(), of(Outcome::TooSoon).count());
    // Not every call comes in every run: a thread more or less, a read in two parts.
    assert!((killed + too_soon) * 10 >= points.len() * 9, "{:?}", of(Outcome::Survived).collect::<Vec<_>>());
    assert!(too_soon * 4 < points.len(), "{:?}", of(Outcome::TooSoon).collect::<Vec<_>>());
}

/// A desktop with a file that holds its password.
struct Stage {
    scene: Scene,
    text: String,
}

impl Stage {
    /// With the door of an earlier one, for the scrubbed file to be the same.
    fn new(login: Option<&Login>) -> Stage {
        let mut scene = Scene::new(Home::with_secret_service(), "alice", "alpha");
        if let Some(login) = login {
            scene.login = login.clone();
        }
        let text = scene.login.rc_with_password();
        scene.home.write("openrc.sh", &text);
        Stage { scene, text }
    }

    /// One `add --scrub` with the agent there beforehand, and the victim under strace with these arguments. Nothing where the
    /// agent did not come so far as to listen.
    fn play(&self, victim: Victim, strace: &[&str]) -> Option<(Done, Running)> {
        let home = &self.scene.home;
        let traced = |verb: &[&str]| home.run("strace").args(strace).arg("osagent").args(verb);
        let mut agent: Running = match victim {
            Victim::Agent => home.run("strace").arg("-f").args(strace).args(["osagent", "agent"]).start(),
            Victim::Client => home.osagent(["agent"]).start(),
        };
        crate::wait::until("the agent listens", || home.socket().exists() || agent.has_ended());
        if agent.has_ended() {
            return None;
        }
        let add = ["add", "openrc.sh", "--name", PROFILE, "--scrub"];
        let run: Run = if victim == Victim::Client { traced(&add) } else { home.osagent(add) };
        Some((run.done(), agent))
    }

    /// Dies there and checks what is left; whether it did die.
    fn is_safe_after(&self, victim: Victim, point: &Point, scrubbed: &str) -> Outcome {
        let home = &self.scene.home;
        let Point { name, nth } = point;
        let inject = format!("inject={name}:signal=KILL:when={nth}");
        let strace = ["-o", "calls", "-e", &format!("trace={name}"), "-e", &inject];
        let Some((done, _agent)) = self.play(victim, &strace) else { return Outcome::TooSoon };
        let calls = fs::read_to_string(home.path().join("calls")).unwrap_or_default();
        let has_died = calls.contains("killed by SIGKILL");
        let at = format!("{victim:?} killed at {name} number {nth}: {done:#?}");

        let password = &self.scene.login.user.password;
        let now = fs::read_to_string(self.scene.rc()).unwrap_or_else(|error| panic!("{error}: {at}"));
        assert!(now == self.text || now == scrubbed, "the file is broken: {now}\n{at}");
        if now == scrubbed {
            assert_eq!(home.secrets(), [password.as_str()], "the secret is lost; {at}");
        }
        if done.status.success() {
            assert_eq!(now, scrubbed, "it said that it was done; {at}");
        }
        home.osagent(["add", "openrc.sh", "--name", PROFILE, "--scrub"]).done().ok_or(&at);
        assert_eq!(fs::read_to_string(self.scene.rc()).unwrap(), scrubbed, "{at}");
        assert_eq!(home.secrets(), [password.as_str()], "{at}");
        home.osagent(["token", PROFILE]).done().ok_or(&at);
        self.has_no_copy(&at);
        if has_died { Outcome::Killed } else { Outcome::Survived }
    }

    /// Nothing half-written with the password in it lies about.
    fn has_no_copy(&self, at: &str) {
        let home = &self.scene.home;
        for path in files(home.all()) {
            if !path.starts_with(home.all().join("bin"))
                && !path.starts_with(home.path().join(".local/share/keyrings"))
            {
                let text = fs::read(&path).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&text).contains("S3cret"), "{}: {at}", path.display());
            }
        }
    }
}

/// The calls at which to kill: the client's from the opening of the file on, the agent's from the first client on.
pub(crate) fn points(victim: Victim, calls: &str) -> Vec<Point> {
    let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
    let mut points = Vec::new();
    let mut has_begun = false;
    for line in calls.lines() {
        let (thread, call) = match victim {
            Victim::Client => ("", line),
            Victim::Agent => {
                line.split_once(' ').map_or(("", line), |(thread, call)| (thread, call.trim_start()))
            }
        };
        let Some((name, rest)) = call.split_once('(') else { continue };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || NO_CALLS.contains(&name) {
            continue;
        }
        has_begun |= match victim {
            // strace cannot read the path, for osagent is undumpable by then: the first that it cannot read is the file's.
            Victim::Client => name == "openat" && rest.contains(", 0x"),
            Victim::Agent => name.starts_with("accept") && !rest.contains("= -1"),
        };
        let nth = counts.entry((thread, name)).or_default();
        *nth += 1;
        let point = Point { name: name.to_owned(), nth: *nth };
        if has_begun && !points.contains(&point) {
            points.push(point);
        }
    }
    points
}
