//! Starting an agent: one client does it, under a lock, however many want one; the others wait for its socket. The agent gets
//! a cleared environment, no descriptor of ours, and tells that it is ready by one byte.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Route, broken, interrupted};
use crate::host::signals::{self, Waited};
use crate::host::{process, socket};
use crate::wire::answer::Hello;
use crate::wire::{Code, Failure};

/// From the first try until the agent says that it is ready.
const START_WAIT: Duration = Duration::from_secs(5);

/// The agent before it may take two seconds to finish what it is at, and three to be stopped.
const REPLACE_WAIT: Duration = Duration::from_secs(8);

/// How often those who wait for another's start look again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A failure that the agent tells instead of the ready byte, as one line of JSON.
const FAILURE_LEN_MAX: u64 = 16 * 1024;

/// The agent says this when clients can connect.
const READY: u8 = b'+';

const PROGRAM: &str = "osagent-agent";

/// What of the caller's environment the agent keeps. Folders, the session bus, proxies, the CA bundle, the language.
const KEPT: &[&str] = &[
    "HOME",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "OSAGENT_SOCK",
    "LANG",
    "LC_ALL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// What a service manager tells the agent, which must reach it through whatever program it was started by.
const FROM_MANAGER: &[&str] = &["LISTEN_PID", "LISTEN_FDS", "NOTIFY_SOCKET"];

fn kept(names: &'static [&'static str]) -> impl Iterator<Item = (&'static str, OsString)> {
    names.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))
}

/// The agent that this program is to become, in the foreground. A service manager's environment may hold anything that was
/// once imported into it; the agent gets what it needs.
pub fn foreground() -> Result<Command, Failure> {
    let mut command = Command::new(program()?);
    command.arg("--foreground").env_clear().envs(kept(KEPT)).envs(kept(FROM_MANAGER));
    Ok(command)
}

/// A connection to an agent that was not there before.
pub(super) fn start(route: &Route<'_>, until: Instant) -> Result<UnixStream, Failure> {
    refuse_if_forwarded(route)?;
    let unusable = |fault: socket::Fault| Failure::of(Code::Agent, &fault);
    socket::prepare(route.socket.folder(), process::uid()).map_err(unusable)?;
    let began = Instant::now();
    let until = until.min(began + START_WAIT);
    loop {
        let lock = match socket::try_lock(&route.socket.start_lock()) {
            Ok(lock) => Some(lock),
            Err(socket::Fault::Held { .. }) => None,
            Err(fault) => return Err(unusable(fault)),
        };
        // Looked at again under the lock: whoever had it before may have started one.
        if let Some(stream) = route.connect(until)? {
            return Ok(stream);
        }
        if lock.is_some() {
            spawn(route, &["--detach"], until)?;
            return route
                .connect(until)?
                .ok_or_else(|| Failure::new(Code::Agent, "the agent ended as soon as it was ready"));
        }
        if Instant::now() >= until {
            let text = format!("another osagent is starting the agent, and did not within {}", passed(began));
            return Err(Failure::new(Code::Agent, text));
        }
        route.pause(LOOK_AGAIN)?;
    }
}

/// A socket that comes from another machine or from around a container is none of ours to listen on: an agent of ours behind
/// its name would be asked for what the other one has. Our own agents leave a lock beside theirs.
fn refuse_if_forwarded(route: &Route<'_>) -> Result<(), Failure> {
    let path = &route.socket.path;
    let is_left_over = || route.is_told && socket::lies_at(path) && !route.socket.agent_lock().exists();
    if !route.socket.is_extra() && !is_left_over() {
        return Ok(());
    }
    let text =
        format!("nobody listens on {}, and no agent is started for a socket from elsewhere", path.display());
    let mut failure = Failure::new(Code::Agent, text);
    failure.causes.push("the ssh that forwarded it has ended, or the agent at its other end has".to_owned());
    Err(failure)
}

