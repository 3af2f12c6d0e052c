//! Arrays, with numbers or with names for keys: what they hold, and what `${A[1]}`, `${A[@]}` and `${!A[@]}` make of it. The
//! shell exports none of them, so none is a setting.

use std::rc::Rc;

use super::ast::{Assigned, Assignment, Part, Word};
use super::eval::{Evaluator, Run, Stop};
use super::expand::Purpose;
use super::place::Span;
use super::state::{Arguments, Exported, Variable};
use super::text::Text;
use super::value::{Unknown, Val, Why};

/// An rc file lists a few regions or projects. What is larger is not followed.
const ELEMENTS_MAX: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Number(i64),
    Name(Text),
}

/// What an array holds: by number in their order, by name as they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elements {
    pub(crate) is_map: bool,
    entries: Vec<(Key, Val)>,
}

impl Elements {
    pub(crate) fn new(is_map: bool) -> Elements {
        Elements { is_map, entries: Vec::new() }
    }

    fn zero(&self) -> Key {
        if self.is_map { Key::Name(Text::of(b"0")) } else { Key::Number(0) }
    }

    fn find(&self, key: &Key) -> Option<&Val> {
        self.entries.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    /// What the plain name stands for.
    pub(crate) fn first(&self) -> Option<Val> {
        self.find(&self.zero()).cloned()
    }

    fn put(&mut self, key: Key, value: Val) {
        let number = |key: &Key| if let Key::Number(number) = key { *number } else { i64::MAX };
        match self.entries.iter().position(|(own, _)| *own == key) {
            Some(at) => self.entries[at].1 = value,
            None => {
                let at = self.entries.partition_point(|(own, _)| number(own) <= number(&key));
                self.entries.insert(at, (key, value));
            }
        }
    }

    pub(crate) fn put_first(&mut self, value: Val) {
        self.put(self.zero(), value);
    }

    fn remove(&mut self, key: &Key) {
        self.entries.retain(|(own, _)| own != key);
    }

    /// The number after the last one.
    fn end(&self) -> i64 {
        match self.entries.last() {
            Some((Key::Number(number), _)) => number.saturating_add(1),
            _ => 0,
        }
    }

    pub(crate) fn is_same(&self, other: &Elements, same: impl Fn(&Val, &Val) -> bool) -> bool {
        self.is_map == other.is_map
            && self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(|((k, v), (l, w))| k == l && same(v, w))
    }
}

impl Evaluator<'_> {
    /// `A=(…)`, `A+=(…)` and `A[1]=…`. `is_map` is what a declaration says, if one does.
    pub(crate) fn assign_elements(
        &mut self,
        assignment: &Assignment,
        is_map: Option<bool>,
        at: Span,
    ) -> Run<()> {
        let before = self.state.variable(&assignment.name);
        let lost = |variable: &Variable| {
            variable.elements.is_none() && variable.value.as_ref().is_some_and(is_unknown)
        };
        if before.as_ref().is_some_and(|variable| variable.changes_text) {
            return self.lose_elements(assignment, Unknown::other("an array of changed texts", at));
        }
        let is_whole = matches!(assignment.value, Assigned::Array(_)) && !assignment.append;
        if !is_whole && before.as_ref().is_some_and(lost) {
            return self.lose_elements(assignment, Unknown::other("an array that is not known", at));
        }
        let mut elements = elements_of(before.as_ref(), is_map);
        if is_whole {
            elements.entries.clear();
        }
        let done = match &assignment.value {
            Assigned::Array(words) => self.fill(&mut elements, words)?,
            Assigned::Element(index, word) => {
                let value = self.expand(word, Purpose::Assign)?;
                self.put_element(&mut elements, index, value, assignment.append)?.map(|_| ())
            }
            Assigned::Word(_) => Ok(()),
        };
        match done {
            Ok(()) if elements.entries.len() <= ELEMENTS_MAX => {
                self.set_elements(&assignment.name, elements, assignment.span)
            }
            Ok(()) => self.lose_elements(assignment, Unknown::other("an array that is too long", at)),
            Err(why) => self.lose_elements(assignment, why),
        }
    }

    fn fill(&mut self, elements: &mut Elements, words: &[Word]) -> Run<Result<(), Unknown>> {
        let mut next = elements.end();
        for word in words {
            self.spend(1 + elements.entries.len() as u64 / 16, word.span)?;
            if let Some((index, append, value)) = keyed(word) {
                let value = self.expand(&value, Purpose::Assign)?;
                match self.put_element(elements, &index, value, append)? {
                    Ok(Key::Number(number)) => next = number.saturating_add(1),
                    Ok(Key::Name(_)) => {}
                    Err(why) => return Ok(Err(why)),
                }
                continue;
            }
            if elements.is_map {
                return Ok(Err(Unknown::other("keys and values in turn", word.span)));
            }
            for field in self.fields(std::slice::from_ref(word))? {
                if field.is_loose {
                    return Ok(Err(unknown_of(&field.value, word.span)));
                }
                elements.put(Key::Number(next), field.value);
                next = next.saturating_add(1);
                if elements.entries.len() > ELEMENTS_MAX {
                    return Ok(Err(Unknown::other("an array that is too long", word.span)));
                }
            }
        }
        Ok(Ok(()))
    }

