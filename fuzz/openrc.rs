//! What holds of the reader whatever the bytes are: it comes back, everything it says has a place in the file, and a
//! scrubbed file holds its secret no more, is scrubbed only once, and sets what it set before. Shared by the fuzz target and
//! by the test that replays the corpus; it must touch nothing outside of itself.

use osagent::openrc::{Context, NoFiles, Place, Reading, Refusal, draft, read, scrub};
use osagent::profile;
use osagent::secret::Secret;

const ANSWERS: &[&str] = &["first answer", "  back\\slash ", "$(third)*", ""];
/// A shorter secret is a part of other words, where scrubbing leaves it.
const SECRET_LEN_MIN: usize = 8;

pub(crate) fn check(bytes: &[u8]) {
    let reading = match read_with_answers(bytes) {
        Ok(reading) => reading,
        Err(refusal) => return check_place(bytes, refusal.place),
    };
    check_places(bytes, &reading);
    let before = draft(&reading);
    let name: profile::Name = "fuzzed".parse().unwrap();
    let scrubbed = match scrub(bytes, &reading, &name) {
        Ok(scrubbed) => scrubbed,
        Err(refusal) => return check_place_of_scrub(refusal.place),
    };
    let after = read_with_answers(&scrubbed.text).expect("a scrubbed file is read again");
    check_places(&scrubbed.text, &after);
    // What no shell runs gets no line.
    assert_eq!(after.scrubbed_for.as_ref(), scrubbed.has_line.then_some(&name));
    let secret = before.secret.as_ref().filter(|_| before.secret_prompt.is_none());
    if let Some(secret) = secret.map(Secret::expose).filter(|secret| secret.len() >= SECRET_LEN_MIN)
        && scrubbed.left.is_empty()
    {
        let found = scrubbed.text.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "a scrubbed file that says that nothing is left holds the secret");
    }
    let again = scrub(&scrubbed.text, &after, &name).expect("a scrubbed file can be scrubbed again");
    assert!(*again.text == *scrubbed.text, "scrubbing twice is not scrubbing once");
    // With a sign a setting may hang on the secret.
    if !bytes.iter().any(|byte| b"$`".contains(byte)) {
        check_same_settings(&reading, &after, secret.map(Secret::expose));
    }
}

fn read_with_answers(bytes: &[u8]) -> Result<Reading, Refusal> {
    let args = ["one".to_owned(), "two words".to_owned()];
    let mut answers = Vec::new();
    loop {
        let context = Context {
            home: "/home/ada",
            user: "ada",
            dir: "/home/ada/cloud",
            file_name: "openrc.sh",
            args: &args,
            answers: &answers,
            files: &NoFiles,
        };
        let reading = read(bytes, &context)?;
        let asks = reading.prompts.iter().any(|prompt| !prompt.is_answered);
        if !asks || answers.len() == ANSWERS.len() {
            return Ok(reading);
        }
        answers.push(Secret::new(ANSWERS[answers.len()].to_owned()));
    }
}

fn check_places(bytes: &[u8], reading: &Reading) {
    let settings = reading.settings.values().chain(reading.shell_only.values());
    for setting in settings {
        check_place(bytes, setting.place);
        if let Some((_, place)) = setting.unknown() {
            check_place(bytes, place);
        }
    }
    for place in reading.warnings.iter().map(|warning| warning.place) {
        check_place(bytes, place);
    }
    for place in reading.prompts.iter().map(|prompt| prompt.place) {
        check_place(bytes, place);
    }
}

/// A line may also be the one after the last.
fn check_place(bytes: &[u8], place: Place) {
    let ends = bytes.iter().filter(|byte| b"\r\n".contains(byte)).count() as u32;
    assert!(place.line > 0 && place.column > 0 && place.line <= ends + 1, "{place} in {} lines", ends + 1);
    assert!(place.column as usize <= bytes.len() + 1, "{place} in {} bytes", bytes.len());
}

/// It may be in the text that the scrubbed file would have had.
fn check_place_of_scrub(place: Place) {
    assert!(place.line > 0 && place.column > 0, "{place}");
}

fn check_same_settings(before: &Reading, after: &Reading, secret: Option<&str>) {
    let others = before.settings.iter().filter(|(name, _)| !osagent::openrc::is_secret_name(name));
    for (name, setting) in others.filter(|(_, setting)| setting.text().is_some() && setting.text() != secret)
    {
        let now = after.settings.get(name).and_then(|setting| setting.text());
        assert!(now == setting.text(), "scrubbing changes {name}");
    }
}
