//! The agent comes up by itself, once, however many want it, in a place that is nobody else's; and it lets go of whoever
//! started it.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod activation;
mod folder;
mod process;
mod rescue;
mod strain;
mod upgrade;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::fake::{Trouble, What};
use crate::rig::{PROFILE, Rig};
use crate::run::{Done, Running};

/// As many shells as a terminal multiplexer opens at a login, and more.
const MANY: usize = 200;

#[test]
fn two_hundred_clients_on_a_cold_machine_start_one_agent() {
    let rig = Rig::cold();
    let starts = count_starts(&rig);
    let done = all(&rig, &["list"]);
    // It does not run from where the home would find it in the end.
    rig.home.osagent(["stop"]).ok();
    for done in done {
        done.ok();
    }
    assert_eq!(fs::read_to_string(starts).unwrap(), "--detach\n");
}

#[test]
fn two_hundred_clients_make_one_token() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let running: Vec<Running> = start(&rig, &["token", PROFILE]);
    rig.fake.wait_until_held(1);
    rig.fake.release();
    let mut tokens: Vec<String> = running.into_iter().map(|run| run.done().ok().stdout).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(rig.fake.creations(), 1);
    assert!(rig.fake.is_alive(tokens[0].trim_end()));
    rig.home.agent();
}

#[test]
fn a_left_over_socket_is_no_trouble() {
    let rig = Rig::cold();
    fs::create_dir(rig.home.runtime().join("osagent")).unwrap();
    fs::set_permissions(rig.home.runtime().join("osagent"), PermissionsExt::from_mode(0o700)).unwrap();
    drop(UnixListener::bind(rig.home.socket()).unwrap());
    rig.start();
    rig.home.agent();
}

#[test]
fn an_agent_that_was_killed_is_replaced_and_says_that_its_memory_is_gone() {
    let rig = Rig::warm();
    rig.home.kill_agent();
    let done = rig.home.osagent(["token", PROFILE]).fails(3);
    assert!(done.stderr.contains("'osagent passwd prod'"), "{done:#?}");
    assert_eq!(done.stdout, "");
    let password = rig.fake_password();
    rig.home.osagent(["passwd", PROFILE, "--secret-stdin"]).stdin(password).ok();
    rig.token();
    rig.home.agent();
}

#[test]
fn an_agent_killed_in_the_middle_is_replaced_by_one_that_answers() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let waiting = rig.home.osagent(["token", PROFILE]).start();
    rig.fake.wait_until_held(1);
    rig.home.kill_agent();
    let done = waiting.done().failed(3);
    assert!(done.stderr.contains("does not hold its password"), "{done:#?}");
    rig.home.agent();
}

#[test]
fn a_second_agent_does_not_start_beside_the_first() {
    let rig = Rig::warm();
    let first = rig.home.agent();
    let done = rig.home.osagent(["agent"]).fails(6);
    assert!(done.stderr.contains("agent.sock.lock"), "{done:#?}");
    assert_eq!(rig.home.agent(), first);
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn two_sockets_in_one_folder_are_two_agents() {
    let rig = Rig::warm();
    let other = rig.home.runtime().join("osagent/other.sock");
    let beside = |arguments: &[&str]| rig.home.osagent(arguments).env("OSAGENT_SOCK", &other);
    beside(&["list"]).ok();
    assert_eq!(rig.home.agents().len(), 2);
    let number = || fs::read_to_string(rig.epoch()).unwrap();
    let before = number();
    beside(&["lock"]).ok();
    beside(&["stop"]).ok();
    assert_eq!(number(), before, "what happens there is no news here");
    crate::wait::until("the other agent is gone", || rig.home.agents().len() == 1);
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn a_client_that_comes_while_the_agent_stops_gets_another_one() {
    let rig = Rig::cold();
    for _ in 0..5 {
        rig.start();
        rig.home.osagent(["stop"]).ok();
        // The runtime folder is as it was, but for the locks.
        assert!(!rig.home.socket().exists() && !rig.epoch().exists());
    }
}

#[test]
fn a_client_that_comes_while_the_agent_drains_waits_for_another_one() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let held = rig.home.osagent(["token", PROFILE]).start();
    rig.fake.wait_until_held(1);
    let stopping = rig.home.osagent(["stop"]).start();
    crate::wait::until("the socket is gone", || !rig.home.socket().exists());
    rig.start();
    stopping.done().ok();
    // What was held when the two seconds were over is asked of the next agent, which does not have the password.
    held.done().failed(3);
    rig.home.agent();
}

#[test]
fn looking_and_taking_away_start_no_agent() {
    let rig = Rig::cold();
    for verb in ["status", "lock", "stop"] {
        let done = rig.home.osagent([verb]).ok();
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(said.contains("no agent is running"), "{done:#?}");
    }
    rig.home.osagent(["status", "--json"]).ok().json();
    for arguments in [&["revoke", "prod"][..], &["revoke", "--all"]] {
        let done = rig.home.osagent(arguments).fails(6);
        assert!(done.stderr.contains("no agent is running"), "{done:#?}");
    }
    assert_eq!(rig.home.agents(), [0; 0]);
    assert!(!rig.home.socket().exists());
}

/// Puts a program before the agent that notes each start of it by a client.
fn count_starts(rig: &Rig) -> std::path::PathBuf {
    let agent = rig.home.all().join("bin/osagent-agent");
    let (real, log) = (rig.home.all().join("osagent-agent"), rig.home.all().join("starts"));
    fs::rename(&agent, &real).unwrap();
    let text = format!("#!/bin/sh\necho \"$1\" >>'{}'\nexec '{}' \"$@\"\n", log.display(), real.display());
    fs::write(&agent, text).unwrap();
    fs::set_permissions(&agent, PermissionsExt::from_mode(0o755)).unwrap();
    log
}

fn start(rig: &Rig, arguments: &[&str]) -> Vec<Running> {
    (0..MANY).map(|_| rig.home.osagent(arguments).start()).collect()
}

fn all(rig: &Rig, arguments: &[&str]) -> Vec<Done> {
    start(rig, arguments).into_iter().map(Running::done).collect()
}
