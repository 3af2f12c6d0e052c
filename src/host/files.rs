//! Files: read with a ceiling, written so that a crash at any instant leaves the old one or the new one.

mod rewrite;

pub use rewrite::{may_rewrite, rewrite};

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{} cannot be read or written", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is larger than {max} bytes", path.display())]
    TooLarge { path: PathBuf, max: usize },
    #[error("{} is not a regular file", path.display())]
    NotFile { path: PathBuf },
    #[error("{} has {links} hard links: the others would keep the secret", path.display())]
    HardLinks { path: PathBuf, links: u64 },
    #[error("{} was changed by somebody else in the meantime", path.display())]
    Changed { path: PathBuf },
    #[error("{} is read-only (mode {mode:04o})", path.display())]
    ReadOnly { path: PathBuf, mode: u32 },
    #[error("{} belongs to another user (uid {uid})", path.display())]
    Foreign { path: PathBuf, uid: u32 },
    #[error("the filesystem that {} is on is read-only", path.display())]
    ReadOnlyFilesystem { path: PathBuf },
    #[error("{} may not be changed, not even by its owner (immutable, or append-only)", path.display())]
    Immutable { path: PathBuf },
    #[error("no new file can be made in the folder {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("there is no room on the disk for a new {}", path.display())]
    NoRoom {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the new {} would not get the old one's {what}", path.display())]
    Lost {
        path: PathBuf,
        what: String,
        #[source]
        source: io::Error,
    },
}

impl Fault {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Fault + '_ {
        move |source| Fault::Io { path: path.to_owned(), source }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self, Fault::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The content, in a buffer that is wiped. `max` is a ceiling, so that `/dev/zero` ends.
pub fn read(path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let file = File::open(path).map_err(Fault::io(path))?;
    let metadata = file.metadata().map_err(Fault::io(path))?;
    if metadata.is_dir() {
        return Err(Fault::NotFile { path: path.to_owned() });
    }
    read_from(file, max).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => Fault::TooLarge { path: path.to_owned(), max },
        _ => Fault::io(path)(error),
    })
}

/// The same from anything that reads (standard input). The buffer never grows, for growing leaves a copy behind.
pub fn read_from(source: impl Read, max: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let content = read_start(source, max + 1)?;
    if content.len() > max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
}

/// The first bytes of a file, `max` at most, for a reader that has its own word on what is too large.
pub fn read_start_of(path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let file = File::open(path).map_err(Fault::io(path))?;
    if file.metadata().map_err(Fault::io(path))?.is_dir() {
        return Err(Fault::NotFile { path: path.to_owned() });
    }
    read_start(file, max).map_err(Fault::io(path))
}

/// The same from anything that reads. The buffer never grows, for growing leaves a copy behind.
pub fn read_start(source: impl Read, max: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::with_capacity(max));
    source.take(max as u64).read_to_end(&mut content)?;
    Ok(content)
}

/// Standard input, without the buffer that the standard library reads it through: what went through that is never wiped.
pub fn stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// A folder for our own files: made 0700, parents too.
pub fn make_folder(path: &Path) -> Result<(), Fault> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Fault::io(path))
}

/// Writes a file of our own, mode 0600: a new file beside it, synced, then renamed over it.
pub fn write(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let new = Beside::create(path)?;
    new.fill(content)?;
    new.replace(path)
}

/// The same for a file that need not survive a crash of the machine: whole or absent, but not synced.
pub fn write_volatile(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let new = Beside::create(path)?;
    (&new.file).write_all(content).map_err(Fault::io(&new.path))?;
    new.rename(path)
}

/// Removes a file; one that is not there is no error.
pub fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Fault::io(path)(error)),
        Err(_) => Ok(()),
        Ok(()) => sync_folder(path),
    }
}

/// Says that the file is in use. Cleaners look at its times; one that cannot be touched is no worse off than before.
pub fn touch(path: &Path) {
    use nix::sys::stat::{UtimensatFlags, utimensat};
    use nix::sys::time::TimeSpec;
    let now = &TimeSpec::UTIME_NOW;
    let _ = utimensat(nix::fcntl::AT_FDCWD, path, now, now, UtimensatFlags::NoFollowSymlink);
}

/// Renames within a folder, durably.
pub fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::rename(from, to).map_err(Fault::io(from))?;
    sync_folder(to)
}

/// The new content, under a name of its own beside the file. The name is always the same, so that a crash leaves one such
/// file at the most, and the next write takes it away.
struct Beside {
    path: PathBuf,
    file: File,
    keep: bool,
}

impl Beside {
    fn create(path: &Path) -> Result<Beside, Fault> {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(".osagent-new");
        let beside = path.with_file_name(name);
        let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let file = match create() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&beside).and_then(|()| create())
            }
            other => other,
        };
        let file = file.map_err(Fault::io(&beside))?;
        Ok(Beside { path: beside, file, keep: false })
    }

    fn fill(&self, content: &[u8]) -> Result<(), Fault> {
        (&self.file).write_all(content).and_then(|()| self.file.sync_all()).map_err(Fault::io(&self.path))
    }

    fn replace(self, path: &Path) -> Result<(), Fault> {
        self.rename(path)?;
        sync_folder(path)
    }

    fn rename(mut self, path: &Path) -> Result<(), Fault> {
        fs::rename(&self.path, path).map_err(Fault::io(path))?;
        self.keep = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.keep {
            // A failure here leaves a file without a secret, and the first error is on its way already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A rename is durable when its folder is synced.
fn sync_folder(path: &Path) -> Result<(), Fault> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some filesystems cannot sync a folder; the rename is atomic all the same.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other.map_err(Fault::io(folder)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_file_of_ours_is_readable_by_its_owner_alone_and_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("prod.toml");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(&**read(&path, 100).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_past_the_ceiling_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("rc");
        fs::write(&path, [0; 101]).unwrap();
        assert!(matches!(read(&path, 100), Err(Fault::TooLarge { max: 100, .. })));
        assert!(matches!(read(Path::new("/dev/zero"), 100), Err(Fault::TooLarge { .. })));
    }

    #[test]
    fn a_new_file_that_a_crash_left_behind_is_taken_away() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".rc.osagent-new"), b"half").unwrap();
        write(&home.path().join("rc"), b"whole").unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
