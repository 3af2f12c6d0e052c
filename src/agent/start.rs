//! The agent as a process: hardening before any thread, the lock, the socket, the ready byte, then [`super::run`]. Started by
//! a client (`--detach`: a child in a session of its own serves, and says when it is ready), or in the foreground.

use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::{Parts, config, keyrings, lock, profiles, words};
use crate::host::locked::{self, Arena};
use crate::host::{clock, files, paths, process, sandbox, socket};
use crate::keyring::Bus;
use crate::keystone::Http;
use crate::wire::{Code, Failure};

/// How long a new agent waits for one that is stopping: longer than that one drains, shorter than a client waits for a start.
const TAKEOVER_WAIT: Duration = Duration::from_secs(4);

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What the client reads before it connects: this byte, or a failure as one line of JSON.
pub const READY: u8 = b'+';

/// The agent's whole life. What goes wrong before it serves is told on standard output to the client that started it, or on
/// standard error in the foreground.
pub fn main(arguments: &[String]) -> ExitCode {
    let degraded = process::harden_agent();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        // The place only: a panic's text may hold what it was about.
        let _ = writeln!(std::io::stderr(), "osagent-agent: error: it broke at {place}");
    }));
    match arguments.first().map(String::as_str) {
        Some("--detach") => detach(),
        Some("--serve") => report(serve(Manner::Detached, degraded), true),
        Some("--foreground") | None => report(serve(Manner::Foreground, degraded), false),
        Some(_) => {
            let text = "osagent-agent takes --foreground, --detach or --serve; people use 'osagent agent'";
            report(Err(Failure::new(Code::Usage, text)), false)
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Detached,
    Foreground,
}

/// Starts the process that serves and leaves it to init, so that no shell and no `exec`ed command is its parent.
fn detach() -> ExitCode {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return report(Err(cannot_start(&error)), true),
    };
    match Command::new(program).arg("--serve").stdin(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => report(Err(cannot_start(&error)), true),
    }
}

fn cannot_start(error: &std::io::Error) -> Failure {
    let mut failure = Failure::new(Code::Agent, "the agent's process cannot be started");
    failure.causes.push(error.to_string());
    failure
}

fn report(outcome: Result<(), Failure>, to_client: bool) -> ExitCode {
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    let status = failure.code.status();
    // Nobody may be listening any more; the exit status says it all the same.
    if to_client {
        let line = serde_json::to_string(&failure).unwrap_or_default();
        let _ = writeln!(std::io::stdout(), "{line}");
    } else {
        let _ = writeln!(std::io::stderr(), "osagent-agent: error: {failure}");
        for cause in &failure.causes {
            let _ = writeln!(std::io::stderr(), "  because: {cause}");
        }
    }
    ExitCode::from(status)
}

fn serve(manner: Manner, degraded: Vec<process::Degraded>) -> Result<(), Failure> {
    if manner == Manner::Detached {
        process::close_inherited(&[]);
        process::new_session().map_err(|error| cannot_start(&error))?;
    }
    process::leave_directory().map_err(|error| cannot_start(&error))?;
    let socket = paths::Socket::find(|name| std::env::var_os(name), process::uid())
        .map_err(|fault| Failure::of(Code::Agent, &fault))?;
    let unusable = |fault: socket::Fault| Failure::of(Code::Agent, &fault);
    socket::prepare(socket.folder(), process::uid()).map_err(unusable)?;
    let Some(lock) = lock(&socket, manner).map_err(unusable)? else { return ready() };
    let parts = parts(socket, degraded)?;
    let listener = socket::bind(&parts.socket.path).map_err(unusable)?;
    run(listener, parts, manner)?;
    drop(lock);
    Ok(())
}

