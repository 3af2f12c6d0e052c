//! fish: its words become values here, its commands steps of the state. `set`, `read` and functions are in files of their own.

mod commands;
mod grammar;
mod set;
mod words;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use grammar::{Command, Part, Simple, Steps, Word};

use super::csh::together;
use super::effects::Written;
use super::list;
use super::script::{Speech, Step, walk};
use crate::openrc::cursor::is_name;
use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::place::Span;
use crate::openrc::simple::Stdin;
use crate::openrc::state::Variable;
use crate::openrc::value::{Status, Unknown, Val, Why};
use crate::openrc::{pattern, scrub};
use crate::profile;

/// The functions that the file has made, and where in the hidden variables those that run began.
#[derive(Default)]
struct Fish {
    functions: RefCell<BTreeMap<String, Option<Rc<Steps>>>>,
    frames: RefCell<Vec<usize>>,
}

/// What words have become; `loose` if it is not known how many they are.
struct Words {
    values: Vec<Val>,
    loose: Option<Unknown>,
}

pub(super) fn read(reader: &mut Evaluator<'_>) -> Run<Flow> {
    let source = Rc::clone(&reader.sources[0]);
    let len = own_line(&source.text).map_or(source.text.len(), |(_, start)| start);
    let steps = grammar::parse(&source.text[..len], 0)?;
    let arguments: Vec<Val> =
        reader.context.args.iter().map(|argument| Val::known(argument.as_bytes())).collect();
    let variable = Variable {
        value: Some(list::stored(&arguments, Span::default())),
        ..Variable::unset(Span::default())
    };
    reader.state.put("argv", variable);
    for name in
        ["status", "pipestatus", "fish_pid", "hostname", "version", "PWD", "history", "umask", "last_pid"]
    {
        reader.of_session(name);
    }
    Fish::default().block(reader, &steps)
}

/// The profile that the last line asks osagent for, and where that line begins.
pub(crate) fn own_line(text: &[u8]) -> Option<(profile::Name, usize)> {
    let text = text.trim_ascii_end();
    let start = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let line = std::str::from_utf8(&text[start..]).ok()?;
    let name = line.strip_prefix(scrub::FISH_LINE_START)?.strip_suffix(scrub::FISH_LINE_END)?;
    // A line before it that goes on would take it for its own.
    let goes_on = text[..start].strip_suffix(b"\n").is_some_and(|before| before.ends_with(b"\\"));
    (!goes_on).then(|| name.parse().ok())?.map(|name| (name, start))
}

impl Speech for Fish {
    type Command = Command;

    fn run(&self, reader: &mut Evaluator<'_>, command: &Command) -> Run<Flow> {
        match command {
            Command::Simple(simple) => self.simple(reader, simple),
            Command::Pipe(steps) => self.pipe(reader, steps),
            Command::Match(subject, patterns) => self.matches(reader, subject, patterns).map(|()| Flow::Next),
            Command::Function(name, body) => {
                // Made on one of two ways: which of them is not known.
                let body = (reader.uncertain == 0).then(|| Rc::clone(body));
                self.functions.borrow_mut().insert(name.clone(), body);
                reader.succeed();
                Ok(Flow::Next)
            }
            Command::Head(..) => Ok(Flow::Next),
        }
    }

    fn words(&self, reader: &mut Evaluator<'_>, head: &Command) -> Run<Result<Vec<Val>, Unknown>> {
        let Command::Head(_, words) = head else { return Ok(Ok(Vec::new())) };
        let words = self.expand_all(reader, words)?;
        Ok(match words.loose {
            Some(unknown) => Err(unknown),
            None => Ok(words.values),
        })
    }

    fn bind(&self, reader: &mut Evaluator<'_>, head: &Command, word: Val) -> Run<()> {
        let Command::Head(name, words) = head else { return Ok(()) };
        let span = words.first().map_or(reader.at, |word| word.span);
        // The loop's variable is one of the block around it, whatever there is beyond.
        self.assign(reader, name, word, None, Some('l'), Written { word: span, at: span, copies: None })
    }

