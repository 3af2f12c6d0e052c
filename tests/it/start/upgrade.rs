//! An agent in the place of another: with its socket and its tokens, under the eyes of clients that notice nothing.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::fake::{On, Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, Rig, adding};

#[test]
fn fifty_clients_notice_nothing_of_an_upgrade() {
    let rig = Rig::warm();
    let token = rig.token();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let busy: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while !is_over.load(Ordering::Relaxed) || count < 3 {
                        assert_eq!(rig.token(), token);
                        count += 1;
                    }
                })
            })
            .collect();
        for _ in 0..5 {
            let before = rig.home.agents();
            replace(&rig);
            assert_ne!(rig.home.agents(), before);
        }
        is_over.store(true, Ordering::Relaxed);
        busy.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn a_login_under_way_lands_before_the_agent_is_replaced() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let waiting = rig.home.osagent(["token", PROFILE]).start();
    rig.fake.wait_until_held(1);
    let replacing = rig.home.osagent(["agent", "--replace"]).start();
    // The doors are closed once a new connection is not answered any more; then the login may go on.
    crate::wait::until("the agent is closed", || is_closed(&rig));
    rig.fake.release();
    let token = waiting.done().ok().line().to_owned();
    replacing.done().ok();
    assert_eq!(rig.token(), token);
    assert_eq!(rig.fake.creations(), 1);
    rig.home.agent();
}

