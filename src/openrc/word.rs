//! Words: quotes, escapes and what `$` begins. It keeps how each piece was quoted and expands nothing.

use std::rc::Rc;

use super::ast::{Part, Word};
use super::cursor::{Parser, is_name_byte, is_name_start};
use super::place::{Fault, Parsed, Reason};
use super::text::Text;

/// Where a word stands, which decides where it ends and which quotes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// A command line.
    Line,
    /// `[[ … ]]`, where `@(…)` is a pattern.
    Condition,
    /// The right side of `=~`, where parentheses and bars are the expression's own.
    Regex,
    /// After the operator of `${…}`.
    Brace,
    /// The pattern of `${A/p/w}`, up to a slash.
    Replaced,
    /// The numbers of `${A:0:2}`, up to a colon.
    Offset,
    /// The brackets after a name in `${…}`.
    Index,
    /// After an operator inside double quotes, where single quotes mean nothing.
    QuotedBrace,
}

impl Parser<'_> {
    /// A word, or `None` if none starts here.
    pub(crate) fn word(&mut self, within: Within) -> Parsed<Option<Word>> {
        self.peek();
        let start = self.at;
        let mut word = Word::default();
        let mut parentheses = 0_u32;
        let mut quote = None;
        while let Some(byte) = self.peek() {
            let is_process = matches!(byte, b'<' | b'>') && self.peek_second() == Some(b'(');
            let is_grouped = match within {
                Within::Regex => parentheses > 0 && b" |)".contains(&byte),
                Within::Index => parentheses > 0 && byte == b']',
                _ => false,
            };
            if within == Within::QuotedBrace && byte == b'\'' {
                // It stays in the value, yet the shell looks for the other one of the pair.
                quote = if quote.is_none() { Some(self.at) } else { None };
            }
            if ends(byte, within) && quote.is_none() && !is_grouped && !(within == Within::Line && is_process)
            {
                if byte == b'(' && self.parenthesis(&mut word, within)? {
                    continue;
                }
                break;
            }
            match byte {
                b'(' if within == Within::Regex => parentheses += 1,
                b')' if within == Within::Regex => parentheses -= 1,
                b'[' if within == Within::Index => parentheses += 1,
                b']' if within == Within::Index => parentheses -= 1,
                _ => {}
            }
            let before = word.parts.len();
            self.piece(&mut word.parts, within)?;
            if word.parts.len() > before {
                self.count_piece()?;
            }
        }
        if let Some(quote) = quote {
            return Err(self.unterminated_quote(quote));
        }
        word.span = self.span_from(start);
        let is_brace = !matches!(within, Within::Line | Within::Condition | Within::Regex);
        Ok((is_brace || !word.parts.is_empty()).then_some(word))
    }

    /// `NAME=(…)`, and `@(…)` in a condition: the parenthesis belongs to the word.
    fn parenthesis(&mut self, word: &mut Word, within: Within) -> Parsed<bool> {
        let last = match word.parts.as_slice() {
            [.., Part::Bare(text)] => text.bytes().last().copied(),
            _ => None,
        };
        let start = self.at;
        match (within, last, word.parts.as_slice()) {
            (Within::Line, Some(b'='), [Part::Bare(text)]) if assigns_array(text.bytes()) => {
                self.at += 1;
                let words = self.array(start)?;
                word.parts.push(Part::Array(Rc::new(words)));
                Ok(true)
            }
            (Within::Condition, Some(b'?' | b'*' | b'+' | b'@' | b'!'), _) => {
                let mut depth = 0_u32;
                while let Some(byte) = self.bump() {
                    match byte {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        word.parts.push(Part::Opaque("an extended pattern", self.span_from(start)));
                        return Ok(true);
                    }
                }
                self.syntax("this pattern has no end")
            }
            _ => Ok(false),
        }
    }

    fn array(&mut self, start: usize) -> Parsed<Vec<Word>> {
        self.enter(start)?;
        let mut words = Vec::new();
        loop {
            self.skip_lines()?;
            if self.eat(b')') {
                self.leave();
                return Ok(words);
            }
            match (self.word(Within::Line)?, self.peek()) {
                (Some(word), _) => words.push(word),
                (None, Some(_)) => return self.syntax("an array holds words only"),
                (None, None) => {
                    let what = "this array has no end";
                    return Err(Fault::new(self.span_from(start), Reason::UnterminatedCommand, what));
                }
            }
        }
    }

    /// One quoted run, one expansion or one bare byte.
    fn piece(&mut self, parts: &mut Vec<Part>, within: Within) -> Parsed<()> {
        let start = self.at;
        match self.peek() {
            Some(b'\\') => self.escape(parts, within),
            Some(b'\'') if within != Within::QuotedBrace => {
                self.at += 1;
                let text = self.single(start)?;
                parts.push(Part::Quoted(text));
            }
            Some(b'"') => {
                self.at += 1;
                let inside = self.double(start)?;
                parts.push(Part::Double(inside));
            }
            Some(b'`') => {
                let part = self.backquotes(within == Within::QuotedBrace)?;
                parts.push(part);
            }
            Some(b'$') => {
                let part = self.dollar(within == Within::QuotedBrace)?;
                match part {
                    Some(part) => parts.push(part),
                    None if within == Within::QuotedBrace => push_quoted(parts, b'$'),
                    None => push_bare(parts, b'$'),
                }
            }
            Some(b'<' | b'>') if self.peek_second() == Some(b'(') => {
                self.at += 2;
                let list = self.command_until_parenthesis(start)?;
                parts.push(Part::Process(Rc::new(list), self.span_from(start)));
            }
            Some(byte) => {
                self.at += 1;
                match within {
                    Within::QuotedBrace => push_quoted(parts, byte),
                    _ => push_bare(parts, byte),
                }
            }
            None => {}
        }
        Ok(())
    }

    fn escape(&mut self, parts: &mut Vec<Part>, within: Within) {
        self.at += 1;
        match self.bump_raw() {
            None => push_bare(parts, b'\\'),
            Some(byte) if within == Within::QuotedBrace && !b"$`\"\\}".contains(&byte) => {
                parts.push(Part::Quoted(Text::of(&[b'\\', byte])));
            }
            Some(byte) => parts.push(Part::Quoted(Text::of(&[byte]))),
        }
    }

    /// After `'`, up to the next one.
    fn single(&mut self, start: usize) -> Parsed<Text> {
        let rest = &self.source[self.at..];
        match rest.iter().position(|&byte| byte == b'\'') {
            Some(len) => {
                self.at += len + 1;
                Ok(Text::of(&rest[..len]))
            }
            None => Err(self.unterminated_quote(start)),
        }
    }

    /// After `"`, up to the closing one.
    pub(crate) fn double(&mut self, start: usize) -> Parsed<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.unterminated_quote(start)),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(parts);
                }
                Some(_) => {
                    let before = parts.len();
                    self.quoted_piece(&mut parts, b'"')?;
                    if parts.len() > before {
                        self.count_piece()?;
                    }
                }
            }
        }
    }

    /// What double quotes leave meaning to: `\`, `$` and a backquote. `closing` may be escaped as well.
    pub(crate) fn quoted_piece(&mut self, parts: &mut Vec<Part>, closing: u8) -> Parsed<()> {
        match self.peek() {
            Some(b'\\') => {
                self.at += 1;
                match self.bump_raw() {
                    Some(byte) if byte == closing || b"$`\\".contains(&byte) => push_quoted(parts, byte),
                    Some(byte) => {
                        push_quoted(parts, b'\\');
                        push_quoted(parts, byte);
                    }
                    None => push_quoted(parts, b'\\'),
                }
            }
            Some(b'`') => parts.push(self.backquotes(true)?),
            Some(b'$') => match self.dollar(true)? {
                Some(part) => parts.push(part),
                None => push_quoted(parts, b'$'),
            },
            Some(byte) => {
                self.at += 1;
                push_quoted(parts, byte);
            }
            None => {}
        }
        Ok(())
    }

    fn unterminated_quote(&self, start: usize) -> Box<Fault> {
        let at = self.span_from(start);
        Fault::new(at, Reason::UnterminatedQuote, "this quote is never closed")
            .hint("close it, or write a quote that is part of the value as \\' or \\\"")
    }

    /// At `$`: the expansion, or `None` when the sign stands for itself (it is taken all the same).
    fn dollar(&mut self, is_quoted: bool) -> Parsed<Option<Part>> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'(') if self.peek_second() == Some(b'(') => {
                if let Some(part) = self.arithmetic(start)? {
                    return Ok(Some(part));
                }
                self.two_parentheses(start).map(Some)
            }
            Some(b'(') => {
                self.at += 1;
                self.substitution(start).map(Some)
            }
            Some(b'{') => {
                self.at += 1;
                self.enter(start)?;
                let parameter = self.braced(start, is_quoted)?;
                self.leave();
                Ok(Some(Part::Parameter(Rc::new(parameter))))
            }
            Some(b'\'') if !is_quoted => {
                self.at += 1;
                self.ansi_c(start).map(Some)
            }
            Some(b'"') if !is_quoted => {
                self.at += 1;
                self.double(start).map(|parts| Some(Part::Double(parts)))
            }
            Some(b'[') => {
                self.at += 1;
                self.old_arithmetic(start).map(Some)
            }
            Some(byte) if is_name_start(byte) => {
                let name = self.name();
                Ok(Some(self.reference(start, name)))
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(&byte) => {
                self.at += 1;
                Ok(Some(self.reference(start, char::from(byte).to_string())))
            }
            _ => Ok(None),
        }
    }

    /// The name that starts here; empty if none does.
    pub(crate) fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(byte) = self.peek().filter(|&byte| is_name_byte(byte)) {
            self.at += 1;
            name.push(char::from(byte));
        }
        name
    }
}

