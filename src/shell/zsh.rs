//! zsh.

use super::{Shell, posix, quote};

#[derive(Debug)]
pub(super) struct Zsh;

impl Shell for Zsh {
    fn names(&self) -> &'static [&'static str] {
        &["zsh", "rzsh"]
    }

    fn unset(&self, names: &[&str], out: &mut String) {
        posix::unset(names, out);
    }

    fn set(&self, pairs: &[(&str, &str)], out: &mut String) {
        posix::export(pairs, quote::dollar, out);
    }

    fn hook(&self) -> Option<&'static str> {
        Some(include_str!("../../shell/osagent.zsh"))
    }
}
