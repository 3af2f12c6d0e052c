//! What may be shown of a reading where others look on: every text with its secrets taken out. A secret is what a secret's
//! name holds and what is typed unseen, and it is looked for in all other texts too. A mask never tells how long it was.

use std::fmt;

use super::names::{self, is_secret_name};
use super::reading::{Reading, Setting};
use super::text::Text;
use super::value::Val;
use crate::secret::Secret;

/// In place of a secret, whatever its length.
pub const MASK: &str = "********";

/// Shorter ones are parts of many words: they are masked where they are the whole of a value.
const PART_LEN_MIN: usize = 4;

/// Of what only looks like a secret, shorter ones and those without a digit are words of everyday.
const LIKELY_LEN_MIN: usize = 6;

/// No real file has so many; past them every value is masked, for looking for each in each would take too long.
const SECRETS_MAX: usize = 64;

/// What is not to be shown.
#[derive(Clone)]
pub struct Mask {
    secrets: Vec<Text>,
    is_everything: bool,
    is_off: bool,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({} secrets)", self.secrets.len())
    }
}

/// A text as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    /// Something was taken out of it.
    pub is_masked: bool,
}

impl Mask {
    /// Shows everything: somebody asked for it.
    pub fn off() -> Mask {
        Mask { secrets: Vec::new(), is_everything: false, is_off: true }
    }

    /// The secrets of a reading, whose prompts got these answers.
    pub fn of(reading: &Reading, answers: &[Secret]) -> Mask {
        let mut secrets: Vec<Text> = Vec::new();
        let mut note = |bytes: &[u8]| {
            if !bytes.is_empty()
                && secrets.len() <= SECRETS_MAX
                && !secrets.iter().any(|s| s.bytes() == bytes)
            {
                secrets.push(Text::of(bytes));
            }
        };
        for site in reading.sites.iter().filter(|site| may_be_secret_name(&site.name)) {
            note(site.value.text().map_or(&[], Text::bytes));
        }
        for (name, setting) in reading.settings.iter().chain(&reading.shell_only) {
            if may_be_secret_name(name) {
                note(setting.text().unwrap_or_default().as_bytes());
            }
        }
        for (prompt, answer) in reading.prompts.iter().zip(answers) {
            let is_secret = may_be_secret_name(&prompt.into)
                || prompt.reaches.iter().any(|name| may_be_secret_name(name));
            if prompt.is_hidden || is_secret {
                note(answer.expose().as_bytes());
            }
        }
        // Also where it was not come by: another way of a condition, a comment, a name that was misspelt.
        for source in &reading.sources {
            let looks_so = |text: &&Text| {
                text.len() >= LIKELY_LEN_MIN && text.str().is_some_and(|text| text.contains(char::is_numeric))
            };
            let likely = likely_secrets(&source.text);
            likely.iter().filter(looks_so).for_each(|text| note(text.bytes()));
        }
        // The longest first: one may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Mask { is_everything: secrets.len() > SECRETS_MAX, secrets, is_off: false }
    }

    /// The likely secrets of a text that could not be read: what stands behind the `=` of a secret's name.
    pub fn of_text(text: &[u8]) -> Mask {
        let mut secrets = likely_secrets(text);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Mask { is_everything: secrets.len() > SECRETS_MAX, secrets, is_off: false }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.is_off
    }

    /// A variable's value; `None` while it is not known.
    pub fn value(&self, name: &str, setting: &Setting) -> Option<Shown> {
        let text = setting.text()?;
        let is_whole = !self.is_off
            && !text.is_empty()
            && (may_be_secret_name(name) || self.is_everything || self.holds_whole(text));
        Some(if is_whole { Shown { text: MASK.to_owned(), is_masked: true } } else { self.text(text) })
    }

    /// A text that is a secret, or a part of one.
    pub fn secret(&self, text: &str) -> String {
        if self.is_off { text.to_owned() } else { MASK.to_owned() }
    }

