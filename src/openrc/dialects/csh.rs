//! csh and tcsh: `setenv` makes settings, `set` variables of the shell, which are kept apart under names that begin with `$`.
//! An error ends a file that is sourced, so what follows one is not read.

mod commands;
mod conditions;
mod grammar;
mod words;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use grammar::Command;
use words::{Kind, Part, Variable, Word};

use super::effects::Written;
use super::list;
use super::script::{Speech, walk};
use crate::openrc::eval::{Evaluator, Flow, Run, Stop};
use crate::openrc::place::Span;
use crate::openrc::state;
use crate::openrc::value::{Status, Unknown, Val, Why};
use crate::openrc::warn;

#[derive(Default)]
struct Csh {
    /// Names that the file has given another meaning.
    aliases: RefCell<BTreeSet<String>>,
}

pub(super) fn read(reader: &mut Evaluator<'_>) -> Run<Flow> {
    let source = Rc::clone(&reader.sources[0]);
    let steps = grammar::parse(&source.text, 0)?;
    for name in
        ["prompt", "path", "shell", "term", "status", "tcsh", "version", "argv", "group", "uid", "history"]
    {
        reader.of_session(&format!("${name}"));
    }
    reader.of_session("PWD");
    for (name, from) in [("$home", "HOME"), ("$user", "USER")] {
        if let Some(variable) = reader.state.variable(from) {
            reader.state.put(name, state::Variable { exported: state::Exported::No, ..variable });
        }
    }
    let directory = reader.state.directory.clone();
    reader
        .state
        .put("$cwd", state::Variable { value: Some(directory), ..state::Variable::unset(Span::default()) });
    let flow = walk(&Csh::default(), reader, &steps)?;
    show_shell_only(&mut reader.state);
    Ok(flow)
}

/// A variable of the shell that has a setting's name and is none.
pub(super) fn show_shell_only(state: &mut state::State) {
    let own: Vec<_> = state
        .variables()
        .filter_map(|(name, variable)| Some((name.strip_prefix('$')?.to_owned(), variable.clone())))
        .filter(|(_, variable)| variable.value.is_some())
        .collect();
    for (name, variable) in own {
        let is_free = state.variable(&name).is_none_or(|other| other.value.is_none());
        if is_free {
            state.put(&name, state::Variable { exported: state::Exported::No, ..variable });
        }
    }
}

impl Speech for Csh {
    type Command = Command;

    fn run(&self, reader: &mut Evaluator<'_>, command: &Command) -> Run<Flow> {
        match command {
            Command::Simple(simple) => self.simple(reader, simple),
            Command::Condition(words, span) => {
                let status = self.condition(reader, words, *span)?;
                reader.state.status = status;
                Ok(Flow::Next)
            }
            Command::Head(..) => Ok(Flow::Next),
            Command::Needs(variables) => {
                for variable in variables {
                    self.variable(reader, variable)?.ok();
                }
                Ok(Flow::Next)
            }
            // Whether an arm of a `switch` is gone.
            Command::Lost("", at) => {
                reader.state.status = Status::Unknown(Unknown::other("a switch", *at));
                Ok(Flow::Next)
            }
            Command::Lost(what, at) => {
                reader.lose_all(what, *at);
                Ok(Flow::Exit(*at))
            }
        }
    }

    fn words(&self, reader: &mut Evaluator<'_>, head: &Command) -> Run<Result<Vec<Val>, Unknown>> {
        let Command::Head(_, words) = head else { return Ok(Ok(Vec::new())) };
        let mut all = Vec::new();
        for word in words {
            match self.expand(reader, word)? {
                Ok(mut words) => all.append(&mut words),
                Err(unknown) => return Ok(Err(unknown)),
            }
        }
        Ok(Ok(all))
    }

    fn bind(&self, reader: &mut Evaluator<'_>, head: &Command, word: Val) -> Run<()> {
        let Command::Head(name, words) = head else { return Ok(()) };
        let span = words.first().map_or(reader.at, |word| word.span);
        reader.put(&format!("${name}"), word, None, Written { word: span, at: span, copies: None })
    }
}

impl Csh {
    /// The words that a word becomes; not known as a whole if one of them may fall apart or match files.
    fn expand(&self, reader: &mut Evaluator<'_>, word: &Word) -> Run<Result<Vec<Val>, Unknown>> {
        if let [part] = word.parts.as_slice() {
            return self.part(reader, part);
        }
        let mut all = vec![Val::known(b"")];
        for part in &word.parts {
            let values = match self.part(reader, part)? {
                Ok(values) => values,
                Err(unknown) => return Ok(Err(unknown)),
            };
            let value = match values.as_slice() {
                [] => Val::known(b""),
                [value] => value.clone(),
                _ => return Ok(Err(Unknown::other("a list inside a word", word.span))),
            };
            all = vec![together(&all[0], &value)];
        }
        Ok(Ok(all))
    }

    /// One value; `None` in place of a word that falls apart.
    fn single(&self, reader: &mut Evaluator<'_>, word: &Word) -> Run<Val> {
        Ok(match self.expand(reader, word)? {
            Ok(words) => match words.as_slice() {
                [value] => value.clone(),
                [] => Val::known(b""),
                _ => Val::Unknown(Unknown::other("a list of words", word.span)),
            },
            Err(unknown) => Val::Unknown(unknown),
        })
    }

