//! Descriptors that another process gives us: over a socket, or left open for us by a service manager. The second file with
//! `unsafe`, for what arrives is a number, and that nobody else owns it only the kernel's promise says. It judges nothing.

#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

/// No more than these are ever passed at once; the kernel closes what is beyond.
pub const PASSED_MAX: usize = 4;

/// Sends the bytes, and copies of the descriptors with the first of them. How many bytes went.
pub fn send(stream: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let message = [ControlMessage::ScmRights(&numbers)];
    let messages = if numbers.is_empty() { &message[..0] } else { &message[..] };
    let sent = sendmsg::<()>(
        stream.as_fd().as_raw_fd(),
        &[IoSlice::new(bytes)],
        messages,
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    Ok(sent)
}

/// Reads what has come, and the descriptors that came with it.
pub fn receive(stream: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = cmsg_space!([RawFd; PASSED_MAX]);
    let number = stream.as_fd().as_raw_fd();
    let mut buffers = [IoSliceMut::new(buffer)];
    let message = loop {
        match recvmsg::<()>(number, &mut buffers, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
            Err(Errno::EINTR) => {}
            outcome => break outcome?,
        }
    };
    let mut passed = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = part {
            // SAFETY: the kernel has just made each of them for this message, and nobody else knows of it.
            passed.extend(numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
        }
    }
    Ok((message.bytes, passed))
}

/// Takes over a descriptor that was open before this program began, as service managers leave them. `None` if none is open
/// under that number. To be called once for a number, before anything else is opened.
pub fn inherited(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: only looked at, within this function, and refused by the kernel if it is not open.
    let there = unsafe { BorrowedFd::borrow_raw(number) };
    // No program that we start is to have it.
    fcntl(there, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).ok()?;
    // SAFETY: it is open, and the service manager left it to this process; the caller calls once for each number.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_crosses_a_socket_and_is_the_same_file() {
        let (near, far) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"the same").unwrap();
        file.rewind().unwrap();
        assert_eq!(send(&near, b"two", &[file.as_fd(), far.as_fd()]).unwrap(), 3);
        let mut buffer = [0; 16];
        let (len, mut passed) = receive(&far, &mut buffer).unwrap();
        assert_eq!((&buffer[..len], passed.len()), (&b"two"[..], 2));
        let mut text = String::new();
        File::from(passed.remove(0)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "the same");
    }

    #[test]
    fn bytes_without_descriptors_arrive_without_any() {
        let (near, far) = UnixStream::pair().unwrap();
        send(&near, b"plain", &[]).unwrap();
        let (len, passed) = receive(&far, &mut [0; 16]).unwrap();
        assert_eq!((len, passed.len()), (5, 0));
    }

    #[test]
    fn a_number_under_which_nothing_is_open_is_nobodys() {
        assert!(inherited(1_000_000).is_none());
    }
}
