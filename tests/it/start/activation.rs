//! A service manager that listens for the agent, as systemd does: the first client starts it, the socket is the manager's, and
//! there is one agent whoever started it. The units themselves are read by systemd's own verifier.

use std::fs;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::rig::{PROFILE, Rig, adding};
use crate::run::Running;

/// Perl is in every Debian, and can keep a descriptor open over an `exec`.
const MANAGER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/start/manager.pl");

fn manage(rig: &Rig, variables: &[(&str, &str)]) -> Running {
    let manager = rig.home.run("perl").arg(MANAGER).arg(rig.home.socket()).arg(rig.home.all());
    let manager = manager.args(["osagent", "agent"]).envs(variables.iter().copied()).start();
    crate::wait::until("the manager listens", || rig.home.all().join("notify").exists() && is_up(rig));
    manager
}

fn is_up(rig: &Rig) -> bool {
    rig.home.runtime().join("osagent/agent.sock.lock").exists()
}

fn parent(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Ends the agent and the manager; what it was told, and saw.
fn told(rig: &Rig, manager: Running) -> String {
    rig.home.osagent(["stop"]).ok();
    crate::wait::until("the agent is gone", || rig.home.agents().is_empty());
    kill(Pid::from_raw(manager.pid as i32), Signal::SIGTERM).unwrap();
    manager.done().stdout
}

#[test]
fn the_first_client_starts_the_agent_and_the_socket_outlives_it() {
    let rig = Rig::cold();
    let manager = manage(&rig, &[("OS_PASSWORD", "canary")]);
    rig.start();
    let agent = rig.home.agent();
    assert_eq!(parent(agent), manager.pid);
    // Where it may be looked into at all: nothing that the manager's environment held is in it.
    if let Ok(environment) = fs::read(format!("/proc/{agent}/environ")) {
        assert!(!String::from_utf8_lossy(&environment).contains("canary"));
    }
    rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
    rig.token();
    rig.home.osagent(["stop"]).ok();
    crate::wait::until("the agent is gone", || rig.home.agents().is_empty());
    assert!(rig.home.socket().exists());
    // The next one is started in the same way.
    rig.home.osagent(["token", PROFILE]).fails(3);
    assert_eq!(parent(rig.home.agent()), manager.pid);
    kill(Pid::from_raw(rig.home.agent() as i32), Signal::SIGTERM).unwrap();
    crate::wait::until("the agent is gone", || rig.home.agents().is_empty());
    assert!(rig.home.socket().exists());
    let told = told(&rig, manager);
    assert_eq!(told.matches("told READY=1\n").count(), 2, "{told}");
    assert_eq!(told.matches("told STOPPING=1\n").count(), 2, "{told}");
    assert_eq!(told.matches("ended 0\n").count(), 2, "{told}");
}

#[test]
fn looking_does_not_start_the_agent_of_a_service_manager() {
    let rig = Rig::cold();
    let manager = manage(&rig, &[]);
    for verb in ["status", "lock", "stop"] {
        let done = rig.home.osagent([verb]).ok();
        assert!(format!("{}{}", done.stdout, done.stderr).contains("no agent is running"), "{done:#?}");
    }
    rig.home.osagent(["revoke", "--all"]).fails(6);
    assert_eq!(rig.home.agents(), [0; 0]);
    assert_eq!(told(&rig, manager), "listening\n");
}

#[test]
fn an_agent_that_was_there_first_hands_over_to_the_service_managers() {
    let rig = Rig::warm();
    let (first, token) = (rig.home.agent(), rig.token());
    let manager = manage(&rig, &[]);
    assert_eq!(rig.token(), token);
    crate::wait::until("there is one agent", || rig.home.agents().len() == 1);
    assert_ne!(rig.home.agent(), first);
    assert_eq!(parent(rig.home.agent()), manager.pid);
    // A lent socket is handed on by nobody but its owner.
    let done = rig.home.osagent(["agent", "--replace"]).fails(6);
    assert!(done.stderr.contains("systemctl --user restart"), "{done:#?}");
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn the_restricted_socket_is_the_agents_own_also_under_a_service_manager() {
    let rig = Rig::cold();
    let manager = manage(&rig, &[]);
    rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
    rig.home.osagent(["set", PROFILE, "allow_forward=true"]).ok();
    let extra = rig.home.socket().with_file_name("agent-extra.sock");
    let mut line = crate::rig::Line::connect(&extra);
    assert!(line.ask(&crate::rig::token_request(PROFILE))["ok"].is_object());
    told(&rig, manager);
    assert!(rig.home.socket().exists() && !extra.exists());
}

#[test]
fn two_hundred_clients_of_a_service_manager_get_one_agent() {
    let rig = Rig::cold();
    let manager = manage(&rig, &[]);
    let started: Vec<Running> = (0..200).map(|_| rig.home.osagent(["list"]).start()).collect();
    started.into_iter().for_each(|running| drop(running.done().ok()));
    assert_eq!(parent(rig.home.agent()), manager.pid);
    let told = told(&rig, manager);
    assert_eq!(told.matches("READY=1").count(), 1, "{told}");
}

#[test]
fn what_is_lent_is_looked_at_before_it_is_taken() {
    let rig = Rig::cold();
    fs::create_dir(rig.home.runtime().join("osagent")).unwrap();
    fs::set_permissions(
        rig.home.runtime().join("osagent"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let elsewhere = rig.home.all().join("elsewhere");
    let _theirs = UnixListener::bind(&elsewhere).unwrap();
    // The shell gets the descriptor as its standard input, and leaves it to the agent under the number that is agreed.
    let lend = |socket: std::os::fd::OwnedFd, count: &str| {
        let script = format!("exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS={count} exec osagent agent");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script]).env_clear().envs(rig.home.environment()).stdin(socket);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(6));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = lend(UnixListener::bind(rig.home.all().join("a")).unwrap().into(), "1");
    assert!(said.contains("listens on") && said.contains("/a, and the agent's is"), "{said}");
    let said = lend(UnixListener::bind(rig.home.all().join("b")).unwrap().into(), "2");
    assert!(said.contains("passes 2 sockets"), "{said}");
    let said = lend(UnixDatagram::bind(rig.home.all().join("c")).unwrap().into(), "1");
    assert!(said.contains("no listening unix stream socket"), "{said}");
    let said = lend(fs::File::open("/dev/null").unwrap().into(), "1");
    assert!(said.contains("no listening unix stream socket"), "{said}");
    assert!(!rig.home.socket().exists());
}

#[test]
fn systemd_understands_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let units = ["osagent.service", "osagent.socket"].map(|name| {
        let source = format!("{}/contrib/systemd/{name}", env!("CARGO_MANIFEST_DIR"));
        let text =
            fs::read_to_string(source).unwrap().replace("@bin@/osagent", env!("CARGO_BIN_EXE_osagent"));
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    });
    let verify = Command::new("systemd-analyze")
        .args(["--user", "verify", "--man=no"])
        .args(units)
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("SYSTEMD_LOG_LEVEL", "warning")
        .output();
    let output = match verify {
        Ok(output) => output,
        Err(_) if std::env::var_os("OSAGENT_TEST_ALL").is_none() => {
            eprintln!("NOT TESTED here: systemd-analyze is not installed");
            return;
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}
