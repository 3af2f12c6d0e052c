//! Where things lie: the agent's socket, the configuration, the state. Only names; nothing is opened or made here.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// `sockaddr_un` holds 108 bytes, the last a NUL.
pub const SOCKET_LEN_MAX: usize = 107;

/// How the name of a restricted socket ends.
const EXTRA: &str = "-extra.sock";

/// The folder that the agent's socket, locks and epoch file lie in, and the socket's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    pub path: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the socket's path {} is {len} bytes long, and a unix socket's may have {SOCKET_LEN_MAX}", path.display())]
    TooLong { path: PathBuf, len: usize },
    #[error("the socket's path {} is not absolute", path.display())]
    NotAbsolute { path: PathBuf },
    #[error("the socket's path {} names no file", path.display())]
    NoFile { path: PathBuf },
    #[error("no home folder is known: HOME is not set and this user has no entry in the user database")]
    NoHome,
}

impl Socket {
    /// `$OSAGENT_SOCK`, else `$XDG_RUNTIME_DIR/osagent/agent.sock`, else `/run/user/UID/…`, else `/tmp/osagent-UID/…`.
    pub fn find(variable: impl Fn(&str) -> Option<OsString>, uid: u32) -> Result<Socket, Fault> {
        let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path = if let Some(path) = set("OSAGENT_SOCK") {
            path
        } else if let Some(folder) = set("XDG_RUNTIME_DIR").filter(|folder| folder.is_absolute()) {
            folder.join("osagent/agent.sock")
        } else {
            let folder = PathBuf::from(format!("/run/user/{uid}"));
            if folder.is_dir() {
                folder.join("osagent/agent.sock")
            } else {
                PathBuf::from(format!("/tmp/osagent-{uid}/agent.sock"))
            }
        };
        let len = path.as_os_str().as_bytes().len();
        if !path.is_absolute() {
            return Err(Fault::NotAbsolute { path });
        }
        if path.file_name().is_none() {
            return Err(Fault::NoFile { path });
        }
        if len > SOCKET_LEN_MAX {
            return Err(Fault::TooLong { path, len });
        }
        Ok(Socket { path })
    }

    pub fn folder(&self) -> &Path {
        self.path.parent().expect("what names a file has a parent")
    }

    /// The restricted socket: `agent-extra.sock` beside `agent.sock`.
    pub fn extra(&self) -> PathBuf {
        let mut name = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(EXTRA);
        self.path.with_file_name(name)
    }

    /// Whether this is a restricted socket, which an agent has from elsewhere: none is started for it.
    pub fn is_extra(&self) -> bool {
        self.path.as_os_str().as_bytes().ends_with(EXTRA.as_bytes())
    }

    /// Held by the agent as long as it lives.
    pub fn agent_lock(&self) -> PathBuf {
        self.beside(".lock")
    }

    /// Held by the one client that starts an agent.
    pub fn start_lock(&self) -> PathBuf {
        self.beside(".start")
    }

    /// The number that shell hooks watch.
    pub fn epoch(&self) -> PathBuf {
        self.beside(".epoch")
    }

    /// The socket's whole name is in the other names, so that two sockets in one folder have nothing in common.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(ending);
        path.into()
    }
}

/// `$XDG_CONFIG_HOME/osagent`.
pub fn config() -> Result<PathBuf, Fault> {
    dirs::config_dir().map(|folder| folder.join("osagent")).ok_or(Fault::NoHome)
}

/// `$XDG_STATE_HOME/osagent`.
pub fn state() -> Result<PathBuf, Fault> {
    dirs::state_dir().or_else(dirs::data_local_dir).map(|folder| folder.join("osagent")).ok_or(Fault::NoHome)
}

/// The user's home folder.
pub fn home() -> Result<PathBuf, Fault> {
    dirs::home_dir().ok_or(Fault::NoHome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Result<Socket, Fault> {
        let variables: Vec<(String, OsString)> =
            variables.iter().map(|(name, value)| (name.to_string(), OsString::from(value))).collect();
        Socket::find(|name| variables.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()), 4_000_000_000)
    }

    #[test]
    fn the_socket_is_where_the_first_variable_that_is_set_says() {
        let both = [("OSAGENT_SOCK", "/a/b.sock"), ("XDG_RUNTIME_DIR", "/run/me")];
        assert_eq!(find(&both).unwrap().path, Path::new("/a/b.sock"));
        assert_eq!(find(&both[1..]).unwrap().path, Path::new("/run/me/osagent/agent.sock"));
        assert_eq!(find(&[]).unwrap().path, Path::new("/tmp/osagent-4000000000/agent.sock"));
    }

    #[test]
    fn the_restricted_socket_lies_beside_its_own() {
        let extra = |path: &str| Socket { path: path.into() }.extra();
        assert_eq!(extra("/run/me/agent.sock"), Path::new("/run/me/agent-extra.sock"));
        assert_eq!(extra("/run/me/b"), Path::new("/run/me/b-extra.sock"));
        assert!(Socket { path: extra("/run/me/agent.sock") }.is_extra());
        assert!(!Socket { path: "/run/me/agent.sock".into() }.is_extra());
    }

    #[test]
    fn a_path_that_no_socket_can_have_is_refused() {
        let long = format!("/{}", "x".repeat(SOCKET_LEN_MAX));
        assert!(matches!(find(&[("OSAGENT_SOCK", &long)]), Err(Fault::TooLong { len: 108, .. })));
        assert!(matches!(find(&[("OSAGENT_SOCK", "a.sock")]), Err(Fault::NotAbsolute { .. })));
        for path in ["/", "/run/..", "//"] {
            assert!(matches!(find(&[("OSAGENT_SOCK", path)]), Err(Fault::NoFile { .. })), "{path}");
        }
    }
}
