//! A user's own file, its content replaced: whole or not at all, and with nothing else of it changed. It must never lose the
//! old content before the new one is on the disk, nor leave a new file beside the old one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::{Beside, Fault, read_from, sync_folder};

/// Whether [`rewrite`] could do it, as far as can be told without doing it. The real file, its links followed.
pub fn may_rewrite(path: &Path) -> Result<PathBuf, Fault> {
    // Before the links are followed: a pipe of a shell (`/dev/fd/63`) has no path of its own.
    let metadata = fs::metadata(path).map_err(Fault::io(path))?;
    if !metadata.is_file() {
        return Err(Fault::NotFile { path: path.to_owned() });
    }
    let real = fs::canonicalize(path).map_err(Fault::io(path))?;
    if metadata.nlink() > 1 {
        return Err(Fault::HardLinks { path: real, links: metadata.nlink() });
    }
    let own = nix::unistd::geteuid();
    if metadata.uid() != own.as_raw() && !own.is_root() {
        return Err(Fault::Foreign { path: real, uid: metadata.uid() });
    }
    let mode = metadata.mode() & 0o7777;
    // A person who took the right to write away meant it, and root is stopped by nothing else.
    if mode & 0o200 == 0 {
        return Err(Fault::ReadOnly { path: real, mode });
    }
    let writable = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&real);
    writable.map(drop).map_err(|source| match source.kind() {
        io::ErrorKind::ReadOnlyFilesystem => Fault::ReadOnlyFilesystem { path: real.clone() },
        // Not EACCES, which is the same kind to Rust.
        _ if source.raw_os_error() == Some(Errno::EPERM as i32) => Fault::Immutable { path: real.clone() },
        _ => Fault::io(&real)(source),
    })?;
    let folder = real.parent().unwrap_or(Path::new("/"));
    nix::unistd::access(folder, nix::unistd::AccessFlags::W_OK)
        .map_err(|errno| Fault::Folder { path: folder.to_owned(), source: errno.into() })?;
    Ok(real)
}

/// Replaces the content: `old` must be what the file still holds; its mode, owner, ACLs and other extended attributes are
/// kept; a symbolic link is followed to the real file; a hard link is refused.
pub fn rewrite(path: &Path, old: &[u8], content: &[u8]) -> Result<(), Fault> {
    let real = may_rewrite(path)?;
    let file = File::open(&real).map_err(Fault::io(&real))?;
    let metadata = file.metadata().map_err(Fault::io(&real))?;
    let new = Beside::create(&real).map_err(|fault| match fault {
        Fault::Io { source, .. } if is_full(&source) => Fault::NoRoom { path: real.clone(), source },
        Fault::Io { source, .. } => {
            Fault::Folder { path: real.parent().unwrap_or(Path::new("/")).to_owned(), source }
        }
        other => other,
    })?;
    new.fill(content).map_err(|fault| match fault {
        Fault::Io { source, .. } if is_full(&source) => Fault::NoRoom { path: real.clone(), source },
        other => other,
    })?;
    dress(&new, &real, &metadata)?;
    let is_as_it_was = read_from(&file, old.len()).is_ok_and(|content| *content == old);
    // An editor saves under a new name and renames: what we have open may be nobody's file by now.
    let is_the_same =
        fs::metadata(&real).is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()));
    if !is_as_it_was || !is_the_same {
        return Err(Fault::Changed { path: real });
    }
    new.rename(&real)?;
    // The file is the new one from here on, whatever the disk says of its folder.
    let _ = sync_folder(&real);
    Ok(())
}

/// A full disk, a quota, or a limit on the size of files.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Gives the new file what the old one has: owner, mode, and what lives in extended attributes, ACLs among it.
fn dress(new: &Beside, real: &Path, metadata: &fs::Metadata) -> Result<(), Fault> {
    let lost = |what: &str| {
        let (path, what) = (real.to_owned(), what.to_owned());
        move |source| Fault::Lost { path, what, source }
    };
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let made = new.file.metadata().map_err(Fault::io(&new.path))?;
    if (made.uid(), made.gid()) != (uid, gid) {
        let what = if made.uid() == uid { "group" } else { "owner" };
        fchown(&new.file, Some(uid), Some(gid)).map_err(lost(what))?;
    }
    let mode = fs::Permissions::from_mode(metadata.mode() & 0o7777);
    new.file.set_permissions(mode).map_err(lost("mode"))?;
    let names = match xattr::list(real) {
        Ok(names) => names,
        // A filesystem without them has none to keep.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
        Err(error) => return Err(lost("extended attributes")(error)),
    };
    for name in names {
        let what = format!("extended attribute {}", name.to_string_lossy());
        if let Some(value) = xattr::get(real, &name).map_err(lost(&what))? {
            xattr::set(&new.path, &name, &value).map_err(lost(&what))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A file with this content, mode 0640, in a folder of its own.
    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().canonicalize().unwrap().join("rc");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        (home, path)
    }

    /// Content and mode as they were, and nothing beside it.
    #[track_caller]
    fn is_as_it_was(path: &Path, content: &[u8], mode: u32) {
        assert_eq!(fs::read(path).unwrap(), content);
        assert_eq!(fs::metadata(path).unwrap().mode() & 0o7777, mode);
        let beside = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(!beside.into_iter().any(|name| name.to_string_lossy().ends_with("osagent-new")));
    }

    #[test]
    fn a_rewritten_file_keeps_its_mode_and_is_found_through_its_link() {
        let (home, path) = file(b"old");
        let link = home.path().join("link");
        symlink(&path, &link).unwrap();
        rewrite(&link, b"old", b"new").unwrap();
        is_as_it_was(&path, b"new", 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_rewritten_file_keeps_its_extended_attributes() {
        let (_home, path) = file(b"old");
        match xattr::set(&path, "user.colour", b"green") {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return,
            other => other.unwrap(),
        }
        rewrite(&path, b"old", b"new").unwrap();
        assert_eq!(xattr::get(&path, "user.colour").unwrap().as_deref(), Some(&b"green"[..]));
    }

    #[test]
    fn a_file_that_changed_meanwhile_or_has_a_second_name_is_left_alone() {
        let (home, path) = file(b"changed");
        assert!(matches!(rewrite(&path, b"old", b"new"), Err(Fault::Changed { .. })));
        assert!(matches!(rewrite(&path, b"changed-not", b"new"), Err(Fault::Changed { .. })));
        fs::hard_link(&path, home.path().join("other")).unwrap();
        assert!(matches!(rewrite(&path, b"changed", b"new"), Err(Fault::HardLinks { links: 2, .. })));
        is_as_it_was(&path, b"changed", 0o640);
    }

    #[test]
    fn a_file_that_nobody_may_write_is_left_alone_also_by_root() {
        let (_home, path) = file(b"old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(matches!(rewrite(&path, b"old", b"new"), Err(Fault::ReadOnly { mode: 0o444, .. })));
        is_as_it_was(&path, b"old", 0o444);
    }

    #[test]
    fn what_is_no_file_is_left_alone_and_does_not_hang() {
        let (home, _path) = file(b"");
        let pipe = home.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [pipe.as_path(), home.path(), Path::new("/dev/null")] {
            assert!(matches!(rewrite(path, b"", b"new"), Err(Fault::NotFile { .. })), "{}", path.display());
        }
    }
}
