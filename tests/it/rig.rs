//! Where most flows begin: a private home with the two programs in it, a fake Keystone, and the agent's socket to speak to
//! in its own words. Nobody waits here for ever.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::fake::{Fake, Knobs};
use crate::home::Home;

/// Longer than any answer takes, so that a test that fails also ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// The profile that most flows use.
pub(crate) const PROFILE: &str = "prod";

pub(crate) struct Rig {
    pub(crate) home: Home,
    pub(crate) fake: Fake,
}

impl Rig {
    /// A home in which nothing was done yet.
    pub(crate) fn cold() -> Rig {
        Rig { home: Home::new(), fake: Fake::start(Knobs::default()) }
    }

    /// A home whose agent runs, holds the password of [`PROFILE`], and has no token yet.
    pub(crate) fn new() -> Rig {
        let rig = Rig::cold();
        rig.start();
        rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
        rig
    }

    /// A home whose agent has a token of [`PROFILE`] in its cache.
    pub(crate) fn warm() -> Rig {
        let rig = Rig::new();
        rig.token();
        rig
    }

    /// Starts the agent, by a command that needs one and nothing else.
    pub(crate) fn start(&self) {
        self.home.osagent(["list"]).ok();
    }

    pub(crate) fn connect(&self) -> Line {
        Line::connect(&self.home.socket())
    }

    /// The number that shell hooks watch.
    pub(crate) fn epoch(&self) -> PathBuf {
        self.home.runtime().join("osagent/agent.sock.epoch")
    }

    pub(crate) fn fake_password(&self) -> String {
        Knobs::default().password
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, request: &Value) -> Value {
        self.connect().ask(request)
    }

    #[track_caller]
    pub(crate) fn add(&self, request: &Value) {
        let reply = self.ask(request);
        assert!(reply["ok"].is_object(), "{reply}");
    }

    #[track_caller]
    pub(crate) fn token(&self) -> String {
        self.home.osagent(["token", PROFILE]).ok().line().to_owned()
    }

    /// A new one, whatever is cached.
    #[track_caller]
    pub(crate) fn fresh(&self) -> String {
        self.home.osagent(["token", "--fresh", PROFILE]).ok().line().to_owned()
    }
}

/// A connection to an agent, which speaks its protocol and knows nothing of our client.
#[derive(Debug)]
pub(crate) struct Line {
    stream: BufReader<UnixStream>,
}

impl Line {
    pub(crate) fn connect(socket: &Path) -> Line {
        let stream = UnixStream::connect(socket).unwrap_or_else(|error| panic!("{socket:?}: {error}"));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Line { stream: BufReader::new(stream) }
    }

    pub(crate) fn set_write_timeout(&self, within: Duration) {
        self.stream.get_ref().set_write_timeout(Some(within)).unwrap();
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        self.send(request);
        self.answer()
    }

    pub(crate) fn send(&mut self, request: &Value) {
        let mut request = request.clone();
        if request["v"].is_null() {
            request["v"] = json!(1);
        }
        self.write(format!("{request}\n").as_bytes()).unwrap();
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The next answer; the end of the connection is a failure.
    pub(crate) fn answer(&mut self) -> Value {
        let line = self.text();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// The next line as it came; empty at the end of the connection.
    pub(crate) fn text(&mut self) -> String {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            // What was sent and not read by the other side ends a connection this way.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => String::new(),
            Err(error) => panic!("no answer: {error}"),
            Ok(_) => line,
        }
    }
}

/// The request that adds a profile of the fake's own user, its password kept in the agent's memory, without a login.
pub(crate) fn adding(name: &str, auth_url: &str, project: &str) -> Value {
    let profile = json!({
        "name": name, "auth_url": auth_url, "method": "password", "regions": ["SBG1"],
        "user": {"name": "ada", "domain": {"name": "Default"}},
        "scope": {"project": {"name": project, "domain": {"name": "Default"}}},
    });
    json!({
        "v": 1, "op": "add", "secret": sealed(&Knobs::default().password),
        "add": {"profile": profile, "request_id": "", "keyring": "memory", "no_verify": true},
    })
}

/// As secrets cross the wire.
pub(crate) fn sealed(secret: &str) -> String {
    STANDARD.encode(secret)
}

pub(crate) fn token_request(profile: &str) -> Value {
    json!({"v": 1, "op": "token", "profile": profile})
}
