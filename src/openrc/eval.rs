//! Evaluation without running: lists, pipelines and branches. Where a condition is not known both ways are read, and what
//! they agree on is kept. It starts no process and opens no file; the caller hands in what may be read.

use std::rc::Rc;

use super::ast::{AndOr, Command, Item, Kind, List, Pipeline};
use super::place::{Fault, Place, Reason, Refusal, Span};
use super::simple::{Input, Stdin};
use super::source::Source;
use super::state::{State, Variable};
use super::told::Told;
use super::value::{FAILURE, SUCCESS, Status, Unknown, Val, Why};
use super::warn::Warned;
use super::{Context, text::Text};

/// There is no clock here; a busy machine of today does this in less than a tenth of a second. Real files need some hundreds.
pub(crate) const STEPS_MAX: u64 = 60_000;
/// Turns of all loops together. Real files clear two dozen names.
pub(crate) const TURNS_MAX: u32 = 1_000;
/// Functions that call functions, and files that source files.
pub(crate) const CALLS_MAX: u32 = 8;
/// Commands inside commands while they are evaluated, functions and sourced files included: the stack is 2 MiB in a thread.
const DEPTH_MAX: u32 = 64;
/// A file that asks more than this is no rc file.
pub(crate) const PROMPTS_MAX: usize = 32;

pub(crate) enum Stop {
    Refuse(Box<Fault>),
    /// The shell itself would end here.
    Exit(Span),
}

pub(crate) type Run<T> = Result<T, Stop>;

impl From<Box<Fault>> for Stop {
    fn from(fault: Box<Fault>) -> Stop {
        Stop::Refuse(fault)
    }
}

/// Where control goes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break(u32),
    Continue(u32),
    Return(Span),
    Exit(Span),
    /// A loop was left in one of two ways, and which is not known.
    Lost,
}

/// A question the file asks.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) into: String,
    pub(crate) is_hidden: bool,
    pub(crate) text: Vec<Val>,
    pub(crate) at: Span,
    /// The command that showed the text, when it was not `read` itself.
    pub(crate) said_at: Option<Span>,
    pub(crate) is_certain: bool,
}

/// One assignment that was carried out: what scrubbing looks at.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) name: String,
    /// The value as written; with `is_whole` the name as well, in one quoted word.
    pub(crate) word: Span,
    pub(crate) is_whole: bool,
    /// The variable that the value is a copy of.
    pub(crate) copies: Option<String>,
    pub(crate) value: Val,
}

pub(crate) struct Evaluator<'c> {
    pub(crate) context: &'c Context<'c>,
    /// What a person said of settings that cannot be known.
    pub(crate) told: &'c [Told],
    pub(crate) sources: Vec<Rc<Source>>,
    /// The paths of the files, in the order of `Place::file`.
    pub(crate) paths: Vec<String>,
    pub(crate) state: State,
    pub(crate) prompts: Vec<Asked>,
    pub(crate) sites: Vec<Site>,
    pub(crate) skipped: Vec<(String, Span)>,
    /// Names that were taken away, whatever they held before the file.
    pub(crate) taken_away: std::collections::BTreeSet<String>,
    /// Of the assignment that is being evaluated.
    pub(crate) unset_references: Vec<(String, Span)>,
    /// States in which a function returned where it was not known whether it would.
    pub(crate) returned: Vec<Vec<State>>,
    /// What is being looked at.
    pub(crate) at: Span,
    /// The file whose commands run now.
    pub(crate) file: u16,
    pub(crate) stdin: Stdin,
    pub(crate) is_output_shown: bool,
    pub(crate) uncertain: u32,
    pub(crate) loops: u32,
    /// Inside of what is asked for its status: there `set -e` ends nothing.
    pub(crate) tested: u32,
    pub(crate) calls: u32,
    pub(crate) warnings: Vec<Warned>,
    /// The files being sourced, the innermost last.
    pub(crate) open_files: Vec<String>,
    steps_left: u64,
    depth: u32,
    pub(crate) turns_left: u32,
}

