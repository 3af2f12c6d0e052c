//! What D-Bus tells of the desk: the machine is about to sleep, the screen is locked, the user has left. It listens and tells,
//! on a thread for each bus, and decides nothing. A bus that is not there is tried again, and said meanwhile.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// As long as logind waits for who delays a sleep, by its own default.
const DELAY: Duration = Duration::from_secs(5);

/// A bus that was not there may come: a desktop that starts after the agent. Looking costs a connect.
const RETRY: Duration = Duration::from_secs(30);

/// A single call; logind answers in milliseconds.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);

const SYSTEM_BUS: &str = "unix:path=/run/dbus/system_bus_socket";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The machine is about to sleep.
    Suspending,
    ScreenLocked,
    ScreenUnlocked,
    /// The user's last session has ended.
    LoggedOut,
}

/// What somebody wants to hear of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wants {
    pub suspend: bool,
    pub screen: bool,
    pub logout: bool,
}

/// The addresses of the buses; `None`: no such bus. `system` has a usual place.
#[derive(Debug, Clone)]
pub struct Buses {
    pub system: Option<String>,
    pub session: Option<String>,
}

impl Buses {
    /// With the system bus where it always is.
    pub fn with_session(session: Option<String>) -> Buses {
        Buses { system: Some(SYSTEM_BUS.to_owned()), session }
    }
}

/// Called on the listening thread. The machine's sleep waits until the sender is dropped, or for 5 s.
pub type Tell = Arc<dyn Fn(Event, SyncSender<()>) + Send + Sync>;

/// What cannot be listened to now, by the name of its bus, and why.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Faults {
    pub fn words(&self) -> Vec<String> {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().map(|(bus, why)| format!("locking by the {bus} D-Bus: {why}")).collect()
    }

    fn set(&self, bus: &'static str, why: Option<String>) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => drop(faults.insert(bus, why)),
            None => drop(faults.remove(bus)),
        }
    }
}

/// Listens from now on, to the end of the process. Without a wish no thread is started.
pub fn listen(wants: Wants, buses: Buses, uid: u32, tell: Tell) -> Faults {
    let faults = Faults::default();
    let start = |bus: &'static str, address: Option<String>, is_wanted: bool| {
        if !is_wanted {
            return;
        }
        let Some(address) = address else {
            return faults.set(bus, Some("its address is not in the environment".to_owned()));
        };
        let (tell, its_faults) = (Arc::clone(&tell), faults.clone());
        let run = move || loop {
            let why = bus::listen(bus, &address, wants, uid, &tell, &its_faults);
            its_faults.set(bus, Some(why));
            thread::sleep(RETRY);
        };
        if let Err(error) = thread::Builder::new().name(format!("{bus}-bus")).spawn(run) {
            faults.set(bus, Some(error.to_string()));
        }
    };
    start("system", buses.system, wants.suspend || wants.screen || wants.logout);
    start("session", buses.session, wants.screen);
    faults
}

/// Tells, and waits until what is done about it is done.
fn tell_and_wait(tell: &Tell, event: Event) {
    let (done, heard): (_, Receiver<()>) = sync_channel(1);
    tell(event, done);
    // Whether it was done or not, the machine may sleep now.
    let _ = heard.recv_timeout(DELAY);
}

#[cfg(target_os = "linux")]
mod bus {
    use zbus::Message;
    use zbus::blocking::connection::Builder;
    use zbus::blocking::{Connection, MessageIterator};
    use zbus::zvariant::{OwnedFd, OwnedObjectPath, OwnedValue};

    use super::{CALL_TIMEOUT, Event, Faults, Tell, Wants, tell_and_wait};

    const BUS: &str = "org.freedesktop.DBus";
    const BUS_PATH: &str = "/org/freedesktop/DBus";
    const LOGIND: &str = "org.freedesktop.login1";
    const LOGIND_PATH: &str = "/org/freedesktop/login1";
    const MANAGER: &str = "org.freedesktop.login1.Manager";
    const SESSION: &str = "org.freedesktop.login1.Session";

    /// Each is told of by the owner of its own name, under an interface that is called as the name is.
    const SCREEN_SAVERS: &[&str] = &["org.gnome.ScreenSaver", "org.freedesktop.ScreenSaver"];

    /// One that a person is in; lingering service managers have sessions of their own.
    const PERSONS_CLASS: &str = "user";

