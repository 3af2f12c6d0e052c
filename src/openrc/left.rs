//! What a scrubbed text still holds: the secret where it is no assignment's, other secrets, programs that say the password.
//! Nothing is changed here; each is told with its place.

use std::collections::BTreeSet;

use super::draft::draft;
use super::eval::Site;
use super::names::{self, Meaning, is_secret_name};
use super::parser::parse;
use super::place::Place;
use super::reading::Reading;
use super::scrub::assigned;
use super::source::Source;
use super::text::Text;
use super::value::Val;

/// Shorter ones are found in any text.
pub(crate) const SECRET_LEN_MIN: usize = 4;

/// From here on a secret is no word that people use for something else too.
pub(crate) const LONG_LEN_MIN: usize = 8;

/// Where one of `forms` stands in `text`, and how long it is there. A short one is a part of many words: only where it
/// stands alone.
pub(crate) fn found(text: &[u8], forms: &[Text]) -> Vec<(usize, usize)> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let mut all = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let longest = forms.iter().filter(|form| text[at..].starts_with(form.bytes())).map(Text::len).max();
        let stands = longest.filter(|len| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            *len >= LONG_LEN_MIN || !(is_word(before) || is_word(text.get(at + len)))
        });
        all.extend(stands.map(|len| (at, len)));
        at += stands.unwrap_or(1);
    }
    all
}

/// Where the secret still stands: in the new text, and in the files that it sources.
pub(crate) fn of_secret(text: &[u8], forms: &[Text], reading: &Reading) -> Vec<Place> {
    let own = Source::split_only(text);
    let sourced = reading.sources.iter().skip(1).map(AsRef::as_ref);
    let places = |source: &Source| -> Vec<Place> {
        found(&source.text, forms).into_iter().map(|(at, _)| source.place(at as u32)).collect()
    };
    let mut all: BTreeSet<Place> =
        std::iter::once(&own).chain(sourced.filter(|source| source.is_file())).flat_map(places).collect();
    all.extend(assigned_elsewhere(reading));
    all.into_iter().collect()
}

/// Where a file that is sourced assigns the password, however short that is.
fn assigned_elsewhere(reading: &Reading) -> impl Iterator<Item = Place> {
    let is_meant = |site: &&Site| {
        site.word.file > 0
            && site.copies.is_none()
            && names::of(Meaning::Password).any(|name| *name == *site.name)
            && matches!(&site.value, Val::Known(known) if known.answer.is_none() && !known.text.is_empty())
    };
    reading.sites.iter().filter(is_meant).filter_map(|site| {
        let source = reading.sources.get(usize::from(site.word.file))?;
        source.is_file().then(|| source.place(site.word.start))
    })
}

/// Other secrets in clear text, each with the name that it is assigned to. `after` is the reading of `text`.
pub(crate) fn others(text: &[u8], after: &Reading) -> Vec<(String, Place)> {
    let source = Source::split_only(text);
    let mut others: BTreeSet<(Place, String)> = BTreeSet::new();
    for site in after.sites.iter().filter(|site| site.word.file == 0 && site.copies.is_none()) {
        if let Val::Known(known) = &site.value
            && (is_secret_name(&site.name) && known.answer.is_none() && !known.text.is_empty())
        {
            others.insert((source.place(site.word.start), site.name.clone()));
        }
    }
    // Also where the file was not gone through.
    if let Ok(program) = parse(&source.text, 0) {
        assigned(&program.list, &mut |name, word, text| {
            if is_secret_name(name) && !text.is_empty() {
                others.insert((source.place(word.start), name.to_owned()));
            }
        });
    }
    others.into_iter().map(|(place, name)| (name, place)).collect()
}

/// Where the file would still ask a program for the password.
pub(crate) fn programs(after: &Reading) -> Vec<Place> {
    draft(after).unknown.into_iter().filter(|open| open.is_secret).map(|open| open.place).collect()
}
