//! `inspect`: what `add` would take from a file, and a lint. It reads the file and runs nothing, asks nobody, needs no agent
//! and starts none. No secret is shown unless that is asked for.

mod json;
mod screen;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::rc::Rc;
use super::{output, report};
use crate::host::files;
use crate::openrc::{self, Draft, Mask, Open, Place, Reading, Refusal, Warning, WarningKind, Why};
use crate::profile::{Fault, Profile};
use crate::secret::Secret;
use crate::wire::{Code, Failure};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent inspect openrc.sh\n  osagent inspect openrc.sh --json | jq .set\n\n\
    The file is read and never run, nobody is asked, and no agent is needed. Secrets are shown as ******** unless --reveal\n\
    is given. Exit status: 0 also when some values cannot be known; 7 when the file is refused (with --json the answer\n\
    is printed all the same) or cannot be read."
)]
pub(crate) struct Inspect {
    /// The OpenRC file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// For programs
    #[arg(long)]
    pub json: bool,
    /// A file with the answers to the file's questions in their order, a line each
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// An argument that the file is sourced with; may be repeated
    #[arg(long = "arg", value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub args: Vec<String>,
    /// Show the secrets too
    #[arg(long)]
    pub reveal: bool,
}

/// All that is to be told of a file.
struct Inspection {
    rc: Rc,
    found: Result<Found, Refusal>,
}

/// What a file that was not refused holds.
struct Found {
    reading: Reading,
    draft: Draft,
    /// In the order of their places.
    warnings: Vec<Warning>,
    mask: Mask,
}

pub(crate) fn run(arguments: &Inspect) -> u8 {
    let told = inspect(arguments).and_then(|inspection| {
        match arguments.json {
            true => output::print_json(json::of(&inspection))?,
            false => output::print(&screen::of(&inspection, arguments.reveal))?,
        }
        Ok(inspection.status())
    });
    told.unwrap_or_else(|failure| report::failure(&failure))
}

fn inspect(arguments: &Inspect) -> Result<Inspection, Failure> {
    let stdin = Path::new("-");
    if arguments.file == stdin && arguments.answers.as_deref() == Some(stdin) {
        return Err(Failure::new(Code::Usage, "file and answers cannot both come from standard input"));
    }
    let answers = arguments.answers.as_deref().map(answers).transpose()?.unwrap_or_default();
    Ok(read(Rc::open(&arguments.file)?, &answers, arguments))
}

fn read(rc: Rc, answers: &[Secret], arguments: &Inspect) -> Inspection {
    let found = rc.evaluate(answers, &arguments.args, &[]).map(|reading| {
        let mask = if arguments.reveal { Mask::off() } else { Mask::of(&reading, answers) };
        let draft = openrc::draft(&reading);
        let warnings = warnings(&rc, &reading, &draft);
        Found { reading, draft, warnings, mask }
    });
    Inspection { rc, found }
}

impl Inspection {
    fn status(&self) -> u8 {
        if self.found.is_ok() { 0 } else { Code::File.status() }
    }
}

impl Found {
    /// Where the secret would come from: the file, the question that the file asks, or a person whom `add` asks.
    fn secret_from(&self) -> &'static str {
        match (&self.draft.secret, self.draft.secret_prompt) {
            (_, Some(_)) => "prompt",
            (Some(secret), None) if !secret.is_empty() => "file",
            _ => "person",
        }
    }

    /// Settings that matter and stay unknown whatever is answered; the secret is asked for anyway.
    fn open(&self) -> impl Iterator<Item = &Open> {
        let is_open = |open: &&Open| !open.is_secret && !matches!(open.why, Why::Prompt { .. });
        self.draft.unknown.iter().filter(is_open)
    }

    /// What is wrong with the profile, if that does not come of a setting that is not known yet.
    fn fault(&self, profile: &Profile) -> Option<Fault> {
        let fault = profile.fault()?;
        let parts: &[&str] = match fault {
            Fault::AuthUrl | Fault::PlainHttp => &["AUTH_URL"],
            Fault::NoUser | Fault::NoUserDomain => &["USER", "DOMAIN"],
            Fault::NoProject | Fault::NoProjectDomain => &["PROJECT", "TENANT", "DOMAIN"],
            Fault::NoDomain => &["DOMAIN"],
            Fault::Control(_) => &[],
        };
        let mut unknown = self.draft.unknown.iter();
        let comes_of_it = unknown.any(|open| parts.iter().any(|part| open.name.contains(part)));
        (!comes_of_it).then_some(fault)
    }
}

/// A line each, its end taken off. More lines than questions are left over, as they would be in the terminal.
fn answers(file: &Path) -> Result<Vec<Secret>, Failure> {
    let max = openrc::FILE_LEN_MAX;
    let text = match file.as_os_str() == "-" {
        true => files::stdin().and_then(|stdin| files::read_from(stdin, max)).map_err(|error| {
            let mut failure = Failure::new(Code::File, "standard input cannot be read");
            failure.causes.push(error.to_string());
            failure
        })?,
        false => files::read(file, max).map_err(|fault| Failure::of(Code::File, &fault))?,
    };
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let lines = text.split(|&byte| byte == b'\n');
    lines
        .map(|line| Secret::from_utf8(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::of(Code::Usage, &error).at(&file.display().to_string()))
}

/// Those of the reader, and what only the file system knows.
fn warnings(rc: &Rc, reading: &Reading, draft: &Draft) -> Vec<Warning> {
    let mut warnings = draft.warnings.clone();
    let mode = rc.path.as_ref().and_then(|path| path.metadata().ok()).map_or(0, |found| found.mode() & 0o777);
    if reading.holds_secret() && mode & 0o044 != 0 {
        let text = format!(
            "others on this machine can read this file (mode {mode:04o}), and it holds a secret; chmod 600 ends that"
        );
        let place = Place { file: 0, line: 1, column: 1 };
        warnings.push(Warning { place, kind: WarningKind::ReadableByOthers, text });
    }
    warnings.sort_by_key(|warning| (warning.place, warning.kind));
    warnings
}

#[cfg(test)]
mod canary;
