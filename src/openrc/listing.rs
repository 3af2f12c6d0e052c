//! Files that take away every name of a prefix without naming one: which commands list such names, and the loops and evals
//! that clear what was listed. It runs none of them.

use super::ast::{AndOr, Command, Kind, List, Part, Redirect, RedirectKind, Simple, Substitution, Word};
use super::eval::{Evaluator, Flow, Run};
use super::names;
use super::place::Span;
use super::value::{SUCCESS, Unknown, Why};

/// The mark of an unknown that is a list of names with a prefix.
pub(crate) const NAMES: &str = "env for the names of ";

impl Evaluator<'_> {
    /// `while read -r v; do unset $v; done < <(env | …)` and `mapfile -t all < <(compgen -v OS_)`, if the command is one.
    pub(crate) fn cleared(&mut self, command: &Command) -> Run<Option<Flow>> {
        let [redirect] = command.redirects.as_slice() else { return Ok(None) };
        let Some(prefix) = self.names_read(redirect) else { return Ok(None) };
        match &command.kind {
            Kind::While { until: false, condition, body } => match read_name(condition) {
                Some(name) => self.clear(&name, &prefix, body, command.span).map(Some),
                None => Ok(None),
            },
            Kind::Simple(Simple { words, .. }) => {
                let name = words.first().and_then(Word::bare);
                let array = words.last().and_then(Word::bare);
                if !matches!(name, Some("mapfile" | "readarray")) {
                    return Ok(None);
                }
                let Some(array) = array.filter(|array| super::cursor::is_name(array) && words.len() > 1)
                else {
                    return Ok(None);
                };
                let why = Unknown::new(Why::Command(format!("{NAMES}{prefix}")), command.span);
                self.state.forget(array, &why);
                self.state.status = SUCCESS;
                Ok(Some(Flow::Next))
            }
            _ => Ok(None),
        }
    }

    fn names_read(&self, redirect: &Redirect) -> Option<String> {
        let parts = match redirect.target.parts.as_slice() {
            [Part::Double(parts)] => parts.as_slice(),
            parts => parts,
        };
        match (redirect.kind, redirect.descriptor.unwrap_or(0), parts) {
            (RedirectKind::In, 0, [Part::Process(list, span)]) => self.names_listed(list, *span),
            (RedirectKind::HereString, 0, [Part::Command(substitution)]) => self.lists_names(substitution),
            _ => None,
        }
    }

    /// `eval "unset ${!OS_@}"`: the prefix.
    pub(crate) fn evals_unset(&mut self, words: &[Word]) -> Option<String> {
        let (first, rest) = words.split_first()?;
        (first.bare() == Some("eval")).then_some(())?;
        let mut parts: Vec<Part> = Vec::new();
        for (index, word) in rest.iter().enumerate() {
            if index > 0 {
                parts.push(Part::Bare(super::text::Text::of(b" ")));
            }
            for part in &word.parts {
                match part {
                    Part::Double(inside) => parts.extend_from_slice(inside),
                    other => parts.push(other.clone()),
                }
            }
        }
        let (last, before) = parts.split_last()?;
        let before = Word { parts: before.to_vec(), span: first.span }.literal()?;
        let words: Vec<&str> = before.str()?.split_ascii_whitespace().collect();
        matches!(words.as_slice(), ["unset"] | ["unset", "-v"]).then_some(())?;
        self.names_meant(&[Word { parts: vec![last.clone()], span: first.span }])
    }

    pub(crate) fn unset_all(&mut self, prefix: &str, at: Span) {
        let set: Vec<String> = self
            .state
            .variables()
            // What only carries an attribute is not listed.
            .filter(|(_, variable)| variable.value.is_some())
            .map(|(name, _)| name.to_string())
            .filter(|name| name.starts_with(prefix))
            .collect();
        self.state.work =
            self.state.work.saturating_add((self.state.len() + names::leftovers().count()) as u64);
        let before = names::leftovers().filter(|name| name.starts_with(prefix));
        let is_bare = |name: &str| self.state.variable(name).is_some_and(|variable| variable.value.is_none());
        let before: Vec<String> = before.filter(|name| !is_bare(name)).map(str::to_owned).collect();
        for name in set.into_iter().chain(before) {
            // What is read-only stays, as in the shell.
            let _ = self.unset_one(&name, at);
        }
    }

    /// Whether a substitution lists the variables of a prefix; it returns the prefix.
    pub(crate) fn lists_names(&self, substitution: &Substitution) -> Option<String> {
        match substitution {
            Substitution::Parsed { list, span } => self.names_listed(list, *span),
            Substitution::Backquoted { text, span } => {
                let text = text.str()?.trim_start();
                let first = text.split([' ', '|']).next()?;
                matches!(first, "set" | "env" | "printenv" | "compgen").then_some(())?;
                self.prefix_in(*span)
            }
        }
    }

    fn names_listed(&self, list: &List, span: Span) -> Option<String> {
        let [item] = list.items.as_slice() else { return None };
        // `|| true` guards against a grep that finds nothing.
        let is_one = item.rest.iter().all(|(and_or, _)| *and_or == AndOr::Or);
        let first = item.first.commands.first()?;
        (is_one && lists_variables(first)).then_some(())?;
        self.prefix_in(span)
    }

    fn prefix_in(&self, span: Span) -> Option<String> {
        let text =
            self.sources.get(usize::from(span.file))?.text.get(span.start as usize..span.end as usize)?;
        let text = std::str::from_utf8(text).ok()?;
        let is_plain = !text.contains("-v ") || text.contains("compgen");
        (is_plain && text.contains("OS_")).then(|| "OS_".to_owned())
    }
}

/// The variable of `while read -r NAME …`.
fn read_name(condition: &List) -> Option<String> {
    let [item] = condition.items.as_slice() else { return None };
    let [command] = item.first.commands.as_slice() else { return None };
    let Kind::Simple(simple) = &command.kind else { return None };
    let words: Vec<&str> = simple.words.iter().map_while(Word::bare).collect();
    let (first, rest) = words.split_first()?;
    let name = rest.iter().find(|word| !word.starts_with('-'))?;
    (*first == "read" && item.rest.is_empty() && command.redirects.is_empty()).then(|| (*name).to_owned())
}

fn lists_variables(command: &Command) -> bool {
    let Kind::Simple(simple) = &command.kind else { return false };
    let words: Vec<&str> = simple.words.iter().filter_map(Word::bare).collect();
    match words.as_slice() {
        ["set" | "env" | "printenv"] => true,
        ["compgen", ..] => true,
        ["declare" | "typeset" | "export", rest @ ..] => rest.iter().all(|word| word.starts_with('-')),
        _ => false,
    }
}

/// The prefix, if the unknown is a list of names.
pub(crate) fn names_prefix(why: &Unknown) -> Option<String> {
    match &why.why {
        Why::Command(name) => name.strip_prefix(NAMES).map(str::to_owned),
        Why::Session(name) => name.strip_suffix('*').filter(|name| !name.is_empty()).map(str::to_owned),
        _ => None,
    }
}
