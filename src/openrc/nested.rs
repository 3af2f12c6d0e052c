//! What stands inside of something else: `$(…)`, backquotes, `$((…))` and `$[…]`. It is parsed here and computed elsewhere.

use std::rc::Rc;

use super::ast::{Part, Substitution, Word};
use super::cursor::Parser;
use super::place::{Fault, Parsed, Reason};
use super::text::Text;

/// What is longer is no sum, and is not read again as something else.
const ARITHMETIC_LEN_MAX: usize = 4 * 1024;

impl Parser<'_> {
    pub(crate) fn substitution(&mut self, start: usize) -> Parsed<Part> {
        let list = self.command_until_parenthesis(start)?;
        Ok(Part::Command(Rc::new(Substitution::Parsed { list, span: self.span_from(start) })))
    }

    /// At `((` after `$` that is no arithmetic: a substitution that begins with a subshell. Bash only looks for the end here
    /// and parses it when it gets there, so what is no command is a fault of that one word.
    pub(crate) fn two_parentheses(&mut self, start: usize) -> Parsed<Part> {
        let (at, nesting) = (self.at, self.nesting());
        self.eat(b'(');
        match self.substitution(start) {
            Err(fault) if fault.is_syntax() => self.rewind(at, nesting),
            done => return done,
        }
        self.eat(b'(');
        let mut depth = 1_u32;
        while depth > 0 {
            match self.bump_raw() {
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                Some(b'\\') => {
                    self.bump_raw();
                }
                Some(b'\'') => while self.bump_raw().is_some_and(|byte| byte != b'\'') {},
                Some(b'"') => {
                    self.double(self.at - 1)?;
                }
                Some(_) => {}
                None => {
                    let what = "this $(( is never closed";
                    return Err(Fault::new(self.span_from(start), Reason::UnterminatedSubstitution, what));
                }
            }
        }
        Ok(Part::Opaque("what is neither arithmetic nor a command", self.span_from(start)))
    }

    pub(crate) fn backquotes(&mut self, is_quoted: bool) -> Parsed<Part> {
        let start = self.at;
        self.at += 1;
        let mut text = Text::new();
        loop {
            match self.bump_raw() {
                Some(b'`') => break,
                Some(b'\\') => match self.bump_raw() {
                    Some(byte) if b"$`\\".contains(&byte) || (is_quoted && byte == b'"') => text.push(byte),
                    Some(byte) => text.extend(&[b'\\', byte]),
                    None => text.push(b'\\'),
                },
                Some(byte) => text.push(byte),
                None => {
                    let what = "this command substitution has no end";
                    return Err(Fault::new(self.span_from(start), Reason::UnterminatedSubstitution, what));
                }
            }
        }
        Ok(Part::Command(Rc::new(Substitution::Backquoted { text, span: self.span_from(start) })))
    }

    /// At `((` after `$`: `None`, and nothing taken, if it is a subshell in a substitution after all.
    pub(crate) fn arithmetic(&mut self, start: usize) -> Parsed<Option<Part>> {
        let (at, nesting) = (self.at, self.nesting());
        self.eat_all(b"((");
        match self.arithmetic_word(start) {
            Ok(word) => Ok(Some(Part::Arithmetic(Rc::new(word)))),
            Err(fault) if fault.is_limit() => Err(fault),
            Err(_) => {
                self.read_again(at, nesting)?;
                Ok(None)
            }
        }
    }

    /// After `((`, up to `))`.
    pub(crate) fn arithmetic_word(&mut self, start: usize) -> Parsed<Word> {
        self.enter(start)?;
        let mut parts = Vec::new();
        let mut depth = 0_u32;
        loop {
            if self.at - start > ARITHMETIC_LEN_MAX {
                let what = "an arithmetic expression that does not seem to end";
                return Err(Fault::new(self.span_from(start), Reason::TooMuchWork, what));
            }
            match self.peek() {
                Some(b')') if depth == 0 && self.peek_second() == Some(b')') => break,
                Some(b')') if depth == 0 => return self.syntax("an arithmetic expression ends in ))"),
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                Some(b'"') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
                None => return self.syntax("an arithmetic expression ends in ))"),
            }
            self.quoted_piece(&mut parts, b'"')?;
        }
        self.eat_all(b"))");
        self.leave();
        Ok(Word { parts, span: self.span_from(start) })
    }

    /// After `$[`: the old spelling.
    pub(crate) fn old_arithmetic(&mut self, start: usize) -> Parsed<Part> {
        self.enter(start)?;
        let mut parts = Vec::new();
        let mut depth = 1_u32;
        while let Some(byte) = self.peek() {
            match byte {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += 1;
                self.leave();
                return Ok(Part::Arithmetic(Rc::new(Word { parts, span: self.span_from(start) })));
            }
            self.count_piece()?;
            self.quoted_piece(&mut parts, b'"')?;
        }
        Err(Fault::new(self.span_from(start), Reason::UnterminatedSubstitution, "this $[ has no end"))
    }
}
