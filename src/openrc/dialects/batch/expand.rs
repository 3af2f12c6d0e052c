//! What cmd puts in: `%NAME%`, `%%`, `!NAME!`, and the carets that it takes away. A value that would change how the line is
//! read makes it unknown.

use super::Batch;
use crate::openrc::eval::Evaluator;
use crate::openrc::place::Span;
use crate::openrc::text::Text;
use crate::openrc::value::{Unknown, Val};

/// A piece of a line, put in.
pub(super) struct Expanded {
    pub(super) value: Val,
    /// The variable that it is and nothing else.
    pub(super) copies: Option<String>,
    /// Variables that nothing sets.
    pub(super) unset: Vec<String>,
}

/// Text that is put together, as long as all of it is known.
struct Builder {
    text: Text,
    unknown: Option<Unknown>,
    pieces: usize,
    only: Option<(Val, String)>,
    unset: Vec<String>,
}

impl Builder {
    fn push(&mut self, bytes: &[u8]) {
        self.pieces += 1;
        self.text.extend(bytes);
    }

    fn variable(&mut self, value: Option<Val>, name: &str, is_quoted: bool, is_late: bool, at: Span) {
        self.pieces += 1;
        let Some(value) = value else {
            self.unset.push(name.to_owned());
            return;
        };
        match value.text() {
            Some(text) => {
                let changes = |byte: &u8| {
                    let always: &[u8] = b"\"%!\n";
                    let outside: &[u8] = b"&|<>^()";
                    !is_late && (always.contains(byte) || (!is_quoted && outside.contains(byte)))
                };
                if text.bytes().iter().any(changes) {
                    let why = Unknown::other("a value that changes how cmd reads the line", at);
                    self.unknown.get_or_insert(why);
                } else {
                    self.text.extend(text.bytes());
                }
            }
            None => {
                if let Err(unknown) = value.need() {
                    self.unknown.get_or_insert(unknown.clone());
                }
            }
        }
        self.only = Some((value, name.to_owned()));
    }

    fn done(self) -> Expanded {
        let is_one = self.pieces == 1;
        match (self.only, self.unknown) {
            // The answer of a question may hold anything, and still comes to the variable as it is.
            (Some((value, name)), None) if is_one => {
                Expanded { value, copies: Some(name), unset: self.unset }
            }
            (Some((value @ Val::Unknown(_), name)), Some(_)) if is_one => {
                Expanded { value, copies: Some(name), unset: self.unset }
            }
            (_, Some(unknown)) => {
                Expanded { value: Val::Unknown(unknown.as_part()), copies: None, unset: self.unset }
            }
            _ => Expanded { value: Val::of(self.text), copies: None, unset: self.unset },
        }
    }
}

impl Batch {
    /// The text of a piece of the file, with all put in and the carets taken away.
    pub(super) fn expanded(&self, reader: &Evaluator<'_>, span: Span) -> Expanded {
        let bytes = reader.sources.get(usize::from(span.file));
        let bytes = bytes.and_then(|source| source.text.get(span.start as usize..span.end as usize));
        self.of_bytes(reader, bytes.unwrap_or_default(), false, span)
    }

    pub(super) fn of_bytes(
        &self,
        reader: &Evaluator<'_>,
        bytes: &[u8],
        quoted: bool,
        span: Span,
    ) -> Expanded {
        let mut all = Builder { text: Text::new(), unknown: None, pieces: 0, only: None, unset: Vec::new() };
        let mut is_quoted = quoted;
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match rest[0] {
                b'%' => at += self.percent(reader, rest, is_quoted, span, &mut all),
                b'!' if self.is_delayed.get() => match rest[1..].iter().position(|&byte| byte == b'!') {
                    Some(len) if len > 0 => {
                        let name = String::from_utf8_lossy(&rest[1..=len]).to_uppercase();
                        if name.contains([':', ' ']) {
                            all.unknown.get_or_insert(Unknown::other("a part of a value", span));
                        }
                        let value = reader.state.variable(&name).and_then(|variable| variable.value);
                        all.variable(value, &name, is_quoted, true, span);
                        at += len + 2;
                    }
                    _ => at += 1,
                },
                b'^' if !is_quoted => {
                    if let Some(&byte) = rest.get(1).filter(|byte| **byte != b'\n') {
                        all.push(&[byte]);
                    }
                    at += 2;
                }
                byte => {
                    is_quoted ^= byte == b'"';
                    all.push(&[byte]);
                    at += 1;
                }
            }
        }
        all.done()
    }

    /// What begins with a percent sign; returns how long it is.
    fn percent(
        &self,
        reader: &Evaluator<'_>,
        rest: &[u8],
        is_quoted: bool,
        span: Span,
        all: &mut Builder,
    ) -> usize {
        match rest.get(1) {
            Some(b'%') => {
                let key = rest.get(2).map(|letter| format!("%{}", char::from(*letter)));
                let bound =
                    key.as_ref().and_then(|key| reader.state.variable(key)).and_then(|found| found.value);
                if rest.get(2) == Some(&b'~') {
                    all.unknown.get_or_insert(Unknown::other("a part of a loop's word", span));
                    return 3;
                }
                match (bound, key) {
                    (Some(value), Some(key)) => {
                        all.variable(Some(value), &key, is_quoted, true, span);
                        3
                    }
                    _ => {
                        all.push(b"%");
                        2
                    }
                }
            }
            Some(digit) if digit.is_ascii_digit() || b"*~".contains(digit) => {
                let why = Unknown::other("an argument, or the place of the file", span);
                match (reader.context.args.get(usize::from(digit.wrapping_sub(b'1'))), digit) {
                    (Some(argument), b'1'..=b'9') => all.push(argument.as_bytes()),
                    (None, b'1'..=b'9') => all.pieces += 1,
                    _ => {
                        all.unknown.get_or_insert(why);
                    }
                }
                let tail = rest[2..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                if *digit == b'~' { 2 + tail } else { 2 }
            }
            _ => match rest[1..].iter().position(|&byte| byte == b'%') {
                Some(len) if len > 0 && !rest[1..=len].contains(&b'\n') => {
                    let name = String::from_utf8_lossy(&rest[1..=len]).to_uppercase();
                    match name.split_once(':') {
                        Some((name, _)) if self.held(reader, name).is_some() => {
                            all.pieces += 1;
                            all.unknown.get_or_insert(Unknown::other("a part of a value", span));
                        }
                        Some((name, tail)) => {
                            // Of a variable that is not set the rest stays.
                            all.unset.push(name.to_owned());
                            all.push(tail.as_bytes());
                        }
                        None => all.variable(self.held(reader, &name), &name, is_quoted, false, span),
                    }
                    len + 2
                }
                // One that stands alone goes.
                _ => 1,
            },
        }
    }

    /// What the variable held before the line.
    fn held(&self, reader: &Evaluator<'_>, name: &str) -> Option<Val> {
        match &*self.before.borrow() {
            Some(state) => state.variable(name)?.value,
            None => reader.state.variable(name)?.value,
        }
    }
}
