//! The keyrings in use, each on its own thread, made when first asked. The bridge between their callbacks and our tasks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;

use super::config;
use crate::keyring::{self, Bus, Choice, Done, Fault, Job, Worker};
use crate::secret::Secret;

/// Moves a secret into the agent's own memory.
pub type Keeper = std::sync::Arc<dyn Fn(Secret) -> Secret + Send + Sync>;

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
            if !workers.contains_key(entry.name) {
                workers.insert(entry.name, self.start(entry)?);
            }
            let worker = &workers[entry.name];
            let reply = Box::new(move |outcome| drop(tell.send(outcome)));
            worker.ask(job, prompt, Duration::from_secs(seconds), reply);
        }
        told.await.unwrap_or(Err(Fault::Failed {
            keyring: entry.name,
            what: "its thread ended without an answer".to_owned(),
            cause: None,
        }))
    }

    fn start(&self, entry: &'static keyring::Entry) -> Result<Worker, Fault> {
        let (bus, keeper) = (self.bus.clone(), std::sync::Arc::clone(&self.keeper));
        let make = move |watch| {
            let keeper = std::sync::Arc::clone(&keeper);
            let lock: keyring::Lock = Box::new(move |secret| keeper(secret));
            (entry.make)(keyring::Setting { bus: bus.clone(), lock, watch })
        };
        Worker::start(make, keyring::LIMITS).map_err(|error| Fault::Failed {
            keyring: entry.name,
            what: "no thread could be started for it".to_owned(),
            cause: Some(error.into()),
        })
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

    /// Whether a keyring keeps a secret after the agent has gone.
    pub fn survives(&self, name: &str) -> bool {
        let Some(entry) = keyring::named(name) else { return false };
        let mut workers = self.workers.borrow_mut();
        if !workers.contains_key(entry.name) {
            match self.start(entry) {
                Ok(worker) => workers.insert(entry.name, worker),
                Err(_) => return false,
            };
        }
        workers[entry.name].survives_agent()
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
