//! A stage for hooks: a folder with a stub of osagent and a few one-line commands, and a shell that runs a script there.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use osagent::shell;

pub(super) const SHELLS: [(&str, &[&str]); 3] =
    [("bash", &["--norc"]), ("zsh", &["-f"]), ("fish", &["--no-config"])];

/// The programs that a script finds on its PATH; `$STAGE` is the folder of their state.
const STAGE: &[(&str, &str)] = &[
    (
        "osagent",
        r#"echo "$*" >>"$STAGE/calls"
[ "$1" = env ] || exit 0
status=$(cat "$STAGE/status")
names="OS_TOKEN OS_AUTH_URL OS_PASSWORD OSAGENT_PROFILE OSAGENT_EXPIRES OSAGENT_EXPORTED OSAGENT_HOOK"
case $3 in fish) echo "set -e $names;" ;; *) echo "unset $names &&" ;; esac
case $4 in --unset) echo 'true;'; exit ;; -*) profile=default ;; *) profile=$4 ;; esac
[ "$status" = 0 ] || { echo 'false;'; echo 'osagent: no token' >&2; exit "$status"; }
ends=$(( $(date +%s) + $(cat "$STAGE/left") ))
case $3 in fish) echo 'true;' ;; *) printf 'export' ;; esac
for pair in "OS_TOKEN $(cat "$STAGE/token")" "OS_AUTH_URL https://$profile.example" "OSAGENT_PROFILE $profile" \
    "OSAGENT_EXPIRES $ends" "OSAGENT_EXPORTED OS_TOKEN:OS_AUTH_URL:OSAGENT_PROFILE:OSAGENT_EXPIRES"; do
    case $3 in fish) echo "set -gx $pair;" ;; *) printf ' %s' "${pair%% *}=${pair#* }" ;; esac
done
echo ';'"#,
    ),
    ("token", r#"echo "$1" >"$STAGE/token""#),
    ("left", r#"echo "$1" >"$STAGE/left""#),
    ("answers", r#"echo "$1" >"$STAGE/status""#),
    (
        "epoch",
        r#"file=$STAGE/agent.sock.epoch
if [ "$1" = gone ]; then rm "$file"; else echo "$1" >"$STAGE/new"; mv "$STAGE/new" "$file"; fi"#,
    ),
    ("show", r#"echo "${OS_TOKEN-none} ${OSAGENT_PROFILE-none}""#),
    ("calls", r#"wc -l <"$STAGE/calls" | tr -d ' '; : >"$STAGE/calls""#),
    ("called", r#"sed 's/--shell [a-z]*/--shell S/' "$STAGE/calls"; : >"$STAGE/calls""#),
    ("uninstall", r#"mv "$STAGE/bin/osagent" "$STAGE/kept""#),
    ("install", r#"mv "$STAGE/kept" "$STAGE/bin/osagent""#),
];

pub(super) struct Stage {
    folder: tempfile::TempDir,
    pub(super) program: &'static str,
    pub(super) args: &'static [&'static str],
}

impl Stage {
    pub(super) fn new(program: &'static str, args: &'static [&'static str]) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        for (name, text) in STAGE {
            std::fs::write(bin.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(bin.join(name), PermissionsExt::from_mode(0o755)).unwrap();
        }
        for (name, text) in [
            ("token", "T1\n"),
            ("left", "3600\n"),
            ("status", "0\n"),
            ("agent.sock.epoch", "1\n"),
            ("calls", ""),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Stage { folder, program, args }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The shell's own words for what the common syntax lacks: `prompt` does what the shell does before a prompt.
    pub(super) fn prelude(&self, auto: bool) -> String {
        let hook = shell::hook(shell::find(self.program).unwrap(), auto).unwrap();
        let prompt = match self.program {
            "bash" => "prompt() { eval \"$PROMPT_COMMAND\"; }\nforce() { _osagent_due=0; }\n",
            "zsh" => "prompt() { for f in $precmd_functions; do $f; done; }\nforce() { _osagent_due=0; }\n",
            _ => "function prompt; emit fish_prompt; end\nfunction force; set -g _osagent_due 0; end\n",
        };
        format!("{hook}{prompt}")
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(program);
        command.env_clear().env("PATH", format!("{}:{path}", self.path().join("bin").display()));
        command
            .env("HOME", self.path())
            .env("STAGE", self.path())
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "dumb");
        command.env("OSAGENT_SOCK", self.path().join("agent.sock")).current_dir(self.path());
        command.stdin(Stdio::null());
        command
    }

    pub(super) fn run(&self, auto: bool, environment: &[(&str, &str)], script: &str) -> Output {
        let file = self.path().join("script");
        let status = if self.program == "bash" { "$?" } else { "$status" };
        let script = format!(
            "{}{}",
            self.prelude(auto),
            script.replace("@STATUS@", status).replace("@SHELL@", self.program)
        );
        std::fs::write(&file, script).unwrap();
        let mut command = self.command(self.program);
        command.args(self.args).arg(&file).envs(environment.iter().copied()).output().unwrap()
    }
}