fn ends(byte: u8, within: Within) -> bool {
    match within {
        Within::Line | Within::Condition => b" \t\n;&|<>()".contains(&byte),
        Within::Regex => b" \t\n;&<>)".contains(&byte),
        Within::Brace | Within::QuotedBrace => byte == b'}',
        Within::Index => byte == b']',
        Within::Replaced => byte == b'/' || byte == b'}',
        Within::Offset => byte == b':' || byte == b'}',
    }
}

/// `NAME=` or `NAME+=`, and nothing before it.
fn assigns_array(text: &[u8]) -> bool {
    let name = text.strip_suffix(b"=").unwrap_or(text);
    let name = name.strip_suffix(b"+").unwrap_or(name);
    name.first().copied().is_some_and(is_name_start) && name.iter().copied().all(is_name_byte)
}

pub(crate) fn push_bare(parts: &mut Vec<Part>, byte: u8) {
    match parts.last_mut() {
        Some(Part::Bare(text)) => text.push(byte),
        _ => parts.push(Part::Bare(Text::of(&[byte]))),
    }
}

fn push_quoted(parts: &mut Vec<Part>, byte: u8) {
    match parts.last_mut() {
        Some(Part::Quoted(text)) => text.push(byte),
        _ => parts.push(Part::Quoted(Text::of(&[byte]))),
    }
}
