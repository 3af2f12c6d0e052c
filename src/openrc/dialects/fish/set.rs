//! `set` of fish, and the functions `setenv` and `export` that fish brings along: which variable, in which scope, exported
//! or not.

use super::super::effects::Written;
use super::super::list;
use super::grammar::{Simple, Word};
use super::{Fish, is_variable_name};
use crate::openrc::eval::{Evaluator, Run};
use crate::openrc::place::Span;
use crate::openrc::state::{Exported, Variable};
use crate::openrc::value::{Status, Unknown, Val};
use crate::openrc::warn::Kind;

#[derive(Default)]
struct Wish {
    exported: Option<bool>,
    scope: Option<char>,
    erases: bool,
    asks: bool,
    appends: bool,
    prepends: bool,
    /// It shows variables.
    shows: bool,
}

impl Fish {
    pub(super) fn set(&self, reader: &mut Evaluator<'_>, simple: &Simple) -> Run<()> {
        let at = simple.span;
        let mut words = &simple.words[1..];
        let mut wish = Wish::default();
        while let Some((word, rest)) = words.split_first() {
            let Some(option) = option_of(word) else { break };
            words = rest;
            if option == "--" {
                break;
            }
            if !wish.take(&option) {
                reader.lose_all("an option of set that is not followed", at);
                return Ok(());
            }
        }
        if wish.shows || words.is_empty() {
            reader.succeed();
            return Ok(());
        }
        if wish.erases || wish.asks {
            return self.names(reader, words, &wish, at);
        }
        let name = self.expand(reader, &words[0])?;
        let name = match (name.loose, name.values.as_slice()) {
            (None, [name]) => name.str().map(str::to_owned),
            _ => None,
        };
        let Some(name) = name else {
            reader.lose_all("a variable whose name is not known", at);
            return Ok(());
        };
        if let Some((list, _)) = name.split_once('[') {
            reader.state.forget(list, &Unknown::other("a part of a list", at));
            return Ok(());
        }
        if name.contains('=') || !is_variable_name(&name) {
            let what = "fish takes no such name: 'set NAME value' has no =, and this sets nothing";
            reader.warn(words[0].span, Kind::NotAName, what);
            reader.fail();
            return Ok(());
        }
        self.set_values(reader, &name, &words[1..], &wish, at)
    }

    fn set_values(
        &self,
        reader: &mut Evaluator<'_>,
        name: &str,
        words: &[Word],
        wish: &Wish,
        at: Span,
    ) -> Run<()> {
        reader.succeed();
        let expanded = self.expand_all(reader, words)?;
        let mut values = expanded.values;
        if let Some(unknown) = expanded.loose.filter(|_| words.len() > 1) {
            values = vec![Val::Unknown(unknown)];
        }
        let copies = match words {
            [word] => word.reference().map(str::to_owned),
            _ => None,
        };
        let word = match (words.first(), words.last()) {
            (Some(first), Some(last)) => Span { end: last.span.end, ..first.span },
            _ => at,
        };
        let written = Written { word, at, copies };
        if wish.appends || wish.prepends {
            let before = reader.state.variable(name).and_then(|variable| variable.value);
            let mut before = before.map_or(Vec::new(), |value| list::words(&value));
            if wish.prepends {
                values.append(&mut before);
            } else {
                before.append(&mut values);
                values = before;
            }
        }
        let value = match values.iter().find_map(|value| value.need().err()) {
            Some(unknown) if values.len() > 1 => Val::Unknown(unknown.as_part()),
            _ => list::stored(&values, at),
        };
        self.assign(reader, name, value, wish.exported, wish.scope, written)
    }

