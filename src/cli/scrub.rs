//! Taking the secret out of an rc file, once it rests in a keyring: offered where somebody can answer, done when asked for.
//! What stands in the way is found before anything is stored. The file is replaced whole, so a kill at any instant leaves the
//! old one or the new one.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::rc::Rc;
use super::{ask, report};
use crate::host::{files, terminal};
use crate::openrc::{self, Place, Reading, Scrubbed};
use crate::profile::Name;
use crate::wire::{Code, Failure};

/// More places than that are a file in which the password is an everyday word.
const PLACES_MAX: usize = 10;

/// An editor's backup is a little larger than the file, its swap file some pages.
const BACKUP_LEN_MAX: usize = 4 * openrc::FILE_LEN_MAX;

/// What the file will be.
pub(crate) struct Scrub<'a> {
    rc: &'a Rc,
    reading: &'a Reading,
    profile: &'a Name,
    path: &'a Path,
    scrubbed: Scrubbed,
}

/// Scrubs in memory, and looks whether the file could be replaced.
pub(crate) fn prepare<'a>(rc: &'a Rc, reading: &'a Reading, profile: &'a Name) -> Result<Scrub<'a>, Failure> {
    let Some(path) = &rc.path else {
        return Err(Failure::new(Code::Usage, "standard input cannot be scrubbed; name the file"));
    };
    let scrubbed = openrc::scrub(&rc.bytes, reading, profile).map_err(|refusal| {
        let hint = refusal.hint.map_or(String::new(), |hint| format!("; {hint}"));
        let text =
            format!("{}: {} (it was to be scrubbed){hint}", rc.place(reading, refusal.place), refusal.what);
        Failure::new(Code::File, text)
    })?;
    if *scrubbed.text != *rc.bytes {
        files::may_rewrite(path).map_err(|fault| refused(rc, &fault))?;
    }
    Ok(Scrub { rc, reading, profile, path, scrubbed })
}

/// The same, if the person at the terminal wants it. The default is no.
pub(crate) fn offer<'a>(
    rc: &'a Rc,
    reading: &'a Reading,
    profile: &'a Name,
) -> Result<Option<Scrub<'a>>, Failure> {
    report::note(&format!("{} holds the password in clear text", rc.shown));
    let scrub = match prepare(rc, reading, profile) {
        Ok(scrub) => scrub,
        Err(failure) => {
            report::note(&format!("it stays there: {failure}"));
            return Ok(None);
        }
    };
    readers(scrub.path).iter().for_each(|reader| report::note(&format!("  {reader}")));
    scrub.copies().iter().for_each(|copy| report::note(&format!("  {copy}")));
    let question = "Take the password out of the file?";
    let is_wanted = terminal::confirm(question).map_err(|fault| ask::asking(&fault))?;
    Ok(is_wanted.then_some(scrub))
}

