//! From words to values: tilde, parameters, substitutions, splitting and patterns, in the shell's order. It runs nothing:
//! what would need that is an unknown with its reason.

use std::rc::Rc;

use super::ast::{Part, Word};
use super::eval::{Evaluator, Run, Stop};
use super::place::{Fault, Reason, Span};
use super::text::Text;
use super::value::{Known, Unknown, Val};

/// A password or a URL is far shorter; a value this long comes from a loop that doubles it.
pub(crate) const VALUE_LEN_MAX: usize = 64 * 1024;

/// What a word is expanded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The right side of an assignment: a tilde also after a colon.
    Assign,
    /// One text, without splitting.
    Single,
    /// A pattern: quoted bytes are escaped with a backslash.
    Pattern,
}

/// A value while its pieces come together.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) text: Text,
    pub(crate) answer: Option<usize>,
    pub(crate) pieces: u32,
    pub(crate) unknown: Option<Unknown>,
    pub(crate) is_loose: bool,
    pub(crate) is_started: bool,
    pub(crate) may_match: bool,
}

impl Builder {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.is_started = true;
        if !bytes.is_empty() {
            self.text.extend(bytes);
            self.pieces += 1;
            self.answer = None;
        }
    }

    pub(crate) fn add_value(&mut self, value: &Val) {
        self.is_started = true;
        match value {
            Val::Known(known) => {
                let answer = known.answer.filter(|_| self.pieces == 0);
                self.add(known.text.bytes());
                self.answer = answer;
            }
            Val::Unknown(unknown) => {
                let is_whole = self.pieces == 0 && self.unknown.is_none();
                let unknown = if is_whole { unknown.clone() } else { unknown.as_part() };
                self.pieces += 1;
                // What cannot be known at all outweighs what only waits for an answer.
                let waits = |u: &Unknown| matches!(u.why, super::value::Why::Prompt { .. });
                match &self.unknown {
                    Some(first) if !waits(first) || waits(&unknown) => {}
                    _ => self.unknown = Some(unknown),
                }
            }
        }
    }

    pub(crate) fn value(&mut self) -> Val {
        let text = std::mem::take(&mut self.text);
        match self.unknown.take() {
            Some(unknown) if self.pieces > 1 => Val::Unknown(unknown.as_part()),
            Some(unknown) => Val::Unknown(unknown),
            None => Val::Known(Known { text: Rc::new(text), answer: self.answer }),
        }
    }
}

