//! The agent as a process: hardening before any thread, the lock, the socket, the ready byte, then [`super::run`]. Started by
//! a client (`--detach`: a child in a session of its own serves, and says when it is ready), or in the foreground.

use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::door::{self, Keys};
use super::entrance::{self, Entrance, Wish};
use super::{Parts, config, keyrings, lock, profiles, words};
use crate::host::locked::{self, Arena};
use crate::host::{clock, files, paths, process, sandbox, service, session, socket, spare};
use crate::keyring::Bus;
use crate::keystone::Http;
use crate::wire::{Code, Failure};

/// What the client reads before it connects: this byte, or a failure as one line of JSON.
pub const READY: u8 = b'+';

/// Beside any of the others: in the place of the agent that runs, with all that it holds.
const REPLACE: &str = "--replace";

/// The agent's whole life. What goes wrong before it serves is told on standard output to the client that started it, or on
/// standard error in the foreground.
pub fn main(arguments: &[String]) -> ExitCode {
    let degraded = process::harden_agent();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        // The place only: a panic's text may hold what it was about.
        let _ = writeln!(std::io::stderr(), "osagent-agent: error: it broke at {place}");
    }));
    let replaces = arguments.iter().any(|argument| argument == REPLACE);
    let mut manners = arguments.iter().map(String::as_str).filter(|argument| *argument != REPLACE);
    match (manners.next(), manners.next()) {
        (Some("--detach"), None) => detach(replaces),
        (Some("--serve"), None) => report(serve(Manner::Detached, replaces, degraded), true),
        (Some("--foreground") | None, None) => report(serve(Manner::Foreground, replaces, degraded), false),
        _ => {
            let text = "osagent-agent takes --foreground, --detach or --serve, and --replace; people use \
                        'osagent agent'";
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
fn detach(replaces: bool) -> ExitCode {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return report(Err(cannot_start(&error)), true),
    };
    let replace = replaces.then_some(REPLACE);
    match Command::new(program)
        .arg("--serve")
        .args(replace)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
    {
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

fn serve(manner: Manner, replaces: bool, degraded: Vec<process::Degraded>) -> Result<(), Failure> {
    let socket = paths::Socket::find(|name| std::env::var_os(name), process::uid())
        .map_err(|fault| Failure::of(Code::Agent, &fault))?;
    // A service manager runs us in the foreground. First of all, before anything is opened under its numbers.
    let lent = match manner {
        Manner::Foreground => entrance::lent(&socket)?,
        Manner::Detached => {
            process::close_inherited(&[]);
            process::new_session().map_err(|error| cannot_start(&error))?;
            None
        }
    };
    process::leave_directory().map_err(|error| cannot_start(&error))?;
    let unusable = |fault: socket::Fault| Failure::of(Code::Agent, &fault);
    socket::prepare(socket.folder(), process::uid()).map_err(unusable)?;
    let wish = Wish { replaces, is_for_client: manner == Manner::Detached };
    let Some(mut entrance) = entrance::open(&socket, lent, wish)? else { return ready() };
    let parts = parts(socket, degraded)?;
    let path = &parts.socket.path;
    let listener = entrance.listener.take().map_or_else(|| socket::bind(path), Ok).map_err(unusable)?;
    entrance.spare = entrance.spare.or_else(|| spare::bind(path));
    run(listener, entrance, parts, manner)
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
    let (http, deaf) = (Http::new(), session::Faults::default());
    let (state, degraded) = (state_folder, words);
    Ok(Parts { clock, socket, config, profiles, keyrings, arena, http, state, degraded, deaf })
}

fn run(
    listener: std::os::unix::net::UnixListener,
    entrance: Entrance,
    mut parts: Parts,
    manner: Manner,
) -> Result<(), Failure> {
    let broken = |error: std::io::Error| cannot_start(&error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(broken)?;
    let local = tokio::task::LocalSet::new();
    let outcome = local.block_on(&runtime, async {
        let keys = Keys {
            listener: door::listen(listener).map_err(broken)?,
            spare: entrance.spare.map(door::listen).transpose().map_err(broken)?,
            lock: entrance.lock,
            is_lent: entrance.is_lent,
            predecessor: entrance.predecessor,
        };
        let (stop, _) = watch::channel(false);
        let (tell, notices) = lock::notices();
        listen_to_signals(manner, &stop, tell.clone()).map_err(broken)?;
        parts.deaf = listen_to_desk(&parts.config.lock, tell);
        let is_ready = || {
            tell_manager(&format!("READY=1\nSTATUS=serving, pid {}", process::pid()));
            if manner == Manner::Detached {
                // The client has gone: then nobody waits, and the agent serves those who come.
                let _ = ready();
            }
        };
        super::run(keys, parts, stop, notices, is_ready).await
    });
    tell_manager("STOPPING=1");
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

fn tell_manager(state: &str) {
    service::tell(|name| std::env::var_os(name), state);
}

/// What D-Bus tells of sleep, screen and logout, as far as the configuration wants to know it.
fn listen_to_desk(config: &config::Lock, tell: UnboundedSender<lock::Notice>) -> session::Faults {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let usual = || variable("XDG_RUNTIME_DIR").map(|folder| format!("unix:path={folder}/bus"));
    let buses = session::Buses::with_session(variable("DBUS_SESSION_BUS_ADDRESS").or_else(usual));
    let tell = move |event, done| {
        // An agent that heeds nothing any more is ending, and forgets all.
        let _ = tell.send(lock::Notice { done: Some(done), ..lock::Notice::from(event) });
    };
    session::listen(lock::wants(config), buses, process::uid(), Arc::new(tell))
}

/// Tells the client, then lets go of its pipe, so that `$(osagent env)` sees an end.
fn ready() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    let told = out.write_all(&[READY]).and_then(|()| out.flush());
    let closed = process::close_stdout();
    told.and(closed).map_err(|error| cannot_start(&error))
}
