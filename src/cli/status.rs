//! `status`: what the agent holds, for whom, how long yet. It starts none.

use clap::Args;
use serde_json::json;

use super::{ask, duration, output, report};
use crate::wire::answer::{Held, Status as Answer};
use crate::wire::{Code, Failure, Op, Request};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent status\n  osagent status --json | jq '.tokens[].left_s'\n\n\
    Creations are counted here only: each start of `openstack` with OS_TOKEN makes one more, which osagent does not see.")]
pub(crate) struct Status {
    /// For programs
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(arguments: &Status) -> Result<(), Failure> {
    let status: Option<Answer> = ask::ask_running(&Request::new(Op::Status))?;
    if arguments.json {
        let agent = serde_json::to_value(&status)
            .map_err(|_| Failure::new(Code::Internal, "the status cannot be written as JSON"))?;
        return output::print_json(match status {
            Some(_) => agent,
            None => json!({ "pid": null, "tokens": [] }),
        });
    }
    let Some(status) = status else {
        return output::print("no agent is running; the first command that needs one starts it\n");
    };
    report::warnings(&status.warnings);
    output::print(&text(&status))
}

fn text(status: &Answer) -> String {
    let locked = if status.locked { ", LOCKED" } else { "" };
    let mut text = format!(
        "agent {} (release {}, protocol {}), up {}{locked}, at {}\n",
        status.pid,
        status.release,
        status.version,
        duration::words(status.up_s),
        status.socket
    );
    for part in &status.degraded {
        text.push_str(&format!("not hardened here: {part}\n"));
    }
    if status.tokens.is_empty() {
        text.push_str("no token is held\n");
    } else {
        let rows: Vec<Vec<String>> = status.tokens.iter().map(row).collect();
        text.push_str(&output::table(
            &["PROFILE", "USER", "SCOPE", "ENDS IN", "EXPIRES AT", "HANDED OUT"],
            &rows,
        ));
    }
    for creations in &status.creations {
        text.push_str(&format!(
            "{} of {} token creations in the last minute by {} at {} (`openstack` makes one more a command, uncounted)\n",
            creations.last_minute, creations.limit, creations.user, creations.auth_url
        ));
    }
    text
}

fn row(held: &Held) -> Vec<String> {
    let older = if held.superseded { " (older)" } else { "" };
    let profiles = format!("{}{older}", held.profiles.join(","));
    vec![
        profiles,
        held.user.clone(),
        held.scope.clone(),
        duration::words(held.left_s),
        held.expires_at.clone(),
        held.handed_out.to_string(),
    ]
}