impl Evaluator<'_> {
    /// The one text that `word` is, without splitting.
    pub(crate) fn expand(&mut self, word: &Word, purpose: Purpose) -> Run<Val> {
        let mut builder = Builder::default();
        let mut parts = word.parts.as_slice();
        let last = parts.len().saturating_sub(1);
        if let Some((home, rest)) = self.tilde(parts, purpose == Purpose::Assign) {
            match home.need() {
                Ok(home) => quoted(&mut builder, home.bytes(), purpose),
                Err(_) => builder.add_value(&home),
            }
            self.bare(&mut builder, rest, purpose, last == 0);
            parts = &parts[1..];
        }
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Bare(text) => self.bare(&mut builder, text.bytes(), purpose, index + 1 == parts.len()),
                Part::Quoted(text) => quoted(&mut builder, text.bytes(), purpose),
                Part::Double(inside) => {
                    let value = self.quoted_parts(inside)?;
                    builder.is_started = true;
                    match value.need() {
                        Ok(text) if purpose == Purpose::Pattern => {
                            quoted(&mut builder, text.bytes(), purpose)
                        }
                        _ => builder.add_value(&value),
                    }
                }
                other => {
                    let value = self.part(other)?;
                    builder.add_value(&value);
                }
            }
            self.check_len(&builder, word.span)?;
        }
        Ok(builder.value())
    }

    /// Bare text of an assignment may hold a tilde after a colon.
    fn bare(&mut self, builder: &mut Builder, bytes: &[u8], purpose: Purpose, is_last: bool) {
        if purpose != Purpose::Assign || !bytes.windows(2).any(|pair| pair == b":~") {
            builder.add(bytes);
            return;
        }
        let colons = bytes.iter().filter(|&&byte| byte == b':').count();
        for (index, piece) in bytes.split(|&byte| byte == b':').enumerate() {
            if index > 0 {
                builder.add(b":");
            }
            // A quote or an expansion right after the tilde belongs to the name, which then is none.
            let is_cut = |rest: &[u8]| rest.is_empty() && index == colons && !is_last;
            match tilde_prefix(piece, false).filter(|rest| index > 0 && !is_cut(rest)) {
                Some(rest) => {
                    let home = self.home(piece, rest);
                    builder.add_value(&home);
                    builder.add(rest);
                }
                None => builder.add(piece),
            }
        }
    }

    /// A tilde at the start: what it stands for, and the rest of its bare text.
    pub(crate) fn tilde<'w>(&mut self, parts: &'w [Part], assigns: bool) -> Option<(Val, &'w [u8])> {
        let Some(Part::Bare(text)) = parts.first() else { return None };
        let bytes = text.bytes();
        // `~"name"` is quoted and stays.
        let rest = tilde_prefix(bytes, assigns)?;
        if rest.is_empty() && parts.len() > 1 {
            return None;
        }
        Some((self.home(bytes, rest), rest))
    }

    fn home(&mut self, bytes: &[u8], rest: &[u8]) -> Val {
        let name = &bytes[1..bytes.len() - rest.len()];
        let at = self.at;
        if name.is_empty() {
            return match self.state.variable("HOME").and_then(|home| home.value) {
                Some(value) => value,
                None => Val::Unknown(Unknown::other("the home folder, which is not set", at)),
            };
        }
        Val::Unknown(Unknown::other("the home folder of another user", at))
    }

    /// What stands between double quotes, as one text.
    pub(crate) fn quoted_parts(&mut self, parts: &[Part]) -> Run<Val> {
        let mut builder = Builder { is_started: true, ..Builder::default() };
        for part in parts {
            match part {
                Part::Bare(text) | Part::Quoted(text) => builder.add(text.bytes()),
                other => {
                    let value = self.part(other)?;
                    builder.add_value(&value);
                }
            }
            self.check_len(&builder, self.at)?;
        }
        Ok(builder.value())
    }

    /// An expansion as one text: `$*` and `$@` joined by blanks.
    pub(crate) fn part(&mut self, part: &Part) -> Run<Val> {
        Ok(match part {
            Part::Bare(text) | Part::Quoted(text) => Val::known(text.bytes()),
            Part::Double(inside) => self.quoted_parts(inside)?,
            Part::Parameter(parameter) => self.parameter(parameter)?,
            Part::Command(substitution) => self.substitution(substitution)?,
            Part::Arithmetic(word) => self.arithmetic(word)?,
            Part::Process(list, at) => {
                self.asked_inside(list, *at)?;
                Val::Unknown(Unknown::other("a process substitution", *at))
            }
            Part::Opaque(what, at) => Val::Unknown(Unknown::other(what, *at)),
            Part::Array(_) => Val::Unknown(Unknown::other("an array", self.at)),
        })
    }

    pub(crate) fn check_len(&mut self, builder: &Builder, at: Span) -> Run<()> {
        self.spend(builder.text.len() as u64 / 64, at)?;
        if builder.text.len() > VALUE_LEN_MAX {
            let what = format!("a value longer than {} KiB", VALUE_LEN_MAX / 1024);
            return Err(Stop::Refuse(Fault::new(at, Reason::TooLong, what)));
        }
        Ok(())
    }
}

fn quoted(builder: &mut Builder, bytes: &[u8], purpose: Purpose) {
    builder.is_started = true;
    if purpose != Purpose::Pattern {
        builder.add(bytes);
        return;
    }
    for &byte in bytes {
        builder.add(&[b'\\', byte]);
    }
}

/// What follows `~name`, from a slash (in an assignment also a colon) on, if the bytes begin with such a name.
fn tilde_prefix(bytes: &[u8], to_colon: bool) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"~")?;
    let ends = |byte: &u8| *byte == b'/' || (to_colon && *byte == b':');
    let len = rest.iter().position(ends).unwrap_or(rest.len());
    let is_name = rest[..len].iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(byte));
    is_name.then_some(&rest[len..])
}
