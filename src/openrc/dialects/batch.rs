//! Batch files of cmd: `set` makes settings, and all that stands between percent signs is put in before a line is read, also
//! before the lines of a block. Names have no case: they are taken in capitals.

mod commands;
mod expand;
mod grammar;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use grammar::{Command, Steps, Test};

use super::powershell::OF_WINDOWS;
use super::script::{Speech, Step, walk};
use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::place::Span;
use crate::openrc::state::{State, Variable};
use crate::openrc::value::{Status, Unknown, Val};
use crate::openrc::warn::Kind;

/// Jumps that may or may not be made, one behind the other.
const FORKS_MAX: u32 = 6;

#[derive(Default)]
struct Batch {
    /// What the line is read with: it does not see what itself sets.
    before: RefCell<Option<State>>,
    /// `setlocal`: what comes back with `endlocal`, or at the end.
    saved: RefCell<Vec<(State, bool, Span)>>,
    /// `!NAME!` is put in when a command is run.
    is_delayed: Cell<bool>,
    forks: Cell<u32>,
    /// Where the labels stand among the lines.
    labels: RefCell<BTreeMap<String, usize>>,
}

pub(super) fn read(reader: &mut Evaluator<'_>) -> Run<Flow> {
    let source = Rc::clone(&reader.sources[0]);
    let steps = grammar::parse(&source.text, 0)?;
    for name in OF_WINDOWS {
        reader.of_session(name);
    }
    let batch = Batch::default();
    for (index, step) in steps.iter().enumerate() {
        if let Step::Do(Command::Label(label)) = step {
            batch.labels.borrow_mut().entry(label.clone()).or_insert(index);
        }
    }
    let flow = batch.from(reader, &steps, 0)?;
    // The end of the file is an endlocal.
    let first = batch.saved.borrow_mut().drain(..).next();
    if let Some((state, _, at)) = first {
        reader.warn(at, Kind::NotExported, "what is set after setlocal does not leave the file");
        reader.state = state;
    }
    Ok(flow)
}

