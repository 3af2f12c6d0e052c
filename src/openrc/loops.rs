//! `for` and `while`. A loop is followed turn by turn as long as all that steers it is known; then what its body may set is
//! no longer known. Loops that clear names, `for key in $(set | …); do unset $key; done`, are followed over the names.

use std::collections::BTreeSet;

use super::ast::{List, Part, Word};
use super::eval::{Evaluator, Flow, Run};
use super::names;
use super::place::{Fault, Reason, Span};
use super::reach::{Reach, reach};
use super::value::{SUCCESS, Status, Unknown, Val, Why};

/// What a loop does with one turn's flow.
pub(crate) enum Turn {
    On,
    Done(Flow),
    Lost,
}

impl Evaluator<'_> {
    pub(crate) fn while_(&mut self, until: bool, condition: &List, body: &List, at: Span) -> Run<Flow> {
        self.loops += 1;
        let flow = self.while_turns(until, condition, body, at);
        self.loops -= 1;
        flow
    }

    fn while_turns(&mut self, until: bool, condition: &List, body: &List, at: Span) -> Run<Flow> {
        let mut last = SUCCESS;
        loop {
            let asked = self.prompts.len();
            let flow = self.asked_list(condition)?;
            if flow != Flow::Next {
                return self.after_turn(flow, &[condition, body], asked, at);
            }
            match self.state.status.clone() {
                Status::Known(code) if (code == 0) == until => {
                    self.state.status = last;
                    return Ok(Flow::Next);
                }
                Status::Known(_) => {}
                Status::Unknown(why) => return self.lose_loop(&[condition, body], None, &why),
            }
            self.turn(at)?;
            let flow = self.list(body)?;
            last = self.state.status.clone();
            match turn_of(flow) {
                Turn::On => {}
                Turn::Done(flow) => return Ok(flow),
                Turn::Lost => return self.after_turn(flow, &[condition, body], asked, at),
            }
            if let Some(why) = self.waits_since(asked) {
                return self.lose_loop(&[condition, body], None, &why);
            }
        }
    }

    pub(crate) fn after_turn(&mut self, flow: Flow, lists: &[&List], asked: usize, at: Span) -> Run<Flow> {
        match flow {
            Flow::Lost => {
                let waits = self.waits_since(asked);
                let why = waits.unwrap_or(Unknown::other("whether a loop goes on", at));
                self.forget_reach(lists, &why);
                self.state.status = Status::Unknown(why);
                Ok(Flow::Next)
            }
            flow => match turn_of(flow) {
                Turn::Done(flow) => Ok(flow),
                _ => Ok(Flow::Next),
            },
        }
    }

    pub(crate) fn turn(&mut self, at: Span) -> Run<()> {
        self.turns_left = match self.turns_left.checked_sub(1) {
            Some(left) => left,
            None => return Err(Fault::new(at, Reason::Loop, "this loop does not seem to end").into()),
        };
        self.spend(1, at)
    }

    /// A question of this loop that has no answer yet: the later turns hang on it.
    fn waits_since(&self, asked: usize) -> Option<Unknown> {
        let answers = self.context.answers.len();
        (self.prompts.len() > asked.max(answers)).then(|| {
            let index = asked.max(answers);
            Unknown::new(Why::Prompt { index, whole: false }, self.prompts[index].at)
        })
    }

    /// The loop runs none, one or many times: its questions are heard, what it may set is not known.
    pub(crate) fn lose_loop(&mut self, lists: &[&List], name: Option<&str>, why: &Unknown) -> Run<Flow> {
        let before = self.state.clone();
        self.spend(2 + 2 * before.len() as u64, why.at)?;
        self.forget_reach(lists, why);
        if let Some(name) = name {
            self.state.forget(name, why);
        }
        let _ = self.either(
            why,
            |this| {
                for list in lists {
                    if this.list(list)? != Flow::Next {
                        break;
                    }
                }
                Ok(Flow::Next)
            },
            |_| Ok(Flow::Next),
        )?;
        self.forget_reach(lists, why);
        self.state.merge(before, why);
        self.state.status = Status::Unknown(why.clone());
        Ok(Flow::Next)
    }

    fn forget_reach(&mut self, lists: &[&List], why: &Unknown) {
        let mut reached = Reach::default();
        for list in lists {
            reach(list, &self.state.functions, &mut reached);
        }
        self.state.work = self.state.work.saturating_add(reached.visited);
        if reached.is_everything {
            self.state.forget_all(why);
        }
        for name in &reached.names {
            self.state.forget(name, why);
        }
    }

    pub(crate) fn for_(&mut self, name: &str, words: Option<&[Word]>, body: &List, at: Span) -> Run<Flow> {
        if let Some(prefix) = words.and_then(|words| self.names_meant(words)) {
            return self.clear(name, &prefix, body, at);
        }
        let values = match self.loop_words(words, at)? {
            Ok(values) => values,
            Err(why) => return self.lose_loop(&[body], Some(name), &why),
        };
        self.turns_over(name, values, body, at)
    }

    /// The words that a loop goes over, those of the arguments where it names none; or why they are not known.
    pub(crate) fn loop_words(&mut self, words: Option<&[Word]>, at: Span) -> Run<Result<Vec<Val>, Unknown>> {
        let all = [Word { parts: vec![Part::Double(vec![self.every_argument_part(at)])], span: at }];
        let fields = self.fields(words.unwrap_or(&all))?;
        if let Some(loose) = fields.iter().find(|field| field.is_loose) {
            return Ok(Err(match loose.value.need() {
                Err(unknown) => unknown.clone(),
                Ok(_) => Unknown::other("a list of words", at),
            }));
        }
        Ok(Ok(fields.into_iter().map(|field| field.value).collect()))
    }

    fn every_argument_part(&self, at: Span) -> Part {
        let operator = super::ast::Operator::None;
        Part::Parameter(std::rc::Rc::new(super::ast::Parameter {
            name: "@".to_owned(),
            operator,
            is_braced: false,
            span: at,
        }))
    }

    fn turns_over(&mut self, name: &str, values: Vec<Val>, body: &List, at: Span) -> Run<Flow> {
        self.state.status = SUCCESS;
        self.loops += 1;
        let asked = self.prompts.len();
        let mut flow = Ok(Flow::Next);
        for value in values {
            self.unset_references.clear();
            if let Err(stop) = self.turn(at).and_then(|()| self.assign(name, value, at)) {
                flow = Err(stop);
                break;
            }
            flow = self.list(body);
            match flow.as_ref().map(|&flow| turn_of(flow)) {
                Ok(Turn::On) => flow = Ok(Flow::Next),
                Ok(Turn::Done(done)) => {
                    flow = Ok(done);
                    break;
                }
                Ok(Turn::Lost) => {
                    flow = self.after_turn(Flow::Lost, &[body], asked, at);
                    let why = Unknown::other("whether a loop goes on", at);
                    self.state.forget(name, &why);
                    break;
                }
                Err(_) => break,
            }
        }
        self.loops -= 1;
        flow
    }

    /// The loop over every name with this prefix: those the file has set, and those that may have been there before.
    pub(crate) fn clear(&mut self, name: &str, prefix: &str, body: &List, at: Span) -> Run<Flow> {
        // What only carries an attribute is not listed.
        let (set, bare): (Vec<_>, Vec<_>) =
            self.state.variables().partition(|(_, variable)| variable.value.is_some());
        let is_bare = |name: &str| bare.iter().any(|(bare, _)| &***bare == name);
        let set = set.iter().map(|(name, _)| name.to_string());
        let mut all: BTreeSet<String> = set.filter(|set| set.starts_with(prefix)).collect();
        let before = names::leftovers().filter(|name| name.starts_with(prefix) && !is_bare(name));
        all.extend(before.map(str::to_owned));
        let values = all.iter().map(|name| Val::known(name.as_bytes())).collect();
        let turns = self.turns_left;
        let flow = self.turns_over(name, values, body, at)?;
        // The list is as long as the table of names, not as the file makes it.
        self.turns_left = turns.saturating_sub(1);
        let why = Unknown::new(Why::Session(format!("${name}")), at);
        self.state.forget(name, &why);
        Ok(flow)
    }

    /// The prefix of the names that these words list: `$(set | awk '/^OS_/ …')`, `${!OS_*}`, or a variable that holds such.
    pub(crate) fn names_meant(&mut self, words: &[Word]) -> Option<String> {
        let [word] = words else { return None };
        let parts = match word.parts.as_slice() {
            [Part::Double(parts)] => parts.as_slice(),
            parts => parts,
        };
        // A line or a word is a name only where line ends and blanks separate words.
        let mut separates =
            |byte: u8| self.separators().is_ok_and(|separators| separators.bytes().contains(&byte));
        if !separates(b'\n') || !separates(b' ') {
            return None;
        }
        match parts {
            [Part::Command(substitution)] => self.lists_names(substitution),
            [Part::Parameter(parameter)] => match &parameter.operator {
                super::ast::Operator::NamesOf => Some(parameter.name.clone()),
                super::ast::Operator::None => {
                    let value = self.state.variable(&parameter.name)?.value?;
                    match value.need() {
                        Err(Unknown { why: Why::Command(name), .. }) => {
                            name.strip_prefix(super::listing::NAMES).map(str::to_owned)
                        }
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }
}

pub(crate) fn turn_of(flow: Flow) -> Turn {
    match flow {
        Flow::Next | Flow::Continue(1) => Turn::On,
        Flow::Break(1) => Turn::Done(Flow::Next),
        Flow::Break(levels) => Turn::Done(Flow::Break(levels - 1)),
        Flow::Continue(levels) => Turn::Done(Flow::Continue(levels - 1)),
        Flow::Lost => Turn::Lost,
        gone => Turn::Done(gone),
    }
}
