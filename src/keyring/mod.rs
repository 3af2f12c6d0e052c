//! Keyrings: where secrets rest. One file a keyring and one line in the table; [`worker`] runs a keyring on a thread of
//! its own, so that nothing ever waits for one without an end. Knows nothing of Keystone, and never writes a secret
//! anywhere but into the keyring that was asked for.

use std::path::PathBuf;

use crate::profile;
use crate::secret::Secret;

mod fault;
mod memory;
#[cfg(target_os = "linux")]
mod os;
#[cfg(target_os = "linux")]
mod probe;
mod watch;
mod worker;

pub use fault::{Cause, Fault};
pub use watch::Watch;
pub use worker::{LIMITS, Limits, Reply, Worker};

/// Every keyring there is. `auto` takes the first that answers; the last always does.
pub const KEYRINGS: &[Entry] = &[
    #[cfg(target_os = "linux")]
    Entry { name: os::NAME, make: os::make },
    Entry { name: memory::NAME, make: memory::make },
];

/// One line of the table.
#[derive(Debug)]
pub struct Entry {
    /// As in config.toml and in `add --keyring`.
    pub name: &'static str,
    /// Does nothing that can block: the keyring is opened when it is first used.
    pub make: fn(Setting) -> Box<dyn Keyring>,
}

pub fn named(name: &str) -> Option<&'static Entry> {
    KEYRINGS.iter().find(|entry| entry.name == name)
}

/// Moves a secret to where the agent keeps secrets: locked memory, or the heap where there is none.
pub type Lock = Box<dyn Fn(Secret) -> Secret + Send>;

/// What keyrings are made from; each takes what it needs.
pub struct Setting {
    pub bus: Bus,
    pub lock: Lock,
    /// Told what the keyring is about to wait for.
    pub watch: Watch,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("bus", &self.bus).finish_non_exhaustive()
    }
}

/// Where the session's D-Bus is. The store crate reads the same two variables from the process's own environment and
/// takes no others, so these must be the process's.
#[derive(Debug, Clone, Default)]
pub struct Bus {
    /// `$DBUS_SESSION_BUS_ADDRESS`.
    pub address: Option<String>,
    /// `$XDG_RUNTIME_DIR`, whose `bus` is tried when there is no address.
    pub runtime_dir: Option<PathBuf>,
}

/// What a secret rests under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub profile: profile::Name,
    /// The only Keystone that the secret may be shown to.
    pub origin: profile::Origin,
    /// For the label that a person sees in a keyring's own window.
    pub user: String,
    pub kind: Kind,
}

impl Item {
    pub fn label(&self) -> String {
        format!("osagent: {} ({} at {})", self.profile, self.user, self.origin.host())
    }
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Password,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Password => "password",
        }
    }
}

/// How a keyring stands, found out without ever prompting. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Ready {
        provider: String,
    },
    Locked {
        provider: String,
    },
    /// A provider without a place for secrets; using it would prompt to make one.
    NoCollection {
        provider: String,
    },
    /// There is a provider, but it does not answer.
    Silent {
        provider: String,
        waiting_for: String,
    },
    Absent {
        why: String,
    },
}

/// A place where secrets rest. Its calls block, and only `unlock` may prompt; [`perform`] calls them in the right order
/// and [`Worker`] bounds them.
pub trait Keyring: Send {
    /// As in the table.
    fn name(&self) -> &'static str;

    /// Never prompts.
    fn probe(&mut self) -> State;

    /// May prompt, and wait for the person as long as they take.
    fn unlock(&mut self) -> Result<(), Fault>;

    /// Stores or replaces.
    fn set(&mut self, item: &Item, secret: &Secret) -> Result<(), Fault>;

    /// `None` when there is no such item; [`Fault::OtherOrigin`] when it was made for another Keystone.
    fn get(&mut self, item: &Item) -> Result<Option<Secret>, Fault>;

    /// Whether there was one. The origin does not matter: who may remove a profile may remove its secret.
    fn remove(&mut self, item: &Item) -> Result<bool, Fault>;

    /// Drops what it holds in this process. After it the `memory` keyring is empty.
    fn forget(&mut self);

    /// Whether a secret stored now is still there when the agent has ended.
    fn survives_agent(&self) -> bool;
}

/// What a keyring is asked to do.
#[derive(Debug)]
pub enum Job {
    Probe,
    Set(Item, Secret),
    Get(Item),
    Remove(Item),
    Forget,
}

/// What came of it, each of its job.
#[derive(Debug)]
pub enum Done {
    Probed(State),
    Set,
    Got(Option<Secret>),
    Removed(bool),
    Forgotten,
}

/// Whether a person has been told that the keyring may ask them to unlock it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    Announced,
    Never,
}

/// One job on a keyring: looks how it stands first, so that nothing prompts that was not announced.
pub fn perform(keyring: &mut dyn Keyring, job: Job, prompt: Prompt) -> Result<Done, Fault> {
    match job {
        Job::Probe => Ok(Done::Probed(keyring.probe())),
        Job::Set(item, secret) => {
            make_ready(keyring, prompt)?;
            keyring.set(&item, &secret).map(|()| Done::Set)
        }
        Job::Get(item) => {
            make_ready(keyring, prompt)?;
            keyring.get(&item).map(Done::Got)
        }
        Job::Remove(item) => {
            make_ready(keyring, prompt)?;
            keyring.remove(&item).map(Done::Removed)
        }
        Job::Forget => {
            keyring.forget();
            Ok(Done::Forgotten)
        }
    }
}

fn make_ready(keyring: &mut dyn Keyring, prompt: Prompt) -> Result<(), Fault> {
    let name = keyring.name();
    match keyring.probe() {
        State::Ready { .. } => Ok(()),
        State::Locked { .. } if prompt == Prompt::Announced => keyring.unlock(),
        State::Locked { provider } => Err(Fault::Locked { keyring: name, provider }),
        State::NoCollection { provider } => Err(Fault::NoCollection { keyring: name, provider }),
        State::Silent { provider, waiting_for } => {
            Err(Fault::TimedOut { keyring: name, provider, waiting_for })
        }
        State::Absent { why } => Err(Fault::Absent { keyring: name, why }),
    }
}

/// Which keyring a new profile gets, and why, for `add` and `keyring` to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub keyring: &'static str,
    pub why: String,
}

/// What `auto` means, given how the machine's own keyring answered its probe.
pub fn choose(probed: &Result<State, Fault>) -> Choice {
    let memory = |why: String| Choice { keyring: memory::NAME, why };
    let own = KEYRINGS.first().map_or(memory::NAME, |entry| entry.name);
    match probed {
        Ok(State::Ready { provider }) => Choice { keyring: own, why: format!("{provider} answers") },
        Ok(State::Locked { provider }) => {
            Choice { keyring: own, why: format!("{provider} answers, and is locked") }
        }
        Ok(State::NoCollection { provider }) => {
            memory(format!("{provider} has no keyring to put secrets into, and would ask to make one"))
        }
        Ok(State::Silent { provider, waiting_for }) => {
            memory(format!("{provider} does not answer ({waiting_for})"))
        }
        Ok(State::Absent { why }) => memory(why.clone()),
        Err(fault) => memory(fault.to_string()),
    }
}
