//! The agent whose Secret Service hangs, is locked, goes away in mid-call or is not there: the profile that needs it is refused
//! in bounded time with the cause's name, and the other profiles are served meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::rig::{PROFILE, Rig, adding};
use crate::session::Bus;
use crate::stand_ins::{Hangs, hung_provider, vanishing_provider};

/// Two tries of the agent's two seconds each, on a busy machine.
const BOUND: Duration = Duration::from_secs(20);

/// Rests in the Secret Service, as its file says; nobody had to put it there. Another user than the other profile's, whose token
/// would be traded.
const DESK: &str = "desk";

struct Scene {
    rig: Rig,
    bus: Bus,
}

impl Scene {
    fn new() -> Scene {
        let mut rig = Rig::cold();
        let folder = rig.home.all().join("desk");
        fs::create_dir(&folder).unwrap();
        let bus = Bus::start(&folder);
        rig.home.set("DBUS_SESSION_BUS_ADDRESS", bus.address.clone());
        write_profile(&rig);
        rig.start();
        rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
        Scene { rig, bus }
    }

    /// The one is refused for this cause while the other one is served.
    #[track_caller]
    fn check(&self, cause: &str) {
        let began = Instant::now();
        let asked = self.rig.home.osagent(["token", DESK]).start();
        self.rig.fresh();
        let refused = asked.done().failed(4);
        assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
        assert!(refused.stderr.contains(cause) && refused.stdout.is_empty(), "{cause}: {refused:#?}");
        self.rig.fresh();
        self.rig.home.agent();
    }
}

fn write_profile(rig: &Rig) {
    let folder: PathBuf = rig.home.all().join("config/osagent");
    fs::create_dir_all(folder.join("profiles")).unwrap();
    for folder in [&folder, &folder.join("profiles")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let text = format!(
        "format = 1\nkeyring = \"secret-service\"\nsecret_origin = \"{}\"\nauth_url = \"{}\"\nmethod = \"password\"\n\
         [user]\nname = \"grace\"\n[user.domain]\nname = \"Default\"\n\
         [scope.project]\nname = \"beta\"\n[scope.project.domain]\nname = \"Default\"\n",
        rig.fake.origin(),
        rig.fake.url(),
    );
    fs::write(folder.join("profiles/desk.toml"), text).unwrap();
}

fn is_here() -> bool {
    crate::shells::rigs::is_here("dbus-daemon")
}

#[test]
fn a_secret_service_that_hangs_costs_its_profile_a_deadline_and_the_others_nothing() {
    if !is_here() {
        return;
    }
    for hangs in [Hangs::AtOnce, Hangs::AfterTheProbe] {
        let scene = Scene::new();
        let _provider = hung_provider(&scene.bus.address, hangs);
        scene.check("did not answer in time");
    }
}

#[test]
fn a_secret_service_that_goes_away_in_mid_call_is_named_and_the_next_one_is_asked_anew() {
    if !is_here() {
        return;
    }
    let scene = Scene::new();
    for _ in 0..2 {
        let _provider = vanishing_provider(&scene.bus.address, false);
        scene.check("disconnected from message bus");
    }
}

#[test]
fn a_locked_secret_service_is_named_and_asks_nobody_who_was_not_told() {
    if !is_here() {
        return;
    }
    let scene = Scene::new();
    let _provider = vanishing_provider(&scene.bus.address, true);
    scene.check("is locked");
}

#[test]
fn a_bus_without_a_secret_service_and_no_bus_at_all_are_named() {
    if !is_here() {
        return;
    }
    let scene = Scene::new();
    scene.check("no program on the session D-Bus is a Secret Service");
    let Scene { rig, bus } = scene;
    drop(bus);
    let refused = rig.home.osagent(["token", DESK]).fails(4);
    assert!(refused.stderr.contains("no session D-Bus at unix:path="), "{refused:#?}");
    rig.fresh();
}
