//! `env` in real shells: what a shell has after it, also when it fails, and it fails closed.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::fake::{Trouble, What};
use crate::rig::{PROFILE, Rig, adding};
use crate::run::{Done, Run};

/// What is left over of another cloud, an old token in it.
const LEFTOVERS: &[(&str, &str)] = &[
    ("OS_TOKEN", "stale"),
    ("OS_AUTH_TOKEN", "stale"),
    ("OS_USERNAME", "somebody"),
    ("OS_PASSWORD", "canary"),
    ("OS_PROJECT_NAME", "elsewhere"),
    ("OS_USER_DOMAIN_NAME", "x y"),
    ("OS_COMPUTE_ENDPOINT_OVERRIDE", "https://elsewhere.example"),
    ("OSAGENT_EXPIRES", "1"),
];

/// A shell that holds the leftovers, evaluates `line`, and says its status and all that a program started from it gets.
fn shell(rig: &Rig, line: &str) -> Run {
    let script = format!("{line}\necho \"status $?\"\nenv | grep -E '^(OS_|OSAGENT_)' | sort");
    rig.home.run("/bin/sh").envs(LEFTOVERS.iter().copied()).args(["-c", &script])
}

#[track_caller]
fn assert_closed(done: &Done) {
    let mut lines = done.stdout.lines();
    assert_ne!(lines.next(), Some("status 0"), "{done:#?}");
    let left: Vec<&str> = lines.collect();
    assert!(left.iter().all(|line| !line.starts_with("OS_")), "{done:#?}");
    assert!(!done.stderr.contains("canary"), "{done:#?}");
}

#[test]
fn a_shell_has_the_token_and_nothing_of_another_cloud() {
    let rig = Rig::new();
    let line = "eval $(osagent env prod)";
    let done = shell(&rig, line).ok();
    let names: Vec<&str> = done.stdout.lines().map(|line| line.split('=').next().unwrap()).collect();
    let expect = [
        "status 0",
        "OSAGENT_EXPIRES",
        "OSAGENT_EXPORTED",
        "OSAGENT_PROFILE",
        "OS_AUTH_TOKEN",
        "OS_AUTH_TYPE",
        "OS_AUTH_URL",
        "OS_IDENTITY_API_VERSION",
        "OS_PROJECT_DOMAIN_ID",
        "OS_PROJECT_NAME",
        "OS_REGION_NAME",
        "OS_STORAGE_URL",
        "OS_TOKEN",
    ];
    assert_eq!(names, expect);
    assert!(done.stdout.contains(&format!("OS_AUTH_URL={}\n", rig.fake.url())));
    let token = done.stdout.lines().find_map(|line| line.strip_prefix("OS_TOKEN=")).unwrap();
    assert!(rig.fake.is_alive(token));
    // Quoted is the same, and so is once more in the same shell.
    let again = shell(&rig, "eval \"$(osagent env prod)\"; eval $(osagent env prod)").ok();
    let without_end = |done: &Done| {
        let lines = done.stdout.lines().filter(|line| !line.starts_with("OSAGENT_EXPIRES"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_end(&again), without_end(&done));
    let unset = shell(&rig, &format!("{line}; eval $(osagent env --unset)")).ok();
    assert_eq!(unset.stdout, "status 0\n");
}

#[test]
fn what_is_unset_stands_before_what_is_exported_and_all_is_one_line() {
    let rig = Rig::new();
    let done = rig.home.osagent(["env", "--shell", "bash", PROFILE]).ok();
    assert_eq!(done.stdout.matches('\n').count(), 1);
    assert!(done.stdout.ends_with(";\n"));
    let (unset, export) = (done.stdout.find("unset").unwrap(), done.stdout.find("export").unwrap());
    assert!(unset < export && done.stdout.rfind("unset").unwrap() < export);
}

#[test]
fn every_failure_leaves_no_token_and_a_status() {
    let rig = Rig::new();
    rig.add(&adding("dead", "http://127.0.0.1:1/v3", "alpha"));
    let lines = [
        "eval $(osagent env nosuch)",
        "eval $(osagent env 'no name')",
        "eval $(osagent env)",
        "eval $(osagent env --nosuch)",
        "eval $(osagent env prod more)",
        "eval $(osagent env --shell)",
        "eval $(osagent env --shell nosuch prod)",
        "eval $(osagent env --min-ttl never prod)",
        "eval $(OSAGENT_SHELL=nosuch osagent env prod)",
        "eval $(osagent env --region NOWHERE prod)",
        "eval $(osagent env --timeout 50ms dead)",
        "eval $(OSAGENT_SOCK=relative osagent env prod)",
        "eval $(OSAGENT_SOCK=/nonexistent/agent.sock osagent env prod)",
        "eval $(ulimit -n 4; osagent env prod)",
        // The shell that asks is the one that is served, whatever $SHELL says.
        "eval $(SHELL=/bin/fish osagent env nosuch)",
        "eval \"$(osagent env nosuch)\"",
        "e=$(osagent env nosuch) || eval \"$e\"",
    ];
    for line in lines {
        let done = shell(&rig, line).ok();
        assert_closed(&done);
        assert!(done.stderr.contains("error"), "{done:#?}");
    }
    // The whole list in one shell, under its strictest options.
    let done = shell(&rig, "set -u; e=$(osagent env nosuch); eval $e").ok();
    assert_closed(&done);
    let strict = rig.home.run("/bin/sh").args(["-c", "set -eu; eval $(osagent env nosuch); echo on"]);
    assert!(!strict.done().stdout.contains("on"));
}

#[test]
fn without_an_agent_to_start_the_shell_is_left_clean() {
    let rig = Rig::cold();
    std::fs::remove_file(rig.home.all().join("bin/osagent-agent")).unwrap();
    let done = shell(&rig, "eval $(osagent env prod)").ok();
    assert_closed(&done);
    assert!(done.stderr.contains("neither beside osagent nor on PATH"), "{done:#?}");
}

#[test]
fn a_signal_while_it_waits_leaves_no_token_and_the_signals_status() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let rig = Rig::new();
        rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
        let waiting = rig.home.osagent(["env", "--shell", "sh", PROFILE]).start();
        rig.fake.wait_until_held(1);
        kill(Pid::from_raw(waiting.pid as i32), signal).unwrap();
        let done = waiting.done().failed(128 + signal as i32);
        assert!(done.stdout.contains("OS_TOKEN") && done.stdout.ends_with("false;\n"), "{done:#?}");
    }
}

