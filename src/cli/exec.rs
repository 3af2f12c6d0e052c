//! `exec`: a command, or a subshell, with the environment that `env` would set. The client becomes the command: no process
//! stands between, and its exit status is the command's.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;

use super::{ask, options, report};
use crate::host::process;
use crate::shell::names;
use crate::wire::answer::Env as Answer;
use crate::wire::{Code, Failure, Op};

/// As `env(1)`, `nice(1)` and `timeout(1)` do.
pub(crate) const NOT_RUN: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent exec prod -- openstack server list\n  osagent exec prod              # a subshell\n  \
    osagent exec --clean -- openstack --os-cloud other server list\n\n\
    Exit status: the command's own; 125 when it was not run, 126 when it is not executable, 127 when it is not found."
)]
pub(crate) struct Exec {
    /// The profile, then -- and the command; without a profile $OSAGENT_PROFILE, the default one, the only one
    #[arg(value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Only unset what `env` unsets, and set nothing
    #[arg(long)]
    pub clean: bool,
    /// Another of the cloud's regions
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    #[command(flatten)]
    pub options: options::Token,
    /// The command and its arguments; without one $SHELL
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// Returns only when the command was not run.
pub(crate) fn run(arguments: &Exec) -> u8 {
    let set = match set(arguments) {
        Ok(set) => set,
        Err(failure) => {
            report::failure(&failure);
            return NOT_RUN;
        }
    };
    let shell = || std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "sh".into());
    let (program, rest) = match arguments.command.split_first() {
        Some((program, rest)) => (program.clone(), rest),
        None => (shell(), &[][..]),
    };
    let mut command = Command::new(&program);
    command.args(rest);
    let present: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let exported = std::env::var(names::EXPORTED).ok();
    for name in names::to_unset(present.iter().map(String::as_str), exported.as_deref()) {
        command.env_remove(name);
    }
    command.envs(set);
    let error = command.exec();
    let mut failure = Failure::new(Code::Usage, format!("{} cannot be run", program.display()));
    failure.causes.push(error.to_string());
    report::failure(&failure);
    if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE }
}

fn set(arguments: &Exec) -> Result<Vec<(String, String)>, Failure> {
    if arguments.clean {
        return Ok(Vec::new());
    }
    let profile = options::profile(arguments.profile.as_deref());
    let mut request = arguments.options.request(Op::Env, profile.as_deref());
    request.exec = true;
    // The command takes this process over.
    request.holder = Some(process::pid());
    request.region = arguments.region.clone();
    let answer: Answer = ask::ask(&mut request)?;
    report::warnings(&answer.warnings);
    Ok(answer.set)
}

/// `exec prod ls -l` is `exec prod -- ls -l`: the first word after the profile begins the command.
pub(crate) fn separated(arguments: &[OsString]) -> Vec<OsString> {
    let mut words = arguments.to_vec();
    if words.get(1).is_none_or(|verb| verb != "exec") {
        return words;
    }
    let mut at = 2;
    let mut has_profile = false;
    while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
        match word {
            "--" => return words,
            "--region" | "--min-ttl" | "--timeout" | "--project" | "--domain" => at += 1,
            word if word.starts_with('-') => {}
            _ if has_profile => {
                words.insert(at, "--".into());
                return words;
            }
            _ => has_profile = true,
        }
        at += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_after_the_profile_begins_the_command() {
        let check = |line: &str, expect: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let expect: Vec<OsString> = expect.split(' ').map(OsString::from).collect();
            assert_eq!(separated(&words), expect, "{line}");
        };
        check("osagent exec prod ls -l", "osagent exec prod -- ls -l");
        check("osagent exec prod -- ls -l", "osagent exec prod -- ls -l");
        check("osagent exec -- ls prod", "osagent exec -- ls prod");
        check("osagent exec --region GRA9 --fresh prod ls", "osagent exec --region GRA9 --fresh prod -- ls");
        check("osagent exec prod", "osagent exec prod");
        check("osagent env prod ls", "osagent env prod ls");
    }
}
