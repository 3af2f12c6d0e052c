//! A log of bounded length: lines are added at the end of a file of our own, and when it is full it becomes the older of two. It
//! says what went wrong and repairs nothing: whoever writes a log has something else to do.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// Adds the text, whole lines, to the file; it is made 0600. A file that would grow beyond `len_max` is kept as the older one
/// first.
pub fn append(path: &Path, text: &[u8], len_max: u64) -> io::Result<()> {
    let mut file = open(path)?;
    let len = file.metadata()?.len();
    if len > 0 && len.saturating_add(text.len() as u64) > len_max {
        fs::rename(path, older(path))?;
        file = open(path)?;
    }
    file.write_all(text)
}

/// Both files, the older first, as far as there are any; of each the last `len_max` bytes.
pub fn read(path: &Path, len_max: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for path in [&older(path), path] {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let len = file.metadata()?.len();
        if len > len_max {
            file.seek(SeekFrom::Start(len - len_max))?;
        }
        file.take(len_max).read_to_end(&mut text)?;
        // The machine may have stopped in the middle of a line.
        if text.last().is_some_and(|byte| *byte != b'\n') {
            text.push(b'\n');
        }
    }
    Ok(text)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // A link that somebody put there would lead the lines elsewhere; a pipe would hold the writer up.
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = options.append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

fn older(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_hold_the_latest_lines_and_no_more_than_their_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(read(&path, 100).unwrap(), b"");
        for number in 0..100 {
            append(&path, format!("line {number:03}\n").as_bytes(), 45).unwrap();
        }
        let text = String::from_utf8(read(&path, 45).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!((5..=10).contains(&lines.len()) && lines.last() == Some(&"line 099"), "{text}");
        for path in [&path, &older(&path)] {
            let metadata = fs::metadata(path).unwrap();
            assert!(metadata.len() <= 45 && metadata.permissions().mode() & 0o777 == 0o600);
        }
    }

    #[test]
    fn a_file_that_others_could_read_is_closed_to_them_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        append(&path, b"x\n", 100).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(append(&link, b"x\n", 100).is_err());
    }
}
