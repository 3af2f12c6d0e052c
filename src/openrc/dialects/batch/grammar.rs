//! The grammar of cmd: lines, blocks in parentheses, `if` and `for`. What stands between percent signs is left as it is.

use super::super::cursor::Cursor;
use super::super::script::Step;
use crate::openrc::place::{Parsed, Reason, Span};

pub(super) type Steps = Vec<Step<Command>>;

#[derive(Debug)]
pub(super) enum Command {
    /// A command as written, from its first letter to its last.
    Plain(Span),
    If {
        is_negated: bool,
        ignores_case: bool,
        test: Test,
        span: Span,
    },
    For(For),
    Goto(String, Span),
    Label(String),
}

#[derive(Debug)]
pub(super) enum Test {
    /// The two sides as written.
    Equal(Span, Span),
    Defined(String),
    Other,
}

#[derive(Debug)]
pub(super) struct For {
    /// `/f`, `/l` …, in small letters.
    pub(super) switch: String,
    pub(super) options: Span,
    /// The letter behind `%%`.
    pub(super) letter: u8,
    /// What stands between the parentheses.
    pub(super) set: Span,
    pub(super) span: Span,
}

pub(super) struct Grammar<'s>(Cursor<'s>);

pub(super) fn parse(text: &[u8], file: u16) -> Parsed<Steps> {
    let mut grammar = Grammar(Cursor::new(text, file));
    let mut steps = Vec::new();
    while grammar.0.peek().is_some() {
        grammar.line(&mut steps)?;
    }
    Ok(steps)
}

