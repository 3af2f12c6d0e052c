//! What an agent weighs: at rest, after a login, after a login over TLS with the secret from a keyring, with 1,000 tokens.

use std::io::Write;

use serde_json::json;

use crate::Fallible;
use crate::agent::{self, Agent, Memory};
use crate::fake::{Fake, Knobs, Project};
use crate::home::{Home, which};
use crate::session::SecretService;
use crate::tls;

const TOKENS: usize = 1000;

/// Resident, in KiB.
const REST_MAX: u64 = 3 * 1024;
const LOGIN_MAX: u64 = 7 * 1024;

pub(crate) fn run(out: &mut impl Write) -> Fallible<()> {
    writeln!(out, "\n## An agent's memory, KiB\n")?;
    writeln!(out, "{:<52}{:>10}{:>12}", "", "resident", "anonymous")?;
    let mut show = |name: &str, memory: Memory, max: Option<u64>| {
        let word = match max {
            Some(max) if memory.resident <= max => format!("  met: at most {max}"),
            Some(max) => format!("  MISSED: at most {max}"),
            None => String::new(),
        };
        writeln!(out, "{name:<52}{:>10}{:>12}{word}", memory.resident, memory.anonymous)
    };
    let home = Home::new()?;
    // A person's limit is below what is measured here.
    home.configure("[limits]\ncreations_per_min = 100000\n")?;
    let projects = (0..TOKENS).map(|n| Project::new(&format!("{n:032x}"), &format!("project-{n}"))).collect();
    let keystone = Fake::start(Knobs { projects, ..Knobs::default() });
    let agent = Agent::start(&home)?;
    show("at rest", agent.memory()?, Some(REST_MAX))?;
    for n in 0..TOKENS {
        agent.add(
            "memory",
            &agent::profile(&format!("p{n}"), &keystone.url(), &format!("{n:032x}")),
            n == 0,
        )?;
        if n == 0 {
            show("after one login over http", agent.memory()?, None)?;
        }
    }
    show("with 1,000 profiles and their tokens", agent.memory()?, None)?;
    drop(agent);
    let agent = Agent::start(&home)?;
    show("with 1,000 profiles, at rest", agent.memory()?, None)?;
    drop(agent);
    over_tls(&mut show)
}

fn over_tls(show: &mut impl FnMut(&str, Memory, Option<u64>) -> std::io::Result<()>) -> Fallible<()> {
    let mut home = Home::new()?;
    let installed = ["gnome-keyring-daemon", "dbus-daemon"].iter().all(|program| which(program).is_some());
    let service = installed.then(|| SecretService::start(home.path()));
    if let Some(service) = &service {
        home.set("DBUS_SESSION_BUS_ADDRESS", service.address.clone());
    }
    let mut profile = agent::profile("prod", &tls::start()?, &Knobs::default().projects[0].id);
    profile["tls"] = json!({"cacert": tls::ca()});
    let agent = Agent::start(&home)?;
    let keyring = if service.is_some() { "secret-service" } else { "memory" };
    agent.add(keyring, &profile, true)?;
    // The token goes and is made anew: the secret is read where it rests.
    agent.ask(&json!({"v": 1, "op": "revoke", "profile": "prod"}))?;
    agent.ask(&json!({"v": 1, "op": "token", "profile": "prod"}))?;
    let name = match service {
        Some(_) => "after logins over TLS and a Secret Service read",
        None => "after logins over TLS (no gnome-keyring here)",
    };
    show(name, agent.memory()?, Some(LOGIN_MAX))?;
    Ok(())
}
