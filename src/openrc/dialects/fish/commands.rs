//! fish's commands: whose turn it is, functions, and the questions that `read` asks.

use std::rc::Rc;

use super::super::effects::Written;
use super::super::script::Speech;
use super::grammar::{Part, Simple, Word};
use super::{Fish, Words, grammar, is_variable_name};
use crate::openrc::eval::{CALLS_MAX, Evaluator, Flow, Run};
use crate::openrc::fields::Field;
use crate::openrc::place::{Fault, Reason, Span};
use crate::openrc::simple::Stdin;
use crate::openrc::value::{Status, Unknown, Val, Why};

/// Builtins and functions of fish itself that set nothing.
const HARMLESS: &[&str] = &[
    "set_color",
    "status",
    "string",
    "type",
    "functions",
    "complete",
    "abbr",
    "bind",
    "emit",
    "count",
    "contains",
    "math",
    "jobs",
    "commandline",
    "isatty",
    "fish_add_path",
    "clear",
    "block",
    "builtin",
    "ulimit",
];

impl Fish {
    pub(super) fn simple(&self, reader: &mut Evaluator<'_>, simple: &Simple) -> Run<Flow> {
        let Some(first) = simple.words.first() else {
            return Ok(Flow::Next);
        };
        let at = std::mem::replace(&mut reader.at, simple.span);
        let stdin = reader.stdin.clone();
        let shown = reader.is_output_shown;
        if simple.reads_file {
            reader.stdin = Stdin::Other;
        }
        reader.is_output_shown &= !simple.is_silent;
        let flow = match first.bare().map(str::to_owned) {
            // Where a program of a substitution is missing, fish leaves the command that it stands in undone.
            Some(name) if simple.words.iter().any(runs_programs) => {
                let why = Unknown::new(Why::Command("in a substitution".to_owned()), simple.span);
                reader.either(&why, |reader| self.named(reader, &name, simple), |_| Ok(Flow::Next))
            }
            Some(name) => self.named(reader, &name, simple),
            None => {
                let words = self.expand(reader, first)?;
                let name = words.values.first().and_then(Val::str).map(str::to_owned);
                match name.filter(|_| words.loose.is_none()) {
                    Some(name) => self.named(reader, &name, simple),
                    None => {
                        reader.lose_all("a command whose name is not known", simple.span);
                        Ok(Flow::Next)
                    }
                }
            }
        };
        reader.stdin = stdin.clone();
        reader.is_output_shown = shown;
        reader.at = at;
        flow
    }

    fn named(&self, reader: &mut Evaluator<'_>, name: &str, simple: &Simple) -> Run<Flow> {
        let at = simple.span;
        if let Some(flow) = self.function(reader, name, simple)? {
            return Ok(flow);
        }
        let arguments = &simple.words[1..];
        match name {
            "set" => self.set(reader, simple)?,
            "setenv" => self.setenv(reader, arguments, at)?,
            "export" => self.export(reader, arguments, at)?,
            "read" => self.read(reader, simple)?,
            "exit" | "return" => {
                self.expand_all(reader, arguments)?;
                return Ok(if name == "exit" { Flow::Exit(at) } else { Flow::Return(at) });
            }
            "break" => return Ok(Flow::Break(1)),
            "continue" => return Ok(Flow::Continue(1)),
            "true" | ":" => reader.succeed(),
            "false" => reader.fail(),
            "source" | "." => return self.source(reader, arguments, at),
            "eval" => reader.lose_all("an eval", at),
            "exec" => return Ok(Flow::Exit(at)),
            "cd" | "pushd" | "popd" | "prevd" | "nextd" => {
                self.expand_all(reader, arguments)?;
                reader.state.directory = Val::Unknown(Unknown::new(Why::Command(name.to_owned()), at));
                reader.state.status = Status::Unknown(Unknown::new(Why::Command(name.to_owned()), at));
            }
            "echo" | "printf" | "test" | "[" => {
                let words = self.expand_all(reader, arguments)?;
                self.of_fields(reader, name, words, at)?;
            }
            "stty" => {
                let mut words = arguments.iter().filter_map(Word::bare);
                match words.next() {
                    Some("-echo") => reader.state.is_echo_off = true,
                    Some("echo" | "sane") => reader.state.is_echo_off = false,
                    _ => {}
                }
            }
            name if name.contains('=') => {
                let what = "fish takes no assignments like this one";
                let fault =
                    Fault::new(at, Reason::Syntax, what).hint("in fish it is written 'set -gx NAME value'");
                return if arguments.is_empty() { Err(fault.into()) } else { self.prefixed(reader, simple) };
            }
            _ => {
                self.expand_all(reader, arguments)?;
                match HARMLESS.contains(&name) {
                    true => {
                        let why = Unknown::new(Why::Command(name.to_owned()), at);
                        reader.state.status = Status::Unknown(why);
                    }
                    false => reader.skip(name, at),
                }
            }
        }
        Ok(Flow::Next)
    }

