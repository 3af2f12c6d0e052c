//! The agent's spare door: a second socket under a name that no cleaner can take away, for the day when the socket and its lock
//! are gone from their folder. Linux alone has such names. A name has no owner and no rights, and is seen from sandboxes
//! that share the network: who comes by it must show that the agent's folder is open to them, and gets nothing else.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;

use super::{files, process, socket};

/// Of 107 bytes, what the words before it leave.
const PATH_LEN_MAX: usize = 80;

/// An agent's queue has room. Anybody may have taken the name, and let us wait.
const CONNECT_WAIT: Duration = Duration::from_millis(100);

/// As many random bytes as nobody guesses.
const PROOF_LEN: usize = 16;

/// The end of the path, for that is what tells sockets apart.
fn name(path: &Path, uid: u32) -> Vec<u8> {
    let path = path.as_os_str().as_bytes();
    let end = &path[path.len().saturating_sub(PATH_LEN_MAX)..];
    [format!("osagent:{uid}:").as_bytes(), end].concat()
}

/// `None` where another has the name, or the system has no such names: then the agent has one door.
#[cfg(target_os = "linux")]
pub fn bind(path: &Path) -> Option<UnixListener> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let address = SocketAddr::from_abstract_name(name(path, process::uid())).ok()?;
    UnixListener::bind_addr(&address).ok()
}

#[cfg(not(target_os = "linux"))]
pub fn bind(_path: &Path) -> Option<UnixListener> {
    None
}

/// The agent that lives behind the spare door, if there is one and it is of our own uid.
pub fn connect(path: &Path) -> Option<UnixStream> {
    let stream = socket::connect_by_name(&name(path, process::uid()), path, CONNECT_WAIT).ok()??;
    process::peer(&stream).is_ok_and(|peer| peer.uid == process::uid()).then_some(stream)
}

/// Writes what nobody can guess into the lock's file, and says it.
pub fn prove(lock: &Path) -> io::Result<String> {
    let mut random = [0; PROOF_LEN];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let proof: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let options =
        OpenOptions::new().write(true).truncate(true).custom_flags(OFlag::O_NOFOLLOW.bits()).clone();
    options.open(lock)?.write_all(proof.as_bytes())?;
    Ok(proof)
}

/// Whether that is what stands in the lock's file, where we ourselves look for it.
pub fn is_proven(lock: &Path, proof: &str) -> bool {
    // What was put there instead of the file must not keep us.
    let options =
        OpenOptions::new().read(true).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits()).clone();
    let content = options.open(lock).and_then(|file| files::read_from(file, 2 * PROOF_LEN));
    proof.len() == 2 * PROOF_LEN && content.is_ok_and(|content| *content == proof.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_write_into_the_folder_proves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let lock = home.path().join("agent.sock.lock");
        assert!(prove(&lock).is_err() && !is_proven(&lock, ""));
        std::fs::write(&lock, "").unwrap();
        assert!(!is_proven(&lock, ""), "an empty file is no proof");
        let (first, second) = (prove(&lock).unwrap(), prove(&lock).unwrap());
        assert!(first != second && !is_proven(&lock, &first) && is_proven(&lock, &second));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_spare_door_is_found_when_the_folder_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("gone/agent.sock");
        assert!(connect(&path).is_none());
        let _door = bind(&path).unwrap();
        assert!(bind(&path).is_none(), "it has one owner");
        assert!(connect(&path).is_some());
        assert!(connect(&home.path().join("gone/b.sock")).is_none());
    }
}
