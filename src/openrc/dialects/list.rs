//! Lists: the variables of fish and csh hold any number of words. One that holds other than one is kept as a single text, the
//! words apart by a byte that no rc file holds, so that the state needs to know texts only.

use crate::openrc::place::Span;
use crate::openrc::state::State;
use crate::openrc::text::Text;
use crate::openrc::value::{Unknown, Val};

const BETWEEN: u8 = 0x1e;
const NONE: u8 = 0x1d;

/// Whether a text could be taken for a list.
pub(super) fn is_ambiguous(bytes: &[u8]) -> bool {
    bytes.contains(&BETWEEN) || bytes.contains(&NONE)
}

pub(super) fn stored(words: &[Val], at: Span) -> Val {
    let (first, rest) = match words {
        [] => return Val::known(&[NONE]),
        [word] => match word.text() {
            Some(text) if is_ambiguous(text.bytes()) => {
                return Val::Unknown(Unknown::other("a control character in a value", at));
            }
            _ => return word.clone(),
        },
        [first, rest @ ..] => (first, rest),
    };
    let mut text = Text::new();
    for (index, word) in std::iter::once(first).chain(rest).enumerate() {
        match word.need() {
            Ok(word) if is_ambiguous(word.bytes()) => {
                return Val::Unknown(Unknown::other("a control character in a value", at));
            }
            Ok(word) => {
                if index > 0 {
                    text.push(BETWEEN);
                }
                text.extend(word.bytes());
            }
            Err(unknown) => return Val::Unknown(unknown.as_part()),
        }
    }
    Val::of(text)
}

/// The words of a stored value; an unknown is one word, of which it is not known how many it is.
pub(super) fn words(value: &Val) -> Vec<Val> {
    match value.text() {
        Some(text) if text.bytes() == [NONE] => Vec::new(),
        Some(text) if text.bytes().contains(&BETWEEN) => {
            text.bytes().split(|&byte| byte == BETWEEN).map(Val::known).collect()
        }
        _ => vec![value.clone()],
    }
}

/// The words with `between` them: what a list is inside quotes, and to programs.
pub(super) fn joined(value: &Val, between: &[u8]) -> Val {
    let Some(text) = value.text().filter(|text| is_ambiguous(text.bytes())) else { return value.clone() };
    let mut all = Text::new();
    for &byte in text.bytes() {
        match byte {
            BETWEEN => all.extend(between),
            NONE => {}
            byte => all.push(byte),
        }
    }
    Val::of(all)
}

/// Makes of every list what a program would see of it.
pub(super) fn spread(state: &mut State) {
    let lists: Vec<_> = state
        .variables()
        .filter(|(_, variable)| {
            let text = variable.value.as_ref().and_then(Val::text);
            text.is_some_and(|text| is_ambiguous(text.bytes()))
        })
        .map(|(name, variable)| (name.clone(), variable.clone()))
        .collect();
    for (name, mut variable) in lists {
        variable.value = variable.value.map(|value| joined(&value, separator(&name)));
        state.put(&name, variable);
    }
}

/// What fish puts between the words of a list: a variable that is a path is told by its name.
pub(super) fn separator(name: &str) -> &'static [u8] {
    if name.ends_with("PATH") { b":" } else { b" " }
}
