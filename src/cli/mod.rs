//! The command line: the clap tree and one match. One file a verb; the hot ones are matched before clap. Only `report` speaks to
//! people on stderr, only `output` writes standard output.

mod add;
mod agent;
mod ask;
mod clouds;
mod default;
mod duration;
mod env;
mod exec;
mod hook;
mod inspect;
mod list;
mod lock;
mod options;
mod output;
mod passwd;
mod plan;
mod rc;
mod remove;
mod report;
mod revoke;
mod scrub;
mod secret;
mod set;
mod show;
mod source;
mod status;
mod stop;
mod token;
mod unlock;
mod use_;

use std::ffi::OsString;
use std::panic::UnwindSafe;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::host::process;
use crate::wire::{Code, Failure};

/// A credential helper and keyring agent for OpenStack.
#[derive(Debug, Parser)]
#[command(
    name = "osagent",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "The main job:\n  osagent add openrc.sh          read the file without running it, secret into the keyring\n  \
        eval $(osagent env)            a token in this shell, from one agent for all shells\n  \
        openstack server list\n  osagent revoke                 at Keystone, not only here\n\n\
        Exit status: 0 done, 1 refused by the cloud, 2 usage or no such profile, 3 a person is needed, 4 keyring,\n\
        5 Keystone unreachable or limiting, 6 agent, 7 file or disk, 70 a bug of osagent."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a profile from an OpenRC file or a cloud of a clouds.yaml, its password into the keyring
    Add(add::Add),
    /// Show what add would take from an OpenRC file, and what is wrong with it
    Inspect(inspect::Inspect),
    /// List the profiles
    List(list::List),
    /// Show a profile
    Show(show::Show),
    /// Change a setting of a profile
    Set(set::Set),
    /// Remove a profile and its secret
    Remove(remove::Remove),
    /// Set or show the default profile
    Default(default::Default),
    /// Store a new password for a profile
    Passwd(passwd::Passwd),
    /// Print shell code that exports a token and clears what conflicts
    Env(env::Env),
    /// Print a token
    Token(token::Token),
    /// Run a command, or a subshell, with a token in its environment
    Exec(exec::Exec),
    /// Revoke tokens at Keystone
    Revoke(revoke::Revoke),
    /// Forget every token and key in memory, and refuse until unlocked
    Lock(lock::Lock),
    /// Hand out tokens again
    Unlock(unlock::Unlock),
    /// Show what the agent holds
    Status(status::Status),
    /// Stop the agent
    Stop(stop::Stop),
    /// Print code for a shell's start-up file
    Hook(hook::Hook),
    /// Choose a profile for this shell (comes with the hook)
    Use(use_::Use),
    /// Run the agent in the foreground
    Agent(agent::Agent),
}

/// The whole program.
pub fn main() -> ExitCode {
    // What cannot be done here is not fatal: the client holds a token for a moment only.
    let _ = process::harden_client();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(guarded(&arguments, || run(&arguments)))
}

/// Does it. A panic is told by its place, and where a shell waits for code it gets that of a failure.
fn guarded(arguments: &[OsString], work: impl FnOnce() -> u8 + UnwindSafe) -> u8 {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        // The place only: a panic's text may hold what it was about.
        report::failure(&Failure::new(Code::Internal, format!("osagent broke at {place}")));
    }));
    std::panic::catch_unwind(work).unwrap_or_else(|_| {
        if arguments.get(1).is_some_and(|verb| verb == "env") {
            env::fail_raw(arguments);
        }
        Code::Internal.status()
    })
}

/// The tree, for the man page.
pub fn command() -> clap::Command {
    Cli::command()
}

fn run(arguments: &[OsString]) -> u8 {
    if let Some(status) = hot(arguments) {
        return status;
    }
    match Cli::try_parse_from(exec::separated(arguments)) {
        Ok(cli) => dispatch(cli.verb),
        Err(error) => usage(arguments, &error),
    }
}

