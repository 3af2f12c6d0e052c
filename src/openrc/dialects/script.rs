//! What the dialects share: a script as a tree of steps, and the walk over it. Of a condition that is not known both ways are
//! walked; of a loop that cannot be followed, nothing that it touches is known afterwards.

use std::collections::BTreeSet;

use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::place::{Fault, Reason, Span};
use crate::openrc::state::{Exported, State, Variable};
use crate::openrc::value::{Status, Unknown, Val};

/// Walks over the body of a loop until no more variables turn out to be touched.
const ROUNDS_MAX: usize = 4;

/// A condition, and what is done if it holds.
pub(super) type Arm<C> = (Vec<Step<C>>, Vec<Step<C>>);

/// A piece of a script; `C` is a command of the dialect. A condition is steps too, and holds if the last one succeeds.
#[derive(Debug)]
pub(super) enum Step<C> {
    Do(C),
    /// Done if what was before it has succeeded.
    And(Box<Step<C>>),
    Or(Box<Step<C>>),
    Not(Box<Step<C>>),
    If {
        arms: Vec<Arm<C>>,
        otherwise: Vec<Step<C>>,
    },
    /// The body in turn with each word of a list.
    Each {
        words: C,
        body: Vec<Step<C>>,
        at: Span,
    },
    While {
        condition: Vec<Step<C>>,
        body: Vec<Step<C>>,
        at: Span,
    },
    Block(Vec<Step<C>>),
    /// In a process of its own.
    Apart(Vec<Step<C>>),
}

pub(super) trait Speech {
    type Command;