    fn part(&self, reader: &mut Evaluator<'_>, part: &Part) -> Run<Result<Vec<Val>, Unknown>> {
        let one = |value: Val| Ok(Ok(vec![value]));
        match part {
            Part::Text(text, _) => one(Val::of(text.clone())),
            Part::Sign(sign) => one(Val::known(sign)),
            Part::Home => {
                one(reader.state.variable("HOME").and_then(|home| home.value).unwrap_or(Val::known(b"")))
            }
            Part::Opaque(what, span) if *what == words::PATTERN => {
                reader.warn(
                    *span,
                    warn::Kind::EndsEarly,
                    "csh looks for files that match this, and stops if none does",
                );
                Err(Stop::Exit(*span))
            }
            Part::Opaque(what, span) if *what == words::BRACES => {
                reader.lose_all("braces, at which csh may stop", *span);
                Err(Stop::Exit(*span))
            }
            Part::Opaque(what, span) => Ok(Err(Unknown::other(what, *span))),
            Part::Command(name, span) => Ok(Err(Unknown::new(Why::Command(reader.told(name, *span)), *span))),
            Part::List(words) => {
                let mut all = Vec::new();
                for word in words {
                    match self.expand(reader, word)? {
                        Ok(mut words) => all.append(&mut words),
                        Err(unknown) => return Ok(Err(unknown)),
                    }
                }
                Ok(Ok(all))
            }
            Part::Input { is_quoted, span } => {
                let value = match reader.reads_terminal() {
                    true => reader.ask_for("", None, false, *span)?,
                    false => Val::Unknown(Unknown::other("what a command reads", *span)),
                };
                Ok(if *is_quoted { Ok(vec![value]) } else { fall_apart(value, *span) })
            }
            Part::Variable(variable) => self.variable(reader, variable),
        }
    }

    fn variable(&self, reader: &mut Evaluator<'_>, variable: &Variable) -> Run<Result<Vec<Val>, Unknown>> {
        let Variable { name, kind, index, is_quoted, is_kept_whole, span } = variable;
        let own = reader.state.variable(&format!("${name}")).and_then(|own| own.value);
        let is_own = own.is_some();
        let value = own.or_else(|| reader.state.variable(name)?.value);
        if *kind == Kind::IsSet {
            return Ok(match value {
                Some(Val::Unknown(unknown)) if !matches!(unknown.why, Why::Prompt { .. }) => {
                    Err(unknown.as_part())
                }
                Some(_) => Ok(vec![Val::known(b"1")]),
                None => Ok(vec![Val::known(b"0")]),
            });
        }
        let Some(value) = value else {
            let what = format!("nothing sets {name}: csh stops reading the file here");
            reader.warn(*span, warn::Kind::EndsEarly, what);
            return Err(Stop::Exit(*span));
        };
        match kind {
            Kind::Wrong => {
                let what =
                    format!("csh stops here: after ${name} the colon is none of a value; write ${{{name}}}");
                reader.warn(*span, warn::Kind::EndsEarly, what);
                return Err(Stop::Exit(*span));
            }
            Kind::Unread => return Ok(Err(Unknown::other("a part of a value", *span))),
            _ => {}
        }
        if let Val::Unknown(unknown) = &value {
            let is_one = *is_quoted || *is_kept_whole || matches!(unknown.why, Why::Prompt { .. });
            return Ok(if is_one && index.is_none() { Ok(vec![value]) } else { Err(unknown.as_part()) });
        }
        let mut words = list::words(&value);
        match index {
            Some(Some(index)) if is_own => words = words.into_iter().skip(index - 1).take(1).collect(),
            Some(_) => return Ok(Err(Unknown::other("a part of a list", *span))),
            None => {}
        }
        if *is_quoted {
            let whole = list::stored(&words, *span);
            return Ok(Ok(vec![list::joined(&whole, b" ")]));
        }
        if *is_kept_whole {
            return Ok(Ok(words));
        }
        let mut all = Vec::new();
        for word in words {
            match fall_apart(word, *span) {
                Ok(mut words) => all.append(&mut words),
                Err(unknown) => return Ok(Err(unknown)),
            }
        }
        Ok(Ok(all))
    }
}

const MATCHES: &str = "a variable outside of quotes, whose value is matched with files";
const EXPANDS: &str = "a variable outside of quotes, whose value is expanded again";
const FALLS_APART: &str = "a variable outside of quotes, whose value falls apart";

/// A value outside of quotes: blanks part it, and patterns are matched with files.
fn fall_apart(value: Val, span: Span) -> Result<Vec<Val>, Unknown> {
    match value.text() {
        Some(text) if text.bytes().iter().any(|byte| b"*?[".contains(byte)) => {
            Err(Unknown::other(MATCHES, span))
        }
        Some(text) if text.bytes().iter().any(|byte| b" \t\n".contains(byte)) => {
            Err(Unknown::other(FALLS_APART, span))
        }
        Some(text) if text.bytes().starts_with(b"~") || text.bytes().contains(&b'{') => {
            Err(Unknown::other(EXPANDS, span))
        }
        _ => Ok(vec![value]),
    }
}

pub(super) fn together(before: &Val, after: &Val) -> Val {
    match (before.need(), after.need()) {
        // Beside nothing a value stays what it is, also the whole answer of a question.
        (Ok(text), _) if text.is_empty() => after.clone(),
        (_, Ok(text)) if text.is_empty() => before.clone(),
        (Ok(before), Ok(after)) => {
            let mut text = before.clone();
            text.extend(after.bytes());
            Val::of(text)
        }
        (Err(unknown), _) | (_, Err(unknown)) => Val::Unknown(unknown.as_part()),
    }
}
