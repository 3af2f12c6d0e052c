//! Taking the secret out of an rc file, once it rests in a keyring: offered where somebody can answer, done when asked for.
//! The file is replaced whole, so a kill at any instant leaves the old one or the new one.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::rc::Rc;
use super::{ask, report};
use crate::host::{files, terminal};
use crate::openrc::{self, Reading};
use crate::profile::Name;
use crate::wire::{Code, Failure};

/// Whether the person at the terminal wants it. The default is no.
pub(crate) fn is_wanted(rc: &Rc) -> Result<bool, Failure> {
    let Some(path) = &rc.path else { return Ok(false) };
    report::note(&format!("{} holds the password in clear text", rc.shown));
    readers(path).iter().for_each(|reader| report::note(&format!("  {reader}")));
    terminal::confirm("Take the password out of the file?").map_err(|fault| ask::asking(&fault))
}

/// Who else may have read it, or may yet.
fn readers(path: &Path) -> Vec<String> {
    let mut readers = Vec::new();
    if let Ok(metadata) = path.metadata() {
        let mode = metadata.mode() & 0o777;
        if mode & 0o044 != 0 {
            readers.push(format!("others on this machine can read it (mode {mode:04o})"));
        }
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let backups = [
        format!("{name}~"),
        format!("{name}.bak"),
        format!("{name}.orig"),
        format!(".{name}.swp"),
        format!("#{name}#"),
    ];
    for backup in backups.iter().filter(|backup| path.with_file_name(backup).exists()) {
        readers.push(format!("{backup} beside it looks like an editor's backup, and keeps the password"));
    }
    if path.ancestors().skip(1).any(|folder| folder.join(".git").exists()) {
        readers.push(
            "it lies in a git work tree: if it was ever committed, the password is in the history".to_owned(),
        );
    }
    readers
}

/// Does it. Nothing is written when the file is scrubbed already.
pub(crate) fn run(rc: &Rc, reading: &Reading, profile: &Name) -> Result<(), Failure> {
    let Some(path) = &rc.path else {
        return Err(Failure::new(Code::Usage, "standard input cannot be scrubbed; name the file"));
    };
    let scrubbed = openrc::scrub(&rc.bytes, reading, profile).map_err(|refusal| {
        Failure::new(Code::Usage, format!("{}: {refusal}; the file is as it was", rc.shown))
    })?;
    if *scrubbed.text == *rc.bytes {
        report::note(&format!("{} holds no password any more", rc.shown));
        return Ok(());
    }
    files::rewrite(path, &rc.bytes, &scrubbed.text).map_err(|fault| {
        Failure::of(Code::File, &fault).at(&format!("{} is as it was, the password still in it", rc.shown))
    })?;
    report::note(&format!(
        "{} holds no password any more; sourcing it sets a token through osagent",
        rc.shown
    ));
    for place in &scrubbed.left {
        report::warning(&format!(
            "{}: {place}: the password stands here too, outside an assignment",
            rc.shown
        ));
    }
    for reader in readers(path).iter().filter(|reader| !reader.starts_with("others")) {
        report::warning(reader);
    }
    Ok(())
}