    fn put_element(
        &mut self,
        elements: &mut Elements,
        index: &Word,
        value: Val,
        append: bool,
    ) -> Run<Result<Key, Unknown>> {
        let key = match self.key(elements, index)? {
            Ok(key) => key,
            Err(why) => return Ok(Err(why)),
        };
        let value = match elements.find(&key).filter(|_| append) {
            None => value,
            Some(before) => match (before.need(), value.need()) {
                (Ok(before), Ok(after)) => {
                    let mut text = before.clone();
                    text.extend(after.bytes());
                    if text.len() > super::expand::VALUE_LEN_MAX {
                        return Ok(Err(Unknown::other("a value that grows without end", index.span)));
                    }
                    Val::of(text)
                }
                (Err(why), _) | (_, Err(why)) => Val::Unknown(why.as_part()),
            },
        };
        elements.put(key.clone(), value);
        Ok(Ok(key))
    }

    /// The key that stands between the brackets.
    fn key(&mut self, elements: &Elements, index: &Word) -> Run<Result<Key, Unknown>> {
        let text = match self.expand(index, Purpose::Single)? {
            Val::Known(known) => known.text,
            Val::Unknown(why) => return Ok(Err(why.as_part())),
        };
        if elements.is_map {
            return Ok(Ok(Key::Name((*text).clone())));
        }
        let number = if text.bytes().trim_ascii().is_empty() {
            None
        } else {
            self.computed_text(text.bytes(), index.span)?
        };
        let number =
            number.map(|number| if number < 0 { number.saturating_add(elements.end()) } else { number });
        Ok(match number {
            Some(number) if number >= 0 => Ok(Key::Number(number)),
            _ => Err(Unknown::other("an index that is no number", index.span)),
        })
    }

    fn set_elements(&mut self, name: &str, elements: Elements, at: Span) -> Run<()> {
        let first = elements.first();
        self.assign(name, first.clone().unwrap_or(Val::known(b"")), at)?;
        let Some(mut variable) = self.state.variable(name) else { return Ok(()) };
        variable.value = first;
        variable.elements = Some(Rc::new(elements));
        self.state.put(name, variable);
        Ok(())
    }

    fn lose_elements(&mut self, assignment: &Assignment, why: Unknown) -> Run<()> {
        self.assign(&assignment.name, Val::Unknown(why.clone()), assignment.span)?;
        self.state.forget(&assignment.name, &why);
        Ok(())
    }

    /// `declare -a A`, which makes an array of what there is.
    pub(crate) fn declare_elements(&mut self, name: &str, is_map: bool, at: Span) {
        let Some(mut variable) = self.state.variable(name).or(Some(Variable::unset(at))) else { return };
        if variable.elements.is_none() && !variable.value.as_ref().is_some_and(is_unknown) {
            variable.elements = Some(Rc::new(elements_of(Some(&variable), Some(is_map))));
            self.state.put(name, variable);
        }
    }

    /// `${A[index]}`
    pub(crate) fn element(&mut self, name: &str, index: &Word, at: Span) -> Run<Val> {
        let elements = match self.elements(name, at) {
            Ok(elements) => elements,
            Err(why) => return Ok(Val::Unknown(why)),
        };
        let key = match self.key(&elements, index)? {
            Ok(key) => key,
            Err(why) => return Ok(Val::Unknown(why)),
        };
        match elements.find(&key) {
            Some(value) => Ok(value.clone()),
            None if self.state.refuses_unset => Err(Stop::Exit(at)),
            None => Ok(Val::known(b"")),
        }
    }

    /// All elements of an array, or its keys.
    pub(crate) fn all_elements(&mut self, name: &str, are_keys: bool, at: Span) -> Arguments {
        let elements = match self.elements(name, at) {
            Ok(elements) => elements,
            Err(why) => return Arguments::Unknown(why),
        };
        if elements.is_map && elements.entries.len() > 1 {
            return Arguments::Unknown(Unknown::other("the order of an array with names for keys", at));
        }
        let entries = elements.entries.iter();
        Arguments::Known(Rc::new(match are_keys {
            false => entries.map(|(_, value)| value.clone()).collect(),
            true => entries
                .map(|(key, _)| match key {
                    Key::Number(number) => Val::known(number.to_string().as_bytes()),
                    Key::Name(text) => Val::of(text.clone()),
                })
                .collect(),
        }))
    }

