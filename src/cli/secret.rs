//! A secret from a person or a pipe: never from an argument, for other users can read those.

use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::ask;
use crate::host::signals::{self, Waited};
use crate::host::{files, terminal};
use crate::secret::Secret;
use crate::wire::{Code, Failure};

/// Asked unseen, on the terminal.
pub(crate) fn from_terminal(question: &str) -> Result<Secret, Failure> {
    let secret = terminal::ask(&super::report::clean(question), true).map_err(|fault| ask::asking(&fault))?;
    not_empty(secret)
}

/// How long a pipe may take for its line: what writes one has it at hand, and what never will is a pipe that came along.
const LINE_WAIT: Duration = Duration::from_secs(5);

/// The first line of a pipe or a file, as soon as it is there: the other end need not be closed. Empty at its end.
pub(crate) fn line_of_pipe() -> Result<Secret, Failure> {
    let mut pipe = files::stdin().map_err(|error| unreadable(&error))?;
    let until = Instant::now() + LINE_WAIT;
    let mut line = Zeroizing::new(vec![0; terminal::ANSWER_LEN_MAX + 1]);
    let mut len = 0;
    while len < line.len() && !line[..len].contains(&b'\n') {
        let left = until.saturating_duration_since(Instant::now());
        match signals::wait(None, Some(pipe.as_fd()), left).map_err(|error| unreadable(&error))? {
            Waited::Ready => {}
            Waited::TimedOut | Waited::Signal(_) => {
                let text = "standard input is a pipe that neither says a line nor ends; \
                    '</dev/null' after the command takes the token in $OS_TOKEN";
                return Err(Failure::new(Code::Usage, text));
            }
        }
        match pipe.read(&mut line[len..]).map_err(|error| unreadable(&error))? {
            0 => break,
            count => len += count,
        }
    }
    if len > terminal::ANSWER_LEN_MAX {
        return Err(Failure::new(Code::Usage, "standard input is longer than any token"));
    }
    line.truncate(len);
    one_line(line)
}

/// The first line of standard input, its end taken off. Nothing may follow it: a second line is a mistake.
pub(crate) fn from_stdin() -> Result<Secret, Failure> {
    not_empty(line_of_stdin()?)
}

fn line_of_stdin() -> Result<Secret, Failure> {
    let stdin = files::stdin().map_err(|error| unreadable(&error))?;
    if stdin.is_terminal() {
        let text = "--secret-stdin reads a pipe or a file, and standard input is a terminal, which would show the secret";
        return Err(Failure::new(Code::Usage, text));
    }
    one_line(files::read_from(stdin, terminal::ANSWER_LEN_MAX).map_err(|error| unreadable(&error))?)
}

fn unreadable(error: &std::io::Error) -> Failure {
    let mut failure = Failure::new(Code::File, "standard input cannot be read");
    failure.causes.push(error.to_string());
    failure
}

/// The line without its end.
fn one_line(mut line: Zeroizing<Vec<u8>>) -> Result<Secret, Failure> {
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    if line.contains(&b'\n') {
        return Err(Failure::new(
            Code::Usage,
            "standard input has more than one line; the secret is one line",
        ));
    }
    let secret = Secret::from_utf8(std::mem::take(&mut *line));
    secret.map_err(|error| Failure::of(Code::Usage, &error))
}

pub(crate) fn not_empty(secret: Secret) -> Result<Secret, Failure> {
    if secret.is_empty() { Err(Failure::new(Code::Usage, "the secret is empty")) } else { Ok(secret) }
}
