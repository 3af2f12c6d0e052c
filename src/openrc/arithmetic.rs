//! Arithmetic on what is known: whole numbers, the four operations, comparisons. Whatever else an expression has, its value
//! is not known, and what it may assign is forgotten.

use super::ast::Word;
use super::eval::{Evaluator, Run};
use super::expand::Purpose;
use super::reach::{Reach, of_arithmetic};
use super::value::{Status, Unknown, Val};

impl Evaluator<'_> {
    pub(crate) fn arithmetic(&mut self, word: &Word) -> Run<Val> {
        Ok(match self.compute(word)? {
            Ok(number) => Val::known(number.to_string().as_bytes()),
            Err(unknown) => Val::Unknown(unknown),
        })
    }

    pub(crate) fn arithmetic_status(&mut self, word: &Word) -> Run<Status> {
        Ok(match self.compute(word)? {
            Ok(number) => Status::of(number != 0),
            Err(unknown) => Status::Unknown(unknown),
        })
    }

    fn compute(&mut self, word: &Word) -> Run<Result<i64, Unknown>> {
        let value = self.expand(word, Purpose::Single)?;
        self.unset_references.clear();
        let text = match value.need() {
            Ok(text) => text.clone(),
            Err(unknown) => {
                let unknown = unknown.as_part();
                self.forget_names(word, &unknown);
                return Ok(Err(unknown));
            }
        };
        let mut sum = Sum { rest: text.bytes(), state: &self.state, depth: 0 };
        let number = sum.comparison();
        match number.filter(|_| sum.blank().is_empty()) {
            Some(number) => Ok(Ok(number)),
            None => {
                let unknown = Unknown::other("an arithmetic expression", word.span);
                self.forget_names(word, &unknown);
                Ok(Err(unknown))
            }
        }
    }

    fn forget_names(&mut self, word: &Word, why: &Unknown) {
        let mut reached = Reach::default();
        of_arithmetic(word, &mut reached);
        for name in &reached.names {
            self.state.forget(name, why);
        }
    }
}

struct Sum<'s> {
    rest: &'s [u8],
    state: &'s super::state::State,
    depth: u32,
}

impl<'s> Sum<'s> {
    fn blank(&mut self) -> &'s [u8] {
        self.rest = self.rest.trim_ascii_start();
        self.rest
    }

    fn take(&mut self, sign: &[u8]) -> bool {
        let is_next = self.blank().starts_with(sign);
        if is_next {
            self.rest = &self.rest[sign.len()..];
        }
        is_next
    }

    fn comparison(&mut self) -> Option<i64> {
        let left = self.sum()?;
        let compare: fn(&i64, &i64) -> bool = if self.take(b"==") {
            i64::eq
        } else if self.take(b"!=") {
            i64::ne
        } else if self.take(b"<=") {
            i64::le
        } else if self.take(b">=") {
            i64::ge
        } else if self.take(b"<") {
            i64::lt
        } else if self.take(b">") {
            i64::gt
        } else {
            return Some(left);
        };
        Some(i64::from(compare(&left, &self.sum()?)))
    }

    fn sum(&mut self) -> Option<i64> {
        let mut left = self.product()?;
        loop {
            if self.blank().starts_with(b"++") || self.rest.starts_with(b"--") {
                return None;
            }
            left = if self.take(b"+") {
                left.checked_add(self.product()?)?
            } else if self.take(b"-") {
                left.checked_sub(self.product()?)?
            } else {
                return Some(left);
            };
        }
    }

    fn product(&mut self) -> Option<i64> {
        let mut left = self.atom()?;
        loop {
            if self.blank().starts_with(b"**") {
                return None;
            }
            left = if self.take(b"*") {
                left.checked_mul(self.atom()?)?
            } else if self.take(b"/") {
                left.checked_div(self.atom()?)?
            } else if self.take(b"%") {
                left.checked_rem(self.atom()?)?
            } else {
                return Some(left);
            };
        }
    }

    fn atom(&mut self) -> Option<i64> {
        if self.take(b"(") {
            self.depth += 1;
            if self.depth > super::cursor::NESTING_MAX {
                return None;
            }
            let inside = self.comparison()?;
            self.depth -= 1;
            return self.take(b")").then_some(inside);
        }
        let rest = self.blank();
        let len = rest.iter().take_while(|byte| super::cursor::is_name_byte(**byte)).count();
        let (word, rest) = rest.split_at_checked(len).filter(|_| len > 0)?;
        let word = std::str::from_utf8(word).ok()?;
        self.rest = rest;
        if word.as_bytes()[0].is_ascii_digit() {
            return plain_number(word);
        }
        match self.state.variable(word).and_then(|variable| variable.value) {
            None => Some(0),
            Some(value) => match value.str()? {
                "" => Some(0),
                text => plain_number(text),
            },
        }
    }
}

/// Decimal digits without a leading zero, which would make them octal.
fn plain_number(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}
