//! config.toml: read once, when the agent starts. A key that nobody knows is a mistake worth stopping for: a lock policy that
//! is misspelt must not be a lock policy that is off.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::limits;
use crate::host::files;
use crate::keyring;

/// A config.toml of all keys with long comments is under 8 KiB.
const CONFIG_LEN_MAX: usize = 256 * 1024;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub keyring: Keyring,
    pub limits: Limits,
    pub lock: Lock,
    pub audit: Audit,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keyring {
    /// A keyring's name, or `auto`.
    pub backend: String,
    /// How long the keyring may take to answer.
    pub timeout_s: u64,
    /// How long a person may take once the keyring asks them.
    pub prompt_s: u64,
}

impl Default for Keyring {
    fn default() -> Keyring {
        Keyring { backend: "auto".to_owned(), timeout_s: 2, prompt_s: 120 }
    }
}

impl Keyring {
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub creations_per_min: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { creations_per_min: limits::CREATIONS_PER_MIN }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lock {
    /// Without use for so long; 0: never.
    pub idle_s: u64,
    /// So long after the start or an unlock, used or not; 0: never.
    pub max_s: u64,
    /// When the machine sleeps.
    pub on_suspend: bool,
    /// When the desktop locks its screen.
    pub on_screen_lock: bool,
    /// When the user's last session ends.
    pub on_logout: bool,
    /// Each lock revokes at Keystone first.
    pub revoke: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// In bytes, of each of the two files; 0: no audit.
    pub len_max: u64,
}

impl Default for Audit {
    fn default() -> Audit {
        Audit { len_max: 1024 * 1024 }
    }
}

/// The lines of one busy second fit into a file of that length.
const AUDIT_LEN_LEAST: u64 = 64 * 1024;

/// A day; nobody waits longer, and no clock runs over.
const KEYRING_S_MAX: u64 = 86_400;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{}: line {line}: {reason}", path.display())]
    Text { path: PathBuf, line: usize, reason: String },
    #[error(transparent)]
    File(#[from] files::Fault),
}

/// The configuration; defaults where there is no file.
pub fn read(path: &Path) -> Result<Config, Fault> {
    let content = match files::read(path, CONFIG_LEN_MAX) {
        Ok(content) => content,
        Err(fault) if fault.is_not_found() => return Ok(Config::default()),
        Err(fault) => return Err(fault.into()),
    };
    let text = String::from_utf8_lossy(&content);
    parse(&text).map_err(|(line, reason)| Fault::Text { path: path.to_owned(), line, reason })
}

fn parse(text: &str) -> Result<Config, (usize, String)> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        (1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count(), one_line(error.message()))
    })?;
    let backend = &config.keyring.backend;
    let line_of =
        |key: &str| 1 + text.lines().position(|line| line.trim_start().starts_with(key)).unwrap_or(0);
    if backend != "auto" && keyring::named(backend).is_none() {
        let names: Vec<&str> = keyring::KEYRINGS.iter().map(|entry| entry.name).collect();
        return Err((line_of("backend"), format!("no such keyring; there are auto, {}", names.join(", "))));
    }
    if config.limits.creations_per_min == 0 {
        return Err((line_of("creations_per_min"), "a limit of 0 would allow no login at all".to_owned()));
    }
    if (1..AUDIT_LEN_LEAST).contains(&config.audit.len_max) {
        let why = format!("an audit is 0 bytes long (there is none), or at least {AUDIT_LEN_LEAST}");
        return Err((line_of("len_max"), why));
    }
    for (key, seconds) in [("timeout_s", config.keyring.timeout_s), ("prompt_s", config.keyring.prompt_s)] {
        if seconds == 0 {
            return Err((line_of(key), "a time-out of 0 s leaves the keyring no time".to_owned()));
        }
        if seconds > KEYRING_S_MAX {
            return Err((line_of(key), format!("a keyring is waited for {KEYRING_S_MAX} s at the most")));
        }
    }
    Ok(config)
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_has_its_default() {
        let config = parse("[limits]\ncreations_per_min = 12\n").unwrap();
        assert_eq!(config.limits.creations_per_min, 12);
        assert_eq!(config.keyring, Keyring::default());
    }

    #[test]
    fn a_bad_key_or_value_is_told_with_its_line() {
        assert_eq!(parse("# a comment\n[lock]\nrevoek = true\n").unwrap_err().0, 3);
        assert_eq!(parse("[keyring]\nbackend = \"kwalet\"\n").unwrap_err().0, 2);
        assert_eq!(parse("[keyring]\ntimeout_s = \"two\"\n").unwrap_err().0, 2);
        assert_eq!(parse("[limits]\ncreations_per_min = 0\n").unwrap_err().0, 2);
        assert_eq!(parse("[keyring]\n\nprompt_s = 0\n").unwrap_err().0, 3);
        assert!(parse("[keyring]\ntimeout_s = 86400\nprompt_s = 86400\n").is_ok());
        assert_eq!(parse("[audit]\nlen_max = 1000\n").unwrap_err().0, 2);
        assert!(parse("[audit]\nlen_max = 0\n").is_ok());
        assert_eq!(parse("[lock]\nidle_s = -1\n").unwrap_err().0, 2);
        assert_eq!(parse("[lock]\non_suspend = \"yes\"\n").unwrap_err().0, 2);
    }
}
