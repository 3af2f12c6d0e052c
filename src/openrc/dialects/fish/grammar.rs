//! fish's grammar: statements as steps, words as parts. It knows no values.

use std::rc::Rc;

use super::super::cursor::Cursor;
use super::super::script::Step;
use crate::openrc::place::{Fault, Parsed, Reason, Span};
use crate::openrc::text::Text;

pub(super) type Steps = Vec<Step<Command>>;

#[derive(Debug)]
pub(super) enum Command {
    Simple(Simple),
    /// The output of each goes into the next; all but programs run in the shell itself.
    Pipe(Vec<Step<Command>>),
    /// A word of `switch` against the patterns of a `case`.
    Match(Rc<Word>, Vec<Word>),
    Function(String, Rc<Steps>),
    /// `for NAME in WORDS`
    Head(String, Vec<Word>),
}

#[derive(Debug)]
pub(super) struct Simple {
    pub(super) words: Vec<Word>,
    pub(super) span: Span,
    /// Its input is a file.
    pub(super) reads_file: bool,
    /// Its output goes into a file.
    pub(super) is_silent: bool,
}

#[derive(Debug)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum Part {
    /// The text, and whether it stood in quotes.
    Text(Text, bool),
    Variable {
        name: String,
        index: Option<Option<usize>>,
        is_quoted: bool,
        span: Span,
    },
    Substitution {
        steps: Rc<Steps>,
        span: Span,
    },
    Home,
    /// Something that is not read.
    Opaque(&'static str, Span),
}

