//! The stranger: another uid of this machine, played by the service that tests/run starts (tests/real/stranger.py).

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than the service gives a program.
const ANSWERS_WITHIN: Duration = Duration::from_secs(40);

#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: i64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program as the stranger, to its end.
pub(crate) fn run(argv: &[&str]) -> Told {
    let socket =
        std::env::var_os("OSAGENT_TEST_STRANGER").expect("a stranger, which tests/run starts as root");
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(ANSWERS_WITHIN)).unwrap();
    writeln!(stream, "{}", json!({ "argv": argv })).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    Told { status: answer["status"].as_i64().unwrap(), stdout: text("stdout"), stderr: text("stderr") }
}
