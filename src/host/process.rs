//! The process itself: who runs it, who its peer and its parents are, and how it shuts itself off from what it
//! inherited. The home of `nix`. It must never decide what to do about what it finds: it reports, the caller decides.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{self, Pid};

/// The user whose rights we have.
pub fn uid() -> u32 {
    unistd::geteuid().as_raw()
}

pub fn pid() -> i32 {
    unistd::getpid().as_raw()
}

/// Who is at the other end of a connected socket, as the kernel noted it when the connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub uid: u32,
    /// For people only: a pid can be used again by another process. `None` where the kernel does not tell, or where
    /// the peer lives in a pid namespace that we cannot see.
    pub pid: Option<i32>,
}

#[cfg(target_os = "linux")]
pub fn peer(stream: &impl AsFd) -> io::Result<Peer> {
    let credentials = nix::sys::socket::getsockopt(stream, nix::sys::socket::sockopt::PeerCredentials)?;
    Ok(Peer { uid: credentials.uid(), pid: Some(credentials.pid()).filter(|pid| *pid > 0) })
}

#[cfg(not(target_os = "linux"))]
pub fn peer(stream: &impl AsFd) -> io::Result<Peer> {
    let (uid, _) = unistd::getpeereid(stream)?;
    Ok(Peer { uid: uid.as_raw(), pid: None })
}

/// Programs that stand between a shell and us without being one.
const WRAPPERS: &[&str] = &["sudo", "doas", "env", "time", "timeout", "direnv", "watch"];

/// How far up we look for a shell; a chain of wrappers this long is none that a person typed.
const CLIMB_MAX: usize = 8;

/// The name of the program that called us, wrappers such as `sudo` and `time` left out: `bash`, `fish`, or whatever
/// it is. `None` where the kernel does not tell.
pub fn shell_of_parent() -> Option<String> {
    climb(parent(), name_of, |pid| {
        parent_in_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    })
}

/// As the kernel has it, cut after 15 bytes, in one read: every prompt may come here.
pub fn name_of(pid: i32) -> Option<String> {
    let mut comm = [0; 64];
    let len = File::open(format!("/proc/{pid}/comm")).ok()?.read(&mut comm).ok()?;
    Some(std::str::from_utf8(&comm[..len]).ok()?.trim_end().to_owned())
}

/// Who started us: the shell, for what a shell runs.
pub fn parent() -> i32 {
    unistd::getppid().as_raw()
}

/// When the process began, since boot, sleep included. `None` where the kernel does not tell.
pub fn started(pid: i32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    // The 22nd field of all; the name is the second.
    let ticks: u64 = after_name.split_whitespace().nth(19)?.parse().ok()?;
    let a_second = unistd::sysconf(unistd::SysconfVar::CLK_TCK).ok()??;
    Some(Duration::from_secs_f64(ticks as f64 / a_second as f64))
}

/// Whose parent a process is matters only behind a wrapper.
fn climb(
    from: i32,
    name: impl Fn(i32) -> Option<String>,
    parent: impl Fn(i32) -> Option<i32>,
) -> Option<String> {
    let mut pid = from;
    for _ in 0..CLIMB_MAX {
        let comm = name(pid)?;
        if !WRAPPERS.contains(&comm.as_str()) {
            return Some(comm);
        }
        pid = parent(pid)?;
    }
    None
}

/// The fourth field of /proc/PID/stat, counted from the last `)`, since the name before it may hold anything.
fn parent_in_stat(stat: &str) -> Option<i32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

/// A protection that this machine did not grant. The agent runs all the same, and says it in `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degraded {
    pub what: &'static str,
    pub why: String,
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl Degraded {
    fn of(what: &'static str, result: nix::Result<()>) -> Option<Degraded> {
        result.err().map(|errno| Degraded { what, why: errno.desc().to_owned() })
    }
}

/// What the agent does to itself first of all, before any thread: files are ours alone, no core is written, no process
/// of the same user reads our memory, and as many connections are allowed as the machine allows.
pub fn harden_agent() -> Vec<Degraded> {
    umask(Mode::from_bits_truncate(0o077));
    let steps = [
        Degraded::of("core dumps are not forbidden", setrlimit(Resource::RLIMIT_CORE, 0, 0)),
        hide_memory(),
        Degraded::of("the limit on open files was not raised", raise_open_files()),
    ];
    steps.into_iter().flatten().collect()
}

