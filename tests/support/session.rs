//! A D-Bus session and a gnome-keyring of a test's own, in a folder of its own. Nothing of the user's session is touched, and
//! both end when the test does. Needs Debian's `dbus` and `gnome-keyring`, and no rights; run by a uid that has no name, also
//! `libnss-wrapper`, for dbus-daemon turns nameless users away.

#![allow(dead_code, clippy::unwrap_used, reason = "included by several tests, each of which uses a part")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the login keyring of every session here is unlocked with.
pub(crate) const KEYRING_PASSWORD: &str = "open sesame";

const SECRETS: &str = "org.freedesktop.secrets";

/// Far more than a daemon needs to start, also on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A session bus at `DIR/bus`. It starts no service but those whose files lie in `DIR/services`.
#[derive(Debug)]
pub(crate) struct Bus {
    daemon: Child,
    pub(crate) address: String,
    directory: PathBuf,
}

impl Bus {
    /// Where the bus of this folder is, or will be.
    pub(crate) fn address_in(directory: &Path) -> String {
        format!("unix:path={}/bus", directory.display())
    }

    /// The variables that put a program into the session of this folder.
    pub(crate) fn environment_in(directory: &Path) -> [(&'static str, String); 3] {
        [
            ("DBUS_SESSION_BUS_ADDRESS", Bus::address_in(directory)),
            ("HOME", directory.join("home").display().to_string()),
            ("XDG_RUNTIME_DIR", directory.join("run").display().to_string()),
        ]
    }

    pub(crate) fn start(directory: &Path) -> Bus {
        for name in ["home", "run", "services"] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory.join(name)).unwrap();
        }
        let config = directory.join("bus.conf");
        fs::write(&config, config_text(directory)).unwrap();
        let mut daemon = named(in_session(Command::new("dbus-daemon"), directory), directory)
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed");
        // It prints its address when it can be connected to.
        let mut line = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("unix:"), "dbus-daemon did not start");
        Bus { daemon, address: Bus::address_in(directory), directory: directory.to_owned() }
    }

    /// Lets the bus start this program whenever somebody asks for a Secret Service. To be called before `start`.
    pub(crate) fn offer_service(directory: &Path, command: &str) {
        let services = directory.join("services");
        fs::create_dir_all(&services).unwrap();
        let text = format!("[D-BUS Service]\nName={SECRETS}\nExec={command}\n");
        fs::write(services.join(format!("{SECRETS}.service")), text).unwrap();
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        end(&mut self.daemon);
    }
}

/// A session bus with a gnome-keyring on it, whose login keyring is open.
#[derive(Debug)]
pub(crate) struct SecretService {
    pub(crate) address: String,
    provider: Option<Child>,
    bus: Bus,
}

impl SecretService {
    pub(crate) fn start(directory: &Path) -> SecretService {
        let bus = Bus::start(directory);
        let mut service = SecretService { address: bus.address.clone(), provider: None, bus };
        service.start_provider(Some(KEYRING_PASSWORD));
        service
    }

    /// Ends the running gnome-keyring and starts another on the same files: open with a password, locked without.
    pub(crate) fn restart(&mut self, password: Option<&str>) {
        self.stop_provider();
        self.start_provider(password);
    }

    pub(crate) fn stop_provider(&mut self) {
        if let Some(mut provider) = self.provider.take() {
            end(&mut provider);
        }
    }

    fn start_provider(&mut self, password: Option<&str>) {
        let has_owner = watch_for_owner(&self.address);
        let mut command = in_session(Command::new("gnome-keyring-daemon"), &self.bus.directory);
        command.args(["--foreground", "--components=secrets"]).stdout(Stdio::null());
        if password.is_some() {
            command.arg("--unlock").stdin(Stdio::piped());
        }
        let mut provider = command.spawn().expect("gnome-keyring-daemon is installed");
        if let Some(password) = password {
            provider.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        }
        self.provider = Some(provider);
        has_owner.recv_timeout(START_TIMEOUT).expect("gnome-keyring-daemon takes its name on the bus");
    }
}

impl Drop for SecretService {
    fn drop(&mut self) {
        self.stop_provider();
    }
}

/// A message comes when the Secret Service's name gets an owner. Listens already when it returns.
fn watch_for_owner(address: &str) -> mpsc::Receiver<()> {
    let connection = zbus::blocking::connection::Builder::address(address).unwrap().build().unwrap();
    let bus = zbus::blocking::fdo::DBusProxy::new(&connection).unwrap();
    let changes = bus.receive_name_owner_changed_with_args(&[(0, SECRETS)]).unwrap();
    let (sender, has_owner) = mpsc::channel();
    thread::spawn(move || {
        for change in changes {
            if change.args().unwrap().new_owner().is_some() {
                let _nobody_waits = sender.send(());
                return;
            }
        }
    });
    has_owner
}

fn in_session(mut command: Command, directory: &Path) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).envs(Bus::environment_in(directory));
    command.current_dir(directory).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Gives our uid a name in the eyes of this program, where it has none.
pub(crate) fn named(mut command: Command, directory: &Path) -> Command {
    let uid = fs::metadata(directory.join("run")).unwrap().uid().to_string();
    let known = Command::new("getent").args(["passwd", &uid]).stdout(Stdio::null()).status().unwrap();
    if !known.success() {
        let (users, groups) = (directory.join("passwd"), directory.join("group"));
        fs::write(&users, format!("tester:x:{uid}:{uid}::/nonexistent:/bin/sh\n")).unwrap();
        fs::write(&groups, format!("tester:x:{uid}:\n")).unwrap();
        command.env("LD_PRELOAD", "libnss_wrapper.so");
        command.env("NSS_WRAPPER_PASSWD", users).env("NSS_WRAPPER_GROUP", groups);
    }
    command
}

/// Some distributions' session.conf starts half a desktop; this one has the bus alone.
fn config_text(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}

fn end(child: &mut Child) {
    let _ended_already = child.kill();
    let _ended_already = child.wait();
}
