//! One line of a file as it may be shown under a message: names, words of the shell, and values that are known not to be
//! secret; everything else is masked, comments are cut. It holds for a refused file too, of which only the letters are known.

mod drawn;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::eval::Site;
use super::mask::{Mask, may_be_secret_name};
use super::names;
use super::place::Place;
use super::reading::Reading;
use super::source::Source;
use super::value::Val;
use super::{programs, warn};

/// Nobody wrote a longer one by hand, and nobody reads it.
const LINE_LEN_MAX: usize = 2_048;

pub use drawn::cells;

/// The line, and what is meant in it: `cells` columns of a terminal, after `before` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    pub before: usize,
    pub cells: usize,
}

/// Bytes of the line that are shown or masked as one.
#[derive(Debug, Clone)]
struct Piece {
    start: usize,
    end: usize,
    show: Show,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    AsIs,
    Masked,
    /// A comment.
    Cut,
}

/// The lines of one reading, or of one refused file.
pub struct Excerpts<'a> {
    reading: Option<&'a Reading>,
    source: Option<Source>,
    mask: Cow<'a, Mask>,
    /// Names of variables: of the field, and of this file.
    known: BTreeSet<&'a str>,
}

struct Lexer<'a> {
    line: &'a str,
    all: &'a Excerpts<'a>,
    pieces: Vec<Piece>,
    /// The words shown since a program could begin.
    words: Vec<&'a str>,
    /// What is read is a substitution that is a whole value.
    is_whole_value: bool,
    /// Where the value lies that the place is in, if its letters are shown: all of it is meant.
    meant: Option<usize>,
    at: usize,
}

/// What is done about the value of an assignment.
enum Told {
    At(Show),
    ByLetters { is_whole_value: bool },
}

impl<'a> Excerpts<'a> {
    pub fn of(reading: &'a Reading, mask: &'a Mask) -> Excerpts<'a> {
        // Of other names any letters may be a part of a secret that fell apart.
        let sites =
            reading.sites.iter().map(|site| site.name.as_str()).filter(|name| may_be_secret_name(name));
        let asked = reading.prompts.iter().map(|prompt| prompt.into.as_str());
        let known = known().chain(sites).chain(asked).chain(reading.settings.keys().map(String::as_str));
        Excerpts { reading: Some(reading), source: None, mask: Cow::Borrowed(mask), known: known.collect() }
    }

    /// Of a file that was refused, of which nothing but its letters is known.
    pub fn of_refused(text: &[u8], is_revealed: bool) -> Excerpts<'a> {
        let source = Source::split_only(text);
        let mask = if is_revealed { Mask::off() } else { Mask::of_text(&source.text) };
        Excerpts { reading: None, source: Some(source), mask: Cow::Owned(mask), known: known().collect() }
    }

    /// The line of a place; `None` where its text is not at hand, or is too much to be looked through.
    pub fn at(&self, place: Place) -> Option<Excerpt> {
        let source = match (&self.source, self.reading) {
            (Some(source), _) if place.file == 0 => source,
            (None, Some(reading)) => reading.sources.get(usize::from(place.file))?,
            _ => return None,
        };
        let (start, end) = source.line_span(place.line)?;
        let line =
            std::str::from_utf8(&source.text[start..end]).ok().filter(|line| line.len() <= LINE_LEN_MAX)?;
        let column = place.column.checked_sub(1)? as usize;
        let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let mut lexer = Lexer {
            line,
            all: self,
            pieces: Vec::new(),
            words: Vec::new(),
            is_whole_value: false,
            meant: None,
            at,
        };
        match self.mask.is_off() {
            true => lexer.whole(),
            false => lexer.line_of(source, place.file, start),
        }
        drawn::excerpt(line, lexer.pieces, at, lexer.meant)
    }
}

impl fmt::Debug for Excerpts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Excerpts").field("mask", &self.mask).finish_non_exhaustive()
    }
}

