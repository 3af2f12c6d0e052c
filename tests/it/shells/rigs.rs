//! The shells of this machine, each under the options that could spoil what it reads.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use osagent::shell::{self, Shell};

use super::Environment;

/// How the shell gets the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eval {
    Unquoted,
    Quoted,
    /// fish: `| source`.
    Source,
}

/// A program, how it is started, and the name of ours whose code it must understand.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) speaks: &'static str,
    program: &'static str,
    args: &'static [&'static str],
    /// Run first.
    prelude: &'static str,
}

const fn rig(speaks: &'static str, program: &'static str, args: &'static [&'static str]) -> Rig {
    Rig { speaks, program, args, prelude: "" }
}

const fn after(prelude: &'static str, rig: Rig) -> Rig {
    Rig { prelude, ..rig }
}

const ZSH_ALL: &str = "setopt sh_word_split glob_subst extended_glob ksh_glob null_glob glob_dots brace_ccl \
                       magic_equal_subst rc_quotes ksh_arrays rc_expand_param mark_dirs numeric_glob_sort glob_assign;";

/// Plain `sh` code is tried in every shell that may be called sh.
pub(super) const RIGS: &[Rig] = &[
    rig("bash", "bash", &[]),
    after("set -eu;", rig("bash", "bash", &[])),
    after("set -f;", rig("bash", "bash", &[])),
    rig("bash", "bash", &["-O", "nullglob"]),
    rig("bash", "bash", &["-O", "failglob", "-O", "dotglob"]),
    rig("bash", "bash", &["-O", "extglob", "-O", "nocaseglob", "-O", "globstar"]),
    rig("bash", "bash", &["--posix"]),
    rig("bash", "bash", &["--norc", "-i", "-H"]),
    rig("zsh", "zsh", &["-f"]),
    after("set -eu;", rig("zsh", "zsh", &["-f"])),
    after("set -f;", rig("zsh", "zsh", &["-f"])),
    after("setopt sh_word_split;", rig("zsh", "zsh", &["-f"])),
    after("setopt glob_subst;", rig("zsh", "zsh", &["-f"])),
    after("setopt glob_subst no_nomatch;", rig("zsh", "zsh", &["-f"])),
    after("setopt glob_subst csh_null_glob;", rig("zsh", "zsh", &["-f"])),
    after(ZSH_ALL, rig("zsh", "zsh", &["-f"])),
    rig("zsh", "zsh", &["-f", "-i", "-o", "bang_hist"]),
    rig("zsh", "zsh", &["--emulate", "sh"]),
    rig("zsh", "zsh", &["--emulate", "ksh"]),
    rig("fish", "fish", &["--no-config"]),
    rig("sh", "sh", &[]),
    rig("sh", "dash", &[]),
    after("set -eu;", rig("sh", "dash", &[])),
    after("set -f;", rig("sh", "dash", &[])),
    rig("sh", "bash", &["--posix"]),
    rig("sh", "bash", &["-O", "extglob", "-O", "nullglob"]),
    rig("sh", "busybox", &["sh"]),
    rig("sh", "zsh", &["--emulate", "sh"]),
    rig("sh", "ksh93", &[]),
    rig("sh", "mksh", &[]),
    rig("busybox", "busybox", &["ash"]),
    after("set -eu;", rig("busybox", "busybox", &["ash"])),
    after("set -f;", rig("busybox", "busybox", &["ash"])),
    rig("ksh", "ksh93", &[]),
    after("set -eu;", rig("ksh", "ksh93", &[])),
    after("set -f;", rig("ksh", "ksh93", &[])),
    rig("ksh", "mksh", &[]),
    after("set -eu;", rig("ksh", "mksh", &[])),
    after("set -f;", rig("ksh", "mksh", &[])),
];

/// The rigs whose program is here. Without the environment's OSAGENT_TEST_ALL those that are not are named and left
/// out, with it they fail the test. bash and sh are always demanded.
pub(super) fn here() -> impl Iterator<Item = &'static Rig> {
    RIGS.iter().filter(|rig| is_here(rig.program))
}

