//! Taking the secret out of a file's text: its value is emptied wherever it is assigned, the lines that ask for it become
//! comments, one line at the end asks osagent instead; all else stays byte for byte. Writing it to disk is not done here.

mod check;
mod compare;
mod others;

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::ast::{Assigned, List};
use super::dialect::Dialect;
use super::draft::draft;
use super::left;
use super::names::{self, Meaning, is_secret_name};
use super::parser::{Program, parse};
use super::place::{Fault, Parsed, Place, Reason, Refusal, Span};
use super::reading::{Reading, take_own_line};
use super::source::Source;
use super::text::Text;
use super::unask;
use super::value::{Val, Why};
use crate::profile;

/// `eval "$(osagent env --shell sh NAME)" # osagent`; the comment at the end also keeps a CR from the shell.
pub(crate) const LINE_START: &str = "eval \"$(osagent env --shell sh ";
pub(crate) const LINE_END: &str = ")\"";
pub(crate) const LINE_MARK: &str = " # osagent";

/// The same for fish.
pub(crate) const FISH_LINE_START: &str = "osagent env --shell fish ";
pub(crate) const FISH_LINE_END: &str = " | source # osagent";

/// A file without its secret.
#[derive(Debug)]
pub struct Scrubbed {
    pub text: Zeroizing<Vec<u8>>,
    /// Where the secret's text still stands, by the lines of the new text: in a value that is no secret, or in what is
    /// neither an assignment nor a comment. `file` other than 0 is a sourced file, which is not touched.
    pub left: Vec<Place>,
    /// Other variables that had the password, or were made from it, and now have none: places in the old text.
    pub emptied: Vec<(String, Place)>,
    /// Other secrets that stand in clear text, each with the name that it is assigned to: they stay.
    pub others: Vec<(String, Place)>,
    /// Where the file asks a program for the password still.
    pub programs: Vec<Place>,
    /// The last line asks osagent. Where no shell runs the file there is none.
    pub has_line: bool,
    /// How the secret was written; nothing where it is asked for.
    forms: Vec<Text>,
}

impl Scrubbed {
    /// Whether the file held the secret.
    pub fn has_taken(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Whether the secret that the file held stands in another text.
    pub fn stands_in(&self, text: &[u8]) -> bool {
        !left::found(text, &self.forms).is_empty()
    }
}

/// Replace `range` of the original by `with`.
pub(crate) struct Edit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) with: Vec<u8>,
}

/// `reading` is of this same text, best with its prompts answered: a loop that asks is seen through only then.
pub fn scrub(original: &[u8], reading: &Reading, profile: &profile::Name) -> Result<Scrubbed, Refusal> {
    let source = match Source::new(original, 0) {
        Ok(source) => source,
        Err(fault) => return Err(Source::split_only(original).refuse(*fault)),
    };
    let has_line = matches!(reading.dialect, Dialect::Shell | Dialect::Fish);
    let done = match reading.dialect {
        Dialect::Shell | Dialect::Dotenv => edits(&source, reading, profile).map(|(edits, forms)| {
            let mut text = apply(original, edits);
            if has_line && reading.scrubbed_for.is_none() {
                append_line(&mut text, original, profile);
            }
            (text, forms)
        }),
        _ => others::scrubbed(original, &source, reading, profile),
    };
    let (text, forms) = match done {
        Ok(done) => done,
        Err(fault) => return Err(source.refuse(*fault)),
    };
    let (after, emptied) = check::check(original, &text, reading, has_line)?;
    let left = left::of_secret(&text, &forms, reading);
    let (others, programs) = (left::others(&text, &after), left::programs(&after));
    Ok(Scrubbed { left, emptied, others, programs, has_line, text, forms })
}

