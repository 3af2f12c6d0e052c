//! An rc file: its bytes, its folder, its questions asked in turn. It is read and never run; beside it only plain files below
//! its own folder are looked at.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{ask, report};
use crate::host::{files, paths, terminal};
use crate::openrc::{self, Context, FileKind, Files, Prompt, Reading};
use crate::secret::Secret;
use crate::wire::{Code, Failure};

/// The file as it was found.
pub(crate) struct Rc {
    /// Absolute; `None` for standard input.
    pub path: Option<PathBuf>,
    /// As the user wrote it, for messages.
    pub shown: String,
    pub bytes: Zeroizing<Vec<u8>>,
    folder: String,
    name: String,
}

impl Rc {
    /// `-` is standard input.
    pub(crate) fn open(file: &Path) -> Result<Rc, Failure> {
        let max = openrc::FILE_LEN_MAX;
        if file == Path::new("-") {
            let bytes = files::read_from(std::io::stdin().lock().by_ref(), max)
                .map_err(|error| unreadable("standard input", &error))?;
            let folder = std::env::current_dir().map_err(|error| unreadable("the working folder", &error))?;
            let folder = text(&folder)?;
            return Ok(Rc {
                path: None,
                shown: "standard input".to_owned(),
                bytes,
                folder,
                name: String::new(),
            });
        }
        let bytes = files::read(file, max).map_err(|fault| Failure::of(Code::File, &fault))?;
        let path =
            std::path::absolute(file).map_err(|error| unreadable(&file.display().to_string(), &error))?;
        let folder = text(path.parent().unwrap_or(Path::new("/")))?;
        let name = path.file_name().map(|name| text(Path::new(name))).transpose()?.unwrap_or_default();
        Ok(Rc { path: Some(path), shown: file.display().to_string(), bytes, folder, name })
    }

    pub(crate) fn folder(&self) -> &Path {
        Path::new(&self.folder)
    }

    /// The file as it stands, with these answers.
    pub(crate) fn read(&self, answers: &[Secret]) -> Result<Reading, Failure> {
        let home = paths::home().ok().and_then(|home| home.to_str().map(str::to_owned)).unwrap_or_default();
        let user = std::env::var("USER").unwrap_or_default();
        let context = Context {
            home: &home,
            user: &user,
            dir: &self.folder,
            file_name: &self.name,
            args: &[],
            answers,
            files: &Beside(self.folder()),
        };
        openrc::read(&self.bytes, &context).map_err(|refusal| {
            let mut failure =
                Failure::new(Code::Usage, format!("{}: {refusal}; nothing of it is taken", self.shown));
            failure.causes.extend(refusal.hint.map(str::to_owned));
            failure
        })
    }

    /// The file with its questions asked in turn, as it would ask them. `secret` answers the one that asks for the password.
    pub(crate) fn interview(&self, secret: Option<&Secret>) -> Result<Reading, Failure> {
        let mut answers: Vec<Secret> = Vec::new();
        loop {
            let reading = self.read(&answers)?;
            let Some(index) = reading.prompts.iter().position(|prompt| !prompt.is_answered) else {
                return Ok(reading);
            };
            let prompt = &reading.prompts[index];
            let is_secret = openrc::draft(&reading).secret_prompt == Some(index);
            let answer = match secret {
                Some(secret) if is_secret => secret.duplicate(),
                _ => self.ask(prompt)?,
            };
            answers.push(answer);
        }
    }

    fn ask(&self, prompt: &Prompt) -> Result<Secret, Failure> {
        let question = openrc::printable(prompt.text.trim_end());
        let question = if question.is_empty() { format!("{}:", prompt.into) } else { question };
        terminal::ask(&format!("{} ", report::clean(&question)), prompt.is_hidden).map_err(|fault| {
            let place = format!("{}: {}: the file asks for {}", self.shown, prompt.place, prompt.into);
            ask::asking(&fault).at(&place)
        })
    }
}

/// What lies beside the file. A link, a pipe or a device is not followed: it is not to be known.
struct Beside<'a>(&'a Path);

impl Files for Beside<'_> {
    fn kind(&self, path: &str) -> Option<FileKind> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => Some(FileKind::Plain),
            Ok(metadata) if metadata.is_dir() => Some(FileKind::Folder),
            Ok(_) => Some(FileKind::Other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(FileKind::Absent),
            Err(_) => None,
        }
    }

    fn read(&self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        let real = fs::canonicalize(path).ok()?;
        let folder = fs::canonicalize(self.0).ok()?;
        let is_plain = fs::metadata(&real).is_ok_and(|metadata| metadata.is_file());
        (is_plain && real.starts_with(folder))
            .then(|| files::read(&real, openrc::FILE_LEN_MAX).ok())
            .flatten()
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(Code::Usage, format!("{}: the path is not UTF-8 text", path.display())))
}

fn unreadable(what: &str, error: &std::io::Error) -> Failure {
    let mut failure = Failure::new(Code::File, format!("{what} cannot be read"));
    failure.causes.push(error.to_string());
    failure
}
