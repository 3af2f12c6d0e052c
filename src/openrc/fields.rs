//! From words to the arguments of a command: braces, splitting at IFS, `"$@"`, and patterns that files may match. What may
//! be none or several arguments is one that says so.

use std::rc::Rc;

use super::ast::{Operator, Parameter, Part, Word};
use super::braces;
use super::eval::{Evaluator, Run};
use super::expand::Builder;
use super::parser::assignment;
use super::state::{Arguments, DEFAULT_IFS};
use super::text::Text;
use super::value::{Unknown, Val};

/// One argument of a command.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) value: Val,
    /// An unquoted unknown: there may be none or several of it.
    pub(crate) is_loose: bool,
    /// What it is where no file has a name that it matches.
    pub(crate) unmatched: Option<Rc<Text>>,
}

impl Evaluator<'_> {
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
        let mut counted = fields.len();
        let mut builder = Builder::default();
        let mut parts = word.parts.as_slice();
        if let Some(what) = looks_assigned(word) {
            // `--file=~/x` stays, `name=~/x` does not, and shells differ in the rest.
            builder.add_value(&Val::Unknown(Unknown::other(what, word.span)));
            builder.is_loose = true;
        }
        if let Some((home, rest)) = self.tilde(parts, false) {
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
                Part::Parameter(parameter) if all_of(part).is_some() => {
                    let all = self.several(parameter);
                    self.every_argument(&all, false, &mut builder, fields);
                }
                other => {
                    let value = self.part(other)?;
                    let value = if has_quoted_default(other) { self.unsplittable(value) } else { value };
                    self.split(&value, &mut builder, fields);
                }
            }
            self.check_len(&builder, word.span)?;
            self.spend((fields.len() - counted) as u64, word.span)?;
            counted = fields.len();
        }
        self.finish(&mut builder, fields);
        Ok(())
    }

    fn double_fields(&mut self, inside: &[Part], builder: &mut Builder, fields: &mut Vec<Field>) -> Run<()> {
        if let [part @ Part::Parameter(parameter)] = inside
            && all_of(part) == Some(false)
        {
            let all = self.several(parameter);
            self.every_argument(&all, true, builder, fields);
            return Ok(());
        }
        let value = self.quoted_parts(inside)?;
        let holds_all = |part: &Part| all_of(part) == Some(false);
        let is_several = inside.iter().filter(|part| holds_all(part)).any(|part| match part {
            Part::Parameter(parameter) => {
                !matches!(self.several(parameter), Arguments::Known(all) if all.len() < 2)
            }
            _ => false,
        });
        if is_several {
            let unknown = Unknown::other("the arguments in the middle of a word", self.at);
            builder.add_value(&Val::Unknown(unknown));
            builder.is_loose = true;
            return Ok(());
        }
        let is_empty = value.text().is_some_and(Text::is_empty);
        if inside.iter().any(holds_all) && is_empty {
            // No argument, and nothing beside it: not even an empty word.
            return Ok(());
        }
        builder.add_value(&value);
        Ok(())
    }

    /// What such a part stands for.
    fn several(&mut self, parameter: &Parameter) -> Arguments {
        match parameter.operator {
            Operator::All { are_keys, .. } => self.all_elements(&parameter.name, are_keys, parameter.span),
            _ => self.state.arguments.clone(),
        }
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
        let is_blank = |byte: u8| is_separator(byte) && DEFAULT_IFS.contains(&byte);
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if !is_separator(byte) {
                let len = rest.iter().position(|&byte| is_separator(byte)).unwrap_or(rest.len());
                builder.may_match |= has_pattern(&rest[..len]);
                builder.add(&rest[..len]);
                rest = &rest[len..];
                continue;
            }
            let skip = |rest: &[u8]| rest.iter().take_while(|&&byte| is_blank(byte)).count();
            rest = &rest[skip(rest)..];
            if rest.first().is_some_and(|&byte| is_separator(byte)) {
                // One that is no blank ends a field, also an empty one; the blanks beside it are its own.
                builder.is_started = true;
                rest = &rest[1..];
                rest = &rest[skip(rest)..];
            }
            self.finish(builder, fields);
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
}

/// Whether a bare run may match names of files: `*`, `?` or a bracket pair.
pub(crate) fn has_pattern(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) && bytes != b"["
}

/// An argument that is written like an assignment and holds a tilde where one would expand it.
fn looks_assigned(word: &Word) -> Option<&'static str> {
    assignment(word)?;
    let holds = |part: &Part| match part {
        Part::Bare(text) => text.bytes().windows(2).any(|pair| pair == b"=~" || pair == b":~"),
        _ => false,
    };
    word.parts.iter().any(holds).then_some("a tilde in an argument like an assignment")
}

fn has_quoted_default(part: &Part) -> bool {
    let Part::Parameter(parameter) = part else { return false };
    match &parameter.operator {
        Operator::Default { word, .. } => {
            word.parts.iter().any(|part| matches!(part, Part::Quoted(_) | Part::Double(_)))
        }
        _ => false,
    }
}

/// Whether a part stands for several values, `$@` or `${A[@]}`; `true` where quotes make one of them, `$*`.
fn all_of(part: &Part) -> Option<bool> {
    let Part::Parameter(parameter) = part else { return None };
    match (&parameter.operator, parameter.name.as_str()) {
        (Operator::None, name @ ("@" | "*")) => Some(name == "*"),
        (Operator::All { is_joined, .. }, _) => Some(*is_joined),
        _ => None,
    }
}