/// `token [P]` and `env [P] [--shell S] [--at-prompt]`, the two that are run at each prompt, without the whole tree of verbs.
fn hot(arguments: &[OsString]) -> Option<u8> {
    let mut words = arguments.iter().skip(1).map(|word| word.to_str());
    let verb = words.next()??;
    let (mut profile, mut shell, mut at_prompt) = (None, None, false);
    while let Some(word) = words.next() {
        match word? {
            "--shell" if verb == "env" && shell.is_none() => shell = Some(words.next()??.to_owned()),
            "--at-prompt" if verb == "env" => at_prompt = true,
            word if word.starts_with('-') || word.is_empty() || profile.is_some() => return None,
            word => profile = Some(word.to_owned()),
        }
    }
    match verb {
        "token" => Some(status(token::run(&token::Token { profile, ..token::Token::default() }))),
        "env" => Some(env::run(&env::Env { profile, shell, at_prompt, ..env::Env::default() })),
        _ => None,
    }
}

fn dispatch(verb: Verb) -> u8 {
    status(match verb {
        Verb::Env(arguments) => return env::run(&arguments),
        Verb::Exec(arguments) => return exec::run(&arguments),
        Verb::Inspect(arguments) => return inspect::run(&arguments),
        Verb::Add(arguments) => add::run(&arguments),
        Verb::List(arguments) => list::run(&arguments),
        Verb::Show(arguments) => show::run(&arguments),
        Verb::Remove(arguments) => remove::run(&arguments),
        Verb::Default(arguments) => default::run(&arguments),
        Verb::Set(arguments) => set::run(&arguments),
        Verb::Passwd(arguments) => passwd::run(&arguments),
        Verb::Token(arguments) => token::run(&arguments),
        Verb::Revoke(arguments) => revoke::run(&arguments),
        Verb::Lock(arguments) => lock::run(&arguments),
        Verb::Unlock(arguments) => unlock::run(&arguments),
        Verb::Status(arguments) => status::run(&arguments),
        Verb::Stop(arguments) => stop::run(&arguments),
        Verb::Hook(arguments) => hook::run(&arguments),
        Verb::Use(arguments) => use_::run(&arguments),
        Verb::Agent(arguments) => agent::run(&arguments),
    })
}

fn status(outcome: Result<(), Failure>) -> u8 {
    match outcome {
        Ok(()) => 0,
        Err(failure) => report::failure(&failure),
    }
}

/// A usage error, or a help that was asked for. For `env` the shell waits: it gets its unsets, and the help goes to stderr.
fn usage(arguments: &[OsString], error: &clap::Error) -> u8 {
    let is_verb = |name: &str| arguments.get(1).is_some_and(|verb| verb == name);
    let is_env = is_verb("env");
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // A person who reads the help on a terminal is no shell.
    if is_env && !(is_help && output::is_terminal()) {
        env::fail_raw(arguments);
    }
    if is_help && !is_env {
        return status(output::print(&error.render().to_string()));
    }
    report::usage(&error.render().to_string());
    match is_help {
        true => 0,
        false if is_verb("exec") => exec::NOT_RUN,
        false => Code::Usage.status(),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::process::Command;

    #[test]
    fn a_panic_is_told_by_its_place_alone_and_fails_closed() {
        const ALONE: &str = "OSAGENT_TEST_ALONE";
        if std::env::var_os(ALONE).is_some() {
            let arguments = ["osagent", "env", "--shell", "sh"].map(OsString::from);
            let status = super::guarded(&arguments, || panic!("canary"));
            std::process::exit(status.into());
        }
        let test = "cli::tests::a_panic_is_told_by_its_place_alone_and_fails_closed";
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ALONE, "yes");
        let output = again.env("RUST_BACKTRACE", "1").output().unwrap();
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(70), "{said}\n{complained}");
        assert!(said.contains("OS_TOKEN") && said.ends_with("false;\n"), "{said}");
        assert!(complained.contains("osagent broke at src/cli/mod.rs") && !complained.contains("canary"));
    }

    #[test]
    fn the_tree_is_sound_and_every_verb_has_an_example() {
        let mut command = super::command();
        command.build();
        command.clone().debug_assert();
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Example:\n  "), "{}", verb.get_name());
        }
    }
}
