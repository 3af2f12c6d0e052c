//! PowerShell's statements: assignments, commands, blocks. Expressions are in a file of their own. It knows no values.

use super::super::cursor::Cursor;
use super::super::script::Step;
use super::expression::{Expression, Name};
use crate::openrc::place::{Parsed, Reason, Span};

pub(super) type Steps = Vec<Step<Command>>;

#[derive(Debug)]
pub(super) enum Command {
    Assign {
        target: Name,
        adds: bool,
        value: Expression,
        word: Span,
        span: Span,
    },
    /// An expression, or a command with its arguments.
    Plain(Expression, Span),
    /// `foreach ($name in …)`
    Head(Name, Expression),
    /// Whether this is done is not known.
    Perhaps(&'static str, Span),
    /// Whether the script is called without arguments.
    IsBare(Span),
    Leave {
        is_exit: bool,
        span: Span,
    },
    Break,
    Continue,
    /// A function that the file makes.
    Function(String),
    Lost(&'static str, Span),
}

pub(super) struct Grammar<'s>(pub(super) Cursor<'s>);

pub(super) fn parse(text: &[u8], file: u16) -> Parsed<Steps> {
    let mut grammar = Grammar(Cursor::new(text, file));
    let steps = grammar.steps()?;
    match grammar.0.peek() {
        None => Ok(steps),
        Some(_) => grammar.syntax("this cannot stand here"),
    }
}

impl Grammar<'_> {
    pub(super) fn syntax<T>(&self, what: &str) -> Parsed<T> {
        self.0.fault(self.0.at, Reason::Syntax, what)
    }

    /// Blanks, continued lines and comments.
    pub(super) fn blanks(&mut self) {
        loop {
            if self.0.eat(b" ") || self.0.eat(b"\t") || self.0.eat(b"`\n") || self.0.eat(b"\xc2\xa0") {
                continue;
            }
            if self.0.rest().starts_with(b"<#") {
                while self.0.peek().is_some() && !self.0.eat(b"#>") {
                    self.0.at += 1;
                }
            } else if self.0.peek() == Some(b'#') {
                self.0.take_while(|byte| byte != b'\n');
            } else {
                return;
            }
        }
    }

    /// The same, and ends of lines.
    pub(super) fn gaps(&mut self) {
        self.blanks();
        while self.0.eat(b"\n") || self.0.eat(b";") {
            self.blanks();
        }
    }

    pub(super) fn lines(&mut self) {
        self.blanks();
        while self.0.eat(b"\n") {
            self.blanks();
        }
    }

