//! Signals that must not end us before we have said something: `env` owes the shell its unsets, whatever happens. They are
//! held back, and looked at wherever we wait.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What a shell, a terminal or a service manager ends a program with.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// The ending signals, held back. A command that is `exec`ed gets an empty mask from the standard library.
#[derive(Debug)]
pub struct Held {
    set: SigSet,
    came: Cell<Option<i32>>,
}

impl Held {
    /// The signal that ended a wait.
    pub fn came(&self) -> Option<i32> {
        self.came.get()
    }
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    Ready,
    TimedOut,
    /// The signal's number; a shell's status for it is 128 more.
    Signal(i32),
}

/// Holds the signals back in this thread. One system call.
pub fn hold() -> Held {
    let set: SigSet = ENDING.into_iter().collect();
    // It fails for a bad argument only, and then signals end us as they always did.
    let _ = set.thread_block();
    Held { set, came: Cell::new(None) }
}

/// Waits until the descriptor can be read (or, without one, for the time alone), or a held signal has come.
pub fn wait(held: Option<&Held>, readable: Option<BorrowedFd<'_>>, within: Duration) -> io::Result<Waited> {
    let signals = match held {
        Some(held) => Some(SignalFd::with_flags(&held.set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?),
        None => None,
    };
    let end = Instant::now() + within;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        // Rounded up, so that the last millisecond is not spun through.
        let timeout = PollTimeout::try_from(left + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
        let watched = signals.iter().map(AsFd::as_fd).chain(readable);
        let mut watched: Vec<PollFd<'_>> = watched.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut watched, timeout) {
            Ok(0) if left.is_zero() => return Ok(Waited::TimedOut),
            Ok(0) | Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno.into()),
            Ok(_) => {}
        }
        let has_come = signals.is_some() && watched[0].any().unwrap_or(true);
        let signal = signals.as_ref().filter(|_| has_come);
        if let Some(signal) = signal.and_then(|signals| signals.read_signal().ok().flatten()) {
            let number = signal.ssi_signo.try_into().unwrap_or(0);
            if let Some(held) = held {
                held.came.set(Some(number));
            }
            return Ok(Waited::Signal(number));
        }
        return Ok(Waited::Ready);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_wait_ends_when_something_can_be_read_or_the_time_is_over() {
        let (mut near, far) = UnixStream::pair().unwrap();
        assert_eq!(wait(None, Some(far.as_fd()), Duration::ZERO).unwrap(), Waited::TimedOut);
        io::Write::write_all(&mut near, b"x").unwrap();
        assert_eq!(wait(None, Some(far.as_fd()), Duration::from_secs(60)).unwrap(), Waited::Ready);
    }

    #[test]
    fn a_held_signal_ends_the_wait_and_not_the_process() {
        // A thread of its own: the mask is a thread's.
        let waited = std::thread::spawn(|| {
            let held = hold();
            nix::sys::signal::raise(Signal::SIGTERM).unwrap();
            wait(Some(&held), None, Duration::from_secs(60)).unwrap()
        });
        assert_eq!(waited.join().unwrap(), Waited::Signal(Signal::SIGTERM as i32));
    }
}
