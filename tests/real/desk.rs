//! What the desk tells over a real D-Bus: sleep, screen, logout. The buses are the test's own, and who tells is a stand-in.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use osagent::host::session::{Buses, Event, Faults, Wants, listen};
use tempfile::TempDir;
use zbus::blocking::Connection;

use crate::session::Bus;
use crate::stand_ins::{SESSIONS, logind, screen_saver};

const SOON: Duration = Duration::from_secs(20);
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const UID: u32 = 4711;

type Heard = mpsc::Receiver<(Event, mpsc::SyncSender<()>)>;

fn hear(bus: &Bus, wants: Wants) -> (Heard, Faults) {
    let (tell, heard) = mpsc::channel();
    let buses = Buses { system: Some(bus.address.clone()), session: Some(bus.address.clone()) };
    let tell = move |event, done| drop(tell.send((event, done)));
    (heard, listen(wants, buses, UID, Arc::new(tell)))
}

#[track_caller]
fn next(heard: &Heard) -> Event {
    heard.recv_timeout(SOON).expect("something is told").0
}

fn manager(logind: &Connection, member: &str, body: &(impl serde::Serialize + zbus::zvariant::DynamicType)) {
    logind.emit_signal(None::<&str>, "/org/freedesktop/login1", MANAGER, member, body).unwrap();
}

fn of_session(logind: &Connection, number: u32, member: &str) {
    logind.emit_signal(None::<&str>, format!("{SESSIONS}{number}"), SESSION, member, &()).unwrap();
}

#[test]
fn a_sleep_waits_until_the_agent_has_locked_itself() {
    let folder = TempDir::new().unwrap();
    let bus = Bus::start(folder.path());
    let (granted, delays) = mpsc::channel();
    let logind = logind(&bus.address, UID, &Arc::default(), granted);
    let (heard, _) = hear(&bus, Wants { suspend: true, ..Wants::default() });
    for _ in 0..2 {
        let mut delay = delays.recv_timeout(SOON).expect("a delay is asked for");
        manager(&logind, "PrepareForSleep", &true);
        let (event, done) = heard.recv_timeout(SOON).unwrap();
        assert_eq!(event, Event::Suspending);
        drop(done);
        assert_eq!(delay.read(&mut [0]).unwrap(), 0, "the delay is given back");
        // Awake again it takes another one.
        manager(&logind, "PrepareForSleep", &false);
    }
}

#[test]
fn the_screen_is_told_of_by_logind_for_our_own_sessions_and_by_screen_savers() {
    let folder = TempDir::new().unwrap();
    let bus = Bus::start(folder.path());
    let sessions = Arc::new(AtomicUsize::new(2));
    let logind = logind(&bus.address, UID, &sessions, mpsc::channel().0);
    let savers = ["org.gnome.ScreenSaver", "org.freedesktop.ScreenSaver"];
    let desks = savers.map(|name| (name, screen_saver(&bus.address, name)));
    let (heard, faults) = hear(&bus, Wants { screen: true, ..Wants::default() });
    // The first that is heard shows that it listens; what was told before is lost.
    crate::wait::until("it listens to logind", || {
        of_session(&logind, 1, "Lock");
        heard.recv_timeout(Duration::from_millis(200)).is_ok()
    });
    crate::wait::until("it listens to the session bus", || {
        let (name, desk) = &desks[0];
        desk.emit_signal(None::<&str>, "/org/gnome/ScreenSaver", *name, "ActiveChanged", &false).unwrap();
        let all: Vec<Event> = std::iter::from_fn(|| heard.recv_timeout(Duration::from_millis(200)).ok())
            .map(|(event, _)| event)
            .collect();
        all.contains(&Event::ScreenUnlocked)
    });
    of_session(&logind, 2, "Lock");
    assert_eq!(next(&heard), Event::ScreenLocked);
    // A neighbour's session, and somebody who only says that they are logind.
    of_session(&logind, 98, "Lock");
    let stranger =
        zbus::blocking::connection::Builder::address(bus.address.as_str()).unwrap().build().unwrap();
    of_session(&stranger, 1, "Lock");
    of_session(&logind, 2, "Unlock");
    assert_eq!(next(&heard), Event::ScreenUnlocked);
    for (name, desk) in &desks {
        for (is_locked, event) in [(true, Event::ScreenLocked), (false, Event::ScreenUnlocked)] {
            desk.emit_signal(None::<&str>, "/ScreenSaver", *name, "ActiveChanged", &is_locked).unwrap();
            assert_eq!(next(&heard), event, "{name}");
        }
    }
    assert!(faults.words().is_empty(), "{faults:?}");
}

#[test]
fn a_logout_is_the_end_of_the_last_session_that_a_person_is_in() {
    let folder = TempDir::new().unwrap();
    let bus = Bus::start(folder.path());
    let sessions = Arc::new(AtomicUsize::new(0));
    let logind = logind(&bus.address, UID, &sessions, mpsc::channel().0);
    let (heard, _) = hear(&bus, Wants { logout: true, ..Wants::default() });
    let removed = |number: u32| {
        let path = zbus::zvariant::ObjectPath::try_from(format!("{SESSIONS}{number}")).unwrap();
        manager(&logind, "SessionRemoved", &(number.to_string(), path));
    };
    crate::wait::until("it listens", || {
        removed(3);
        heard.recv_timeout(Duration::from_millis(200)).is_ok()
    });
    while heard.recv_timeout(Duration::from_millis(200)).is_ok() {}
    sessions.store(1, Ordering::SeqCst);
    removed(2);
    assert!(heard.recv_timeout(Duration::from_millis(500)).is_err(), "one session is left");
    sessions.store(0, Ordering::SeqCst);
    removed(1);
    assert_eq!(next(&heard), Event::LoggedOut);
}

#[test]
fn a_bus_that_is_not_there_is_named() {
    let buses = Buses { system: Some("unix:path=/nowhere/bus".to_owned()), session: None };
    let wants = Wants { screen: true, ..Wants::default() };
    let faults = listen(wants, buses, UID, Arc::new(|_, _| {}));
    crate::wait::until("both are named", || faults.words().len() == 2);
    let words = faults.words();
    assert!(words[0].starts_with("locking by the session D-Bus: its address is not"), "{words:?}");
    assert!(words[1].starts_with("locking by the system D-Bus: "), "{words:?}");
}

#[test]
fn an_agent_locks_itself_with_the_screen() {
    let mut home = crate::home::Home::new();
    let folder = TempDir::new().unwrap();
    let bus = Bus::start(folder.path());
    home.set("DBUS_SESSION_BUS_ADDRESS", bus.address.clone());
    let config = home.all().join("config/osagent");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), "[lock]\non_screen_lock = true\n").unwrap();
    home.osagent(["list"]).ok();
    let desk = screen_saver(&bus.address, "org.gnome.ScreenSaver");
    crate::wait::until("it is locked", || {
        let (path, name) = ("/org/gnome/ScreenSaver", "org.gnome.ScreenSaver");
        desk.emit_signal(None::<&str>, path, name, "ActiveChanged", &true).unwrap();
        home.osagent(["status"]).ok().stdout.contains("LOCKED")
    });
    let said = home.osagent(["status"]).ok().stdout;
    let is_deaf = said.contains("not hardened here: locking by the session D-Bus");
    assert!(!is_deaf, "{said}");
}
