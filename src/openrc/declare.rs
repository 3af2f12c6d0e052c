//! `export`, `declare`, `typeset`, `readonly`, `local` and `unset`: who is a setting and who is not.

use super::ast::{Assigned, Assignment, Word};
use super::braces;
use super::cursor::is_name;
use super::eval::{Evaluator, Run, Site};
use super::expand::Field;
use super::names;
use super::parser::assignment;
use super::place::Span;
use super::state::{Exported, Variable};
use super::value::{Unknown, Val};

/// The options of a declaration, as far as they matter.
#[derive(Default, Clone, Copy)]
struct Wish {
    export: Option<bool>,
    is_read_only: bool,
    is_local: bool,
    /// `-i`, `-l`, `-u`, `-a`, `-A`: the value is not the text.
    changes_value: bool,
    is_nameref: bool,
    is_about_functions: bool,
}

impl Evaluator<'_> {
    /// `names` are the words up to the declaring one, `words` its arguments.
    pub(crate) fn declare(&mut self, names: &[Field], words: &[Word], at: Span) -> Run<()> {
        let command = names.last().and_then(|field| field.value.str()).unwrap_or_default().to_owned();
        let in_function = !self.state.hidden.is_empty();
        let mut wish = Wish {
            export: (command == "export").then_some(true),
            is_read_only: command == "readonly",
            is_local: in_function && matches!(command.as_str(), "local" | "declare" | "typeset"),
            ..Wish::default()
        };
        if command == "local" && !in_function {
            self.fail();
            return Ok(());
        }
        self.succeed();
        let mut takes_options = true;
        for word in words {
            if takes_options && let Some(option) = word.bare().filter(|word| word.len() > 1) {
                if option == "--" {
                    takes_options = false;
                    continue;
                }
                if option.starts_with(['-', '+']) {
                    self.option(&command, option, &mut wish);
                    continue;
                }
            }
            takes_options = false;
            self.declare_word(word, wish, at)?;
        }
        Ok(())
    }

    fn option(&mut self, command: &str, option: &str, wish: &mut Wish) {
        let on = option.starts_with('-');
        for letter in option[1..].chars() {
            match letter {
                'n' if command == "export" => wish.export = Some(false),
                'x' => wish.export = Some(on),
                'r' => wish.is_read_only = true,
                'g' => wish.is_local = false,
                'f' | 'F' => wish.is_about_functions = true,
                'i' | 'l' | 'u' | 'a' | 'A' | 'c' => wish.changes_value = true,
                'n' => wish.is_nameref = true,
                _ => {}
            }
        }
    }

    fn declare_word(&mut self, word: &Word, wish: Wish, at: Span) -> Run<()> {
        let several = match braces::expand(word) {
            Ok(several) => several,
            Err(what) => {
                let why = Unknown::other(what, word.span);
                match assignment(word) {
                    Some(assignment) => {
                        self.declare_value(&assignment.name, Some(Val::Unknown(why)), wish, at)?
                    }
                    None => self.state.forget_all(&why),
                }
                return Ok(());
            }
        };
        for word in several.as_deref().unwrap_or(std::slice::from_ref(word)) {
            match assignment(word) {
                Some(assignment) => self.declare_assignment(&assignment, wish, at)?,
                None => self.declare_fields(word, wish, at)?,
            }
        }
        Ok(())
    }

    fn declare_assignment(&mut self, assignment: &Assignment, wish: Wish, at: Span) -> Run<()> {
        if wish.is_about_functions {
            return Ok(());
        }
        self.hide(&assignment.name, wish, at);
        if wish.changes_value || wish.is_nameref || matches!(assignment.value, Assigned::Array) {
            let what = if wish.is_nameref { "a reference by name" } else { "an array or a number" };
            let why = Unknown::other(what, assignment.span);
            if wish.is_nameref {
                self.state.forget_all(&why);
            }
            return self.declare_value(&assignment.name, Some(Val::Unknown(why)), wish, at);
        }
        self.assign_word(assignment)?;
        self.declare_value(&assignment.name, None, wish, at)
    }

    /// `export NAME`, `export "NAME=value"`, `export $NAMES`.
    fn declare_fields(&mut self, word: &Word, wish: Wish, at: Span) -> Run<()> {
        let fields = self.fields(std::slice::from_ref(word))?;
        self.unset_references.clear();
        for field in fields {
            let text = match field.value.need() {
                Ok(text) => text.clone(),
                Err(why) => {
                    let why = why.as_part();
                    self.state.forget_all(&why);
                    continue;
                }
            };
            let bytes = text.bytes();
            let (name, value) = match bytes.iter().position(|&byte| byte == b'=') {
                Some(equals) => (&bytes[..equals], Some(Val::known(&bytes[equals + 1..]))),
                None => (bytes, None),
            };
            let (name, append) = match name.strip_suffix(b"+") {
                Some(name) if value.is_some() => (name, true),
                _ => (name, false),
            };
            let name = std::str::from_utf8(name).unwrap_or_default();
            if !is_name(name) {
                if wish.is_about_functions || bytes.first() == Some(&b'-') {
                    continue;
                }
                self.warn(
                    word.span,
                    super::warn::Kind::NotAName,
                    "this is no name of a variable, so the shell takes no setting from it",
                );
                self.fail();
                continue;
            }
            if wish.is_about_functions {
                continue;
            }
            let name = name.to_owned();
            self.hide(&name, wish, at);
            if let Some(value) = &value {
                let (name, value) = (name.clone(), value.clone());
                self.sites.push(Site { name, word: word.span, is_whole: true, copies: None, value });
            }
            let unread = wish.changes_value || wish.is_nameref || append;
            let value = match value {
                Some(_) if unread => {
                    Some(Val::Unknown(Unknown::other("a declaration that is not read", word.span)))
                }
                value => value,
            };
            self.declare_value(&name, value, wish, at)?;
        }
        Ok(())
    }

    fn declare_value(&mut self, name: &str, value: Option<Val>, wish: Wish, at: Span) -> Run<()> {
        if let Some(value) = value {
            self.assign(name, value, at)?;
        }
        let mut variable = self.state.variable(name).unwrap_or(Variable::unset(at));
        match wish.export {
            Some(true) => variable.exported = Exported::Yes,
            Some(false) => variable.exported = Exported::No,
            None => {}
        }
        variable.is_read_only |= wish.is_read_only;
        self.state.put(name, variable);
        Ok(())
    }

    /// `local`: the variable of the caller comes back when the function ends.
    fn hide(&mut self, name: &str, wish: Wish, at: Span) {
        if !wish.is_local {
            return;
        }
        let before = self.state.variable(name);
        let Some(hidden) = self.state.hidden.last_mut() else { return };
        if hidden.iter().any(|(other, _)| &**other == name) {
            return;
        }
        hidden.push((std::rc::Rc::from(name), before.clone()));
        let exported = before.map_or(Exported::No, |variable| variable.exported);
        self.state.put(name, Variable { exported, ..Variable::unset(at) });
    }

    /// `unset`, with the names as words, for some words stand for every name of a prefix.
    pub(crate) fn unset(&mut self, fields: &[Field], at: Span) -> Run<()> {
        self.succeed();
        let mut functions_only = false;
        for field in fields {
            let name = match field.value.need() {
                Ok(text) => text.str().unwrap_or_default().to_owned(),
                Err(why) => {
                    let why = why.as_part();
                    match names_prefix(&why) {
                        Some(prefix) => self.unset_all(&prefix, at),
                        None => self.state.forget_all(&why),
                    }
                    continue;
                }
            };
            match name.as_str() {
                "-f" => functions_only = true,
                "-v" | "-n" | "--" => {}
                name if functions_only => {
                    self.state.functions.remove(name);
                }
                name => self.unset_one(name, at)?,
            }
        }
        Ok(())
    }

    fn unset_one(&mut self, name: &str, at: Span) -> Run<()> {
        let before = self.state.variable(name);
        if before.as_ref().is_some_and(|variable| variable.is_read_only) {
            self.fail();
            return Ok(());
        }
        if before.is_none() && self.state.functions.remove(name).is_some() {
            return Ok(());
        }
        if !is_name(name) {
            if let Some((name, _)) = name.split_once('[').filter(|(name, _)| is_name(name)) {
                self.state.forget(name, &Unknown::other("an element of an array", at));
            }
            return Ok(());
        }
        self.state.remove(name, at);
        if self.uncertain == 0 {
            self.taken_away.insert(name.to_owned());
        }
        Ok(())
    }

    fn unset_all(&mut self, prefix: &str, at: Span) {
        let set: Vec<String> = self
            .state
            .variables()
            .map(|(name, _)| name.to_string())
            .filter(|name| name.starts_with(prefix))
            .collect();
        let before = names::leftovers().filter(|name| name.starts_with(prefix)).map(str::to_owned);
        for name in set.into_iter().chain(before) {
            // What is read-only stays, as in the shell.
            let _ = self.unset_one(&name, at);
        }
    }
}

/// The prefix, if the unknown is a list of names.
fn names_prefix(why: &Unknown) -> Option<String> {
    match &why.why {
        super::value::Why::Command(name) => name.strip_prefix(super::loops::NAMES).map(str::to_owned),
        super::value::Why::Session(name) => {
            name.strip_suffix('*').filter(|name| !name.is_empty()).map(str::to_owned)
        }
        _ => None,
    }
}
