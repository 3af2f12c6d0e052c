//! An rc file: its bytes, its folder, its questions asked in turn. It is read and never run; beside it only plain files below
//! its own folder are looked at.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{ask, report};
use crate::host::{files, paths, terminal};
use crate::openrc::{self, Context, FileKind, Files, Open, Place, Prompt, Reading, Refusal, Told, Why};
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
        // One byte more than is read: that it is too large is the reader's to say, with a place.
        let max = openrc::FILE_LEN_MAX + 1;
        if file == Path::new("-") {
            let bytes = files::stdin()
                .and_then(|stdin| files::read_start(stdin, max))
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
        let bytes = files::read_start_of(file, max).map_err(|fault| Failure::of(Code::File, &fault))?;
        let path =
            std::path::absolute(file).map_err(|error| unreadable(&file.display().to_string(), &error))?;
        let folder = text(path.parent().unwrap_or(Path::new("/")))?;
        let name = path.file_name().map(|name| text(Path::new(name))).transpose()?.unwrap_or_default();
        Ok(Rc { path: Some(path), shown: file.display().to_string(), bytes, folder, name })
    }

    pub(crate) fn folder(&self) -> &Path {
        Path::new(&self.folder)
    }

    /// Where it stands, with the name of its file: that of the file itself, or of one that it sources.
    pub(crate) fn place(&self, reading: &Reading, place: Place) -> String {
        let sourced = reading.files.get(usize::from(place.file)).filter(|_| place.file > 0);
        format!("{}: {place}", sourced.unwrap_or(&self.shown))
    }

    /// The file as it stands, with these answers.
    pub(crate) fn read(&self, answers: &[Secret]) -> Result<Reading, Failure> {
        self.read_told(answers, &[])
    }

    fn read_told(&self, answers: &[Secret], told: &[Told]) -> Result<Reading, Failure> {
        self.evaluate(answers, &[], told).map_err(|refusal| {
            let mut failure =
                Failure::new(Code::File, format!("{}: {refusal}; nothing of it is taken", self.shown));
            failure.causes.extend(refusal.hint.map(str::to_owned));
            failure
        })
    }

    /// The same, sourced with these arguments; the refusal is the caller's to tell.
    pub(crate) fn evaluate(
        &self,
        answers: &[Secret],
        args: &[String],
        told: &[Told],
    ) -> Result<Reading, Refusal> {
        let home = paths::home().ok().and_then(|home| home.to_str().map(str::to_owned)).unwrap_or_default();
        let user = std::env::var("USER").unwrap_or_default();
        let context = Context {
            home: &home,
            user: &user,
            dir: &self.folder,
            file_name: &self.name,
            args,
            answers,
            files: &Beside(self.folder()),
        };
        openrc::read_told(&self.bytes, &context, told)
    }

    /// The file with its questions asked in turn, as it would ask them, and what cannot be known from it asked for as well.
    /// `secret` answers the question for the password.
    pub(crate) fn interview(&self, secret: Option<&Secret>) -> Result<Reading, Failure> {
        let (mut answers, mut told): (Vec<Secret>, Vec<Told>) = (Vec::new(), Vec::new());
        loop {
            let reading = self.read_told(&answers, &told)?;
            let draft = openrc::draft(&reading);
            // First, for the text of a question may show it.
            if let Some(open) = draft.unknown.iter().find(|open| is_to_be_told(open)) {
                if told.iter().any(|told| told.name == open.name && told.place == open.place) {
                    let text = format!("{}: {} cannot be known", self.place(&reading, open.place), open.name);
                    return Err(Failure::new(Code::Usage, text));
                }
                let value = ask_for(&self.place(&reading, open.place), open)?;
                told.push(Told { name: open.name.clone(), place: open.place, value });
                continue;
            }
            let Some(index) = reading.prompts.iter().position(|prompt| !prompt.is_answered) else {
                return Ok(reading);
            };
            let prompt = &reading.prompts[index];
            let answer = match secret {
                Some(secret) if draft.secret_prompt == Some(index) => secret.duplicate(),
                _ => self.ask(&reading, prompt)?,
            };
            answers.push(answer);
        }
    }

    fn ask(&self, reading: &Reading, prompt: &Prompt) -> Result<Secret, Failure> {
        let question = openrc::printable(prompt.text.trim_end());
        let question = if question.is_empty() { format!("{}:", prompt.into) } else { question };
        terminal::ask(&format!("{} ", report::clean(&question)), prompt.is_hidden).map_err(|fault| {
            let place = format!("{}: the file asks for {}", self.place(reading, prompt.place), prompt.into);
            ask::asking(&fault).at(&place)
        })
    }
}

/// What a person must say. An answer to a question of the file is not that, and the password may rest in a keyring already.
pub(crate) fn is_to_be_told(open: &Open) -> bool {
    !open.is_secret && !matches!(open.why, Why::Prompt { .. })
}

/// A setting that nothing in the file tells: the person does, or writes it into the file.
pub(crate) fn ask_for(place: &str, open: &Open) -> Result<Secret, Failure> {
    let Open { name, why, .. } = open;
    if !terminal::can_ask() {
        return Err(Failure::new(Code::NeedsPerson, format!("{place}: {name} hangs on {why}")));
    }
    let question = report::clean(&format!("{name} hangs on {why} ({place}); its value: "));
    terminal::ask(&question, open.is_secret).map_err(|fault| ask::asking(&fault))
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
