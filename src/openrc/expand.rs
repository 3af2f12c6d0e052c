//! From words to values: tilde, parameters, substitutions, splitting and patterns, in the shell's order. It runs nothing:
//! what would need that is an unknown with its reason.

use std::rc::Rc;

use super::ast::{Part, Word};
use super::braces;
use super::eval::{Evaluator, Run, Stop};
use super::place::{Fault, Reason, Span};
use super::state::{Arguments, DEFAULT_IFS};
use super::text::Text;
use super::value::{Known, Unknown, Val};

/// A password or a URL is far shorter; a value this long comes from a loop that doubles it.
pub(crate) const VALUE_LEN_MAX: usize = 64 * 1024;

/// One argument of a command.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) value: Val,
    /// An unquoted unknown: there may be none or several of it.
    pub(crate) is_loose: bool,
    /// What it is where no file has a name that it matches.
    pub(crate) unmatched: Option<Rc<Text>>,
}

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

#[derive(Default)]
struct Builder {
    text: Text,
    answer: Option<usize>,
    pieces: u32,
    unknown: Option<Unknown>,
    is_loose: bool,
    is_started: bool,
    may_match: bool,
}

impl Builder {
    fn add(&mut self, bytes: &[u8]) {
        self.is_started = true;
        if !bytes.is_empty() {
            self.text.extend(bytes);
            self.pieces += 1;
            self.answer = None;
        }
    }

