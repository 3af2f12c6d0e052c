//! `env`: shell code that unsets what conflicts and exports the token. It fails closed: whatever goes wrong, the unsets and
//! `false;` are written, so that no shell is left with a stale or a foreign token.

use std::ffi::OsString;

use clap::Args;
use zeroize::Zeroizing;

use super::{ask, options, output, report};
use crate::host::{process, signals};
use crate::shell::{self, Shell, names};
use crate::wire::answer::Env as Answer;
use crate::wire::{Code, Failure, Op};

#[derive(Debug, Default, Args)]
#[command(
    after_help = "Example:\n  eval $(osagent env prod)\n  e=$(osagent env prod) || exit; eval \"$e\"    # in a script\n\n\
    `openstack` trades any OS_TOKEN for a new one at each start: one token creation a command, which osagent does not count.\n\
    What is printed on failure unsets every OS_* login variable and ends with `false;`."
)]
pub(crate) struct Env {
    /// The profile; without one $OSAGENT_PROFILE, the default one, the only one
    pub profile: Option<String>,
    /// The shell to write for; without it $OSAGENT_SHELL, the calling shell, $SHELL
    #[arg(long, value_name = "SHELL")]
    pub shell: Option<String>,
    /// Only unset
    #[arg(long)]
    pub unset: bool,
    /// Ask Keystone first whether the cached token still lives
    #[arg(long)]
    pub check: bool,
    /// Another of the cloud's regions
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    #[command(flatten)]
    pub options: options::Token,
    /// For hooks: from the cache, or a login within 300 ms that nobody is asked for and that no revoke forbids
    #[arg(long, hide = true)]
    pub at_prompt: bool,
}

/// A prompt that takes longer is felt.
const PROMPT_WAIT_MS: u64 = 300;

/// Returns the exit status: a failure has been reported, and its code written for the shell.
pub(crate) fn run(arguments: &Env) -> u8 {
    let held = signals::hold();
    let shell = which(arguments.shell.as_deref());
    let present: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let exported = std::env::var(names::EXPORTED).ok();
    let unset = names::to_unset(present.iter().map(String::as_str), exported.as_deref());
    let outcome = shell.and_then(|shell| match arguments.unset {
        true => Ok(Zeroizing::new(shell::change(shell, &unset, &[] as &[(&str, &str)]))),
        false => code(arguments, shell, &unset, &held),
    });
    let outcome = outcome.and_then(|code| output::print(&code));
    match outcome {
        Ok(()) => 0,
        Err(failure) => fail(arguments.shell.as_deref(), &unset, &failure, held.came()),
    }
}

fn code(
    arguments: &Env,
    shell: &dyn Shell,
    unset: &[&str],
    held: &signals::Held,
) -> Result<Zeroizing<String>, Failure> {
    let profile = options::profile(arguments.profile.as_deref());
    let mut request = arguments.options.request(Op::Env, profile.as_deref());
    request.region = arguments.region.clone();
    request.check = arguments.check;
    if arguments.at_prompt {
        request.at_prompt = true;
        request.deadline_ms = Some(PROMPT_WAIT_MS);
    }
    let answer: Answer = ask::on(&ask::route(Some(held))?, &mut request)?;
    report::warnings(&answer.warnings);
    tell_of_lost_ca(&answer.set);
    Ok(Zeroizing::new(shell::change(shell, unset, &answer.set)))
}

/// Somebody else's CA file goes away with the rest; a command to another cloud would miss it.
fn tell_of_lost_ca(set: &[(String, String)]) {
    let is_ours = std::env::var_os(names::EXPORTED).is_some();
    if let Some(path) = std::env::var_os("OS_CACERT").filter(|path| !path.is_empty() && !is_ours)
        && !set.iter().any(|(name, value)| name == "OS_CACERT" && OsString::from(value) == path)
    {
        report::warning(&format!("OS_CACERT={} is not of this profile and is unset", path.display()));
    }
}

fn fail(shell: Option<&str>, unset: &[&str], failure: &Failure, signal: Option<i32>) -> u8 {
    write_failure(shell, unset);
    match signal {
        // As a shell counts a command that a signal ended.
        Some(number) => 128u8.saturating_add(number.try_into().unwrap_or(0)),
        None => report::failure(failure),
    }
}

/// The unsets and `false;`, for the shell if it is known and for any POSIX shell if not.
fn write_failure(shell: Option<&str>, unset: &[&str]) {
    let shell = which(shell).ok().or_else(|| shell::find("sh"));
    if let Some(shell) = shell {
        // Standard output is gone: then no shell waits for it either.
        let _ = output::print(&shell::failure(shell, unset));
    }
}

/// For a usage error or a panic, where there are no arguments: the shell is looked for in the raw ones.
pub(crate) fn fail_raw(arguments: &[OsString]) {
    let texts: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let after = texts.iter().position(|text| *text == "--shell").and_then(|at| texts.get(at + 1)).copied();
    let joined = texts.iter().find_map(|text| text.strip_prefix("--shell="));
    let present: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let exported = std::env::var(names::EXPORTED).ok();
    write_failure(
        after.or(joined),
        &names::to_unset(present.iter().map(String::as_str), exported.as_deref()),
    );
}

/// The shell that will read it: as said, as `$OSAGENT_SHELL` says, the one that called us, `$SHELL`.
fn which(said: Option<&str>) -> Result<&'static dyn Shell, Failure> {
    let unknown = |name: &str| {
        let names: Vec<&str> = shell::SHELLS.iter().map(|shell| shell.names()[0]).collect();
        Failure::new(Code::Usage, format!("there is no shell {name:?}; there are {}", names.join(", ")))
    };
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(name) = said.map(str::to_owned).or_else(|| variable("OSAGENT_SHELL")) {
        return shell::find(&name).ok_or_else(|| unknown(&name));
    }
    if let Some(shell) = process::shell_of_parent().and_then(|name| shell::find(&name)) {
        return Ok(shell);
    }
    let name = variable("SHELL").unwrap_or_else(|| "sh".to_owned());
    shell::find(&name).ok_or_else(|| unknown(&name))
}
