//! `if`, `case` and every other fork. Of a condition that is known one way is read; else all of them, and what they agree
//! on is kept. A way that ends the file is taken not to be gone: the user sourced it to the end.

use super::ast::{AfterArm, Arm, Item, List, Pipeline, Word};
use super::eval::{Evaluator, Flow, Run, Stop};
use super::expand::Purpose;
use super::pattern;
use super::state::State;
use super::value::{SUCCESS, Status, Unknown, Val};

/// The ways that may have been gone so far.
#[derive(Default)]
struct Ways {
    gone: Vec<(Flow, State)>,
    why: Option<Unknown>,
}

impl Evaluator<'_> {
    pub(crate) fn asked_list(&mut self, list: &List) -> Run<Flow> {
        self.tested += 1;
        let flow = self.list(list);
        self.tested -= 1;
        flow
    }

    /// One pipeline of `A && B || C`. With `set -e` the last one ends the file where it fails; the others are asked.
    pub(crate) fn link(&mut self, item: &Item, index: usize, pipeline: &Pipeline) -> Run<Flow> {
        let is_asked = index < item.rest.len() || pipeline.negated;
        self.tested += u32::from(is_asked);
        let flow = self.pipeline(pipeline);
        self.tested -= u32::from(is_asked);
        let ends = self.state.stops_at_failure && self.tested == 0 && !is_asked;
        match (&self.state.status, &flow) {
            // Where it is not known, the file is one that goes on: the other way is an exit.
            (Status::Known(code), Ok(Flow::Next)) if ends && *code != 0 => Err(Stop::Exit(item.span)),
            _ => flow,
        }
    }

    pub(crate) fn if_(&mut self, arms: &[(List, List)], otherwise: Option<&List>) -> Run<Flow> {
        let mut ways = Ways::default();
        for (condition, body) in arms {
            let flow = self.way(&ways, |this| this.asked_list(condition))?;
            if flow != Flow::Next {
                return self.last_way(ways, flow);
            }
            match self.state.status.clone() {
                Status::Known(0) => {
                    let flow = self.way(&ways, |this| this.list(body))?;
                    return self.last_way(ways, flow);
                }
                Status::Known(_) => {}
                Status::Unknown(why) => self.possible_way(&mut ways, why, |this| this.list(body))?,
            }
        }
        let flow = self.way(&ways, |this| match otherwise {
            Some(list) => this.list(list),
            None => {
                this.state.status = SUCCESS;
                Ok(Flow::Next)
            }
        })?;
        self.last_way(ways, flow)
    }

    pub(crate) fn case(&mut self, subject: &Word, arms: &[Arm]) -> Run<Flow> {
        let subject = self.expand(subject, Purpose::Single)?;
        let mut ways = Ways::default();
        self.state.status = SUCCESS;
        for (index, arm) in arms.iter().enumerate() {
            match self.arm_matches(&subject, arm)? {
                Ok(false) => {}
                Ok(true) => {
                    let flow = self.way(&ways, |this| this.arms_from(&arms[index..], &subject))?;
                    return self.last_way(ways, flow);
                }
                Err(why) => {
                    self.possible_way(&mut ways, why, |this| this.arms_from(&arms[index..], &subject))?;
                }
            }
        }
        self.last_way(ways, Flow::Next)
    }

    fn arm_matches(&mut self, subject: &Val, arm: &Arm) -> Run<Result<bool, Unknown>> {
        let mut doubt = None;
        for word in &arm.patterns {
            let wanted = self.expand(word, Purpose::Pattern)?;
            match self.matches(subject, &wanted)? {
                Ok(true) if doubt.is_none() => return Ok(Ok(true)),
                // Whatever the subject is, `*` matches; an earlier pattern of the same arm changes nothing.
                Ok(true) => return Ok(Ok(true)),
                Ok(false) => {}
                Err(why) => doubt = Some(why),
            }
        }
        Ok(doubt.map_or(Ok(false), Err))
    }

    /// Whether `subject` matches the pattern `wanted`.
    pub(crate) fn matches(&mut self, subject: &Val, wanted: &Val) -> Run<Result<bool, Unknown>> {
        let wanted = match wanted.need() {
            Ok(wanted) => wanted,
            Err(why) => return Ok(Err(why.as_part())),
        };
        if wanted.bytes() == b"*" {
            return Ok(Ok(true));
        }
        let subject = match subject.need() {
            Ok(subject) => subject,
            Err(why) => return Ok(Err(why.as_part())),
        };
        self.spend((subject.len() * wanted.len()) as u64 / 64, self.at)?;
        let unread = Unknown::other("a pattern that is not read", self.at);
        if let Some(why) = &self.state.has_other_patterns {
            return Ok(Err(why.clone()));
        }
        Ok(pattern::matches(wanted.bytes(), subject.bytes()).ok_or(unread))
    }

    /// The body of the first arm, and what falls through to the next ones.
    fn arms_from(&mut self, arms: &[Arm], subject: &Val) -> Run<Flow> {
        let mut is_open = true;
        for arm in arms {
            if !is_open {
                match self.arm_matches(subject, arm)? {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(why) => {
                        // Too rare to follow: what this arm and the later ones may do is not known.
                        self.state.forget_all(&why);
                        return Ok(Flow::Next);
                    }
                }
            }
            let flow = self.list(&arm.body)?;
            if flow != Flow::Next || arm.after == AfterArm::Stop {
                return Ok(flow);
            }
            is_open = arm.after == AfterArm::FallThrough;
        }
        Ok(Flow::Next)
    }

    /// Reads both ways on from a condition that is not known.
    pub(crate) fn either(
        &mut self,
        why: &Unknown,
        yes: impl FnOnce(&mut Self) -> Run<Flow>,
        no: impl FnOnce(&mut Self) -> Run<Flow>,
    ) -> Run<Flow> {
        let mut ways = Ways::default();
        self.possible_way(&mut ways, why.clone(), yes)?;
        let flow = self.way(&ways, no)?;
        self.last_way(ways, flow)
    }

    /// Goes one way that may or may not be gone, and comes back to where it began.
    fn possible_way(
        &mut self,
        ways: &mut Ways,
        why: Unknown,
        run: impl FnOnce(&mut Self) -> Run<Flow>,
    ) -> Run<()> {
        self.spend(2 + 2 * self.state.len() as u64, why.at)?;
        let before = self.state.clone();
        ways.why.get_or_insert(why);
        let flow = self.way(ways, run)?;
        let after = std::mem::replace(&mut self.state, before);
        ways.gone.push((flow, after));
        Ok(())
    }

    /// Goes a way; it is uncertain once another may have been gone before it.
    fn way(&mut self, ways: &Ways, run: impl FnOnce(&mut Self) -> Run<Flow>) -> Run<Flow> {
        if ways.why.is_none() {
            return run(self);
        }
        let asked = self.prompts.len();
        self.uncertain += 1;
        let flow = match run(self) {
            Err(Stop::Exit(at)) => Ok(Flow::Exit(at)),
            flow => flow,
        };
        self.uncertain -= 1;
        if matches!(flow, Ok(Flow::Exit(_) | Flow::Return(_))) {
            self.prompts.truncate(asked);
        }
        flow
    }

    /// Puts together what the ways agree on; the state now is that of the last one, which left with `flow`.
    fn last_way(&mut self, ways: Ways, flow: Flow) -> Run<Flow> {
        let Ways { gone: mut all, why: Some(why) } = ways else { return Ok(flow) };
        all.push((flow, self.state.clone()));
        self.spend(all.len() as u64 * (1 + self.state.len() as u64), why.at)?;
        let leaves_loop = |flow: &Flow| matches!(flow, Flow::Break(_) | Flow::Continue(_) | Flow::Lost);
        if all.iter().any(|(flow, _)| leaves_loop(flow)) {
            let is_one = all.iter().all(|(other, _)| *other == flow);
            self.merge_all(all.into_iter().map(|(_, state)| state), &why);
            return Ok(if is_one { flow } else { Flow::Lost });
        }
        let (next, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|(flow, _)| *flow == Flow::Next);
        let (returned, exited): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(flow, _)| matches!(flow, Flow::Return(_)));
        if !next.is_empty() {
            self.merge_all(next.into_iter().map(|(_, state)| state), &why);
            if let Some(waiting) = self.returned.last_mut() {
                waiting.extend(returned.into_iter().map(|(_, state)| state));
            }
            return Ok(Flow::Next);
        }
        let left = if returned.is_empty() { exited } else { returned };
        let flow = left.last().map_or(flow, |(flow, _)| *flow);
        self.merge_all(left.into_iter().map(|(_, state)| state), &why);
        Ok(flow)
    }

    pub(crate) fn merge_all(&mut self, states: impl Iterator<Item = State>, why: &Unknown) {
        let mut merged: Option<State> = None;
        for state in states {
            match &mut merged {
                Some(merged) => merged.merge(state, why),
                None => merged = Some(state),
            }
        }
        if let Some(merged) = merged {
            self.state = merged;
        }
    }
}