impl Batch {
    /// Goes through the lines from `at` on, jumps included.
    fn from(&self, reader: &mut Evaluator<'_>, steps: &Steps, mut at: usize) -> Run<Flow> {
        while let Some(step) = steps.get(at) {
            reader.spend(1, reader.at)?;
            // A command alone on its line is read right before it is done.
            let is_alone = matches!(step, Step::Do(_));
            reader.spend(if is_alone { 0 } else { reader.state.len() as u64 / 16 }, reader.at)?;
            *self.before.borrow_mut() = (!is_alone).then(|| reader.state.clone());
            if let Some((condition, label)) = jump_of(step) {
                walk(self, reader, condition)?;
                match reader.state.status.clone() {
                    Status::Known(0) => match self.target(reader, label, at)? {
                        Ok(target) => at = target,
                        Err(flow) => return Ok(flow),
                    },
                    Status::Known(_) => at += 1,
                    Status::Unknown(why) => match self.target_of(label) {
                        Some(target) if target > at => return self.fork(reader, steps, &why, target, at + 1),
                        // A way back is taken to be gone no more: the user has come to the end.
                        _ => at += 1,
                    },
                }
                continue;
            }
            match walk(self, reader, std::slice::from_ref(step))? {
                Flow::Next => at += 1,
                Flow::Break(label) => {
                    let Some(Step::Do(Command::Label(_))) = steps.get(label as usize) else {
                        return Ok(Flow::Next);
                    };
                    at = self.turn(reader, label as usize, at)?;
                }
                Flow::Lost => {
                    reader.lose_all("a jump that may or may not be made", reader.at);
                    return Ok(Flow::Next);
                }
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn fork(
        &self,
        reader: &mut Evaluator<'_>,
        steps: &Steps,
        why: &Unknown,
        there: usize,
        next: usize,
    ) -> Run<Flow> {
        self.forks.set(self.forks.get() + 1);
        if self.forks.get() > FORKS_MAX || !self.saved.borrow().is_empty() {
            reader.lose_all("jumps that may or may not be made", reader.at);
            return Ok(Flow::Next);
        }
        reader.either(why, |reader| self.from(reader, steps, there), |reader| self.from(reader, steps, next))
    }

    /// Where a jump leads; or how the file ends there.
    fn target(&self, reader: &mut Evaluator<'_>, label: &str, at: usize) -> Run<Result<usize, Flow>> {
        if label == "eof" {
            return Ok(Err(Flow::Exit(reader.at)));
        }
        match self.target_of(label) {
            Some(target) => self.turn(reader, target, at).map(Ok),
            None => {
                reader.warn(reader.at, Kind::EndsEarly, "there is no such label: cmd stops here");
                Ok(Err(Flow::Exit(reader.at)))
            }
        }
    }

    fn target_of(&self, label: &str) -> Option<usize> {
        self.labels.borrow().get(label).copied()
    }

    /// A way back costs a turn.
    fn turn(&self, reader: &mut Evaluator<'_>, target: usize, at: usize) -> Run<usize> {
        if target <= at {
            super::script::turn(reader, reader.at)?;
            if reader.prompts.len() > reader.context.answers.len() {
                // The question is open: it is asked again only when it was answered.
                return Ok(at + 1);
            }
        }
        Ok(target)
    }
}

/// `if … goto LABEL`
fn jump_of(step: &Step<Command>) -> Option<(&Steps, &str)> {
    let Step::If { arms, otherwise } = step else { return None };
    let ([(condition, body)], []) = (arms.as_slice(), otherwise.as_slice()) else { return None };
    let [Step::Do(Command::Goto(label, _))] = body.as_slice() else { return None };
    Some((condition, label))
}

impl Speech for Batch {
    type Command = Command;

    fn run(&self, reader: &mut Evaluator<'_>, command: &Command) -> Run<Flow> {
        match command {
            Command::Plain(span) => self.plain(reader, *span),
            Command::If { is_negated, ignores_case, test, span } => {
                let truth = self.test(reader, test, *ignores_case, *span);
                reader.state.status = match truth {
                    Ok(truth) => Status::of(truth != *is_negated),
                    Err(why) => Status::Unknown(why),
                };
                Ok(Flow::Next)
            }
            Command::Goto(label, span) => {
                reader.at = *span;
                if label == "eof" {
                    return Ok(Flow::Exit(*span));
                }
                match self.target_of(label) {
                    Some(target) => Ok(Flow::Break(target as u32)),
                    None => {
                        reader.warn(*span, Kind::EndsEarly, "there is no such label: cmd stops here");
                        Ok(Flow::Exit(*span))
                    }
                }
            }
            Command::Label(_) | Command::For(_) => Ok(Flow::Next),
        }
    }

    fn words(&self, reader: &mut Evaluator<'_>, head: &Command) -> Run<Result<Vec<Val>, Unknown>> {
        match head {
            Command::For(head) => self.list(reader, head),
            _ => Ok(Ok(Vec::new())),
        }
    }

    fn bind(&self, reader: &mut Evaluator<'_>, head: &Command, word: Val) -> Run<()> {
        let Command::For(head) = head else { return Ok(()) };
        let name = format!("%{}", char::from(head.letter));
        let variable = Variable { value: Some(word), ..Variable::unset(head.set) };
        reader.state.put(&name, variable);
        Ok(())
    }
}

impl Batch {
    fn test(
        &self,
        reader: &mut Evaluator<'_>,
        test: &Test,
        ignores_case: bool,
        span: Span,
    ) -> Result<bool, Unknown> {
        match test {
            Test::Other => Err(Unknown::other("a condition that is not read", span)),
            Test::Defined(name) => match reader.state.variable(name).and_then(|variable| variable.value) {
                None => Ok(false),
                Some(Val::Unknown(unknown)) => Err(unknown.as_part()),
                Some(_) => Ok(true),
            },
            Test::Equal(left, right) => {
                let left = self.expanded(reader, *left);
                let right = self.expanded(reader, *right);
                match (left.value.need(), right.value.need()) {
                    (Ok(a), Ok(b)) if ignores_case => match (a.str(), b.str()) {
                        (Some(a), Some(b)) => Ok(a.to_lowercase() == b.to_lowercase()),
                        _ => Err(Unknown::other("bytes that are no text", span)),
                    },
                    (Ok(a), Ok(b)) => Ok(a == b),
                    (Err(unknown), _) | (_, Err(unknown)) => Err(unknown.as_part()),
                }
            }
        }
    }
}
