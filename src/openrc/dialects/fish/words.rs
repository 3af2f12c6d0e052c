//! fish's words: quotes, escapes, variables, braces. It knows no values.

use super::grammar::{Grammar, Part, Word};
use crate::openrc::cursor::{is_name_byte, is_name_start};
use crate::openrc::place::{Parsed, Reason};
use crate::openrc::text::Text;

impl Grammar<'_> {
    pub(super) fn word(&mut self) -> Parsed<Word> {
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
        self.parts(&mut parts, b"")?;
        Ok(Word { parts, span: self.0.span(start) })
    }

    /// Parts up to the end of the word, or to one of the bytes that `stop`.
    fn parts(&mut self, parts: &mut Vec<Part>, stop: &[u8]) -> Parsed<()> {
        while let Some(byte) = self.0.peek() {
            let start = self.0.at;
            if stop.contains(&byte) {
                break;
            }
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'|' | b'<' | b'>' | b')' => break,
                b'&' => {
                    let after = self.0.rest().get(1).copied();
                    if after.is_none_or(|byte| b" \t\n;&|>)".contains(&byte)) {
                        break;
                    }
                    self.0.at += 1;
                    parts.push(Part::Opaque(
                        "an & in a word, which fish reads in two ways",
                        self.0.span(start),
                    ));
                }
                b'\'' => self.single(parts)?,
                b'"' => self.double(parts)?,
                b'\\' => self.escape(parts)?,
                b'$' => self.dollar(parts, false)?,
                b'(' => {
                    self.0.at += 1;
                    parts.push(self.substitution(start)?);
                }
                b'{' => self.braces(parts)?,
                b'}' => return self.syntax("this brace was never opened"),
                b'*' | b'?' => {
                    self.0.at += 1;
                    parts.push(Part::Opaque("a pattern of file names", self.0.span(start)));
                }
                b'%' if parts.is_empty() && self.0.rest().starts_with(b"%self") => {
                    self.0.at += 5;
                    parts.push(Part::Opaque("%self", self.0.span(start)));
                }
                _ => {
                    self.0.at += 1;
                    push(parts, &[byte], false);
                }
            }
        }
        Ok(())
    }

    fn single(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        push(parts, b"", true);
        loop {
            match self.0.bump() {
                None => {
                    return self.0.fault(start, Reason::UnterminatedQuote, "this quote has no end");
                }
                Some(b'\'') => return Ok(()),
                Some(b'\\') if matches!(self.0.peek(), Some(b'\'' | b'\\')) => {
                    let byte = self.0.bump().unwrap_or_default();
                    push(parts, &[byte], true);
                }
                Some(byte) => push(parts, &[byte], true),
            }
        }
    }

    fn double(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        push(parts, b"", true);
        loop {
            match self.0.peek() {
                None => {
                    return self.0.fault(start, Reason::UnterminatedQuote, "this quote has no end");
                }
                Some(b'"') => {
                    self.0.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.0.at += 1;
                    match self.0.peek() {
                        Some(b'\n') => self.0.at += 1,
                        Some(byte @ (b'"' | b'$' | b'\\')) => {
                            self.0.at += 1;
                            push(parts, &[byte], true);
                        }
                        _ => push(parts, b"\\", true),
                    }
                }
                Some(b'$') => self.dollar(parts, true)?,
                Some(byte) => {
                    self.0.at += 1;
                    push(parts, &[byte], true);
                }
            }
        }
    }

    fn dollar(&mut self, parts: &mut Vec<Part>, is_quoted: bool) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        if self.0.eat(b"(") {
            parts.push(self.substitution(start)?);
            return Ok(());
        }
        if self.0.peek() == Some(b'$') {
            self.0.take_while(|byte| byte == b'$' || is_name_byte(byte));
            parts.push(Part::Opaque("a variable that is named by another", self.0.span(start)));
            return Ok(());
        }
        let name = self.0.take_while(is_name_byte);
        if name.is_empty() && self.0.peek().is_none_or(|byte| byte < 0x80) {
            return self.0.fault(start, Reason::Syntax, "fish expects a variable's name after this $");
        }
        let name = String::from_utf8_lossy(name).into_owned();
        // An escape is resolved before the name is looked for: its character may belong to the name.
        let is_escaped = !is_quoted
            && self.0.peek() == Some(b'\\')
            && self.0.rest().get(1).is_some_and(|byte| is_name_byte(*byte) || *byte >= 0x80);
        let goes_on = is_escaped || self.0.peek().is_some_and(|byte| byte >= 0x80);
        if goes_on || !name.bytes().next().is_some_and(is_name_start) {
            let what = "a variable whose name is no plain one";
            parts.push(Part::Opaque(what, self.0.span(start)));
            return Ok(());
        }
        let index = if self.0.eat(b"[") {
            let inside = self.0.take_while(|byte| !b"]\n".contains(&byte));
            let number = std::str::from_utf8(inside).ok().and_then(|text| text.trim().parse::<usize>().ok());
            if !self.0.eat(b"]") {
                return self.0.fault(start, Reason::Syntax, "this index has no end");
            }
            Some(number.filter(|number| *number > 0))
        } else {
            None
        };
        parts.push(Part::Variable { name, index, is_quoted, span: self.0.span(start) });
        Ok(())
    }

    /// `{$NAME}` is the variable, `{a,b}` is two words; without a comma or a variable the braces stay.
    fn braces(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.enter(start)?;
        self.0.at += 1;
        let mut inside = Vec::new();
        self.parts(&mut inside, b",}")?;
        match self.0.peek() {
            Some(b'}') => {
                self.0.at += 1;
                let expands = inside.iter().any(|part| !matches!(part, Part::Text(..) | Part::Opaque(..)));
                if expands {
                    parts.append(&mut inside);
                } else if inside.iter().any(|part| matches!(part, Part::Opaque(..))) {
                    parts.push(Part::Opaque("a brace expansion", self.0.span(start)));
                } else {
                    push(parts, b"{", false);
                    parts.append(&mut inside);
                    push(parts, b"}", false);
                }
            }
            Some(b',' | b' ') => {
                let mut depth = 1;
                while depth > 0 {
                    match self.0.bump() {
                        Some(b'{') => depth += 1,
                        Some(b'}') => depth -= 1,
                        Some(b'\\') => {
                            self.0.at += 1;
                        }
                        Some(quote @ (b'\'' | b'"')) => {
                            self.0.take_while(|byte| byte != quote);
                            self.0.at += 1;
                        }
                        None | Some(b'\n') => {
                            return self.0.fault(start, Reason::Syntax, "this brace has no end");
                        }
                        Some(_) => {}
                    }
                }
                parts.push(Part::Opaque("a brace expansion", self.0.span(start)));
            }
            _ => return self.0.fault(start, Reason::Syntax, "this brace has no end"),
        }
        self.0.leave();
        Ok(())
    }

    /// A backslash outside of quotes.
    fn escape(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let start = self.0.at;
        self.0.at += 1;
        let Some(byte) = self.0.bump() else {
            return self.0.fault(start, Reason::Syntax, "the file ends in a backslash");
        };
        let (radix, len_max) = match byte {
            b'x' | b'X' => (16, 2),
            b'u' => (16, 4),
            b'U' => (16, 8),
            b'0'..=b'7' => (8, 3),
            b'\n' => return Ok(()),
            b'c' => {
                self.0.at += 1;
                parts.push(Part::Opaque("a control character", self.0.span(start)));
                return Ok(());
            }
            _ => {
                let plain = match byte {
                    b'a' => 7,
                    b'b' => 8,
                    b'e' => 27,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    byte => byte,
                };
                push(parts, &[plain], true);
                return Ok(());
            }
        };
        if radix == 8 {
            self.0.at -= 1;
        }
        let rest = self.0.rest();
        let digits = rest.iter().take(len_max).take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let number = std::str::from_utf8(&rest[..digits]).ok();
        let number = number.and_then(|digits| u32::from_str_radix(digits, radix).ok());
        self.0.at += digits;
        // Bytes beyond ASCII that are no characters of their own are for those who know what they do.
        let is_byte = matches!(byte, b'x' | b'X' | b'0'..=b'7');
        match number.filter(|number| *number > 0 && (!is_byte || *number < 128)).and_then(char::from_u32) {
            Some(character) => {
                let mut bytes = [0; 4];
                push(parts, character.encode_utf8(&mut bytes).as_bytes(), true);
            }
            None => parts.push(Part::Opaque("an escaped byte", self.0.span(start))),
        }
        Ok(())
    }
}

/// Adds text, to the part before if that is the same kind.
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
