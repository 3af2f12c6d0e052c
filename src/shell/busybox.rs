//! busybox ash, under the names that only busybox has: as `sh` it gets what any `sh` gets. No hook.

use super::{Shell, posix, quote};

#[derive(Debug)]
pub(super) struct Busybox;

impl Shell for Busybox {
    fn names(&self) -> &'static [&'static str] {
        &["busybox", "ash"]
    }

    fn unset(&self, names: &[&str], out: &mut String) {
        posix::unset(names, out);
    }

    fn set(&self, pairs: &[(&str, &str)], out: &mut String) {
        posix::export(pairs, quote::dollar, out);
    }
}
