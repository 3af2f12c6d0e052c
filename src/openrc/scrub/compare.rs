//! What a file sets with its secret and without: another setting that would change is refused, another variable that was made
//! from the password is named. Both texts are read alike, with nobody asked, so that only the scrubbing tells them apart.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::{assigned, carriers, secret};
use crate::openrc::names::is_secret_name;
use crate::openrc::parser::parse;
use crate::openrc::place::{Place, Reason, Refusal};
use crate::openrc::reading::{Reading, Setting, read};
use crate::openrc::source::Source;
use crate::openrc::value::Val;
use crate::openrc::{Context, FileKind, Files};

/// The files that the reading has read already.
struct Sourced<'r>(&'r Reading);

impl Files for Sourced<'_> {
    fn kind(&self, path: &str) -> Option<FileKind> {
        self.0.files.iter().skip(1).any(|file| file == path).then_some(FileKind::Plain)
    }

    fn read(&self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        let index = self.0.files.iter().skip(1).position(|file| file == path)?;
        self.0.sources.get(index + 1).map(|source| source.text.clone())
    }
}

/// The variables, settings or not, that were made from the password, with their places in the old text.
pub(super) fn compare(
    original: &[u8],
    text: &[u8],
    reading: &Reading,
    context: &Context<'_>,
) -> Result<Vec<(String, Place)>, Refusal> {
    let context = Context { files: &Sourced(reading), ..*context };
    let refuse = |place: Place, what: String| Refusal {
        place,
        reason: Reason::CannotScrub,
        what,
        hint: Some("take the secret out by hand, or leave the file as it is"),
    };
    let both = read(original, &context).and_then(|before| Ok((before, read(text, &context)?)));
    let (before, after) = both.map_err(|refusal| {
        refuse(refusal.place, "what the file sets without the secret cannot be known".to_owned())
    })?;
    let carriers = carriers(reading);
    if let Some((name, place)) = changed(&before, &after, reading, &carriers) {
        return Err(refuse(
            place,
            format!("{name} hangs on the password, and would not be the same without it"),
        ));
    }
    let mut all = made_of(original, &before, &after);
    all.extend(literals(original, reading));
    all.retain(|(_, name)| !carriers.contains(name.as_str()));
    Ok(all.into_iter().map(|(place, name)| (name, place)).collect())
}

/// The first setting that is not what it was.
fn changed(
    before: &Reading,
    after: &Reading,
    reading: &Reading,
    carriers: &BTreeSet<&str>,
) -> Option<(String, Place)> {
    let secret = secret(reading);
    let names: BTreeSet<&String> = [before, after]
        .into_iter()
        .flat_map(|of| of.settings.keys().chain(of.shell_only.keys()).chain(&of.unset))
        .collect();
    let mut names = names.into_iter().filter(|name| !carriers.contains(name.as_str()));
    names.find_map(|name| {
        let (old, new) = (setting(before, name), setting(after, name));
        let is_same = match (old, new) {
            (None, None) => before.unset.contains(name) == after.unset.contains(name),
            (Some((old, was)), Some((new, is))) => was == is && is_same(&old.value, &new.value),
            _ => false,
        };
        // Another name of the secret is emptied as well, or asked for with it.
        let is_emptied = is_secret_name(name)
            && old.map_or(new.is_none(), |(old, _)| match &old.value {
                Val::Known(known) => secret.as_ref() == Some(&*known.text),
                Val::Unknown(_) => true,
            });
        if is_same || is_emptied {
            return None;
        }
        let first = Place { file: 0, line: 1, column: 1 };
        let places =
            [setting(reading, name).map(|(setting, _)| setting.place), new.map(|(new, _)| new.place)];
        Some((name.clone(), places.into_iter().flatten().next().unwrap_or(first)))
    })
}

/// A setting, and whether it is exported.
fn setting<'r>(reading: &'r Reading, name: &str) -> Option<(&'r Setting, bool)> {
    let exported = reading.settings.get(name).map(|setting| (setting, true));
    exported.or_else(|| reading.shell_only.get(name).map(|setting| (setting, false)))
}

/// What cannot be known before may be anything afterwards, but not known.
fn is_same(old: &Val, new: &Val) -> bool {
    match (old, new) {
        (Val::Known(old), Val::Known(new)) => old.text == new.text,
        (Val::Unknown(_), Val::Unknown(_)) => true,
        _ => false,
    }
}

/// The assignments that give another value now, or are not carried out.
fn made_of(original: &[u8], before: &Reading, after: &Reading) -> BTreeSet<(Place, String)> {
    let source = Source::split_only(original);
    let mut now: BTreeMap<&str, Vec<&Val>> = BTreeMap::new();
    for site in &after.sites {
        now.entry(&site.name).or_default().push(&site.value);
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for site in &before.sites {
        let nth = seen.entry(&site.name).or_default();
        let value = now.get(site.name.as_str()).and_then(|values| values.get(*nth));
        *nth += 1;
        if site.word.file == 0 && !value.is_some_and(|value| is_same(&site.value, value)) {
            all.insert((source.place(site.word.start), site.name.clone()));
        }
    }
    all
}

/// The same secret where the file was not gone through.
fn literals(original: &[u8], reading: &Reading) -> BTreeSet<(Place, String)> {
    let source = Source::split_only(original);
    let mut all = BTreeSet::new();
    if let (Some(secret), Ok(program)) = (secret(reading), parse(&source.text, 0)) {
        assigned(&program.list, &mut |name, word, text| {
            if is_secret_name(name) && *text == secret {
                all.insert((source.place(word.start), name.to_owned()));
            }
        });
    }
    all
}
