//! What names files: `source`, `cd`, and the substitutions that compute paths, `$(dirname …)`, `$(basename …)`, `$(pwd)`,
//! `$(cd … && pwd)`. It opens nothing itself; the caller's [`Files`] says what is there.

use std::rc::Rc;

use super::ast::{Command, Kind, List, Substitution, Word};
use super::eval::{CALLS_MAX, Evaluator, Flow, Run, Stop};
use super::expand::Purpose;
use super::fields::Field;
use super::parser::parse;
use super::place::{Fault, Reason, Span};
use super::simple::arguments_of;
use super::source::Source;
use super::value::{Status, Unknown, Val, Why};
use super::warn::Kind as Warning;
use super::{FileKind, text::Text};

/// Files that source files that source files.
const SOURCE_DEPTH_MAX: usize = 4;
/// Sourced files and `eval`s together.
const SOURCES_MAX: usize = 2_000;

impl Evaluator<'_> {
    pub(crate) fn source(&mut self, fields: &[Field], at: Span) -> Run<Flow> {
        let fields = if fields.first().is_some_and(|field| field.value.str() == Some("--")) {
            &fields[1..]
        } else {
            fields
        };
        let Some((file, arguments)) = fields.split_first() else {
            self.state.status = Status::Known(2);
            return Ok(Flow::Next);
        };
        let path = match self.path(&file.value) {
            Ok(path) => path,
            Err(why) => return Ok(self.lost_source(why, at)),
        };
        if self.context.files.kind(&path) == Some(FileKind::Absent) {
            self.fail();
            return Ok(Flow::Next);
        }
        let is_cycle = self.open_files.contains(&path) || self.paths.first() == Some(&path);
        let bytes = match self.context.files.read(&path) {
            Some(bytes) if !is_cycle && self.open_files.len() < SOURCE_DEPTH_MAX => bytes,
            _ => {
                return Ok(
                    self.lost_source(Unknown::other("a file that is sourced and was not read", at), at)
                );
            }
        };
        let number = self.next_source(at)?;
        let source = Source::new(&bytes, number)?;
        drop(bytes);
        self.sources.push(Rc::new(source));
        self.paths.push(path.clone());
        self.open_files.push(path);
        let flow = self.sourced(number, arguments, at);
        self.open_files.pop();
        flow
    }

    fn sourced(&mut self, number: u16, arguments: &[Field], at: Span) -> Run<Flow> {
        let source = Rc::clone(&self.sources[usize::from(number)]);
        let program = parse(&source.text, number)?;
        let before = (!arguments.is_empty())
            .then(|| std::mem::replace(&mut self.state.arguments, arguments_of(arguments)));
        let file = std::mem::replace(&mut self.file, number);
        let loops = std::mem::replace(&mut self.loops, 0);
        self.returned.push(Vec::new());
        let flow = self.list(&program.list);
        let flow = self.join_returned(flow, at);
        self.file = file;
        self.loops = loops;
        if let Some(before) = before {
            self.state.arguments = before;
        }
        let why = Unknown::other("a here-document that assigns", at);
        for name in &program.set_in_here_documents {
            self.state.forget(name, &why);
        }
        flow
    }

    fn next_source(&mut self, at: Span) -> Run<u16> {
        if self.sources.len() >= SOURCES_MAX {
            return Err(Fault::new(at, Reason::TooMuchWork, "too many files and evals are read").into());
        }
        Ok(self.sources.len() as u16)
    }

    fn lost_source(&mut self, why: Unknown, at: Span) -> Flow {
        self.warn(at, Warning::NotRead, "this file is not read; what it sets is not known");
        self.state.forget_all(&why);
        self.state.status = Status::Unknown(why);
        Flow::Next
    }

    pub(crate) fn eval(&mut self, fields: &[Field], at: Span) -> Run<Flow> {
        let mut text = Text::new();
        for field in fields {
            match field.value.need() {
                Ok(piece) => {
                    text.extend(piece.bytes());
                    text.push(b' ');
                }
                Err(why) => {
                    let why = why.as_part();
                    self.warn(at, Warning::NotRead, "an eval of what is not known may set anything");
                    self.state.forget_all(&why);
                    self.state.status = Status::Unknown(why);
                    return Ok(Flow::Next);
                }
            }
        }
        self.calls += 1;
        if self.calls > CALLS_MAX {
            return Err(Fault::new(at, Reason::TooDeep, "evals inside evals").into());
        }
        let flow = match self.parse_text(&text, at)? {
            Some(list) => self.list(&list),
            None => {
                let why = Unknown::other("an eval that the shell does not understand", at);
                self.state.forget_all(&why);
                self.state.status = Status::Unknown(why);
                Ok(Flow::Next)
            }
        };
        self.calls -= 1;
        flow
    }

    /// Parses text that stands in the file only indirectly.
    fn parse_text(&mut self, text: &Text, at: Span) -> Run<Option<List>> {
        let number = self.next_source(at)?;
        self.spend(text.len() as u64, at)?;
        let source = Rc::new(Source::of_eval(text.bytes(), number, self.place(at)));
        self.sources.push(Rc::clone(&source));
        self.paths.push(String::new());
        match parse(&source.text, number) {
            Ok(program) if program.set_in_here_documents.is_empty() => Ok(Some(program.list)),
            Err(fault) if fault.is_limit() => Err(Stop::Refuse(fault)),
            _ => Ok(None),
        }
    }

    pub(crate) fn change_directory(&mut self, command: &str, fields: &[Field], at: Span) {
        let unknown = Unknown::new(Why::Command(command.to_owned()), at);
        let operands: Vec<&Field> =
            fields.iter().filter(|field| !matches!(field.value.str(), Some("-L" | "-P" | "--"))).collect();
        let target = match (command, operands.as_slice()) {
            ("cd", []) => self.state.variable("HOME").and_then(|home| home.value),
            ("cd", [field]) if field.value.str() != Some("-") => Some(field.value.clone()),
            _ => None,
        };
        let path = target.and_then(|target| self.path(&target).ok());
        let kind = path.as_deref().and_then(|path| self.context.files.kind(path));
        match (path, kind) {
            (Some(path), Some(FileKind::Folder)) => {
                self.state.directory = Val::known(path.as_bytes());
                self.succeed();
            }
            (Some(_), Some(FileKind::Absent | FileKind::Plain)) => self.fail(),
            _ => {
                self.state.directory = Val::Unknown(unknown.clone());
                self.state.status = Status::Unknown(unknown.clone());
            }
        }
        self.state.forget("OLDPWD", &unknown);
    }

    /// An absolute path without `.` and `..`.
    pub(crate) fn path(&self, value: &Val) -> Result<String, Unknown> {
        let path = value.need().map_err(Unknown::as_part)?;
        let directory = self.state.directory.need().map_err(Unknown::as_part)?;
        let not_text = || Unknown::other("a path that is not UTF-8", self.at);
        let path = path.str().ok_or_else(not_text)?;
        let directory = directory.str().ok_or_else(not_text)?;
        Ok(absolute(directory, path))
    }

    pub(crate) fn substitution(&mut self, substitution: &Substitution) -> Run<Val> {
        if let Some(prefix) = self.lists_names(substitution) {
            let span = match substitution {
                Substitution::Parsed { span, .. } | Substitution::Backquoted { span, .. } => *span,
            };
            return Ok(Val::Unknown(Unknown::new(
                Why::Command(format!("{}{prefix}", super::listing::NAMES)),
                span,
            )));
        }
        let (value, at) = match substitution {
            Substitution::Parsed { list, span } => (self.computed(list, *span)?, *span),
            Substitution::Backquoted { text, span } => match self.parse_text(text, *span)? {
                Some(list) => (self.computed(&list, *span)?, *span),
                None => (Val::Unknown(Unknown::other("a command in backquotes", *span)), *span),
            },
        };
        // A `$?` later in the same command is that of the substitution.
        self.state.status = Status::Unknown(Unknown::other("the status of a substitution", at));
        Ok(value)
    }

    fn computed(&mut self, list: &List, at: Span) -> Run<Val> {
        let commands: Vec<&Command> = list
            .items
            .iter()
            .flat_map(|item| {
                std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline))
            })
            .flat_map(|pipeline| &pipeline.commands)
            .collect();
        let names: Vec<&str> =
            commands.iter().map(|command| super::eval::command_name(command).unwrap_or("")).collect();
        let is_pipe = list.items.iter().any(|item| {
            item.background
                || item.first.commands.len() > 1
                || item.rest.iter().any(|(_, p)| p.commands.len() > 1)
        });
        let value = match (names.as_slice(), is_pipe) {
            (["pwd"], false) => Some(self.state.directory.clone()),
            (["dirname"], false) => self.of_path(commands[0], dirname)?,
            (["basename"], false) => self.of_path(commands[0], basename)?,
            (["cd", "pwd"], false) => self.entered(commands[0])?,
            _ => None,
        };
        if let Some(value) = value {
            return Ok(value);
        }
        self.asked_inside(list, at)?;
        // Behind a sign inside it stands what may be a part of a value.
        let tell = |index: usize, name: &str| match index {
            0 => self.told(name, at),
            _ => super::programs::only_known(name),
        };
        let told: Vec<String> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| !super::builtins::is_builtin(name))
            .map(|(index, name)| tell(index, name))
            .collect();
        let first = names.first().map(|name| tell(0, name)).unwrap_or_default();
        let status = self.state.status.clone();
        for name in &told {
            self.skip_told(name, at);
        }
        self.state.status = status;
        let name = told.into_iter().next().unwrap_or(first);
        Ok(Val::Unknown(Unknown::new(Why::Command(name), at)))
    }

    fn of_path(&mut self, command: &Command, compute: fn(&str) -> String) -> Run<Option<Val>> {
        let words = operands(command);
        let fields = self.fields(&words)?;
        let (field, suffix) = match fields.as_slice() {
            [field] => (field, ""),
            // Only `basename` takes a second operand.
            [field, suffix] if compute("a/b") == "b" => match suffix.value.str() {
                Some(suffix) => (field, suffix),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let compute = |path: &str| {
            let name = compute(path);
            let shorter = name.strip_suffix(suffix).filter(|shorter| !shorter.is_empty());
            shorter.map_or(name.clone(), str::to_owned)
        };
        Ok(match field.value.need() {
            Ok(text) => text.str().map(|path| Val::known(compute(path).as_bytes())),
            Err(unknown) => Some(Val::Unknown(unknown.as_part())),
        })
    }

    /// `cd … && pwd`: the folder, if it is one for sure.
    fn entered(&mut self, command: &Command) -> Run<Option<Val>> {
        let words = operands(command);
        let words: Vec<&Word> =
            words.iter().filter(|word| !matches!(word.bare(), Some("-P" | "-L"))).collect();
        let [word] = words.as_slice() else { return Ok(None) };
        let value = self.expand(word, Purpose::Single)?;
        let path = match self.path(&value) {
            Ok(path) => path,
            Err(unknown) => return Ok(Some(Val::Unknown(unknown))),
        };
        let is_own = path == self.context.dir;
        let is_there = is_own || self.context.files.kind(&path) == Some(FileKind::Folder);
        Ok(is_there.then(|| Val::known(path.as_bytes())))
    }
}

/// The words after the command's name, without `--`.
fn operands(command: &Command) -> Vec<Word> {
    match &command.kind {
        Kind::Simple(simple) => {
            simple.words.iter().skip(1).filter(|word| word.bare() != Some("--")).cloned().collect()
        }
        _ => Vec::new(),
    }
}

fn absolute(directory: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// As POSIX says.
fn dirname(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return if path.starts_with('/') { "/".to_owned() } else { ".".to_owned() };
    }
    match trimmed.rfind('/') {
        None => ".".to_owned(),
        Some(at) => match trimmed[..at].trim_end_matches('/') {
            "" => "/".to_owned(),
            parent => parent.to_owned(),
        },
    }
}

fn basename(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return if path.starts_with('/') { "/".to_owned() } else { String::new() };
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed).to_owned()
}
