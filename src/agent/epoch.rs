//! The epoch file beside the socket: one number that grows whenever what a shell holds may have become wrong (renewal, lock,
//! use, revoke, expiry). Shell hooks read it without starting a process. It is there only while an agent runs.

use std::cell::Cell;
use std::path::PathBuf;

use crate::host::files;

#[derive(Debug)]
pub struct Epoch {
    path: PathBuf,
    number: Cell<u64>,
}

impl Epoch {
    /// `start` is the wall clock in milliseconds: later agents begin above earlier ones, also after a kill -9 that left the
    /// file behind. The file's own number wins if the clock went back.
    pub fn begin(path: PathBuf, start: u64) -> Result<Epoch, files::Fault> {
        let left_over = files::read(&path, 64).ok().and_then(|content| {
            std::str::from_utf8(&content)
                .ok()?
                .trim()
                .parse::<u64>()
                .ok()
                .filter(|number| *number < u64::MAX / 2)
        });
        let epoch = Epoch { path, number: Cell::new(start.max(left_over.map_or(0, |number| number + 1))) };
        epoch.write()?;
        Ok(epoch)
    }

    /// Tells every hook to look again. A disk that is full costs a hook its news, not the caller the answer.
    pub fn bump(&self) {
        self.number.set(self.number.get() + 1);
        let _ = self.write();
    }

    /// The agent ends.
    pub fn end(&self) {
        let _ = files::remove(&self.path);
    }

    fn write(&self) -> Result<(), files::Fault> {
        files::write_volatile(&self.path, format!("{}\n", self.number.get()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_only_grows_also_over_agents_and_a_clock_that_went_back() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("epoch");
        let read = || std::fs::read_to_string(&path).unwrap();
        let epoch = Epoch::begin(path.clone(), 1000).unwrap();
        assert_eq!(read(), "1000\n");
        epoch.bump();
        assert_eq!(read(), "1001\n");
        Epoch::begin(path.clone(), 5).unwrap().bump();
        assert_eq!(read(), "1003\n");
        epoch.end();
        assert!(!path.exists());
    }
}