impl Scrub<'_> {
    /// Does it. Nothing is written when the file is scrubbed already.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let shown = &self.rc.shown;
        if *self.scrubbed.text == *self.rc.bytes {
            report::note(&format!("{shown} holds no password any more"));
        } else {
            files::rewrite(self.path, &self.rc.bytes, &self.scrubbed.text)
                .map_err(|fault| refused(self.rc, &fault))?;
            let what = match self.scrubbed.left.is_empty() {
                true => "holds no password any more",
                false => "does not set the password any more",
            };
            let then = match self.scrubbed.has_line {
                true => "; sourcing it sets a token through osagent",
                false => "; no shell sources such a file, so no line was added",
            };
            report::note(&format!("{shown} {what}{then}"));
            self.copies().iter().for_each(|copy| report::warning(copy));
        }
        self.tell_left();
        Ok(())
    }

    /// What the file, or one that it sources, holds still.
    fn tell_left(&self) {
        let Scrubbed { left, emptied, others, programs, .. } = &self.scrubbed;
        let at = |place: &Place| self.rc.place(self.reading, *place);
        for place in left.iter().take(PLACES_MAX) {
            let why = match place.file {
                0 => "osagent edits only assignments of it; if this is the password, take it out by hand",
                _ => "this file is not touched",
            };
            report::warning(&format!(
                "{}: the text of the password stands here, and stays, for {why}",
                at(place)
            ));
        }
        if left.len() > PLACES_MAX {
            report::warning(&format!("the text of the password stands in {} places", left.len()));
        }
        for (name, place) in emptied {
            report::warning(&format!(
                "{}: {name} had the password too, or was made from it, and has it no more",
                at(place)
            ));
        }
        for (name, place) in others {
            report::warning(&format!(
                "{}: {name} stands here in clear text, and stays: it is not the password of the profile",
                at(place)
            ));
        }
        for place in programs {
            report::warning(&format!(
                "{}: a program is asked for the password here, whenever the file is sourced",
                at(place)
            ));
        }
    }

    /// Where else the password is, or may be, because it stood in the file.
    fn copies(&self) -> Vec<String> {
        if !self.scrubbed.has_taken() {
            return Vec::new();
        }
        let real = self.path.canonicalize().unwrap_or_else(|_| self.path.to_owned());
        let mut copies = Vec::new();
        for backup in backups(&real) {
            let text = files::read(&backup, BACKUP_LEN_MAX);
            copies.push(match text.is_ok_and(|text| self.scrubbed.stands_in(&text)) {
                true => format!("{} holds the password too; remove it", backup.display()),
                false => format!("{} looks like an editor's backup, and may hold it", backup.display()),
            });
        }
        if let Some(folder) = real.ancestors().skip(1).find(|folder| folder.join(".git").exists()) {
            copies.push(format!(
                "it lies in the git work tree {}: if it was ever committed, the password is in the history; \
                 change it at the cloud, then run 'osagent passwd {}'",
                folder.display(),
                self.profile
            ));
        }
        copies
    }
}

/// Who else can read the file.
fn readers(path: &Path) -> Vec<String> {
    let mode = path.metadata().map_or(0, |metadata| metadata.mode() & 0o777);
    let can_read =
        (mode & 0o044 != 0).then(|| format!("others on this machine can read it (mode {mode:04o})"));
    can_read.into_iter().collect()
}

/// The files beside it that editors leave.
fn backups(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let names = [
        format!("{name}~"),
        format!("{name}.~1~"),
        format!("{name}.bak"),
        format!("{name}.old"),
        format!("{name}.orig"),
        format!("{name}.save"),
        format!(".{name}.swp"),
        format!(".{name}.swo"),
        format!(".{name}.un~"),
        format!("#{name}#"),
    ];
    let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    names.iter().map(|name| path.with_file_name(name)).filter(is_file).collect()
}

/// The file is as it was, and this is why and what to do.
fn refused(rc: &Rc, fault: &files::Fault) -> Failure {
    use files::Fault;
    let next = match fault {
        Fault::NotFile { .. } => "only a file can lose its password",
        Fault::HardLinks { .. } => "remove the others, or take the password out by hand",
        Fault::Changed { .. } => "add it again",
        Fault::ReadOnly { .. } => "make it writable for its owner (chmod u+w), and add it again",
        Fault::Foreign { .. } => "its owner has to add it",
        Fault::Immutable { .. } => "take that away (chattr -ia), and add it again",
        Fault::ReadOnlyFilesystem { .. } => "copy the file to another place, and add the copy",
        Fault::Folder { .. } => {
            "the new file takes the old one's place there, so the folder must be writable"
        }
        Fault::NoRoom { .. } => "make room, and add it again",
        Fault::Io { .. } | Fault::TooLarge { .. } | Fault::Lost { .. } => "take the password out by hand",
    };
    let mut failure = Failure::of(Code::File, fault);
    failure.message = format!("{} is as it was, the password still in it: {fault}; {next}", rc.shown);
    failure
}
