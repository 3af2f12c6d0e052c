//! A secret from a person or a pipe: never from an argument, for other users can read those.

use std::io::IsTerminal;

use super::ask;
use crate::host::{files, terminal};
use crate::secret::Secret;
use crate::wire::{Code, Failure};

/// Asked unseen, on the terminal.
pub(crate) fn from_terminal(question: &str) -> Result<Secret, Failure> {
    let secret = terminal::ask(&super::report::clean(question), true).map_err(|fault| ask::asking(&fault))?;
    not_empty(secret)
}

/// The same, or what there is already if standard input is empty.
pub(crate) fn from_stdin_or(otherwise: Secret) -> Result<Secret, Failure> {
    let secret = line_of_stdin()?;
    Ok(if secret.is_empty() { otherwise } else { secret })
}

/// The first line of standard input, its end taken off. Nothing may follow it: a second line is a mistake.
pub(crate) fn from_stdin() -> Result<Secret, Failure> {
    not_empty(line_of_stdin()?)
}

fn line_of_stdin() -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let text = "--secret-stdin reads a pipe or a file, and standard input is a terminal, which would show the secret";
        return Err(Failure::new(Code::Usage, text));
    }
    let mut line = files::read_from(stdin.lock(), terminal::ANSWER_LEN_MAX).map_err(|error| {
        let mut failure = Failure::new(Code::File, "standard input cannot be read");
        failure.causes.push(error.to_string());
        failure
    })?;
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

fn not_empty(secret: Secret) -> Result<Secret, Failure> {
    if secret.is_empty() { Err(Failure::new(Code::Usage, "the secret is empty")) } else { Ok(secret) }
}
