//! A machine under strain: no descriptors left, more clients than there is room for, an agent that is stopped or killed while
//! many wait. Whoever can be served is; the others end with a word, in their time.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::fake::{Trouble, What};
use crate::rig::{Line, PROFILE, Rig, adding, token_request};
use crate::run::Running;

/// As serve.rs has it; what is beyond waits.
const CONNECTIONS_MAX: usize = 4096;

/// What a client waits at the most; far more than even a busy machine needs.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn an_agent_without_descriptors_still_logs_in_for_who_is_connected_and_serves_the_others_later() {
    let rig = Rig::cold();
    rig.home.shell("sh", "ulimit -n 64; exec osagent list").ok();
    rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
    let mut early = rig.connect();
    assert!(early.ask(&json!({"op": "hello"}))["ok"].is_object());
    let crowd: Vec<Line> = (0..100).map(|_| rig.connect()).collect();
    // One that came late waits in the kernel's queue.
    let mut late = rig.connect();
    late.send(&token_request(PROFILE));
    let began = Instant::now();
    assert!(early.ask(&token_request(PROFILE))["ok"]["token"].is_string());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    drop(crowd);
    assert!(late.answer()["ok"]["token"].is_string());
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
    rig.home.agent();
}

#[test]
fn a_client_beyond_the_ceiling_is_served_when_another_has_gone() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let needed = CONNECTIONS_MAX as u64 + CONNECTIONS_MAX as u64 / 2;
    if hard < needed {
        eprintln!("NOT TESTED here: {needed} open files are needed, and {hard} are allowed");
        return;
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let rig = Rig::warm();
    // The one that added the profile may not be gone yet, so the last few are the ones that wait.
    let connect = || UnixStream::connect(rig.home.socket()).unwrap();
    let mut crowd: Vec<UnixStream> = (0..CONNECTIONS_MAX).map(|_| connect()).collect();
    crate::wait::until("all of them have been taken", || crowd.iter_mut().all(is_answered));
    let mut late = connect();
    assert!(!is_answered(&mut late), "it came beyond the ceiling");
    crowd.truncate(CONNECTIONS_MAX - 1);
    crate::wait::until("its turn has come", || is_answered(&mut late));
    drop(crowd);
    rig.token();
    assert_eq!(rig.fake.creations(), 1);
}

/// Says hello, unless that has been said and is still to be answered.
fn is_answered(stream: &mut UnixStream) -> bool {
    use std::io::{Read, Write};
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut line = [0; 512];
    stream.write_all(b"{\"v\":1,\"op\":\"hello\"}\n").unwrap();
    match stream.read(&mut line) {
        Ok(len) => line[..len].ends_with(b"\n"),
        Err(error) => {
            assert!([ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()), "{error}");
            false
        }
    }
}

#[test]
fn many_clients_of_a_stopped_agent_end_in_their_time_and_the_next_goes_on() {
    let rig = Rig::warm();
    let agent = Pid::from_raw(rig.home.agent() as i32);
    kill(agent, Signal::SIGSTOP).unwrap();
    let began = Instant::now();
    let waiting: Vec<Running> =
        (0..50).map(|_| rig.home.osagent(["token", PROFILE, "--timeout", "300ms"]).start()).collect();
    for running in waiting {
        let done = running.done().failed(6);
        assert!(done.stderr.contains("does not answer"), "{done:#?}");
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // Nobody takes it for dead: no other agent is started beside it.
    assert_eq!(rig.home.agents(), [agent.as_raw() as u32]);
    let patient = rig.home.osagent(["token", PROFILE]).start();
    kill(agent, Signal::SIGCONT).unwrap();
    patient.done().ok();
    assert_eq!(rig.fake.creations(), 1);
}

#[test]
fn a_hundred_clients_of_an_agent_that_is_killed_each_end_with_a_word_and_one_agent_is_there() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let waiting: Vec<Running> = (0..100).map(|_| rig.home.osagent(["token", PROFILE]).start()).collect();
    rig.fake.wait_until_held(1);
    rig.home.kill_agent();
    let began = Instant::now();
    for running in waiting {
        // The password was in the memory of the one that is gone.
        let done = running.done().failed(3);
        assert!(done.stderr.contains("does not hold its password"), "{done:#?}");
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    rig.home.agent();
}