#[test]
fn a_signal_while_the_agent_starts_leaves_no_token_either() {
    let rig = Rig::cold();
    let agent = rig.home.all().join("bin/osagent-agent");
    let script = "#!/bin/sh\n: >\"$0.started\"\nexec sleep 60\n";
    std::fs::remove_file(&agent).unwrap();
    std::fs::write(&agent, script).unwrap();
    std::fs::set_permissions(&agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let waiting = rig.home.osagent(["env", "--shell", "sh", PROFILE]).start();
    let note = agent.with_file_name("osagent-agent.started");
    crate::wait::until("the agent is started", || note.exists());
    kill(Pid::from_raw(waiting.pid as i32), Signal::SIGTERM).unwrap();
    let done = waiting.done().failed(128 + Signal::SIGTERM as i32);
    assert!(done.stdout.ends_with("false;\n"), "{done:#?}");
}

#[test]
fn help_goes_to_stderr_and_changes_nothing_that_is_exported() {
    let rig = Rig::cold();
    let done = rig.home.osagent(["env", "--help"]).ok();
    assert!(done.stderr.contains("Usage: osagent env") && done.stderr.contains("trades any OS_TOKEN"));
    assert_closed(&shell(&rig, "eval $(osagent env --help)").ok());
}

#[test]
fn a_foreign_ca_file_that_is_dropped_is_said_once() {
    let rig = Rig::new();
    let env = || rig.home.osagent(["env", "--shell", "sh", PROFILE]).env("OS_CACERT", "/theirs.pem");
    let done = env().ok();
    assert_eq!(done.stderr.matches("OS_CACERT=/theirs.pem is not of this profile").count(), 1, "{done:#?}");
    // Ours from before is no news, nor is an empty one.
    assert_eq!(env().env("OSAGENT_EXPORTED", "OS_CACERT").ok().stderr, "");
    assert_eq!(env().env("OS_CACERT", "").ok().stderr, "");
}

#[test]
fn a_reader_that_has_gone_is_success_and_a_full_disk_is_not() {
    let rig = Rig::warm();
    let program = rig.home.all().join("bin/osagent");
    for arguments in [&["token", PROFILE][..], &["env", PROFILE], &["list"], &["status"], &["--help"]] {
        let run = |stdout: Stdio| {
            let mut command = std::process::Command::new(&program);
            command.args(arguments).env_clear().env("XDG_RUNTIME_DIR", rig.home.runtime());
            command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null()).status().unwrap().code()
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run(writer.into()), Some(0), "{arguments:?} into a closed pipe");
        assert_eq!(run(File::create("/dev/full").unwrap().into()), Some(7), "{arguments:?} on a full disk");
    }
}

#[test]
fn an_agent_that_answers_with_rubbish_or_never_leaves_no_token() {
    let rig = Rig::cold();
    let folder = rig.home.runtime().join("osagent");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let listener = UnixListener::bind(rig.home.socket()).unwrap();
    let answers: [&[u8]; 4] = [b"canary\n", b"{\"ok\":{\"canary\":1}}\n", b"{\"nothing\":1}\n", b"\n"];
    for answer in answers {
        let running = shell(&rig, "eval $(osagent env prod)").start();
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut stream, answer).unwrap();
        let done = running.done();
        assert_closed(&done);
        assert!(done.stderr.contains("not a message of this protocol"), "{done:#?}");
    }
    let done = shell(&rig, "eval $(osagent env --timeout 100ms prod)").within(Duration::from_secs(10)).ok();
    assert_closed(&done);
    assert!(done.stderr.contains("does not answer"), "{done:#?}");
}