    /// The name of a variable that a `$` in the value of `name` refers to: it may have been meant as a part of the value.
    pub fn reference(&self, name: &str, reference: &str) -> String {
        match may_be_told(name, reference) {
            true => self.text(reference).text,
            false => self.secret(reference),
        }
    }

    /// Any other text.
    pub fn text(&self, text: &str) -> Shown {
        if self.is_off {
            return Shown { text: text.to_owned(), is_masked: false };
        }
        let mut shown = text.to_owned();
        for secret in self.secrets.iter().filter(|secret| secret.len() >= PART_LEN_MIN) {
            if let Some(secret) = secret.str()
                && shown.contains(secret)
            {
                shown = shown.replace(secret, MASK);
            }
        }
        let shown = without_parameters(&without_user_info(&shown));
        Shown { is_masked: shown != text, text: shown }
    }

    /// Whether the text may be shown as it stands.
    pub fn lets(&self, text: &str) -> bool {
        !self.is_everything && !self.holds_whole(text) && !self.text(text).is_masked
    }

    fn holds_whole(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| secret.bytes() == text.as_bytes())
    }
}

/// What stands behind the `=` of a secret's name: all of it, and its first word.
fn likely_secrets(text: &[u8]) -> Vec<Text> {
    let mut secrets: Vec<Text> = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        for (at, _) in line.match_indices('=').take(SECRETS_MAX) {
            let is_other = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            let start = line[..at].rfind(is_other).map_or(0, |at| at + 1);
            if secrets.len() > SECRETS_MAX || !may_be_secret_name(&line[start..at]) {
                continue;
            }
            let value = line[at + 1..].trim_matches([' ', '"', '\'', ';', '\t']);
            let word = value.split([' ', '"', '\'', ';']).next().unwrap_or_default();
            let pieces = [value, word].into_iter().filter(|piece| !piece.is_empty());
            secrets.extend(pieces.map(|piece| Text::of(piece.as_bytes())));
        }
    }
    secrets
}

/// A secret's name, or one that looks as if it were meant to be: `OS_PASWORD`. Names of the field are spared.
pub fn may_be_secret_name(name: &str) -> bool {
    const PARTS: &[&str] = &["PASS", "WORD", "SECR", "TOK", "CRED", "PWD", "KEY", "OTP", "PIN"];
    const LIKELY: &[&str] = &["PASSWORD", "SECRET", "TOKEN"];
    if is_secret_name(name) || names::leftovers().any(|known| known == name) {
        return is_secret_name(name);
    }
    let name = name.to_ascii_uppercase();
    let rest = name.trim_start_matches("OS_").trim_start_matches("ST_");
    let is_cut = |likely: &&str| likely.starts_with(rest) || (rest.len() > 2 && likely.ends_with(rest));
    let is_near = |likely: &&str| rest.len() > 4 && distance(rest.as_bytes(), likely.as_bytes()) <= 2;
    PARTS.iter().any(|part| rest.contains(part))
        || LIKELY.iter().any(|likely| is_cut(likely) || is_near(likely))
        || ["OS", "O", "S", "_", "ST"].contains(&rest)
}

/// Whether what follows the `$` in a value of `name` is surely the name of a variable.
pub(crate) fn may_be_told(name: &str, reference: &str) -> bool {
    let is_digit = reference.len() == 1 && reference.bytes().all(|byte| byte.is_ascii_digit());
    let is_constant = reference.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    !may_be_secret_name(name) && (is_digit || is_constant)
}

/// How many letters differ (Levenshtein).
fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

