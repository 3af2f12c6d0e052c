//! The shell's own commands that are neither assignments nor questions: control, options, arguments, and which of them can
//! change what is not followed here.

use super::eval::{Evaluator, Flow, Run};
use super::fields::Field;
use super::place::Span;
use super::simple::{Input, arguments_of, is_declaration};
use super::state::{Arguments, Exported};
use super::value::{Status, Unknown, Val, Why};

/// What a builtin does here.
#[derive(Clone, Copy)]
enum Does {
    /// Nothing that matters, and succeeds.
    Nothing,
    Fails,
    Break,
    Continue,
    Return,
    Exit,
    Exec,
    Set,
    Shift,
    Test,
    Unset,
    Let,
    Echo,
    Printf,
    Read,
    Eval,
    Source,
    Cd,
    Command,
    Shopt,
    /// Sets variables whose names stand among its arguments.
    SetsNames,
    /// Its status hangs on the machine.
    Asks,
    Stty,
    Trap,
}

const TABLE: &[(&str, Does)] = &[
    (":", Does::Nothing),
    ("true", Does::Nothing),
    ("false", Does::Fails),
    ("break", Does::Break),
    ("continue", Does::Continue),
    ("return", Does::Return),
    ("exit", Does::Exit),
    ("logout", Does::Exit),
    ("exec", Does::Exec),
    ("set", Does::Set),
    ("shift", Does::Shift),
    ("test", Does::Test),
    ("[", Does::Test),
    ("unset", Does::Unset),
    ("echo", Does::Echo),
    ("printf", Does::Printf),
    ("read", Does::Read),
    ("eval", Does::Eval),
    ("source", Does::Source),
    (".", Does::Source),
    ("cd", Does::Cd),
    ("pushd", Does::Cd),
    ("popd", Does::Cd),
    ("command", Does::Command),
    ("builtin", Does::Command),
    ("shopt", Does::Shopt),
    ("getopts", Does::SetsNames),
    ("mapfile", Does::SetsNames),
    ("readarray", Does::SetsNames),
    ("let", Does::Let),
    ("type", Does::Asks),
    ("hash", Does::Asks),
    ("wait", Does::Asks),
    ("kill", Does::Asks),
    ("alias", Does::Asks),
    ("unalias", Does::Asks),
    ("stty", Does::Stty),
    ("trap", Does::Trap),
    ("umask", Does::Nothing),
    ("ulimit", Does::Asks),
    ("enable", Does::Asks),
    ("bind", Does::Asks),
    ("complete", Does::Nothing),
    ("history", Does::Asks),
    ("pwd", Does::Nothing),
    ("jobs", Does::Nothing),
];

pub(crate) fn is_builtin(name: &str) -> bool {
    TABLE.iter().any(|(builtin, _)| *builtin == name)
}

