//! What `env` has printed: each value as it is up to the end of its line. And dotenv files, which a shell and the tools that
//! read them do not always read alike: where they would not, the value is not known.

use std::rc::Rc;

use super::effects::Written;
use crate::openrc::dialect::plain_value;
use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::place::{Fault, Reason, Span};
use crate::openrc::state::{Exported, Variable};
use crate::openrc::value::{Unknown, Val};
use crate::openrc::warn::Kind;

pub(super) fn read(reader: &mut Evaluator<'_>) -> Run<Flow> {
    let source = Rc::clone(&reader.sources[0]);
    let mut last: Option<String> = None;
    for (start, line) in lines(&source.text) {
        let at = |from: usize, to: usize| Span { file: 0, start: from as u32, end: to as u32 };
        let whole = at(start, start + line.len());
        reader.spend(1, whole)?;
        match plain_value(line) {
            Some(value) => {
                let name = &line[..line.len() - value.len() - 1];
                let name = String::from_utf8_lossy(name).into_owned();
                let word = at(start + line.len() - value.len(), start + line.len());
                let written = Written { word, at: whole, copies: None };
                reader.put(&name, Val::known(value), Some(true), written)?;
                last = Some(name);
            }
            None if line.trim_ascii().is_empty() => {}
            // `ProgramFiles(x86)=`, and functions that bash exports.
            None if is_odd_name(line) => last = None,
            // What follows one of those.
            None if last.is_none() && start > 0 => {}
            // The value before went over the end of its line.
            None => match &last {
                Some(name) => reader.state.forget(name, &Unknown::other("a value of several lines", whole)),
                None => {
                    let what = "this is neither NAME=value nor the rest of one";
                    return Err(Fault::new(whole, Reason::Dialect, what).into());
                }
            },
        }
    }
    Ok(Flow::Next)
}

fn is_odd_name(line: &[u8]) -> bool {
    let len = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_()%".contains(byte)).count();
    len > 0 && line.get(len) == Some(&b'=')
}

fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    text.split(|&byte| byte == b'\n').map(move |line| {
        let at = start;
        start += line.len() + 1;
        (at, line)
    })
}

/// After the shell's reader: what a dotenv tool would take otherwise is not known.
pub(crate) fn doubt(reader: &mut Evaluator<'_>) {
    let source = Rc::clone(&reader.sources[0]);
    for (start, line) in lines(&source.text) {
        let Some(value) = plain_value(line) else { continue };
        let name = String::from_utf8_lossy(&line[..line.len() - value.len() - 1]).into_owned();
        let is_set = |name: &str| reader.state.variable(name).is_some_and(|found| found.value.is_some());
        if is_read_alike(value, is_set) {
            continue;
        }
        let from = (start + line.len() - value.len()) as u32;
        let at = Span { file: 0, start: from, end: (start + line.len()) as u32 };
        let text = format!(
            "a shell and the tools that read such files take {name} differently; put the value into single quotes"
        );
        reader.warn(at, Kind::ReadDifferently, text);
        let before = reader.state.variable(&name);
        let why =
            Unknown::other("who reads this line: a shell and the tools for such files do it differently", at);
        let exported = before.map_or(Exported::No, |variable| variable.exported);
        let value = Some(Val::Unknown(why));
        reader.state.put(&name, Variable { value, exported, ..Variable::unset(at) });
    }
}

/// Whether all who read such a file take the same value from it.
fn is_read_alike(value: &[u8], is_set: impl Fn(&str) -> bool) -> bool {
    let is_end = |rest: &[u8]| {
        let rest = rest.trim_ascii_start();
        rest.is_empty() || rest.starts_with(b"#")
    };
    match value.first() {
        None => true,
        Some(b'\'') => {
            let inside = &value[1..];
            let len = inside.iter().position(|&byte| byte == b'\'');
            len.is_some_and(|len| is_end(&inside[len + 1..]) && !inside[..len].contains(&b'\\'))
        }
        Some(b'"') => {
            let inside = &value[1..];
            let len = inside.iter().position(|&byte| byte == b'"');
            len.is_some_and(|len| is_end(&inside[len + 1..]) && is_plain(&inside[..len], is_set))
        }
        Some(_) => {
            let len = value.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(value.len());
            let special = |byte: &u8| b"'\";&|<>()".contains(byte);
            is_end(&value[len..]) && !value[..len].iter().any(special) && is_plain(&value[..len], is_set)
        }
    }
}

/// No backslash, no substitution, and references only to what the file itself sets.
fn is_plain(text: &[u8], is_set: impl Fn(&str) -> bool) -> bool {
    if text.iter().any(|byte| b"\\`".contains(byte)) {
        return false;
    }
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'$') {
        rest = &rest[at + 1..];
        let Some(inside) = rest.strip_prefix(b"{") else { return false };
        let len = inside.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let name = std::str::from_utf8(&inside[..len]).unwrap_or_default();
        if inside.get(len) != Some(&b'}') || !is_set(name) {
            return false;
        }
        rest = &inside[len..];
    }
    true
}
