//! Programs timed in rounds: each once a round, so that whatever else the machine does falls on all of them alike.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Fallible;

/// Rounds that warm the page cache and are not counted.
const WARM_UP: usize = 5;

pub(crate) struct Timed {
    pub(crate) name: String,
    command: Command,
    stdin: Option<PathBuf>,
    /// It takes part in every so many-th round.
    every: usize,
    times: Vec<Duration>,
}

impl Timed {
    pub(crate) fn new(name: &str, command: Command) -> Timed {
        Timed { name: name.to_owned(), command, stdin: None, every: 1, times: Vec::new() }
    }

    /// What it reads, from its beginning in each round.
    pub(crate) fn reading(self, stdin: PathBuf) -> Timed {
        Timed { stdin: Some(stdin), ..self }
    }

    pub(crate) fn every(self, every: usize) -> Timed {
        Timed { every, ..self }
    }

    /// From the start of the process until its end was told.
    fn run(&mut self) -> Fallible<Duration> {
        let stdin = self.stdin.as_ref().map(File::open).transpose()?;
        self.command.stdin(stdin.map_or_else(Stdio::null, Stdio::from));
        let began = Instant::now();
        let status = self.command.spawn()?.wait()?;
        let took = began.elapsed();
        if !status.success() {
            return Err(format!("{} ended with {status}", self.name).into());
        }
        Ok(took)
    }

    /// In milliseconds.
    pub(crate) fn result(&self) -> Times {
        let mut times: Vec<f64> = self.times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
        Times { count: times.len(), min: at(0.0), median: at(0.5), p95: at(0.95) }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) count: usize,
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) p95: f64,
}

pub(crate) fn run(programs: &mut [Timed], rounds: usize) -> Fallible<()> {
    for _ in 0..WARM_UP {
        for program in programs.iter_mut().filter(|program| program.every == 1) {
            program.run()?;
        }
    }
    let mut order: Vec<usize> = (0..programs.len()).collect();
    let mut dice = 1;
    for round in 0..rounds {
        // Another order each round: whoever comes behind a large program finds cold caches, so that must be somebody else
        // each time.
        shuffle(&mut order, &mut dice);
        for at in &order {
            let program = &mut programs[*at];
            if round % program.every == 0 {
                let took = program.run()?;
                program.times.push(took);
            }
        }
    }
    Ok(())
}

/// Fisher and Yates', with the same dice in each run (Knuth's linear congruence).
fn shuffle(order: &mut [usize], dice: &mut u64) {
    for last in (1..order.len()).rev() {
        *dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        order.swap(last, (*dice >> 33) as usize % (last + 1));
    }
}
