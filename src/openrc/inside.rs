//! What a process of its own does, `$(…)` and `<(…)`: it sets nothing here, yet its questions are put to the person, and
//! each takes an answer. It runs no program.

use super::ast::List;
use super::eval::{Evaluator, Run};
use super::place::Span;
use super::reach::{Reach, reach};

impl Evaluator<'_> {
    /// Hears the questions that `list` asks. What it says goes into a value, and is no text of a prompt.
    pub(crate) fn asked_inside(&mut self, list: &List, at: Span) -> Run<()> {
        let mut reached = Reach::default();
        reach(list, &self.state.functions, &mut reached);
        self.spend(1 + reached.visited, at)?;
        if !reached.may_ask {
            return Ok(());
        }
        let shown = std::mem::replace(&mut self.is_output_shown, false);
        let references = std::mem::take(&mut self.unset_references);
        let before = (self.skipped.len(), self.warnings.len(), self.sites.len());
        let done = self.apart(|this| this.list(list));
        // Of the rest nothing lasts, and whoever uses the value says what it hangs on.
        self.skipped.truncate(before.0);
        self.warnings.truncate(before.1);
        self.sites.truncate(before.2);
        self.unset_references = references;
        self.is_output_shown = shown;
        done
    }
}
