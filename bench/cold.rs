//! A thousand clients at once and no token: how long the last of them waits, beside what Keystone itself takes, and how many
//! tokens are made.

use std::io::Write;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Fallible;
use crate::agent::{self, Agent};
use crate::fake::{Fake, Knobs, Seen};
use crate::home::{Home, OSAGENT, which};
use crate::session::SecretService;

const CLIENTS: usize = 1000;

/// Longer than a thousand processes take to start, so that all of them wait for the one answer.
const KEYSTONE_DELAY: Duration = Duration::from_secs(4);

pub(crate) fn run(out: &mut impl Write) -> Fallible<()> {
    writeln!(
        out,
        "\n## {CLIENTS} cold clients at once; Keystone takes {} s for a login\n",
        KEYSTONE_DELAY.as_secs()
    )?;
    let mut home = Home::new()?;
    let installed = ["gnome-keyring-daemon", "dbus-daemon"].iter().all(|program| which(program).is_some());
    let service = installed.then(|| SecretService::start(home.path()));
    if let Some(service) = &service {
        home.set("DBUS_SESSION_BUS_ADDRESS", service.address.clone());
    }
    let answered = Arc::new(Mutex::new(Instant::now()));
    let noting = Arc::clone(&answered);
    let watch = move |_: &Seen| *noting.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    let keystone = Fake::start_with(Knobs::default(), 0, Some(Box::new(watch)));
    let agent = Agent::start(&home)?;
    let keyring = if service.is_some() { "secret-service" } else { "memory" };
    agent.add(keyring, &agent::profile("prod", &keystone.url(), &Knobs::default().projects[0].id), true)?;
    agent.ask(&json!({"v": 1, "op": "revoke", "profile": "prod"}))?;
    keystone.turn(|knobs| knobs.delay = KEYSTONE_DELAY);
    let last = || *answered.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(out, "an agent runs, without a token: {}", storm(&home, &keystone, last)?)?;
    if service.is_some() {
        drop(agent);
        writeln!(out, "no agent runs: {}", storm(&home, &keystone, last)?)?;
        drop(Agent::running(&home)?);
    } else {
        writeln!(out, "not measured without an agent: no gnome-keyring to keep the secret")?;
    }
    Ok(())
}

fn storm(home: &Home, keystone: &Fake, answered: impl Fn() -> Instant) -> Fallible<String> {
    keystone.forget_requests();
    let began = Instant::now();
    let clients = (0..CLIENTS)
        .map(|_| home.command(OSAGENT).arg("token").spawn())
        .collect::<Result<Vec<Child>, _>>()?;
    let started = began.elapsed();
    let mut failed = 0;
    for mut client in clients {
        failed += usize::from(!client.wait()?.success());
    }
    let ended = Instant::now();
    Ok(format!(
        "all started after {:.2} s, keystone answered after {:.2} s, the last client ended {:.3} s later; {} creation(s), {failed} failed",
        started.as_secs_f64(),
        (answered() - began).as_secs_f64(),
        (ended - answered()).as_secs_f64(),
        keystone.creations(),
    ))
}
