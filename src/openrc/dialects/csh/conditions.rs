//! csh's conditions: `$?NAME`, comparisons of texts and numbers, `!`, `&&`, `||`, parentheses. What else there is, is not known.

use super::Csh;
use super::words::{Part, Word};
use crate::openrc::eval::{Evaluator, Run};
use crate::openrc::pattern;
use crate::openrc::place::Span;
use crate::openrc::value::{Status, Unknown, Val};

/// Words still to be read, and their values.
struct Rest<'w> {
    words: &'w [Word],
    at: Span,
}

impl Csh {
    pub(super) fn condition(&self, reader: &mut Evaluator<'_>, words: &[Word], at: Span) -> Run<Status> {
        let mut rest = Rest { words, at };
        let truth = self.any(reader, &mut rest)?;
        let is_whole = rest.words.is_empty();
        Ok(match truth {
            Ok(truth) if is_whole => Status::of(truth),
            Ok(_) => Status::Unknown(Unknown::other("a condition that is not read", at)),
            Err(why) => Status::Unknown(why),
        })
    }

    fn any(&self, reader: &mut Evaluator<'_>, rest: &mut Rest<'_>) -> Run<Result<bool, Unknown>> {
        let mut truth = self.all(reader, rest)?;
        while rest.eat(b"||") {
            let other = self.all(reader, rest)?;
            truth = match (truth, other) {
                (Ok(true), _) | (_, Ok(true)) => Ok(true),
                (Err(why), _) | (_, Err(why)) => Err(why),
                _ => Ok(false),
            };
        }
        Ok(truth)
    }

    fn all(&self, reader: &mut Evaluator<'_>, rest: &mut Rest<'_>) -> Run<Result<bool, Unknown>> {
        let mut truth = self.compared(reader, rest)?;
        while rest.eat(b"&&") {
            let other = self.compared(reader, rest)?;
            truth = match (truth, other) {
                (Ok(false), _) | (_, Ok(false)) => Ok(false),
                (Err(why), _) | (_, Err(why)) => Err(why),
                _ => Ok(true),
            };
        }
        Ok(truth)
    }

    fn compared(&self, reader: &mut Evaluator<'_>, rest: &mut Rest<'_>) -> Run<Result<bool, Unknown>> {
        let left = self.operand(reader, rest)?;
        let signs: [&[u8]; 8] = [b"==", b"!=", b"=~", b"!~", b"<=", b">=", b"<", b">"];
        let Some(sign) = signs.into_iter().find(|sign| rest.eat(sign)) else {
            return Ok(match left.need() {
                Ok(text) => number(&left).map_or_else(
                    || if text.is_empty() { Ok(false) } else { Err(rest.unread()) },
                    |number| Ok(number != 0),
                ),
                Err(why) => Err(why.as_part()),
            });
        };
        let is_pattern = matches!(sign, b"=~" | b"!~");
        let right = match is_pattern {
            true => pattern_of(rest),
            false => None,
        };
        let right = match right {
            Some(right) => right,
            None => self.operand(reader, rest)?,
        };
        let (Ok(a), Ok(b)) = (left.need(), right.need()) else {
            let why = left.need().err().or(right.need().err()).cloned();
            return Ok(Err(why.map_or(rest.unread(), |why| why.as_part())));
        };
        let order = number(&left).zip(number(&right)).map(|(a, b)| a.cmp(&b));
        Ok(match sign {
            b"==" => Ok(a == b),
            b"!=" => Ok(a != b),
            b"=~" => pattern::matches(b.bytes(), a.bytes()).ok_or(rest.unread()),
            b"!~" => pattern::matches(b.bytes(), a.bytes()).map(|truth| !truth).ok_or(rest.unread()),
            b"<=" => order.map(std::cmp::Ordering::is_le).ok_or(rest.unread()),
            b">=" => order.map(std::cmp::Ordering::is_ge).ok_or(rest.unread()),
            b"<" => order.map(std::cmp::Ordering::is_lt).ok_or(rest.unread()),
            _ => order.map(std::cmp::Ordering::is_gt).ok_or(rest.unread()),
        })
    }

    fn operand(&self, reader: &mut Evaluator<'_>, rest: &mut Rest<'_>) -> Run<Val> {
        if rest.eat(b"!") {
            let value = self.operand(reader, rest)?;
            return Ok(match (value.need(), number(&value)) {
                (Err(why), _) => Val::Unknown(why.as_part()),
                (Ok(text), None) if !text.is_empty() => Val::Unknown(rest.unread()),
                (_, number) => truth(number.unwrap_or(0) == 0),
            });
        }
        if rest.eat(b"(") {
            let value = self.any(reader, rest)?;
            rest.eat(b")");
            return Ok(match value {
                Ok(value) => truth(value),
                Err(why) => Val::Unknown(why),
            });
        }
        let Some((word, after)) = rest.words.split_first() else { return Ok(Val::Unknown(rest.unread())) };
        rest.words = after;
        let is_test = word.bare().is_some_and(|word| word.starts_with('-') || matches!(word, "{" | "@"));
        if is_test || word.parts.iter().any(|part| matches!(part, Part::Opaque(..) | Part::Sign(_))) {
            // A question about a file, or an arithmetic that is not read: all of the condition is lost with it.
            let unread = rest.unread();
            rest.words = &[];
            return Ok(Val::Unknown(unread));
        }
        self.single(reader, word)
    }
}

/// The pattern that a word is as it is written.
fn pattern_of(rest: &mut Rest<'_>) -> Option<Val> {
    let (word, after) = rest.words.split_first()?;
    let mut text = Vec::new();
    for part in &word.parts {
        match part {
            Part::Text(piece, false) => text.extend_from_slice(piece.bytes()),
            Part::Opaque(super::words::PATTERN, span) if span.end - span.start == 1 => text.push(b'*'),
            _ => return None,
        }
    }
    // The sign itself is not kept: only a pattern of stars is sure to be one.
    rest.words = after;
    Some(Val::Unknown(Unknown::other("a pattern", word.span)))
        .filter(|_| text.contains(&b'*'))
        .or_else(|| Some(Val::known(&text)))
}

impl Rest<'_> {
    fn eat(&mut self, sign: &[u8]) -> bool {
        let is_there = self.words.first().is_some_and(|word| word.is_sign(sign));
        if is_there {
            self.words = &self.words[1..];
        }
        is_there
    }

    fn unread(&self) -> Unknown {
        Unknown::other("a condition that is not read", self.at)
    }
}

fn truth(is_true: bool) -> Val {
    Val::known(if is_true { b"1" } else { b"0" })
}

fn number(value: &Val) -> Option<i64> {
    value.str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}
