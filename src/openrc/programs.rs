//! Names of programs, and which of them may be told. A password that was not quoted, or a stray quote, makes commands of
//! parts of a password: a name is told only where it is one of the field, or where it stands as a command does.

use super::eval::Evaluator;
use super::names::{self, Meaning};
use super::place::Span;

/// What rc files run, and what shells bring along. Sorted.
const PROGRAMS: &[&str] = &[
    ".",
    ":",
    "[",
    "[[",
    "]",
    "]]",
    "age",
    "alias",
    "ansible-vault",
    "apg",
    "aws",
    "awk",
    "base64",
    "basename",
    "bash",
    "break",
    "builtin",
    "bw",
    "case",
    "cat",
    "cd",
    "chmod",
    "clear",
    "command",
    "continue",
    "curl",
    "cut",
    "date",
    "declare",
    "dialog",
    "direnv",
    "dirname",
    "do",
    "docker",
    "done",
    "dotenv",
    "echo",
    "egrep",
    "elif",
    "else",
    "env",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "expr",
    "fi",
    "find",
    "fish",
    "for",
    "function",
    "getent",
    "getopts",
    "git",
    "gopass",
    "gpg",
    "gpg2",
    "grep",
    "hash",
    "head",
    "hostname",
    "id",
    "if",
    "in",
    "jq",
    "juju",
    "kdialog",
    "keepassxc-cli",
    "keyring",
    "kinit",
    "klist",
    "kubectl",
    "let",
    "local",
    "logger",
    "lpass",
    "ls",
    "mkdir",
    "mktemp",
    "nova",
    "oathtool",
    "oidc-add",
    "oidc-agent",
    "oidc-token",
    "op",
    "openssl",
    "openstack",
    "osagent",
    "pass",
    "ping",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "python",
    "python2",
    "python3",
    "rbw",
    "read",
    "readlink",
    "readonly",
    "realpath",
    "return",
    "rm",
    "secret-tool",
    "security",
    "sed",
    "select",
    "set",
    "sh",
    "shift",
    "shopt",
    "sleep",
    "sops",
    "sort",
    "source",
    "ssh",
    "ssh-agent",
    "stty",
    "su",
    "sudo",
    "systemd-ask-password",
    "tail",
    "tee",
    "test",
    "then",
    "time",
    "touch",
    "tput",
    "tr",
    "trap",
    "true",
    "type",
    "typeset",
    "tty",
    "ulimit",
    "umask",
    "unalias",
    "uname",
    "uniq",
    "unset",
    "until",
    "uuidgen",
    "vault",
    "wc",
    "wget",
    "which",
    "while",
    "whoami",
    "whiptail",
    "xargs",
    "yq",
    "ykman",
    "zenity",
    "{",
    "}",
];

/// Programs that give a secret out, with the words that ask them to. What follows names an entry, and is no secret.
const KEEPERS: &[&[&str]] = &[
    &["pass", "show"],
    &["pass"],
    &["gopass", "show"],
    &["gopass"],
    &["rbw", "get"],
    &["lpass", "show"],
    &["bw", "get", "password"],
    &["op", "read"],
    &["keyring", "get"],
    &["secret-tool", "lookup"],
];

/// Further into a line nothing stands as a command does.
const BEFORE_LEN_MAX: usize = 160;

pub(crate) fn is_program(name: &str) -> bool {
    PROGRAMS.contains(&name)
}

/// The name if it is one of the field, else nothing.
pub(crate) fn only_known(name: &str) -> String {
    if is_program(name) { name.to_owned() } else { String::new() }
}

/// How many words, from the first, ask a keeper of secrets.
pub(crate) fn keeper(words: &[&str]) -> Option<usize> {
    KEEPERS.iter().find(|keeper| words.starts_with(keeper)).map(|keeper| keeper.len())
}

impl Evaluator<'_> {
    /// The name of a program as it may be told; empty where it could be a part of a secret.
    pub(crate) fn told(&self, name: &str, at: Span) -> String {
        let is_told =
            self.stands_as_command(at) && self.stands_written(name, at) && !self.is_of_password(name);
        let may_be_told = is_program(name) || is_told;
        if may_be_told { name.to_owned() } else { String::new() }
    }

    /// It is a part of what is known to be the password, or holds it.
    fn is_of_password(&self, name: &str) -> bool {
        names::of(Meaning::Password).filter_map(|password| self.state.variable(password)?.value).any(
            |value| {
                let password = value.str().unwrap_or_default();
                !password.is_empty() && (password.contains(name) || name.contains(password))
            },
        )
    }

    /// The name stands there itself, and was not made of a variable, which may be the password.
    fn stands_written(&self, name: &str, at: Span) -> bool {
        let text =
            self.sources.get(usize::from(at.file)).and_then(|source| source.text.get(at.start as usize..));
        let opens = |byte: &&u8| b"\"$(`{ \t".contains(byte);
        let text = text.unwrap_or_default();
        text[text.iter().take_while(opens).count()..].starts_with(name.as_bytes())
    }

    fn stands_as_command(&self, at: Span) -> bool {
        let Some(source) = self.sources.get(usize::from(at.file)).filter(|source| source.has_lines()) else {
            return false;
        };
        let before = &source.text[..(at.start as usize).min(source.text.len())];
        let before = &before[before.len().saturating_sub(BEFORE_LEN_MAX)..];
        let Some(line) =
            before.rsplit(|&byte| byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok())
        else {
            return false;
        };
        line.len() < BEFORE_LEN_MAX && is_clean(line)
    }
}

/// Words of the shell, and at most an assignment whose value has not begun: `export OS_PROJECT_ID="$(`. What follows the
/// name of a secret may be the secret, whose backquote nobody quoted.
fn is_clean(line: &str) -> bool {
    line.split_whitespace().all(|word| {
        let opens = word.trim_end_matches(['"', '(', '$', '`', '{']);
        let name = opens.strip_suffix('=').unwrap_or(opens);
        let is_assignment =
            name.len() < opens.len() && super::cursor::is_name(name) && !names::is_secret_name(name);
        opens.is_empty() || is_assignment || is_program(opens) || matches!(word, "!" | "&&" | "||" | ";")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_from_a_part_of_a_value() {
        for line in ["", "  if ! ", "export OS_PROJECT_ID=\"$(", "OS_USERNAME=`", "then "] {
            assert!(is_clean(line), "{line}");
        }
        for line in ["export OS_PASSWORD=a;", "export OS_PASSWORD=a$(", "OS_PASSWORD=a | ", "x \"$("] {
            assert!(!is_clean(line), "{line}");
        }
    }

    #[test]
    fn a_keeper_is_known_by_all_its_words() {
        assert_eq!(keeper(&["pass", "show", "cloud"]), Some(2));
        assert_eq!(keeper(&["pass", "cloud"]), Some(1));
        assert_eq!(keeper(&["curl", "-u"]), None);
    }
}
