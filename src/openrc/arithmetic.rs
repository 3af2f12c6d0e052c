//! Arithmetic on what is known: the shell's expressions on whole numbers, with its assignments. Where a part is not known
//! the value is not either, and what the expression may assign is forgotten.

use super::ast::Word;
use super::eval::{Evaluator, Run};
use super::expand::Purpose;
use super::place::Span;
use super::reach::{Reach, of_arithmetic};
use super::value::{Status, Unknown, Val};

/// Parentheses and signs inside each other.
const DEPTH_MAX: u32 = 64;

/// Assignments in one expression, which are searched for each name.
const ASSIGNED_MAX: usize = 64;

/// What binds least comes first; each row takes its operands from the next.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// Every operator, the longer before those that it begins with.
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "**", "++", "--", "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=", "*=", "/=",
    "%=", "&=", "^=", "|=", "=", "?", ":", ",", "|", "^", "&", "<", ">", "+", "-", "*", "/", "%", "!", "~",
    "(", ")",
];

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

    pub(crate) fn compute(&mut self, word: &Word) -> Run<Result<i64, Unknown>> {
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
        self.spend(text.len() as u64 / 16, word.span)?;
        match self.computed_text(text.bytes(), word.span)? {
            Some(number) => Ok(Ok(number)),
            None => {
                let unknown = Unknown::other("an arithmetic expression", word.span);
                self.forget_names(word, &unknown);
                Ok(Err(unknown))
            }
        }
    }

    /// The number that an expanded expression is, its assignments carried out; `None` if that is not followed.
    pub(crate) fn computed_text(&mut self, text: &[u8], at: Span) -> Run<Option<i64>> {
        let mut sum = Sum { rest: text, state: &self.state, assigned: Vec::new(), depth: 0, skipped: 0 };
        let number = if sum.blank().is_empty() { Some(0) } else { sum.list() };
        let number = number.filter(|_| sum.blank().is_empty());
        let assigned = std::mem::take(&mut sum.assigned);
        if number.is_some() {
            for (name, number) in assigned {
                self.assign(&name, Val::known(number.to_string().as_bytes()), at)?;
            }
        }
        Ok(number)
    }

    pub(crate) fn forget_names(&mut self, word: &Word, why: &Unknown) {
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
    /// The assignments so far, in their order: they count in what follows.
    assigned: Vec<(String, i64)>,
    depth: u32,
    /// Inside of a side of `?:`, `&&` or `||` that does not count.
    skipped: u32,
}

