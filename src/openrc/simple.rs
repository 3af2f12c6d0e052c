//! Simple commands: assignments, redirections, and whose turn it is, a function's, a builtin's or a program's. A program
//! is never run: what hangs on it is unknown.

use std::rc::Rc;

use super::ast::{Assigned, Assignment, Command, Part, Simple, Word};
use super::builtins;
use super::eval::{CALLS_MAX, Evaluator, Flow, Run, Site};
use super::expand::Purpose;
use super::feed::Feed;
use super::fields::Field;
use super::names::is_secret_name;
use super::place::{Fault, Reason, Span};
use super::state::{Arguments, Exported, Variable};
use super::value::{FAILURE, SUCCESS, Status, Unknown, Val, Why};
use super::warn::Kind;

/// What a command reads from.
pub(crate) enum Input {
    Terminal,
    Text(Feed),
    Other,
    /// A file that may not be there: then the command does not run at all.
    File(Unknown),
}

/// What stands behind the commands that are being evaluated.
#[derive(Clone)]
pub(crate) enum Stdin {
    Terminal,
    Text(Feed),
    Other,
}

impl Input {
    /// What the commands inside of this one read from.
    pub(crate) fn stdin(&self) -> Stdin {
        match self {
            Input::Terminal => Stdin::Terminal,
            Input::Text(feed) => Stdin::Text(feed.clone()),
            Input::Other | Input::File(_) => Stdin::Other,
        }
    }
}

/// Builtins after which an assignment before them is gone in every shell.
const KEEPS_NOTHING: &[&str] =
    &["read", "true", "false", "test", "[", "echo", "type", "hash", "pwd", "wait", "kill", "alias"];

/// How many programs are listed that the file would run.
const SKIPPED_MAX: usize = 200;

/// Bash refuses to assign these.
const READ_ONLY: &[&str] = &["UID", "EUID", "PPID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO"];

