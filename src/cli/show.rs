//! `show`: one profile, all of it. There is no secret in it.

use clap::Args;
use serde_json::json;

use super::{ask, options, output};
use crate::profile::{Profile, Reference, Scope};
use crate::wire::answer::Listed;
use crate::wire::{Code, Failure, Op, Request};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  osagent show prod")]
pub(crate) struct Show {
    /// The profile; without one $OSAGENT_PROFILE, the default one, the only one
    pub profile: Option<String>,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

pub(crate) fn run(arguments: &Show) -> Result<(), Failure> {
    let profile = options::profile(arguments.profile.as_deref());
    let listed: Listed = ask::ask(&mut Request::for_profile(Op::Show, profile.as_deref()))?;
    if arguments.json {
        let value = serde_json::to_value(&listed)
            .map_err(|_| Failure::new(Code::Internal, "the profile cannot be written as JSON"))?;
        return output::print_json(json!({ "profile": value }));
    }
    output::print(&lines(&listed))
}

fn lines(listed: &Listed) -> String {
    let profile = &listed.profile;
    let mut rows = vec![
        ("profile", format!("{}{}", profile.name, if listed.default { " (default)" } else { "" })),
        ("auth URL", profile.auth_url.clone()),
        ("login", "password".to_owned()),
        ("user", reference(&profile.user.user)),
    ];
    let mut push = |what, value: String| {
        if !value.is_empty() {
            rows.push((what, value));
        }
    };
    push("user domain", reference(&profile.user.domain));
    push("scope", profile.scope.describe());
    push_scope(profile, &mut push);
    push("regions", profile.regions.join(", "));
    push("interface", profile.interface.clone().unwrap_or_default());
    let tls = &profile.tls;
    for (what, path) in
        [("CA file", &tls.cacert), ("client certificate", &tls.cert), ("client key", &tls.key)]
    {
        push(what, path.as_ref().map(|path| path.display().to_string()).unwrap_or_default());
    }
    if tls.insecure {
        push("TLS", "NOT checked (OS_INSECURE): anybody on the way can read the password".to_owned());
    }
    push("forwarded", listed.allow_forward.as_deref().map(forwarded).unwrap_or_default());
    push("keyring", format!("{}, for {}", listed.keyring, listed.secret_origin));
    let line = |(what, value): &(&str, String)| format!("{what:<19}{}\n", super::report::clean(value));
    rows.iter().map(line).collect()
}

fn forwarded(until: &str) -> String {
    match until {
        "true" => "yes: the restricted socket gives its tokens".to_owned(),
        end => format!("the restricted socket gives its tokens until {end}"),
    }
}

fn push_scope(profile: &Profile, push: &mut impl FnMut(&'static str, String)) {
    match &profile.scope {
        Scope::Project { project, domain } => {
            push("project", reference(project));
            push("project domain", reference(domain));
        }
        Scope::Domain(domain) => push("domain", reference(domain)),
        Scope::System | Scope::Unscoped => {}
    }
}

fn reference(reference: &Reference) -> String {
    match (&reference.name, &reference.id) {
        (Some(name), Some(id)) => format!("{name} (id {id})"),
        (Some(name), None) => name.clone(),
        (None, Some(id)) => format!("id {id}"),
        (None, None) => String::new(),
    }
}