fn known<'a>() -> impl Iterator<Item = &'a str> {
    let names = names::leftovers().chain(["HOME", "USER", "PWD", "REPLY"]);
    names.map(|name| -> &'a str { name })
}

impl<'a> Lexer<'a> {
    /// Assignments that were carried out are known with their values; what is between them is told by its letters.
    fn line_of(&mut self, source: &Source, file: u16, start: usize) {
        let end = start + self.line.len();
        let mut sites: Vec<(usize, usize, Told)> = Vec::new();
        for site in self.all.reading.map_or(&[][..], |reading| &reading.sites) {
            let (from, to) = (site.word.start as usize, site.word.end as usize);
            if site.word.file != file || to <= start || from >= end || from == to {
                continue;
            }
            let raw = source.text.get(from..to).and_then(|text| std::str::from_utf8(text).ok());
            let told = self.told(site, raw.unwrap_or_default());
            sites.push((from.max(start) - start, to.min(end) - start, told));
        }
        // One word may be assigned several times; if one of them is a secret, it is masked.
        sites.sort_by_key(|(from, to, told)| {
            (*from, std::cmp::Reverse(*to), !matches!(told, Told::At(Show::Masked)))
        });
        let mut at = 0;
        for (from, to, told) in sites {
            if from < at {
                continue;
            }
            if !self.gap(at, from) {
                return;
            }
            at = to;
            match told {
                Told::At(show) => self.push(from, to, show),
                Told::ByLetters { is_whole_value } => {
                    self.is_whole_value = is_whole_value;
                    if (from..to).contains(&self.at) {
                        self.meant = Some(to);
                    }
                    if !self.gap(from, to) {
                        return;
                    }
                    self.is_whole_value = false;
                }
            }
        }
        self.gap(at, self.line.len());
    }

    fn told(&self, site: &Site, raw: &str) -> Told {
        let mask = &self.all.mask;
        let is_paired = raw.matches(['"', '\'']).count().is_multiple_of(2);
        let bare = raw.trim_matches(['"', '\'']);
        let is_whole_value = is_paired && is_substitution(bare);
        if site.is_whole
            && (may_be_secret_name(&site.name) || site.value.str().is_none_or(|text| !mask.lets(text)))
        {
            return Told::At(Show::Masked);
        }
        if !may_be_secret_name(&site.name) {
            let is_of_the_field = names::leftovers().any(|name| name == site.name);
            return match site.value.str() {
                Some(text)
                    if is_of_the_field && mask.lets(text) && mask.lets(bare) && !raw.contains('\n') =>
                {
                    Told::At(Show::AsIs)
                }
                Some(_) => Told::At(Show::Masked),
                None => Told::ByLetters { is_whole_value },
            };
        }
        let copies = site.copies.as_deref();
        let is_reference = copies.is_some_and(|name| {
            self.is_known(name) && [format!("${name}"), format!("${{{name}}}")].contains(&bare.to_owned())
        });
        match is_paired && (bare.is_empty() || is_reference || warn::is_stock_placeholder(bare)) {
            true => Told::At(Show::AsIs),
            false if matches!(site.value, Val::Unknown(_)) && is_whole_value => {
                Told::ByLetters { is_whole_value }
            }
            false => Told::At(Show::Masked),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.all.known.contains(name)
    }

    /// All of it, word by word.
    fn whole(&mut self) {
        let mut at = 0;
        for word in self.line.split_inclusive([' ', '\t']) {
            let len = word.trim_end_matches([' ', '\t']).len();
            self.push(at, at + len, Show::AsIs);
            self.push(at + len, at + word.len(), Show::AsIs);
            at += word.len();
        }
    }

    fn push(&mut self, start: usize, end: usize, show: Show) {
        if start < end {
            self.pieces.push(Piece { start, end, show });
        }
    }

    /// Words of which only the letters are known; false where nothing after them is shown.
    fn gap(&mut self, start: usize, end: usize) -> bool {
        let mut at = start;
        while at < end {
            let rest = &self.line[at..end];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            self.push(at, at + blanks, Show::AsIs);
            at += blanks;
            let rest = &self.line[at..end];
            if rest.starts_with('#') {
                self.push(at, self.line.len(), Show::Cut);
                return false;
            }
            let len = rest.find([' ', '\t']).unwrap_or(rest.len());
            if len > 0 && !self.word(at, at + len) {
                return false;
            }
            at += len;
        }
        true
    }

    /// One word up to a blank: what opens it, its core, what closes it.
    fn word(&mut self, start: usize, end: usize) -> bool {
        const OPENS: &[char] = &['"', '\'', '(', '$', '`', '!', '<', '>', '|', '&', ';'];
        const CLOSES: &[char] = &['"', '\'', ')', '`', ';', '|', '&', '}'];
        let text = &self.line[start..end];
        if let Some(show) = self.reference(text) {
            self.push(start, end, show);
            return true;
        }
        let opened = text.len() - text.trim_start_matches(OPENS).len();
        let core = text[opened..].trim_end_matches(CLOSES);
        if text.contains(['(', '`', ';', '|', '&']) && opened > 0 {
            self.words.clear();
        }
        if let Some((name, _)) = core.split_once('=').filter(|(name, _)| super::cursor::is_name(name))
            && (self.is_known(name) || may_be_secret_name(name))
        {
            return self.assignment(start, start + opened, name, end);
        }
        let core_end = start + opened + core.len();
        if !self.lets_word(core) {
            self.push(start, end, Show::Masked);
            return true;
        }
        self.push(start, start + opened, Show::AsIs);
        self.push(start + opened, core_end, Show::AsIs);
        self.push(core_end, end, Show::AsIs);
        if !core.is_empty() {
            self.words.push(core);
        }
        if self.line[core_end..end].contains([')', '`', ';', '|', '&']) {
            self.words.clear();
        }
        true
    }

    /// `NAME=value` that was not carried out, or stands in a file that was refused.
    fn assignment(&mut self, start: usize, core: usize, name: &str, end: usize) -> bool {
        let value = core + name.len() + 1;
        self.push(start, core, Show::AsIs);
        self.push(core, value, Show::AsIs);
        let rest = &self.line[value..];
        if value == end && end < self.line.len() {
            return true;
        }
        if may_be_secret_name(name) {
            let placeholder = rest.find('>').map_or("", |at| &rest[..=at]);
            if warn::is_stock_placeholder(placeholder.trim_matches(['"', '\''])) && !placeholder.is_empty() {
                self.push(value, value + placeholder.len(), Show::AsIs);
                self.gap(value + placeholder.len(), self.line.len());
                return false;
            }
            self.push(value, self.line.len(), Show::Masked);
            return false;
        }
        let text = &self.line[value..end];
        let closes = text.trim_end_matches([';', ')']);
        let bare = closes.trim_matches(['"', '\'']);
        let is_plain = bare.chars().all(|c| c.is_alphanumeric() || "_.:/@%+,-~".contains(c));
        let is_paired = closes.matches(['"', '\'']).count().is_multiple_of(2);
        let show = if is_plain && is_paired && self.all.mask.lets(bare) { Show::AsIs } else { Show::Masked };
        self.push(value, value + closes.len(), show);
        self.push(value + closes.len(), end, Show::AsIs);
        true
    }

    /// `"$NAME"` and `${NAME}`, of a name that is known.
    fn reference(&self, text: &str) -> Option<Show> {
        let bare = text.trim_end_matches([';', ')']).trim_matches('"').strip_prefix('$')?;
        let name = bare.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(bare);
        let name = name
            .split_once([':', '-', '+'])
            .filter(|(_, rest)| rest.len() < 3)
            .map_or(name, |(name, _)| name);
        (super::cursor::is_name(name) && self.is_known(name)).then_some(Show::AsIs)
    }

    fn lets_word(&self, core: &str) -> bool {
        let is_option = core.strip_prefix('-').is_some_and(|letters| {
            let follows = self.words.first().is_some_and(|first| programs::is_program(first));
            follows
                && letters.len() <= 4
                && letters.trim_end_matches('1').chars().all(|c| c.is_ascii_alphabetic())
        });
        let is_operator = !core.is_empty() && core.chars().all(|c| "=[]{}!<>|&;\\:".contains(c));
        let plain = |c: char| c.is_ascii_alphanumeric() || "_./@:-".contains(c);
        let is_entry = self.is_whole_value
            && programs::keeper(&self.words).is_some()
            && !core.starts_with('-')
            && core.chars().all(plain)
            && self.all.mask.lets(core);
        core.is_empty()
            || is_operator
            || is_option
            || is_entry
            || programs::is_program(core)
            || self.is_known(core)
    }
}

/// `$(…)` or a pair of backquotes, and nothing beside it.
fn is_substitution(text: &str) -> bool {
    let inside = text.strip_prefix("$(").and_then(|text| text.strip_suffix(')'));
    let inside = inside.or_else(|| text.strip_prefix('`').and_then(|text| text.strip_suffix('`')));
    inside.is_some_and(|inside| !inside.contains(['(', ')', '`', '\n']))
}
