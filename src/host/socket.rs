//! The agent's socket: its folder (ours, 0700, no symlink, else refused), its locks, and how both ends reach each other.
//! Nothing is repaired in silence; authorisation is the peer's uid, in `process`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

/// How long whoever lies in the socket's place may take to say that it is somebody.
const NEIGHBOUR_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{} is a symbolic link; osagent's folder must be a folder of its own", path.display())]
    Symlink { path: PathBuf },
    #[error("{} is not a folder", path.display())]
    NotFolder { path: PathBuf },
    #[error("{} belongs to uid {owner}, not to you", path.display())]
    Foreign { path: PathBuf, owner: u32 },
    #[error("others can enter {} (mode {mode:04o}); it must be 0700", path.display())]
    Loose { path: PathBuf, mode: u32 },
    #[error("{} cannot be used", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Another process has the lock: an agent runs already.
    #[error("{} is held by another process", path.display())]
    Held { path: PathBuf },
    #[error("{} is no socket, and stays as it is", path.display())]
    NotSocket { path: PathBuf },
    #[error("something else listens on {}", path.display())]
    Taken { path: PathBuf },
    /// The listener's queue is full, and it takes nobody out of it.
    #[error("whoever listens on {} does not answer", path.display())]
    Busy { path: PathBuf },
}

impl Fault {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Fault + '_ {
        move |source| Fault::Io { path: path.to_owned(), source }
    }
}

/// Makes the folder if it is missing (mode 0700), and refuses one that others could have a hand in.
pub fn prepare(folder: &Path, uid: u32) -> Result<(), Fault> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Fault::io(folder)(error)),
        _ => {}
    }
    let metadata = fs::symlink_metadata(folder).map_err(Fault::io(folder))?;
    let path = folder.to_owned();
    if metadata.is_symlink() {
        return Err(Fault::Symlink { path });
    }
    if !metadata.is_dir() {
        return Err(Fault::NotFolder { path });
    }
    if metadata.uid() != uid {
        return Err(Fault::Foreign { path, owner: metadata.uid() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Fault::Loose { path, mode });
    }
    Ok(())
}

/// A lock that dies with its holder.
#[derive(Debug)]
pub struct Lock(Flock<File>);

impl Lock {
    /// The lock of an agent before us: a lock belongs to what was opened, and that is now ours too.
    pub fn inherit(descriptor: OwnedFd, path: &Path) -> Result<Lock, Fault> {
        take(File::from(descriptor), path)
    }

    /// Whether this is the lock whose file lies at the path, and not one that was taken away.
    pub fn is_at(&self, path: &Path) -> bool {
        let own = self.0.metadata().map(|own| identity(&own)).ok();
        own.is_some() && own == identity_of(path)
    }

    /// Lets go of the file without unlocking it: a successor has it open too, and an unlocking would be for both.
    pub fn leave_to_successor(self) {
        std::mem::forget(self);
    }
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Which file it is, whatever its name.
pub type Identity = (u64, u64);

fn identity(metadata: &fs::Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// What lies at the path, if anything does.
pub fn identity_of(path: &Path) -> Option<Identity> {
    fs::symlink_metadata(path).map(|metadata| identity(&metadata)).ok()
}

/// Whether a socket lies at the path, with or without somebody who listens.
pub fn lies_at(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// Takes the lock, or says at once that another has it.
pub fn try_lock(path: &Path) -> Result<Lock, Fault> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)
        .map_err(Fault::io(path))?;
    take(file, path)
}

fn take(file: File, path: &Path) -> Result<Lock, Fault> {
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Lock(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Err(Fault::Held { path: path.to_owned() }),
        Err((_, errno)) => Err(Fault::io(path)(errno.into())),
    }
}

/// Whether somebody holds the lock; `None` where there is none to hold. It takes nothing from anybody.
pub fn is_held(path: &Path) -> Option<bool> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path).ok()?;
    Some(matches!(Flock::lock(file, FlockArg::LockSharedNonblock), Err((_, Errno::EWOULDBLOCK))))
}

/// Binds the socket, mode 0600. The caller holds the agent's lock, so a socket at the path on which nobody listens is left
/// over from an agent that is gone; anything else stays. The umask must be 0077 already, so that the socket is never wider
/// than that.
pub fn bind(path: &Path) -> Result<UnixListener, Fault> {
    remove_left_over(path)?;
    UnixListener::bind(path).map_err(Fault::io(path))
}

/// The same in the place of a socket that our predecessor has, in one step: who connects finds one or the other. What is no
/// socket stays.
pub fn bind_over(path: &Path) -> Result<UnixListener, Fault> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(Fault::NotSocket { path: path.to_owned() });
        }
        _ => {}
    }
    let mut new = path.to_owned().into_os_string();
    // One byte, for paths are short.
    new.push("~");
    let listener = bind(Path::new(&new))?;
    fs::rename(&new, path).map_err(Fault::io(path))?;
    Ok(listener)
}

