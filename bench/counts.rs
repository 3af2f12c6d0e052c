//! What does not depend on the machine's mood: system calls, page faults and instructions of a warm call. Two builds are
//! compared by these.

use std::io::Write;
use std::process::Stdio;

use nix::sys::resource::{UsageWho, getrusage};

use crate::Fallible;
use crate::agent::{self, Agent};
use crate::fake::{Fake, Knobs};
use crate::home::{Home, OSAGENT, which};
use crate::peers;

/// The first thing that the client does of its own; what comes before is the loader's and the standard library's.
const FIRST_OF_OURS: &str = "prctl(PR_SET_DUMPABLE";

pub(crate) fn run(out: &mut impl Write) -> Fallible<()> {
    let home = Home::new()?;
    let keystone = Fake::start(Knobs::default());
    let agent = Agent::start(&home)?;
    agent.add("memory", &agent::profile("prod", &keystone.url(), &Knobs::default().projects[0].id), true)?;
    let empty = peers::empty(&home)?.display().to_string();
    writeln!(out, "\n## Counted: a warm call\n")?;
    writeln!(out, "{:<28}{:>14}{:>14}{:>14}", "", "system calls", "page faults", "instructions")?;
    let calls: [(&str, &[&str]); 4] = [
        ("empty static binary (Rust)", &[&empty]),
        ("osagent token", &[OSAGENT, "token"]),
        ("osagent env --shell bash", &[OSAGENT, "env", "--shell", "bash"]),
        ("osagent env", &[OSAGENT, "env"]),
    ];
    let mut lists = Vec::new();
    for (name, command) in calls {
        let traced = trace(&home, command)?;
        let shown = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let all = shown(traced.as_ref().map(Vec::len));
        let faults = shown(faults(&home, command)?);
        writeln!(out, "{name:<28}{all:>14}{faults:>14}{:>14}", shown(instructions(&home, command)?))?;
        lists.extend(traced.and_then(|calls| Some((name, of_ours(calls)?))));
    }
    writeln!(out)?;
    for (name, calls) in lists {
        writeln!(out, "{name}, of its own: {} ({})", calls.len(), calls.join(" "))?;
    }
    Ok(())
}

/// The system calls, in order, as strace writes them. `None`: no strace.
fn trace(home: &Home, command: &[&str]) -> Fallible<Option<Vec<String>>> {
    if which("strace").is_none() {
        return Ok(None);
    }
    let trace = home.path().join("trace");
    let status = home
        .command("strace")
        .args(["-f", "-qq", "-e", "signal=none", "-o"])
        .arg(&trace)
        .args(command)
        .status()?;
    if !status.success() {
        return Err(format!("strace {command:?} ended with {status}").into());
    }
    let trace = std::fs::read_to_string(trace)?;
    // Each line begins with the process's number.
    let calls = trace.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim_start().to_owned()));
    Ok(Some(calls.filter(|call| call.contains('(')).collect()))
}

/// Their names alone.
fn of_ours(calls: Vec<String>) -> Option<Vec<String>> {
    let first = calls.iter().position(|call| call.starts_with(FIRST_OF_OURS))?;
    Some(calls[first..].iter().filter_map(|call| call.split('(').next().map(str::to_owned)).collect())
}

/// Those that needed no disk; those of the very start of the process are the bench's own and the same for all.
fn faults(home: &Home, command: &[&str]) -> Fallible<Option<usize>> {
    let before = getrusage(UsageWho::RUSAGE_CHILDREN)?.minor_page_faults();
    let mut child = home.command(command[0]).args(&command[1..]).spawn()?;
    child.wait()?;
    let faults = getrusage(UsageWho::RUSAGE_CHILDREN)?.minor_page_faults() - before;
    Ok(faults.try_into().ok())
}

/// As callgrind counts them, the dynamic loader's included. `None`: no valgrind.
fn instructions(home: &Home, command: &[&str]) -> Fallible<Option<usize>> {
    if which("valgrind").is_none() {
        return Ok(None);
    }
    let output = home
        .command("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(command)
        .stderr(Stdio::piped())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok()))
}