impl<'c> Evaluator<'c> {
    pub(crate) fn new(context: &'c Context<'c>, source: Source) -> Evaluator<'c> {
        let arguments = context.args.iter().map(|argument| Val::known(argument.as_bytes())).collect();
        Evaluator {
            context,
            told: &[],
            sources: vec![Rc::new(source)],
            paths: vec![context.path()],
            state: State::new(arguments, Val::known(context.dir.as_bytes())),
            prompts: Vec::new(),
            sites: Vec::new(),
            skipped: Vec::new(),
            taken_away: std::collections::BTreeSet::new(),
            unset_references: Vec::new(),
            returned: Vec::new(),
            at: Span::default(),
            file: 0,
            stdin: Stdin::Terminal,
            is_output_shown: true,
            uncertain: 0,
            loops: 0,
            tested: 0,
            calls: 0,
            warnings: Vec::new(),
            open_files: Vec::new(),
            steps_left: STEPS_MAX,
            depth: 0,
            turns_left: TURNS_MAX,
        }
    }

    pub(crate) fn place(&self, at: Span) -> Place {
        match self.sources.get(usize::from(at.file)) {
            Some(source) => source.place(at.start),
            None => Place { file: at.file, line: 1, column: 1 },
        }
    }

    /// How the evaluation ended, or why the file is refused.
    pub(crate) fn end(&self, flow: Run<Flow>) -> Result<Flow, Refusal> {
        match flow {
            Ok(flow) => Ok(flow),
            Err(Stop::Exit(at)) => Ok(Flow::Exit(at)),
            Err(Stop::Refuse(fault)) => {
                let place = self.place(fault.at);
                let Fault { reason, what, hint, .. } = *fault;
                let file = self.paths.get(usize::from(place.file)).filter(|_| place.file > 0);
                let what = file.map_or(what.clone(), |path| format!("in {}: {what}", super::printable(path)));
                Err(Refusal { place, reason, what, hint })
            }
        }
    }

    /// Counts work done; too much of it ends the reading.
    pub(crate) fn spend(&mut self, steps: u64, at: Span) -> Run<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Fault::new(at, Reason::TooMuchWork, "reading the file takes too much work").into()),
        }
    }

    pub(crate) fn list(&mut self, list: &List) -> Run<Flow> {
        for item in &list.items {
            let flow = self.item(item)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn item(&mut self, item: &Item) -> Run<Flow> {
        let work = std::mem::take(&mut self.state.work);
        self.spend(1 + work, item.span)?;
        if item.background {
            return self.apart(|this| this.and_or(item)).map(|()| Flow::Next);
        }
        self.and_or(item)
    }

    fn and_or(&mut self, item: &Item) -> Run<Flow> {
        let mut flow = self.link(item, 0, &item.first)?;
        for (index, (and_or, pipeline)) in item.rest.iter().enumerate() {
            if flow != Flow::Next {
                return Ok(flow);
            }
            flow = match self.state.status.clone() {
                Status::Known(code) if (code == 0) == (*and_or == AndOr::And) => {
                    self.link(item, index + 1, pipeline)?
                }
                Status::Known(_) => Flow::Next,
                Status::Unknown(why) => {
                    let (runs, skips) = match and_or {
                        AndOr::And => (SUCCESS, Status::Unknown(why.clone())),
                        AndOr::Or => (Status::Unknown(why.clone()), SUCCESS),
                    };
                    self.either(
                        &why,
                        |this| {
                            this.state.status = runs;
                            this.link(item, index + 1, pipeline)
                        },
                        |this| {
                            this.state.status = skips;
                            Ok(Flow::Next)
                        },
                    )?
                }
            };
        }
        Ok(flow)
    }

    pub(crate) fn pipeline(&mut self, pipeline: &Pipeline) -> Run<Flow> {
        let flow = match pipeline.commands.as_slice() {
            [command] => self.command(command)?,
            several => self.piped(several)?,
        };
        if pipeline.negated && flow == Flow::Next {
            self.state.status = self.state.status.clone().negated();
        }
        Ok(flow)
    }

    /// The parts of a pipeline are processes of their own: nothing they set lasts.
    fn piped(&mut self, commands: &[Command]) -> Run<Flow> {
        let shown = std::mem::replace(&mut self.is_output_shown, false);
        let before = self.state.has_other_patterns.clone();
        for (index, command) in commands.iter().enumerate() {
            let stdin = self.stdin.clone();
            if index > 0 {
                self.stdin = Stdin::Other;
            }
            self.is_output_shown = shown && index + 1 == commands.len();
            let done = self.apart(|this| this.command(command));
            self.stdin = stdin;
            done?;
        }
        self.is_output_shown = shown;
        if let Some(why) = before {
            // With `shopt -s lastpipe` the last part sets variables after all.
            self.state.forget_all(&why);
        }
        let last = commands.last();
        let at = last.map_or(self.at, |command| command.span);
        let name = self.told(last.and_then(command_name).unwrap_or(""), at);
        self.state.status = Status::Unknown(Unknown::new(Why::Command(name), at));
        Ok(Flow::Next)
    }

    /// Evaluates in a process of its own: prompts and warnings count, variables do not.
    pub(crate) fn apart(&mut self, run: impl FnOnce(&mut Self) -> Run<Flow>) -> Run<()> {
        self.spend(1 + (self.state.len() + self.taken_away.len()) as u64, self.at)?;
        let before = self.state.clone();
        let taken_away = self.taken_away.clone();
        let loops = std::mem::replace(&mut self.loops, 0);
        let done = run(self);
        let status = self.state.status.clone();
        self.loops = loops;
        self.taken_away = taken_away;
        self.state = before;
        self.state.status = status;
        match done {
            Ok(_) | Err(Stop::Exit(_)) => Ok(()),
            Err(refused) => Err(refused),
        }
    }

    pub(crate) fn command(&mut self, command: &Command) -> Run<Flow> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(
                Fault::new(command.span, Reason::TooDeep, "commands inside commands without end").into()
            );
        }
        let before = std::mem::replace(&mut self.at, command.span);
        self.unset_references.clear();
        let flow = match self.redirected(command) {
            Err(Stop::Exit(at)) => Ok(Flow::Exit(at)),
            flow => flow,
        };
        self.at = before;
        self.depth -= 1;
        flow
    }

    fn redirected(&mut self, command: &Command) -> Run<Flow> {
        if let Some(flow) = self.cleared(command)? {
            return Ok(flow);
        }
        let stdin = self.stdin.clone();
        let shown = self.is_output_shown;
        let reads = !matches!(command.kind, Kind::Simple(_)) || command_name(command) == Some("read");
        let flow = match self.redirects(&command.redirects, reads)? {
            Input::File(why) => {
                self.stdin = Stdin::Other;
                self.either(
                    &why,
                    |this| this.kind(command, Input::Other),
                    |this| {
                        this.state.status = FAILURE;
                        Ok(Flow::Next)
                    },
                )
            }
            input => {
                self.stdin = input.stdin();
                self.kind(command, input)
            }
        };
        self.stdin = stdin;
        self.is_output_shown = shown;
        flow
    }

    fn kind(&mut self, command: &Command, input: Input) -> Run<Flow> {
        match &command.kind {
            Kind::Simple(simple) => self.simple(simple, input, command.span),
            Kind::Group(list) => self.list(list),
            Kind::Subshell(list) => self.apart(|this| this.list(list)).map(|()| Flow::Next),
            Kind::If { arms, otherwise } => self.if_(arms, otherwise.as_ref()),
            Kind::While { until, condition, body } => self.while_(*until, condition, body, command.span),
            Kind::For { name, words, body } => self.for_(name, words.as_deref(), body, command.span),
            Kind::Select { name, words, body } => self.select(name, words.as_deref(), body, command.span),
            Kind::Counting { clauses, body } => self.counting(clauses, body, command.span),
            Kind::Case { subject, arms } => self.case(subject, arms),
            Kind::Condition(condition) => {
                self.state.status = self.condition(condition)?;
                Ok(Flow::Next)
            }
            Kind::Arithmetic(word) => {
                self.state.status = self.arithmetic_status(word)?;
                Ok(Flow::Next)
            }
            Kind::Function { name, body } => {
                self.state.functions.insert(Rc::from(name.as_str()), Some(Rc::clone(body)));
                self.state.status = SUCCESS;
                Ok(Flow::Next)
            }
        }
    }

    /// A variable as the session has it before the file: set, exported perhaps, its text not known.
    pub(crate) fn of_session(&mut self, name: &str) {
        let unknown = Unknown::new(Why::Session(format!("${name}")), Span::default());
        let variable = Variable {
            value: Some(Val::Unknown(unknown)),
            exported: super::state::Exported::Maybe,
            ..Variable::unset(Span::default())
        };
        self.state.put(name, variable);
    }

    pub(crate) fn exported(&mut self, name: &str, value: &str) {
        let variable = Variable {
            value: Some(Val::of(Text::of(value.as_bytes()))),
            exported: super::state::Exported::Yes,
            ..Variable::unset(Span::default())
        };
        self.state.put(name, variable);
    }
}

/// The name of a simple command, for people.
pub(crate) fn command_name(command: &Command) -> Option<&str> {
    match &command.kind {
        Kind::Simple(simple) => simple.words.first().and_then(super::ast::Word::bare),
        _ => None,
    }
}