impl Word {
    /// The word, if it is plain text without quotes.
    pub(super) fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text, false)] => text.str(),
            _ => None,
        }
    }

    /// The variable that the word is, and nothing else.
    pub(super) fn reference(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Variable { name, index: None, .. }] => Some(name),
            _ => None,
        }
    }
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

    fn blanks(&mut self) {
        while self.0.eat(b" ") || self.0.eat(b"\t") || self.0.eat(b"\\\n") {}
    }

    /// Blanks, ends of commands, and comments.
    fn gaps(&mut self) {
        loop {
            self.blanks();
            match self.0.peek() {
                Some(b'\n' | b';') => self.0.at += 1,
                Some(b'#') => {
                    self.0.take_while(|byte| byte != b'\n');
                }
                _ => return,
            }
        }
    }

    /// The bare word that comes next, without taking it.
    fn keyword(&self) -> &str {
        let rest = self.0.rest();
        let len = rest.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b'!').count();
        let ends = rest.get(len).is_none_or(|byte| b" \t\n;|&)#<>".contains(byte));
        if ends { std::str::from_utf8(&rest[..len]).unwrap_or_default() } else { "" }
    }

    fn take(&mut self, keyword: &str) -> bool {
        let is_there = self.keyword() == keyword;
        if is_there {
            self.0.at += keyword.len();
        }
        is_there
    }

    /// Up to what ends the block around, or the file.
    fn steps(&mut self) -> Parsed<Steps> {
        let mut steps = Vec::new();
        loop {
            self.gaps();
            if self.0.peek().is_none_or(|byte| byte == b')')
                || matches!(self.keyword(), "end" | "else" | "case")
            {
                return Ok(steps);
            }
            self.chain(&mut steps)?;
        }
    }

    /// Jobs with `&&` and `||` between them.
    fn chain(&mut self, steps: &mut Steps) -> Parsed<()> {
        let first = self.job()?;
        steps.push(first);
        loop {
            self.blanks();
            let is_and = self.0.eat(b"&&");
            if !is_and && !self.0.eat(b"||") {
                break;
            }
            self.gaps();
            let job = Box::new(self.job()?);
            steps.push(if is_and { Step::And(job) } else { Step::Or(job) });
        }
        match self.0.peek() {
            Some(b'&') => {
                self.0.at += 1;
                let job = steps.pop();
                steps.push(Step::Apart(job.into_iter().collect()));
                Ok(())
            }
            None | Some(b'\n' | b';' | b'#' | b')') => Ok(()),
            Some(_) => self.syntax("this cannot stand here"),
        }
    }

    fn job(&mut self) -> Parsed<Step<Command>> {
        self.blanks();
        for (keyword, wrap) in [
            ("not", Step::Not as fn(Box<Step<Command>>) -> Step<Command>),
            ("!", Step::Not),
            ("and", Step::And),
            ("or", Step::Or),
        ] {
            if self.take(keyword) {
                let start = self.0.at;
                self.0.enter(start)?;
                let job = self.job()?;
                self.0.leave();
                return Ok(wrap(Box::new(job)));
            }
        }
        let start = self.0.at;
        let mut piped = vec![self.statement()?];
        loop {
            self.blanks();
            if self.0.rest().starts_with(b"||") || !(self.0.eat(b"|") || self.0.eat(b"&|")) {
                break;
            }
            self.gaps();
            piped.push(self.statement()?);
        }
        if self.0.at == start {
            return self.syntax("a command is missing here");
        }
        let first = if piped.len() == 1 { piped.pop() } else { None };
        Ok(first.unwrap_or(Step::Do(Command::Pipe(piped))))
    }

    fn statement(&mut self) -> Parsed<Step<Command>> {
        let start = self.0.at;
        self.0.enter(start)?;
        let step = match self.keyword() {
            "begin" => {
                self.0.at += 5;
                let steps = self.steps()?;
                Step::Block(self.end(start, steps)?)
            }
            "if" => {
                self.0.at += 2;
                self.if_(start)?
            }
            "while" => {
                self.0.at += 5;
                let condition = self.condition()?;
                let body = self.steps()?;
                let at = self.0.span(start);
                Step::While { condition, body: self.end(start, body)?, at }
            }
            "for" => {
                self.0.at += 3;
                self.for_(start)?
            }
            "switch" => {
                self.0.at += 6;
                self.switch(start)?
            }
            "function" => {
                self.0.at += 8;
                let words = self.simple()?.words;
                let Some(name) = words.first().and_then(Word::bare).map(str::to_owned) else {
                    return self.syntax("a function without a plain name");
                };
                let body = self.steps()?;
                Step::Do(Command::Function(name, Rc::new(self.end(start, body)?)))
            }
            _ => Step::Do(Command::Simple(self.simple()?)),
        };
        self.0.leave();
        Ok(step)
    }

    /// The end of the block that began at `start`, and what may stand behind it.
    fn end(&mut self, start: usize, steps: Steps) -> Parsed<Steps> {
        if !self.take("end") {
            return self.0.fault(start, Reason::UnterminatedCommand, "this block has no end");
        }
        self.blanks();
        while matches!(self.0.peek(), Some(b'<' | b'>' | b'1' | b'2')) {
            self.redirect()?;
            self.blanks();
        }
        Ok(steps)
    }

    /// A job, and the `and` and `or` that follow it.
    fn condition(&mut self) -> Parsed<Steps> {
        let mut steps = Vec::new();
        self.chain(&mut steps)?;
        loop {
            let before = self.0.at;
            self.gaps();
            if !matches!(self.keyword(), "and" | "or") {
                self.0.at = before;
                return Ok(steps);
            }
            self.chain(&mut steps)?;
        }
    }

    fn if_(&mut self, start: usize) -> Parsed<Step<Command>> {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.condition()?;
            let body = self.steps()?;
            arms.push((condition, body));
            if !self.take("else") {
                break;
            }
            self.blanks();
            if !self.take("if") {
                otherwise = self.steps()?;
                break;
            }
        }
        let otherwise = self.end(start, otherwise)?;
        Ok(Step::If { arms, otherwise })
    }

    fn for_(&mut self, start: usize) -> Parsed<Step<Command>> {
        let mut words = self.simple()?.words;
        let name = words.first().and_then(Word::bare).map(str::to_owned);
        let (Some(name), true) = (name, words.get(1).and_then(Word::bare) == Some("in")) else {
            return self.syntax("a loop without a plain name");
        };
        words.drain(..2);
        let body = self.steps()?;
        let at = self.0.span(start);
        Ok(Step::Each { words: Command::Head(name, words), body: self.end(start, body)?, at })
    }

    fn switch(&mut self, start: usize) -> Parsed<Step<Command>> {
        let mut words = self.simple()?.words;
        let (Some(subject), true) = (words.pop(), words.is_empty()) else {
            return self.syntax("switch takes one word");
        };
        let subject = Rc::new(subject);
        let mut arms = Vec::new();
        self.gaps();
        while self.take("case") {
            let patterns = self.simple()?.words;
            let body = self.steps()?;
            arms.push((vec![Step::Do(Command::Match(Rc::clone(&subject), patterns))], body));
        }
        self.end(start, Vec::new())?;
        Ok(Step::If { arms, otherwise: Vec::new() })
    }

    fn simple(&mut self) -> Parsed<Simple> {
        self.blanks();
        let start = self.0.at;
        let mut simple =
            Simple { words: Vec::new(), span: Span::default(), reads_file: false, is_silent: false };
        let mut end = start;
        loop {
            self.blanks();
            match self.0.peek() {
                None | Some(b'\n' | b';' | b'|' | b')' | b'#') => break,
                Some(b'<' | b'>') => {
                    let is_input = self.0.peek() == Some(b'<');
                    if is_input {
                        self.0.placeholder()?;
                    }
                    simple.reads_file |= is_input;
                    simple.is_silent |= !is_input && !self.redirects_to_screen();
                    self.redirect()?;
                }
                Some(b'&') if self.0.rest().starts_with(b"&>") => {
                    simple.is_silent = true;
                    self.0.at += 1;
                    self.redirect()?;
                }
                Some(b'&') => break,
                Some(digit @ b'0'..=b'9') if matches!(self.0.rest().get(1), Some(b'<' | b'>')) => {
                    simple.is_silent |= digit == b'1';
                    simple.reads_file |= digit == b'0';
                    self.redirect()?;
                }
                Some(_) => {
                    let word = self.word()?;
                    simple.words.push(word);
                }
            }
            end = self.0.at;
        }
        simple.span = Span { end: end as u32, ..self.0.span(start) };
        Ok(simple)
    }

    fn redirects_to_screen(&self) -> bool {
        let rest = self.0.rest();
        rest.starts_with(b">&") || rest.starts_with(b"> /dev/tty") || rest.starts_with(b">/dev/tty")
    }

    /// From the sign, or the digit before it, to the end of the target.
    fn redirect(&mut self) -> Parsed<()> {
        self.0.take_while(|byte| byte.is_ascii_digit());
        self.0.take_while(|byte| b"<>&?|".contains(&byte));
        self.blanks();
        if self.0.peek().is_none_or(|byte| b"\n;|&)".contains(&byte)) {
            return self.syntax("a redirection without a file");
        }
        self.word().map(drop)
    }

    pub(super) fn substitution(&mut self, start: usize) -> Parsed<Part> {
        self.0.enter(start)?;
        let steps = self.steps()?;
        if !self.0.eat(b")") {
            let what = "this command substitution has no end";
            let at = Span { file: self.0.file, start: start as u32, end: start as u32 + 1 };
            return Err(Fault::new(at, Reason::UnterminatedSubstitution, what));
        }
        self.0.leave();
        Ok(Part::Substitution { steps: Rc::new(steps), span: self.0.span(start) })
    }
}
