//! Asking a person, on /dev/tty, and only when there is one: stderr is a terminal and we are in its foreground. What is typed
//! unseen goes into a wiped buffer; the terminal is given back as it was, also when a signal ends us.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{self, LocalFlags, SetArg, SpecialCharacterIndices, Termios};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Longer than any password that Keystone takes (its own limit is 4,096 by default).
pub const ANSWER_LEN_MAX: usize = 8 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("there is no terminal to ask on")]
    NoTerminal,
    #[error("cancelled")]
    Cancelled,
    #[error("cancelled")]
    Signal(i32),
    #[error("the answer is not UTF-8 text")]
    NotText,
    #[error("the answer is longer than {ANSWER_LEN_MAX} bytes")]
    TooLong,
    #[error("the terminal")]
    Io(#[from] io::Error),
}

impl From<nix::Error> for Fault {
    fn from(errno: nix::Error) -> Fault {
        Fault::Io(errno.into())
    }
}

/// Whether a question would reach a person who is looking.
pub fn can_ask() -> bool {
    io::stderr().is_terminal() && open().is_ok_and(|tty| is_foreground(tty.as_fd()))
}

/// Asks one question. `hidden`: nothing of the answer is shown.
pub fn ask(question: &str, hidden: bool) -> Result<Secret, Fault> {
    if !io::stderr().is_terminal() {
        return Err(Fault::NoTerminal);
    }
    let tty = open().map_err(|_| Fault::NoTerminal)?;
    if !is_foreground(tty.as_fd()) {
        return Err(Fault::NoTerminal);
    }
    let guard = Guard::take(&tty, hidden)?;
    (&tty).write_all(question.as_bytes())?;
    let answer = read_line(&tty, &guard);
    drop(guard);
    if hidden || answer.is_err() {
        (&tty).write_all(b"\n")?;
    }
    answer
}

/// A question with two answers; anything but y or yes is no.
pub fn confirm(question: &str) -> Result<bool, Fault> {
    let answer = ask(&format!("{question} [y/N] "), false)?;
    Ok(matches!(answer.expose().trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn is_foreground(tty: BorrowedFd<'_>) -> bool {
    nix::unistd::tcgetpgrp(tty).is_ok_and(|group| group == nix::unistd::getpgrp())
}

/// The signals that would end us while the terminal is not as it was. They wait, and are looked at in `read_line`.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// The terminal and the signal mask as they were; dropping it gives both back.
struct Guard<'a> {
    tty: &'a File,
    before: Termios,
    mask: SigSet,
    signals: SignalFd,
}

impl<'a> Guard<'a> {
    fn take(tty: &'a File, hidden: bool) -> Result<Guard<'a>, Fault> {
        let mut ending: SigSet = ENDING.into_iter().collect();
        // A stopped client would leave the terminal mute.
        ending.add(Signal::SIGTSTP);
        let before = termios::tcgetattr(tty)?;
        let signals = SignalFd::with_flags(&ending, SfdFlags::SFD_CLOEXEC)?;
        let mask = ending.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
        let guard = Guard { tty, before, mask, signals };
        if hidden {
            let mut mute = guard.before.clone();
            mute.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHOE | LocalFlags::ECHOK);
            mute.local_flags.insert(LocalFlags::ICANON | LocalFlags::ISIG);
            termios::tcsetattr(tty, SetArg::TCSAFLUSH, &mute)?;
        }
        Ok(guard)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Nothing better can be done on failure: the terminal is gone.
        let _ = termios::tcsetattr(self.tty, SetArg::TCSADRAIN, &self.before);
        let _ = self.mask.thread_set_mask();
    }
}

/// One line, without its end. End of input on an empty line, and any ending signal, cancel.
fn read_line(mut tty: &File, guard: &Guard<'_>) -> Result<Secret, Fault> {
    let end = guard.before.control_chars[SpecialCharacterIndices::VEOF as usize];
    let mut line = Zeroizing::new(Vec::with_capacity(ANSWER_LEN_MAX + 1));
    loop {
        let mut ready = [
            PollFd::new(tty.as_fd(), PollFlags::POLLIN),
            PollFd::new(guard.signals.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            other => other?,
        };
        if ready[1].any().unwrap_or(false) {
            let number = guard.signals.read_signal()?.map_or(0, |signal| signal.ssi_signo);
            return Err(Fault::Signal(number.try_into().unwrap_or(0)));
        }
        let mut byte = Zeroizing::new([0]);
        let got = tty.read(&mut *byte)?;
        match byte[0] {
            _ if got == 0 && line.is_empty() => return Err(Fault::Cancelled),
            _ if got == 0 => break,
            b'\n' | b'\r' => break,
            byte if byte == end && line.is_empty() => return Err(Fault::Cancelled),
            byte if line.len() < ANSWER_LEN_MAX => line.push(byte),
            _ => return Err(Fault::TooLong),
        }
    }
    Secret::from_utf8(std::mem::take(&mut *line)).map_err(|_| Fault::NotText)
}