    /// Assigns in the scope that `scope` says, or else where the variable is.
    pub(super) fn assign(
        &self,
        reader: &mut Evaluator<'_>,
        name: &str,
        value: Val,
        exported: Option<bool>,
        scope: Option<char>,
        written: Written,
    ) -> Run<()> {
        let at = written.at;
        let hidden_in =
            reader.state.hidden.iter().position(|frame| frame.iter().any(|(other, _)| &**other == name));
        let before = reader.state.variable(name);
        let is_there = before.as_ref().is_some_and(|variable| variable.value.is_some());
        let function = self.frames.borrow().last().copied();
        let frame = match scope {
            Some('l') => reader.state.hidden.len().checked_sub(1),
            Some('f') => Some(function.unwrap_or(0)),
            // Without a scope, a new variable is the function's.
            None if !is_there => function,
            _ => None,
        };
        if let (Some('g' | 'U'), Some(frame)) = (scope, hidden_in) {
            // The global one is behind a local one: too rare to follow.
            let why = Unknown::other("a global variable behind a local one", at);
            let value = Some(Val::Unknown(why.clone()));
            let unknown = Variable { value, exported: Exported::Maybe, ..Variable::unset(at) };
            for (_, hidden) in reader.state.hidden[frame].iter_mut().filter(|(other, _)| &**other == name) {
                *hidden = Some(unknown.clone());
            }
            reader.state.forget(name, &why);
            return Ok(());
        }
        if let Some(frame) = frame.filter(|frame| *frame < reader.state.hidden.len()) {
            let is_hidden = reader.state.hidden[frame].iter().any(|(other, _)| &**other == name);
            if !is_hidden {
                reader.state.hidden[frame].push((std::rc::Rc::from(name), before));
                // A new local variable is not exported because a global one is.
                reader.state.put(name, Variable::unset(at));
            }
        }
        reader.put(name, value, exported, written)
    }

    /// `set -e NAME…` and `set -q NAME…`
    fn names(&self, reader: &mut Evaluator<'_>, words: &[Word], wish: &Wish, at: Span) -> Run<()> {
        let expanded = self.expand_all(reader, words)?;
        if let Some(why) = expanded.loose {
            match wish.erases {
                true => self.erase_unknown(reader, words, why, at),
                false => reader.state.status = Status::Unknown(why),
            }
            return Ok(());
        }
        reader.succeed();
        for value in &expanded.values {
            let name = match value.need() {
                Ok(name) => name.str().unwrap_or_default().to_owned(),
                Err(why) => {
                    let why = why.clone();
                    reader.state.forget_all(&why);
                    reader.state.status = Status::Unknown(why);
                    continue;
                }
            };
            if wish.asks {
                self.is_set(reader, &name, at);
            } else if let Some((list, _)) = name.split_once('[') {
                reader.state.forget(list, &Unknown::other("a part of a list", at));
            } else {
                self.erase(reader, &name, at)?;
            }
        }
        Ok(())
    }

    fn erase(&self, reader: &mut Evaluator<'_>, name: &str, at: Span) -> Run<()> {
        let is_local = reader.state.hidden.iter().flatten().any(|(other, _)| &**other == name);
        if is_local {
            // What was behind it comes to light.
            reader.state.forget(name, &Unknown::other("a variable behind one that is erased", at));
            return Ok(());
        }
        let was_there = reader.state.variable(name).is_some_and(|variable| variable.value.is_some());
        reader.unset_one(name, at)?;
        if !was_there {
            reader.state.status = Status::Known(4);
        }
        Ok(())
    }

    /// `set -e (set -n | string match 'OS_*')`: all names of the prefix, if that is what the words say.
    fn erase_unknown(&self, reader: &mut Evaluator<'_>, words: &[Word], why: Unknown, at: Span) {
        let text = words.first().zip(words.last()).and_then(|(first, last)| {
            let source = reader.sources.get(usize::from(first.span.file))?;
            let text = source.text.get(first.span.start as usize..last.span.end as usize)?;
            std::str::from_utf8(text).ok().map(str::to_owned)
        });
        let lists = |text: &str| {
            let is_list = ["(set -n", "(set --names", "(env", "(printenv", "(set "]
                .iter()
                .any(|start| text.contains(start));
            is_list && text.contains("OS_") && !text.contains("-v")
        };
        if text.as_deref().is_some_and(lists) {
            reader.unset_all("OS_", at);
        } else {
            reader.state.forget_all(&why);
            reader.state.status = Status::Unknown(why);
        }
    }

    fn is_set(&self, reader: &mut Evaluator<'_>, name: &str, at: Span) {
        let variable = reader.state.variable(name.split('[').next().unwrap_or(name));
        let status = match variable.and_then(|variable| variable.value) {
            None => Status::Known(1),
            Some(Val::Unknown(unknown))
                if !matches!(unknown.why, crate::openrc::value::Why::Prompt { .. }) =>
            {
                Status::Unknown(unknown)
            }
            Some(_) if name.contains('[') => Status::Unknown(Unknown::other("a part of a list", at)),
            Some(_) => return,
        };
        if matches!(reader.state.status, Status::Known(_)) {
            reader.state.status = status;
        }
    }

