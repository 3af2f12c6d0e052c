//! What the shell would hold at one moment: variables, functions, arguments, options. Two such states can be merged into
//! what both agree on; the rest becomes unknown. It knows no syntax but a function's body.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::arrays::Elements;
use super::ast::Command;
use super::place::Span;
use super::value::{SUCCESS, Status, Unknown, Val};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exported {
    Yes,
    No,
    /// It hangs on something that is not known.
    Maybe,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    /// `None`: not set, though it may carry attributes.
    pub(crate) value: Option<Val>,
    pub(crate) exported: Exported,
    pub(crate) is_read_only: bool,
    /// A number, an array, upper or lower case: it may hold another text than it is given.
    pub(crate) changes_text: bool,
    /// An assignment before a command, which lasts as long as that. `local` takes it over.
    pub(crate) is_temporary: bool,
    /// Of an array; without them and with a value that is not known, nothing is known of any.
    pub(crate) elements: Option<Rc<Elements>>,
    pub(crate) at: Span,
    /// Variables that its text refers to and that nothing sets.
    pub(crate) unset_references: Rc<[String]>,
}

impl Variable {
    pub(crate) fn unset(at: Span) -> Variable {
        Variable {
            value: None,
            exported: Exported::No,
            is_read_only: false,
            changes_text: false,
            is_temporary: false,
            elements: None,
            at,
            unset_references: Rc::default(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Arguments {
    Known(Rc<Vec<Val>>),
    Unknown(Unknown),
}

/// What was last written to the terminal: the text of the prompt that may follow.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) pieces: Vec<Val>,
    pub(crate) at: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct State {
    variables: BTreeMap<Rc<str>, Variable>,
    /// Set once something may have changed any variable: what is not in the map is unknown too.
    rest: Option<Unknown>,
    /// `None`: which body it has is not known.
    pub(crate) functions: BTreeMap<Rc<str>, Option<Rc<Command>>>,
    pub(crate) arguments: Arguments,
    pub(crate) directory: Val,
    pub(crate) status: Status,
    /// `set -a`
    pub(crate) exports_all: Exported,
    /// `set -u`
    pub(crate) refuses_unset: bool,
    /// `set -e`
    pub(crate) stops_at_failure: bool,
    /// `set -f`
    pub(crate) keeps_patterns: bool,
    /// `stty -echo`
    pub(crate) is_echo_off: bool,
    /// `shopt` was used: patterns may mean something else.
    pub(crate) has_other_patterns: Option<Unknown>,
    pub(crate) said: Option<Said>,
    /// Work done here that was not counted yet.
    pub(crate) work: u64,
    /// Per running function: what `local` has hidden.
    pub(crate) hidden: Vec<Vec<(Rc<str>, Option<Variable>)>>,
}

impl State {
    pub(crate) fn new(arguments: Vec<Val>, directory: Val) -> State {
        State {
            variables: BTreeMap::new(),
            rest: None,
            functions: BTreeMap::new(),
            arguments: Arguments::Known(Rc::new(arguments)),
            directory,
            status: SUCCESS,
            exports_all: Exported::No,
            refuses_unset: false,
            stops_at_failure: false,
            keeps_patterns: false,
            is_echo_off: false,
            has_other_patterns: None,
            said: None,
            work: 0,
            hidden: Vec::new(),
        }
    }

    /// What a copy of it costs.
    pub(crate) fn len(&self) -> usize {
        self.variables.len() + self.functions.len() + self.hidden.len()
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&Rc<str>, &Variable)> {
        self.variables.iter()
    }

    /// Why any other variable may be set as well, if it may.
    pub(crate) fn rest(&self) -> Option<&Unknown> {
        self.rest.as_ref()
    }

    /// The variable as far as anything is known of it.
    pub(crate) fn variable(&self, name: &str) -> Option<Variable> {
        match (self.variables.get(name), &self.rest) {
            (Some(variable), _) => Some(variable.clone()),
            (None, Some(unknown)) => Some(Variable {
                value: Some(Val::Unknown(unknown.clone())),
                exported: Exported::Maybe,
                ..Variable::unset(unknown.at)
            }),
            (None, None) => None,
        }
    }

    pub(crate) fn put(&mut self, name: &str, variable: Variable) {
        self.variables.insert(Rc::from(name), variable);
    }

    pub(crate) fn remove(&mut self, name: &str, at: Span) {
        match &self.rest {
            None => {
                self.variables.remove(name);
            }
            Some(_) => {
                self.variables.insert(Rc::from(name), Variable::unset(at));
            }
        }
    }

    /// Something may have set, changed or removed `name`.
    pub(crate) fn forget(&mut self, name: &str, why: &Unknown) {
        let before = self.variable(name);
        let exported = match before.as_ref().map(|variable| variable.exported) {
            Some(Exported::Yes) => Exported::Yes,
            _ => Exported::Maybe,
        };
        let value = Some(Val::Unknown(why.clone()));
        self.put(
            name,
            Variable { value, exported, elements: None, ..before.unwrap_or(Variable::unset(why.at)) },
        );
    }

    /// Something may have changed anything.
    pub(crate) fn forget_all(&mut self, why: &Unknown) {
        self.work = self.work.saturating_add(self.len() as u64);
        let names: Vec<Rc<str>> = self.variables.keys().cloned().collect();
        for name in names {
            self.forget(&name, why);
        }
        self.rest = Some(why.clone());
        self.arguments = Arguments::Unknown(why.clone());
        for body in self.functions.values_mut() {
            *body = None;
        }
    }

    /// Something may have unset any variable, and its export with it.
    pub(crate) fn doubt_exports(&mut self) {
        let names: Vec<Rc<str>> = self.variables.keys().cloned().collect();
        for name in names {
            if let Some(variable) = self.variable(&name) {
                self.put(&name, Variable { exported: Exported::Maybe, ..variable });
            }
        }
    }

    /// What holds whether this state or `other` is the right one.
    pub(crate) fn merge(&mut self, other: State, why: &Unknown) {
        // Both began as one: what that had left to count is counted once.
        self.work = self.work.max(other.work).saturating_add((self.len() + other.len()) as u64);
        let names: Vec<Rc<str>> = self
            .variables
            .keys()
            .chain(other.variables.keys())
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        self.merge_hidden(&other, why);
        for name in names {
            let merged = merge_variable(self.variable(&name), other.variable(&name), why);
            self.variables.insert(name, merged);
        }
        self.rest = self.rest.take().or(other.rest);
        self.merge_functions(other.functions);
        if !same_arguments(&self.arguments, &other.arguments) {
            self.arguments = Arguments::Unknown(why.clone());
        }
        if !same(&self.directory, &other.directory) {
            self.directory = Val::Unknown(why.clone());
        }
        self.status = match (&self.status, &other.status) {
            (Status::Known(a), Status::Known(b)) if a == b => Status::Known(*a),
            _ => Status::Unknown(why.clone()),
        };
        if self.exports_all != other.exports_all {
            self.exports_all = Exported::Maybe;
        }
        self.refuses_unset |= other.refuses_unset;
        self.stops_at_failure |= other.stops_at_failure;
        self.keeps_patterns &= other.keeps_patterns;
        self.is_echo_off |= other.is_echo_off;
        self.has_other_patterns = self.has_other_patterns.take().or(other.has_other_patterns);
        self.said = self.said.take().or(other.said);
    }

    /// What comes back when a function ends. Where a name was made local in one state only, the other one's variable is the
    /// caller's still.
    fn merge_hidden(&mut self, other: &State, why: &Unknown) {
        for depth in 0..self.hidden.len().min(other.hidden.len()) {
            let names =
                self.hidden[depth].iter().chain(&other.hidden[depth]).map(|(name, _)| Rc::clone(name));
            let names: std::collections::BTreeSet<Rc<str>> = names.collect();
            let frame = names.into_iter().map(|name| {
                let (ours, theirs) = (self.before(depth, &name), other.before(depth, &name));
                let merged = match (ours, theirs) {
                    (None, None) => None,
                    (ours, theirs) => Some(merge_variable(ours, theirs, why)),
                };
                (name, merged)
            });
            let frame = frame.collect();
            self.hidden[depth] = frame;
        }
    }

    /// The variable as it was before the function of this depth made it local, or as it is.
    fn before(&self, depth: usize, name: &str) -> Option<Variable> {
        let of_frame = |frame: &Vec<(Rc<str>, Option<Variable>)>| {
            frame.iter().find(|(other, _)| &**other == name).map(|(_, before)| before.clone())
        };
        match self.hidden[depth..].iter().find_map(of_frame) {
            Some(before) => before,
            None => self.variable(name),
        }
    }

    fn merge_functions(&mut self, other: BTreeMap<Rc<str>, Option<Rc<Command>>>) {
        for (name, body) in self.functions.iter_mut() {
            let same = match (body.as_ref(), other.get(name)) {
                (Some(a), Some(Some(b))) => Rc::ptr_eq(a, b),
                _ => false,
            };
            if !same {
                *body = None;
            }
        }
        for name in other.into_keys() {
            self.functions.entry(name).or_insert(None);
        }
    }
}

fn merge_variable(a: Option<Variable>, b: Option<Variable>, why: &Unknown) -> Variable {
    let (a_was, b_was) = (a.is_some(), b.is_some());
    let a = a.unwrap_or(Variable::unset(why.at));
    let b = b.unwrap_or(Variable::unset(why.at));
    let exported = if a.exported == b.exported { a.exported } else { Exported::Maybe };
    let value = match (&a.value, &b.value) {
        (None, None) => None,
        (Some(x), Some(y)) if same(x, y) => Some(same_origin(x, y)),
        (Some(Val::Unknown(unknown)), _) | (_, Some(Val::Unknown(unknown))) => {
            Some(Val::Unknown(unknown.as_part()))
        }
        _ => Some(Val::Unknown(why.as_part())),
    };
    let (value, elements) = match (a.elements, b.elements) {
        (None, None) => (value, None),
        (Some(x), Some(y)) if Rc::ptr_eq(&x, &y) || x.is_same(&y, same) => (value, Some(x)),
        _ => (Some(Val::Unknown(why.as_part())), None),
    };
    let references = if a.unset_references.is_empty() { b.unset_references } else { a.unset_references };
    Variable {
        value,
        exported,
        is_read_only: a.is_read_only || b.is_read_only,
        changes_text: a.changes_text || b.changes_text,
        is_temporary: a.is_temporary || b.is_temporary,
        elements,
        at: if a_was || !b_was { a.at } else { b.at },
        unset_references: references,
    }
}

/// Equal texts that came from different prompts are no longer one prompt's answer.
fn same_origin(a: &Val, b: &Val) -> Val {
    match (a, b) {
        (Val::Known(x), Val::Known(y)) if x.answer != y.answer => {
            Val::Known(super::value::Known { text: Rc::clone(&x.text), answer: None })
        }
        _ => a.clone(),
    }
}

fn same(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Known(a), Val::Known(b)) => a.text == b.text,
        (Val::Unknown(a), Val::Unknown(b)) => a == b,
        _ => false,
    }
}

fn same_arguments(a: &Arguments, b: &Arguments) -> bool {
    match (a, b) {
        (Arguments::Known(a), Arguments::Known(b)) => {
            Rc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)))
        }
        _ => false,
    }
}

/// The separators of words when nothing set IFS.
pub(crate) const DEFAULT_IFS: &[u8] = b" \t\n";