    /// `NAME=value command`
    fn prefixed(&self, reader: &mut Evaluator<'_>, simple: &Simple) -> Run<Flow> {
        let command = simple.words.iter().find_map(|word| word.bare().filter(|name| !name.contains('=')));
        match command {
            Some(name) if !matches!(name, "set" | "read" | "source" | "eval" | "export" | "setenv") => {
                reader.skip(name, simple.span);
            }
            _ => reader.lose_all("an assignment before a command", simple.span),
        }
        Ok(Flow::Next)
    }

    fn of_fields(&self, reader: &mut Evaluator<'_>, name: &str, words: Words, at: Span) -> Run<()> {
        let is_odd =
            name == "test" && words.values.iter().any(|word| matches!(word.str(), Some("==" | "=~")));
        if let Some(why) = words.loose.clone().filter(|_| matches!(name, "test" | "[")) {
            reader.state.status = Status::Unknown(why);
            return Ok(());
        }
        if is_odd {
            reader.state.status = Status::Unknown(Unknown::other("a test that fish has not", at));
            return Ok(());
        }
        let fields: Vec<Field> =
            words.values.into_iter().map(|value| Field { value, is_loose: false, unmatched: None }).collect();
        match name {
            "echo" => reader.echo(&fields, at),
            "printf" => reader.printf(&fields, at)?,
            name => reader.test(name, &fields, at)?,
        }
        Ok(())
    }

    fn source(&self, reader: &mut Evaluator<'_>, arguments: &[Word], at: Span) -> Run<Flow> {
        let words = self.expand_all(reader, arguments)?;
        let path = match (words.loose, words.values.as_slice()) {
            (None, [path]) => path.clone(),
            _ => Val::Unknown(Unknown::other("a file that is sourced", at)),
        };
        reader.source_file(&path, at, |reader, source, number| {
            let steps = grammar::parse(&source.text, number)?;
            self.block(reader, &steps)
        })
    }

    /// Calls the file's own function of this name.
    fn function(&self, reader: &mut Evaluator<'_>, name: &str, simple: &Simple) -> Run<Option<Flow>> {
        let Some(body) = self.functions.borrow().get(name).cloned() else { return Ok(None) };
        let at = simple.span;
        let arguments = self.expand_all(reader, &simple.words[1..])?;
        // A function does not see the variables of the block that it is called in.
        let has_locals = reader.state.hidden.iter().any(|frame| !frame.is_empty());
        let (Some(body), None, false) = (body, &arguments.loose, has_locals) else {
            reader.lose_all("a function that cannot be followed", at);
            return Ok(Some(Flow::Next));
        };
        reader.calls += 1;
        if reader.calls > CALLS_MAX {
            return Err(Fault::new(at, Reason::TooDeep, "functions that call functions").into());
        }
        let value = super::list::stored(&arguments.values, at);
        let before = reader.state.variable("argv");
        reader.put("argv", value, None, Written { word: at, at, copies: None })?;
        self.frames.borrow_mut().push(reader.state.hidden.len());
        reader.returned.push(Vec::new());
        let body = Rc::clone(&body);
        let flow = self.block(reader, &body);
        let flow = reader.join_returned(flow, at);
        self.frames.borrow_mut().pop();
        reader.calls -= 1;
        if let Some(before) = before {
            reader.state.put("argv", before);
        }
        flow.map(Some)
    }

    fn read(&self, reader: &mut Evaluator<'_>, simple: &Simple) -> Run<()> {
        let at = simple.span;
        let Some(wish) = self.read_wish(reader, &simple.words[1..], at)? else {
            reader.lose_all("a read whose options are not followed", at);
            return Ok(());
        };
        let into = wish.names.first().cloned().unwrap_or_default();
        let value = match reader.reads_terminal() {
            true => reader.ask_for(&into, wish.text, wish.is_hidden, at)?,
            false => Val::Unknown(Unknown::other("what a command reads", at)),
        };
        let is_whole = wish.names.len() == 1 && !wish.is_split;
        for name in &wish.names {
            let value = match &value {
                value if is_whole => value.clone(),
                Val::Unknown(unknown) => Val::Unknown(unknown.as_part()),
                Val::Known(_) => Val::Unknown(Unknown::other("how read takes an answer apart", at)),
            };
            let written = Written { word: at, at, copies: None };
            self.assign(reader, name, value, wish.exported, wish.scope, written)?;
        }
        reader.succeed();
        Ok(())
    }

