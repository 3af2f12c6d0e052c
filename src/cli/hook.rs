//! `hook`: code for a shell's start-up file, and for direnv.

use clap::Args;

use super::{output, report};
use crate::shell;
use crate::wire::{Code, Failure};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  eval \"$(osagent hook bash)\"               # in ~/.bashrc\n  \
    eval \"$(osagent hook zsh --auto)\"         # in ~/.zshrc: the default profile in every shell\n  \
    osagent hook fish | source                # in ~/.config/fish/config.fish\n  \
    osagent hook direnv > ~/.config/direnv/lib/osagent.sh")]
pub(crate) struct Hook {
    /// bash, zsh, fish or direnv
    #[arg(value_name = "SHELL")]
    pub shell: String,
    /// Set the default profile's token in every new shell, without a 'use'
    #[arg(long)]
    pub auto: bool,
}

pub(crate) fn run(arguments: &Hook) -> Result<(), Failure> {
    let text = match arguments.shell.as_str() {
        "direnv" => Some(shell::DIRENV.to_owned()),
        name => shell::find(name).and_then(|shell| shell::hook(shell, arguments.auto)),
    };
    let text = text.ok_or_else(|| {
        let with_hook = shell::SHELLS.iter().filter(|shell| shell.hook().is_some());
        let names: Vec<&str> = with_hook.map(|shell| shell.names()[0]).chain(["direnv"]).collect();
        let text = format!("there is no hook for {:?}; there are {}", arguments.shell, names.join(", "));
        Failure::new(Code::Usage, text)
    })?;
    if output::is_terminal() {
        report::note("this is code for a start-up file; 'osagent hook --help' shows where it goes");
    }
    output::print(&text)
}