/// Replaces the agent that runs if it is of another release than we are; whether it was. Who waits here while another client
/// does it finds it done.
pub(super) fn replace_another_release(route: &Route<'_>, until: Instant) -> Result<bool, Failure> {
    let is_another = |hello: &Hello| hello.release != env!("CARGO_PKG_VERSION");
    let Some(mut stream) = route.connect(until)? else { return Ok(true) };
    let hello = route.hello(&mut stream, until)?;
    drop(stream);
    // The restricted socket of an agent elsewhere.
    let is_forwarded = hello.capabilities.iter().any(|word| word == "extra");
    if is_forwarded || !is_another(&hello) {
        return Ok(false);
    }
    replace(route, until)?;
    Ok(true)
}

/// Starts an agent in the place of the one that runs.
pub(super) fn replace(route: &Route<'_>, until: Instant) -> Result<(), Failure> {
    let until = until.min(Instant::now() + REPLACE_WAIT);
    let pid = |route: &Route<'_>| -> Result<Option<u32>, Failure> {
        let Some(mut stream) = route.connect(until)? else { return Ok(None) };
        route.hello(&mut stream, until).map(|hello| Some(hello.pid))
    };
    let before = pid(route)?;
    loop {
        match socket::try_lock(&route.socket.start_lock()) {
            Ok(_lock) if pid(route)? != before => return Ok(()),
            Ok(_lock) => return spawn(route, &["--detach", "--replace"], until),
            Err(socket::Fault::Held { .. }) if Instant::now() < until => route.pause(LOOK_AGAIN)?,
            Err(fault) => return Err(Failure::of(Code::Agent, &fault)),
        }
    }
}

fn spawn(route: &Route<'_>, arguments: &[&str], until: Instant) -> Result<(), Failure> {
    let program = program()?;
    let child = Command::new(&program)
        .args(arguments)
        .env_clear()
        .envs(kept(KEPT))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(|error| {
        let mut failure = Failure::new(Code::Agent, format!("{} cannot be started", program.display()));
        failure.causes.push(error.to_string());
        failure
    })?;
    let outcome = child.stdout.take().map_or(Ok(()), |out| wait_until_ready(route, out, until));
    if outcome.is_err() {
        // Else the wait below could be one without end.
        let _ = child.kill();
    }
    // It has ended, having left the agent to init.
    let _ = child.wait();
    outcome
}

fn wait_until_ready(route: &Route<'_>, mut out: ChildStdout, until: Instant) -> Result<(), Failure> {
    let began = Instant::now();
    let left = until.saturating_duration_since(began);
    match signals::wait(route.held, Some(out.as_fd()), left).map_err(|error| broken(&error))? {
        Waited::Ready => {}
        Waited::Signal(number) => return Err(interrupted(number)),
        Waited::TimedOut => {
            let text = format!("the agent was not ready within {}", passed(began));
            return Err(Failure::new(Code::Agent, text));
        }
    }
    let mut first = [0];
    let said = out.read(&mut first).map_err(|error| broken(&error))?;
    if said == 1 && first[0] == READY {
        return Ok(());
    }
    let mut rest = Vec::new();
    let _ = out.take(FAILURE_LEN_MAX).read_to_end(&mut rest);
    let line = [&first[..said], &rest].concat();
    Err(serde_json::from_slice(&line)
        .unwrap_or_else(|_| Failure::new(Code::Agent, "the agent ended before it was ready")))
}

fn passed(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f32())
}

/// Beside this program, else on PATH: a client never starts the agent of another installation while it has its own.
fn program() -> Result<PathBuf, Failure> {
    let beside =
        std::env::current_exe().ok().map(|exe| exe.with_file_name(PROGRAM)).filter(|path| path.is_file());
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(PROGRAM))
            .find(|path| path.is_file())
    };
    beside.or_else(on_path).ok_or_else(|| {
        let text = format!("{PROGRAM} is neither beside osagent nor on PATH");
        let mut failure = Failure::new(Code::Agent, text);
        failure.causes.push(io::Error::from(io::ErrorKind::NotFound).to_string());
        failure
    })
}