fn remove_left_over(path: &Path) -> Result<(), Fault> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Fault::io(path)(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(Fault::NotSocket { path: path.to_owned() });
        }
        Ok(_) => {}
    }
    match connect(path, NEIGHBOUR_WAIT)? {
        Some(_) => Err(Fault::Taken { path: path.to_owned() }),
        None => fs::remove_file(path).map_err(Fault::io(path)),
    }
}

/// The agent's end, or `None` when nobody listens there. A listener that is stopped, its queue full, is given up `within`.
pub fn connect(path: &Path, within: Duration) -> Result<Option<UnixStream>, Fault> {
    let address = UnixAddr::new(path).map_err(|errno| Fault::io(path)(errno.into()))?;
    connect_to(&address, path, within)
}

/// The same by a name that lies in no folder.
#[cfg(target_os = "linux")]
pub(super) fn connect_by_name(
    name: &[u8],
    path: &Path,
    within: Duration,
) -> Result<Option<UnixStream>, Fault> {
    let address = UnixAddr::new_abstract(name).map_err(|errno| Fault::io(path)(errno.into()))?;
    connect_to(&address, path, within)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn connect_by_name(_: &[u8], _: &Path, _: Duration) -> Result<Option<UnixStream>, Fault> {
    Ok(None)
}

fn connect_to(address: &UnixAddr, path: &Path, within: Duration) -> Result<Option<UnixStream>, Fault> {
    let failed = |errno: Errno| Fault::io(path)(errno.into());
    let stream = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)
        .map_err(failed)?;
    // The kernel bounds the wait for a place in the queue by the time-out of sending; none would mean for ever.
    let within_ms = i64::try_from(within.as_millis()).unwrap_or(i64::MAX / 1000).max(1);
    socket::setsockopt(&stream, sockopt::SendTimeout, &TimeVal::milliseconds(within_ms)).map_err(failed)?;
    match socket::connect(stream.as_raw_fd(), address) {
        Ok(()) => Ok(Some(stream.into())),
        Err(Errno::ENOENT | Errno::ECONNREFUSED) => Ok(None),
        Err(Errno::EAGAIN | Errno::EINTR) => Err(Fault::Busy { path: path.to_owned() }),
        Err(errno) => Err(failed(errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn uid() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    #[test]
    fn a_missing_folder_is_made_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("osagent");
        prepare(&folder, uid()).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused_and_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(prepare(home.path(), uid()), Err(Fault::Loose { mode: 0o755, .. })));
        assert_eq!(fs::metadata(home.path()).unwrap().mode() & 0o7777, 0o755);
    }

    #[test]
    fn a_symbolic_link_and_a_stranger_s_folder_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("link");
        symlink(home.path(), &link).unwrap();
        assert!(matches!(prepare(&link, uid()), Err(Fault::Symlink { .. })));
        assert!(matches!(prepare(home.path(), uid() + 1), Err(Fault::Foreign { .. })));
    }

    #[test]
    fn a_lock_has_one_holder_and_is_free_when_the_holder_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("agent.lock");
        let lock = try_lock(&path).unwrap();
        assert!(matches!(try_lock(&path), Err(Fault::Held { .. })));
        drop(lock);
        try_lock(&path).unwrap();
    }

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn nobody_listening_is_no_error() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("agent.sock");
        assert!(connect(&path, SOON).unwrap().is_none());
        drop(bind(&path).unwrap());
        assert!(connect(&path, SOON).unwrap().is_none(), "a left-over socket file is nobody");
        let _listener = bind(&path).unwrap();
        assert!(connect(&path, SOON).unwrap().is_some());
    }

    #[test]
    fn a_file_and_a_listener_of_somebody_elses_stay() {
        let home = tempfile::tempdir().unwrap();
        let (file, taken) = (home.path().join("file"), home.path().join("taken"));
        fs::write(&file, "theirs").unwrap();
        assert!(matches!(bind(&file), Err(Fault::NotSocket { .. })));
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
        let _listener = bind(&taken).unwrap();
        assert!(matches!(bind(&taken), Err(Fault::Taken { .. })));
        assert!(connect(&taken, SOON).unwrap().is_some());
    }

    #[test]
    fn a_successors_socket_takes_the_place_of_one_that_listens_and_of_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let (path, file) = (home.path().join("agent-extra.sock"), home.path().join("file"));
        let first = bind_over(&path).unwrap();
        let second = bind_over(&path).unwrap();
        first.set_nonblocking(true).unwrap();
        let _client = connect(&path, SOON).unwrap().unwrap();
        second.accept().unwrap();
        assert!(first.accept().is_err());
        fs::write(&file, "theirs").unwrap();
        assert!(matches!(bind_over(&file), Err(Fault::NotSocket { .. })));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn a_listener_that_takes_nobody_is_given_up() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("agent.sock");
        let listener =
            socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        socket::bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        socket::listen(&listener, socket::Backlog::new(1).unwrap()).unwrap();
        let mut queue = Vec::new();
        let fault = loop {
            match connect(&path, Duration::from_millis(20)) {
                Ok(stream) => queue.push(stream),
                Err(fault) => break fault,
            }
            assert!(queue.len() < 100, "the queue has no end");
        };
        assert!(matches!(fault, Fault::Busy { .. }), "{fault}");
    }
}
