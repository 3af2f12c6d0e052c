//! `$NAME` and `${NAME…}`: what a parameter is, and what its operators make of it.

use std::rc::Rc;

use super::ast::{Default_, Operator, Parameter, Word};
use super::eval::{Evaluator, Run, Stop};
use super::expand::Purpose;
use super::pattern;
use super::place::Span;
use super::state::Arguments;
use super::value::{Known, Status, Unknown, Val, Why};

/// What changes by itself, whatever a file assigns to it.
const LIVELY: &[&str] = &[
    "RANDOM",
    "SRANDOM",
    "SECONDS",
    "LINENO",
    "BASHPID",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "HISTCMD",
    "FUNCNAME",
    "DIRSTACK",
    "GROUPS",
    "PIPESTATUS",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SUBSHELL",
    "BASH_ARGV",
    "BASH_ARGC",
    "BASH_REMATCH",
    "_",
    "$",
    "!",
    "-",
    "0",
];

pub(crate) fn is_lively(name: &str) -> bool {
    LIVELY.contains(&name)
}

impl Evaluator<'_> {
    pub(crate) fn parameter(&mut self, parameter: &Rc<Parameter>) -> Run<Val> {
        let Parameter { name, operator, span, .. } = &**parameter;
        let before = std::mem::replace(&mut self.at, *span);
        let value = match operator {
            Operator::None => self.value_or_empty(name, *span),
            Operator::Length => self.length(name, *span),
            Operator::Indirect => self.indirect(name, *span),
            Operator::NamesOf => Ok(Val::Unknown(Unknown::new(Why::Session(format!("{name}*")), *span))),
            Operator::Element(index) => self.element(name, index, *span),
            Operator::All { are_keys, .. } => {
                let all = self.all_elements(name, *are_keys, *span);
                Ok(self.one_text(&all).unwrap_or(Val::known(b"")))
            }
            Operator::Count => Ok(self.count_elements(name, *span)),
            Operator::Default { kind, colon, word } => self.default(name, *kind, *colon, word, *span),
            Operator::Remove { from_end, longest, pattern } => {
                self.remove_pattern(name, *from_end, *longest, pattern, *span)
            }
            Operator::Replace { place, pattern, with } => self.replaced(name, *place, pattern, with, *span),
            Operator::Slice { offset, length } => self.sliced(name, offset, length.as_ref(), *span),
            Operator::Case { to_upper, all } => self.case_changed(name, *to_upper, *all, *span),
            Operator::Other => {
                Ok(Val::Unknown(Unknown::other("an operator of ${…} that is not read", *span)))
            }
        };
        self.at = before;
        value
    }

    /// The parameter's value; `None` if nothing sets it.
    pub(crate) fn lookup(&mut self, name: &str, at: Span) -> Option<Val> {
        if let Ok(index) = name.parse::<usize>()
            && index > 0
        {
            return match &self.state.arguments {
                Arguments::Known(all) => all.get(index - 1).cloned(),
                Arguments::Unknown(unknown) => Some(Val::Unknown(unknown.clone())),
            };
        }
        match name {
            "#" | "@" | "*" => self.arguments_as_text(name),
            "?" => Some(match &self.state.status {
                Status::Known(code) => Val::known(code.to_string().as_bytes()),
                Status::Unknown(unknown) => Val::Unknown(unknown.clone()),
            }),
            "BASH_SOURCE" => Some(self.own_path(at)),
            "PWD" if !self.is_assigned("PWD") => Some(self.state.directory.clone()),
            _ if LIVELY.contains(&name) => {
                Some(Val::Unknown(Unknown::new(Why::Session(format!("${name}")), at)))
            }
            _ => self.state.variable(name)?.value.map(|value| self.or_told(name, value)),
        }
    }

    fn is_assigned(&self, name: &str) -> bool {
        self.state.variable(name).is_some()
    }

    fn arguments_as_text(&mut self, name: &str) -> Option<Val> {
        let all = self.state.arguments.clone();
        match &all {
            Arguments::Known(all) if name == "#" => Some(Val::known(all.len().to_string().as_bytes())),
            all => self.one_text(all),
        }
    }

    /// All of them as one text; `None` if there are none.
    fn one_text(&mut self, all: &Arguments) -> Option<Val> {
        let all = match all {
            Arguments::Known(all) => Rc::clone(all),
            Arguments::Unknown(unknown) => return Some(Val::Unknown(unknown.clone())),
        };
        if all.is_empty() {
            return None;
        }
        if all.len() == 1 {
            return all.first().cloned();
        }
        if !self.separators().is_ok_and(|separators| separators.bytes() == super::state::DEFAULT_IFS) {
            return Some(Val::Unknown(Unknown::other("the arguments joined by IFS", self.at)));
        }
        let mut joined = super::text::Text::new();
        for (index, value) in all.iter().enumerate() {
            match value.need() {
                Ok(text) => {
                    if index > 0 {
                        joined.push(b' ');
                    }
                    joined.extend(text.bytes());
                }
                Err(unknown) => return Some(Val::Unknown(unknown.as_part())),
            }
        }
        Some(Val::of(joined))
    }

    /// A reference without an operator: what is not set is empty, and worth a warning.
    pub(crate) fn value_or_empty(&mut self, name: &str, at: Span) -> Run<Val> {
        if let Some(value) = self.lookup(name, at) {
            return Ok(value);
        }
        if self.state.refuses_unset && !matches!(name, "@" | "*") {
            return Err(Stop::Exit(at));
        }
        if !matches!(name, "@" | "*") {
            self.unset_references.push((name.to_owned(), at));
        }
        Ok(Val::known(b""))
    }

    fn length(&mut self, name: &str, at: Span) -> Run<Val> {
        let value = self.value_or_empty(name, at)?;
        Ok(match value.need() {
            Ok(text) if text.bytes().is_ascii() => Val::known(text.len().to_string().as_bytes()),
            Ok(_) => Val::Unknown(Unknown::other("a length that depends on the locale", at)),
            Err(unknown) => Val::Unknown(unknown.as_part()),
        })
    }

    fn indirect(&mut self, name: &str, at: Span) -> Run<Val> {
        let value = self.value_or_empty(name, at)?;
        match value.need() {
            Ok(text) => match text.str().filter(|name| super::cursor::is_name(name)) {
                Some(name) => {
                    let name = name.to_owned();
                    self.value_or_empty(&name, at)
                }
                None => Err(Stop::Exit(at)),
            },
            Err(unknown) => Ok(Val::Unknown(unknown.as_part())),
        }
    }

    fn default(&mut self, name: &str, kind: Default_, colon: bool, word: &Word, at: Span) -> Run<Val> {
        let value = self.lookup(name, at);
        let is_there = match &value {
            None => false,
            Some(value) => match value.need() {
                Ok(text) => !(colon && text.is_empty()),
                Err(unknown) => {
                    let unknown = unknown.as_part();
                    return self.default_of_unknown(name, kind, word, &unknown);
                }
            },
        };
        match (kind, is_there) {
            (Default_::Alternative, true) | (Default_::Use, false) => self.expand(word, Purpose::Single),
            (Default_::Alternative, false) => Ok(Val::known(b"")),
            (Default_::Assign, false) => {
                let value = self.expand(word, Purpose::Single)?;
                self.assign(name, value.clone(), at)?;
                Ok(value)
            }
            (Default_::Demand, false) => Err(Stop::Exit(at)),
            _ => Ok(value.unwrap_or(Val::known(b""))),
        }
    }

    fn default_of_unknown(&mut self, name: &str, kind: Default_, word: &Word, why: &Unknown) -> Run<Val> {
        // The word may assign; whether it is expanded is not known.
        let before = self.state.clone();
        let _ = self.expand(word, Purpose::Single)?;
        self.state.merge(before, why);
        if kind == Default_::Assign {
            self.state.forget(name, why);
        }
        Ok(Val::Unknown(why.clone()))
    }

    fn remove_pattern(
        &mut self,
        name: &str,
        from_end: bool,
        longest: bool,
        pattern: &Word,
        at: Span,
    ) -> Run<Val> {
        let value = self.value_or_empty(name, at)?;
        let pattern = self.expand(pattern, Purpose::Pattern)?;
        let (text, pattern) = match (value.need(), pattern.need()) {
            (Ok(text), Ok(pattern)) => (text, pattern),
            (Err(unknown), _) | (_, Err(unknown)) => return Ok(Val::Unknown(unknown.as_part())),
        };
        self.spend((text.len() * pattern.len()) as u64 / 16, at)?;
        let matches = |piece: &[u8]| pattern::matches(pattern.bytes(), piece);
        let bytes = text.bytes();
        let mut lengths: Vec<usize> = (0..=bytes.len()).collect();
        if longest {
            lengths.reverse();
        }
        for len in lengths {
            self.spend(1 + (len * pattern.len()) as u64 / 64, at)?;
            let (piece, rest) = if from_end {
                (&bytes[bytes.len() - len..], &bytes[..bytes.len() - len])
            } else {
                (&bytes[..len], &bytes[len..])
            };
            match matches(piece) {
                Some(true) => {
                    let text = super::text::Text::of(rest);
                    let answer = None;
                    return Ok(Val::Known(Known { text: Rc::new(text), answer }));
                }
                Some(false) => {}
                None => return Ok(Val::Unknown(Unknown::other("a pattern that is not read", at))),
            }
        }
        Ok(value.clone())
    }
}
