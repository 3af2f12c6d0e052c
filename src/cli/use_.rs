//! `use`: comes with the hook, for only the shell itself can change its environment. Without the hook: the line to eval.

use clap::Args;

use crate::wire::{Code, Failure};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent use prod\n  osagent use -              # what the shell had before\n  osagent use --off"
)]
pub(crate) struct Use {
    /// The profile, or - for what was there before
    #[arg(allow_hyphen_values = true)]
    pub profile: Option<String>,
}

pub(crate) fn run(arguments: &Use) -> Result<(), Failure> {
    let line = match arguments.profile.as_deref() {
        None => "eval $(osagent env)".to_owned(),
        Some("-" | "--off") => "eval $(osagent env --unset)".to_owned(),
        Some(profile) if profile.parse::<crate::profile::Name>().is_ok() => {
            format!("eval $(osagent env {profile})")
        }
        Some(_) => "eval $(osagent env NAME)".to_owned(),
    };
    let text = format!("'use' comes with the shell hook ('osagent hook --help'); without it: {line}");
    Err(Failure::new(Code::Usage, text))
}
