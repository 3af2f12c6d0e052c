//! The bench: what a warm call costs, what an agent weighs, how many requests it answers, each beside a peer on the same
//! machine in the same run. It prints and judges nothing: a figure of one machine must fail no build. See README.md.

mod agent;
mod cold;
mod counts;
#[path = "../tests/fake/mod.rs"]
mod fake;
mod home;
mod inner;
mod load;
mod memory;
mod peers;
mod reading;
mod rounds;
#[path = "../tests/support/session.rs"]
mod session;
mod tls;
mod warm;

use std::error::Error;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

type Fallible<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: bench/run [--runs N] [warm|counts|memory|load|cold|reading]...
Without a word, all six. --runs: rounds of the warm part and of reading (400).
";

/// Enough for a median that moves by less than 3 % between two runs on a machine with other work.
const RUNS: usize = 400;

struct Options {
    runs: usize,
    parts: Vec<String>,
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    match options(std::env::args().skip(1)).and_then(|options| run(&options, &mut out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn options(args: impl Iterator<Item = String>) -> Fallible<Options> {
    let mut options = Options { runs: RUNS, parts: Vec::new() };
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Cargo says it to every bench.
            "--bench" => {}
            "--runs" => options.runs = args.next().ok_or("--runs needs a number")?.parse()?,
            "warm" | "counts" | "memory" | "load" | "cold" | "reading" => options.parts.push(arg),
            _ => return Err(format!("what is {arg}?\n{USAGE}").into()),
        }
    }
    Ok(options)
}

fn run(options: &Options, out: &mut impl Write) -> Fallible<()> {
    let is_wanted =
        |part: &str| options.parts.is_empty() || options.parts.iter().any(|wanted| wanted == part);
    machine(out)?;
    if is_wanted("warm") {
        warm::run(options.runs, out)?;
    }
    if is_wanted("counts") {
        counts::run(out)?;
        inner::run(out)?;
    }
    if is_wanted("memory") {
        memory::run(out)?;
    }
    if is_wanted("load") {
        load::run(out)?;
    }
    if is_wanted("cold") {
        cold::run(out)?;
    }
    if is_wanted("reading") {
        reading::run(options.runs, out)?;
    }
    writeln!(out, "\nload at the end: {}", load_average())?;
    Ok(())
}

fn machine(out: &mut impl Write) -> Fallible<()> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    writeln!(
        out,
        "{}, {}, {} x {}, {}",
        said("date", &["-u", "+%F %H:%M UTC"]),
        said("uname", &["-srm"]),
        std::thread::available_parallelism()?,
        cpu.map_or("unknown", |(_, name)| name),
        said("rustc", &["--version"]),
    )?;
    writeln!(out, "load at the beginning: {}", load_average())?;
    Ok(())
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map_or(format!("no {program}"), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Of the last 1, 5 and 15 minutes: other work on the machine shows in every figure.
fn load_average() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
