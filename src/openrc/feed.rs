//! Text that commands read instead of the terminal's, `<<< word` and here-documents, line by line; and how `read` deals a
//! line out to names. It asks nobody.

use std::cell::RefCell;
use std::rc::Rc;

use super::ast::{Part, Redirect, RedirectKind};
use super::eval::{Evaluator, Run};
use super::expand::Purpose;
use super::place::Span;
use super::simple::{Input, Stdin};
use super::text::Text;
use super::value::{FAILURE, Known, SUCCESS, Status, Unknown, Val};

/// What is left to be read, shared by all that read from it.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    rest: Rc<RefCell<Rest>>,
    /// How many conditions were not known where it began: deeper in, nobody knows how much of it was read.
    uncertain: u32,
}

/// The text and how much of it was read; or why that is not known.
type Rest = Result<(Rc<Text>, usize), Unknown>;

impl Feed {
    pub(crate) fn new(value: &Val, uncertain: u32) -> Feed {
        let rest = match value {
            Val::Known(known) => Ok((Rc::clone(&known.text), 0)),
            Val::Unknown(unknown) => Err(unknown.as_part()),
        };
        Feed { rest: Rc::new(RefCell::new(rest)), uncertain }
    }

    /// Something may have read of it.
    pub(crate) fn lose(&self, why: Unknown) {
        let mut rest = self.rest.borrow_mut();
        if rest.is_ok() {
            *rest = Err(why);
        }
    }

    /// The next line, up to `end` or, without one, all of it; and what `read` says about it.
    pub(crate) fn line(&self, end: Option<u8>, uncertain: u32, at: Span) -> (Val, Status) {
        if uncertain > self.uncertain {
            self.lose(Unknown::other("how much was read before", at));
        }
        let mut rest = self.rest.borrow_mut();
        let (text, from) = match &mut *rest {
            Ok(rest) => rest,
            Err(unknown) => return (Val::Unknown(unknown.clone()), Status::Unknown(unknown.clone())),
        };
        let left = &text.bytes()[*from..];
        let found = end.and_then(|end| left.iter().position(|&byte| byte == end));
        let line = Val::known(&left[..found.unwrap_or(left.len())]);
        *from = found.map_or(text.len(), |len| *from + len + 1);
        (line, if found.is_some() { SUCCESS } else { FAILURE })
    }
}

impl Evaluator<'_> {
    /// Evaluates the targets of redirections and says what the command reads from.
    /// `reads`: the command itself reads, or holds others that do.
    pub(crate) fn redirects(&mut self, redirects: &[Redirect], reads: bool) -> Run<Input> {
        let mut input = match &self.stdin {
            Stdin::Terminal => Input::Terminal,
            Stdin::Text(feed) => Input::Text(feed.clone()),
            Stdin::Other => Input::Other,
        };
        for redirect in redirects {
            if redirect.kind == RedirectKind::HereDocument {
                input = match redirect.body.as_ref().and_then(|body| body.get()).filter(|_| reads) {
                    Some(body) => {
                        let text = self.expand(body, Purpose::Single)?;
                        Input::Text(Feed::new(&text, self.uncertain))
                    }
                    None => Input::Other,
                };
                continue;
            }
            let target = self.expand(&redirect.target, Purpose::Single)?;
            let path = target.str().unwrap_or_default();
            match redirect.kind {
                RedirectKind::In if redirect.descriptor.unwrap_or(0) == 0 => {
                    input = match path {
                        "/dev/tty" | "/dev/stdin" => Input::Terminal,
                        "/dev/null" => Input::Other,
                        // The shell makes the file: it is there.
                        _ if matches!(redirect.target.parts.as_slice(), [Part::Process(..)]) => Input::Other,
                        _ => Input::File(Unknown::other("a file that is read", redirect.target.span)),
                    };
                }
                RedirectKind::HereString => {
                    let text = target.text().map(|text| {
                        let mut line = text.clone();
                        line.push(b'\n');
                        Val::of(line)
                    });
                    input = Input::Text(Feed::new(&text.unwrap_or(target), self.uncertain));
                }
                RedirectKind::Out if redirect.descriptor.unwrap_or(1) == 1 => {
                    self.is_output_shown &= matches!(path, "/dev/tty" | "/dev/stderr" | "/dev/stdout");
                }
                _ => {}
            }
        }
        Ok(input)
    }
}