impl<'s> Sum<'s> {
    fn blank(&mut self) -> &'s [u8] {
        self.rest = self.rest.trim_ascii_start();
        self.rest
    }

    fn operator(&mut self) -> Option<&'static str> {
        let rest = self.blank();
        OPERATORS.iter().copied().find(|operator| rest.starts_with(operator.as_bytes()))
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_next = self.operator() == Some(wanted);
        if is_next {
            self.rest = &self.rest[wanted.len()..];
        }
        is_next
    }

    /// Expressions between commas: the last one counts.
    fn list(&mut self) -> Option<i64> {
        let mut number = self.assignment()?;
        while self.take(",") {
            if self.assigned.len() > ASSIGNED_MAX {
                return None;
            }
            number = self.assignment()?;
        }
        Some(number)
    }

    fn deeper(&mut self, run: impl FnOnce(&mut Self) -> Option<i64>) -> Option<i64> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let number = run(self);
        self.depth -= 1;
        number
    }

    fn assignment(&mut self) -> Option<i64> {
        let before = self.blank();
        let Some(name) = self.name() else { return self.choice() };
        let operator = self.operator().filter(|operator| {
            *operator == "=" || (operator.ends_with('=') && !matches!(*operator, "==" | "!=" | "<=" | ">="))
        });
        let Some(operator) = operator else {
            self.rest = before;
            return self.choice();
        };
        self.rest = &self.rest[operator.len()..];
        let right = self.deeper(Self::assignment)?;
        let number = match operator.strip_suffix('=') {
            None | Some("") => right,
            Some(operator) => self.apply(operator, self.value(&name)?, right)?,
        };
        self.assign(name, number);
        Some(number)
    }

    fn assign(&mut self, name: String, number: i64) {
        if self.skipped == 0 {
            self.assigned.push((name, number));
        }
    }

    fn choice(&mut self) -> Option<i64> {
        let condition = self.level(0)?;
        if !self.take("?") {
            return Some(condition);
        }
        let yes = self.side(condition == 0, |this| this.deeper(Self::list))?;
        if !self.take(":") {
            return None;
        }
        let no = self.side(condition != 0, |this| this.deeper(Self::choice))?;
        Some(if condition != 0 { yes } else { no })
    }

    fn side(&mut self, is_skipped: bool, run: impl FnOnce(&mut Self) -> Option<i64>) -> Option<i64> {
        self.skipped += u32::from(is_skipped);
        let number = run(self);
        self.skipped -= u32::from(is_skipped);
        number
    }

    fn level(&mut self, level: usize) -> Option<i64> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.level(level + 1)?;
        loop {
            let Some(operator) = self.operator().filter(|operator| operators.contains(operator)) else {
                return Some(left);
            };
            self.rest = &self.rest[operator.len()..];
            let is_decided = (operator == "&&" && left == 0) || (operator == "||" && left != 0);
            let right = self.side(is_decided, |this| this.level(level + 1))?;
            left = self.apply(operator, left, right)?;
        }
    }

    fn power(&mut self) -> Option<i64> {
        let base = self.unary()?;
        if !self.take("**") {
            return Some(base);
        }
        let exponent = self.deeper(Self::power)?;
        base.checked_pow(u32::try_from(exponent).ok()?)
    }

    fn unary(&mut self) -> Option<i64> {
        for sign in ["++", "--"] {
            if self.take(sign) {
                self.blank();
                // `--5` is two signs and `++x` one step.
                let name = self.name()?;
                let number = self.stepped(&name, sign)?;
                self.assign(name, number);
                return Some(number);
            }
        }
        for sign in ["!", "~", "-", "+"] {
            if self.take(sign) {
                let number = self.deeper(Self::unary)?;
                return match sign {
                    "!" => Some(i64::from(number == 0)),
                    "~" => Some(!number),
                    "-" => number.checked_neg(),
                    _ => Some(number),
                };
            }
        }
        self.atom()
    }

    fn stepped(&self, name: &str, sign: &str) -> Option<i64> {
        self.value(name)?.checked_add(if sign == "++" { 1 } else { -1 })
    }

    fn atom(&mut self) -> Option<i64> {
        if self.take("(") {
            let inside = self.deeper(Self::list)?;
            return self.take(")").then_some(inside);
        }
        if let Some(name) = self.name() {
            let number = self.value(&name)?;
            for sign in ["++", "--"] {
                if self.take(sign) {
                    let stepped = self.stepped(&name, sign)?;
                    self.assign(name, stepped);
                    break;
                }
            }
            return Some(number);
        }
        let rest = self.blank();
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
        let (word, rest) = rest.split_at_checked(len).filter(|_| len > 0)?;
        self.rest = rest;
        number_of(std::str::from_utf8(word).ok()?)
    }

    /// A name that stands here; an element of an array is not followed.
    fn name(&mut self) -> Option<String> {
        let rest = self.blank();
        let len = rest.iter().take_while(|byte| super::cursor::is_name_byte(**byte)).count();
        let name = std::str::from_utf8(&rest[..len]).ok().filter(|name| super::cursor::is_name(name))?;
        if rest.get(len) == Some(&b'[') {
            return None;
        }
        self.rest = &rest[len..];
        Some(name.to_owned())
    }

    fn value(&self, name: &str) -> Option<i64> {
        if let Some((_, number)) = self.assigned.iter().rev().find(|(other, _)| other == name) {
            return Some(*number);
        }
        if super::parameter::is_lively(name) {
            return None;
        }
        match self.state.variable(name).and_then(|variable| variable.value) {
            None => Some(0),
            Some(value) => match value.str()?.trim_matches([' ', '\t', '\n']) {
                "" => Some(0),
                text => match text.strip_prefix('-') {
                    Some(digits) => number_of(digits)?.checked_neg(),
                    None => number_of(text),
                },
            },
        }
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Option<i64> {
        Some(match operator {
            "||" => i64::from(left != 0 || right != 0),
            "&&" => i64::from(left != 0 && right != 0),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<<" => left.checked_shl(u32::try_from(right).ok()?)?,
            ">>" => left.checked_shr(u32::try_from(right).ok()?)?,
            "+" => left.checked_add(right)?,
            "-" => left.checked_sub(right)?,
            "*" => left.checked_mul(right)?,
            // A side that does not count may divide by zero.
            "/" | "%" if right == 0 => return (self.skipped > 0).then_some(0),
            "/" => left.checked_div(right)?,
            _ => left.checked_rem(right)?,
        })
    }
}

/// `10`, `010`, `0x1f`, `2#101`; bases above 36 have digits of their own and are not followed.
fn number_of(text: &str) -> Option<i64> {
    let (radix, digits) = match text.split_once('#') {
        Some((base, digits)) => (base.parse().ok().filter(|base| (2..=36).contains(base))?, digits),
        None => match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            Some(digits) => (16, digits),
            None if text.len() > 1 && text.starts_with('0') => (8, &text[1..]),
            None => (10, text),
        },
    };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| i64::from_str_radix(digits, radix).ok()).flatten()
}
