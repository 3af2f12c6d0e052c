//! How the Secret Service stands, asked of the session bus itself. The home of `zbus`. `look` never prompts; `unlock` does,
//! and is called only when a person has been told so. It never sees a secret.

use std::io;
use std::time::Duration;

use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::{Bus, State, Watch};

/// How long a single call may take. Under the two seconds that a whole job has, so that the one who does not answer can
/// still be named.
const CALL_TIMEOUT: Duration = Duration::from_millis(1500);

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const SECRETS: &str = "org.freedesktop.secrets";
const SECRETS_PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";

/// The path that means "none" in the Secret Service API.
const NO_PATH: &str = "/";

/// What a provider is called as long as the bus does not say which program it is.
pub(super) const UNNAMED: &str = "the Secret Service";

pub(super) struct Probe {
    bus: Bus,
    watch: Watch,
}

/// Why an unlock brought nothing.
pub(super) enum Refusal {
    Dismissed,
    Failed(zbus::Error),
}

impl From<zbus::Error> for Refusal {
    fn from(error: zbus::Error) -> Refusal {
        Refusal::Failed(error)
    }
}

impl Probe {
    pub(super) fn new(bus: Bus, watch: Watch) -> Probe {
        Probe { bus, watch }
    }

    /// Name owner, then the default collection, then its lock. Connects anew each time: a bus may have come or gone.
    pub(super) fn look(&self) -> State {
        self.watch.provider(UNNAMED);
        let connection = match self.connect() {
            Ok(connection) => connection,
            Err(why) => return State::Absent { why },
        };
        if let Err(state) = self.find_provider(&connection) {
            return state;
        }
        let provider = || self.watch.note().provider;
        let looked = self.default_collection(&connection).and_then(|collection| match collection {
            Some(path) => self.is_locked(&connection, &path).map(Some),
            None => Ok(None),
        });
        match looked {
            Ok(Some(false)) => State::Ready { provider: provider() },
            Ok(Some(true)) => State::Locked { provider: provider() },
            Ok(None) => State::NoCollection { provider: provider() },
            Err(error) if is_timeout(&error) => self.silent(),
            Err(error) => State::Absent { why: format!("{} failed: {}", provider(), words(&error)) },
        }
    }

