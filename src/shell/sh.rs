//! Plain POSIX sh, whichever shell it is: dash, bash and busybox all go by that name. No `$'…'` and no hook.

use super::{Shell, posix, quote};

#[derive(Debug)]
pub(super) struct Sh;

impl Shell for Sh {
    fn names(&self) -> &'static [&'static str] {
        &["sh", "dash"]
    }

    fn unset(&self, names: &[&str], out: &mut String) {
        posix::unset(names, out);
    }

    fn set(&self, pairs: &[(&str, &str)], out: &mut String) {
        posix::export(pairs, quote::printf, out);
    }
}
