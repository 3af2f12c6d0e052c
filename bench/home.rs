//! A private home for what is measured: nothing of the user's is read or touched, and the environment is as large as that of
//! an ordinary shell, for every program that starts reads through it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Fallible;

pub(crate) const OSAGENT: &str = env!("CARGO_BIN_EXE_osagent");
pub(crate) const OSAGENT_AGENT: &str = env!("CARGO_BIN_EXE_osagent-agent");

/// As many variables as a desktop's terminal has beside those that are set here.
const OTHER_VARIABLES: usize = 25;

pub(crate) struct Home {
    dir: TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    pub(crate) fn new() -> Fallible<Home> {
        let dir = TempDir::new()?;
        for name in ["home", "run"] {
            fs::create_dir(dir.path().join(name))?;
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o700))?;
        }
        let at = |name: &str| dir.path().join(name).display().to_string();
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
        let own = [
            ("HOME", at("home")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("PATH", path),
            ("LANG", "C.UTF-8".into()),
        ];
        let others = (0..OTHER_VARIABLES).map(|n| (format!("VARIABLE_{n}"), "x".repeat(n)));
        let variables = own.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(others).collect();
        Ok(Home { dir, variables })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path().join("run/osagent/agent.sock")
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Called before an agent starts.
    pub(crate) fn configure(&self, text: &str) -> Fallible<()> {
        let folder = self.path().join("home/.config/osagent");
        fs::create_dir_all(&folder)?;
        for folder in [folder.as_path(), &self.path().join("home/.config")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        fs::write(folder.join("config.toml"), text)?;
        fs::set_permissions(folder.join("config.toml"), fs::Permissions::from_mode(0o600))?;
        Ok(())
    }

    /// A program in this home. It reads and says nothing.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Where a program lies, if it is installed.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}