fn edits(source: &Source, reading: &Reading, profile: &profile::Name) -> Parsed<(Vec<Edit>, Vec<Text>)> {
    let mut program = parse(&source.text, 0)?;
    let before = program.list.items.last().map(|item| item.span);
    let own = take_own_line(&mut program.list, source).is_some();
    let words = secret_words(&program, reading);
    let mut edits: Vec<Edit> = words
        .iter()
        .map(|(span, name)| Edit {
            start: source.original(span.start),
            end: source.original(span.end),
            with: name.map_or("\"\"".to_owned(), |name| format!("\"{name}=\"")).into_bytes(),
        })
        .collect();
    let forms = forms(source, reading, &words);
    edits.extend(comments(source, &program, reading, &forms));
    edits.extend(unask::programs(source, &program.list, reading));
    let draft = draft(reading);
    for index in questions(reading, draft.secret_prompt) {
        edits.extend(unask::lines(source, &program.list, reading, index)?);
    }
    for open in &draft.unknown {
        if let Why::Prompt { index, whole: false } = &open.why
            && names::of(Meaning::Password).any(|password| password == open.name)
            && let Some(asked) = reading.asked.get(*index)
        {
            return cannot(asked.at, "how this question comes to the password cannot be followed");
        }
    }
    if let (true, Some(span)) = (own && reading.scrubbed_for.as_ref() != Some(profile), before) {
        let start = source.original(span.start);
        let end = source.original(span.end);
        edits.push(Edit { start, end, with: format!("{LINE_START}{profile}{LINE_END}").into_bytes() });
    }
    Ok((edits, forms))
}

/// The questions for the password: the one that decides it, and those that would where something else does not.
fn questions(reading: &Reading, deciding: Option<usize>) -> BTreeSet<usize> {
    let asked = reading.asked.iter().enumerate().filter(|(_, asked)| is_password(&asked.into));
    let passed_on = reading.sites.iter().filter(|site| is_password(&site.name));
    let passed_on = passed_on.filter_map(|site| match &site.value {
        Val::Known(known) => known.answer,
        Val::Unknown(unknown) => match unknown.why {
            Why::Prompt { index, whole: true } => Some(index),
            _ => None,
        },
    });
    deciding.into_iter().chain(asked.map(|(index, _)| index)).chain(passed_on).collect()
}

/// The names of the password, and of the variables through which it comes to them.
fn carriers(reading: &Reading) -> BTreeSet<&str> {
    let secret = secret(reading);
    let questions = questions(reading, draft(reading).secret_prompt);
    let is_meant = |value: &Val| match value {
        Val::Known(known) => match known.answer {
            Some(index) => questions.contains(&index),
            None => secret.as_ref() == Some(&*known.text),
        },
        Val::Unknown(unknown) => !matches!(unknown.why, Why::Session(_)),
    };
    let mut names: BTreeSet<&str> = names::of(Meaning::Password).collect();
    for site in reading.sites.iter().rev().filter(|site| is_meant(&site.value)) {
        if let (true, Some(copied)) = (names.contains(site.name.as_str()), &site.copies) {
            names.insert(copied);
        }
    }
    let asked = questions.iter().filter_map(|index| reading.asked.get(*index));
    names.extend(asked.map(|asked| asked.into.as_str()));
    names
}

fn is_password(name: &str) -> bool {
    names::of(Meaning::Password).any(|password| password == name)
}

/// The secret as it stands in the file; `None` when it is asked for or not known.
fn secret(reading: &Reading) -> Option<Text> {
    let draft = draft(reading);
    let secret = draft.secret.filter(|_| draft.secret_prompt.is_none())?;
    (!secret.is_empty()).then(|| Text::of(secret.expose().as_bytes()))
}

/// The words to empty, with the name that a word holds as well.
fn secret_words<'r>(program: &Program, reading: &'r Reading) -> Vec<(Span, Option<&'r str>)> {
    let secret = secret(reading);
    let is_secret = |text: &Text| secret.as_ref() == Some(text);
    // The password's names, and those that it is a copy of.
    let mut holds: BTreeSet<&str> = names::of(Meaning::Password).collect();
    for site in reading.sites.iter().rev().filter(|site| site.value.text().is_some_and(is_secret)) {
        if let (true, Some(copied)) = (holds.contains(site.name.as_str()), &site.copies) {
            holds.insert(copied);
        }
    }
    let mut words: Vec<(Span, Option<&str>)> = reading
        .sites
        .iter()
        .filter(|site| site.word.file == 0 && site.copies.is_none())
        .filter(|site| match &site.value {
            Val::Known(known) if known.answer.is_none() && !known.text.is_empty() => {
                holds.contains(site.name.as_str()) || (is_secret_name(&site.name) && is_secret(&known.text))
            }
            _ => false,
        })
        .map(|site| (site.word, site.is_whole.then_some(site.name.as_str())))
        .collect();
    // Also where the file was not gone through: the other way of a condition, a function that is not called.
    assigned(&program.list, &mut |name, word, text| {
        if is_secret(text) && (holds.contains(name) || is_secret_name(name)) {
            words.push((word, None));
        }
    });
    words.sort_by_key(|(span, _)| span.start);
    words.dedup_by_key(|(span, _)| span.start);
    words
}

