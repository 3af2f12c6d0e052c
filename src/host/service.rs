//! The service manager that runs us, as systemd speaks: the socket that it left open for us, and words about how we are.
//! Where there is none, all of this does nothing.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use nix::sys::socket::{self, SockType, UnixAddr, sockopt};

use super::passed;

/// The first descriptor that a service manager passes; the others follow.
const FIRST: i32 = 3;

/// Why a socket that was left for us cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the service manager passes {count} sockets, and the agent has one")]
    Count { count: String },
    #[error("the service manager passes what is no listening unix stream socket")]
    NotListener,
    #[error("the service manager passes a socket that listens on {}, and the agent's is {}", found.display(), path.display())]
    Elsewhere { found: PathBuf, path: PathBuf },
    #[error("the socket {} that the service manager passes belongs to another user, or is not there", path.display())]
    NotOurs { path: PathBuf },
}

/// The socket that was left open for this very process, by `LISTEN_PID` and `LISTEN_FDS`; `None` where none was. Variables
/// that are meant for another process are nobody's business. To be called once, before anything is opened.
pub fn listener(
    variable: impl Fn(&str) -> Option<OsString>,
    pid: i32,
    uid: u32,
    path: &Path,
) -> Result<Option<UnixListener>, Fault> {
    let number = |name| variable(name).and_then(|value| value.to_str()?.parse::<i32>().ok());
    if number("LISTEN_PID") != Some(pid) {
        return Ok(None);
    }
    if number("LISTEN_FDS") != Some(1) {
        let count = variable("LISTEN_FDS").map(|count| count.to_string_lossy().into_owned());
        return Err(Fault::Count { count: count.unwrap_or_else(|| "no".to_owned()) });
    }
    let descriptor = passed::inherited(FIRST).ok_or(Fault::NotListener)?;
    let is_stream = socket::getsockopt(&descriptor, sockopt::SockType) == Ok(SockType::Stream);
    let listens = socket::getsockopt(&descriptor, sockopt::AcceptConn) == Ok(true);
    let address = socket::getsockname::<UnixAddr>(descriptor.as_raw_fd());
    let Some(address) = address.ok().filter(|_| is_stream && listens) else { return Err(Fault::NotListener) };
    let found = address.path().unwrap_or(Path::new("")).to_owned();
    if found != path {
        return Err(Fault::Elsewhere { found, path: path.to_owned() });
    }
    if !std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.uid() == uid) {
        return Err(Fault::NotOurs { path: found });
    }
    Ok(Some(descriptor.into()))
}

/// Tells the service manager how we are (`READY=1`, `STOPPING=1`, `STATUS=…`). It may be gone, or never have been.
pub fn tell(variable: impl Fn(&str) -> Option<OsString>, state: &str) {
    let Some(place) = variable("NOTIFY_SOCKET").filter(|place| !place.is_empty()) else { return };
    let _nobody_listens = send(place.as_bytes(), state);
}

fn send(place: &[u8], state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    // It must never keep us: what does not fit now is not said.
    socket.set_nonblocking(true)?;
    let address = match place.strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => UnixAddr::new_abstract(name)?,
        _ => UnixAddr::new(place)?,
    };
    socket::sendto(socket.as_raw_fd(), state.as_bytes(), &address, socket::MsgFlags::MSG_NOSIGNAL)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(variables: &[(&str, &str)], pid: i32) -> Result<Option<UnixListener>, Fault> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        listener(variable, pid, 0, Path::new("/run/agent.sock"))
    }

    #[test]
    fn a_socket_that_was_left_for_another_process_is_not_ours() {
        assert!(take(&[], 42).unwrap().is_none());
        assert!(take(&[("LISTEN_FDS", "1")], 42).unwrap().is_none());
        assert!(take(&[("LISTEN_FDS", "1"), ("LISTEN_PID", "43")], 42).unwrap().is_none());
        assert!(take(&[("LISTEN_FDS", "1"), ("LISTEN_PID", "42x")], 42).unwrap().is_none());
    }

    #[test]
    fn another_number_of_sockets_than_one_is_refused() {
        for count in ["0", "2", "", "1 ", "-1"] {
            let outcome = take(&[("LISTEN_FDS", count), ("LISTEN_PID", "42")], 42);
            assert!(matches!(outcome, Err(Fault::Count { .. })), "{count:?}");
        }
        assert!(matches!(take(&[("LISTEN_PID", "42")], 42), Err(Fault::Count { .. })));
    }

    #[test]
    fn the_manager_is_told_by_a_name_or_by_a_path() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        tell(|_| Some(path.clone().into()), "READY=1");
        let mut buffer = [0; 64];
        let len = manager.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"READY=1");
        drop(manager);
        tell(|_| Some(path.clone().into()), "STOPPING=1");
        tell(|_| None, "READY=1");
    }
}
