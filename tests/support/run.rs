//! Runs a program with a deadline and takes down all it said. Never inherits the environment, the terminal or stdin of the
//! tests, and never waits for ever: a pipe that a daemon kept open is a failure, not a hang.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Nothing that a test runs takes this long; a caller that knows better says so.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
    deadline: Duration,
    shown: String,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) shown: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Run {
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
        let shown =
            Path::new(program.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Run { command, stdin: Vec::new(), deadline: DEADLINE, shown }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.shown.push(' ');
        self.shown.push_str(&arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Run {
        args.into_iter().fold(self, Run::arg)
    }

    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    pub(crate) fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Run {
        pairs.into_iter().fold(self, |run, (name, value)| run.env(name, value))
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Run {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Run {
        self.command.current_dir(dir);
        self
    }

    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Run {
        self.stdin = text.into();
        self
    }

    pub(crate) fn within(mut self, deadline: Duration) -> Run {
        self.deadline = deadline;
        self
    }

    /// To its end.
    pub(crate) fn done(self) -> Done {
        self.start().done()
    }

    /// To its end, which has to be a good one.
    #[track_caller]
    pub(crate) fn ok(self) -> Done {
        self.done().ok()
    }

    /// To its end, which has to have this status.
    #[track_caller]
    pub(crate) fn fails(self, status: i32) -> Done {
        self.done().failed(status)
    }

    /// Starts it and comes back at once.
    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.shown));
        let mut stdin = child.stdin.take().expect("it is piped");
        let text = std::mem::take(&mut self.stdin);
        // Who does not read it makes a broken pipe, which is its own affair.
        thread::spawn(move || stdin.write_all(&text));
        let stdout = read_all(child.stdout.take().expect("it is piped"));
        let stderr = read_all(child.stderr.take().expect("it is piped"));
        let pid = child.id();
        Running {
            pid,
            ended: wait(child),
            status: None,
            stdout,
            stderr,
            deadline: self.deadline,
            shown: self.shown,
        }
    }
}

/// A program on its way. Dropped before its end, it is killed.
pub(crate) struct Running {
    pub(crate) pid: u32,
    ended: mpsc::Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    stdout: mpsc::Receiver<String>,
    stderr: mpsc::Receiver<String>,
    deadline: Duration,
    shown: String,
}

impl Running {
    pub(crate) fn done(mut self) -> Done {
        let ended = self.status.or_else(|| self.ended.recv_timeout(self.deadline).ok());
        let status = ended.unwrap_or_else(|| {
            self.kill();
            let said = self.stderr.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
            panic!("`{}` did not end within {:?}; it said: {said}", self.shown, self.deadline)
        });
        self.status = Some(status);
        let text = |pipe: &mpsc::Receiver<String>, name| {
            pipe.recv_timeout(Duration::from_secs(5)).unwrap_or_else(|_| {
                panic!("`{}` ended, but somebody that it started keeps its {name} open", self.shown)
            })
        };
        let (stdout, stderr) = (text(&self.stdout, "stdout"), text(&self.stderr, "stderr"));
        Done { shown: self.shown.clone(), status, stdout, stderr }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.status = self.status.or_else(|| self.ended.try_recv().ok());
        self.status.is_some()
    }

    pub(crate) fn kill(&self) {
        // It may have ended by itself.
        let _ = killpg(Pid::from_raw(self.pid as i32), Signal::SIGKILL);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.kill();
        }
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn ok(self) -> Done {
        self.failed(0)
    }

    #[track_caller]
    pub(crate) fn failed(self, status: i32) -> Done {
        assert_eq!(self.status.code(), Some(status), "{self:#?}");
        self
    }

    /// A good end, or a panic that says what it was all about.
    #[track_caller]
    pub(crate) fn ok_or(self, why: &str) -> Done {
        assert!(self.status.success(), "{self:#?}; {why}");
        self
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::SIGKILL as i32) || self.status.code() == Some(128 + 9)
    }

    /// What it printed, without the last newline.
    pub(crate) fn line(&self) -> &str {
        self.stdout.strip_suffix('\n').unwrap_or(&self.stdout)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

fn wait(mut child: Child) -> mpsc::Receiver<ExitStatus> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let _ = sender.send(child.wait().expect("the child is ours"));
    });
    receiver
}