    /// `${#A[@]}`
    pub(crate) fn count_elements(&mut self, name: &str, at: Span) -> Val {
        match self.elements(name, at) {
            Ok(elements) => Val::known(elements.entries.len().to_string().as_bytes()),
            Err(why) => Val::Unknown(why),
        }
    }

    /// What stands under a name, as an array; a plain variable is one of one element.
    fn elements(&mut self, name: &str, at: Span) -> Result<Rc<Elements>, Unknown> {
        if super::parameter::is_lively(name) || name == "BASH_SOURCE" || !super::cursor::is_name(name) {
            return Err(Unknown::new(Why::Session(format!("${name}")), at));
        }
        let variable = self.state.variable(name);
        match variable.as_ref().map(|variable| (&variable.elements, &variable.value)) {
            Some((Some(elements), _)) => Ok(Rc::clone(elements)),
            Some((None, Some(Val::Unknown(why)))) => Err(why.as_part()),
            _ => Ok(Rc::new(elements_of(variable.as_ref(), None))),
        }
    }

    /// `unset 'A[1]'`
    pub(crate) fn unset_element(&mut self, name: &str, index: &str, at: Span) -> Run<()> {
        let why = Unknown::other("an element of an array", at);
        let Some(variable) = self.state.variable(name) else { return Ok(()) };
        let plain = !index.is_empty()
            && index.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let Some(elements) = variable.elements.as_ref().filter(|_| plain) else {
            self.state.forget(name, &why);
            return Ok(());
        };
        let mut elements = (**elements).clone();
        let word = Word { parts: vec![Part::Bare(Text::of(index.as_bytes()))], span: at };
        match self.key(&elements, &word)? {
            Ok(key) => elements.remove(&key),
            Err(_) => {
                self.state.forget(name, &why);
                return Ok(());
            }
        }
        self.state
            .put(name, Variable { value: elements.first(), elements: Some(Rc::new(elements)), ..variable });
        Ok(())
    }

    /// The value of an array as a setting: bash marks it, and hands it to no program.
    pub(crate) fn as_setting(variable: &Variable) -> Option<Val> {
        match (&variable.elements, variable.exported) {
            (Some(_), Exported::Yes | Exported::Maybe) => Some(Val::Unknown(Unknown::other(
                "an array, which the shell hands to no program",
                variable.at,
            ))),
            _ => variable.value.clone(),
        }
    }
}

fn is_unknown(value: &Val) -> bool {
    matches!(value, Val::Unknown(_))
}

fn unknown_of(value: &Val, at: Span) -> Unknown {
    match value {
        Val::Unknown(why) => why.as_part(),
        Val::Known(_) => Unknown::other("a list of words", at),
    }
}

fn elements_of(variable: Option<&Variable>, is_map: Option<bool>) -> Elements {
    match variable {
        Some(Variable { elements: Some(elements), .. }) => (**elements).clone(),
        variable => {
            let mut elements = Elements::new(is_map.unwrap_or(false));
            if let Some(value) = variable.and_then(|variable| variable.value.clone()) {
                elements.put_first(value);
            }
            elements
        }
    }
}

/// A word of `(…)` that is `[key]=value`.
fn keyed(word: &Word) -> Option<(Word, bool, Word)> {
    let Some(Part::Bare(first)) = word.parts.first() else { return None };
    first.bytes().starts_with(b"[").then(|| split_at_index(word, 1))?
}

/// The index from `from` on in the word's first part, whether `+=` follows it, and the value behind that.
pub(crate) fn split_at_index(word: &Word, from: usize) -> Option<(Word, bool, Word)> {
    let mut index = Vec::new();
    for (at, part) in word.parts.iter().enumerate() {
        let Part::Bare(text) = part else {
            index.push(part.clone());
            continue;
        };
        let bytes = &text.bytes()[if at == 0 { from } else { 0 }..];
        let found = (0..bytes.len())
            .find(|&len| bytes[len] == b']')
            .filter(|&len| bytes[len + 1..].starts_with(b"=") || bytes[len + 1..].starts_with(b"+="));
        let before = found.map_or(bytes, |len| &bytes[..len]);
        if !before.is_empty() {
            index.push(Part::Bare(Text::of(before)));
        }
        let Some(len) = found else { continue };
        let append = bytes[len + 1] == b'+';
        let rest = &bytes[len + 2 + usize::from(append)..];
        let mut value = Vec::new();
        if !rest.is_empty() {
            value.push(Part::Bare(Text::of(rest)));
        }
        value.extend_from_slice(&word.parts[at + 1..]);
        let word = |parts| Word { parts, span: word.span };
        return Some((word(index), append, word(value)));
    }
    None
}
