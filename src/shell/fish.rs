//! fish, 3.4 and later: before that `$(…)` is unknown, and `osagent env | source` is the idiom.

use super::{Shell, quote};

#[derive(Debug)]
pub(super) struct Fish;

impl Shell for Fish {
    fn names(&self) -> &'static [&'static str] {
        &["fish"]
    }

    /// `set -e` of a name that was not set has status 4, and a later `set` would pass that on: hence `true`.
    fn unset(&self, names: &[&str], out: &mut String) {
        if names.is_empty() {
            return;
        }
        out.push_str("set -e");
        for name in names {
            out.push(' ');
            out.push_str(name);
        }
        out.push_str("; ");
    }

    fn set(&self, pairs: &[(&str, &str)], out: &mut String) {
        out.push_str("true;");
        for (name, value) in pairs {
            out.push_str(" set -gx -- ");
            out.push_str(name);
            out.push(' ');
            quote::fish(value, out);
            out.push(';');
        }
    }

    fn hook(&self) -> Option<&'static str> {
        Some(include_str!("../../shell/osagent.fish"))
    }

    fn hook_auto(&self) -> &'static str {
        "set -g _osagent_auto 1\n"
    }
}
