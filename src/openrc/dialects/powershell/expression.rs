//! PowerShell's expressions: strings and what is expanded in them, variables, members, operators, and commands with their
//! arguments. It knows no values.

use super::grammar::Grammar;
use crate::openrc::cursor::is_name_byte;
use crate::openrc::place::{Parsed, Reason, Span};
use crate::openrc::text::Text;

#[derive(Debug)]
pub(super) enum Expression {
    Nothing,
    Text(Vec<Piece>, Span),
    Truth(bool),
    Variable(Name, Span),
    /// `[Type]::Member`, `.Member`, with arguments or without.
    Member {
        of: Box<Expression>,
        type_name: String,
        member: String,
        arguments: Vec<Expression>,
        span: Span,
    },
    Not(Box<Expression>),
    Binary(Box<Expression>, String, Box<Expression>, Span),
    Command {
        name: String,
        arguments: Vec<Argument>,
        span: Span,
    },
    Pipe(Vec<Expression>),
    List(Vec<Expression>),
    Opaque(&'static str, Span),
}

#[derive(Debug)]
pub(super) struct Argument {
    /// `-Name`, in small letters; `None` for a value.
    pub(super) option: Option<String>,
    pub(super) value: Expression,
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(Text),
    Variable(Name, Span),
    Inner(Expression),
}

/// A variable of the environment, in capitals, or of the script, in small letters.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) is_environment: bool,
    pub(super) name: String,
    pub(super) written: String,
}