/// Every assignment of a literal, wherever it stands.
pub(crate) fn assigned(list: &List, found: &mut impl FnMut(&str, Span, &Text)) {
    unask::commands(list, &mut |command| {
        let super::ast::Kind::Simple(simple) = &command.kind else { return };
        let words = simple.words.iter().filter_map(super::parser::assignment);
        let mut note = |assignment: &super::ast::Assignment| {
            if let Assigned::Word(word) = &assignment.value
                && let Some(text) = word.literal()
            {
                found(&assignment.name, word.span, &text);
            }
        };
        simple.assignments.iter().for_each(&mut note);
        words.for_each(|assignment| note(&assignment));
    });
}

/// The secret in comments, as its text and as it was written where it was assigned. Only where it stands for itself: a word
/// that happens to hold it is no secret.
fn comments(source: &Source, program: &Program, reading: &Reading, forms: &[Text]) -> Vec<Edit> {
    let Some(secret) = secret(reading) else { return Vec::new() };
    let mut settings = reading.settings.iter().chain(&reading.shell_only);
    let is_common = settings.any(|(name, setting)| {
        !is_secret_name(name) && setting.text().map(str::as_bytes) == Some(secret.bytes())
    });
    if is_common {
        return Vec::new();
    }
    let mut edits = Vec::new();
    for comment in &program.comments {
        let text = &source.text[comment.start as usize..comment.end as usize];
        for (at, len) in left::found(text, forms) {
            let is_assigned = matches!(&text[..at], [.., b'='] | [.., b'=', b'"' | b'\'']);
            if is_assigned || len >= left::LONG_LEN_MIN {
                let start = comment.start + at as u32;
                edits.push(Edit {
                    start: source.original(start),
                    end: source.original(start + len as u32),
                    with: Vec::new(),
                });
            }
        }
    }
    edits
}

/// How the secret may be written: as it is, and as it was where it was assigned.
fn forms(source: &Source, reading: &Reading, words: &[(Span, Option<&str>)]) -> Vec<Text> {
    let Some(secret) = secret(reading) else { return Vec::new() };
    let written =
        words.iter().map(|(span, _)| unquoted(&source.text[span.start as usize..span.end as usize]));
    let written = written.filter(|form| *form != secret.bytes()).map(Text::of);
    let forms = std::iter::once(secret.clone()).chain(written);
    forms.filter(|form| form.len() >= left::SECRET_LEN_MIN).collect()
}

fn unquoted(word: &[u8]) -> &[u8] {
    let quote = word.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    match quote {
        Some(quote) if word.len() > 1 && word.last() == Some(&quote) => &word[1..word.len() - 1],
        _ => word,
    }
}

fn apply(original: &[u8], mut edits: Vec<Edit>) -> Zeroizing<Vec<u8>> {
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let added: usize = edits.iter().map(|edit| edit.with.len()).sum();
    // Room for the line at the end too: a growing `Vec` would leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(original.len() + added + 256));
    let mut at = 0;
    for edit in edits.iter().filter(|edit| edit.end <= original.len()) {
        if edit.start < at {
            continue;
        }
        text.extend_from_slice(&original[at..edit.start]);
        text.extend_from_slice(&edit.with);
        at = edit.end;
    }
    text.extend_from_slice(&original[at..]);
    text
}

fn append_line(text: &mut Zeroizing<Vec<u8>>, original: &[u8], profile: &profile::Name) {
    let sign = end_of_line(text, original);
    text.extend_from_slice(format!("{LINE_START}{profile}{LINE_END}{LINE_MARK}").as_bytes());
    text.extend_from_slice(sign);
}

/// Ends the last line, so that another can follow; returns how the lines of this file end.
fn end_of_line(text: &mut Zeroizing<Vec<u8>>, original: &[u8]) -> &'static [u8] {
    let sign: &[u8] = if original.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.extend_from_slice(sign);
    }
    // A file that ends in a backslash would take the new line for its last command's.
    if text.ends_with(b"\\\n") || text.ends_with(b"\\\r\n") {
        text.extend_from_slice(sign);
    }
    sign
}

pub(crate) fn cannot<T>(at: Span, what: &str) -> Parsed<T> {
    Err(Fault::new(at, Reason::CannotScrub, what)
        .hint("take the lines that ask for the password out by hand, or leave the file as it is"))
}
