//! A terminal with nobody at it but the test: tmux, which shows what a person would see.

use std::path::PathBuf;

use crate::home::Home;
use crate::run::Run;
use crate::wait;

pub(crate) struct Terminal<'a> {
    home: &'a Home,
    socket: PathBuf,
}

impl<'a> Terminal<'a> {
    /// Opens a terminal and starts `script` in it, by a plain sh that says at last `ended with STATUS`.
    pub(crate) fn start(home: &'a Home, script: &str) -> Terminal<'a> {
        let terminal = Terminal { home, socket: home.all().join("tmux") };
        let script = format!("{script}; echo \"ended with $?\"; exec sleep 600");
        let new = terminal.tmux().args(["-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "40"]);
        new.args(["/bin/sh", "-c", &script]).ok();
        terminal
    }

    /// What stands on the screen, long lines in one piece.
    pub(crate) fn screen(&self) -> String {
        self.tmux().args(["capture-pane", "-p", "-J"]).ok().stdout
    }

    /// Waits until it can be read on the screen; the screen.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> String {
        let mut screen = String::new();
        let comes = wait::comes_true(|| {
            screen = self.screen();
            screen.contains(text)
        });
        assert!(comes, "{text:?} is not on the screen:\n{}", screen.trim_end());
        screen
    }

    pub(crate) fn types(&self, text: &str) {
        self.tmux().args(["send-keys", "-l", "--", text]).ok();
    }

    pub(crate) fn presses(&self, key: &str) {
        self.tmux().args(["send-keys", key]).ok();
    }

    pub(crate) fn echoes(&self) -> bool {
        let tty = self.tmux().args(["display-message", "-p", "#{pane_tty}"]).ok();
        let modes = self.home.run("stty").args(["-F", tty.line(), "-a"]).ok().stdout;
        modes.split_whitespace().any(|mode| mode == "echo")
    }

    fn tmux(&self) -> Run {
        self.home.run("tmux").arg("-S").arg(&self.socket)
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.tmux().arg("kill-server").done();
    }
}