impl Evaluator<'_> {
    pub(crate) fn simple(&mut self, simple: &Simple, input: Input, at: Span) -> Run<Flow> {
        if simple.words.is_empty() {
            return self.assignments(&simple.assignments);
        }
        if let Some(prefix) = self.evals_unset(&simple.words) {
            self.succeed();
            self.unset_all(&prefix, at);
            return Ok(Flow::Next);
        }
        let declares = declaration(&simple.words);
        let names = simple.words.len() - declares.map_or(simple.words.len(), <[Word]>::len);
        let fields = match declares {
            Some(_) => self.fields(&simple.words[..names])?,
            None => self.fields(&simple.words)?,
        };
        let mut hidden = Vec::new();
        for (index, assignment) in simple.assignments.iter().enumerate() {
            let value = self.expanded(assignment)?;
            let mut value = self.appended(assignment, value)?;
            let is_literal = matches!(&assignment.value, Assigned::Word(word) if word.literal().is_some());
            if declares.is_some() || (index > 0 && !is_literal) {
                // Whether it sees the ones before it, shells do not agree on; the words of a declaration do not see it.
                value = Val::Unknown(Unknown::other("an assignment before a command", assignment.span));
            }
            hidden.push((assignment.name.as_str(), self.state.variable(&assignment.name)));
            let value = Some(value);
            let exported = Exported::Yes;
            let variable = Variable { value, exported, is_temporary: true, ..Variable::unset(at) };
            self.state.put(&assignment.name, variable);
        }
        let flow = match declares {
            Some(words) => self.declare(&simple.words[..names], words, at).map(|()| Flow::Next),
            None => self.invoke(&fields, input, at),
        };
        let lasts = declares.is_some() || fields.first().is_none_or(|first| self.may_assign(first));
        for (name, before) in hidden.into_iter().rev() {
            match before {
                Some(variable) => self.state.put(name, variable),
                None => self.state.remove(name, at),
            }
            if lasts {
                self.state.forget(name, &Unknown::other("an assignment before a command", at));
            }
        }
        self.unset_references.clear();
        flow
    }

    /// Whether a command may itself assign, so that an assignment before it is not simply gone afterwards.
    fn may_assign(&self, first: &Field) -> bool {
        match first.value.str() {
            Some(name) => {
                self.state.functions.contains_key(name)
                    || (builtins::is_builtin(name) && !KEEPS_NOTHING.contains(&name))
            }
            None => true,
        }
    }

    fn assignments(&mut self, assignments: &[Assignment]) -> Run<Flow> {
        // `A=$?` still sees the status of the command before.
        let mut status = SUCCESS;
        for assignment in assignments {
            self.assign_word(assignment)?;
            if let Some(why) = runs_command(assignment) {
                status = Status::Unknown(Unknown::new(why, assignment.span));
            }
        }
        self.state.status = status;
        Ok(Flow::Next)
    }

    /// The right side of an assignment.
    pub(crate) fn expanded(&mut self, assignment: &Assignment) -> Run<Val> {
        self.unset_references.clear();
        let word = match &assignment.value {
            Assigned::Word(word) => word,
            _ => return Ok(Val::Unknown(Unknown::other("an array", assignment.span))),
        };
        match self.names_meant(std::slice::from_ref(word)) {
            Some(prefix) => {
                let why = Why::Command(format!("{}{prefix}", super::listing::NAMES));
                Ok(Val::Unknown(Unknown::new(why, word.span)))
            }
            None => self.expand(word, Purpose::Assign),
        }
    }

    /// What `NAME+=` makes of a value.
    fn appended(&mut self, assignment: &Assignment, value: Val) -> Run<Val> {
        if !assignment.append {
            return Ok(value);
        }
        let before = self.state.variable(&assignment.name).and_then(|variable| variable.value);
        Ok(match (before.as_ref().map(Val::need), value.need()) {
            (None, _) => value,
            (Some(Ok(before)), Ok(after)) => {
                let mut text = before.clone();
                text.extend(after.bytes());
                if text.len() > super::expand::VALUE_LEN_MAX {
                    let what = "a value that grows without end";
                    return Err(Fault::new(assignment.span, Reason::TooLong, what).into());
                }
                Val::of(text)
            }
            (Some(Err(unknown)), _) | (_, Err(unknown)) => Val::Unknown(unknown.as_part()),
        })
    }

    fn assign_word(&mut self, assignment: &Assignment) -> Run<()> {
        if !matches!(assignment.value, Assigned::Word(_)) {
            self.unset_references.clear();
            return self.assign_elements(assignment, None, assignment.span);
        }
        let value = self.expanded(assignment)?;
        self.assign_expanded(assignment, value)
    }

    pub(crate) fn assign_expanded(&mut self, assignment: &Assignment, value: Val) -> Run<()> {
        if let Assigned::Word(word) = &assignment.value {
            self.note_site(&assignment.name, word, &value);
        }
        let value = self.appended(assignment, value)?;
        self.assign(&assignment.name, value, assignment.span)
    }

    fn note_site(&mut self, name: &str, word: &Word, value: &Val) {
        let copies = word.reference().map(str::to_owned);
        let (name, value) = (name.to_owned(), value.clone());
        self.sites.push(Site { name, word: word.span, is_whole: false, copies, value });
    }

    /// Sets a variable; the references to unset variables met since the last assignment are its own.
    pub(crate) fn assign(&mut self, name: &str, value: Val, at: Span) -> Run<()> {
        let before = self.state.variable(name);
        if before.as_ref().is_some_and(|variable| variable.is_read_only) || READ_ONLY.contains(&name) {
            let what = format!("{name} is read-only: the shell stops here");
            return Err(Fault::new(at, Reason::ReadOnly, what).into());
        }
        let before = before.unwrap_or(Variable::unset(at));
        let exported = match (before.exported, self.state.exports_all) {
            (Exported::Yes, _) | (_, Exported::Yes) => Exported::Yes,
            (Exported::Maybe, _) | (_, Exported::Maybe) => Exported::Maybe,
            _ => Exported::No,
        };
        let references = self.take_references(name);
        let value = match before.changes_text {
            true => Val::Unknown(Unknown::other("a variable that changes what it is given", at)),
            false => value,
        };
        let elements = before.elements.filter(|_| !before.changes_text).map(|mut elements| {
            Rc::make_mut(&mut elements).put_first(value.clone());
            elements
        });
        let variable = Variable {
            value: Some(value),
            exported,
            elements,
            at,
            is_read_only: before.is_read_only,
            changes_text: before.changes_text,
            is_temporary: before.is_temporary,
            unset_references: Rc::from(references),
        };
        self.state.put(name, variable);
        Ok(())
    }

    /// The references to unset variables met since the last assignment: what `name` is assigned has lost something there.
    fn take_references(&mut self, name: &str) -> Vec<String> {
        let references = std::mem::take(&mut self.unset_references);
        let matters = name.starts_with("OS_") || name.starts_with("ST_") || is_secret_name(name);
        for (reference, at) in references.iter().filter(|_| matters) {
            // What follows the sign may be a part of the password: it is not repeated.
            let what = match super::mask::may_be_told(name, reference) {
                true => format!("${reference}"),
                false => "the variable named here".to_owned(),
            };
            let text = format!(
                "nothing sets {what}, so it leaves nothing in {name}; a $ of the value itself is written \\$ or in single quotes"
            );
            self.warn(*at, Kind::DollarEaten, text);
        }
        references.into_iter().map(|(name, _)| name).collect()
    }

    /// Runs a function or a builtin, or notes a program that is not run.
    pub(crate) fn invoke(&mut self, fields: &[Field], input: Input, at: Span) -> Run<Flow> {
        let Some((first, rest)) = fields.split_first() else {
            self.state.status = SUCCESS;
            return Ok(Flow::Next);
        };
        let name = match first.value.need() {
            Ok(name) => name.str().unwrap_or_default().to_owned(),
            Err(why) => {
                let why = why.as_part();
                self.state.forget_all(&why);
                self.state.status = Status::Unknown(why);
                return Ok(Flow::Next);
            }
        };
        match self.state.functions.get(name.as_str()).cloned() {
            Some(Some(body)) => return self.call(&name, &body, rest, at),
            Some(None) => {
                let why = Unknown::other("a function whose body is not known", at);
                self.state.forget_all(&why);
                self.state.status = Status::Unknown(why);
                return Ok(Flow::Next);
            }
            None => {}
        }
        self.builtin(&name, rest, input, at)
    }

    fn call(&mut self, name: &str, body: &Rc<Command>, arguments: &[Field], at: Span) -> Run<Flow> {
        self.calls += 1;
        if self.calls > CALLS_MAX {
            let what = format!("the function {name} calls itself, or calls are more than {CALLS_MAX} deep");
            return Err(Fault::new(at, Reason::TooDeep, what).into());
        }
        let before = std::mem::replace(&mut self.state.arguments, arguments_of(arguments));
        let loops = std::mem::replace(&mut self.loops, 0);
        self.state.hidden.push(Vec::new());
        self.returned.push(Vec::new());
        let flow = self.command(body);
        let flow = self.join_returned(flow, at);
        for (name, hidden) in self.state.hidden.pop().unwrap_or_default().into_iter().rev() {
            match hidden {
                Some(variable) => self.state.put(&name, variable),
                None => self.state.remove(&name, at),
            }
        }
        self.state.arguments = before;
        self.loops = loops;
        self.calls -= 1;
        flow
    }

    /// At the end of a function or a sourced file: the ways that returned early join the one that did not.
    pub(crate) fn join_returned(&mut self, flow: Run<Flow>, at: Span) -> Run<Flow> {
        let early = self.returned.pop().unwrap_or_default();
        let flow = flow?;
        if !early.is_empty() {
            let why = Unknown::other("whether a function returns early", at);
            let own = self.state.clone();
            let own = (!matches!(flow, Flow::Exit(_))).then_some(own);
            self.merge_all(own.into_iter().chain(early), &why);
            // Where one way ends the shell and another comes back, it is read on after the one that does.
            return Ok(Flow::Next);
        }
        Ok(match flow {
            Flow::Exit(at) => Flow::Exit(at),
            _ => Flow::Next,
        })
    }

    /// A program: not run, nothing set, its status not known.
    pub(crate) fn skip(&mut self, name: &str, at: Span) {
        let name = self.told(name, at);
        self.skip_told(&name, at);
    }

    /// The same with a name as it may be told.
    pub(crate) fn skip_told(&mut self, name: &str, at: Span) {
        if self.skipped.len() < SKIPPED_MAX && !self.skipped.iter().any(|(skipped, _)| skipped == name) {
            self.skipped.push((name.to_owned(), at));
        }
        self.state.status = Status::Unknown(Unknown::new(Why::Command(name.to_owned()), at));
    }

    pub(crate) fn succeed(&mut self) {
        self.state.status = SUCCESS;
    }

    pub(crate) fn fail(&mut self) {
        self.state.status = FAILURE;
    }
}