/// What the client does to itself. No more than this, for exec resets it and CMD inherits nothing.
pub fn harden_client() -> Option<Degraded> {
    hide_memory()
}

#[cfg(target_os = "linux")]
fn hide_memory() -> Option<Degraded> {
    const WHAT: &str = "memory is not hidden from other processes of this user";
    Degraded::of(WHAT, nix::sys::prctl::set_dumpable(false))
}

#[cfg(not(target_os = "linux"))]
fn hide_memory() -> Option<Degraded> {
    None
}

fn raise_open_files() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
}

/// How many descriptors this process may have open. Where the kernel does not tell, as few as every system grants.
pub fn open_files_max() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(256, |(soft, _)| soft);
    soft.try_into().unwrap_or(usize::MAX)
}

/// Where the kernel lists our open descriptors: Linux, then macOS and the BSDs.
const DESCRIPTOR_LISTS: &[&str] = &["/proc/self/fd", "/dev/fd"];

/// How far to close blindly where the kernel lists none; no program that starts us holds higher ones.
const BLIND_DESCRIPTOR_MAX: RawFd = 65_536;

/// Closes every descriptor from 3 on that is not in `keep`: what we inherited would keep pipes of the caller open, and
/// `eval $(…)` would wait for them for ever. Call it first of all; descriptors that the program itself has opened
/// close too.
pub fn close_inherited(keep: &[RawFd]) {
    let listed = DESCRIPTOR_LISTS.iter().find_map(|list| open_descriptors(list).ok());
    let all = listed.unwrap_or_else(|| (3..blind_end()).collect());
    for descriptor in all.into_iter().filter(|descriptor| *descriptor > 2 && !keep.contains(descriptor)) {
        // The one that listed them is among them and closed already.
        let _closed_already = unistd::close(descriptor);
    }
}

fn open_descriptors(list: &str) -> io::Result<Vec<RawFd>> {
    let names = std::fs::read_dir(list)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.parse().ok()).collect())
}

fn blind_end() -> RawFd {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    RawFd::try_from(soft).unwrap_or(BLIND_DESCRIPTOR_MAX).min(BLIND_DESCRIPTOR_MAX)
}

/// A session of our own: no terminal, and none of its signals. Fails for the leader of a process group.
pub fn new_session() -> io::Result<()> {
    unistd::setsid()?;
    Ok(())
}

/// Out of the caller's folder, so that it can be unmounted or removed.
pub fn leave_directory() -> io::Result<()> {
    Ok(unistd::chdir("/")?)
}

/// Whether this terminal is ours to ask on: we are in its foreground process group.
pub fn is_foreground(terminal: impl AsFd) -> bool {
    unistd::tcgetpgrp(terminal).is_ok_and(|group| group == unistd::getpgrp())
}

/// Whether a process of this number exists.
pub fn is_alive(pid: i32) -> bool {
    pid > 0 && matches!(kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM))
}

/// Asks a process to end. One that has ended already is success.
pub fn terminate(pid: i32) -> io::Result<()> {
    if pid <= 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no process has this number"));
    }
    match kill(Pid::from_raw(pid), Signal::SIGTERM) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Lets go of standard output: whoever reads it sees its end, and later writes go nowhere.
pub fn close_stdout() -> io::Result<()> {
    let null = File::options().write(true).open("/dev/null")?;
    Ok(unistd::dup2_stdout(null)?)
}

/// For tests of what changes the whole process: they run in one of their own.
#[cfg(test)]
pub(super) mod alone {
    use std::process::Command;

    const ALONE: &str = "OSAGENT_TEST_ALONE";

