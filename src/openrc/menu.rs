//! `select`, which asks for one of several words, and `for ((…))`, which counts: loops that steer themselves.

use super::ast::{List, Word};
use super::eval::{Evaluator, Flow, Run};
use super::loops::{Turn, turn_of};
use super::place::Span;
use super::text::Text;
use super::value::{SUCCESS, Unknown, Val};

impl Evaluator<'_> {
    /// The answer is a number; an empty one is asked again, and it ends where the body leaves it.
    pub(crate) fn select(&mut self, name: &str, words: Option<&[Word]>, body: &List, at: Span) -> Run<Flow> {
        let values = match self.loop_words(words, at)? {
            Ok(values) => values,
            Err(why) => return self.lose_loop(&[body], Some(name), &why),
        };
        self.state.status = SUCCESS;
        if values.is_empty() {
            return Ok(Flow::Next);
        }
        self.loops += 1;
        let flow = self.select_turns(name, &values, body, at);
        self.loops -= 1;
        flow
    }

    fn select_turns(&mut self, name: &str, values: &[Val], body: &List, at: Span) -> Run<Flow> {
        loop {
            self.turn(at)?;
            let asked = self.prompts.len();
            let prompt = self.state.variable("PS3").and_then(|variable| variable.value);
            let prompt = prompt.unwrap_or(Val::known(b"#? "));
            let answer = self.asked("REPLY".to_owned(), Some(prompt), false, true, at)?;
            self.assign("REPLY", answer.clone(), at)?;
            let chosen = match answer.need() {
                Ok(text) if text.is_empty() => continue,
                Ok(text) => {
                    let number = text.str().and_then(|text| text.trim().parse::<usize>().ok());
                    let value = number.and_then(|number| values.get(number.checked_sub(1)?));
                    value.cloned().unwrap_or(Val::of(Text::new()))
                }
                Err(why) => {
                    let why = why.as_part();
                    return self.lose_loop(&[body], Some(name), &why);
                }
            };
            self.assign(name, chosen, at)?;
            let flow = self.list(body)?;
            match turn_of(flow) {
                Turn::On => {}
                Turn::Done(flow) => return Ok(flow),
                Turn::Lost => return self.after_turn(flow, &[body], asked, at),
            }
        }
    }

    pub(crate) fn counting(&mut self, clauses: &[Word; 3], body: &List, at: Span) -> Run<Flow> {
        self.loops += 1;
        let flow = self.counting_turns(clauses, body, at);
        self.loops -= 1;
        flow
    }

    fn counting_turns(&mut self, [first, condition, next]: &[Word; 3], body: &List, at: Span) -> Run<Flow> {
        let _ = self.compute(first)?;
        self.state.status = SUCCESS;
        loop {
            let asked = self.prompts.len();
            let is_always = condition.literal().is_some_and(|text| text.bytes().trim_ascii().is_empty());
            match self.compute(condition)? {
                Ok(0) if !is_always => return Ok(Flow::Next),
                Ok(_) => {}
                Err(why) => return self.lost_count(next, body, &why),
            }
            self.turn(at)?;
            let flow = self.list(body)?;
            match turn_of(flow) {
                Turn::On => {}
                Turn::Done(flow) => return Ok(flow),
                Turn::Lost => {
                    let flow = self.after_turn(flow, &[body], asked, at);
                    let _ = self.lost_count(next, body, &Unknown::other("whether a loop goes on", at))?;
                    return flow;
                }
            }
            let _ = self.compute(next)?;
        }
    }

    fn lost_count(&mut self, next: &Word, body: &List, why: &Unknown) -> Run<Flow> {
        self.forget_names(next, why);
        let flow = self.lose_loop(&[body], None, why)?;
        self.forget_names(next, why);
        Ok(flow)
    }
}