    /// Asks the provider to unlock the default collection, and waits for its prompt to be answered.
    pub(super) fn unlock(&self) -> Result<(), Refusal> {
        let connection = self.connect().map_err(zbus::Error::Failure)?;
        let collection = self.default_collection(&connection)?;
        let collection = collection.ok_or_else(|| zbus::Error::Failure("it has no keyring".to_owned()))?;
        self.watch.waits_for("its answer to Unlock");
        let reply = connection.call_method(
            Some(SECRETS),
            SECRETS_PATH,
            Some(SERVICE),
            "Unlock",
            &vec![collection],
        )?;
        let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) = reply.body().deserialize()?;
        if prompt.as_str() == NO_PATH {
            return Ok(());
        }
        // Listening starts before the prompt does, else the answer can come in between and is waited for in vain.
        let proxy = Proxy::new(&connection, SECRETS, prompt, PROMPT)?;
        let mut answers = proxy.receive_signal("Completed")?;
        self.watch.waits_for("a person to answer its password prompt");
        proxy.call_method("Prompt", &"")?;
        let answer = answers.next().ok_or_else(|| zbus::Error::Failure("it went away".to_owned()))?;
        let (was_dismissed, _): (bool, OwnedValue) = answer.body().deserialize()?;
        if was_dismissed { Err(Refusal::Dismissed) } else { Ok(()) }
    }

    fn connect(&self) -> Result<Connection, String> {
        let address = match (&self.bus.address, &self.bus.runtime_dir) {
            (Some(address), _) => address.clone(),
            (None, Some(directory)) => format!("unix:path={}/bus", directory.display()),
            (None, None) => return Err("no session D-Bus: its address is not in the environment".to_owned()),
        };
        self.watch.waits_for(&format!("the session D-Bus at {address}"));
        Builder::address(address.as_str())
            .and_then(|builder| builder.method_timeout(CALL_TIMEOUT).build())
            .map_err(|error| {
                // zbus repeats the address before it says what is wrong.
                let said = words(&error);
                let what = said.rsplit("`: ").next().unwrap_or(&said);
                format!("no session D-Bus at {address}: {what}")
            })
    }

    /// Finds out which program owns the name, and starts it where the bus knows how. Notes its name in the watch.
    fn find_provider(&self, connection: &Connection) -> Result<(), State> {
        self.watch.waits_for("the session D-Bus to say who it is");
        let owner = match self.ask_bus::<String>(connection, "GetNameOwner", SECRETS) {
            Ok(owner) => owner,
            Err(error) if is_timeout(&error) => return Err(self.silent()),
            Err(_) => {
                self.watch.waits_for("it to start");
                self.start_provider(connection)?;
                self.ask_bus(connection, "GetNameOwner", SECRETS).map_err(|error| State::Absent {
                    why: format!("{UNNAMED} ended as soon as it was started: {}", words(&error)),
                })?
            }
        };
        let pid = self.ask_bus::<u32>(connection, "GetConnectionUnixProcessID", &owner).ok();
        if let Some(name) = pid.and_then(program) {
            self.watch.provider(&name);
        }
        Ok(())
    }

    fn start_provider(&self, connection: &Connection) -> Result<(), State> {
        let started =
            connection.call_method(Some(BUS), BUS_PATH, Some(BUS), "StartServiceByName", &(SECRETS, 0u32));
        match started {
            Ok(_) => Ok(()),
            Err(error) if is_timeout(&error) => Err(self.silent()),
            Err(error) if is_unknown(&error) => {
                Err(State::Absent { why: "no program on the session D-Bus is a Secret Service".to_owned() })
            }
            Err(error) => {
                Err(State::Absent { why: format!("{UNNAMED} could not be started: {}", words(&error)) })
            }
        }
    }

    fn ask_bus<T>(&self, connection: &Connection, method: &str, name: &str) -> zbus::Result<T>
    where
        T: serde::de::DeserializeOwned + zbus::zvariant::Type,
    {
        let reply = connection.call_method(Some(BUS), BUS_PATH, Some(BUS), method, &name)?;
        reply.body().deserialize()
    }

    fn default_collection(&self, connection: &Connection) -> zbus::Result<Option<OwnedObjectPath>> {
        self.watch.waits_for("its answer to ReadAlias");
        let reply =
            connection.call_method(Some(SECRETS), SECRETS_PATH, Some(SERVICE), "ReadAlias", &"default")?;
        let path: OwnedObjectPath = reply.body().deserialize()?;
        Ok(Some(path).filter(|path| path.as_str() != NO_PATH))
    }

    fn is_locked(&self, connection: &Connection, collection: &OwnedObjectPath) -> zbus::Result<bool> {
        self.watch.waits_for("it to say whether it is locked");
        let asked = (COLLECTION, "Locked");
        let reply = connection.call_method(Some(SECRETS), collection, Some(PROPERTIES), "Get", &asked)?;
        let value: OwnedValue = reply.body().deserialize()?;
        match *value {
            Value::Bool(is_locked) => Ok(is_locked),
            _ => Err(zbus::Error::Failure("Locked is no yes or no".to_owned())),
        }
    }

    fn silent(&self) -> State {
        let note = self.watch.note();
        State::Silent { provider: note.provider, waiting_for: note.waiting_for }
    }
}

fn is_timeout(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::InputOutput(error) if error.kind() == io::ErrorKind::TimedOut)
}

fn is_unknown(error: &zbus::Error) -> bool {
    const UNKNOWN: &str = "org.freedesktop.DBus.Error.ServiceUnknown";
    matches!(error, zbus::Error::MethodError(name, _, _) if name.as_str() == UNKNOWN)
}

/// The bus's own sentence where it sent one: the error's name in front of it tells people nothing.
fn words(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(sentence), _) => sentence.clone(),
        zbus::Error::InputOutput(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// What a process is called: its `comm`, which the kernel cuts at 15 bytes, in full where its command line has it.
fn program(pid: u32) -> Option<String> {
    let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    let comm = comm.trim_end();
    let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let first = command.split('\0').next().unwrap_or("");
    let base = first.rsplit('/').next().unwrap_or("");
    let name = if base.starts_with(comm) { base } else { comm };
    Some(name.replace(char::is_control, "?"))
}
