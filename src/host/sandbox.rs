//! The agent's own fence, by Landlock where the kernel has it: what the agent never does, it cannot do either. Reads stay open,
//! and so do sockets and signals, for keyrings, name servers and certificates are anywhere. Never a reason not to run.

use std::fmt;
use std::path::Path;

/// How far the fence stands; `status` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Enforced,
    Partly(String),
    Unavailable(String),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Enforced => f.write_str("enforced"),
            Status::Partly(why) => write!(f, "partly: {why}"),
            Status::Unavailable(why) => write!(f, "not available: {why}"),
        }
    }
}

/// From now on this thread and all that it starts write nowhere but beneath `writable`, and run programs only if they
/// `may_execute`. The folders must exist. Call it before the first thread: threads that live already are not fenced in.
#[cfg(target_os = "linux")]
pub fn apply(writable: &[&Path], may_execute: bool) -> Status {
    use landlock::{LandlockStatus, RulesetStatus};

    match fence(writable, may_execute) {
        Ok(status) => match (status.ruleset, status.landlock) {
            (RulesetStatus::FullyEnforced, _) => Status::Enforced,
            (RulesetStatus::PartiallyEnforced, _) => {
                Status::Partly("this kernel's Landlock is older than Linux 6.2".to_owned())
            }
            (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
                Status::Unavailable("Landlock is off in this kernel".to_owned())
            }
            (RulesetStatus::NotEnforced, _) => Status::Unavailable(
                "this kernel has no Landlock, or a system call filter hides it".to_owned(),
            ),
        },
        Err(why) => Status::Unavailable(why),
    }
}

#[cfg(not(target_os = "linux"))]
pub fn apply(_writable: &[&Path], _may_execute: bool) -> Status {
    Status::Unavailable("this system has no Landlock".to_owned())
}

#[cfg(target_os = "linux")]
fn fence(writable: &[&Path], may_execute: bool) -> Result<landlock::RestrictionStatus, String> {
    use landlock::{ABI, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr};

    // Of the third form come all rights that write. Later forms add device ioctls and the reaching of sockets by their
    // path, and the latter would cut us off from the session bus.
    let writes = AccessFs::from_write(ABI::V3);
    let handled = if may_execute { writes } else { writes | AccessFs::Execute };
    let words = |error: &dyn fmt::Display| error.to_string();
    let beneath = |path: &Path, allowed: BitFlags<AccessFs>| {
        let folder = PathFd::new(path).map_err(|_| format!("{} cannot be opened", path.display()))?;
        Ok::<_, String>(PathBeneath::new(folder, allowed))
    };

    let mut ruleset =
        Ruleset::default().handle_access(handled).and_then(Ruleset::create).map_err(|error| words(&error))?;
    for folder in writable {
        ruleset = ruleset.add_rule(beneath(folder, writes)?).map_err(|error| words(&error))?;
    }
    let null = AccessFs::WriteFile | AccessFs::Truncate;
    ruleset = ruleset.add_rule(beneath(Path::new("/dev/null"), null)?).map_err(|error| words(&error))?;
    ruleset.restrict_self().map_err(|error| words(&error))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, ToSocketAddrs};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
    use std::process::{Command, Stdio};

    use super::super::process::{self, alone};
    use super::*;

    fn denied<T: fmt::Debug>(result: std::io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    /// Whether the fence stands; where the kernel has none there is nothing to test, and the test says so.
    fn stands(status: &Status) -> bool {
        if let Status::Unavailable(why) = status {
            eprintln!("NOT TESTED: Landlock is not available: {why}");
        }
        !matches!(status, Status::Unavailable(_))
    }

    #[test]
    fn nothing_is_written_outside_the_folders_and_nothing_is_run() {
        if !alone::is_alone("host::sandbox::tests::nothing_is_written_outside_the_folders_and_nothing_is_run")
        {
            return;
        }
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let theirs = outside.path().join("theirs");
        fs::write(&theirs, "text").unwrap();
        if !stands(&apply(&[inside.path()], false)) {
            return;
        }
        let ours = inside.path().join("folder");
        fs::create_dir(&ours).unwrap();
        fs::write(ours.join("new"), "text").unwrap();
        fs::rename(ours.join("new"), inside.path().join("old")).unwrap();
        fs::remove_file(inside.path().join("old")).unwrap();
        drop(UnixListener::bind(ours.join("socket")).unwrap());

        assert!(denied(fs::write(outside.path().join("new"), "text")));
        assert!(denied(File::options().append(true).open(&theirs)));
        assert!(denied(File::create(&theirs)));
        assert!(denied(fs::remove_file(&theirs)));
        assert!(denied(fs::rename(&theirs, ours.join("theirs"))));
        assert!(denied(fs::create_dir(outside.path().join("folder"))));
        assert!(denied(UnixListener::bind(outside.path().join("socket"))));
        assert!(denied(Command::new("/bin/true").status()));
        let of_a_thread = std::thread::spawn(move || denied(File::create(&theirs)));
        assert!(of_a_thread.join().unwrap(), "a later thread is fenced in as well");
    }

    #[test]
    fn reading_sockets_names_and_signals_stay_open() {
        if !alone::is_alone("host::sandbox::tests::reading_sockets_names_and_signals_stay_open") {
            return;
        }
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = outside.path().join("bus");
        let _bus = UnixListener::bind(&path).unwrap();
        let name = SocketAddr::from_abstract_name(format!("osagent-test-{}", process::pid())).unwrap();
        let _abstract_bus = UnixListener::bind_addr(&name).unwrap();
        let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        apply(&[inside.path()], false);

        fs::read_dir("/etc").unwrap();
        fs::read_to_string("/proc/self/status").unwrap();
        fs::write("/dev/null", "text").unwrap();
        UnixStream::connect(&path).unwrap();
        UnixStream::connect_addr(&name).unwrap();
        TcpStream::connect(server.local_addr().unwrap()).unwrap();
        ("localhost", 5000).to_socket_addrs().unwrap();
        process::terminate(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn programs_run_where_they_may() {
        if !alone::is_alone("host::sandbox::tests::programs_run_where_they_may") {
            return;
        }
        let inside = tempfile::tempdir().unwrap();
        apply(&[inside.path()], true);
        assert!(Command::new("/bin/true").status().unwrap().success());
    }

    #[test]
    fn a_folder_that_is_not_there_leaves_the_agent_unfenced_and_says_so() {
        let status = apply(&[Path::new("/nonexistent/osagent")], false);
        let words = status.to_string();
        assert!(words.starts_with("not available: ") && words.contains("/nonexistent/osagent"), "{words}");
    }
}
