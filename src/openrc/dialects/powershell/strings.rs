//! PowerShell's strings, what is expanded in them, and the names of variables.

use super::expression::{Expression, Name, Piece, variable};
use super::grammar::Grammar;
use crate::openrc::cursor::is_name_byte;
use crate::openrc::place::{Parsed, Reason};
use crate::openrc::text::Text;

/// `"` or `'`, or what a word processor makes of them.
fn quote(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [b'"', ..] => Some((b'"', 1)),
        [b'\'', ..] => Some((b'\'', 1)),
        [0xe2, 0x80, 0x9c..=0x9e, ..] => Some((b'"', 3)),
        [0xe2, 0x80, 0x98..=0x9b, ..] => Some((b'\'', 3)),
        _ => None,
    }
}

impl Grammar<'_> {
    pub(super) fn is_quote(&self) -> bool {
        quote(self.0.rest()).is_some()
            || self.0.rest().starts_with(b"@\"")
            || self.0.rest().starts_with(b"@'")
    }

    /// `$name`, `${name}`, `$env:NAME`; `None` if no name follows.
    pub(super) fn variable(&mut self) -> Parsed<Option<Name>> {
        let start = self.0.at;
        self.0.at += 1;
        let written = if self.0.eat(b"{") {
            let inside = self.0.take_while(|byte| byte != b'}' && byte != b'\n');
            if !self.0.eat(b"}") {
                return self.0.fault(start, Reason::Syntax, "this brace has no end");
            }
            inside
        } else if self.0.eat(b"?") || self.0.eat(b"$") {
            b"?"
        } else {
            let rest = self.0.rest();
            let len = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
            let has_scope = len > 0
                && rest.get(len) == Some(&b':')
                && rest.get(len + 1).is_some_and(|byte| is_name_byte(*byte));
            let more = if has_scope {
                1 + rest[len + 1..].iter().take_while(|byte| is_name_byte(**byte)).count()
            } else {
                0
            };
            self.0.at += len + more;
            &rest[..len + more]
        };
        if written.is_empty() {
            return Ok(None);
        }
        let written = String::from_utf8_lossy(written).into_owned();
        let (scope, name) = written.split_once(':').unwrap_or(("", &written));
        let is_environment = scope.eq_ignore_ascii_case("env");
        let is_own = ["", "script", "global", "local", "private", "variable"]
            .iter()
            .any(|own| scope.eq_ignore_ascii_case(own));
        let name = match (is_environment, is_own) {
            (true, _) => name.to_uppercase(),
            (_, true) => name.to_lowercase(),
            // Of a drive that is not read: nothing sets it.
            _ => written.to_lowercase(),
        };
        let written = written.rsplit(':').next().unwrap_or_default().to_owned();
        Ok(Some(Name { is_environment, name, written }))
    }

    pub(super) fn string(&mut self) -> Parsed<Vec<Piece>> {
        let start = self.0.at;
        let is_here = self.0.eat(b"@");
        let Some((kind, len)) = quote(self.0.rest()) else {
            return self.syntax("a string belongs here");
        };
        self.0.at += len;
        let mut pieces = vec![Piece::Text(Text::new())];
        if is_here {
            self.0.take_while(|byte| byte == b' ');
            if !self.0.eat(b"\n") {
                return self.0.fault(start, Reason::Syntax, "a here-string begins on its own line");
            }
        }
        let mut is_first = true;
        loop {
            let Some(byte) = self.0.peek() else {
                return self.0.fault(start, Reason::UnterminatedQuote, "this quote has no end");
            };
            let found = quote(self.0.rest()).filter(|(other, _)| *other == kind);
            if is_here {
                let closes = (byte == b'\n' || is_first) && {
                    let after = &self.0.rest()[usize::from(byte == b'\n')..];
                    quote(after).is_some_and(|(other, len)| other == kind && after.get(len) == Some(&b'@'))
                };
                is_first = false;
                if closes {
                    self.0.at += usize::from(byte == b'\n');
                    self.0.at += quote(self.0.rest()).map_or(0, |(_, len)| len) + 1;
                    return Ok(pieces);
                }
            } else if let Some((_, len)) = found {
                let is_doubled = quote(&self.0.rest()[len..]).is_some_and(|(other, _)| other == kind);
                let sign = &self.0.rest()[..len];
                self.0.at += len;
                if !is_doubled {
                    return Ok(pieces);
                }
                push(&mut pieces, sign);
                self.0.at += quote(self.0.rest()).map_or(0, |(_, len)| len);
                continue;
            }
            match byte {
                b'`' if kind == b'"' => self.backtick(&mut pieces),
                b'$' if kind == b'"' => self.expand(&mut pieces)?,
                byte => {
                    self.0.at += 1;
                    push(&mut pieces, &[byte]);
                }
            }
        }
    }

    fn backtick(&mut self, pieces: &mut Vec<Piece>) {
        let start = self.0.at;
        self.0.at += 1;
        match self.0.bump() {
            Some(b'n') => push(pieces, b"\n"),
            Some(b't') => push(pieces, b"\t"),
            Some(b'r') => push(pieces, b"\r"),
            Some(b'0' | b'a' | b'b' | b'f' | b'v' | b'e' | b'u') => {
                pieces.push(Piece::Inner(Expression::Opaque("an escaped character", self.0.span(start))));
            }
            Some(byte) => push(pieces, &[byte]),
            None => {}
        }
    }

    fn expand(&mut self, pieces: &mut Vec<Piece>) -> Parsed<()> {
        let start = self.0.at;
        let second = self.0.rest().get(1).copied();
        match second {
            Some(b'(') => {
                let inner = self.primary_alone()?;
                pieces.push(Piece::Inner(inner));
            }
            Some(byte) if is_name_byte(byte) || byte == b'{' => {
                if let Some(name) = self.variable()? {
                    let span = self.0.span(start);
                    match variable(name, span) {
                        Expression::Variable(name, span) => pieces.push(Piece::Variable(name, span)),
                        other => pieces.push(Piece::Inner(other)),
                    }
                }
                if self.0.peek() == Some(b':') && second != Some(b'{') {
                    return self.0.fault(
                        start,
                        Reason::Syntax,
                        "PowerShell takes no colon right behind a variable: write ${name}:",
                    );
                }
            }
            Some(b'$' | b'?' | b'^') => {
                self.0.at += 2;
                pieces
                    .push(Piece::Inner(Expression::Opaque("a variable of the session", self.0.span(start))));
            }
            _ => {
                self.0.at += 1;
                push(pieces, b"$");
            }
        }
        Ok(())
    }

    /// `$( … )` in a string, without the members that would follow elsewhere.
    fn primary_alone(&mut self) -> Parsed<Expression> {
        let start = self.0.at;
        self.0.at += 2;
        let inner = self.pipeline()?;
        self.close(start)?;
        Ok(inner)
    }
}

fn push(pieces: &mut Vec<Piece>, bytes: &[u8]) {
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.extend(bytes),
        _ => {
            let mut text = Text::new();
            text.extend(bytes);
            pieces.push(Piece::Text(text));
        }
    }
}