    /// `setenv NAME value`, as csh has it.
    pub(super) fn setenv(&self, reader: &mut Evaluator<'_>, words: &[Word], at: Span) -> Run<()> {
        let name = words.first().and_then(Word::bare).filter(|name| is_variable_name(name));
        match (name, words.len()) {
            (Some(name), 1) => {
                let written = Written { word: words[0].span, at, copies: None };
                self.assign(reader, name, Val::known(b""), Some(true), Some('g'), written)
            }
            (Some(name), 2) => {
                let expanded = self.expand_all(reader, &words[1..])?;
                let value = match (expanded.loose, expanded.values.as_slice()) {
                    (None, [value]) => value.clone(),
                    (None, []) => Val::known(b""),
                    (Some(unknown), _) => Val::Unknown(unknown),
                    _ => return Ok(()),
                };
                let copies = words[1].reference().map(str::to_owned);
                let written = Written { word: words[1].span, at, copies };
                self.assign(reader, name, value, Some(true), Some('g'), written)
            }
            (None, 0) => Ok(()),
            _ => {
                reader.lose_all("a setenv that is not followed", at);
                Ok(())
            }
        }
    }

    /// `export NAME=value…`, as the Bourne shells have it.
    pub(super) fn export(&self, reader: &mut Evaluator<'_>, words: &[Word], at: Span) -> Run<()> {
        for word in words {
            let expanded = self.expand(reader, word)?;
            if expanded.loose.is_some() || expanded.values.iter().any(|value| value.text().is_none()) {
                // The name stands before the first part that is not known.
                let name = word.parts.first().and_then(|part| match part {
                    super::Part::Text(text, false) => {
                        text.str()?.split_once('=').map(|(name, _)| name.to_owned())
                    }
                    _ => None,
                });
                let why =
                    expanded.loose.or(expanded.values.iter().find_map(|value| value.need().err().cloned()));
                let why = why.unwrap_or(Unknown::other("an export that is not followed", at));
                match name.filter(|name| is_variable_name(name)) {
                    Some(name) => {
                        let written = Written { word: word.span, at, copies: None };
                        let value = Val::Unknown(why.as_part());
                        self.assign(reader, &name, value, Some(true), Some('g'), written)?;
                    }
                    None => reader.state.forget_all(&why),
                }
                continue;
            }
            for value in &expanded.values {
                let text = value.text().cloned().unwrap_or_default();
                let at_sign = text.bytes().iter().position(|&byte| byte == b'=');
                let name =
                    std::str::from_utf8(&text.bytes()[..at_sign.unwrap_or(text.len())]).unwrap_or_default();
                if !is_variable_name(name) {
                    continue;
                }
                let written = Written { word: word.span, at, copies: None };
                match at_sign {
                    Some(sign) => {
                        let value = Val::known(&text.bytes()[sign + 1..]);
                        self.assign(reader, name, value, Some(true), Some('g'), written)?;
                    }
                    None => {
                        let before = reader.state.variable(name).and_then(|variable| variable.value);
                        let value = before.unwrap_or_else(|| list::stored(&[], at));
                        let written = Written { copies: Some(name.to_owned()), ..written };
                        self.assign(reader, name, value, Some(true), Some('g'), written)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The text of a word that may be an option.
fn option_of(word: &Word) -> Option<String> {
    match word.parts.as_slice() {
        [super::Part::Text(text, _)] => {
            text.str().filter(|text| text.starts_with('-') && text.len() > 1).map(str::to_owned)
        }
        _ => None,
    }
}

impl Wish {
    /// Whether the option is known.
    fn take(&mut self, option: &str) -> bool {
        let letters = match option {
            "--export" => "x",
            "--unexport" => "u",
            "--global" => "g",
            "--local" => "l",
            "--function" => "f",
            "--universal" => "U",
            "--erase" => "e",
            "--query" => "q",
            "--append" => "a",
            "--prepend" => "p",
            "--names" => "n",
            "--show" => "S",
            "--long" => "L",
            "--path" | "--unpath" => "!",
            long if long.starts_with("--") => "!",
            short => &short[1..],
        };
        for letter in letters.chars() {
            match letter {
                'x' => self.exported = Some(true),
                'u' => self.exported = Some(false),
                'g' | 'l' | 'f' | 'U' => self.scope = Some(letter),
                'e' => self.erases = true,
                'q' => self.asks = true,
                'a' => self.appends = true,
                'p' => self.prepends = true,
                'n' | 'S' => self.shows = true,
                'L' => {}
                _ => return false,
            }
        }
        true
    }
}