    /// Whether this is that process. Elsewhere it runs this test binary again, at the same test, and sees it pass.
    pub(in super::super) fn is_alone(test: &str) -> bool {
        if std::env::var_os(ALONE).is_some() {
            return true;
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(ALONE, "yes")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}\n{complained}");
        eprint!("{complained}");
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::IntoRawFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    /// A chain of processes: pid 10 is our parent, each one's parent is the next.
    fn shell_under(chain: &[&str]) -> Option<String> {
        let name = |pid| Some((*chain.get(usize::try_from(pid - 10).ok()?)?).to_owned());
        climb(10, name, |pid| Some(pid + 1))
    }

    #[test]
    fn wrappers_are_climbed_past() {
        assert_eq!(shell_under(&["fish"]).as_deref(), Some("fish"));
        assert_eq!(shell_under(&["time", "sudo", "zsh", "bash"]).as_deref(), Some("zsh"));
        assert_eq!(shell_under(&["python3", "bash"]).as_deref(), Some("python3"));
    }

    #[test]
    fn an_endless_chain_of_wrappers_ends() {
        assert_eq!(climb(10, |_| Some("sudo".to_owned()), Some), None);
        assert_eq!(shell_under(&["sudo"]), None);
    }

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        assert_eq!(parent_in_stat("42 (a) b) (c) S 17 42 42 0"), Some(17));
        assert_eq!(parent_in_stat("42 (sh"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_names_our_parent() {
        let parent = unistd::getppid();
        let comm = std::fs::read_to_string(format!("/proc/{parent}/comm")).unwrap();
        if !WRAPPERS.contains(&comm.trim_end()) {
            assert_eq!(shell_of_parent().as_deref(), Some(comm.trim_end()));
        }
    }

    #[test]
    fn both_ends_of_a_pair_are_ourselves() {
        let (one, other) = UnixStream::pair().unwrap();
        for end in [&one, &other] {
            let peer = peer(end).unwrap();
            assert_eq!(peer.uid, uid());
            assert!(peer.pid.is_none_or(|peer_pid| peer_pid == pid()));
        }
    }

    #[test]
    fn an_ended_process_is_not_alive_and_is_ended_already() {
        assert!(is_alive(pid()));
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let number = i32::try_from(child.id()).unwrap();
        assert!(is_alive(number));
        terminate(number).unwrap();
        child.wait().unwrap();
        assert!(!is_alive(number));
        terminate(number).unwrap();
        assert!(terminate(0).is_err() && terminate(-1).is_err());
    }

    #[test]
    fn a_pipe_is_no_terminal_to_ask_on() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(!is_foreground(&one));
    }

    #[test]
    fn inherited_descriptors_are_closed_and_kept_ones_stay() {
        let (first, second) = UnixStream::pair().unwrap();
        // A duplicate made this way is inherited by the next program, as a careless caller's descriptors are.
        let (kept, lost) = (unistd::dup(&first).unwrap(), unistd::dup(&second).unwrap());
        if alone::is_alone("host::process::tests::inherited_descriptors_are_closed_and_kept_ones_stay") {
            let (kept, lost) = (kept.into_raw_fd(), lost.into_raw_fd());
            let (first, second) = (first.into_raw_fd(), second.into_raw_fd());
            let inherited = open_descriptors(DESCRIPTOR_LISTS[0]).unwrap();
            assert!(
                inherited.iter().filter(|open| **open > 2).count() >= 6,
                "the caller's and ours: {inherited:?}"
            );
            close_inherited(&[kept]);
            let left: Vec<RawFd> = inherited.into_iter().filter(|descriptor| is_open(*descriptor)).collect();
            assert_eq!(left, [0, 1, 2, kept], "{first} {second} {lost} were open");
        }
    }

    fn is_open(descriptor: RawFd) -> bool {
        std::fs::read_link(format!("/proc/self/fd/{descriptor}")).is_ok()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_hardened_agent_hides_its_memory_and_its_files() {
        if alone::is_alone("host::process::tests::a_hardened_agent_hides_its_memory_and_its_files") {
            assert_eq!(harden_agent(), []);
            assert!(!nix::sys::prctl::get_dumpable().unwrap());
            assert_eq!(getrlimit(Resource::RLIMIT_CORE).unwrap(), (0, 0));
            let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
            assert_eq!(soft, hard);
            assert_eq!(umask(Mode::empty()).bits(), 0o077);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_command_run_by_a_hardened_client_inherits_nothing_of_it() {
        if alone::is_alone("host::process::tests::a_command_run_by_a_hardened_client_inherits_nothing_of_it")
        {
            assert_eq!(harden_client(), None);
            // The kernel gives a hidden process's files in /proc to root; `self` is the command's own.
            let owner = Command::new("stat").args(["-c", "%u", "/proc/self/environ"]).output().unwrap();
            assert_eq!(String::from_utf8(owner.stdout).unwrap().trim(), uid().to_string());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_new_session_has_no_terminal() {
        if alone::is_alone("host::process::tests::a_new_session_has_no_terminal") {
            // The runner may have made us a group leader already, who cannot start a session.
            if new_session().is_ok() {
                assert_eq!(unistd::getsid(None).unwrap(), unistd::getpid());
            }
            assert!(File::open("/dev/tty").is_err());
            leave_directory().unwrap();
            assert_eq!(std::env::current_dir().unwrap(), std::path::Path::new("/"));
        }
    }
}
