//! A cleaner at work under a running agent: the socket goes, or its whole folder does. Clients notice nothing, tokens stay, and
//! in the end there is one agent.

use std::fs;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::rig::{PROFILE, Rig};
use crate::run::{Done, Running};

/// What a cleaner may take away.
const CLEANERS: &[fn(&Rig)] = &[socket, lock, files, folder];

fn socket(rig: &Rig) {
    fs::remove_file(rig.home.socket()).unwrap();
}

fn lock(rig: &Rig) {
    socket(rig);
    fs::remove_file(lock_of(rig)).unwrap();
}

fn files(rig: &Rig) {
    for entry in fs::read_dir(place(rig)).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
}

fn folder(rig: &Rig) {
    fs::remove_dir_all(place(rig)).unwrap();
}

fn place(rig: &Rig) -> PathBuf {
    rig.home.runtime().join("osagent")
}

fn lock_of(rig: &Rig) -> PathBuf {
    place(rig).join("agent.sock.lock")
}

#[test]
fn a_cleaner_costs_no_token() {
    for clean in CLEANERS {
        let rig = Rig::new();
        let token = rig.token();
        clean(&rig);
        assert_eq!(rig.token(), token);
        assert_eq!(rig.fake.creations(), 1);
        rig.home.osagent(["revoke", "--all", "--yes"]).done().ok_or("the token is known");
        assert!(!rig.fake.is_alive(&token));
        one_agent(&rig);
    }
}

#[test]
fn two_hundred_clients_that_come_after_a_cleaner_find_one_agent_and_its_token() {
    for clean in [socket, folder] {
        let rig = Rig::warm();
        let token = rig.token();
        clean(&rig);
        let started: Vec<Running> = (0..200).map(|_| rig.home.osagent(["token", PROFILE]).start()).collect();
        let done: Vec<Done> = started.into_iter().map(|running| running.done().ok()).collect();
        assert!(done.iter().all(|done| done.line() == token));
        assert_eq!(rig.fake.creations(), 1);
        one_agent(&rig);
    }
}

#[test]
fn looking_and_locking_reach_an_agent_whose_folder_is_gone() {
    for clean in CLEANERS {
        let rig = Rig::warm();
        clean(&rig);
        let status = rig.home.osagent(["status", "--json"]).ok().json();
        assert_eq!(status["tokens"].as_array().unwrap().len(), 1, "{status}");
        clean(&rig);
        rig.home.osagent(["lock"]).ok();
        clean(&rig);
        let done = rig.home.osagent(["token", PROFILE]).fails(3);
        assert!(done.stderr.contains("the agent is locked"), "{done:#?}");
        clean(&rig);
        rig.home.osagent(["stop"]).ok();
        crate::wait::until("no agent runs", || rig.home.agents().is_empty());
        let done = rig.home.osagent(["status"]).ok();
        assert!(done.stdout.contains("no agent is running"), "{done:#?}");
    }
}

#[test]
fn the_agent_binds_its_socket_anew_by_itself() {
    for clean in [socket, lock, files] {
        let rig = Rig::warm();
        let agent = rig.home.agent();
        clean(&rig);
        crate::wait::until("the socket and the epoch are back", || {
            UnixStream::connect(rig.home.socket()).is_ok() && rig.epoch().exists()
        });
        assert_eq!(rig.ask(&json!({"op": "status"}))["ok"]["pid"], agent);
        let done = rig.home.osagent(["agent"]).fails(6);
        assert!(done.stderr.contains("agent.sock.lock"), "the lock is held again: {done:#?}");
    }
}

#[test]
fn a_folder_that_came_back_loose_is_refused_as_ever() {
    let rig = Rig::warm();
    folder(&rig);
    fs::create_dir(place(&rig)).unwrap();
    fs::set_permissions(place(&rig), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let done = rig.home.osagent(["token", PROFILE]).fails(6);
    assert!(done.stderr.contains("others can enter"), "{done:#?}");
    fs::remove_dir(place(&rig)).unwrap();
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn an_agent_that_is_stopped_when_its_folder_goes_yields_to_the_one_that_came() {
    let rig = Rig::warm();
    let first = Pid::from_raw(rig.home.agent() as i32);
    kill(first, Signal::SIGSTOP).unwrap();
    folder(&rig);
    // It cannot be asked for what it holds.
    rig.home.osagent(["list"]).ok();
    assert_eq!(rig.home.agents().len(), 2);
    kill(first, Signal::SIGCONT).unwrap();
    crate::home::wait_gone(first.as_raw() as u32);
    rig.home.osagent(["list"]).ok();
    assert!(rig.home.socket().exists() && rig.epoch().exists(), "it took nothing of its heir's away");
    one_agent(&rig);
}

#[test]
fn the_spare_door_gives_nothing_to_who_cannot_write_into_the_folder() {
    let rig = Rig::warm();
    let proof = "0".repeat(32);
    let requests = [
        json!({"v": 1, "op": "token", "profile": PROFILE}),
        json!({"v": 1, "op": "handover"}),
        json!({"v": 1, "op": "handover", "proof": ""}),
        json!({"v": 1, "op": "handover", "proof": proof}),
    ];
    for request in requests {
        assert_eq!(knock(&rig.home.socket(), &request), "", "{request}");
    }
    // By the right words it opens, so it was not for a slip in them.
    fs::write(lock_of(&rig), &proof).unwrap();
    assert!(
        knock(&rig.home.socket(), &json!({"v": 1, "op": "handover", "proof": proof})).contains("{\"ok\":")
    );
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
    one_agent(&rig);
}

#[test]
fn who_takes_the_spare_door_s_name_and_takes_nobody_in_delays_nobody() {
    use nix::errno::Errno;
    use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};
    use std::os::fd::AsRawFd;
    let rig = Rig::cold();
    let name = format!("osagent:{}:{}", nix::unistd::geteuid(), rig.home.socket().display());
    let address = UnixAddr::new_abstract(name.as_bytes()).unwrap();
    let open =
        || socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_NONBLOCK, None).unwrap();
    let listener = open();
    socket::bind(listener.as_raw_fd(), &address).unwrap();
    socket::listen(&listener, Backlog::new(1).unwrap()).unwrap();
    let mut queue = Vec::new();
    loop {
        queue.push(open());
        if socket::connect(queue[queue.len() - 1].as_raw_fd(), &address) == Err(Errno::EAGAIN) {
            break;
        }
        assert!(queue.len() < 100, "the queue has no end");
    }
    let began = std::time::Instant::now();
    rig.home.osagent(["stop"]).ok();
    rig.home.osagent(["list"]).ok();
    rig.home.osagent(["status"]).ok();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    one_agent(&rig);
}

/// Says one thing at the spare door, and hears one line.
fn knock(socket: &Path, request: &serde_json::Value) -> String {
    let name = format!("osagent:{}:{}", nix::unistd::geteuid(), socket.display());
    let mut stream = UnixStream::connect_addr(&SocketAddr::from_abstract_name(name).unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    writeln!(stream, "{request}").unwrap();
    let mut heard = vec![0; 64];
    let len = stream.read(&mut heard).unwrap_or(0);
    String::from_utf8_lossy(&heard[..len]).into_owned()
}

#[track_caller]
fn one_agent(rig: &Rig) {
    crate::wait::until("there is one agent", || rig.home.agents().len() == 1);
}
