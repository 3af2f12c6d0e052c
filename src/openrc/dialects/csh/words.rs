//! csh's words: quotes, escapes, variables and their modifiers. It knows no values.

use std::rc::Rc;

use super::grammar::Grammar;
use crate::openrc::cursor::{is_name_byte, is_name_start};
use crate::openrc::place::{Fault, Parsed, Reason, Span};
use crate::openrc::text::Text;

pub(super) const BRACES: &str = "a brace expansion";
pub(super) const PATTERN: &str = "a pattern of file names";

#[derive(Debug)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum Part {
    /// The text, and whether it stood in quotes.
    Text(Text, bool),
    Variable(Rc<Variable>),
    /// `$<`
    Input {
        is_quoted: bool,
        span: Span,
    },
    /// `` `…` ``, with the name of its command
    Command(String, Span),
    Home,
    Opaque(&'static str, Span),
    /// An operator of a condition.
    Sign(&'static [u8]),
    /// `(…)`
    List(Vec<Word>),
}

#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// `[N]`; `Some(None)` is an index that is not read.
    pub(super) index: Option<Option<usize>>,
    pub(super) is_quoted: bool,
    /// `:q`
    pub(super) is_kept_whole: bool,
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Value,
    /// `$?NAME`
    IsSet,
    /// `$#NAME`, and what a modifier makes
    Unread,
    /// A modifier that there is not: csh gives up here.
    Wrong,
}

impl Word {
    pub(super) fn sign(sign: &'static [u8], span: Span) -> Word {
        Word { parts: vec![Part::Sign(sign)], span }
    }

    pub(super) fn list(words: Vec<Word>, span: Span) -> Word {
        Word { parts: vec![Part::List(words)], span }
    }

    pub(super) fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text, false)] => text.str(),
            _ => None,
        }
    }

    pub(super) fn is_sign(&self, sign: &[u8]) -> bool {
        matches!(self.parts.as_slice(), [Part::Sign(other)] if *other == sign)
    }

    /// Every variable in it.
    pub(super) fn variables(&self) -> Vec<Rc<Variable>> {
        let one = |part: &Part| match part {
            Part::Variable(variable) => vec![Rc::clone(variable)],
            Part::List(words) => words.iter().flat_map(Word::variables).collect(),
            _ => Vec::new(),
        };
        self.parts.iter().flat_map(one).collect()
    }

    pub(super) fn reference(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Variable(variable)] if variable.kind == Kind::Value && variable.index.is_none() => {
                Some(&variable.name)
            }
            _ => None,
        }
    }
}

/// Whether the `!` here is a word of the history.
pub(super) fn is_event(rest: &[u8]) -> bool {
    rest.first() == Some(&b'!') && rest.get(1).is_some_and(|byte| !b" \t\n=~(\"".contains(byte))
}

