//! Scrubbing files that are not sh's: fish gets a line of its own, what no shell runs gets none, and where osagent has no code
//! for the shell nothing is touched, but the line is named that a person must take out.

use super::{Edit, FISH_LINE_END, FISH_LINE_START, apply, cannot, end_of_line, forms, questions, secret};
use crate::openrc::dialect::Dialect;
use crate::openrc::draft::draft;
use crate::openrc::names::{self, Meaning, is_secret_name};
use crate::openrc::place::{Parsed, Span};
use crate::openrc::reading::Reading;
use crate::openrc::source::Source;
use crate::openrc::text::Text;
use crate::openrc::value::{Unknown, Val, Why};
use crate::profile;

use zeroize::Zeroizing;

/// The text without the secret, and how that was written.
pub(super) fn scrubbed(
    original: &[u8],
    source: &Source,
    reading: &Reading,
    profile: &profile::Name,
) -> Parsed<(Zeroizing<Vec<u8>>, Vec<Text>)> {
    let text = match reading.dialect {
        Dialect::Fish => fish(original, source, reading, profile)?,
        Dialect::Listing => apply(original, emptied(source, reading, "")),
        dialect => return refuse(reading, dialect),
    };
    let words: Vec<(Span, Option<&str>)> = words(reading).map(|span| (span, None)).collect();
    Ok((text, forms(source, reading, &words)))
}

fn refuse<T>(reading: &Reading, dialect: Dialect) -> Parsed<T> {
    let at = words(reading).next().or_else(|| {
        let index = draft(reading).secret_prompt?;
        reading.asked.get(index).map(|asked| asked.at)
    });
    let shell = match dialect {
        Dialect::Csh => "csh",
        Dialect::PowerShell => "PowerShell",
        _ => "cmd",
    };
    cannot(
        at.unwrap_or_default(),
        &format!(
            "osagent has no code for {shell} that could take the place of this line; take it out by hand"
        ),
    )
}

/// Where the secret is assigned as it is written, in the file itself.
fn words(reading: &Reading) -> impl Iterator<Item = Span> {
    let secret = secret(reading);
    let is_secret = move |name: &str, text: &Text| {
        names::of(Meaning::Password).any(|password| password == name)
            || (is_secret_name(name) && secret.as_ref() == Some(text))
    };
    reading.sites.iter().filter(|site| site.word.file == 0 && site.copies.is_none()).filter_map(move |site| {
        match &site.value {
            Val::Known(known) if known.answer.is_none() && !known.text.is_empty() => {
                is_secret(&site.name, &known.text).then_some(site.word)
            }
            _ => None,
        }
    })
}

fn emptied(source: &Source, reading: &Reading, with: &str) -> Vec<Edit> {
    let mut spans: Vec<Span> = words(reading).collect();
    spans.sort_by_key(|span| span.start);
    spans.dedup_by_key(|span| span.start);
    let edit = |span: Span| Edit {
        start: source.original(span.start),
        end: source.original(span.end),
        with: with.as_bytes().to_vec(),
    };
    spans.into_iter().map(edit).collect()
}

fn fish(
    original: &[u8],
    source: &Source,
    reading: &Reading,
    profile: &profile::Name,
) -> Parsed<Zeroizing<Vec<u8>>> {
    let mut edits = emptied(source, reading, "\"\"");
    if edits.iter().any(|edit| original[edit.start..edit.end].contains(&b'=')) {
        // `export NAME=value` is one word: its name would go with it.
        for edit in &mut edits {
            let word = &original[edit.start..edit.end];
            let sign = word.iter().position(|&byte| byte == b'=').filter(|&sign| {
                word[..sign].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                    && names::of(Meaning::Password).any(|name| name.as_bytes() == &word[..sign])
            });
            edit.start += sign.map_or(0, |sign| sign + 1);
        }
    }
    for index in questions(reading, draft(reading).secret_prompt) {
        edits.extend(lines_that_ask(source, reading, index)?);
    }
    let own = crate::openrc::dialects::fish_line(&source.text);
    let line = format!("{FISH_LINE_START}{profile}{FISH_LINE_END}");
    match own {
        Some((name, _)) if name == *profile => Ok(apply(original, edits)),
        Some((_, start)) => {
            let end = start + source.text[start..].trim_ascii_end().len();
            let (start, end) = (source.original(start as u32), source.original(end as u32));
            edits.push(Edit { start, end, with: line.into_bytes() });
            Ok(apply(original, edits))
        }
        None => {
            let mut text = apply(original, edits);
            let sign = end_of_line(&mut text, original);
            text.extend_from_slice(line.as_bytes());
            text.extend_from_slice(sign);
            Ok(text)
        }
    }
}

/// The lines that ask for the secret and pass it on, made comments; each must do nothing else.
fn lines_that_ask(source: &Source, reading: &Reading, index: usize) -> Parsed<Vec<Edit>> {
    let Some(asked) = reading.asked.get(index).filter(|asked| asked.at.file == 0) else {
        return Ok(Vec::new());
    };
    let is_answer = |value: &Val| match value {
        Val::Known(known) => known.answer == Some(index),
        Val::Unknown(Unknown { why: Why::Prompt { index: other, whole: true }, .. }) => *other == index,
        Val::Unknown(_) => false,
    };
    let passed = reading.sites.iter().filter(|site| site.word.file == 0 && is_answer(&site.value));
    let spans = passed.map(|site| site.word).chain([asked.at]).chain(asked.said_at);
    let starts: Vec<usize> = source.line_starts().collect();
    let mut edits = Vec::new();
    let mut lines: Vec<usize> = Vec::new();
    for span in spans {
        let (first, last) =
            (source.line_of(span.start), source.line_of(span.end.saturating_sub(1).max(span.start)));
        let start = starts[first];
        let end = starts.get(last + 1).map_or(source.text.len(), |next| next - 1);
        if !does_one_thing(&source.text[start..end]) || first != last {
            return cannot(span, "this line asks for the password and does something else too");
        }
        if !lines.contains(&first) {
            lines.push(first);
            let at = source.original(start as u32);
            edits.push(Edit { start: at, end: at, with: b"# ".to_vec() });
        }
    }
    Ok(edits)
}

/// One command that shows, asks or sets; what follows a `;` may only do the same.
fn does_one_thing(line: &[u8]) -> bool {
    let allowed: &[&[u8]] =
        &[b"set ", b"read", b"echo", b"printf ", b"export ", b"setenv ", b"stty ", b"set_color "];
    let mut is_quoted: Option<u8> = None;
    let mut start = 0;
    for (at, &byte) in line.iter().enumerate() {
        match (byte, is_quoted) {
            (b'"' | b'\'', None) => is_quoted = Some(byte),
            (byte, Some(open)) if byte == open && !line[..at].ends_with(b"\\") => is_quoted = None,
            (b'|' | b'&', None) => return false,
            (b';', None) => {
                if !allowed.iter().any(|name| line[start..at].trim_ascii_start().starts_with(name)) {
                    return false;
                }
                start = at + 1;
            }
            (b'#', None) if line[..at].ends_with(b" ") => break,
            _ => {}
        }
    }
    let last = line[start..].trim_ascii();
    is_quoted.is_none() && (last.is_empty() || allowed.iter().any(|name| last.starts_with(name)))
}
