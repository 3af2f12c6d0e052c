//! Real shells, with an empty environment and nothing on the PATH but what the test puts there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The full path of a shell; bash must be there, others may be.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let found = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists());
    assert!(found.is_some() || name != "bash", "these tests need bash");
    found
}

/// Sources `file` in its folder and runs `then`; `path` is all that there is on the PATH.
pub(crate) fn source(shell: &Path, file: &Path, path: &Path, home: &str, then: &str) -> Output {
    let name = shell.file_name().unwrap().to_str().unwrap();
    let quiet: &[&str] = match name {
        "bash" => &["--norc", "--noprofile"],
        "zsh" => &["-f"],
        "fish" => &["--no-config"],
        _ => &[],
    };
    let script = format!(". {}\n{then}", file.to_str().unwrap());
    Command::new(shell)
        .args(quiet)
        .args(["-c", &script])
        .env_clear()
        .env("HOME", home)
        .env("USER", "ada")
        .env("PATH", path)
        .current_dir(file.parent().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// An `osagent` that leaves a mark in the shell that evaluates what it prints.
pub(crate) fn stub_osagent(folder: &Path) {
    let path = folder.join("osagent");
    fs::write(&path, "#!/bin/sh\necho \"export OSAGENT_WAS_ASKED='$*';\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}