impl Grammar<'_> {
    /// A word; it ends before blanks, the signs of the shell, and the bytes of `stop`.
    pub(super) fn word(&mut self, stop: &[u8]) -> Parsed<Word> {
        let start = self.0.at;
        let mut parts = Vec::new();
        if self.0.peek() == Some(b'~') {
            self.0.at += 1;
            let ends = self.0.peek().is_none_or(|byte| b"/ \t\n;)".contains(&byte));
            parts.push(if ends {
                Part::Home
            } else {
                Part::Opaque("another user's home", self.0.span(start))
            });
        }
        while let Some(byte) = self.0.peek() {
            let at = self.0.at;
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'|' | b'&' | b'<' | b'>' | b')' => break,
                // A comment may begin inside a word.
                b'#' => break,
                byte if stop.contains(&byte) && at > start => break,
                b'(' => return self.0.fault(at, Reason::Syntax, "this parenthesis cannot stand here"),
                b'\'' => self.single(&mut parts)?,
                b'"' => self.double(&mut parts)?,
                b'\\' => match self.0.rest().get(1) {
                    Some(b'\n') => break,
                    Some(&byte) => {
                        self.0.at += 2;
                        push(&mut parts, &[byte], true);
                    }
                    None => return self.0.fault(at, Reason::Syntax, "the file ends in a backslash"),
                },
                b'$' => self.dollar(&mut parts, false)?,
                b'`' => self.backquotes(&mut parts)?,
                b'!' => {
                    self.event(b'"')?;
                    self.0.at += 1;
                    push(&mut parts, b"!", false);
                }
                b'*' | b'?' | b'[' => {
                    self.0.at += 1;
                    parts.push(Part::Opaque(PATTERN, self.0.span(at)));
                }
                b'{' => {
                    self.0.at += 1;
                    parts.push(Part::Opaque(BRACES, self.0.span(at)));
                }
                _ => {
                    self.0.at += 1;
                    push(&mut parts, &[byte], false);
                }
            }
        }
        if self.0.at == start {
            return self.0.fault(start, Reason::Syntax, "this cannot stand here");
        }
        Ok(Word { parts, span: self.0.span(start) })
    }

    /// csh looks for `!` in quotes too.
    fn event(&self, quote: u8) -> Parsed<()> {
        if !is_event(self.0.rest()) || self.0.rest().get(1) == Some(&quote) {
            return Ok(());
        }
        let at = Span { file: self.0.file, start: self.0.at as u32, end: self.0.at as u32 + 1 };
        let what = "csh takes this ! for a command of its history, also in quotes";
        Err(Fault::new(at, Reason::Syntax, what).hint("write \\! where the value has a !"))
    }

    fn unterminated<T>(&self, start: usize) -> Parsed<T> {
        self.0.fault(start, Reason::UnterminatedQuote, "this quote has no end on its line")
    }

    fn single(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        push(parts, b"", true);
        loop {
            match self.0.peek() {
                None | Some(b'\n') => return self.unterminated(start),
                Some(b'\'') => {
                    self.0.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.backslash(parts),
                Some(byte) => {
                    self.event(b'\'')?;
                    self.0.at += 1;
                    push(parts, &[byte], true);
                }
            }
        }
    }

    /// In quotes a backslash quotes the end of the line and `!` alone.
    fn backslash(&mut self, parts: &mut Vec<Part>) {
        match self.0.rest().get(1) {
            Some(byte @ (b'\n' | b'!')) => {
                self.0.at += 2;
                push(parts, &[*byte], true);
            }
            _ => {
                self.0.at += 1;
                push(parts, b"\\", true);
            }
        }
    }

    fn double(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        push(parts, b"", true);
        loop {
            match self.0.peek() {
                None | Some(b'\n') => return self.unterminated(start),
                Some(b'"') => {
                    self.0.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.backslash(parts),
                Some(b'$') => self.dollar(parts, true)?,
                Some(b'`') => self.backquotes(parts)?,
                Some(byte) => {
                    self.event(b'"')?;
                    self.0.at += 1;
                    push(parts, &[byte], true);
                }
            }
        }
    }

    fn backquotes(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        let inside = self.0.take_while(|byte| byte != b'`' && byte != b'\n');
        if !self.0.eat(b"`") {
            return self.0.fault(
                start,
                Reason::UnterminatedSubstitution,
                "this substitution has no end on its line",
            );
        }
        let name = inside.trim_ascii().split(|byte| b" \t|;".contains(byte)).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        parts.push(Part::Command(name, self.0.span(start)));
        Ok(())
    }

    fn dollar(&mut self, parts: &mut Vec<Part>, is_quoted: bool) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        if self.0.eat(b"<") {
            let is_quoted = self.0.eat(b":q") || is_quoted;
            parts.push(Part::Input { is_quoted, span: self.0.span(start) });
            return Ok(());
        }
        if self.0.peek().is_none_or(|byte| b" \t\n".contains(&byte)) {
            push(parts, b"$", is_quoted);
            return Ok(());
        }
        let has_braces = self.0.eat(b"{");
        let kind = if self.0.eat(b"?") {
            Kind::IsSet
        } else if self.0.eat(b"#") || self.0.eat(b"%") {
            Kind::Unread
        } else {
            Kind::Value
        };
        let name = self.0.take_while(is_name_byte);
        if !name.first().is_some_and(|byte| is_name_start(*byte)) {
            if self.0.peek().is_some_and(|byte| b"$*0123456789".contains(&byte)) || !name.is_empty() {
                self.0.take_while(|byte| b"$*}".contains(&byte));
                parts.push(Part::Opaque("an argument, or a number of the process", self.0.span(start)));
                return Ok(());
            }
            return self.0.fault(start, Reason::Syntax, "csh expects a variable's name after this $");
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let index = if self.0.eat(b"[") {
            let inside = self.0.take_while(|byte| !b"]\n".contains(&byte));
            self.0.eat(b"]");
            Some(
                std::str::from_utf8(inside)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .filter(|index| *index > 0),
            )
        } else {
            None
        };
        let (kind, is_kept_whole) = self.modifiers(kind);
        if has_braces && !self.0.eat(b"}") {
            return self.0.fault(start, Reason::Syntax, "this brace has no end");
        }
        let span = self.0.span(start);
        let variable = Variable { name, kind, index, is_quoted, is_kept_whole, span };
        parts.push(Part::Variable(Rc::new(variable)));
        Ok(())
    }

    /// `:q` and the like, and what a colon makes of it that is no modifier.
    fn modifiers(&mut self, kind: Kind) -> (Kind, bool) {
        let (mut kind, mut is_kept_whole) = (kind, false);
        while self.0.peek() == Some(b':') {
            match self.0.rest().get(1) {
                Some(b'q') => is_kept_whole = true,
                Some(b'x' | b'h' | b't' | b'r' | b'e' | b'u' | b'l' | b'g' | b'a' | b's' | b'&') => {
                    kind = Kind::Unread;
                }
                _ => {
                    kind = Kind::Wrong;
                    break;
                }
            }
            self.0.at += 2;
        }
        (kind, is_kept_whole)
    }
}

fn push(parts: &mut Vec<Part>, bytes: &[u8], is_quoted: bool) {
    match parts.last_mut() {
        Some(Part::Text(text, quoted)) if *quoted == is_quoted => text.extend(bytes),
        _ => {
            let mut text = Text::new();
            text.extend(bytes);
            parts.push(Part::Text(text, is_quoted));
        }
    }
}
