//! Which variables a piece of the tree may set, without evaluating it: what is forgotten when a loop cannot be followed.
//! It errs on the side of too many.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::ast::{Assigned, Command, Condition, Kind, List, Operator, Part, Simple, Substitution, Word};

#[derive(Default)]
pub(crate) struct Reach {
    pub(crate) names: BTreeSet<String>,
    /// Something in it may set any variable.
    pub(crate) is_everything: bool,
    /// Something in it may ask the person.
    pub(crate) may_ask: bool,
    followed: BTreeSet<String>,
    pub(crate) visited: u64,
}

type Functions = BTreeMap<Rc<str>, Option<Rc<Command>>>;

pub(crate) fn reach(list: &List, functions: &Functions, reached: &mut Reach) {
    for item in &list.items {
        let pipelines = std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline));
        for command in pipelines.flat_map(|pipeline| &pipeline.commands) {
            of_command(command, functions, reached);
        }
    }
}

fn of_command(command: &Command, functions: &Functions, reached: &mut Reach) {
    reached.visited += 1;
    for redirect in &command.redirects {
        of_word(&redirect.target, reached);
    }
    match &command.kind {
        Kind::Simple(simple) => of_simple(simple, functions, reached),
        Kind::Group(list) | Kind::Subshell(list) => reach(list, functions, reached),
        Kind::If { arms, otherwise } => {
            for (condition, body) in arms {
                reach(condition, functions, reached);
                reach(body, functions, reached);
            }
            if let Some(list) = otherwise {
                reach(list, functions, reached);
            }
        }
        Kind::While { condition, body, .. } => {
            reach(condition, functions, reached);
            reach(body, functions, reached);
        }
        Kind::Counting { clauses, body } => {
            clauses.iter().for_each(|word| of_arithmetic(word, reached));
            reach(body, functions, reached);
        }
        Kind::For { name, words, body } | Kind::Select { name, words, body } => {
            reached.may_ask |= matches!(command.kind, Kind::Select { .. });
            reached.names.insert("REPLY".to_owned());
            reached.names.insert(name.clone());
            words.iter().flatten().for_each(|word| of_word(word, reached));
            reach(body, functions, reached);
        }
        Kind::Case { subject, arms } => {
            of_word(subject, reached);
            for arm in arms {
                arm.patterns.iter().for_each(|word| of_word(word, reached));
                reach(&arm.body, functions, reached);
            }
        }
        Kind::Condition(condition) => of_condition(condition, reached),
        Kind::Arithmetic(word) => of_arithmetic(word, reached),
        // A function made in a loop may be called after it.
        Kind::Function { body, .. } => {
            reached.is_everything = true;
            of_command(body, functions, reached);
        }
    }
}

fn of_condition(condition: &Condition, reached: &mut Reach) {
    match condition {
        Condition::Not(inside) => of_condition(inside, reached),
        Condition::And(a, b) | Condition::Or(a, b) => {
            of_condition(a, reached);
            of_condition(b, reached);
        }
        Condition::Unary(_, word) | Condition::Word(word) => of_word(word, reached),
        Condition::Binary(a, _, b) => {
            of_word(a, reached);
            of_word(b, reached);
        }
    }
}

fn of_simple(simple: &Simple, functions: &Functions, reached: &mut Reach) {
    for assignment in &simple.assignments {
        reached.names.insert(assignment.name.clone());
        match &assignment.value {
            Assigned::Word(word) => of_word(word, reached),
            Assigned::Array(words) => words.iter().for_each(|word| of_word(word, reached)),
            Assigned::Element(index, word) => {
                of_arithmetic(index, reached);
                of_word(word, reached);
            }
        }
    }
    simple.words.iter().for_each(|word| of_word(word, reached));
    let Some(first) = simple.words.first() else { return };
    let Some(name) = first.bare() else {
        reached.is_everything |= first.literal().is_none();
        reached.may_ask = true;
        return;
    };
    reached.may_ask |= MAY_ASK.contains(&name);
    match functions.get(name) {
        Some(Some(body)) if reached.followed.insert(name.to_owned()) => of_command(body, functions, reached),
        Some(Some(_)) => {}
        Some(None) => {
            reached.is_everything = true;
            reached.may_ask = true;
        }
        None if SETS_ARGUMENTS.contains(&name) => of_arguments(&simple.words[1..], reached),
        None if SETS_ANYTHING.contains(&name) => reached.is_everything = true,
        None => {}
    }
}

const SETS_ARGUMENTS: &[&str] = &[
    "export",
    "declare",
    "typeset",
    "local",
    "readonly",
    "read",
    "unset",
    "printf",
    "getopts",
    "mapfile",
    "readarray",
    "let",
];
const SETS_ANYTHING: &[&str] = &[
    "eval", "source", ".", "set", "shift", "builtin", "command", "exec", "cd", "pushd", "popd", "alias",
    "shopt", "trap",
];

const MAY_ASK: &[&str] = &["read", "eval", "source", ".", "builtin", "command", "exec"];

/// Every word that could be a name, and `REPLY`, which `read` sets by itself.
fn of_arguments(words: &[Word], reached: &mut Reach) {
    for name in ["REPLY", "OPTARG", "OPTIND", "MAPFILE"] {
        reached.names.insert(name.to_owned());
    }
    for word in words {
        match word.parts.first() {
            Some(Part::Bare(text)) => {
                let text = String::from_utf8_lossy(text.bytes());
                let len = text.bytes().take_while(|&byte| super::cursor::is_name_byte(byte)).count();
                reached.names.insert(text[..len].to_owned());
                reached.is_everything |= len == text.len() && word.parts.len() > 1;
            }
            Some(_) => reached.is_everything = true,
            None => {}
        }
    }
}

fn of_word(word: &Word, reached: &mut Reach) {
    of_parts(&word.parts, reached);
}

fn of_parts(parts: &[Part], reached: &mut Reach) {
    for part in parts {
        match part {
            Part::Double(parts) => of_parts(parts, reached),
            Part::Parameter(parameter) => match &parameter.operator {
                Operator::Default { word, .. } => {
                    reached.names.insert(parameter.name.clone());
                    of_word(word, reached);
                }
                Operator::Remove { pattern, .. } => of_word(pattern, reached),
                Operator::Replace { pattern, with, .. } => {
                    of_word(pattern, reached);
                    of_word(with, reached);
                }
                Operator::Slice { offset, length } => {
                    of_arithmetic(offset, reached);
                    length.iter().for_each(|word| of_arithmetic(word, reached));
                }
                Operator::Element(index) => of_arithmetic(index, reached),
                _ => {}
            },
            Part::Arithmetic(word) => of_arithmetic(word, reached),
            // A substitution is a process of its own.
            Part::Command(substitution) => match &**substitution {
                Substitution::Parsed { .. } | Substitution::Backquoted { .. } => reached.may_ask = true,
            },
            Part::Process(..) => reached.may_ask = true,
            Part::Array(words) => words.iter().for_each(|word| of_word(word, reached)),
            Part::Bare(_) | Part::Quoted(_) | Part::Opaque(..) => {}
        }
    }
}

/// Every name in an expression may be assigned by it.
pub(crate) fn of_arithmetic(word: &Word, reached: &mut Reach) {
    for part in &word.parts {
        match part {
            Part::Bare(text) | Part::Quoted(text) => {
                let text = String::from_utf8_lossy(text.bytes());
                let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                reached.names.extend(names.filter(|name| super::cursor::is_name(name)).map(str::to_owned));
            }
            other => of_parts(std::slice::from_ref(other), reached),
        }
    }
}
