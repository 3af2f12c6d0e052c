//! An agent in a private home, and a stranger's client for its socket: lines of JSON as osagent-protocol(7) has them, written
//! by hand, so that the client's own code is not measured along.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Fallible;
use crate::fake::Knobs;
use crate::home::{Home, OSAGENT_AGENT};

/// Far more than an agent needs to end.
const END_WAIT: Duration = Duration::from_secs(5);

pub(crate) struct Agent {
    pub(crate) pid: u32,
    socket: PathBuf,
}

impl Agent {
    /// As a client starts it.
    pub(crate) fn start(home: &Home) -> Fallible<Agent> {
        let mut child = home.command(OSAGENT_AGENT).arg("--detach").stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        child.stdout.take().ok_or("stdout is piped")?.read_to_string(&mut said)?;
        child.wait()?;
        if said != "+" {
            return Err(format!("the agent did not start: {said}").into());
        }
        Agent::running(home)
    }

    /// The one that runs already.
    pub(crate) fn running(home: &Home) -> Fallible<Agent> {
        let mut agent = Agent { pid: 0, socket: home.socket() };
        let pid = agent.ask(&json!({"v": 1, "op": "hello"}))?["pid"].as_u64();
        agent.pid = pid.and_then(|pid| pid.try_into().ok()).ok_or("the agent did not say its pid")?;
        Ok(agent)
    }

    pub(crate) fn connect(&self) -> io::Result<Connection> {
        Connection::to(&self.socket)
    }

    /// On a connection of its own.
    pub(crate) fn ask(&self, request: &Value) -> Fallible<Value> {
        let mut reply: Value = serde_json::from_slice(self.connect()?.exchange(&line(request))?)?;
        match reply["ok"].take() {
            Value::Null => Err(format!("the agent answered {reply} to {}", request["op"]).into()),
            ok => Ok(ok),
        }
    }

    /// A profile of the fake Keystone's user, with the keyring that is named.
    pub(crate) fn add(&self, keyring: &str, profile: &Value, is_default: bool) -> Fallible<()> {
        let secret = STANDARD.encode(Knobs::default().password);
        let add = json!({"profile": profile, "request_id": profile["name"], "keyring": keyring, "default": is_default});
        self.ask(&json!({"v": 1, "op": "add", "add": add, "secret": secret})).map(drop)
    }

    /// What the kernel counts of it.
    pub(crate) fn memory(&self) -> Fallible<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        };
        let (resident, anonymous) = (kib("VmRSS"), kib("RssAnon"));
        Ok(Memory { resident: resident.ok_or("no VmRSS")?, anonymous: anonymous.ok_or("no RssAnon")? })
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.ask(&json!({"v": 1, "op": "stop"}));
        let end = Instant::now() + END_WAIT;
        while Path::new(&format!("/proc/{}", self.pid)).exists() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// In KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) anonymous: u64,
}

/// A profile for one project, by its id. Lone: the catalog of a scope is in its token.
pub(crate) fn profile(name: &str, auth_url: &str, project_id: &str) -> Value {
    json!({"name": name, "auth_url": auth_url, "method": "password", "regions": ["SBG1"],
        "user": {"name": Knobs::default().user, "domain": {"name": "Default"}},
        "scope": {"project": {"id": project_id}}})
}

pub(crate) fn line(request: &Value) -> Vec<u8> {
    format!("{request}\n").into_bytes()
}

pub(crate) struct Connection {
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn to(socket: &Path) -> io::Result<Connection> {
        Ok(Connection { stream: UnixStream::connect(socket)?, buffer: vec![0; 64 * 1024] })
    }

    pub(crate) fn exchange(&mut self, line: &[u8]) -> io::Result<&[u8]> {
        self.send(line)?;
        self.receive()
    }

    pub(crate) fn send(&mut self, line: &[u8]) -> io::Result<()> {
        self.stream.write_all(line)
    }

    pub(crate) fn receive(&mut self) -> io::Result<&[u8]> {
        let mut len = 0;
        loop {
            match self.stream.read(&mut self.buffer[len..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => len += count,
            }
            if self.buffer[len - 1] == b'\n' {
                return Ok(&self.buffer[..len]);
            }
        }
    }
}