    fn add_value(&mut self, value: &Val) {
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

    fn value(&mut self) -> Val {
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
        if let Some((home, rest)) = self.tilde(parts) {
            match home.need() {
                Ok(home) => quoted(&mut builder, home.bytes(), purpose),
                Err(_) => builder.add_value(&home),
            }
            self.bare(&mut builder, rest, purpose);
            parts = &parts[1..];
        }
        for part in parts {
            match part {
                Part::Bare(text) => self.bare(&mut builder, text.bytes(), purpose),
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
    fn bare(&mut self, builder: &mut Builder, bytes: &[u8], purpose: Purpose) {
        if purpose != Purpose::Assign || !bytes.windows(2).any(|pair| pair == b":~") {
            builder.add(bytes);
            return;
        }
        for (index, piece) in bytes.split(|&byte| byte == b':').enumerate() {
            if index > 0 {
                builder.add(b":");
            }
            match tilde_prefix(piece).filter(|_| index > 0) {
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
    fn tilde<'w>(&mut self, parts: &'w [Part]) -> Option<(Val, &'w [u8])> {
        let Some(Part::Bare(text)) = parts.first() else { return None };
        let bytes = text.bytes();
        // `~"name"` is quoted and stays.
        let rest = tilde_prefix(bytes)?;
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
    fn quoted_parts(&mut self, parts: &[Part]) -> Run<Val> {
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
    fn part(&mut self, part: &Part) -> Run<Val> {
        Ok(match part {
            Part::Bare(text) | Part::Quoted(text) => Val::known(text.bytes()),
            Part::Double(inside) => self.quoted_parts(inside)?,
            Part::Parameter(parameter) => self.parameter(parameter)?,
            Part::Command(substitution) => self.substitution(substitution)?,
            Part::Arithmetic(word) => self.arithmetic(word)?,
            Part::Opaque(what, at) => Val::Unknown(Unknown::other(what, *at)),
            Part::Array => Val::Unknown(Unknown::other("an array", self.at)),
        })
    }

    /// The arguments that `words` become.
    pub(crate) fn fields(&mut self, words: &[Word]) -> Run<Vec<Field>> {
        let mut fields = Vec::new();
        for word in words {
            match braces::expand(word) {
                Ok(Some(several)) => {
                    for word in &several {
                        self.word_fields(word, &mut fields)?;
                    }
                }
                Ok(None) => self.word_fields(word, &mut fields)?,
                Err(what) => fields.push(Field {
                    value: Val::Unknown(Unknown::other(what, word.span)),
                    is_loose: true,
                    unmatched: None,
                }),
            }
        }
        Ok(fields)
    }

    fn word_fields(&mut self, word: &Word, fields: &mut Vec<Field>) -> Run<()> {
        let mut builder = Builder::default();
        let mut parts = word.parts.as_slice();
        if let Some((home, rest)) = self.tilde(parts) {
            builder.add_value(&home);
            builder.may_match |= has_pattern(rest);
            builder.add(rest);
            parts = &parts[1..];
        }
        for part in parts {
            match part {
                Part::Bare(text) => {
                    builder.may_match |= has_pattern(text.bytes());
                    builder.add(text.bytes());
                }
                Part::Quoted(text) => builder.add(text.bytes()),
                Part::Double(inside) => self.double_fields(inside, &mut builder, fields)?,
                Part::Parameter(parameter)
                    if matches!(parameter.name.as_str(), "@" | "*") && is_all(part) =>
                {
                    let all = self.state.arguments.clone();
                    self.every_argument(&all, false, &mut builder, fields);
                }
                other => {
                    let value = self.part(other)?;
                    let value = if has_quoted_default(other) { self.unsplittable(value) } else { value };
                    self.split(&value, &mut builder, fields);
                }
            }
            self.check_len(&builder, word.span)?;
        }
        self.finish(&mut builder, fields);
        Ok(())
    }

    fn double_fields(&mut self, inside: &[Part], builder: &mut Builder, fields: &mut Vec<Field>) -> Run<()> {
        if let [part @ Part::Parameter(parameter)] = inside
            && parameter.name == "@"
            && is_all(part)
        {
            let all = self.state.arguments.clone();
            self.every_argument(&all, true, builder, fields);
            return Ok(());
        }
        let value = self.quoted_parts(inside)?;
        let several = |all: &Arguments| !matches!(all, Arguments::Known(all) if all.len() < 2);
        let holds_all = |part: &Part| is_all(part) && matches!(part, Part::Parameter(p) if p.name == "@");
        if inside.iter().any(holds_all) && several(&self.state.arguments) {
            let unknown = Unknown::other("the arguments in the middle of a word", self.at);
            builder.add_value(&Val::Unknown(unknown));
            builder.is_loose = true;
            return Ok(());
        }
        builder.add_value(&value);
        Ok(())
    }

    /// `${A:-"a b"}` without quotes around it: which of its blanks separate is not followed.
    fn unsplittable(&mut self, value: Val) -> Val {
        let is_plain =
            |text: &Text| !text.is_empty() && !text.bytes().iter().any(|byte| b" \t\n*?[".contains(byte));
        match value.text() {
            Some(text) if !is_plain(text) => {
                Val::Unknown(Unknown::other("a quoted default in an unquoted expansion", self.at))
            }
            _ => value,
        }
    }

    fn every_argument(
        &mut self,
        all: &Arguments,
        quoted: bool,
        builder: &mut Builder,
        fields: &mut Vec<Field>,
    ) {
        match all {
            Arguments::Known(all) => {
                for (index, value) in all.iter().enumerate() {
                    if index > 0 {
                        self.finish(builder, fields);
                    }
                    if quoted { builder.add_value(value) } else { self.split(value, builder, fields) }
                }
            }
            Arguments::Unknown(unknown) => {
                builder.add_value(&Val::Unknown(unknown.clone()));
                builder.is_loose = true;
            }
        }
    }

    /// An unquoted expansion falls apart at the separators of IFS.
    fn split(&mut self, value: &Val, builder: &mut Builder, fields: &mut Vec<Field>) {
        let text = match value.need() {
            Ok(text) => text,
            Err(_) => {
                builder.add_value(value);
                builder.is_loose = true;
                return;
            }
        };
        let separators = match self.separators() {
            Ok(separators) => separators,
            Err(unknown) => {
                builder.add_value(&Val::Unknown(unknown));
                builder.is_loose = true;
                return;
            }
        };
        let is_separator = |byte: u8| separators.bytes().contains(&byte);
        if !text.bytes().iter().any(|&byte| is_separator(byte)) {
            if !text.is_empty() {
                builder.may_match |= has_pattern(text.bytes());
                builder.add_value(value);
            }
            return;
        }
        let bytes = text.bytes();
        if bytes.iter().any(|byte| is_separator(*byte) && !DEFAULT_IFS.contains(byte)) {
            builder
                .add_value(&Val::Unknown(Unknown::other("a value split at the characters of IFS", self.at)));
            builder.is_loose = true;
            return;
        }
        for run in bytes.chunk_by(|a, b| is_separator(*a) == is_separator(*b)) {
            if is_separator(run[0]) {
                self.finish(builder, fields);
            } else {
                builder.may_match |= has_pattern(run);
                builder.add(run);
            }
        }
    }

    pub(crate) fn separators(&mut self) -> Result<Text, Unknown> {
        match self.state.variable("IFS").and_then(|variable| variable.value) {
            None => Ok(Text::of(DEFAULT_IFS)),
            Some(Val::Known(known)) => Ok((*known.text).clone()),
            Some(Val::Unknown(unknown)) => Err(unknown),
        }
    }

    /// Ends the field that is being built, if there is one.
    fn finish(&mut self, builder: &mut Builder, fields: &mut Vec<Field>) {
        if !builder.is_started {
            return;
        }
        let is_loose = builder.is_loose;
        let may_match = builder.may_match && !self.state.keeps_patterns;
        let value = builder.value();
        *builder = Builder::default();
        let field = match value {
            Val::Known(known) if may_match => Field {
                value: Val::Unknown(Unknown::other("the names of files that match a pattern", self.at)),
                is_loose: true,
                unmatched: Some(known.text),
            },
            value => Field { value, is_loose, unmatched: None },
        };
        fields.push(field);
    }

    fn check_len(&mut self, builder: &Builder, at: Span) -> Run<()> {
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

/// After `~name`, up to a slash, if that is what the bytes begin with.
fn tilde_prefix(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"~")?;
    let len = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
    let is_name = rest[..len].iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(byte));
    is_name.then_some(&rest[len..])
}

/// Whether a bare run may match names of files: `*`, `?` or a bracket pair.
pub(crate) fn has_pattern(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) && bytes != b"["
}

fn has_quoted_default(part: &Part) -> bool {
    let Part::Parameter(parameter) = part else { return false };
    match &parameter.operator {
        super::ast::Operator::Default { word, .. } => {
            word.parts.iter().any(|part| matches!(part, Part::Quoted(_) | Part::Double(_)))
        }
        _ => false,
    }
}

/// `$@` or `$*` itself, without an operator.
fn is_all(part: &Part) -> bool {
    matches!(part, Part::Parameter(parameter) if matches!(parameter.operator, super::ast::Operator::None))
}