/// Fields between separators of which some are no blanks: each of those ends one, blanks around it belong to it.
fn at_separators(line: &[u8], count: usize, separators: &[u8]) -> Vec<Text> {
    let is_separator = |byte: u8| separators.contains(&byte);
    let is_blank = |byte: u8| is_separator(byte) && b" \t\n".contains(&byte);
    let trimmed = |text: &[u8]| {
        let end = text.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
        Text::of(&text[..end])
    };
    let skip = |text: &[u8]| text.iter().take_while(|&&byte| is_blank(byte)).count();
    let mut rest = &line[skip(line)..];
    let mut fields = Vec::new();
    while fields.len() + 1 < count {
        let len = rest.iter().position(|&byte| is_separator(byte)).unwrap_or(rest.len());
        fields.push(Text::of(&rest[..len]));
        rest = &rest[len..];
        rest = &rest[skip(rest)..];
        if rest.first().is_some_and(|&byte| is_separator(byte)) {
            rest = &rest[1..];
            rest = &rest[skip(rest)..];
        }
    }
    let last = trimmed(rest);
    // One separator after the only field that is left ends it; after several it stays.
    let alone =
        last.bytes().split_last().filter(|(end, _)| is_separator(**end)).map(|(_, field)| trimmed(field));
    let alone = alone.filter(|field| !field.bytes().iter().any(|&byte| is_separator(byte)));
    fields.push(alone.unwrap_or(last));
    fields
}

/// A line as `read` deals it out to `count` names.
pub(crate) fn fall_apart(line: &Val, count: usize, is_raw: bool, separators: &[u8], at: Span) -> Vec<Val> {
    let known = match line {
        Val::Known(known) => known,
        Val::Unknown(unknown) => {
            let unknown = if count == 1 { unknown.clone() } else { unknown.as_part() };
            return vec![Val::Unknown(unknown); count];
        }
    };
    let bytes = known.text.bytes();
    let bytes = bytes.split(|&byte| byte == b'\n').next().unwrap_or(bytes);
    let has_visible = bytes.iter().any(|byte| separators.contains(byte) && !b" \t\n".contains(byte));
    let is_odd = !is_raw && bytes.contains(&b'\\') && (count > 1 || has_visible || bytes.ends_with(b"\\"));
    if is_odd {
        return vec![Val::Unknown(Unknown::other("how read takes an answer apart", at)); count];
    }
    if has_visible {
        let answer = known.answer.filter(|_| false);
        let pieces = at_separators(bytes, count, separators);
        return pieces.into_iter().map(|text| Val::Known(Known { text: Rc::new(text), answer })).collect();
    }
    let is_separator = |byte: &u8| separators.contains(byte);
    let mut rest = bytes;
    let mut values = Vec::new();
    for index in 0..count {
        let blanks = rest.iter().take_while(|byte| is_separator(byte)).count();
        rest = &rest[blanks..];
        let len = if index + 1 == count {
            // An escaped blank at the end stays; only raw ones are cut.
            let mut len = rest.len();
            while len > 0 && is_separator(&rest[len - 1]) && (is_raw || len < 2 || rest[len - 2] != b'\\') {
                len -= 1;
            }
            len
        } else {
            rest.iter().take_while(|byte| !is_separator(byte)).count()
        };
        let text = if is_raw { Text::of(&rest[..len]) } else { without_backslashes(&rest[..len]) };
        let answer = known.answer.filter(|_| count == 1);
        values.push(Val::Known(Known { text: Rc::new(text), answer }));
        rest = &rest[len..];
    }
    values
}

fn without_backslashes(bytes: &[u8]) -> Text {
    let mut text = Text::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\\' && at + 1 < bytes.len() {
            at += 1;
        }
        text.push(bytes[at]);
        at += 1;
    }
    text
}