/// Whether a new connection waits in the queue, and gets no answer.
fn is_closed(rig: &Rig) -> bool {
    let mut stream = UnixStream::connect(rig.home.socket()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    writeln!(stream, "{}", json!({"v": 1, "op": "hello"})).unwrap();
    stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn the_successor_has_the_tokens_the_count_and_the_refusals_and_no_password() {
    let rig = Rig::warm();
    let old = rig.token();
    let young = rig.fresh();
    rig.add(&adding("other", &rig.fake.url(), "nowhere"));
    rig.home.osagent(["token", "other"]).fails(1);
    let (creations, before) = (rig.fake.creations(), status(&rig));
    let first = rig.home.agent();
    replace(&rig);
    assert_ne!(rig.home.agent(), first);
    assert_eq!(rig.token(), young);
    rig.home.osagent(["token", "other"]).fails(1);
    let after = status(&rig);
    assert_eq!(after["creations"], before["creations"]);
    assert_eq!(after["tokens"].as_array().unwrap().len(), before["tokens"].as_array().unwrap().len());
    assert_eq!(rig.fake.creations(), creations, "nothing was tried again");
    // The password was in memory alone, and no agent gives one away.
    rig.home.osagent(["token", PROFILE, "--fresh"]).fails(3);
    rig.home.osagent(["revoke", "--all", "--yes"]).ok();
    assert!(!rig.fake.is_alive(&old) && !rig.fake.is_alive(&young));
}

#[test]
fn a_locked_agent_hands_over_that_it_is_locked() {
    let rig = Rig::warm();
    rig.home.osagent(["lock"]).ok();
    replace(&rig);
    let done = rig.home.osagent(["token", PROFILE]).fails(3);
    assert!(done.stderr.contains("the agent is locked"), "{done:#?}");
    rig.home.agent();
}

#[test]
fn an_upgrade_gives_nobody_more_time_before_the_lock() {
    let agent = Inside::new();
    agent.token();
    agent.pass(1000);
    let held = agent.granted(&json!({"op": "handover"}));
    for age in ["used_ms", "unlocked_ms"] {
        assert!((1_000_000..1_060_000).contains(&held[age].as_u64().unwrap()), "{}", held[age]);
    }
}

#[test]
fn a_locked_agent_hands_over_what_counts_against_the_limit_and_no_token() {
    let agent = Inside::new();
    agent.token();
    agent.granted(&json!({"op": "lock"}));
    let held = agent.granted(&json!({"op": "handover"}));
    assert_eq!((&held["locked"], &held["tokens"]), (&json!(true), &json!([])));
    assert_eq!(held["creations"][0]["ages_ms"].as_array().unwrap().len(), 1, "{held}");
}

#[test]
fn a_handover_has_its_line_in_the_audit() {
    let rig = Rig::warm();
    replace(&rig);
    let told = rig.ask(&json!({"op": "audit"}))["ok"].take();
    let lines = told["entries"].as_array().unwrap();
    let line = lines.iter().find(|line| line["op"] == "handover").unwrap_or_else(|| panic!("{told}"));
    assert_eq!((&line["code"], &line["tokens"]), (&json!("ok"), &json!(1)));
    assert!(line["pid"].is_u64() && line["comm"].is_string(), "{line}");
    let table = rig.home.osagent(["status", "--audit"]).ok();
    assert!(table.stdout.contains("1 handed over"), "{table:#?}");
}

#[test]
fn an_agent_that_is_locked_while_its_successor_gets_ready_stays_and_stays_locked() {
    let rig = Rig::warm();
    let mut successor = rig.connect();
    let state = successor.ask(&json!({"op": "handover"}));
    assert_eq!(state["ok"]["locked"], false);
    let number = || fs::read_to_string(rig.epoch()).unwrap();
    let before = number();
    kill(Pid::from_raw(rig.home.agent() as i32), Signal::SIGUSR1).unwrap();
    crate::wait::until("the epoch tells of the lock", || number() != before);
    successor.send(&json!({"op": "handover_done"}));
    assert_eq!(successor.text(), "", "it is not left");
    rig.home.osagent(["token", PROFILE]).fails(3);
    rig.home.agent();
}

#[test]
fn an_agent_whose_successor_dies_goes_on() {
    let rig = Rig::warm();
    let (agent, token) = (rig.home.agent(), rig.token());
    let mut successor = rig.connect();
    let state = successor.ask(&json!({"op": "handover"}));
    assert_eq!(state["ok"]["tokens"].as_array().unwrap().len(), 1);
    assert!(!state.to_string().contains(&token), "tokens cross sealed");
    let waiting = rig.home.osagent(["token", PROFILE]).start();
    drop(successor);
    assert_eq!(waiting.done().ok().line(), token);
    // And one that cannot even begin, for it cannot read the configuration.
    fs::write(rig.home.all().join("config/osagent/config.toml"), "[lock]\nrevoek = true\n").unwrap();
    let done = rig.home.osagent(["agent", "--replace"]).fails(7);
    assert!(done.stderr.contains("config.toml: line 2"), "{done:#?}");
    assert_eq!((rig.token(), rig.home.agent()), (token, agent));
    assert_eq!(rig.fake.creations(), 1);
    let done = rig.home.osagent(["agent"]).fails(6);
    assert!(done.stderr.contains("agent.sock.lock"), "it has its lock still: {done:#?}");
}

#[test]
fn a_keyring_s_time_has_a_ceiling_that_is_told_with_its_line() {
    let rig = Rig::cold();
    let folder = rig.home.all().join("config/osagent");
    fs::create_dir_all(&folder).unwrap();
    for key in ["timeout_s", "prompt_s"] {
        fs::write(folder.join("config.toml"), format!("[keyring]\n{key} = 9223372036854775807\n")).unwrap();
        let done = rig.home.osagent(["list"]).fails(7);
        assert!(done.stderr.contains("config.toml: line 2") && done.stderr.contains("86400"), "{done:#?}");
    }
}

#[test]
fn where_no_agent_runs_none_is_replaced_and_none_started() {
    let rig = Rig::cold();
    let done = rig.home.osagent(["agent", "--replace"]).ok();
    assert!(done.stderr.contains("no agent is running"), "{done:#?}");
    assert_eq!(rig.home.agents(), [0; 0]);
}

#[test]
fn an_agent_that_knows_no_handover_is_stopped_and_replaced() {
    let rig = Rig::cold();
    let old = Old::start(&rig);
    replace(&rig);
    assert!(old.end().contains(&"stop".to_owned()));
    rig.home.agent();
}

#[test]
fn an_agent_of_another_release_that_does_not_know_an_operation_is_replaced_by_the_client_that_needs_it() {
    let rig = Rig::cold();
    let old = Old::start(&rig);
    // What it knows, it is asked.
    assert_eq!(rig.home.osagent(["token", PROFILE]).ok().line(), "gAAAAAold");
    assert_eq!(rig.home.agents(), [0; 0]);
    rig.home.osagent(["list"]).ok();
    rig.home.agent();
    assert_eq!(old.end(), ["token", "profiles", "hello", "hello", "hello", "handover", "stop"]);
}

#[test]
fn an_operation_that_nobody_knows_replaces_no_agent_of_the_same_release() {
    let rig = Rig::warm();
    assert_eq!(rig.ask(&json!({"op": "teleport"}))["err"]["code"], "unsupported");
    // Who we are, our end and our successor are asked for in the same words in every version.
    assert_eq!(rig.ask(&json!({"v": 9, "op": "hello"}))["ok"]["version"], 1);
    assert_eq!(rig.ask(&json!({"v": 9, "op": "status"}))["err"]["code"], "unsupported");
}

#[test]
fn an_agent_that_goes_away_in_the_middle_is_asked_once_more() {
    for verb in ["stop", "lock"] {
        let rig = Rig::cold();
        let (lock, listener) = place(&rig);
        let socket = rig.home.socket();
        let agent = thread::spawn(move || {
            let mut asked = Vec::new();
            while asked.len() < 2 {
                let (stream, _) = listener.accept().unwrap();
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                let Ok(request) = serde_json::from_str::<Value>(&line) else { continue };
                match request["op"].as_str().unwrap() {
                    "profiles" => writeln!(&stream, "{}", json!({"ok": {"profiles": []}})).unwrap(),
                    op => asked.push(op.to_owned()),
                }
                if asked.len() == 2 {
                    fs::remove_file(&socket).unwrap();
                    let ended =
                        json!({"ok": {"revoked": 0, "already_dead": 0, "forgotten": 1, "failed": []}});
                    writeln!(&stream, "{ended}").unwrap();
                }
            }
            drop(lock);
            asked
        });
        let done = rig.home.osagent([verb]).ok();
        assert!(!done.stderr.contains("no agent is running"), "{done:#?}");
        assert_eq!(agent.join().unwrap(), [verb, verb]);
        assert_eq!(rig.home.agents(), [0; 0], "none is started");
    }
}

#[test]
fn an_agent_that_ends_tokens_is_not_replaced_before_they_are_ended() {
    let rig = Rig::warm();
    let token = rig.token();
    rig.fake.turn(|knobs| knobs.trouble = Some(Trouble { what: What::Hold, on: On::Others, times: None }));
    let locking = rig.home.osagent(["lock", "--revoke"]).start();
    rig.fake.wait_until_held(1);
    let done = rig.home.osagent(["agent", "--replace"]).fails(6);
    assert!(done.stderr.contains("a lock or a revoke is under way"), "{done:#?}");
    rig.fake.release();
    locking.done().ok();
    assert!(!rig.fake.is_alive(&token));
    replace(&rig);
    rig.home.osagent(["token", PROFILE]).fails(3);
}

/// The old one's process may take a moment longer to be gone than the new one to be there.
fn replace(rig: &Rig) {
    rig.home.osagent(["agent", "--replace"]).ok();
    crate::wait::until("the old agent is gone", || rig.home.agents().len() == 1);
}

fn status(rig: &Rig) -> Value {
    rig.home.osagent(["status", "--json"]).ok().json()
}

/// The lock and the socket of an agent that the test plays.
fn place(rig: &Rig) -> (Flock<fs::File>, UnixListener) {
    let socket = rig.home.socket();
    let folder = socket.parent().unwrap();
    fs::create_dir(folder).unwrap();
    fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    let lock = fs::File::create(folder.join("agent.sock.lock")).unwrap();
    let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).unwrap();
    (lock, UnixListener::bind(&socket).unwrap())
}

/// An agent of a release that was never made: it has the lock and the socket, and knows three operations.
struct Old(JoinHandle<Vec<String>>);

impl Old {
    fn start(rig: &Rig) -> Old {
        let (lock, listener) = place(rig);
        let socket = rig.home.socket();
        Old(thread::spawn(move || {
            let mut asked = Vec::new();
            loop {
                let (stream, _) = listener.accept().unwrap();
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                // Whoever only looked whether somebody is there says nothing.
                let Ok(request) = serde_json::from_str::<Value>(&line) else { continue };
                let op = request["op"].as_str().unwrap().to_owned();
                let answer = match op.as_str() {
                    "hello" => {
                        json!({"ok": {"version": 1, "capabilities": [], "release": "0.0.9", "pid": 1}})
                    }
                    "token" => json!({"ok": {"token": "gAAAAAold", "expires_at": "", "left_s": 900,
                        "profile": PROFILE, "user_id": "u"}}),
                    "stop" => json!({"ok": {}}),
                    _ => {
                        json!({"err": {"code": "unsupported", "message": "this agent does not know that op"}})
                    }
                };
                asked.push(op.clone());
                if op == "stop" {
                    fs::remove_file(&socket).unwrap();
                }
                writeln!(&stream, "{answer}").unwrap();
                if op == "stop" {
                    drop(lock);
                    return asked;
                }
            }
        }))
    }

    /// What it was asked.
    fn end(self) -> Vec<String> {
        self.0.join().unwrap()
    }
}
