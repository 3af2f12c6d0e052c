//! A warm call: the agent runs and holds the token. Milliseconds from fork to exit, and their ratios to the peers of the same
//! rounds.

use std::io::Write;

use crate::Fallible;
use crate::agent::{self, Agent};
use crate::fake::{Fake, Knobs};
use crate::home::{Home, OSAGENT};
use crate::peers::{self, Peers};
use crate::rounds::{self, Timed, Times};

const TOKEN: &str = "osagent token";
const ENV: &str = "osagent env --shell bash";
const ENV_DETECTED: &str = "osagent env";

/// What a warm call may cost, as a multiple of the peer's median.
const TARGETS: &[(&str, f64)] = &[(peers::EMPTY, 1.6), (peers::SSH, 0.3), (peers::GIT, 0.6)];

pub(crate) fn run(rounds: usize, out: &mut impl Write) -> Fallible<()> {
    let home = Home::new()?;
    let keystone = Fake::start(Knobs::default());
    let agent = Agent::start(&home)?;
    agent.add("memory", &agent::profile("prod", &keystone.url(), &Knobs::default().projects[0].id), true)?;
    let mut peers = Peers::start(&home, &keystone, rounds)?;
    let mut programs: Vec<Timed> =
        [(TOKEN, vec!["token"]), (ENV, vec!["env", "--shell", "bash"]), (ENV_DETECTED, vec!["env"])]
            .into_iter()
            .map(|(name, arguments)| {
                let mut command = home.command(OSAGENT);
                // A program that is called by no shell falls back on this one.
                command.env("SHELL", "/bin/bash").args(arguments);
                Timed::new(name, command)
            })
            .collect();
    programs.append(&mut peers.programs);
    let creations = keystone.creations();
    rounds::run(&mut programs, rounds)?;
    let results: Vec<(String, Times)> = programs.iter().map(|one| (one.name.clone(), one.result())).collect();
    report(&results, out)?;
    for missing in &peers.missing {
        writeln!(out, "not measured: {missing}")?;
    }
    let by_openstack = find(&results, "openstack token issue").map_or(0, |times| times.count);
    let ours = keystone.creations() - creations - by_openstack;
    writeln!(out, "token creations by osagent's calls above: {ours}; by openstack's: {by_openstack}")?;
    Ok(())
}

fn find(results: &[(String, Times)], name: &str) -> Option<Times> {
    results.iter().find(|(one, _)| one == name).map(|(_, times)| *times)
}

fn report(results: &[(String, Times)], out: &mut impl Write) -> Fallible<()> {
    let yardsticks = [peers::EMPTY, peers::SSH, peers::GIT].map(|name| find(results, name));
    writeln!(out, "\n## A warm call, milliseconds; x: the ratio of medians to\n")?;
    let head = ["runs", "min", "median", "p95", "x empty", "x ssh-add", "x git"];
    writeln!(out, "{:<28}{}", "", head.map(|word| format!("{word:>10}")).concat())?;
    for (name, times) in results {
        write!(
            out,
            "{name:<28}{:>10}{:>10.3}{:>10.3}{:>10.3}",
            times.count, times.min, times.median, times.p95
        )?;
        for yardstick in yardsticks {
            match yardstick {
                Some(yardstick) => write!(out, "{:>10.2}", times.median / yardstick.median)?,
                None => write!(out, "{:>10}", "-")?,
            }
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    for name in [TOKEN, ENV] {
        for (peer, target) in TARGETS {
            let (Some(ours), Some(theirs)) = (find(results, name), find(results, peer)) else { continue };
            let (median, min) = (ours.median / theirs.median, ours.min / theirs.min);
            let word = if median <= *target { "met" } else { "MISSED" };
            writeln!(out, "{word}: {name} is {median:.2} x {peer} (minima: {min:.2}), target {target}")?;
        }
    }
    Ok(())
}
