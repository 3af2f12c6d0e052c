//! A folder on disk as the reader may see it, and the reading of a file with all its answers.

use std::fs;
use std::path::{Path, PathBuf};

use osagent::openrc::{Context, FileKind, Files, Reading, Refusal, read};
use osagent::secret::Secret;
use zeroize::Zeroizing;

/// Reads below one folder, looks anywhere.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Files for Folder {
    fn kind(&self, path: &str) -> Option<FileKind> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => Some(FileKind::Plain),
            Ok(found) if found.is_dir() => Some(FileKind::Folder),
            Ok(_) => Some(FileKind::Other),
            Err(_) => Some(FileKind::Absent),
        }
    }

    fn read(&self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        let path = Path::new(path);
        path.starts_with(&self.0).then(|| fs::read(path).ok().map(Zeroizing::new)).flatten()
    }
}

/// As a caller reads: again with each answer, until no question is open or no answer left.
pub(crate) fn read_with(
    source: &[u8],
    folder: &Path,
    home: &str,
    file_name: &str,
    args: &[String],
    answers: &[String],
) -> Result<Reading, Refusal> {
    let files = Folder(folder.to_owned());
    let mut given: Vec<Secret> = Vec::new();
    loop {
        let context = Context {
            home,
            user: "ada",
            dir: folder.to_str().unwrap(),
            file_name,
            args,
            answers: &given,
            files: &files,
        };
        let reading = read(source, &context)?;
        let asks = reading.prompts.iter().any(|prompt| !prompt.is_answered);
        if !asks || given.len() == answers.len() {
            return Ok(reading);
        }
        given.push(Secret::new(answers[given.len()].clone()));
    }
}