    /// The word that comes next, in small letters.
    pub(super) fn keyword(&self) -> String {
        let rest = self.0.rest();
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let ends =
            rest.get(len).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"-_:\\.".contains(byte));
        if ends { String::from_utf8_lossy(&rest[..len]).to_ascii_lowercase() } else { String::new() }
    }

    pub(super) fn take(&mut self, keyword: &str) -> bool {
        let is_there = self.keyword() == keyword;
        if is_there {
            self.0.at += keyword.len();
        }
        is_there
    }

    fn steps(&mut self) -> Parsed<Steps> {
        let mut steps = Vec::new();
        loop {
            self.gaps();
            if self.0.peek().is_none_or(|byte| byte == b'}' || byte == b')') {
                return Ok(steps);
            }
            let start = self.0.at;
            self.0.enter(start)?;
            let step = self.statement(start)?;
            self.0.leave();
            steps.push(step);
            self.blanks();
            if !self.0.peek().is_none_or(|byte| b"\n;})".contains(&byte))
                && !matches!(
                    steps.last(),
                    Some(Step::If { .. } | Step::While { .. } | Step::Each { .. } | Step::Block(_))
                )
                && !matches!(steps.last(), Some(Step::Do(Command::Function(_))))
            {
                return self.syntax("this cannot stand here");
            }
        }
    }

    pub(super) fn block(&mut self) -> Parsed<Steps> {
        self.lines();
        let start = self.0.at;
        if !self.0.eat(b"{") {
            return self.syntax("a block in braces belongs here");
        }
        let steps = self.steps()?;
        if !self.0.eat(b"}") {
            return self.0.fault(start, Reason::UnterminatedCommand, "this block has no end");
        }
        Ok(steps)
    }

    fn statement(&mut self, start: usize) -> Parsed<Step<Command>> {
        let keyword = self.keyword();
        self.0.at += keyword.len();
        let perhaps = |grammar: &Self| {
            Step::Do(Command::Perhaps("a loop, or a way that may not be gone", grammar.0.span(start)))
        };
        Ok(match keyword.as_str() {
            "if" => self.if_()?,
            "foreach" if self.opens() => {
                self.blanks();
                self.0.at += 1;
                self.lines();
                let Some(name) = self.variable()? else { return self.syntax("a variable belongs here") };
                self.lines();
                if !self.take("in") {
                    return self.syntax("'in' belongs here");
                }
                let list = self.pipeline()?;
                self.close(start)?;
                let body = self.block()?;
                Step::Each { words: Command::Head(name, list), body, at: self.0.span(start) }
            }
            "while" if self.opens() => {
                let condition = self.condition()?;
                let body = self.block()?;
                Step::While { condition: vec![condition], body, at: self.0.span(start) }
            }
            "do" | "try" => {
                let mut steps = self.block()?;
                loop {
                    let before = self.0.at;
                    self.lines();
                    if self.take("catch") {
                        while self.0.peek() == Some(b'[') || self.0.peek() == Some(b' ') {
                            self.0.take_while(|byte| byte != b'{' && byte != b'\n' && byte != b']');
                            self.0.eat(b"]");
                            self.blanks();
                        }
                        let body = self.block()?;
                        steps.push(Step::If {
                            arms: vec![(vec![perhaps(self)], body)],
                            otherwise: Vec::new(),
                        });
                    } else if self.take("finally") {
                        let mut body = self.block()?;
                        steps.append(&mut body);
                    } else if keyword == "do" && (self.take("while") || self.take("until")) {
                        let again = self.condition()?;
                        steps.push(again);
                        // Once for sure; what more turns would change is asked again by them alone.
                        break;
                    } else {
                        self.0.at = before;
                        break;
                    }
                }
                Step::Block(steps)
            }
            "for" | "switch" if self.opens() => {
                self.blanks();
                self.skip_parentheses(start)?;
                self.lines();
                self.skip_braces(start)?;
                Step::Do(Command::Lost("a loop or a switch that is not followed", self.0.span(start)))
            }
            "function" | "filter" => {
                self.blanks();
                let name = self.0.take_while(|byte| !b" \t\n({".contains(&byte));
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                self.lines();
                if self.0.peek() == Some(b'(') {
                    self.skip_parentheses(start)?;
                    self.lines();
                }
                self.skip_braces(start)?;
                Step::Do(Command::Function(name))
            }
            "param" if self.opens() => Step::Block(self.parameters(start)?),
            "exit" | "return" | "throw" => {
                self.blanks();
                if self.0.peek().is_some_and(|byte| !b"\n;}".contains(&byte)) {
                    self.pipeline()?;
                }
                Step::Do(Command::Leave { is_exit: keyword != "return", span: self.0.span(start) })
            }
            "break" => Step::Do(Command::Break),
            "continue" => Step::Do(Command::Continue),
            _ => {
                self.0.at = start;
                self.plain(start)?
            }
        })
    }

    fn opens(&self) -> bool {
        let blanks = self.0.rest().iter().take_while(|byte| b" \t\n".contains(byte)).count();
        self.0.rest().get(blanks) == Some(&b'(')
    }

    fn condition(&mut self) -> Parsed<Step<Command>> {
        self.lines();
        let start = self.0.at;
        if !self.0.eat(b"(") {
            return self.syntax("a condition in parentheses belongs here");
        }
        let condition = self.pipeline()?;
        self.close(start)?;
        Ok(Step::Do(Command::Plain(condition, self.0.span(start))))
    }

    pub(super) fn close(&mut self, start: usize) -> Parsed<()> {
        self.lines();
        if !self.0.eat(b")") {
            return self.0.fault(start, Reason::UnterminatedCommand, "this parenthesis has no end");
        }
        Ok(())
    }

    fn if_(&mut self) -> Parsed<Step<Command>> {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = vec![self.condition()?];
            arms.push((condition, self.block()?));
            let before = self.0.at;
            self.lines();
            if self.take("elseif") {
                continue;
            }
            if self.take("else") {
                otherwise = self.block()?;
            } else {
                self.0.at = before;
            }
            return Ok(Step::If { arms, otherwise });
        }
    }

    /// `param( … )`: what a parameter is by itself.
    fn parameters(&mut self, start: usize) -> Parsed<Steps> {
        let mut steps = Vec::new();
        self.lines();
        self.0.at += 1;
        loop {
            self.lines();
            match self.0.peek() {
                Some(b')') => {
                    self.0.at += 1;
                    return Ok(steps);
                }
                Some(b',') => self.0.at += 1,
                Some(b'[') => {
                    let mut depth = 0;
                    loop {
                        match self.0.bump() {
                            Some(b'[' | b'(') => depth += 1,
                            Some(b']' | b')') => depth -= 1,
                            None => {
                                return self.0.fault(
                                    start,
                                    Reason::UnterminatedCommand,
                                    "this parenthesis has no end",
                                );
                            }
                            Some(_) => {}
                        }
                        if depth == 0 {
                            break;
                        }
                    }
                }
                Some(b'$') => {
                    let at = self.0.at;
                    let Some(target) = self.variable()? else {
                        return self.syntax("a variable belongs here");
                    };
                    self.lines();
                    let from = self.0.at;
                    let value = if self.0.eat(b"=") {
                        self.lines();
                        self.primary()?
                    } else {
                        Expression::Nothing
                    };
                    let (word, span) = (self.0.span(from), self.0.span(at));
                    let own = vec![Step::Do(Command::Assign { target, adds: false, value, word, span })];
                    let bare = vec![Step::Do(Command::IsBare(span))];
                    steps.push(Step::If { arms: vec![(bare, own)], otherwise: Vec::new() });
                }
                _ => return self.0.fault(start, Reason::UnterminatedCommand, "this parenthesis has no end"),
            }
        }
    }

    /// An assignment, an expression or a command.
    fn plain(&mut self, start: usize) -> Parsed<Step<Command>> {
        // A type before the variable changes nothing about a text.
        if self.0.rest().starts_with(b"[string]$") || self.0.rest().starts_with(b"[String]$") {
            self.0.at += 8;
        }
        if self.0.peek() == Some(b'$') {
            let before = self.0.at;
            if let Some(target) = self.variable()? {
                self.blanks();
                let adds = self.0.eat(b"+=");
                if adds || (self.0.peek() == Some(b'=') && self.0.rest().get(1) != Some(&b'=')) {
                    self.0.at += usize::from(!adds);
                    self.lines();
                    self.0.placeholder()?;
                    let from = self.0.at;
                    let value = self.pipeline()?;
                    let (word, span) = (self.0.span(from), self.0.span(start));
                    return Ok(Step::Do(Command::Assign { target, adds, value, word, span }));
                }
            }
            self.0.at = before;
        }
        let expression = self.pipeline()?;
        self.blanks();
        if self.0.peek() == Some(b'=') {
            // An assignment to something that is not read.
            self.0.at += 1;
            self.lines();
            self.pipeline()?;
            return Ok(Step::Do(Command::Plain(Expression::Nothing, self.0.span(start))));
        }
        Ok(Step::Do(Command::Plain(expression, self.0.span(start))))
    }

    pub(super) fn skip_parentheses(&mut self, start: usize) -> Parsed<()> {
        self.skip(start, b'(', b')')
    }

    pub(super) fn skip_braces(&mut self, start: usize) -> Parsed<()> {
        self.skip(start, b'{', b'}')
    }

    /// Over what is between the two, which may hold quotes and more of the same.
    fn skip(&mut self, start: usize, open: u8, close: u8) -> Parsed<()> {
        let mut depth = 0;
        loop {
            let before = self.0.at;
            self.blanks();
            let Some(byte) = self.0.peek() else {
                return self.0.fault(start, Reason::UnterminatedCommand, "this block has no end");
            };
            if self.is_quote() {
                self.string()?;
                continue;
            }
            self.0.at += if byte == b'`' { 2 } else { 1 };
            depth += i32::from(byte == open) - i32::from(byte == close);
            if depth == 0 && self.0.at > before {
                return Ok(());
            }
        }
    }
}
