//! The agent as a process: what it keeps of whoever started it (nothing), and what a client does about one that hangs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::rig::{PROFILE, Rig, adding};

/// Far less than the sixty seconds of an answer, far more than a busy machine needs.
const SOON: Duration = Duration::from_secs(20);

/// All that the agent may know of its starter's environment.
const KEPT: &[&str] = &["HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LANG"];

#[test]
fn the_shell_that_started_the_agent_sees_the_end_of_its_output_while_the_agent_lives_on() {
    let rig = Rig::cold();
    // A descriptor that the agent inherited would keep this pipe open, and the run would be told of it.
    let script = "exec 7>&1 8>&2; e=$(osagent list 2>&1); echo \"said: $e\"";
    let done = rig.home.run("/bin/sh").args(["-c", script]).ok();
    assert!(done.stdout.starts_with("said: osagent: there is no profile yet"), "{done:#?}");
    rig.home.agent();
}

#[test]
fn the_agent_keeps_neither_terminal_nor_descriptor_nor_folder_nor_environment_of_its_starter() {
    let rig = Rig::cold();
    rig.home.osagent(["list"]).env("OS_PASSWORD", "canary").env("OSAGENT_PROFILE", "x").ok();
    let agent = rig.home.agent();
    let stat = fs::read_to_string(format!("/proc/{agent}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let (parent, session, terminal) = (fields[1], fields[3], fields[4]);
    assert_ne!(parent, std::process::id().to_string(), "its parent is not the client's");
    assert_eq!((session, terminal), (agent.to_string().as_str(), "0"), "a session of its own, no terminal");

    let proc = |name: &str| format!("/proc/{agent}/{name}");
    let Ok(environment) = fs::read(proc("environ")) else {
        // An agent that cannot be looked into, not even by its own user, is what is promised.
        assert!(fs::read_dir(proc("fd")).is_err() && fs::read_link(proc("cwd")).is_err());
        return;
    };
    let text = String::from_utf8(environment).unwrap();
    let names = text.split_terminator('\0').map(|pair| pair.split('=').next().unwrap());
    let foreign: Vec<&str> = names.filter(|name| !KEPT.contains(name)).collect();
    assert_eq!(foreign, [""; 0]);
    assert_eq!(fs::read_link(proc("cwd")).unwrap(), Path::new("/"));
    for entry in fs::read_dir(proc("fd")).unwrap() {
        let to = fs::read_link(entry.unwrap().path()).unwrap().display().to_string();
        let is_ours = to == "/dev/null"
            || to.starts_with("anon_inode:")
            || to.starts_with("socket:")
            || to.contains("secretmem")
            || to.ends_with("/osagent/agent.sock.lock");
        assert!(is_ours, "the agent has {to}");
    }
}

#[test]
fn every_thread_of_the_agent_is_behind_the_fence() {
    // A login, so that the threads of keyrings, of names and of TLS have been there.
    let rig = Rig::warm();
    let status = rig.ask(&json!({"op": "status"}));
    if status["ok"]["degraded"].to_string().contains("landlock") {
        eprintln!("NOT TESTED here: {}", status["ok"]["degraded"]);
        return;
    }
    let tasks = fs::read_dir(format!("/proc/{}/task", rig.home.agent())).unwrap();
    let fenced: Vec<bool> = tasks
        .map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap())
        // The kernel fences in only who can gain no rights any more; it says so of each thread.
        .map(|status| status.lines().any(|line| line.split_whitespace().eq(["NoNewPrivs:", "1"])))
        .collect();
    assert!(fenced.len() > 1, "the keyring has a thread of its own");
    assert!(fenced.iter().all(|fenced| *fenced), "{fenced:?}");
}

#[test]
fn an_agent_that_is_stopped_costs_no_more_than_the_time_given() {
    let rig = Rig::warm();
    let agent = Pid::from_raw(rig.home.agent() as i32);
    kill(agent, Signal::SIGSTOP).unwrap();
    let began = Instant::now();
    let done = rig.home.osagent(["token", PROFILE, "--timeout", "300ms"]).fails(6);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(done.stderr.contains("agent.sock does not answer"), "{done:#?}");
    kill(agent, Signal::SIGCONT).unwrap();
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn a_starter_that_hangs_costs_no_more_than_the_time_given() {
    let rig = Rig::cold();
    rig.start();
    rig.home.osagent(["stop"]).ok();
    let lock = fs::File::open(rig.home.runtime().join("osagent/agent.sock.start")).unwrap();
    let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).unwrap();
    let done = rig.home.osagent(["token", PROFILE, "--timeout", "300ms"]).fails(6);
    assert!(done.stderr.contains("another osagent is starting the agent"), "{done:#?}");
    assert!(!done.stderr.contains("did not within 5"), "the time of a start is not the caller's: {done:#?}");
    drop(lock);
    rig.start();
}

#[test]
fn an_agent_that_never_gets_ready_costs_no_more_than_the_time_given() {
    let rig = Rig::cold();
    let agent = rig.home.all().join("bin/osagent-agent");
    // It hangs in the hands of the client, which has to end it.
    fs::remove_file(&agent).unwrap();
    fs::write(&agent, "#!/bin/sh\nexec sleep 60\n").unwrap();
    fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let began = Instant::now();
    let done = rig.home.osagent(["token", PROFILE, "--timeout", "300ms"]).fails(6);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(done.stderr.contains("was not ready"), "{done:#?}");
}

#[test]
fn an_agent_that_is_not_installed_or_dies_at_once_is_named() {
    let rig = Rig::cold();
    let agent = rig.home.all().join("bin/osagent-agent");
    fs::remove_file(&agent).unwrap();
    let done = rig.home.osagent(["list"]).fails(6);
    assert!(done.stderr.contains("osagent-agent is neither beside osagent nor on PATH"), "{done:#?}");
    fs::write(&agent, "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let done = rig.home.osagent(["list"]).fails(6);
    assert!(done.stderr.contains("the agent ended before it was ready"), "{done:#?}");
}

#[test]
fn a_lock_by_signal_is_a_lock_and_revokes_where_that_is_configured() {
    for revokes in [false, true] {
        let rig = Rig::cold();
        if revokes {
            fs::create_dir(rig.home.all().join("config/osagent")).unwrap();
            fs::write(rig.home.all().join("config/osagent/config.toml"), "[lock]\nrevoke = true\n").unwrap();
        }
        rig.start();
        rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
        let token = rig.token();
        kill(Pid::from_raw(rig.home.agent() as i32), Signal::SIGUSR1).unwrap();
        let status = || rig.ask(&json!({"op": "status"}))["ok"].take();
        crate::wait::until("the agent is locked", || status()["locked"] == true);
        crate::wait::until("it holds no token", || status()["tokens"] == json!([]));
        assert_eq!(rig.fake.is_alive(&token), !revokes);
        let done = rig.home.osagent(["token", PROFILE]).fails(3);
        assert!(done.stderr.contains("the agent is locked"), "{done:#?}");
        rig.home.osagent(["unlock"]).ok();
        rig.home.agent();
    }
}

#[test]
fn the_signals_of_a_service_manager_stop_the_agent_and_take_its_files_away() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let rig = Rig::warm();
        let agent = rig.home.agent();
        kill(Pid::from_raw(agent as i32), signal).unwrap();
        crate::home::wait_gone(agent);
        assert!(!rig.home.socket().exists() && !rig.epoch().exists());
    }
}
