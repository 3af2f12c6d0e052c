//! The peers: what people use today, each warm, in the same private home. One that is not installed is left out, and said so.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::fake::{Fake, Knobs};
use crate::home::{Home, which};
use crate::rounds::Timed;
use crate::session::SecretService;

pub(crate) const EMPTY: &str = "empty static binary (Rust)";
pub(crate) const BARE: &str = "empty static binary (C)";
pub(crate) const SSH: &str = "ssh-add -l";
pub(crate) const GIT: &str = "git credential-cache get";
const SECRET_TOOL: &str = "secret-tool lookup";
const OPENSTACK: &str = "openstack token issue";

/// It takes a second: a few runs say enough.
const OPENSTACK_RUNS: usize = 6;

/// Far more than any daemon here needs to start.
const START_WAIT: Duration = Duration::from_secs(10);

/// All that there are. They live as long as this does.
#[derive(Default)]
pub(crate) struct Peers {
    pub(crate) programs: Vec<Timed>,
    pub(crate) missing: Vec<String>,
    daemons: Vec<Daemon>,
    _session: Option<SecretService>,
}

impl Peers {
    pub(crate) fn start(home: &Home, keystone: &Fake, rounds: usize) -> Fallible<Peers> {
        let mut peers = Peers::default();
        peers.empty(home)?;
        peers.ssh(home)?;
        peers.git(home)?;
        peers.secret_tool(home)?;
        peers.openstack(home, keystone, rounds);
        Ok(peers)
    }

    fn lacks(&mut self, name: &str, programs: &[&str]) -> bool {
        let missing: Vec<&str> =
            programs.iter().copied().filter(|program| which(program).is_none()).collect();
        if !missing.is_empty() {
            self.missing.push(format!("{name}: {} is not installed", missing.join(", ")));
        }
        !missing.is_empty()
    }

    fn empty(&mut self, home: &Home) -> Fallible<()> {
        self.programs.push(Timed::new(EMPTY, home.command(empty(home)?)));
        if !self.lacks(BARE, &["cc"]) {
            let (source, program) = (home.path().join("bare.c"), home.path().join("bare"));
            fs::write(&source, "int main(void) { return 0; }\n")?;
            succeed(home.command("cc").args(["-O2", "-static", "-s", "-o"]).arg(&program).arg(&source))?;
            self.programs.push(Timed::new(BARE, home.command(program)));
        }
        Ok(())
    }

    /// An agent of its own with one key.
    fn ssh(&mut self, home: &Home) -> Fallible<()> {
        if self.lacks(SSH, &["ssh-agent", "ssh-add", "ssh-keygen"]) {
            return Ok(());
        }
        let (key, socket) = (home.path().join("key"), home.path().join("ssh.sock"));
        succeed(home.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
        self.daemons.push(Daemon::Child(home.command("ssh-agent").arg("-D").arg("-a").arg(&socket).spawn()?));
        wait_for(&socket)?;
        let ssh_add = |argument: &Path| {
            let mut command = home.command("ssh-add");
            command.env("SSH_AUTH_SOCK", &socket).arg(argument);
            command
        };
        succeed(&mut ssh_add(&key))?;
        self.programs.push(Timed::new(SSH, ssh_add(Path::new("-l"))));
        Ok(())
    }

    /// A cache of its own with one login.
    fn git(&mut self, home: &Home) -> Fallible<()> {
        if self.lacks(GIT, &["git"]) {
            return Ok(());
        }
        let (question, answer) = (home.path().join("question"), home.path().join("answer"));
        let url = "protocol=https\nhost=git.example\n";
        fs::write(&question, format!("{url}\n"))?;
        fs::write(&answer, format!("{url}username=ada\npassword=S3cret\n\n"))?;
        let socket = home.path().join("run/git.sock");
        let git = |verb: &str| {
            let mut command = home.command("git");
            command.args(["credential-cache", "--timeout", "36000", "--socket"]).arg(&socket).arg(verb);
            command
        };
        succeed(git("store").stdin(File::open(&answer)?))?;
        self.programs.push(Timed::new(GIT, git("get")).reading(question));
        self.daemons.push(Daemon::Ended(git("exit")));
        Ok(())
    }

    /// A session bus and a gnome-keyring of its own with one item.
    fn secret_tool(&mut self, home: &Home) -> Fallible<()> {
        if self.lacks(SECRET_TOOL, &["secret-tool", "gnome-keyring-daemon", "dbus-daemon"]) {
            return Ok(());
        }
        let service = SecretService::start(home.path());
        let secret = home.path().join("secret");
        fs::write(&secret, "S3cret")?;
        let secret_tool = |arguments: &[&str]| {
            let mut command = home.command("secret-tool");
            command
                .env("DBUS_SESSION_BUS_ADDRESS", &service.address)
                .args(arguments)
                .args(["service", "bench"]);
            command
        };
        succeed(secret_tool(&["store", "--label", "bench"]).stdin(File::open(&secret)?))?;
        self.programs.push(Timed::new(SECRET_TOOL, secret_tool(&["lookup"])));
        self._session = Some(service);
        Ok(())
    }

    /// The client that tests/run installs, with the password in its environment, at the same fake Keystone.
    fn openstack(&mut self, home: &Home, keystone: &Fake, rounds: usize) {
        let cache =
            std::env::var_os("OSAGENT_TEST_CACHE").map_or_else(|| "target/real".into(), PathBuf::from);
        let program = cache.join("clients-venv/bin/openstack");
        if !program.is_file() {
            self.missing.push(format!("{OPENSTACK}: tests/run has not installed {}", program.display()));
            return;
        }
        let knobs = Knobs::default();
        let mut command = home.command(program);
        command.env("OS_AUTH_URL", keystone.url()).env("OS_IDENTITY_API_VERSION", "3");
        command.env("OS_USERNAME", &knobs.user).env("OS_PASSWORD", &knobs.password);
        command.env("OS_USER_DOMAIN_NAME", "Default").env("OS_PROJECT_ID", &knobs.projects[0].id);
        command.args(["token", "issue"]);
        let every = rounds.div_ceil(OPENSTACK_RUNS).max(2);
        self.programs.push(Timed::new(OPENSTACK, command).every(every));
    }
}

/// A peer's daemon; it ends when dropped.
enum Daemon {
    Child(Child),
    /// One that is nobody's child here: this command ends it.
    Ended(Command),
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        match self {
            Daemon::Child(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Daemon::Ended(command) => drop(command.status()),
        }
    }
}

/// The empty program, built by this machine's own rustc.
pub(crate) fn empty(home: &Home) -> Fallible<PathBuf> {
    let program = home.path().join("empty");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/empty.rs");
    // Not in the private home: rustup's proxy looks for its toolchain in the user's.
    let mut rustc = Command::new("rustc");
    rustc.args([
        "--edition",
        "2024",
        "-C",
        "opt-level=3",
        "-C",
        "strip=symbols",
        "-C",
        "target-feature=+crt-static",
    ]);
    succeed(rustc.arg("-o").arg(&program).arg(source))?;
    Ok(program)
}

fn succeed(command: &mut Command) -> Fallible<()> {
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// Until somebody listens there.
fn wait_for(socket: &Path) -> Fallible<()> {
    let end = Instant::now() + START_WAIT;
    while UnixStream::connect(socket).is_err() {
        if Instant::now() > end {
            return Err(format!("nobody listens on {}", socket.display()).into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
