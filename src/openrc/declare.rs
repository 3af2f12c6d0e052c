//! `export`, `declare`, `typeset`, `readonly`, `local` and `unset`: who is a setting and who is not.

use super::ast::{Assigned, Assignment, Part, Word};
use super::braces;
use super::cursor::is_name;
use super::eval::{Evaluator, Run, Site};
use super::fields::Field;
use super::parser::assignment;
use super::place::Span;
use super::state::{Exported, Variable};
use super::text::Text;
use super::value::{Status, Unknown, Val, Why};

/// The options of a declaration, as far as they matter.
#[derive(Default, Clone, Copy)]
struct Wish {
    export: Option<bool>,
    is_read_only: bool,
    is_local: bool,
    /// `-i`, `-l`, `-u`: the value is not the text.
    changes_value: bool,
    /// `-a`, or `-A`
    is_map: Option<bool>,
    is_nameref: bool,
    is_about_functions: bool,
    is_global: bool,
    /// It only looks something up.
    asks: bool,
    /// After `command`, which bash reads as assignments since 5.3 only, or with a quote in the command's name.
    is_indirect: bool,
}

/// One word of a declaration, expanded.
enum Declared {
    Assigned {
        assignment: Assignment,
        value: Val,
        references: Vec<(String, Span)>,
    },
    Field(Field, Span),
    /// What it declares is not known.
    Lost(Unknown),
}

