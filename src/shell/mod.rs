//! Shells: what `env` and `hook` print, so that each shell reads back exactly the values we meant.
//!
//! Pure text: no environment, no file, no clock. Whatever the values hold, nothing in the text is ever run by the
//! shell but our own `unset`, `export` and `set`; and whatever the names hold, no other name is touched.
//!
//! A new shell is one file here (and one in `shell/` if it can have a hook) and one line in [`SHELLS`]; the tests in
//! `tests/it/shells.rs` walk the table.

use std::fmt::Debug;

mod bash;
mod busybox;
mod fish;
mod ksh;
pub mod names;
mod posix;
mod quote;
mod sh;
mod zsh;

/// One shell's syntax. The statements are made to be joined: [`unset`](Shell::unset), then [`set`](Shell::set) or
/// [`fail`](Shell::fail), on one line.
pub trait Shell: Debug + Sync {
    /// What it is called: as `--shell`, in `$SHELL` and in `/proc/PID/comm`. The first is its own name.
    fn names(&self) -> &'static [&'static str];

    /// Takes `names` away. Writes nothing when there are none.
    fn unset(&self, names: &[&str], out: &mut String);

    /// Exports each pair, in order, and ends with status 0, also when there are none.
    fn set(&self, pairs: &[(&str, &str)], out: &mut String);

    /// Ends with a status other than 0.
    fn fail(&self, out: &mut String) {
        out.push_str("false;");
    }

    /// The text for its start-up file. `None`: the shell has no place to hook into.
    fn hook(&self) -> Option<&'static str> {
        None
    }

    /// The line before that text which says: follow the default profile from the first prompt on.
    fn hook_auto(&self) -> &'static str {
        "_osagent_auto=1\n"
    }
}

/// Every shell that we speak.
pub const SHELLS: &[&dyn Shell] =
    &[&bash::Bash, &zsh::Zsh, &fish::Fish, &sh::Sh, &busybox::Busybox, &ksh::Ksh];

/// What `osagent hook direnv` prints: a library for `~/.config/direnv/lib/`.
pub const DIRENV: &str = include_str!("../../shell/direnv.sh");

/// The shell called `name`: `bash`, `-bash` (a login shell) and `/usr/bin/bash` are one.
pub fn find(name: &str) -> Option<&'static dyn Shell> {
    let name = name.trim();
    let name = name.rsplit_once('/').map_or(name, |(_, base)| base);
    let name = name.strip_prefix('-').unwrap_or(name);
    SHELLS.iter().copied().find(|shell| shell.names().contains(&name))
}

/// The code that takes `unset` away, then exports `set`: one line.
///
/// Names to unset that are not ours to touch ([`names::is_ours`]) and names to set that are no identifiers are left
/// out, for both may come from elsewhere (the environment, a catalog). A NUL ends a value, as it would in the environment.
/// The text holds what the values hold: wipe it. It never grew, so that there is no other copy of it.
pub fn change(
    shell: &dyn Shell,
    unset: &[impl AsRef<str>],
    set: &[(impl AsRef<str>, impl AsRef<str>)],
) -> String {
    let pairs: Vec<(&str, &str)> = set
        .iter()
        .map(|(name, value)| (name.as_ref(), up_to_nul(value.as_ref())))
        .filter(|(name, _)| names::is_identifier(name))
        .collect();
    let set_len: usize =
        pairs.iter().map(|(name, value)| SYNTAX_LEN_MAX + name.len() + quote::len_max(value)).sum();
    let mut out = String::with_capacity(unset_len_max(unset) + set_len);
    write_unset(shell, unset, &mut out);
    shell.set(&pairs, &mut out);
    out.push('\n');
    out
}

/// The code for a failure: takes `unset` away and leaves a status other than 0, so that `eval` fails too.
pub fn failure(shell: &dyn Shell, unset: &[impl AsRef<str>]) -> String {
    let mut out = String::with_capacity(unset_len_max(unset));
    write_unset(shell, unset, &mut out);
    shell.fail(&mut out);
    out.push('\n');
    out
}