    /// Until the bus ends, and why it did.
    pub(super) fn listen(
        name: &str,
        address: &str,
        wants: Wants,
        uid: u32,
        tell: &Tell,
        faults: &Faults,
    ) -> String {
        let outcome = match name {
            "system" => system(address, wants, uid, tell, faults),
            _ => session(address, tell, faults),
        };
        match outcome {
            Ok(()) => "the connection ended".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn system(address: &str, wants: Wants, uid: u32, tell: &Tell, faults: &Faults) -> zbus::Result<()> {
        let connection = connect(address)?;
        let messages = MessageIterator::from(&connection);
        let rows = [
            (wants.suspend, MANAGER, "PrepareForSleep"),
            (wants.screen, SESSION, "Lock"),
            (wants.screen, SESSION, "Unlock"),
            (wants.logout, MANAGER, "SessionRemoved"),
        ];
        for (_, interface, member) in rows.into_iter().filter(|(is_wanted, ..)| *is_wanted) {
            subscribe(&connection, LOGIND, interface, member)?;
        }
        // Held while the machine is awake: it delays a sleep until we have locked.
        let mut inhibitor = if wants.suspend { Some(inhibit(&connection)?) } else { None };
        faults.set("system", None);
        for message in messages {
            let message = message?;
            let Some(member) = signal_of(&connection, &message, LOGIND) else { continue };
            match member.as_str() {
                "PrepareForSleep" if message.body().deserialize::<bool>()? => {
                    tell_and_wait(tell, Event::Suspending);
                    drop(inhibitor.take());
                }
                "PrepareForSleep" => inhibitor = inhibit(&connection).ok(),
                "Lock" if is_ours(&connection, &message, uid)? => tell_and_wait(tell, Event::ScreenLocked),
                "Unlock" if is_ours(&connection, &message, uid)? => {
                    tell_and_wait(tell, Event::ScreenUnlocked);
                }
                "SessionRemoved" if ours(&connection, uid)?.is_empty() => {
                    tell_and_wait(tell, Event::LoggedOut)
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn session(address: &str, tell: &Tell, faults: &Faults) -> zbus::Result<()> {
        let connection = connect(address)?;
        let messages = MessageIterator::from(&connection);
        for name in SCREEN_SAVERS {
            subscribe(&connection, name, name, "ActiveChanged")?;
        }
        faults.set("session", None);
        for message in messages {
            let message = message?;
            let is_told = SCREEN_SAVERS.iter().any(|name| signal_of(&connection, &message, name).is_some());
            if !is_told {
                continue;
            }
            let is_locked: bool = message.body().deserialize()?;
            tell_and_wait(tell, if is_locked { Event::ScreenLocked } else { Event::ScreenUnlocked });
        }
        Ok(())
    }

    fn connect(address: &str) -> zbus::Result<Connection> {
        Builder::address(address)?.method_timeout(CALL_TIMEOUT).build()
    }

    fn subscribe(connection: &Connection, sender: &str, interface: &str, member: &str) -> zbus::Result<()> {
        let rule = format!("type='signal',sender='{sender}',interface='{interface}',member='{member}'");
        connection.call_method(Some(BUS), BUS_PATH, Some(BUS), "AddMatch", &rule).map(drop)
    }

    /// The signal's name, if it comes from who owns the bus name: anybody can send one to us alone, past every rule.
    fn signal_of(connection: &Connection, message: &Message, owner: &str) -> Option<String> {
        let header = message.header();
        if header.message_type() != zbus::message::Type::Signal {
            return None;
        }
        let (sender, member) = (header.sender()?, header.member()?);
        let is_its_interface = header.interface().is_some_and(|name| name.starts_with(owner));
        let answer = connection.call_method(Some(BUS), BUS_PATH, Some(BUS), "GetNameOwner", &owner).ok()?;
        let is_its_owner = answer.body().deserialize::<String>().is_ok_and(|name| name == sender.as_str());
        (is_its_interface && is_its_owner).then(|| member.to_string())
    }

    fn inhibit(connection: &Connection) -> zbus::Result<OwnedFd> {
        let what = ("sleep", "osagent", "forgets tokens before the machine sleeps", "delay");
        let answer = connection.call_method(Some(LOGIND), LOGIND_PATH, Some(MANAGER), "Inhibit", &what)?;
        answer.body().deserialize()
    }

    /// The sessions in which this user is at work.
    fn ours(connection: &Connection, uid: u32) -> zbus::Result<Vec<OwnedObjectPath>> {
        type Row = (String, u32, String, String, OwnedObjectPath);
        let answer = connection.call_method(Some(LOGIND), LOGIND_PATH, Some(MANAGER), "ListSessions", &())?;
        let rows: Vec<Row> = answer.body().deserialize()?;
        let ours = rows.into_iter().filter(|(_, owner, ..)| *owner == uid).map(|(.., path)| path);
        Ok(ours.filter(|path| is_a_persons(connection, path)).collect())
    }

    fn is_a_persons(connection: &Connection, path: &OwnedObjectPath) -> bool {
        let properties = "org.freedesktop.DBus.Properties";
        let answer = connection.call_method(Some(LOGIND), path, Some(properties), "Get", &(SESSION, "Class"));
        let class = answer.ok().and_then(|answer| answer.body().deserialize::<OwnedValue>().ok());
        // A logind that does not say is an old one, with no other kind.
        class.and_then(|class| String::try_from(class).ok()).is_none_or(|class| class == PERSONS_CLASS)
    }

    fn is_ours(connection: &Connection, message: &Message, uid: u32) -> zbus::Result<bool> {
        let header = message.header();
        let path = header.path().map(|path| path.as_str().to_owned()).unwrap_or_default();
        Ok(ours(connection, uid)?.iter().any(|known| known.as_str() == path))
    }
}

#[cfg(not(target_os = "linux"))]
mod bus {
    pub(super) fn listen(
        _: &str,
        _: &str,
        _: super::Wants,
        _: u32,
        _: &super::Tell,
        _: &super::Faults,
    ) -> String {
        "this system has no D-Bus".to_owned()
    }
}