impl Evaluator<'_> {
    /// `names` are the words up to the declaring one, `words` its arguments.
    pub(crate) fn declare(&mut self, names: &[Word], words: &[Word], at: Span) -> Run<()> {
        let command = names.last().and_then(Word::literal);
        let command = command.as_ref().and_then(Text::str).unwrap_or_default().to_owned();
        let is_quoted = names.last().is_some_and(|name| name.bare().is_none());
        let in_function = !self.state.hidden.is_empty();
        let mut wish = Wish {
            export: (command == "export").then_some(true),
            is_read_only: command == "readonly",
            is_indirect: names.len() > 1 || is_quoted,
            is_local: in_function && matches!(command.as_str(), "local" | "declare" | "typeset"),
            ..Wish::default()
        };
        if command == "local" && !in_function {
            self.fail();
            return Ok(());
        }
        let mut takes_options = true;
        let mut declared = Vec::new();
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
            self.expand_word(word, wish, &mut declared)?;
        }
        if wish.is_nameref {
            self.state.forget_all(&Unknown::other("a reference by name", at));
        }
        self.succeed();
        for one in declared {
            self.declare_one(one, wish, at)?;
        }
        if wish.asks {
            self.state.status = Status::Unknown(Unknown::new(Why::Command(command), at));
        }
        Ok(())
    }

    fn option(&mut self, command: &str, option: &str, wish: &mut Wish) {
        let on = option.starts_with('-');
        for letter in option[1..].chars() {
            match letter {
                'n' if command == "export" => wish.export = Some(false),
                'x' => wish.export = Some(on),
                'p' => wish.asks = true,
                'r' => wish.is_read_only = true,
                'g' => {
                    wish.is_local = false;
                    wish.is_global = true;
                }
                'f' | 'F' => wish.is_about_functions = true,
                'i' | 'l' | 'u' | 'c' => wish.changes_value = true,
                'a' => wish.is_map = Some(false),
                'A' => wish.is_map = Some(true),
                'n' => wish.is_nameref = true,
                _ => {}
            }
        }
    }

    /// Expands one word of a declaration. The shell expands all of them before it assigns the first.
    fn expand_word(&mut self, word: &Word, wish: Wish, all: &mut Vec<Declared>) -> Run<()> {
        let has_tilde =
            word.parts.iter().any(|part| matches!(part, Part::Bare(text) if text.bytes().contains(&b'~')));
        let several = match braces::expand(word) {
            // The words that braces make are no assignments to the shell any more, and keep their tilde.
            Ok(Some(_)) if has_tilde => Err("a brace expansion with a tilde"),
            several => several,
        };
        let several = match several {
            Ok(several) => several,
            Err(what) => {
                let why = Unknown::other(what, word.span);
                all.push(match assignment(word) {
                    Some(assignment) => {
                        Declared::Assigned { assignment, value: Val::Unknown(why), references: Vec::new() }
                    }
                    None => Declared::Lost(why),
                });
                return Ok(());
            }
        };
        let is_made = several.is_some();
        for word in several.as_deref().unwrap_or(std::slice::from_ref(word)) {
            // What braces made falls apart at blanks, as a word that is no assignment does.
            let Some(assignment) = assignment(word).filter(|_| !is_made || word.literal().is_some()) else {
                let fields = self.fields(std::slice::from_ref(word))?;
                self.unset_references.clear();
                all.extend(fields.into_iter().map(|field| Declared::Field(field, word.span)));
                continue;
            };
            let is_first = all.is_empty();
            let value = match &assignment.value {
                _ if wish.changes_value || wish.is_nameref => {
                    Val::Unknown(Unknown::other("a number or another name", assignment.span))
                }
                Assigned::Word(_) => match self.expanded(&assignment)? {
                    // Bash reads it as the words of an array.
                    Val::Known(known) if wish.is_map.is_some() && known.text.bytes().starts_with(b"(") => {
                        Val::Unknown(Unknown::other("an array in quotes", assignment.span))
                    }
                    value => value,
                },
                // Its words are expanded when it is assigned, which no one before it may change.
                _ if is_first => Val::known(b""),
                _ => Val::Unknown(Unknown::other("an array behind other assignments", assignment.span)),
            };
            let value = if wish.is_indirect { of_indirect(&assignment, value) } else { value };
            let references = std::mem::take(&mut self.unset_references);
            all.push(Declared::Assigned { assignment, value, references });
        }
        Ok(())
    }

    fn declare_one(&mut self, declared: Declared, wish: Wish, at: Span) -> Run<()> {
        match declared {
            Declared::Lost(why) => self.state.forget_all(&why),
            Declared::Field(field, word) => self.declare_field(&field, word, wish, at)?,
            Declared::Assigned { .. } if wish.is_about_functions => {}
            Declared::Assigned { assignment, .. } if self.is_read_only(&assignment.name) => self.fail(),
            Declared::Assigned { assignment, value, references } => {
                self.hide(&assignment.name, wish, at);
                self.unset_references = references;
                match (&assignment.value, &value) {
                    (Assigned::Array(_) | Assigned::Element(..), Val::Known(_)) => {
                        self.assign_elements(&assignment, wish.is_map, at)?;
                    }
                    _ => self.assign_expanded(&assignment, value)?,
                }
                self.declare_value(&assignment.name, None, wish, at)?;
            }
        }
        Ok(())
    }

    /// Where an assignment stops the shell, a declaration only fails.
    fn is_read_only(&self, name: &str) -> bool {
        self.state.variable(name).is_some_and(|variable| variable.is_read_only)
    }

    /// `export NAME`, `export "NAME=value"`, `export $NAMES`.
    fn declare_field(&mut self, field: &Field, word: Span, wish: Wish, at: Span) -> Run<()> {
        let text = match field.value.need() {
            Ok(text) => text.clone(),
            Err(why) => {
                let why = why.as_part();
                self.state.forget_all(&why);
                return Ok(());
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
        if wish.is_about_functions {
            return Ok(());
        }
        if !is_name(name) {
            if bytes.first() != Some(&b'-') {
                let text = match bytes.first() {
                    Some(b'=') => {
                        "a blank stands before this =, so nothing is assigned; it is written NAME=value"
                    }
                    _ => "this is no name of a variable, so the shell takes no setting from it",
                };
                self.warn(word, super::warn::Kind::NotAName, text);
            }
            self.fail();
            return Ok(());
        }
        if value.is_some() && self.is_read_only(name) {
            self.fail();
            return Ok(());
        }
        self.hide(name, wish, at);
        // Where the name itself is computed, the word is no place that can be emptied.
        if let Some(value) = value.as_ref().filter(|_| self.is_written(word, name)) {
            let (name, value) = (name.to_owned(), value.clone());
            self.sites.push(Site { name, word, is_whole: true, copies: None, value });
        }
        let unread = wish.changes_value || wish.is_nameref || append;
        let value = match value {
            Some(_) if unread => Some(Val::Unknown(Unknown::other("a declaration that is not read", word))),
            value => value,
        };
        self.declare_value(name, value, wish, at)
    }

    /// Whether `NAME=` stands in the file as it is, perhaps after a quote.
    fn is_written(&self, word: Span, name: &str) -> bool {
        let source = self.sources.get(usize::from(word.file));
        let text = source.and_then(|source| source.text.get(word.start as usize..word.end as usize));
        let text = text.unwrap_or_default();
        let text = text.strip_prefix(b"\"").or(text.strip_prefix(b"'")).unwrap_or(text);
        text.strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"=") || rest.starts_with(b"+="))
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
        variable.changes_text |= wish.changes_value;
        self.state.put(name, variable);
        if let Some(is_map) = wish.is_map {
            self.declare_elements(name, is_map, at);
        }
        Ok(())
    }

    /// `local`: the variable of the caller comes back when the function ends.
    fn hide(&mut self, name: &str, wish: Wish, at: Span) {
        if wish.is_global && self.state.hidden.iter().flatten().any(|(other, _)| &**other == name) {
            let why = Unknown::other("a variable of the caller under the name of a local one", at);
            self.state.forget_all(&why);
            for (_, hidden) in self.state.hidden.iter_mut().flatten().filter(|(other, _)| &**other == name) {
                let (value, exported) = (Some(Val::Unknown(why.clone())), Exported::Maybe);
                *hidden = Some(Variable { value, exported, ..Variable::unset(at) });
            }
        }
        if !wish.is_local {
            return;
        }
        let before = self.state.variable(name);
        let Some(hidden) = self.state.hidden.last_mut() else { return };
        if hidden.iter().any(|(other, _)| &**other == name) {
            return;
        }
        hidden.push((std::rc::Rc::from(name), before.clone()));
        let exported = before.as_ref().map_or(Exported::No, |variable| variable.exported);
        let value = before.filter(|variable| variable.is_temporary).and_then(|variable| variable.value);
        self.state.put(name, Variable { exported, value, ..Variable::unset(at) });
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
                    match super::listing::names_prefix(&why) {
                        Some(prefix) => self.unset_all(&prefix, at),
                        None => {
                            self.state.forget_all(&why);
                            self.state.doubt_exports();
                        }
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

    pub(crate) fn unset_one(&mut self, name: &str, at: Span) -> Run<()> {
        let before = self.state.variable(name);
        if before.as_ref().is_some_and(|variable| variable.is_read_only) {
            self.fail();
            return Ok(());
        }
        if before.is_none() && self.state.functions.remove(name).is_some() {
            return Ok(());
        }
        if !is_name(name) {
            return match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
                Some((name, index)) if is_name(name) => self.unset_element(name, index, at),
                _ => Ok(()),
            };
        }
        self.state.remove(name, at);
        if self.uncertain == 0 {
            self.taken_away.insert(name.to_owned());
        }
        Ok(())
    }
}

/// A value that an older bash would split, match with files or leave its tilde in.
fn of_indirect(assignment: &Assignment, value: Val) -> Val {
    let Assigned::Word(word) = &assignment.value else { return value };
    let is_all = |part: &Part| matches!(part, Part::Parameter(parameter) if parameter.name == "@");
    let is_expansion = |part: &Part| match part {
        Part::Quoted(_) | Part::Bare(_) => false,
        Part::Double(parts) => parts.iter().any(is_all),
        _ => true,
    };
    let has_tilde = |part: &Part| matches!(part, Part::Bare(text) if text.bytes().contains(&b'~'));
    let splits = |text: &Text| text.bytes().iter().any(|byte| b" \t\n*?[".contains(byte));
    let splits_up = word.parts.iter().any(is_expansion) && value.text().is_none_or(splits);
    let is_safe = !splits_up && !word.parts.iter().any(has_tilde);
    if is_safe {
        value
    } else {
        Val::Unknown(Unknown::other("how this bash reads an export that is not written plainly", word.span))
    }
}
