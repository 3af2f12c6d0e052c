//! What the writing betrays: the letters of a file, and the words of its commands, whether they are reached or not.

use super::{Kind, Warned};
use crate::openrc::ast::{Assigned, Command, Kind as Shape, List, Part, Simple, Word};
use crate::openrc::cursor::is_name;
use crate::openrc::place::Span;
use crate::openrc::source::Source;
use crate::openrc::unask;

/// A byte order mark and the ends of lines: once for a file.
pub(crate) fn of_letters(original: &[u8]) -> Vec<Warned> {
    let mut found = Vec::new();
    let mut say = |start: usize, end: usize, kind: Kind, text: &str| {
        let at = Span { file: 0, start: start as u32, end: end as u32 };
        found.push(Warned { at, kind, text: text.to_owned() });
    };
    let text = original.strip_prefix(b"\xef\xbb\xbf").unwrap_or(original);
    if text.len() < original.len() {
        let words = "a byte order mark stands before this, and a shell takes it for a part of the word; save the file without";
        say(0, 1, Kind::ByteOrderMark, words);
    }
    if let Some(at) = text.windows(2).position(|pair| pair == b"\r\n") {
        let words = "lines end in CR LF here; a shell keeps the CR in every value (it is read here as if it were not there)";
        say(at, at + 1, Kind::CarriageReturns, words);
    }
    found
}

/// The words of every command.
pub(crate) fn of_words(list: &List, source: &Source) -> Vec<Warned> {
    let mut found = Vec::new();
    unask::commands(list, &mut |command| of_command(command, source, &mut found));
    found
}

fn of_command(command: &Command, source: &Source, found: &mut Vec<Warned>) {
    let Shape::Simple(simple) = &command.kind else { return };
    let assigned = simple.assignments.iter().filter_map(|assignment| match &assignment.value {
        Assigned::Word(word) => Some(word),
        _ => None,
    });
    let is_export = simple.words.first().and_then(Word::bare) == Some("export");
    let exported = simple.words.iter().filter(|_| is_export);
    assigned.chain(exported).for_each(|word| {
        of_word(word, source, found);
        typographic(word, source, found);
    });
    name_as_prompt(simple, found);
}

/// `read -srp NAME`: the name is the text that `-p` shows, and the answer goes into REPLY.
fn name_as_prompt(simple: &Simple, found: &mut Vec<Warned>) {
    let words: Vec<Option<&str>> = simple.words.iter().map(Word::bare).collect();
    let [Some("read"), options @ .., Some(name)] = words.as_slice() else { return };
    let is_option = |word: &Option<&str>| word.is_some_and(|word| word.starts_with('-') && word.len() > 1);
    let takes_next = options.last().is_some_and(|word| word.is_some_and(|word| word.ends_with('p')));
    if options.iter().all(is_option)
        && takes_next
        && is_name(name)
        && let Some(word) = simple.words.last()
    {
        let text = format!(
            "read shows {name} as the text of the question and reads into REPLY; -p takes the next word"
        );
        found.push(Warned { at: word.span, kind: Kind::NameAsPrompt, text });
    }
}

/// Outside of quotes these are hardly meant: inside they may be a part of a name.
fn typographic(word: &Word, source: &Source, found: &mut Vec<Warned>) {
    const SIGNS: &[(char, &str)] = &[
        ('\u{201c}', "this quote is one of a word processor's; a shell takes it for a part of the value"),
        ('\u{201d}', "this quote is one of a word processor's; a shell takes it for a part of the value"),
        ('\u{201e}', "this quote is one of a word processor's; a shell takes it for a part of the value"),
        ('\u{2018}', "this quote is one of a word processor's; a shell takes it for a part of the value"),
        ('\u{2019}', "this quote is one of a word processor's; a shell takes it for a part of the value"),
        (
            '\u{a0}',
            "this blank is one that does not break, as web pages have it; a shell takes it for a part of the value",
        ),
        (
            '\u{200b}',
            "a blank without width stands here, as web pages have it; a shell takes it for a part of the value",
        ),
    ];
    let is_bare =
        |part: &Part| matches!(part, Part::Bare(text) if text.str().is_some_and(|text| !text.is_ascii()));
    if !word.parts.iter().any(is_bare) {
        return;
    }
    let text = &source.text[word.span.start as usize..word.span.end as usize];
    let Ok(text) = std::str::from_utf8(text) else { return };
    let first = text.char_indices().find_map(|(at, c)| {
        SIGNS.iter().find(|(sign, _)| *sign == c).map(|(sign, words)| (at, sign.len_utf8(), words))
    });
    if let Some((at, len, words)) = first {
        let start = word.span.start + at as u32;
        let at = Span { start, end: start + len as u32, ..word.span };
        found.push(Warned { at, kind: Kind::TypographicSign, text: (*words).to_owned() });
    }
}

fn of_word(word: &Word, source: &Source, found: &mut Vec<Warned>) {
    let is_double = |part: &Part| matches!(part, Part::Double(_));
    if !word.parts.iter().any(is_double) {
        return;
    }
    let text = &source.text[word.span.start as usize..word.span.end as usize];
    let Some(quote) = text.iter().position(|&byte| byte == b'"') else { return };
    let mut at = quote + 1;
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            (b'\\', b'\'' | b'!') => {
                let start = word.span.start + at as u32;
                found.push(Warned {
                    at: Span { start, end: start + 2, ..word.span },
                    kind: Kind::BackslashKept,
                    text: "inside double quotes this backslash stays in the value, which was hardly meant"
                        .to_owned(),
                });
                return;
            }
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
}