/// `https://user:password@host` keeps the user.
fn without_user_info(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        rest = after;
        // An unescaped @ or / may stand in the password itself: the last @ of the word decides.
        let at = after.split(' ').next().and_then(|word| word.rfind('@'));
        let authority = &after[..after.find(['/', '?', '#', ' ']).unwrap_or(after.len())];
        let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let colon = match at {
            Some(at) => after[..at].find(':'),
            // What is no port may be a password that lost its host.
            None if authority.starts_with('[') => None,
            None => authority.find(':').filter(|colon| !is_port(&authority[colon + 1..])),
        };
        if let Some(colon) = colon {
            let word = after.find(' ').unwrap_or(after.len());
            shown.push_str(&after[..=colon]);
            shown.push_str(MASK);
            rest = &after[at.unwrap_or(word)..];
        }
    }
    shown.push_str(rest);
    shown
}

/// `…?token=abc` and `password=abc` lose what follows the sign.
fn without_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(['&', ';', '?', ' ', ',']) {
        let end = piece.trim_end_matches(['&', ';', '?', ' ', ',']).len();
        match piece[..end].split_once('=') {
            Some((name, value)) if may_be_secret_name(name) && !value.is_empty() => {
                shown.push_str(&format!("{name}={MASK}"));
                shown.push_str(&piece[end..]);
            }
            _ => shown.push_str(piece),
        }
    }
    shown
}

impl Reading {
    /// Whether a variable is, or will be, what is typed unseen.
    pub fn is_typed_unseen(&self, setting: &Setting) -> bool {
        setting.prompt().and_then(|index| self.prompts.get(index)).is_some_and(|prompt| prompt.is_hidden)
    }

    /// Whether a secret is written into the file itself.
    pub fn holds_secret(&self) -> bool {
        let is_written = |value: &Val| matches!(value, Val::Known(known) if known.answer.is_none() && !known.text.is_empty());
        self.sites
            .iter()
            .any(|site| may_be_secret_name(&site.name) && is_written(&site.value) && site.copies.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openrc::{Context, NoFiles, read};

    fn shown(text: &str, name: &str) -> Option<Shown> {
        let answers = [Secret::new("typed-unseen".to_owned())];
        let context = Context {
            home: "/home",
            user: "ada",
            dir: "/rc",
            file_name: "rc",
            args: &[],
            answers: &answers,
            files: &NoFiles,
        };
        let reading = read(text.as_bytes(), &context).unwrap();
        let setting = reading.settings.get(name)?;
        Mask::of(&reading, &answers).value(name, setting)
    }

    #[track_caller]
    fn check(text: &str, name: &str, wanted: &str) {
        let shown = shown(text, name).unwrap();
        assert_eq!(shown.text, wanted);
        assert_eq!(shown.is_masked, wanted.contains(MASK));
    }

    #[test]
    fn a_secret_is_masked_wherever_it_has_got_into() {
        check("export OS_PASSWORD=abc", "OS_PASSWORD", MASK);
        check("export OS_PASSWORD=", "OS_PASSWORD", "");
        check("pw=horse-battery\nexport OS_NOTE=\"it is $pw.\"", "OS_NOTE", "it is ********.");
        check("read -s x\nexport OS_NOTE=$x", "OS_NOTE", MASK);
        check("read -s x\nexport OS_NOTE=\"<$x>\"", "OS_NOTE", "<********>");
        check("export OS_PASSWORD=admin OS_USERNAME=admin", "OS_USERNAME", MASK);
        check("export OS_PASSWORD=3 OS_IDENTITY_API_VERSION=v3", "OS_IDENTITY_API_VERSION", "v3");
    }

    #[test]
    fn a_url_keeps_its_user_and_loses_its_password() {
        check("export OS_AUTH_URL=https://u:p@ss/w@h:5000/v3", "OS_AUTH_URL", "https://u:********@h:5000/v3");
        check("export OS_AUTH_URL=https://u@h:5000/v3", "OS_AUTH_URL", "https://u@h:5000/v3");
        check("export OS_AUTH_URL='https://h/?token=abc&x=1'", "OS_AUTH_URL", "https://h/?token=********");
        check("export OS_AUTH_URL=https://h:5000/v3", "OS_AUTH_URL", "https://h:5000/v3");
    }
}
