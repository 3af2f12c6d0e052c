//! What a warm `token` and `env` ask of the kernel, call by call: a prompt waits for each of them.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use crate::rig::{PROFILE, Rig};
use crate::shells::rigs;

/// The first thing that our own code does; what is before it is the loader's and the runtime's.
const OURS_BEGINS: &str = "prctl(PR_SET_DUMPABLE";

/// What the runtime and the allocator do as they like, and what takes no time: whose we are.
const HOUSEKEEPING: &[&str] =
    &["brk", "mmap", "munmap", "mremap", "sigaltstack", "geteuid", "getppid", "fcntl", "getrandom"];

const TOKEN: &[&str] = &[
    "prctl",
    "socket",
    "setsockopt",
    "connect",
    "getsockopt",
    "sendto",
    "poll",
    "recvfrom",
    "close",
    "write",
    "exit_group",
];

/// Signals are held back, for the shell is owed its unsets whatever happens.
const ENV: &[&str] = &[
    "prctl",
    "rt_sigprocmask",
    "socket",
    "setsockopt",
    "connect",
    "getsockopt",
    "sendto",
    "signalfd4",
    "poll",
    "close",
    "recvfrom",
    "close",
    "write",
    "exit_group",
];

#[test]
fn a_warm_client_opens_one_socket_and_nothing_else() {
    if !rigs::is_here("strace") {
        return;
    }
    let rig = Rig::warm();
    let hook = ["env", "--shell", "bash", "--at-prompt", PROFILE];
    for (words, expect) in [
        (&["token", PROFILE][..], TOKEN),
        (&["token"], TOKEN),
        (&["env", "--shell", "bash", PROFILE], ENV),
        (&["env", "--shell", "zsh"], ENV),
        (&hook, ENV),
    ] {
        let calls = calls(&rig, words);
        let names: Vec<&str> = calls.iter().map(|call| name(call)).collect();
        let counted: Vec<&str> = names.into_iter().filter(|name| !HOUSEKEEPING.contains(name)).collect();
        assert_eq!(counted, expect, "{words:?}:\n{}", calls.join("\n"));
    }
    assert_eq!(rig.fake.creations(), 1);
}

/// Our own system calls of one run, in order, whichever thread makes them.
fn calls(rig: &Rig, words: &[&str]) -> Vec<String> {
    let trace = rig.home.path().join("trace");
    rig.home.run("strace").args(["-f", "-o"]).arg(&trace).arg("osagent").args(words).ok();
    let text = std::fs::read_to_string(trace).unwrap();
    // Each line begins with the thread's number.
    let lines = text.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim_start().to_owned()));
    let calls = lines.filter(|call| !call.starts_with("+++"));
    let ours: Vec<String> = calls.skip_while(|call| !call.starts_with(OURS_BEGINS)).collect();
    assert!(!ours.is_empty(), "the beginning was not found:\n{text}");
    ours
}

fn name(call: &str) -> &str {
    call.split('(').next().unwrap()
}
