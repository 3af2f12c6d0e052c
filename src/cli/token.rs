//! `token`: the bare token on standard output.

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::{ask, options, output, report};
use crate::wire::{Failure, Op, answer};

#[derive(Debug, Default, Args)]
#[command(
    after_help = "Example:\n  curl -H \"X-Auth-Token: $(osagent token prod)\" https://image.example:9292/v2/images"
)]
pub(crate) struct Token {
    /// The profile; without one $OSAGENT_PROFILE, the default one, the only one
    pub profile: Option<String>,
    #[command(flatten)]
    pub options: options::Token,
    /// The token with expires_at, project_id and user_id
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(arguments: &Token) -> Result<(), Failure> {
    let profile = options::profile(arguments.profile.as_deref());
    let mut request = arguments.options.request(Op::Token, profile.as_deref());
    let answer: answer::Token = ask::ask(&mut request)?;
    report::warnings(&answer.warnings);
    if arguments.json {
        return output::print_json(json!({
            "token": answer.token,
            "expires_at": answer.expires_at,
            "expires_in_s": answer.left_s,
            "project_id": answer.project_id,
            "user_id": answer.user_id,
            "profile": answer.profile,
        }));
    }
    let mut line = Zeroizing::new(answer.token);
    line.push('\n');
    output::print(&line)
}
