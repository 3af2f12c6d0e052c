//! A private home: HOME and the XDG folders, an environment with nothing else in it, and its own links to the two binaries,
//! so that its agents can be told from those of the tests beside it. When it goes, its agents go.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::run::Run;
use crate::session::SecretService;

pub(crate) struct Home {
    /// Ends before its folder goes.
    secret_service: Option<SecretService>,
    dir: TempDir,
    env: BTreeMap<String, String>,
}

impl Home {
    /// A home without a session bus, as on a server.
    pub(crate) fn new() -> Home {
        let dir = TempDir::new().expect("a temporary folder");
        for name in ["home", "run", "config", "state", "bin"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        for (name, binary) in binaries() {
            fs::hard_link(binary, dir.path().join("bin").join(name)).unwrap();
        }
        let at = |name: &str| dir.path().join(name).display().to_string();
        let path = format!("{}:{}:/usr/bin:/bin", at("bin"), clients().display());
        let env = [
            ("HOME", at("home")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("XDG_CONFIG_HOME", at("config")),
            ("XDG_STATE_HOME", at("state")),
            ("PATH", path),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Home { secret_service: None, dir, env }
    }

    /// A home in a desktop session: a bus of its own, and on it a gnome-keyring that is open.
    pub(crate) fn with_secret_service() -> Home {
        let mut home = Home::new();
        let service = SecretService::start(home.all());
        home.set("DBUS_SESSION_BUS_ADDRESS", service.address.clone());
        home.secret_service = Some(service);
        home
    }

    /// HOME itself.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Everything of this home, the XDG folders too.
    pub(crate) fn all(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn runtime(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime().join("osagent/agent.sock")
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.insert(name.to_owned(), value.into());
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// A program in this home, with its environment and nothing else.
    pub(crate) fn run(&self, program: &str) -> Run {
        let program = match program.contains('/') {
            true => PathBuf::from(program),
            false => self.which(program),
        };
        Run::new(program).envs(&self.env).dir(&self.path())
    }

    pub(crate) fn osagent<A: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.run("osagent").args(args)
    }

    /// `script` in a shell of this home, which reads no start-up file.
    pub(crate) fn shell(&self, shell: &str, script: &str) -> Run {
        let quiet: &[&str] = match shell {
            "bash" => &["--norc", "--noprofile"],
            "zsh" => &["-f"],
            "fish" => &["--no-config"],
            "busybox" => &["sh"],
            _ => &[],
        };
        self.run(shell).args(quiet).arg("-c").arg(script)
    }

    /// What `secret-tool`, which knows nothing of us, finds under our service name: the secrets, in its own order.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let found = self.run("secret-tool").args(["search", "--all", "service", "osagent"]).done();
        let secrets = found.stdout.lines().filter_map(|line| line.strip_prefix("secret = "));
        secrets.map(str::to_owned).collect()
    }

    /// The agents that run for this home, by pid.
    pub(crate) fn agents(&self) -> Vec<u32> {
        self.processes("osagent-agent")
    }

    /// The one agent that runs for this home.
    #[track_caller]
    pub(crate) fn agent(&self) -> u32 {
        let agents = self.agents();
        assert_eq!(agents.len(), 1, "agents: {agents:?}");
        agents[0]
    }

    #[track_caller]
    pub(crate) fn kill_agent(&self) {
        let pid = self.agent();
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
        wait_gone(pid);
    }

    /// `argv[0]` stays readable when a process has made itself undumpable; its environment and its program do not.
    fn processes(&self, name: &str) -> Vec<u32> {
        let program = self.dir.path().join("bin").join(name);
        let program = program.as_os_str().as_encoded_bytes();
        let mut pids: Vec<u32> = pids()
            .filter(|pid| {
                let argv = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                argv.split(|byte| *byte == 0).next() == Some(program)
            })
            .collect();
        pids.sort_unstable();
        pids
    }

    fn which(&self, program: &str) -> PathBuf {
        let path = &self.env["PATH"];
        let found = path.split(':').map(|dir| Path::new(dir).join(program)).find(|path| path.exists());
        found.unwrap_or_else(|| panic!("{program} is not on {path}; tests/run installs what is missing"))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The agents first, while the bus that they hang on is still there.
        for pid in self.agents().into_iter().chain(self.processes("osagent")) {
            let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
        }
    }
}

/// Every process of this machine that can be seen.
pub(crate) fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("/proc is there");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Waits until the kernel has taken a killed process down. It is nobody's child here, so there is nothing to wait on.
pub(crate) fn wait_gone(pid: u32) {
    let is_there = || {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
            let state = stat.rsplit(')').next().unwrap_or("").trim_start().chars().next();
            state != Some('Z')
        })
    };
    crate::wait::until("a killed process is gone", || !is_there());
}

/// The folder of the real `openstack`.
pub(crate) fn clients() -> PathBuf {
    cache().join("clients-venv/bin")
}

/// Where tests/run keeps the Python environments and the prepared Keystone.
pub(crate) fn cache() -> PathBuf {
    match std::env::var_os("OSAGENT_TEST_CACHE") {
        Some(cache) => PathBuf::from(cache),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/real"),
    }
}

/// The binaries under test, copied once to where a home can link to them: the originals may belong to somebody else, whose
/// files the kernel does not let us link to.
fn binaries() -> [(&'static str, PathBuf); 2] {
    static COPIES: OnceLock<TempDir> = OnceLock::new();
    let originals =
        [("osagent", env!("CARGO_BIN_EXE_osagent")), ("osagent-agent", env!("CARGO_BIN_EXE_osagent-agent"))];
    let copies = COPIES.get_or_init(|| {
        let dir = TempDir::new().expect("a temporary folder");
        for (name, original) in originals {
            fs::copy(original, dir.path().join(name)).unwrap();
        }
        dir
    });
    originals.map(|(name, _)| (name, copies.path().join(name)))
}
