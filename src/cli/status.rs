//! `status`: what the agent holds, for whom, how long yet. It starts none.

use clap::Args;
use serde_json::json;

use super::{ask, duration, output, report};
use crate::wire::answer::{Audit, Audited, Held, Status as Answer};
use crate::wire::{Code, Failure, Op, Request};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent status\n  osagent status --json | jq '.tokens[].left_s'\n  osagent status --audit --since 8h\n\n\
    Creations are counted here only: each start of `openstack` with OS_TOKEN makes one more, which osagent does not see."
)]
pub(crate) struct Status {
    /// For programs
    #[arg(long)]
    pub json: bool,
    /// What was handed out, refused and taken away, to whom
    #[arg(long)]
    pub audit: bool,
    /// Not what is older than this: a length (90m, 2d), or a time in UTC (2026-11-22, 2026-11-22T10:00)
    #[arg(long, value_name = "TIME", requires = "audit")]
    pub since: Option<String>,
}

pub(crate) fn run(arguments: &Status) -> Result<(), Failure> {
    if arguments.audit {
        return audit(arguments);
    }
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

fn audit(arguments: &Status) -> Result<(), Failure> {
    let mut request = Request::new(Op::Audit);
    if let Some(since) = arguments.since.as_deref() {
        match duration::parse(since) {
            Ok(length) => request.since_s = Some(length.as_secs()),
            Err(_) => request.since = Some(since.to_owned()),
        }
    }
    let audit: Option<Audit> = ask::ask_running(&request)?;
    if let Some(audit) = &audit {
        report::warnings(&audit.warnings);
    }
    if arguments.json {
        let audit = serde_json::to_value(&audit)
            .map_err(|_| Failure::new(Code::Internal, "the audit cannot be written as JSON"))?;
        return output::print_json(if audit.is_null() { json!({ "entries": [] }) } else { audit });
    }
    let Some(audit) = audit else {
        return output::print("no agent is running; what there was of an audit is in its file\n");
    };
    if audit.entries.is_empty() {
        return output::print("nothing is in the audit\n");
    }
    let rows: Vec<Vec<String>> = audit.entries.iter().map(audited).collect();
    output::print(&output::table(&["TIME (UTC)", "WHAT", "PROFILE", "SCOPE", "TO", "OUTCOME"], &rows))
}

fn audited(line: &Audited) -> Vec<String> {
    let to = match (line.pid, line.comm.as_deref()) {
        (Some(pid), Some(comm)) => format!("{comm} ({pid})"),
        (Some(pid), None) => format!("({pid})"),
        (None, _) => String::new(),
    };
    let fate = if line.op == "handover" { "handed over" } else { "ended at Keystone" };
    let tokens = line.tokens.map(|count| format!(", {count} {fate}")).unwrap_or_default();
    let times = if line.times > 1 { format!(", {} times", line.times) } else { String::new() };
    let extra = if line.extra { ", extra" } else { "" };
    let why = if line.why.is_empty() { String::new() } else { format!(", {}", line.why) };
    vec![
        line.time.clone(),
        line.op.clone(),
        line.profile.clone().unwrap_or_default(),
        line.scope.clone().unwrap_or_default(),
        to,
        format!("{}{extra}{tokens}{why}{times}", line.code),
    ]
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
