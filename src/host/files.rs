//! Files: read with a ceiling, written so that a crash at any instant leaves the old one or the new one.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
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
    let mut new = Beside::create(path)?;
    (&new.file).write_all(content).map_err(Fault::io(&new.path))?;
    fs::rename(&new.path, path).map_err(Fault::io(path))?;
    new.keep = true;
    Ok(())
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

/// Replaces the content of a user's own file: `old` must be what it still holds; its mode, owner, ACLs and other extended
/// attributes are kept; a symbolic link is followed to the real file; a hard link is refused.
pub fn rewrite(path: &Path, old: &[u8], content: &[u8]) -> Result<(), Fault> {
    let real = fs::canonicalize(path).map_err(Fault::io(path))?;
    let file = File::open(&real).map_err(Fault::io(&real))?;
    let metadata = file.metadata().map_err(Fault::io(&real))?;
    if !metadata.is_file() {
        return Err(Fault::NotFile { path: real });
    }
    if metadata.nlink() > 1 {
        return Err(Fault::HardLinks { path: real, links: metadata.nlink() });
    }
    let writable = OpenOptions::new().write(true).open(&real).map_err(Fault::io(&real))?;
    drop(writable);
    let new = Beside::create(&real)?;
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let made = new.file.metadata().map_err(Fault::io(&new.path))?;
    if (made.uid(), made.gid()) != (uid, gid) {
        fchown(&new.file, Some(uid), Some(gid)).map_err(Fault::io(&new.path))?;
    }
    new.fill(content)?;
    new.file
        .set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))
        .map_err(Fault::io(&new.path))?;
    copy_attributes(&real, &new.path)?;
    let is_as_it_was = read_from(&file, old.len()).is_ok_and(|content| *content == old);
    // An editor saves under a new name and renames: what we have open may be nobody's file by now.
    let is_the_same =
        fs::metadata(&real).is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()));
    if !is_as_it_was || !is_the_same {
        return Err(Fault::Changed { path: real });
    }
    new.replace(&real)
}

/// ACLs live in extended attributes. A filesystem without them has none to keep.
fn copy_attributes(from: &Path, to: &Path) -> Result<(), Fault> {
    let names = match xattr::list(from) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
        Err(error) => return Err(Fault::io(from)(error)),
    };
    for name in names {
        if let Some(value) = xattr::get(from, &name).map_err(Fault::io(from))? {
            xattr::set(to, &name, &value).map_err(Fault::io(to))?;
        }
    }
    Ok(())
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

    fn replace(mut self, path: &Path) -> Result<(), Fault> {
        fs::rename(&self.path, path).map_err(Fault::io(path))?;
        self.keep = true;
        sync_folder(path)
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
    fn a_rewritten_file_keeps_its_mode_and_is_found_through_its_link() {
        let home = tempfile::tempdir().unwrap();
        let (path, link) = (home.path().join("rc"), home.path().join("link"));
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        rewrite(&link, b"old", b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_file_that_changed_meanwhile_or_has_a_second_name_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("rc");
        fs::write(&path, b"changed").unwrap();
        assert!(matches!(rewrite(&path, b"old", b"new"), Err(Fault::Changed { .. })));
        assert!(matches!(rewrite(&path, b"changed-not", b"new"), Err(Fault::Changed { .. })));
        fs::hard_link(&path, home.path().join("other")).unwrap();
        assert!(matches!(rewrite(&path, b"changed", b"new"), Err(Fault::HardLinks { links: 2, .. })));
        assert_eq!(fs::read(&path).unwrap(), b"changed");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn a_new_file_that_a_crash_left_behind_is_taken_away() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".rc.osagent-new"), b"half").unwrap();
        write(&home.path().join("rc"), b"whole").unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