    fn block(&self, reader: &mut Evaluator<'_>, steps: &[Step<Command>]) -> Run<Flow> {
        reader.state.hidden.push(Vec::new());
        let flow = walk(self, reader, steps);
        let at = reader.at;
        for (name, hidden) in reader.state.hidden.pop().unwrap_or_default().into_iter().rev() {
            match hidden {
                Some(variable) => reader.state.put(&name, variable),
                None => reader.state.remove(&name, at),
            }
        }
        flow
    }
}

impl Fish {
    fn pipe(&self, reader: &mut Evaluator<'_>, steps: &[Step<Command>]) -> Run<Flow> {
        // Where one of the programs is missing, fish runs none of the others.
        let why = Unknown::other("whether a pipeline runs", reader.at);
        reader.either(&why, |reader| self.piped(reader, steps), |_| Ok(Flow::Next))
    }

    fn piped(&self, reader: &mut Evaluator<'_>, steps: &[Step<Command>]) -> Run<Flow> {
        let shown = std::mem::replace(&mut reader.is_output_shown, false);
        let stdin = reader.stdin.clone();
        for (index, step) in steps.iter().enumerate() {
            reader.stdin = if index == 0 { stdin.clone() } else { Stdin::Other };
            reader.is_output_shown = shown && index + 1 == steps.len();
            let flow = walk(self, reader, std::slice::from_ref(step));
            reader.stdin = stdin.clone();
            reader.is_output_shown = shown;
            let flow = flow?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn matches(&self, reader: &mut Evaluator<'_>, subject: &Word, patterns: &[Word]) -> Run<()> {
        let subject = self.expand(reader, subject)?;
        let mut status = Status::Known(1);
        for word in patterns {
            let wanted = match word.parts.as_slice() {
                [Part::Opaque(..)] if word.span.end - word.span.start == 1 => Ok(vec![Val::known(b"*")]),
                _ => self.expand(reader, word).map(|words| words.values),
            }?;
            let why = Unknown::other("a switch", word.span);
            let subject = match (&subject.loose, subject.values.as_slice()) {
                (None, []) => Val::known(b""),
                (None, [value]) => value.clone(),
                _ => Val::Unknown(why.clone()),
            };
            let [wanted] = wanted.as_slice() else {
                status = Status::Unknown(why);
                continue;
            };
            status = match (subject.need(), wanted.need()) {
                (_, Ok(wanted)) if wanted.bytes() == b"*" => Status::Known(0),
                (Ok(subject), Ok(wanted)) => match fits(wanted.bytes(), subject.bytes()) {
                    Some(true) => Status::Known(0),
                    Some(false) => continue,
                    None => Status::Unknown(why),
                },
                (Err(unknown), _) | (_, Err(unknown)) => Status::Unknown(unknown.as_part()),
            };
            if matches!(status, Status::Known(0)) {
                break;
            }
        }
        reader.state.status = status;
        Ok(())
    }

    fn expand_all(&self, reader: &mut Evaluator<'_>, words: &[Word]) -> Run<Words> {
        let mut all = Words { values: Vec::new(), loose: None };
        for word in words {
            let mut expanded = self.expand(reader, word)?;
            all.values.append(&mut expanded.values);
            all.loose = all.loose.or(expanded.loose);
            reader.spend(1 + all.values.len() as u64 / 64, word.span)?;
        }
        Ok(all)
    }

    /// Every word of every part with every one of the next.
    fn expand(&self, reader: &mut Evaluator<'_>, word: &Word) -> Run<Words> {
        if let [part] = word.parts.as_slice() {
            return self.part(reader, part);
        }
        let mut all = vec![Val::known(b"")];
        let mut loose = None;
        for part in &word.parts {
            let mut part = self.part(reader, part)?;
            loose = loose.or(part.loose.take());
            reader.spend((all.len() * part.values.len()) as u64, word.span)?;
            all = match part.values.as_slice() {
                [one] => all.iter().map(|before| together(before, one)).collect(),
                several => several
                    .iter()
                    .flat_map(|after| all.iter().map(|before| together(before, after)).collect::<Vec<_>>())
                    .collect(),
            };
        }
        Ok(Words { values: all, loose })
    }

    fn part(&self, reader: &mut Evaluator<'_>, part: &Part) -> Run<Words> {
        let one = |value: Val| Words { values: vec![value], loose: None };
        Ok(match part {
            Part::Text(text, _) => one(Val::of(text.clone())),
            Part::Home => {
                one(reader.state.variable("HOME").and_then(|home| home.value).unwrap_or(Val::known(b"")))
            }
            Part::Opaque(what, span) => loose(Unknown::other(what, *span)),
            Part::Variable { name, index, is_quoted, span } => {
                self.variable(reader, name, *index, *is_quoted, *span)
            }
            Part::Substitution { steps, span } => self.substitution(reader, steps, *span)?,
        })
    }

    fn variable(
        &self,
        reader: &mut Evaluator<'_>,
        name: &str,
        index: Option<Option<usize>>,
        is_quoted: bool,
        span: Span,
    ) -> Words {
        let Some(value) = reader.state.variable(name).and_then(|variable| variable.value) else {
            reader.unset_references.push((name.to_owned(), span));
            let values = if is_quoted { vec![Val::known(b"")] } else { Vec::new() };
            return Words { values, loose: None };
        };
        if let Val::Unknown(unknown) = &value {
            // The answer of a question is one word.
            let is_one = is_quoted || matches!(unknown.why, Why::Prompt { .. });
            let loose = (!is_one || index.is_some()).then(|| unknown.as_part());
            let value = if index.is_some() { Val::Unknown(unknown.as_part()) } else { value };
            return Words { values: vec![value], loose };
        }
        let is_path = name.ends_with("PATH") && value.text().is_some_and(|text| text.bytes().contains(&b':'));
        if is_path && !(is_quoted && index.is_none()) {
            return loose(Unknown::other("a list of paths", span));
        }
        let words = list::words(&value);
        match index {
            None if is_quoted => {
                Words { values: vec![list::joined(&value, list::separator(name))], loose: None }
            }
            None => Words { values: words, loose: None },
            Some(Some(number)) => {
                let word = words.get(number - 1).cloned();
                let empty = || is_quoted.then(|| Val::known(b""));
                Words { values: word.or_else(empty).into_iter().collect(), loose: None }
            }
            Some(None) => loose(Unknown::other("a part of a list", span)),
        }
    }

    fn substitution(&self, reader: &mut Evaluator<'_>, steps: &[Step<Command>], span: Span) -> Run<Words> {
        if let [Step::Do(Command::Simple(simple))] = steps {
            match simple.words.first().and_then(Word::bare) {
                Some("read") if !simple.reads_file => {
                    if let Some(answer) = self.read_aloud(reader, simple, span)? {
                        return Ok(Words { values: vec![answer], loose: None });
                    }
                }
                Some("pwd") if simple.words.len() == 1 => {
                    return Ok(Words { values: vec![reader.state.directory.clone()], loose: None });
                }
                _ => {}
            }
        }
        let references = std::mem::take(&mut reader.unset_references);
        let shown = std::mem::replace(&mut reader.is_output_shown, false);
        // Functions and builtins in it act upon the shell itself.
        let flow = walk(self, reader, steps);
        reader.is_output_shown = shown;
        flow?;
        reader.unset_references = references;
        let why = match first_command(steps) {
            Some(name) => Why::Command(reader.told(name, span)),
            None => Why::Other("a command substitution"),
        };
        Ok(loose(Unknown::new(why, span)))
    }
}

fn loose(unknown: Unknown) -> Words {
    Words { values: vec![Val::Unknown(unknown.clone())], loose: Some(unknown) }
}

/// The name of the first command, for people.
fn first_command(steps: &[Step<Command>]) -> Option<&str> {
    match steps.first()? {
        Step::Do(Command::Simple(Simple { words, .. })) => words.first()?.bare(),
        Step::Do(Command::Pipe(steps)) => first_command(steps),
        Step::And(step) | Step::Or(step) | Step::Not(step) => first_command(std::slice::from_ref(step)),
        _ => None,
    }
}

/// Whether the pattern of a `case` fits: `*` alone is special; what a backslash or a `?` does changes between versions.
fn fits(wanted: &[u8], subject: &[u8]) -> Option<bool> {
    if wanted.iter().any(|byte| b"\\?".contains(byte)) {
        return None;
    }
    let literal: Vec<u8> =
        wanted.iter().flat_map(|&byte| [b'\\', byte].into_iter().skip(usize::from(byte == b'*'))).collect();
    pattern::matches(&literal, subject)
}

fn is_variable_name(name: &str) -> bool {
    is_name(name)
}
