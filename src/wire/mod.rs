//! The wire: what client and agent say to each other, one JSON object a line, both ways. Pure: it makes and reads lines and
//! knows no socket. man/osagent-protocol.7 describes it for strangers; unknown fields are ignored, so that old and new talk.

pub mod answer;
pub mod code;
pub mod frame;
pub mod handover;
pub mod request;
pub mod sealed;

pub use code::{Code, Failure};
pub use frame::Frame;
pub use request::{Op, Request};
pub use sealed::Sealed;

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The protocol's number. It changes only when an old client could misread a new agent; a release does not change it.
pub const VERSION: u32 = 1;

/// A request with a whole profile and a 4 KiB secret is under 16 KiB; four times that is room enough.
pub const REQUEST_LEN_MAX: usize = 64 * 1024;

/// 10,000 profiles in one listing are about 3 MiB.
pub const REPLY_LEN_MAX: usize = 4 * 1024 * 1024;

/// What an agent of this release can do, by the names that `hello` answers.
pub const CAPABILITIES: &[&str] = &[
    "token", "env", "rejected", "profiles", "secrets", "revoke", "lock", "status", "audit", "stop",
    "handover", "set",
];

/// `{"ok":{…}}`, `{"err":{…}}` or `{"ask":{…}}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply<T> {
    Ok(T),
    Err(Failure),
    /// A person is needed: ask, send `answer`, then send the request anew.
    Ask(Question),
}

/// What a person is to be asked, on the terminal of whoever asked us.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// The profile that the answer is for.
    pub id: String,
    pub question: String,
    #[serde(default)]
    pub hidden: bool,
    /// Why it is asked, for where nobody can be.
    #[serde(default)]
    pub why: String,
}

/// A message as one line, its newline included. The buffer is wiped when dropped, all of `capacity`, so it should be no more
/// than the line is likely to need.
pub fn line<T: Serialize>(message: &T, capacity: usize) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut line = Line(Zeroizing::new(Vec::with_capacity(capacity)));
    serde_json::to_writer(&mut line, message)?;
    line.push(b"\n");
    Ok(line.0)
}

/// A line that is being written. Where it grows, what it leaves behind is wiped.
struct Line(Zeroizing<Vec<u8>>);

impl Line {
    fn push(&mut self, bytes: &[u8]) {
        let len = self.0.len() + bytes.len();
        if len > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(len.max(2 * self.0.capacity())));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The message in a line. The error tells a column, never the content.
pub fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, Unreadable> {
    // serde takes a list for an object, its fields by position.
    let first = line.iter().position(|byte| !byte.is_ascii_whitespace());
    if let Some(at) = first.filter(|at| line[*at] != b'{') {
        return Err(Unreadable { column: at + 1 });
    }
    serde_json::from_slice(line).map_err(|error| Unreadable { column: error.column() })
}

/// A line that is no message of ours. Only the place is kept: the content may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("not a message of this protocol (column {column})")]
pub struct Unreadable {
    pub column: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_ignored_and_an_unknown_op_is_told_apart() {
        let request: Request = read(br#"{"v":1,"op":"teleport","warp":9}"#).unwrap();
        assert_eq!(request.op, Op::Unknown);
    }

    #[test]
    fn a_reply_reads_back_as_what_it_was() {
        let sent = Reply::<answer::Done>::Err(Failure::new(Code::Locked, "the agent is locked"));
        let line = line(&sent, 256).unwrap();
        assert!(line.starts_with(br#"{"err":{"code":"locked""#) && line.ends_with(b"}\n"));
        match read::<Reply<answer::Done>>(&line).unwrap() {
            Reply::Err(failure) => assert_eq!(failure.code, Code::Locked),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_is_the_same_however_small_its_buffer_was() {
        let failure = Failure::new(Code::Locked, "the agent is locked ".repeat(40));
        let lines = [0, 1, 100, 4096].map(|capacity| line(&failure, capacity).unwrap());
        assert!(lines.iter().all(|line| *line == lines[0]));
        assert!(lines[0].len() > 800 && read::<Failure>(&lines[0]).is_ok());
    }

    #[test]
    fn a_list_is_no_message_whatever_it_holds() {
        let error = read::<Request>(br#" [1,"stop"]"#).unwrap_err();
        assert_eq!(error.column, 2);
    }

    #[test]
    fn an_unreadable_line_is_not_quoted() {
        let error = read::<Request>(br#"{"op":"add","secret":"canary"#).unwrap_err();
        assert!(!error.to_string().contains("canary"));
    }
}