impl Grammar<'_> {
    /// Commands and expressions with `|` between them.
    pub(super) fn pipeline(&mut self) -> Parsed<Expression> {
        let start = self.0.at;
        self.0.enter(start)?;
        let mut all = vec![self.element()?];
        self.blanks();
        while self.0.peek() == Some(b'|') && self.0.rest().get(1) != Some(&b'|') {
            self.0.at += 1;
            self.lines();
            all.push(self.element()?);
            self.blanks();
        }
        // Redirections say nothing about values.
        while matches!(self.0.peek(), Some(b'>')) || matches!(self.0.rest(), [b'1'..=b'6' | b'*', b'>', ..]) {
            self.0.take_while(|byte| byte.is_ascii_digit() || b"*>&".contains(&byte));
            self.blanks();
            self.argument()?;
            self.blanks();
        }
        self.0.leave();
        Ok(match all.len() {
            1 => all.pop().unwrap_or(Expression::Nothing),
            _ => Expression::Pipe(all),
        })
    }

    fn element(&mut self) -> Parsed<Expression> {
        self.lines();
        let is_call = matches!(self.0.rest(), [b'&' | b'.', b' ' | b'\t', ..]);
        match self.0.peek() {
            _ if is_call => {
                let start = self.0.at;
                let is_sourced = self.0.peek() == Some(b'.');
                self.0.at += 1;
                self.blanks();
                let first = self.argument()?;
                let name = if is_sourced { ".".to_owned() } else { first.value.plain().unwrap_or_default() };
                self.arguments(name, start)
            }
            Some(byte) if byte.is_ascii_alphabetic() || b"_/\\~.".contains(&byte) => {
                let start = self.0.at;
                let name =
                    self.0.take_while(|byte| byte.is_ascii_alphanumeric() || b"-_./\\:~?".contains(&byte));
                let name = String::from_utf8_lossy(name).into_owned();
                self.arguments(name, start)
            }
            _ => self.expression(),
        }
    }

    fn arguments(&mut self, name: String, start: usize) -> Parsed<Expression> {
        let mut arguments = Vec::new();
        loop {
            self.blanks();
            let is_redirect =
                self.0.peek() == Some(b'>') || matches!(self.0.rest(), [b'1'..=b'6' | b'*', b'>', ..]);
            if is_redirect || self.0.peek().is_none_or(|byte| b"\n;|)}".contains(&byte)) {
                break;
            }
            if self.0.peek() == Some(b',') {
                self.0.at += 1;
                self.lines();
                continue;
            }
            let before = self.0.at;
            arguments.push(self.argument()?);
            if self.0.at == before {
                return self.syntax("this cannot stand here");
            }
        }
        Ok(Expression::Command { name, arguments, span: self.0.span(start) })
    }

    /// One argument of a command.
    fn argument(&mut self) -> Parsed<Argument> {
        let start = self.0.at;
        let value = |value| Ok(Argument { option: None, value });
        match self.0.peek() {
            Some(b'-') if self.0.rest().get(1).is_some_and(u8::is_ascii_alphabetic) => {
                self.0.at += 1;
                let name = self.0.take_while(|byte| byte.is_ascii_alphanumeric());
                let option = Some(String::from_utf8_lossy(name).to_ascii_lowercase());
                self.0.eat(b":");
                Ok(Argument { option, value: Expression::Nothing })
            }
            Some(b'(' | b'@' | b'{' | b'[') => value(self.primary()?),
            _ if self.is_quote() => value(self.primary()?),
            Some(b'$') => {
                let expression = self.primary()?;
                let goes_on = self.0.peek().is_some_and(|byte| !b" \t\n;|)},".contains(&byte));
                if goes_on {
                    self.0.take_while(|byte| !b" \t\n;|)}".contains(&byte));
                    return value(Expression::Opaque("an argument that is not read", self.0.span(start)));
                }
                value(expression)
            }
            _ => {
                self.0.placeholder()?;
                let mut text = Text::new();
                while let Some(byte) = self.0.peek() {
                    match byte {
                        b' ' | b'\t' | b'\n' | b';' | b'|' | b'(' | b')' | b'}' | b',' => break,
                        b'$' | b'"' | b'\'' => {
                            self.0.take_while(|byte| !b" \t\n;|}".contains(&byte));
                            return value(Expression::Opaque(
                                "an argument that is not read",
                                self.0.span(start),
                            ));
                        }
                        b'`' => {
                            self.0.at += 1;
                            text.extend(&[self.0.bump().unwrap_or_default()]);
                        }
                        _ => {
                            self.0.at += 1;
                            text.push(byte);
                        }
                    }
                }
                value(Expression::Text(vec![Piece::Text(text)], self.0.span(start)))
            }
        }
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        let start = self.0.at;
        self.0.enter(start)?;
        let mut left = self.primary()?;
        loop {
            let before = self.0.at;
            self.blanks();
            let operator = match self.0.rest() {
                [b'+', b'=', ..] => None,
                [b'+', ..] => {
                    self.0.at += 1;
                    Some("+".to_owned())
                }
                [b',', ..] => {
                    self.0.at += 1;
                    Some(",".to_owned())
                }
                [b'-', letter, ..] if letter.is_ascii_alphabetic() => {
                    self.0.at += 1;
                    let word = self.0.take_while(|byte| byte.is_ascii_alphabetic());
                    Some(String::from_utf8_lossy(word).to_ascii_lowercase())
                }
                _ => None,
            };
            let Some(operator) = operator else {
                self.0.at = before;
                self.0.leave();
                return Ok(left);
            };
            self.lines();
            let right = self.primary()?;
            left = match (left, operator.as_str()) {
                (Expression::List(mut all), ",") => {
                    all.push(right);
                    Expression::List(all)
                }
                (left, ",") => Expression::List(vec![left, right]),
                // `-and` and `-or` bind less than what they join.
                (left, "and" | "or") => {
                    let right = self.compared(right)?;
                    Expression::Binary(Box::new(left), operator, Box::new(right), self.0.span(start))
                }
                (left, _) => {
                    Expression::Binary(Box::new(left), operator, Box::new(right), self.0.span(start))
                }
            };
        }
    }

    /// A comparison on the right of `-and`, as far as it goes.
    fn compared(&mut self, left: Expression) -> Parsed<Expression> {
        let before = self.0.at;
        self.blanks();
        if self.0.peek() == Some(b'-') {
            let start = self.0.at;
            self.0.at += 1;
            let word = self.0.take_while(|byte| byte.is_ascii_alphabetic());
            let word = String::from_utf8_lossy(word).to_ascii_lowercase();
            if !matches!(word.as_str(), "and" | "or" | "") {
                self.lines();
                let right = self.primary()?;
                return Ok(Expression::Binary(Box::new(left), word, Box::new(right), self.0.span(start)));
            }
        }
        self.0.at = before;
        Ok(left)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expression> {
        self.blanks();
        let start = self.0.at;
        self.0.enter(start)?;
        let mut value = match self.0.rest() {
            _ if self.is_quote() => Expression::Text(self.string()?, self.0.span(start)),
            [b'!', ..] => {
                self.0.at += 1;
                Expression::Not(Box::new(self.primary()?))
            }
            [b'-', b'n' | b'N', b'o' | b'O', b't' | b'T', ..] => {
                self.0.at += 4;
                Expression::Not(Box::new(self.primary()?))
            }
            [b'$' | b'@', b'(', ..] => {
                self.0.at += 2;
                self.lines();
                let inner = if self.0.peek() == Some(b')') { Expression::Nothing } else { self.pipeline()? };
                self.gaps();
                if self.0.peek() != Some(b')') {
                    self.0.at = start + 1;
                    self.skip_parentheses(start)?;
                    Expression::Opaque("several statements in one value", self.0.span(start))
                } else {
                    self.0.at += 1;
                    inner
                }
            }
            [b'(', ..] => {
                self.0.at += 1;
                let inner = self.pipeline()?;
                self.close(start)?;
                inner
            }
            [b'$', ..] => match self.variable()? {
                Some(name) => variable(name, self.0.span(start)),
                None => return self.syntax("a variable's name belongs here"),
            },
            [b'[', ..] => {
                self.0.at += 1;
                let name = self.0.take_while(|byte| byte != b']' && byte != b'\n');
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                self.0.eat(b"[]");
                if !self.0.eat(b"]") {
                    return self.0.fault(start, Reason::Syntax, "this bracket has no end");
                }
                if self.0.rest().starts_with(b"::") {
                    self.member(Expression::Nothing, name, start)?
                } else {
                    let inner = self.primary()?;
                    match name.as_str() {
                        "string" | "void" => inner,
                        _ => Expression::Opaque("a value of another type", self.0.span(start)),
                    }
                }
            }
            [b'{', ..] | [b'@', b'{', ..] => {
                self.0.take_while(|byte| byte == b'@');
                self.skip_braces(start)?;
                Expression::Opaque("a block", self.0.span(start))
            }
            [b'0'..=b'9', ..] => {
                let word = self.0.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
                let is_plain = word.iter().all(u8::is_ascii_digit) && (word.len() == 1 || word[0] != b'0');
                match is_plain && word.len() < 10 {
                    true => Expression::Text(vec![Piece::Text(Text::of(word))], self.0.span(start)),
                    false => Expression::Opaque("how a number is written", self.0.span(start)),
                }
            }
            _ => return self.syntax("this cannot stand here"),
        };
        while matches!(self.0.rest(), [b'.', b'a'..=b'z' | b'A'..=b'Z', ..] | [b'?', b'.', ..] | [b'[', ..]) {
            if self.0.peek() == Some(b'[') {
                self.skip_brackets(start)?;
                value = Expression::Opaque("a part of a value", self.0.span(start));
            } else {
                value = self.member(value, String::new(), start)?;
            }
        }
        self.0.leave();
        Ok(value)
    }

    fn skip_brackets(&mut self, start: usize) -> Parsed<()> {
        self.0.take_while(|byte| byte != b']' && byte != b'\n');
        if self.0.eat(b"]") { Ok(()) } else { self.0.fault(start, Reason::Syntax, "this bracket has no end") }
    }

    fn member(&mut self, of: Expression, type_name: String, start: usize) -> Parsed<Expression> {
        self.0.take_while(|byte| b"?.:".contains(&byte));
        let member = String::from_utf8_lossy(self.0.take_while(is_name_byte)).to_ascii_lowercase();
        let mut arguments = Vec::new();
        if self.0.eat(b"(") {
            self.lines();
            if self.0.peek() != Some(b')') {
                arguments = match self.expression()? {
                    Expression::List(all) => all,
                    one => vec![one],
                };
            }
            self.close(start)?;
        }
        Ok(Expression::Member { of: Box::new(of), type_name, member, arguments, span: self.0.span(start) })
    }
}

pub(super) fn variable(name: Name, span: Span) -> Expression {
    match (name.is_environment, name.name.as_str()) {
        (false, "true") => Expression::Truth(true),
        (false, "false") => Expression::Truth(false),
        (false, "null") => Expression::Nothing,
        _ => Expression::Variable(name, span),
    }
}

impl Expression {
    /// The text, if there is nothing to expand in it.
    pub(super) fn plain(&self) -> Option<String> {
        match self {
            Expression::Text(pieces, _) => {
                let text = |piece: &Piece| match piece {
                    Piece::Text(text) => text.str().map(str::to_owned),
                    _ => None,
                };
                pieces.iter().map(text).collect()
            }
            _ => None,
        }
    }
}