    /// `(read …)`: the answer is what it prints. `None` if it goes elsewhere.
    pub(super) fn read_aloud(
        &self,
        reader: &mut Evaluator<'_>,
        simple: &Simple,
        at: Span,
    ) -> Run<Option<Val>> {
        let wish = self.read_wish(reader, &simple.words[1..], at)?;
        let Some(wish) = wish.filter(|wish| wish.names.is_empty() && !wish.is_split) else { return Ok(None) };
        if !reader.reads_terminal() {
            return Ok(None);
        }
        reader.ask_for("", wish.text, wish.is_hidden, at).map(Some)
    }

    fn read_wish(&self, reader: &mut Evaluator<'_>, words: &[Word], at: Span) -> Run<Option<Wish>> {
        let words = self.expand_all(reader, words)?;
        let mut wish = Wish::default();
        if words.loose.is_some() {
            return Ok(None);
        }
        let mut values = words.values.into_iter().peekable();
        while let Some(word) = values.next() {
            let Some(text) = word.str().map(str::to_owned) else { return Ok(None) };
            if !text.starts_with('-') || text.len() < 2 {
                wish.names.push(text);
                wish.names.extend(values.by_ref().filter_map(|word| word.str().map(str::to_owned)));
                break;
            }
            if text == "--" {
                continue;
            }
            let Some(letters) = letters_of(&text) else { return Ok(None) };
            for (index, letter) in letters.chars().enumerate() {
                if !"pPRcndt".contains(letter) || letter == 't' {
                    wish.flag(letter);
                    continue;
                }
                let rest: String = letters.chars().skip(index + 1).collect();
                let value = match text.split_once('=') {
                    Some((_, value)) if text.starts_with("--") => Some(Val::known(value.as_bytes())),
                    _ if !rest.is_empty() => Some(Val::known(rest.as_bytes())),
                    _ => values.next(),
                };
                match (letter, value) {
                    ('P', value) => wish.text = Some(value.into_iter().collect()),
                    ('p', Some(value)) => wish.text = self.shown_by(reader, &value, at)?,
                    _ if letter == 'n' || letter == 'd' => wish.is_split = true,
                    _ => {}
                }
                break;
            }
        }
        let is_sound = wish.names.iter().all(|name| is_variable_name(name));
        Ok(is_sound.then_some(wish))
    }

    /// What the command of `read -p` shows.
    fn shown_by(&self, reader: &mut Evaluator<'_>, command: &Val, at: Span) -> Run<Option<Vec<Val>>> {
        let Ok(text) = command.need().cloned() else { return Ok(Some(vec![command.clone()])) };
        let Ok(steps) = grammar::parse(text.bytes(), 0) else {
            return Ok(Some(vec![Val::Unknown(Unknown::other("the text of a question", at))]));
        };
        let before = reader.state.said.take();
        let mut said = None;
        reader.apart(|reader| {
            // The places in it are those of another text.
            let flow = super::walk(self, reader, &steps);
            said = reader.state.said.take();
            flow
        })?;
        reader.state.said = before;
        reader.succeed();
        Ok(Some(said.map(|said| said.pieces).unwrap_or_default()))
    }
}

/// Whether the word holds a substitution with anything but `read` and `pwd` in it.
fn runs_programs(word: &Word) -> bool {
    word.parts.iter().any(|part| match part {
        Part::Substitution { steps, .. } => !matches!(super::first_command(steps), Some("read" | "pwd")),
        _ => false,
    })
}

/// The short letters of an option.
fn letters_of(option: &str) -> Option<String> {
    let Some(long) = option.strip_prefix("--") else { return Some(option[1..].to_owned()) };
    let (name, _) = long.split_once('=').unwrap_or((long, ""));
    const LONG: &[(&str, char)] = &[
        ("silent", 's'),
        ("prompt-str", 'P'),
        ("prompt", 'p'),
        ("right-prompt", 'R'),
        ("command", 'c'),
        ("export", 'x'),
        ("global", 'g'),
        ("local", 'l'),
        ("function", 'f'),
        ("universal", 'U'),
        ("unexport", 'u'),
        ("nchars", 'n'),
        ("delimiter", 'd'),
        ("list", 'a'),
        ("array", 'a'),
        ("null", 'z'),
        ("line", 'L'),
        ("tokenize", 't'),
        ("shell", 'S'),
    ];
    LONG.iter().find(|(long, _)| *long == name).map(|(_, letter)| letter.to_string())
}

/// The options and names of `read`.
#[derive(Default)]
struct Wish {
    is_hidden: bool,
    text: Option<Vec<Val>>,
    exported: Option<bool>,
    scope: Option<char>,
    /// The answer does not go whole into the variable.
    is_split: bool,
    names: Vec<String>,
}

impl Wish {
    fn flag(&mut self, letter: char) {
        match letter {
            's' => self.is_hidden = true,
            'x' => self.exported = Some(true),
            'u' => self.exported = Some(false),
            'g' | 'l' | 'f' | 'U' => self.scope = Some(letter),
            'i' | 'S' => {}
            _ => self.is_split = true,
        }
    }
}
