//! ksh93 and mksh. No hook.

use super::{Shell, posix, quote};

#[derive(Debug)]
pub(super) struct Ksh;

impl Shell for Ksh {
    fn names(&self) -> &'static [&'static str] {
        &["ksh", "ksh93", "rksh93", "mksh", "lksh"]
    }

    fn unset(&self, names: &[&str], out: &mut String) {
        posix::unset(names, out);
    }

    fn set(&self, pairs: &[(&str, &str)], out: &mut String) {
        posix::export(pairs, quote::dollar, out);
    }
}
