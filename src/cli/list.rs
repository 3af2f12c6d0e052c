//! `list`: the profiles, one a line, the default one marked. It never asks the keyring.

use clap::Args;
use serde_json::json;

use super::{ask, output, report};
use crate::wire::answer::{Listed, Profiles};
use crate::wire::{Failure, Op, Request};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent list\n  osagent list --json | jq -r '.profiles[].name'")]
pub(crate) struct List {
    /// For programs
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(arguments: &List) -> Result<(), Failure> {
    let answer: Profiles = ask::ask(&mut Request::new(Op::Profiles))?;
    report::warnings(&answer.warnings);
    if arguments.json {
        return output::print_json(json!({ "profiles": answer.profiles }));
    }
    if answer.profiles.is_empty() {
        report::note("there is no profile yet; 'osagent add openrc.sh' makes one");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = answer.profiles.iter().map(row).collect();
    output::print(&output::table(&["", "PROFILE", "USER", "SCOPE", "REGION", "KEYRING"], &rows))
}

fn row(listed: &Listed) -> Vec<String> {
    let profile = &listed.profile;
    vec![
        if listed.default { "*" } else { "" }.to_owned(),
        profile.name.to_string(),
        profile.who(),
        profile.scope.describe(),
        profile.regions.join(","),
        listed.keyring.clone(),
    ]
}