pub(crate) fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let is_demanded = ["bash", "sh"].contains(&program) || std::env::var_os("OSAGENT_TEST_ALL").is_some();
    assert!(found || !is_demanded, "{program} is not installed");
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// What a shell is started with, before a test adds to it.
pub(super) fn base_environment() -> Environment {
    let path = std::env::var("PATH").unwrap_or_default();
    [
        ("PATH", path.as_str()),
        ("HOME", "/nonexistent"),
        ("LC_ALL", "C.UTF-8"),
        ("TERM", "dumb"),
        ("LOGNAME", "ada"),
    ]
    .map(|(name, value)| (name.to_owned(), value.into()))
    .into()
}

/// Names that shells give themselves, and ours for the test.
const OF_THE_SHELL: &[&str] = &[
    "_",
    "PWD",
    "OLDPWD",
    "USER",
    "SHLVL",
    "A__z",
    "LINES",
    "COLUMNS",
    "TEST_STATUS",
    "TEST_CODE",
    "TEST_IFS",
];

impl Rig {
    pub(super) fn shell(&self) -> &'static dyn Shell {
        shell::find(self.speaks).expect("every rig speaks a shell of the table")
    }

    pub(super) fn evals(&self) -> &'static [Eval] {
        match self.speaks {
            "fish" => &[Eval::Unquoted, Eval::Quoted, Eval::Source],
            _ => &[Eval::Unquoted, Eval::Quoted],
        }
    }

    /// The status of the eval and the environment that a child gets after it.
    pub(super) fn run(
        &self,
        eval: Eval,
        code: &str,
        before: &Environment,
        ifs: &str,
        folder: &Path,
    ) -> (i32, Environment) {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().write_all(code.as_bytes()).unwrap();
        let mut command = Command::new(self.program);
        command.args(self.args).current_dir(folder).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).env_clear();
        for (name, value) in before {
            command.env(name, std::str::from_utf8(value).unwrap());
        }
        command.env("TEST_CODE", file.path()).env("TEST_IFS", ifs);
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(self.script(eval, code).as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{self} {eval:?}: {errors}");
        let mut environment: Environment = output
            .stdout
            .split(|byte| *byte == 0)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                let end = entry.iter().position(|byte| *byte == b'=').unwrap();
                (String::from_utf8_lossy(&entry[..end]).into_owned(), entry[end + 1..].to_vec())
            })
            .collect();
        let status = environment.get("TEST_STATUS").unwrap_or_else(|| panic!("{self} {eval:?}: {errors}"));
        let status = std::str::from_utf8(status).unwrap().parse().unwrap();
        environment.retain(|name, _| !OF_THE_SHELL.contains(&name.as_str()));
        (status, environment)
    }

    /// Read from standard input, one command a line, as if it were typed. Only a failure is caught, so that a good
    /// change is also good under `set -e`.
    fn script(&self, eval: Eval, code: &str) -> String {
        if self.speaks == "fish" {
            let eval = match eval {
                Eval::Unquoted => "eval $(cat $TEST_CODE)",
                Eval::Quoted => "eval \"$(cat $TEST_CODE)\"",
                Eval::Source => "cat $TEST_CODE | source",
            };
            return format!("{eval}\nset -gx TEST_STATUS $status\nexec env -0\n");
        }
        let eval = match eval {
            Eval::Unquoted => "eval $(cat \"$TEST_CODE\")",
            _ => "eval \"$(cat \"$TEST_CODE\")\"",
        };
        let status = if code.ends_with("false;\n") { "|| TEST_STATUS=$?" } else { "\nTEST_STATUS=$?" };
        let prelude = format!("{} IFS=$TEST_IFS", self.prelude);
        format!("{prelude}\n{eval} {status}\nexport TEST_STATUS\nexec env -0\n")
    }
}

impl fmt::Display for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} {} {}", self.speaks, self.program, self.args.join(" "), self.prelude)
    }
}