/// The agent's lock; `None` when an agent serves already. One that is stopping has given its socket up and holds the lock
/// until its requests are done.
fn lock(socket: &paths::Socket, manner: Manner) -> Result<Option<socket::Lock>, socket::Fault> {
    let until = Instant::now() + TAKEOVER_WAIT;
    loop {
        match socket::try_lock(&socket.agent_lock()) {
            Err(socket::Fault::Held { .. }) if manner == Manner::Detached && Instant::now() < until => {}
            outcome => return outcome.map(Some),
        }
        // Two were started at once, and the other was first: its clients will find it.
        if socket::connect(&socket.path, TAKEOVER_WAIT)?.is_some() {
            return Ok(None);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Everything that is read from the machine before the first thread starts.
fn parts(socket: paths::Socket, degraded: Vec<process::Degraded>) -> Result<Parts, Failure> {
    let nowhere = |fault: paths::Fault| Failure::of(Code::File, &fault);
    let (config_folder, state_folder) = (paths::config().map_err(nowhere)?, paths::state().map_err(nowhere)?);
    let config = config::read(&config_folder.join("config.toml")).map_err(|fault| words::config(&fault))?;
    files::make_folder(&config_folder).map_err(|fault| words::files(&fault))?;
    let profiles =
        profiles::Profiles::read(config_folder.clone()).map_err(|fault| words::profiles(&fault))?;
    files::make_folder(&state_folder).map_err(|fault| words::files(&fault))?;
    let (arena, kind) = Arena::new();
    let mut words: Vec<String> = degraded.iter().map(|part| format!("{}: {}", part.what, part.why)).collect();
    if let locked::Kind::Heap(why) = &kind {
        words.push(format!("locked memory: {why}"));
    }
    // No keyring of this release runs a program.
    match sandbox::apply(&[socket.folder(), &config_folder, &state_folder], false) {
        sandbox::Status::Enforced => {}
        status => words.push(format!("landlock: {status}")),
    }
    let arena = Arc::new(arena);
    let bus = Bus {
        address: std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty()),
        runtime_dir: std::env::var_os("XDG_RUNTIME_DIR").map(Into::into),
    };
    let keeper = Arc::clone(&arena);
    let keyrings = keyrings::Keyrings::new(config.keyring.clone(), bus, Arc::new(move |s| keeper.keep(s)));
    let clock = Box::new(clock::System);
    Ok(Parts { clock, socket, config, profiles, keyrings, arena, http: Http::new(), degraded: words })
}

fn run(listener: std::os::unix::net::UnixListener, parts: Parts, manner: Manner) -> Result<(), Failure> {
    let broken = |error: std::io::Error| cannot_start(&error);
    listener.set_nonblocking(true).map_err(broken)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(broken)?;
    let local = tokio::task::LocalSet::new();
    let outcome = local.block_on(&runtime, async {
        let listener = UnixListener::from_std(listener).map_err(broken)?;
        let (stop, _) = watch::channel(false);
        let (tell, notices) = lock::notices();
        listen_to_signals(manner, &stop, tell).map_err(broken)?;
        let is_ready = || {
            if manner == Manner::Detached {
                // The client has gone: then nobody waits, and the agent serves those who come.
                let _ = ready();
            }
        };
        super::run(listener, parts, stop, notices, is_ready).await.map_err(|fault| words::files(&fault))
    });
    // A keyring's thread or a name look-up may hang; the process does not wait for them.
    runtime.shutdown_background();
    outcome
}

/// SIGTERM and SIGINT stop it. SIGHUP stops it in the foreground only: a detached agent outlives the terminal that it was
/// started from. SIGUSR1 locks it, as `osagent lock` does.
fn listen_to_signals(
    manner: Manner,
    stop: &watch::Sender<bool>,
    tell: UnboundedSender<lock::Notice>,
) -> std::io::Result<()> {
    let hangup_stops = manner == Manner::Foreground;
    let kinds = [
        (SignalKind::terminate(), true),
        (SignalKind::interrupt(), true),
        (SignalKind::hangup(), hangup_stops),
    ];
    for (kind, stops) in kinds {
        let (mut signal, stop) = (signal(kind)?, stop.clone());
        tokio::task::spawn_local(async move {
            while signal.recv().await.is_some() {
                if stops {
                    stop.send_replace(true);
                }
            }
        });
    }
    let mut locks = signal(SignalKind::user_defined1())?;
    tokio::task::spawn_local(async move {
        while locks.recv().await.is_some() {
            // An agent that heeds nothing any more is ending, and forgets all.
            let _ = tell.send(lock::Notice::of(lock::Reason::Signal));
        }
    });
    Ok(())
}

/// Tells the client, then lets go of its pipe, so that `$(osagent env)` sees an end.
fn ready() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    let told = out.write_all(&[READY]).and_then(|()| out.flush());
    let closed = process::close_stdout();
    told.and(closed).map_err(|error| cannot_start(&error))
}