/// What `osagent hook` prints. With `auto`, the shell follows the default profile from its first prompt on; otherwise it
/// does nothing until `osagent use`. `None`: the shell has no place to hook into.
pub fn hook(shell: &dyn Shell, auto: bool) -> Option<String> {
    let setting = if auto { shell.hook_auto() } else { "" };
    shell.hook().map(|text| format!("{setting}{text}"))
}

/// More than any shell writes around a name and its value, or around all the names to unset.
const SYNTAX_LEN_MAX: usize = 40;

fn unset_len_max(unset: &[impl AsRef<str>]) -> usize {
    SYNTAX_LEN_MAX + unset.iter().map(|name| name.as_ref().len() + 1).sum::<usize>()
}

fn write_unset(shell: &dyn Shell, unset: &[impl AsRef<str>], out: &mut String) {
    let names: Vec<&str> = unset.iter().map(AsRef::as_ref).filter(|name| names::is_ours(name)).collect();
    shell.unset(&names, out);
}

fn up_to_nul(value: &str) -> &str {
    value.split_once('\0').map_or(value, |(head, _)| head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_found_by_path_by_comm_and_as_a_login_shell() {
        for (name, own) in [
            ("bash", "bash"),
            ("-bash", "bash"),
            ("/bin/zsh", "zsh"),
            ("-/usr/bin/fish", "fish"),
            ("dash", "sh"),
            ("sh", "sh"),
            ("ash", "busybox"),
            ("mksh\n", "ksh"),
        ] {
            assert_eq!(find(name).map(|shell| shell.names()[0]), Some(own), "{name}");
        }
        for name in ["", "-", "/", "sudo", "bash -c", "--shell"] {
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn no_name_belongs_to_two_shells() {
        let mut names: Vec<&str> = SHELLS.iter().flat_map(|shell| shell.names()).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_name_that_is_not_ours_is_never_written() {
        for shell in SHELLS {
            let unset = ["PATH", "OS_TOKEN", "OS_A;id", "OS_$(id)", "LD_PRELOAD", "OS_", ""];
            let text = change(*shell, &unset, &[("OS_A b", "1"), ("1OS", "2"), ("", "3"), ("OS_URL", "4")]);
            assert!(text.contains("OS_TOKEN") && text.contains("OS_URL"), "{text}");
            for foreign in ["PATH", "id", "PRELOAD", "OS_A", "1OS", "3"] {
                assert!(!text.contains(foreign), "{foreign} in {text}");
            }
        }
    }

    #[test]
    fn the_code_is_one_line() {
        for shell in SHELLS {
            let text = change(*shell, names::LEFTOVERS, &[("OS_PROJECT_NAME", "a\nb\r\tc \u{7f}\u{e9}")]);
            assert_eq!(text.matches('\n').count(), 1, "{text}");
            assert!(text.ends_with(";\n") && text.is_ascii(), "{text}");
        }
    }

    #[test]
    fn the_text_is_written_without_growing() {
        let hostile = " a".repeat(3000);
        for shell in SHELLS {
            let pairs = [("OS_A", hostile.as_str()), ("OS_B", ""), ("OS_C", "%"), ("OS_D", "\u{e9}")];
            let nothing: [(&str, &str); 0] = [];
            assert!(change(*shell, names::LEFTOVERS, &nothing).len() <= unset_len_max(names::LEFTOVERS));
            assert!(failure(*shell, names::LEFTOVERS).len() <= unset_len_max(names::LEFTOVERS));
            for (name, value) in pairs {
                let mut out = String::new();
                shell.set(&[(name, value)], &mut out);
                assert!(
                    out.len() <= SYNTAX_LEN_MAX + name.len() + quote::len_max(value),
                    "{shell:?} {value:.9}"
                );
            }
        }
    }
}