pub(crate) fn arguments_of(fields: &[Field]) -> Arguments {
    let loose = fields.iter().find(|field| field.is_loose).map(|field| field.value.need());
    match loose {
        Some(Err(unknown)) => Arguments::Unknown(unknown.clone()),
        _ => Arguments::Known(Rc::new(fields.iter().map(|field| field.value.clone()).collect())),
    }
}

pub(crate) fn is_declaration(name: &str) -> bool {
    matches!(name, "export" | "declare" | "typeset" | "local" | "readonly")
}

/// The arguments of `export`, `declare` and the like, which the shell reads as assignments.
fn declaration(words: &[Word]) -> Option<&[Word]> {
    let skipped = words.iter().take_while(|word| matches!(word.bare(), Some("command" | "builtin"))).count();
    // `\export`, too, which no alias catches.
    let name = words.get(skipped).and_then(Word::literal)?;
    is_declaration(name.str()?).then(|| &words[skipped + 1..])
}

/// The command that decides the status of an assignment, if one is in it.
fn runs_command(assignment: &Assignment) -> Option<Why> {
    let Assigned::Word(word) = &assignment.value else { return None };
    let runs = |part: &Part| match part {
        Part::Command(_) => true,
        Part::Double(parts) => parts.iter().any(|part| matches!(part, Part::Command(_))),
        _ => false,
    };
    word.parts.iter().any(runs).then(|| Why::Command("in an assignment".to_owned()))
}
