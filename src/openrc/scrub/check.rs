//! Whether the text that scrubbing made may be written: it is the shell's still, comes to its last line, and asks and sets
//! what it did before. Nothing is changed here; what is not right is refused with its place.

use super::compare::compare;
use super::{is_password, questions};
use crate::openrc::dialect::Dialect;
use crate::openrc::names::{self, Meaning};
use crate::openrc::place::{Place, Reason, Refusal};
use crate::openrc::reading::{Reading, read};
use crate::openrc::{Context, NoFiles};

/// What the new text reads as, and the variables that it does not make from the password any more.
pub(super) type Checked = (Reading, Vec<(String, Place)>);

/// The new text must be the shell's still, end in our line, come that far, and set what it set.
pub(super) fn check(
    original: &[u8],
    text: &[u8],
    reading: &Reading,
    has_line: bool,
) -> Result<Checked, Refusal> {
    let refuse = |place: Place, what: &str| Refusal {
        place,
        reason: Reason::CannotScrub,
        what: what.to_owned(),
        hint: Some("take the secret out by hand, or leave the file as it is"),
    };
    let file = reading.files.first().map(String::as_str).unwrap_or_default();
    let (dir, file_name) = file.rsplit_once('/').unwrap_or(("", file));
    let context =
        Context { home: "/", user: "user", dir, file_name, args: &[], answers: &[], files: &NoFiles };
    let after = match read(text, &context) {
        Ok(after) => after,
        Err(refusal) => {
            return Err(refuse(refusal.place, "without the secret the file would not be the shell's"));
        }
    };
    // What files in other languages set is not compared.
    let emptied = || match reading.dialect {
        Dialect::Shell | Dialect::Dotenv => compare(original, text, reading, &context),
        _ => Ok(Vec::new()),
    };
    if !has_line {
        return Ok((after, emptied()?));
    }
    if after.scrubbed_for.is_none() {
        let place = Place { file: 0, line: 1, column: 1 };
        return Err(refuse(place, "the line for osagent would not stand for itself at the end of this file"));
    }
    if let (Some(place), None) = (after.ended, reading.ended) {
        return Err(refuse(
            place,
            "the file would end itself here, before it asks osagent in its new last line",
        ));
    }
    if let Some(place) = reading.ended {
        return Err(refuse(place, "the file ends itself here, before it could ask osagent"));
    }
    let mut passwords = names::of(Meaning::Password).filter_map(|name| after.settings.get(name));
    if let Some(setting) = passwords.find(|setting| setting.text().is_some_and(|text| !text.is_empty())) {
        return Err(refuse(
            setting.place,
            "the password is put together here, and not written where it could be cut",
        ));
    }
    for (index, prompt) in reading.prompts.iter().enumerate() {
        // What hangs on other answers is not known without them; what is known now was asked for before.
        let is_lost = |name: &String| {
            let after = after.settings.get(name);
            after.is_none_or(|setting| setting.is_known() && setting.prompt().is_none())
        };
        let mut others = prompt.reaches.iter().filter(|name| !is_password(name));
        if !questions(reading, None).contains(&index) && others.any(is_lost) {
            return Err(refuse(prompt.place, "what asks here for the password asks for other settings too"));
        }
    }
    Ok((after, emptied()?))
}
