//! The keyrings in use, each on its own thread, made when first asked. The bridge between their callbacks and our tasks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;

use super::config;
use crate::keyring::{self, Bus, Choice, Done, Fault, Job, Worker};
use crate::secret::Secret;

/// Makes the function that moves secrets into the agent's own memory; each keyring gets one.
pub type Keeper = Box<dyn Fn() -> keyring::Lock>;

pub struct Keyrings {
    config: config::Keyring,
    bus: Bus,
    keeper: Keeper,
    workers: RefCell<HashMap<&'static str, Worker>>,
}

impl std::fmt::Debug for Keyrings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyrings").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Keyrings {
    pub fn new(config: config::Keyring, bus: Bus, keeper: Keeper) -> Keyrings {
        Keyrings { config, bus, keeper, workers: RefCell::default() }
    }

    /// One job, within the configured time.
    pub async fn ask(&self, name: &str, job: Job, may_prompt: bool) -> Result<Done, Fault> {
        let Some(entry) = keyring::named(name) else {
            let why = format!("this osagent has no keyring {name:?}");
            return Err(Fault::Absent { keyring: "of the profile", why });
        };
        let seconds = if may_prompt { self.config.prompt_s } else { self.config.timeout_s };
        let prompt = if may_prompt { keyring::Prompt::Announced } else { keyring::Prompt::Never };
        let (tell, told) = oneshot::channel();
        {
            let mut workers = self.workers.borrow_mut();
            let worker = workers.entry(entry.name).or_insert_with(|| {
                let (bus, keeper) = (self.bus.clone(), (self.keeper)());
                Worker::start(entry, bus, keeper)
            });
            let reply = Box::new(move |outcome| drop(tell.send(outcome)));
            worker.ask(job, prompt, Duration::from_secs(seconds), reply);
        }
        told.await.unwrap_or(Err(Fault::Failed {
            keyring: entry.name,
            what: "its thread ended without an answer".to_owned(),
            cause: None,
        }))
    }

    /// The keyring for a new profile: as asked for, as configured, or what the machine has; and why.
    pub async fn choose(&self, asked: Option<&str>) -> Result<Choice, String> {
        let (name, why) = match asked {
            Some(name) => (name, "you asked for it"),
            None => (self.config.backend.as_str(), "config.toml says so"),
        };
        if name != "auto" {
            return keyring::named(name)
                .map(|entry| Choice { keyring: entry.name, why: why.to_owned() })
                .ok_or_else(|| {
                    let names: Vec<&str> = keyring::KEYRINGS.iter().map(|entry| entry.name).collect();
                    format!("there is no keyring {name:?}; there are {}", names.join(", "))
                });
        }
        let first = keyring::KEYRINGS.first().map_or("memory", |entry| entry.name);
        let probed = match self.ask(first, Job::Probe, false).await {
            Ok(Done::Probed(state)) => Ok(state),
            Ok(_) => unreachable!("a probe is answered with a state"),
            Err(fault) => Err(fault),
        };
        Ok(keyring::choose(&probed))
    }

    /// `lock`: what a keyring holds in this process goes.
    pub async fn forget(&self) {
        let names: Vec<&str> = self.workers.borrow().keys().copied().collect();
        for name in names {
            // A keyring that does not answer is on a thread that can do no more harm.
            let _ = self.ask(name, Job::Forget, false).await;
        }
    }
}

/// Whether a keyring keeps a secret after the agent has gone.
pub fn survives(name: &str) -> bool {
    name != "memory"
}

/// The secret in the agent's own memory.
pub fn keeper(arena: &std::sync::Arc<crate::host::locked::Arena>) -> Keeper {
    let arena = std::sync::Arc::clone(arena);
    Box::new(move || {
        let arena = std::sync::Arc::clone(&arena);
        Box::new(move |secret: Secret| arena.keep(secret))
    })
}