impl Evaluator<'_> {
    pub(crate) fn builtin(&mut self, name: &str, rest: &[Field], input: Input, at: Span) -> Run<Flow> {
        let Some((_, does)) = TABLE.iter().find(|(builtin, _)| *builtin == name) else {
            if is_declaration(name) {
                let why = Unknown::other("a declaration that is not written out", at);
                self.state.forget_all(&why);
                self.state.status = Status::Unknown(why);
                return Ok(Flow::Next);
            }
            if let Input::Text(feed) = &input {
                // It may read what the commands after it would.
                feed.lose(Unknown::new(Why::Command(name.to_owned()), at));
            }
            self.skip(name, at);
            return Ok(Flow::Next);
        };
        match does {
            Does::Nothing => self.succeed(),
            Does::Fails => self.fail(),
            Does::Break => return Ok(self.leave_loop(rest, Flow::Break)),
            Does::Continue => return Ok(self.leave_loop(rest, Flow::Continue)),
            Does::Return => {
                self.status_of(rest);
                return Ok(Flow::Return(at));
            }
            Does::Exit => {
                self.status_of(rest);
                return Ok(Flow::Exit(at));
            }
            Does::Exec if rest.is_empty() => self.succeed(),
            Does::Exec => return Ok(Flow::Exit(at)),
            Does::Set => self.set(rest),
            Does::Shift => self.shift(rest, at),
            Does::Test => self.test(name, rest, at)?,
            Does::Unset => self.unset(rest, at)?,
            Does::Let => self.let_(rest, at)?,
            Does::Echo => self.echo(rest, at),
            Does::Printf => self.printf(rest, at)?,
            Does::Read => self.read(rest, input, at)?,
            Does::Eval => return self.eval(rest, at),
            Does::Source => return self.source(rest, at),
            Does::Cd => self.change_directory(name, rest, at),
            Does::Command => return self.command_builtin(rest, input, at),
            Does::Shopt => self.shopt(rest, at),
            Does::SetsNames => self.sets_names(name, rest, at),
            Does::Asks => {
                self.state.status = Status::Unknown(Unknown::new(Why::Command(name.to_owned()), at))
            }
            Does::Stty => self.stty(rest, at),
            Does::Trap => {
                let is_harmless = |field: &Field| {
                    field.value.str().is_some_and(|word| !matches!(word, "DEBUG" | "ERR" | "RETURN"))
                };
                if !rest.iter().all(is_harmless) {
                    self.state.forget_all(&Unknown::other("a trap that runs between commands", at));
                }
                self.succeed();
            }
        }
        Ok(Flow::Next)
    }

    /// `let`: arithmetic, one expression an argument.
    fn let_(&mut self, rest: &[Field], at: Span) -> Run<()> {
        for field in rest {
            let number = match field.value.text() {
                Some(text) if !field.is_loose => self.computed_text(text.clone().bytes(), at)?,
                _ => None,
            };
            match number {
                Some(number) => self.state.status = Status::of(number != 0),
                None => {
                    self.sets_names("let", rest, at);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn leave_loop(&mut self, rest: &[Field], flow: fn(u32) -> Flow) -> Flow {
        self.succeed();
        let levels =
            rest.first().and_then(|field| field.value.str()).and_then(|text| text.parse().ok()).unwrap_or(1);
        match self.loops {
            0 => Flow::Next,
            loops => flow(u32::clamp(levels, 1, loops)),
        }
    }

    fn status_of(&mut self, rest: &[Field]) {
        let Some(field) = rest.first() else { return };
        self.state.status = match field.value.need() {
            Ok(text) => match text.str().and_then(|text| text.parse::<i64>().ok()) {
                Some(code) => Status::Known(code.rem_euclid(256) as u8),
                None => Status::Known(2),
            },
            Err(unknown) => Status::Unknown(unknown.as_part()),
        };
    }

    fn set(&mut self, rest: &[Field]) {
        self.succeed();
        let mut at = 0;
        while let Some(field) = rest.get(at) {
            let word = match field.value.need() {
                Ok(text) => text.str().unwrap_or_default(),
                Err(unknown) => {
                    self.state.arguments = Arguments::Unknown(unknown.clone());
                    return;
                }
            };
            at += 1;
            match word {
                "--" => {
                    self.state.arguments = arguments_of(&rest[at..]);
                    return;
                }
                "-o" | "+o" => {
                    let option = rest.get(at).and_then(|field| field.value.str()).unwrap_or_default();
                    self.set_option(option, word == "-o");
                    at += 1;
                }
                "-" => {}
                _ if word.starts_with(['-', '+']) => {
                    for letter in word[1..].chars() {
                        self.set_option(&letter.to_string(), word.starts_with('-'));
                    }
                }
                _ => {
                    self.state.arguments = arguments_of(&rest[at - 1..]);
                    return;
                }
            }
        }
    }

    fn set_option(&mut self, option: &str, on: bool) {
        match option {
            "a" | "allexport" => self.state.exports_all = if on { Exported::Yes } else { Exported::No },
            "u" | "nounset" => self.state.refuses_unset = on,
            "e" | "errexit" => self.state.stops_at_failure = on,
            "f" | "noglob" => self.state.keeps_patterns = on,
            _ => {}
        }
    }

    fn shift(&mut self, rest: &[Field], at: Span) {
        self.succeed();
        let count = match rest.first().map(|field| field.value.str()) {
            None => Some(1),
            Some(text) => text.and_then(|text| text.parse::<usize>().ok()),
        };
        let Arguments::Known(all) = &self.state.arguments else { return };
        match count {
            Some(count) if count <= all.len() => {
                self.state.arguments = Arguments::Known(std::rc::Rc::new(all[count..].to_vec()));
            }
            Some(_) => self.fail(),
            None => {
                self.state.arguments = Arguments::Unknown(Unknown::other("how far the arguments shift", at))
            }
        }
    }

    /// `command` and `builtin`: look something up, or run it without the functions.
    fn command_builtin(&mut self, rest: &[Field], input: Input, at: Span) -> Run<Flow> {
        let Some((first, others)) = rest.split_first() else {
            self.succeed();
            return Ok(Flow::Next);
        };
        match first.value.need() {
            Ok(text) => match text.str().unwrap_or_default() {
                option if option.starts_with('-') && option.contains(['v', 'V']) => {
                    let name = others.first().and_then(|field| field.value.str()).unwrap_or("");
                    self.state.status = Status::Unknown(Unknown::new(Why::Command(self.told(name, at)), at));
                    Ok(Flow::Next)
                }
                "-p" | "--" => self.command_builtin(others, input, at),
                name => self.builtin(name, others, input, at),
            },
            Err(unknown) => {
                let unknown = unknown.as_part();
                self.state.forget_all(&unknown);
                self.state.status = Status::Unknown(unknown);
                Ok(Flow::Next)
            }
        }
    }

    fn shopt(&mut self, rest: &[Field], at: Span) {
        let harmless = |field: &Field| {
            matches!(
                field.value.str(),
                Some("-s" | "-u" | "-q" | "-o" | "expand_aliases" | "nullglob" | "globstar" | "histappend")
            )
        };
        if !rest.iter().all(harmless) {
            let why = Unknown::other("an option of shopt that changes what patterns mean", at);
            self.state.has_other_patterns = Some(why);
        }
        self.state.status = Status::Unknown(Unknown::new(Why::Command("shopt".to_owned()), at));
    }

    fn sets_names(&mut self, command: &str, rest: &[Field], at: Span) {
        let why = Unknown::new(Why::Command(command.to_owned()), at);
        for name in ["OPTARG", "OPTIND", "MAPFILE"] {
            self.state.forget(name, &why);
        }
        for field in rest {
            match field.value.need() {
                Ok(text) => {
                    let text = String::from_utf8_lossy(text.bytes()).into_owned();
                    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    for name in names.filter(|name| super::cursor::is_name(name)) {
                        self.state.forget(name, &why);
                    }
                }
                Err(_) => self.state.forget_all(&why),
            }
        }
        self.state.status = Status::Unknown(why);
    }

    fn stty(&mut self, rest: &[Field], at: Span) {
        for field in rest {
            match field.value.str() {
                Some("-echo") => self.state.is_echo_off = true,
                Some(word) if word.starts_with('-') => {}
                _ => self.state.is_echo_off = false,
            }
        }
        self.skip("stty", at);
    }

    pub(crate) fn own_path(&self, at: Span) -> Val {
        match self.paths.get(usize::from(self.file)).filter(|path| !path.is_empty()) {
            Some(path) => Val::known(path.as_bytes()),
            None => Val::Unknown(Unknown::new(Why::Session("$BASH_SOURCE".to_owned()), at)),
        }
    }
}