    /// Evaluates a command; what it is worth as a condition is the state's status.
    fn run(&self, reader: &mut Evaluator<'_>, command: &Self::Command) -> Run<Flow>;

    /// The words of a loop's head; they are not known as a whole if they hang on something that is not.
    fn words(&self, reader: &mut Evaluator<'_>, head: &Self::Command) -> Run<Result<Vec<Val>, Unknown>>;

    /// Gives the loop's variable its next word.
    fn bind(&self, reader: &mut Evaluator<'_>, head: &Self::Command, word: Val) -> Run<()>;

    /// Goes through a block, and forgets what was of the block only.
    fn block(&self, reader: &mut Evaluator<'_>, steps: &[Step<Self::Command>]) -> Run<Flow>
    where
        Self: Sized,
    {
        walk(self, reader, steps)
    }
}

pub(super) fn walk<S: Speech>(
    speech: &S,
    reader: &mut Evaluator<'_>,
    steps: &[Step<S::Command>],
) -> Run<Flow> {
    for step in steps {
        let work = std::mem::take(&mut reader.state.work);
        reader.spend(1 + work, reader.at)?;
        let flow = one(speech, reader, step)?;
        if flow != Flow::Next {
            return Ok(flow);
        }
    }
    Ok(Flow::Next)
}

fn one<S: Speech>(speech: &S, reader: &mut Evaluator<'_>, step: &Step<S::Command>) -> Run<Flow> {
    match step {
        Step::Do(command) => {
            reader.unset_references.clear();
            speech.run(reader, command)
        }
        Step::And(inner) => after(speech, reader, inner, true),
        Step::Or(inner) => after(speech, reader, inner, false),
        Step::Not(inner) => {
            let flow = one(speech, reader, inner)?;
            reader.state.status = reader.state.status.clone().negated();
            Ok(flow)
        }
        Step::If { arms, otherwise } => if_(speech, reader, arms, otherwise),
        Step::Each { words, body, at } => each(speech, reader, words, body, *at),
        Step::While { condition, body, at } => while_(speech, reader, condition, body, *at),
        Step::Block(steps) => speech.block(reader, steps),
        Step::Apart(steps) => reader.apart(|reader| walk(speech, reader, steps)).map(|()| Flow::Next),
    }
}

fn after<S: Speech>(speech: &S, reader: &mut Evaluator<'_>, step: &Step<S::Command>, on: bool) -> Run<Flow> {
    match reader.state.status.clone() {
        Status::Known(code) if (code == 0) == on => one(speech, reader, step),
        Status::Known(_) => Ok(Flow::Next),
        Status::Unknown(why) => {
            let other = Status::Unknown(why.clone());
            reader.either(
                &why,
                |reader| one(speech, reader, step),
                |reader| {
                    reader.state.status = other;
                    Ok(Flow::Next)
                },
            )
        }
    }
}

fn if_<S: Speech>(
    speech: &S,
    reader: &mut Evaluator<'_>,
    arms: &[Arm<S::Command>],
    otherwise: &[Step<S::Command>],
) -> Run<Flow> {
    let Some(((condition, body), rest)) = arms.split_first() else {
        reader.succeed();
        return speech.block(reader, otherwise);
    };
    let flow = walk(speech, reader, condition)?;
    if flow != Flow::Next {
        return Ok(flow);
    }
    match reader.state.status.clone() {
        Status::Known(0) => speech.block(reader, body),
        Status::Known(_) => if_(speech, reader, rest, otherwise),
        Status::Unknown(why) => reader.either(
            &why,
            |reader| speech.block(reader, body),
            |reader| if_(speech, reader, rest, otherwise),
        ),
    }
}

fn each<S: Speech>(
    speech: &S,
    reader: &mut Evaluator<'_>,
    head: &S::Command,
    body: &[Step<S::Command>],
    at: Span,
) -> Run<Flow> {
    let words = match speech.words(reader, head)? {
        Ok(words) => words,
        Err(why) => {
            return lose(reader, &why.clone(), |reader| {
                speech.bind(reader, head, Val::Unknown(why.clone()))?;
                speech.block(reader, body)
            });
        }
    };
    for word in words {
        turn(reader, at)?;
        speech.bind(reader, head, word)?;
        match speech.block(reader, body)? {
            Flow::Next | Flow::Continue(_) => {}
            Flow::Break(_) => return Ok(Flow::Next),
            Flow::Lost => {
                let why = Unknown::other("whether a loop goes on", at);
                return lose(reader, &why.clone(), |reader| {
                    speech.bind(reader, head, Val::Unknown(why.clone()))?;
                    speech.block(reader, body)
                });
            }
            gone => return Ok(gone),
        }
    }
    Ok(Flow::Next)
}

fn while_<S: Speech>(
    speech: &S,
    reader: &mut Evaluator<'_>,
    condition: &[Step<S::Command>],
    body: &[Step<S::Command>],
    at: Span,
) -> Run<Flow> {
    loop {
        turn(reader, at)?;
        let asked = reader.prompts.len();
        let flow = walk(speech, reader, condition)?;
        if flow != Flow::Next {
            return Ok(flow);
        }
        let why = match reader.state.status.clone() {
            Status::Known(0) => match speech.block(reader, body)? {
                Flow::Next | Flow::Continue(_) => {
                    // The next turn hangs on an answer that is still to come.
                    if reader.prompts.len() <= asked.max(reader.context.answers.len()) {
                        continue;
                    }
                    Unknown::other("an answer in a loop", at)
                }
                Flow::Break(_) => return Ok(Flow::Next),
                Flow::Lost => Unknown::other("whether a loop goes on", at),
                gone => return Ok(gone),
            },
            Status::Known(_) => {
                reader.succeed();
                return Ok(Flow::Next);
            }
            Status::Unknown(why) => why,
        };
        return lose(reader, &why, |reader| {
            let flow = speech.block(reader, body)?;
            if flow == Flow::Next { walk(speech, reader, condition) } else { Ok(flow) }
        });
    }
}

pub(super) fn turn(reader: &mut Evaluator<'_>, at: Span) -> Run<()> {
    match reader.turns_left.checked_sub(1) {
        Some(left) => {
            reader.turns_left = left;
            reader.spend(1, at)
        }
        None => Err(Fault::new(at, Reason::Loop, "this loop does not seem to end").into()),
    }
}

/// The body runs never, once or often: its questions are heard, and what it touches is not known afterwards.
fn lose<'c>(
    reader: &mut Evaluator<'c>,
    why: &Unknown,
    mut body: impl FnMut(&mut Evaluator<'c>) -> Run<Flow>,
) -> Run<Flow> {
    let asked = reader.prompts.len();
    for round in 1..=ROUNDS_MAX {
        let before = reader.state.clone();
        reader.spend(1 + before.len() as u64, why.at)?;
        reader.prompts.truncate(asked);
        reader.either(why, |reader| body(reader).map(|_| Flow::Next), |_| Ok(Flow::Next))?;
        let touched = touched(&before, &reader.state);
        if touched.is_empty() {
            reader.state.status = Status::Unknown(why.clone());
            return Ok(Flow::Next);
        }
        if round < ROUNDS_MAX {
            reader.state = before;
        }
        for name in &touched {
            reader.state.forget(name, why);
        }
    }
    reader.state.forget_all(why);
    let unknown = Some(Val::Unknown(why.clone()));
    for (_, hidden) in reader.state.hidden.iter_mut().flatten() {
        let exported = Exported::Maybe;
        *hidden = Some(Variable { value: unknown.clone(), exported, ..Variable::unset(why.at) });
    }
    reader.state.status = Status::Unknown(why.clone());
    Ok(Flow::Next)
}

/// The variables of which the two do not know the same; an unknown stays unknown.
fn touched(before: &State, after: &State) -> BTreeSet<String> {
    let text = |variable: Option<Variable>| match variable.as_ref().and_then(|found| found.value.clone()) {
        None => (None, Exported::No, false),
        Some(Val::Known(known)) => (Some(known.text), variable.map_or(Exported::No, |it| it.exported), false),
        Some(Val::Unknown(_)) => (None, variable.map_or(Exported::No, |it| it.exported), true),
    };
    let names: BTreeSet<&str> =
        before.variables().chain(after.variables()).map(|(name, _)| &**name).collect();
    let changed = names.into_iter().filter(|name| text(before.variable(name)) != text(after.variable(name)));
    changed.map(str::to_owned).collect()
}
