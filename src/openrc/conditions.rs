//! `test`, `[ ]` and `[[ ]]`: true, false, wrongly written, or not to be known.

use super::ast::{Condition, Word};
use super::eval::{Evaluator, Run};
use super::expand::Purpose;
use super::fields::Field;
use super::place::Span;
use super::state::Exported;
use super::value::{Status, Unknown, Val, Why};
use super::{FileKind, cursor, regex};

#[derive(Debug, Clone)]
enum Truth {
    Yes,
    No,
    /// The shell complains; the status is 2.
    Error,
    Unknown(Unknown),
}

impl Truth {
    fn of(is_true: bool) -> Truth {
        if is_true { Truth::Yes } else { Truth::No }
    }

    fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            other => other,
        }
    }

    fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::Error, _) | (_, Truth::Error) => Truth::Error,
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Unknown(why), _) | (_, Truth::Unknown(why)) => Truth::Unknown(why),
            _ => Truth::Yes,
        }
    }

    fn or(self, other: Truth) -> Truth {
        self.not().and(other.not()).not()
    }

    fn status(self) -> Status {
        match self {
            Truth::Yes => Status::Known(0),
            Truth::No => Status::Known(1),
            Truth::Error => Status::Known(2),
            Truth::Unknown(why) => Status::Unknown(why),
        }
    }
}