impl Grammar<'_> {
    fn blanks(&mut self) {
        self.0.take_while(|byte| b" \t,;=@".contains(&byte));
        while self.0.rest().starts_with(b"^\n") {
            self.0.at += 2;
            self.0.take_while(|byte| b" \t".contains(&byte));
        }
    }

    /// The word that comes next, in small letters.
    fn keyword(&self) -> String {
        let rest = self.0.rest();
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let ends = rest.get(len).is_none_or(|byte| b" \t\n()=,;&|<>/\"%:.".contains(byte));
        if ends { String::from_utf8_lossy(&rest[..len]).to_ascii_lowercase() } else { String::new() }
    }

    /// The commands of one line, which are read together.
    fn line(&mut self, all: &mut Steps) -> Parsed<()> {
        let mut steps = Vec::new();
        self.commands(&mut steps)?;
        match steps.len() {
            0 | 1 => all.append(&mut steps),
            _ => all.push(Step::Block(steps)),
        }
        Ok(())
    }

    fn commands(&mut self, steps: &mut Steps) -> Parsed<()> {
        loop {
            self.blanks();
            match self.0.peek() {
                None => return Ok(()),
                Some(b'\n') => {
                    self.0.at += 1;
                    return Ok(());
                }
                Some(b')') => {
                    // Outside of a block it begins a remark.
                    self.0.take_while(|byte| byte != b'\n');
                }
                Some(_) => self.chain(steps)?,
            }
        }
    }

    /// Commands with `&`, `&&`, `||` and `|` between them.
    fn chain(&mut self, steps: &mut Steps) -> Parsed<()> {
        let step = self.command()?;
        steps.extend(step);
        loop {
            self.0.take_while(|byte| b" \t".contains(&byte));
            if self.0.eat(b"&&") {
                self.blanks();
                let step = self.command()?;
                steps.extend(step.map(|step| Step::And(Box::new(step))));
            } else if self.0.eat(b"||") {
                self.blanks();
                let step = self.command()?;
                steps.extend(step.map(|step| Step::Or(Box::new(step))));
            } else if self.0.eat(b"|") {
                // Both sides are processes of their own.
                let before = steps.pop();
                self.blanks();
                let mut apart: Steps = before.into_iter().collect();
                apart.extend(self.command()?);
                steps.push(Step::Apart(apart));
            } else if self.0.eat(b"&") {
                self.blanks();
                if self.0.peek().is_some_and(|byte| !b"\n)".contains(&byte)) {
                    let step = self.command()?;
                    steps.extend(step);
                }
            } else {
                return Ok(());
            }
        }
    }

    fn command(&mut self) -> Parsed<Option<Step<Command>>> {
        let start = self.0.at;
        self.0.enter(start)?;
        let step = self.step(start)?;
        self.0.leave();
        Ok(step)
    }

    fn step(&mut self, start: usize) -> Parsed<Option<Step<Command>>> {
        match self.0.peek() {
            Some(b':') => {
                self.0.at += 1;
                let label = self.0.take_while(|byte| !b" \t\n&|<>:".contains(&byte));
                let label = String::from_utf8_lossy(label).to_ascii_lowercase();
                self.0.take_while(|byte| byte != b'\n');
                return Ok((!label.is_empty()).then_some(Step::Do(Command::Label(label))));
            }
            Some(b'(') => {
                self.0.at += 1;
                let steps = self.block(start)?;
                self.redirects();
                return Ok(Some(Step::Block(steps)));
            }
            // A redirection may come first.
            Some(b'<' | b'>') => {
                self.0.placeholder()?;
                self.redirects();
                self.blanks();
            }
            _ => {}
        }
        Ok(match self.keyword().as_str() {
            "rem" => {
                self.0.take_while(|byte| byte != b'\n');
                None
            }
            "if" => Some(self.if_(start)?),
            "for" => Some(self.for_(start)?),
            "goto" => {
                self.0.at += 4;
                self.0.take_while(|byte| b" \t:".contains(&byte));
                let label = self.0.take_while(|byte| !b" \t\n&|<>)".contains(&byte));
                let label = String::from_utf8_lossy(label).to_ascii_lowercase();
                Some(Step::Do(Command::Goto(label, self.0.span(start))))
            }
            _ => Some(Step::Do(Command::Plain(self.plain()?))),
        })
    }

    /// The rest of a block, up to its parenthesis.
    fn block(&mut self, start: usize) -> Parsed<Steps> {
        let mut steps = Vec::new();
        loop {
            self.blanks();
            match self.0.peek() {
                None => {
                    return self.0.fault(start, Reason::UnterminatedCommand, "this parenthesis has no end");
                }
                Some(b'\n') => self.0.at += 1,
                Some(b')') => {
                    self.0.at += 1;
                    return Ok(steps);
                }
                Some(_) => self.chain(&mut steps)?,
            }
        }
    }

    fn redirects(&mut self) {
        self.0.take_while(|byte| b" \t".contains(&byte));
        while self.0.peek().is_some_and(|byte| b"<>".contains(&byte))
            || matches!(self.0.rest(), [b'0'..=b'9', b'<' | b'>', ..])
        {
            self.0.take_while(|byte| b"0123456789<>&".contains(&byte));
            self.0.take_while(|byte| b" \t".contains(&byte));
            self.0.take_while(|byte| !b" \t\n&|)".contains(&byte));
            self.0.take_while(|byte| b" \t".contains(&byte));
        }
    }

    /// A command up to what ends it: `&`, `|`, the line, in a block a parenthesis; not within quotes.
    fn plain(&mut self) -> Parsed<Span> {
        let start = self.0.at;
        let is_set = self.keyword() == "set";
        let mut is_quoted = false;
        while let Some(byte) = self.0.peek() {
            match byte {
                b'\n' => break,
                b'^' if !is_quoted => self.0.at += usize::from(self.0.rest().len() > 1),
                b'"' => is_quoted = !is_quoted,
                b'&' | b'|' if !is_quoted => {
                    let is_handle = byte == b'&' && self.0.text[..self.0.at].ends_with(b">");
                    if !is_handle {
                        break;
                    }
                }
                b')' if !is_quoted && self.0.depth > 1 => break,
                b'<' if is_set && !is_quoted => self.0.placeholder()?,
                _ => {}
            }
            self.0.at += 1;
        }
        Ok(self.0.span(start))
    }

    fn if_(&mut self, start: usize) -> Parsed<Step<Command>> {
        self.0.at += 2;
        let (mut is_negated, mut ignores_case) = (false, false);
        loop {
            self.0.take_while(|byte| b" \t".contains(&byte));
            if self.0.rest().len() > 2 && self.0.rest()[..2].eq_ignore_ascii_case(b"/i") {
                ignores_case = true;
                self.0.at += 2;
            } else if self.keyword() == "not" {
                is_negated = !is_negated;
                self.0.at += 3;
            } else {
                break;
            }
        }
        let test = match self.keyword().as_str() {
            "defined" => {
                self.0.at += 7;
                self.0.take_while(|byte| b" \t".contains(&byte));
                let name = self.0.take_while(|byte| !b" \t\n()".contains(&byte));
                Test::Defined(String::from_utf8_lossy(name).to_uppercase())
            }
            word @ ("exist" | "errorlevel" | "cmdextversion") => {
                self.0.at += word.len();
                self.0.take_while(|byte| b" \t".contains(&byte));
                self.side();
                Test::Other
            }
            _ => {
                let left = self.side();
                self.0.take_while(|byte| b" \t".contains(&byte));
                if self.0.eat(b"==") {
                    self.0.take_while(|byte| b" \t".contains(&byte));
                    Test::Equal(left, self.side())
                } else {
                    self.0.take_while(|byte| byte.is_ascii_alphabetic());
                    self.0.take_while(|byte| b" \t".contains(&byte));
                    self.side();
                    Test::Other
                }
            }
        };
        let condition = Command::If { is_negated, ignores_case, test, span: self.0.span(start) };
        self.blanks();
        let body = self.body()?;
        let before = self.0.at;
        self.0.take_while(|byte| b" \t".contains(&byte));
        let mut otherwise = Vec::new();
        if self.keyword() == "else" {
            self.0.at += 4;
            self.blanks();
            otherwise = self.body()?;
        } else {
            self.0.at = before;
        }
        Ok(Step::If { arms: vec![(vec![Step::Do(condition)], body)], otherwise })
    }

    /// A block, or all the commands up to the end of the line.
    fn body(&mut self) -> Parsed<Steps> {
        let mut steps = Vec::new();
        if self.0.peek() == Some(b'(') {
            let step = self.command()?;
            steps.extend(step);
        } else if self.0.peek().is_some_and(|byte| byte != b'\n') {
            self.chain(&mut steps)?;
        }
        Ok(steps)
    }

    /// One side of a comparison: up to a blank or `==` outside of quotes.
    fn side(&mut self) -> Span {
        let start = self.0.at;
        let mut is_quoted = false;
        while let Some(byte) = self.0.peek() {
            match byte {
                b'\n' => break,
                b'"' => is_quoted = !is_quoted,
                b' ' | b'\t' | b'(' if !is_quoted => break,
                b'=' if !is_quoted && self.0.rest().starts_with(b"==") => break,
                _ => {}
            }
            self.0.at += 1;
        }
        self.0.span(start)
    }

    fn for_(&mut self, start: usize) -> Parsed<Step<Command>> {
        self.0.at += 3;
        self.0.take_while(|byte| b" \t".contains(&byte));
        let mut switch = String::new();
        let mut options = Span { file: self.0.file, start: start as u32, end: start as u32 };
        while self.0.peek() == Some(b'/') {
            switch = String::from_utf8_lossy(self.0.take_while(|byte| !b" \t\n".contains(&byte)))
                .to_ascii_lowercase();
            self.0.take_while(|byte| b" \t".contains(&byte));
            if self.0.peek() == Some(b'"') {
                let at = self.0.at;
                self.0.at += 1;
                self.0.take_while(|byte| byte != b'"' && byte != b'\n');
                self.0.eat(b"\"");
                options = self.0.span(at);
                self.0.take_while(|byte| b" \t".contains(&byte));
            }
        }
        let letter = self.0.rest().get(2).copied().filter(|_| self.0.rest().starts_with(b"%%"));
        let Some(letter) = letter else {
            return self.0.fault(start, Reason::Syntax, "a loop without %%letter");
        };
        self.0.at += 3;
        self.0.take_while(|byte| b" \t".contains(&byte));
        if self.keyword() != "in" {
            return self.0.fault(self.0.at, Reason::Syntax, "'in' belongs here");
        }
        self.0.at += 2;
        self.0.take_while(|byte| b" \t".contains(&byte));
        if !self.0.eat(b"(") {
            return self.0.fault(self.0.at, Reason::Syntax, "a list in parentheses belongs here");
        }
        let at = self.0.at;
        let mut quote = None;
        while let Some(byte) = self.0.peek() {
            match (byte, quote) {
                (b'"' | b'`' | b'\'', None) => quote = Some(byte),
                (byte, Some(open)) if byte == open => quote = None,
                (b')', None) | (b'\n', _) => break,
                _ => {}
            }
            self.0.at += 1;
        }
        let set = self.0.span(at);
        if !self.0.eat(b")") {
            return self.0.fault(start, Reason::UnterminatedCommand, "this list has no end on its line");
        }
        self.0.take_while(|byte| b" \t".contains(&byte));
        if self.keyword() != "do" {
            return self.0.fault(self.0.at, Reason::Syntax, "'do' belongs here");
        }
        self.0.at += 2;
        self.blanks();
        let body = self.body()?;
        let at = self.0.span(start);
        Ok(Step::Each { words: Command::For(For { switch, options, letter, set, span: at }), body, at })
    }
}
