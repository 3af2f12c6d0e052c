//! The longer things that `$` begins: `${…}` with its operators, and `$'…'` with its escapes.

use super::ast::{Default_, Operator, Parameter, Part, Replaced, Word};
use super::cursor::{Parser, is_name_start};
use super::place::{Fault, Parsed, Reason};
use super::text::Text;
use super::word::Within;

use std::rc::Rc;

impl Parser<'_> {
    pub(crate) fn reference(&self, start: usize, name: String) -> Part {
        let span = self.span_from(start);
        Part::Parameter(Rc::new(Parameter { name, operator: Operator::None, is_braced: false, span }))
    }

    /// After `${`, up to its `}`.
    pub(crate) fn braced(&mut self, start: usize, is_quoted: bool) -> Parsed<Parameter> {
        if self.peek() == Some(b'#') && self.peek_second() != Some(b'}') {
            return self.length(start);
        }
        if self.peek() == Some(b'!') && self.peek_second() != Some(b'}') {
            return self.indirect(start, is_quoted);
        }
        let name = self.parameter_name(start)?;
        let index = self.index(start)?;
        if self.eat(b'}') {
            let operator = index.map_or(Operator::None, |index| of_index(index, false));
            return Ok(Parameter { name, operator, is_braced: true, span: self.span_from(start) });
        }
        let operator = match index {
            None => self.operator(start, is_quoted)?,
            Some(_) => self.other_operator(start, is_quoted)?,
        };
        Ok(Parameter { name, operator, is_braced: true, span: self.span_from(start) })
    }

    fn length(&mut self, start: usize) -> Parsed<Parameter> {
        self.at += 1;
        let name = self.parameter_name(start)?;
        let operator = match self.index(start)?.map(|index| of_index(index, false)) {
            None => Operator::Length,
            Some(Operator::All { .. }) => Operator::Count,
            Some(_) => Operator::Other,
        };
        self.closing_brace(start)?;
        Ok(Parameter { name, operator, is_braced: true, span: self.span_from(start) })
    }

    fn indirect(&mut self, start: usize, is_quoted: bool) -> Parsed<Parameter> {
        self.at += 1;
        let name = self.parameter_name(start)?;
        let operator = match (self.index(start)?, self.peek()) {
            (None, Some(b'}')) => Operator::Indirect,
            (None, Some(b'*' | b'@')) if self.peek_second() == Some(b'}') => {
                self.at += 1;
                Operator::NamesOf
            }
            (Some(index), Some(b'}')) => match of_index(index, true) {
                all @ Operator::All { .. } => all,
                _ => Operator::Other,
            },
            _ => {
                let operator = self.other_operator(start, is_quoted)?;
                return Ok(Parameter { name, operator, is_braced: true, span: self.span_from(start) });
            }
        };
        self.closing_brace(start)?;
        Ok(Parameter { name, operator, is_braced: true, span: self.span_from(start) })
    }

    fn parameter_name(&mut self, start: usize) -> Parsed<String> {
        match self.peek() {
            Some(byte) if is_name_start(byte) => Ok(self.name()),
            Some(byte) if byte.is_ascii_digit() => {
                let mut digits = String::new();
                while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
                    self.at += 1;
                    digits.push(char::from(digit));
                }
                let trimmed = digits.trim_start_matches('0');
                Ok(if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() })
            }
            Some(byte) if b"@*#?-$!".contains(&byte) => {
                self.at += 1;
                Ok(char::from(byte).to_string())
            }
            Some(_) => Err(self.bad_substitution(start)),
            None => Err(self.unterminated_brace(start)),
        }
    }

    /// `[…]` after a name. The first element of what is no array is the thing itself, so `[0]` says nothing.
    fn index(&mut self, start: usize) -> Parsed<Option<Word>> {
        if !self.eat(b'[') {
            return Ok(None);
        }
        let index = match self.word(Within::Index) {
            Err(fault) if fault.is_syntax() => return Err(self.unterminated_brace(start)),
            index => index?.unwrap_or_default(),
        };
        if !self.eat(b']') {
            return Err(self.unterminated_brace(start));
        }
        Ok((index.bare() != Some("0")).then_some(index))
    }

    fn operator(&mut self, start: usize, is_quoted: bool) -> Parsed<Operator> {
        let colon = self.peek() == Some(b':')
            && matches!(self.peek_second(), Some(b'-' | b'=' | b'+' | b'?'))
            && self.eat(b':');
        let kind = match self.peek() {
            Some(b'-') => Some(Default_::Use),
            Some(b'=') => Some(Default_::Assign),
            Some(b'+') => Some(Default_::Alternative),
            Some(b'?') => Some(Default_::Demand),
            _ => None,
        };
        if let Some(kind) = kind {
            self.at += 1;
            let within = if is_quoted { Within::QuotedBrace } else { Within::Brace };
            let word = self.brace_word(start, within)?;
            return Ok(Operator::Default { kind, colon, word });
        }
        let from_end = match self.peek() {
            Some(b'#') => false,
            Some(b'%') => true,
            Some(b'/') => return self.replacement(start),
            Some(b':') => return self.slice(start),
            Some(b'^' | b',') => return self.case_change(start, is_quoted),
            _ => return self.other_operator(start, is_quoted),
        };
        let sign = self.bump().unwrap_or(b'#');
        let longest = self.eat(sign);
        let pattern = self.brace_word(start, Within::Brace)?;
        Ok(Operator::Remove { from_end, longest, pattern })
    }

    fn replacement(&mut self, start: usize) -> Parsed<Operator> {
        self.at += 1;
        let place = match self.peek() {
            Some(b'/') => Replaced::All,
            Some(b'#') => Replaced::AtStart,
            Some(b'%') => Replaced::AtEnd,
            _ => Replaced::First,
        };
        self.at += usize::from(place != Replaced::First);
        let pattern = self.word(Within::Replaced)?.unwrap_or_default();
        let with =
            if self.eat(b'/') { self.word(Within::Brace)?.unwrap_or_default() } else { Word::default() };
        self.closing_brace(start)?;
        Ok(Operator::Replace { place, pattern, with })
    }

    fn slice(&mut self, start: usize) -> Parsed<Operator> {
        self.at += 1;
        let offset = self.word(Within::Offset)?.unwrap_or_default();
        let length = if self.eat(b':') { self.word(Within::Offset)? } else { None };
        self.closing_brace(start)?;
        Ok(Operator::Slice { offset, length })
    }

    fn case_change(&mut self, start: usize, is_quoted: bool) -> Parsed<Operator> {
        let sign = self.bump().unwrap_or(b'^');
        let all = self.eat(sign);
        if self.eat(b'}') {
            return Ok(Operator::Case { to_upper: sign == b'^', all });
        }
        // With a pattern of letters to change.
        let within = if is_quoted { Within::QuotedBrace } else { Within::Brace };
        self.brace_word(start, within)?;
        Ok(Operator::Other)
    }

    /// An operator that is known to be one and is not computed.
    fn other_operator(&mut self, start: usize, is_quoted: bool) -> Parsed<Operator> {
        if !matches!(
            self.peek(),
            Some(b':' | b'/' | b'^' | b',' | b'@' | b'-' | b'=' | b'+' | b'?' | b'#' | b'%')
        ) {
            return Err(match self.peek() {
                Some(_) => self.bad_substitution(start),
                None => self.unterminated_brace(start),
            });
        }
        let within = if is_quoted { Within::QuotedBrace } else { Within::Brace };
        self.brace_word(start, within)?;
        Ok(Operator::Other)
    }

    fn brace_word(&mut self, start: usize, within: Within) -> Parsed<Word> {
        let begin = self.at;
        let mut word = self.word(within)?.unwrap_or_default();
        let is_nested = word.parts.iter().any(|part| matches!(part, Part::Double(_)));
        if within == Within::QuotedBrace && is_nested && is_odd_in_nested_quotes(&self.source[begin..self.at])
        {
            word.parts = vec![Part::Opaque("quotes inside of quotes", self.span_from(start))];
        }
        self.closing_brace(start)?;
        Ok(word)
    }

    fn closing_brace(&mut self, start: usize) -> Parsed<()> {
        if self.eat(b'}') {
            return Ok(());
        }
        Err(match self.peek() {
            Some(_) => self.bad_substitution(start),
            None => self.unterminated_brace(start),
        })
    }

    fn bad_substitution(&self, start: usize) -> Box<Fault> {
        Fault::new(self.span_from(start), Reason::Syntax, "${…} without the name of a variable in it")
            .hint("a $ that is part of the value is written \\$ or put in single quotes")
    }

    fn unterminated_brace(&self, start: usize) -> Box<Fault> {
        Fault::new(self.span_from(start), Reason::UnterminatedSubstitution, "this ${ has no end")
    }

    /// After `$'`: the escapes of C, as bash reads them.
    pub(crate) fn ansi_c(&mut self, start: usize) -> Parsed<Part> {
        let mut text = Text::new();
        let mut depends_on_locale = false;
        let mut is_cut = false;
        loop {
            let byte = match self.bump_raw() {
                None => {
                    return Err(Fault::new(
                        self.span_from(start),
                        Reason::UnterminatedQuote,
                        "this quote is never closed",
                    ));
                }
                Some(b'\'') => break,
                Some(b'\\') => match self.ansi_c_escape(&mut depends_on_locale) {
                    Escape::Byte(0) => {
                        is_cut = true;
                        continue;
                    }
                    Escape::Byte(byte) => byte,
                    Escape::Kept(byte) => {
                        if !is_cut {
                            text.push(b'\\');
                        }
                        byte
                    }
                },
                Some(byte) => byte,
            };
            if !is_cut {
                text.push(byte);
            }
        }
        Ok(match depends_on_locale {
            true => Part::Opaque("a \\u in $'…' that depends on the locale", self.span_from(start)),
            false => Part::Quoted(text),
        })
    }

    fn ansi_c_escape(&mut self, depends_on_locale: &mut bool) -> Escape {
        let Some(byte) = self.bump_raw() else { return Escape::Byte(b'\\') };
        Escape::Byte(match byte {
            b'a' => 7,
            b'b' => 8,
            b'e' | b'E' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' | b'?' => byte,
            b'0'..=b'7' => {
                self.at -= 1;
                self.digits(8, 3).map_or(0, |value| value as u8)
            }
            b'x' => match self.digits(16, 2) {
                Some(value) => value as u8,
                None => return Escape::Kept(b'x'),
            },
            b'u' | b'U' => match self.digits(16, if byte == b'u' { 4 } else { 8 }) {
                Some(value) if value < 0x80 => value as u8,
                Some(_) => {
                    *depends_on_locale = true;
                    b'?'
                }
                None => return Escape::Kept(byte),
            },
            b'c' => match self.bump_raw() {
                Some(letter) if letter != b'\\' && letter != b'\'' => letter.to_ascii_uppercase() & 0x1f,
                _ => {
                    // Bash has rules of its own for these two; nobody's file has them.
                    self.at -= 1;
                    *depends_on_locale = true;
                    b'?'
                }
            },
            other => return Escape::Kept(other),
        })
    }

    fn digits(&mut self, radix: u32, len_max: usize) -> Option<u32> {
        let mut value = None;
        for _ in 0..len_max {
            let digit = self.source.get(self.at).and_then(|&byte| char::from(byte).to_digit(radix));
            let Some(digit) = digit else { break };
            self.at += 1;
            value = Some(value.unwrap_or(0) * radix + digit);
        }
        value
    }
}

enum Escape {
    Byte(u8),
    /// An unknown escape keeps its backslash.
    Kept(u8),
}

fn of_index(index: Word, are_keys: bool) -> Operator {
    match index.bare() {
        Some("@") => Operator::All { is_joined: false, are_keys },
        Some("*") => Operator::All { is_joined: true, are_keys },
        _ => Operator::Element(index),
    }
}

/// In `"${A:-"\a"}"` the backslash goes, in `"\a"` it stays, and braces expand there: how deep that stands in quotes is not
/// followed.
fn is_odd_in_nested_quotes(text: &[u8]) -> bool {
    let is_brace = |pair: &[u8]| pair[0] != b'$' && pair[1] == b'{';
    let is_translated = |pair: &[u8]| pair == b"$\"";
    text.windows(2).any(is_translated)
        || text.contains(&b'\\')
        || text.first() == Some(&b'{')
        || text.windows(2).any(is_brace)
}
