//! What one request costs the agent, counted: system calls (strace) and instructions (callgrind). An agent is run to its end
//! with so many warm requests and once more with twice as many; what the second one cost more is theirs alone.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Fallible;
use crate::agent::{self, Agent};
use crate::fake::{Fake, Knobs};
use crate::home::{Home, OSAGENT_AGENT, which};

/// Enough for the odd timer to be lost among them.
const REQUESTS: u32 = 300;

/// Under valgrind the agent takes seconds to start.
const START_WAIT: Duration = Duration::from_secs(60);

pub(crate) fn run(out: &mut impl Write) -> Fallible<()> {
    writeln!(out, "\n{:<28}{:>14}{:>14}", "the agent, one request", "system calls", "instructions")?;
    for op in ["hello", "token", "env"] {
        let calls =
            each("strace", &["-f", "-qq", "-e", "signal=none"], op, |said| Some(said.lines().count()))?;
        let valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let instructions = each("valgrind", &valgrind, op, |said| {
            said.split_once("Collected : ")?.1.lines().next()?.trim().parse().ok()
        })?;
        writeln!(out, "{op:<28}{:>14}{:>14}", shown(calls, 1), shown(instructions, 0))?;
    }
    Ok(())
}

fn shown(count: Option<f64>, digits: usize) -> String {
    count.map_or_else(|| "-".to_owned(), |count| format!("{count:.digits$}"))
}

/// `None`: the program that counts is not installed.
fn each(
    counter: &str,
    arguments: &[&str],
    op: &str,
    count: impl Fn(&str) -> Option<usize>,
) -> Fallible<Option<f64>> {
    if which(counter).is_none() {
        return Ok(None);
    }
    let run = |requests: u32| -> Fallible<f64> {
        let said = whole_life(counter, arguments, op, requests)?;
        Ok(count(&said).ok_or_else(|| format!("{counter} counted nothing: {said}"))? as f64)
    };
    let once = run(REQUESTS)?;
    Ok(Some((run(2 * REQUESTS)? - once) / f64::from(REQUESTS)))
}

/// An agent from its start to its end, with so many requests for a token that it holds.
fn whole_life(counter: &str, arguments: &[&str], op: &str, requests: u32) -> Fallible<String> {
    let home = Home::new()?;
    let keystone = Fake::start(Knobs::default());
    let mut command = home.command(counter);
    let mut child = command.args(arguments).arg(OSAGENT_AGENT).stderr(Stdio::piped()).spawn()?;
    // Read along: a full pipe would hold the agent up.
    let mut stderr = child.stderr.take().ok_or("stderr is piped")?;
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said)
    });
    let agent = wait(&home, &mut child)?;
    agent.add("memory", &agent::profile("prod", &keystone.url(), &Knobs::default().projects[0].id), true)?;
    let request = agent::line(&json!({"v": 1, "op": op, "profile": "prod"}));
    let mut connection = agent.connect()?;
    for _ in 0..requests {
        connection.exchange(&request)?;
    }
    drop((connection, agent));
    child.wait()?;
    Ok(said.join().map_err(|_| "the reader broke")??)
}

fn wait(home: &Home, child: &mut Child) -> Fallible<Agent> {
    let until = Instant::now() + START_WAIT;
    loop {
        match Agent::running(home) {
            Ok(agent) => return Ok(agent),
            Err(error) if Instant::now() > until || child.try_wait()?.is_some() => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