impl Evaluator<'_> {
    pub(crate) fn test(&mut self, name: &str, fields: &[Field], at: Span) -> Run<()> {
        let mut fields = fields;
        if name == "[" {
            fields = match fields.split_last() {
                Some((last, rest)) if last.value.str() == Some("]") => rest,
                _ => {
                    self.state.status = Status::Known(2);
                    return Ok(());
                }
            };
        }
        if let Some(why) =
            fields.iter().filter(|field| field.is_loose).find_map(|field| field.value.need().err())
        {
            self.state.status = Status::Unknown(why.as_part());
            return Ok(());
        }
        let values: Vec<&Val> = fields.iter().map(|field| &field.value).collect();
        self.state.status = self.expression(&values, at)?.status();
        Ok(())
    }

    /// By the number of arguments, as POSIX has it.
    fn expression(&mut self, values: &[&Val], at: Span) -> Run<Truth> {
        self.spend(values.len() as u64, at)?;
        Ok(match values {
            [] => Truth::No,
            [one] => not_empty(one),
            [bang, one] if bang.str() == Some("!") => not_empty(one).not(),
            [operator, operand] => match operator.str() {
                Some(letter) if is_unary(letter) => self.unary(letter, operand, at),
                Some(_) => Truth::Error,
                None => unknown_of(operator),
            },
            [left, operator, right] => match operator.str() {
                Some("-a") => not_empty(left).and(not_empty(right)),
                Some("-o") => not_empty(left).or(not_empty(right)),
                Some(sign) if is_binary(sign) => self.binary(left, sign, right, at),
                _ if left.str() == Some("!") => self.expression(&values[1..], at)?.not(),
                _ if left.str() == Some("(") && right.str() == Some(")") => not_empty(operator),
                Some(_) => Truth::Error,
                None => unknown_of(operator),
            },
            [bang, rest @ ..] if bang.str() == Some("!") && values.len() == 4 => {
                self.expression(rest, at)?.not()
            }
            _ => self.joined(values, at)?,
        })
    }

    /// More than four arguments: `-o` binds less than `-a`. Parentheses are left unknown.
    fn joined(&mut self, values: &[&Val], at: Span) -> Run<Truth> {
        if values.iter().any(|value| matches!(value.str(), Some("(" | ")"))) {
            return Ok(Truth::Unknown(Unknown::other("a test with parentheses", at)));
        }
        let mut any = Truth::No;
        for alternative in values.split(|value| value.str() == Some("-o")) {
            let mut all = Truth::Yes;
            for term in alternative.split(|value| value.str() == Some("-a")) {
                let bangs = term.iter().take_while(|value| value.str() == Some("!")).count();
                let mut truth = match &term[bangs..] {
                    [] => Truth::Error,
                    rest if rest.len() < 4 => self.expression(rest, at)?,
                    _ => Truth::Error,
                };
                if bangs % 2 == 1 {
                    truth = truth.not();
                }
                all = all.and(truth);
            }
            any = any.or(all);
        }
        Ok(any)
    }

    pub(crate) fn condition(&mut self, condition: &Condition) -> Run<Status> {
        Ok(self.truth(condition)?.status())
    }

    fn truth(&mut self, condition: &Condition) -> Run<Truth> {
        Ok(match condition {
            Condition::Not(inside) => self.truth(inside)?.not(),
            Condition::And(left, right) => match self.truth(left)? {
                Truth::No => Truth::No,
                Truth::Yes => self.truth(right)?,
                other => other.and(self.perhaps(right)?),
            },
            Condition::Or(left, right) => match self.truth(left)? {
                Truth::Yes => Truth::Yes,
                Truth::No => self.truth(right)?,
                other => other.or(self.perhaps(right)?),
            },
            Condition::Word(word) => not_empty(&self.expand(word, Purpose::Single)?),
            Condition::Unary(operator, word) => {
                let value = self.expand(word, Purpose::Single)?;
                self.unset_references.clear();
                self.unary(operator, &value, word.span)
            }
            Condition::Binary(left, operator, right) => self.comparison(left, operator, right)?,
        })
    }

    /// A term that may not be looked at at all: what it would assign is not known.
    fn perhaps(&mut self, condition: &Condition) -> Run<Truth> {
        let before = self.state.clone();
        let truth = self.truth(condition)?;
        let why = Unknown::other("whether a test is looked at", self.at);
        self.state.merge(before, &why);
        Ok(truth)
    }

    fn comparison(&mut self, left: &Word, operator: &str, right: &Word) -> Run<Truth> {
        let left = self.expand(left, Purpose::Single)?;
        let at = right.span;
        let truth = match operator {
            "==" | "=" | "!=" => {
                let pattern = self.expand(right, Purpose::Pattern)?;
                let truth = match self.matches(&left, &pattern)? {
                    Ok(matches) => Truth::of(matches),
                    Err(why) => Truth::Unknown(why),
                };
                if operator == "!=" { truth.not() } else { truth }
            }
            "=~" => {
                let pattern = self.expand(right, Purpose::Pattern)?;
                self.expression_matches(&left, &pattern, at)?
            }
            "<" | ">" => Truth::Unknown(Unknown::other("an order of texts, which hangs on the locale", at)),
            _ => {
                let right = self.expand(right, Purpose::Single)?;
                match (integer(&left), integer(&right)) {
                    (Ok(Some(_)), Ok(Some(_))) => self.binary(&left, operator, &right, at),
                    _ if is_binary(operator) => {
                        Truth::Unknown(Unknown::other("an arithmetic comparison", at))
                    }
                    _ => Truth::Error,
                }
            }
        };
        self.unset_references.clear();
        Ok(truth)
    }

    /// The pattern comes with quoted bytes escaped.
    fn expression_matches(&mut self, left: &Val, pattern: &Val, at: Span) -> Run<Truth> {
        let (text, pattern) = match (left.need(), pattern.need()) {
            (Ok(text), Ok(pattern)) => (text.bytes(), pattern.bytes()),
            (Err(why), _) | (_, Err(why)) => return Ok(Truth::Unknown(why.as_part())),
        };
        self.spend((text.len() * (pattern.len() + 16)) as u64 / 32, at)?;
        if let Some(why) = &self.state.has_other_patterns {
            return Ok(Truth::Unknown(why.clone()));
        }
        let unread = Truth::Unknown(Unknown::other("a regular expression that is not read", at));
        Ok(regex::matches(pattern, text).map_or(unread, Truth::of))
    }

    fn unary(&mut self, operator: &str, operand: &Val, at: Span) -> Truth {
        match operator {
            "-n" => return not_empty(operand),
            "-z" => return not_empty(operand).not(),
            _ => {}
        }
        let text = match operand.need() {
            Ok(text) => text.str().unwrap_or_default().to_owned(),
            Err(why) => return Truth::Unknown(why.as_part()),
        };
        match operator {
            "-v" => self.is_set(&text, at),
            "-t" | "-o" | "-R" => Truth::Unknown(Unknown::other("the session", at)),
            _ if text.is_empty() => Truth::No,
            _ => self.of_file(operator, operand, at),
        }
    }

    fn is_set(&mut self, name: &str, at: Span) -> Truth {
        if !cursor::is_name(name) {
            return Truth::Unknown(Unknown::other("an element of an array", at));
        }
        match self.state.variable(name) {
            None => Truth::No,
            Some(variable) => match variable.value {
                None => Truth::No,
                Some(Val::Known(_)) => Truth::Yes,
                Some(Val::Unknown(why)) if variable.exported == Exported::Maybe => {
                    Truth::Unknown(why.as_part())
                }
                // It may have been merged from a way that did not set it.
                Some(Val::Unknown(why)) => Truth::Unknown(why.as_part()),
            },
        }
    }

    fn of_file(&mut self, operator: &str, operand: &Val, at: Span) -> Truth {
        let unknown = Truth::Unknown(Unknown::new(Why::Other("what is on this machine"), at));
        let Ok(path) = self.path(operand) else { return unknown };
        match (operator, self.context.files.kind(&path)) {
            ("-L" | "-h", _) | (_, None) => unknown,
            (_, Some(FileKind::Absent)) => Truth::No,
            ("-e" | "-a", Some(_)) => Truth::Yes,
            ("-f", Some(kind)) => Truth::of(kind == FileKind::Plain),
            ("-d", Some(kind)) => Truth::of(kind == FileKind::Folder),
            ("-r" | "-s", Some(FileKind::Plain)) => match self.context.files.read(&path) {
                Some(bytes) if operator == "-s" => Truth::of(!bytes.is_empty()),
                Some(_) => Truth::Yes,
                None => unknown,
            },
            _ => unknown,
        }
    }

    fn binary(&mut self, left: &Val, operator: &str, right: &Val, at: Span) -> Truth {
        match operator {
            "=" | "==" | "!=" => {
                let truth = match (left.need(), right.need()) {
                    (Ok(left), Ok(right)) => Truth::of(left == right),
                    (Err(why), _) | (_, Err(why)) => Truth::Unknown(why.as_part()),
                };
                if operator == "!=" { truth.not() } else { truth }
            }
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => match (integer(left), integer(right)) {
                (Err(why), _) | (_, Err(why)) => Truth::Unknown(why),
                (Ok(Some(left)), Ok(Some(right))) => Truth::of(match operator {
                    "-eq" => left == right,
                    "-ne" => left != right,
                    "-lt" => left < right,
                    "-le" => left <= right,
                    "-gt" => left > right,
                    _ => left >= right,
                }),
                _ => Truth::Error,
            },
            _ => Truth::Unknown(Unknown::other("a comparison that hangs on the machine", at)),
        }
    }
}

fn not_empty(value: &Val) -> Truth {
    match value.need() {
        Ok(text) => Truth::of(!text.is_empty()),
        Err(why) => Truth::Unknown(why.as_part()),
    }
}

fn unknown_of(value: &Val) -> Truth {
    match value.need() {
        Ok(_) => Truth::Error,
        Err(why) => Truth::Unknown(why.as_part()),
    }
}

/// A decimal number; `Ok(None)` for a text that is none.
fn integer(value: &Val) -> Result<Option<i64>, Unknown> {
    let text = value.need().map_err(Unknown::as_part)?;
    let text = text.str().unwrap_or_default().trim_matches([' ', '\t']);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Ok(is_number.then(|| text.parse().ok()).flatten())
}

fn is_unary(word: &str) -> bool {
    word.len() == 2 && word.starts_with('-') && "abcdefghknoprstuvwxzGLNORS".contains(&word[1..])
}

fn is_binary(word: &str) -> bool {
    matches!(
        word,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef"
    )
}
