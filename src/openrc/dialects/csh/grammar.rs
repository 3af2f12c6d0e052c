//! csh's grammar, as tcsh reads a file that is sourced: lines as steps, words as parts. It knows no values.

use std::rc::Rc;

use super::super::cursor::Cursor;
use super::super::script::Step;
use super::words::{Variable, Word, is_event};
use crate::openrc::place::{Fault, Parsed, Reason, Span};

pub(super) type Steps = Vec<Step<Command>>;

#[derive(Debug)]
pub(super) enum Command {
    Simple(Simple),
    /// The words between the parentheses of `if` and `while`.
    Condition(Vec<Word>, Span),
    /// `foreach NAME (WORDS)`
    Head(String, Vec<Word>),
    /// The variables of a command that may not be run: csh looks them up all the same.
    Needs(Vec<Rc<Variable>>),
    /// Something that sends the reading elsewhere.
    Lost(&'static str, Span),
}

#[derive(Debug)]
pub(super) struct Simple {
    pub(super) words: Vec<Word>,
    pub(super) span: Span,
    pub(super) reads_file: bool,
    pub(super) is_silent: bool,
}

pub(super) struct Grammar<'s>(pub(super) Cursor<'s>);

pub(super) fn parse(text: &[u8], file: u16) -> Parsed<Steps> {
    let mut grammar = Grammar(Cursor::new(text, file));
    let mut steps = Vec::new();
    // What closes a block that is not open, csh passes over.
    while grammar.0.peek().is_some() {
        let mut more = grammar.steps(&[])?;
        steps.append(&mut more);
        if grammar.0.peek() == Some(b')') {
            return grammar.0.fault(grammar.0.at, Reason::Syntax, "this parenthesis was never opened");
        }
    }
    Ok(steps)
}

/// Words that begin a command only to end a block.
const ENDS: &[&str] = &["else", "endif", "end", "endsw", "case", "default", "default:", "breaksw"];

impl Grammar<'_> {
    pub(super) fn blanks(&mut self) {
        while self.0.eat(b" ") || self.0.eat(b"\t") || self.0.eat(b"\\\n") {}
    }

    fn gaps(&mut self) {
        loop {
            self.blanks();
            match self.0.peek() {
                Some(b'\n' | b';') => self.0.at += 1,
                Some(b'#') => {
                    self.0.take_while(|byte| byte != b'\n');
                }
                // A label.
                Some(b':') => {
                    self.0.take_while(|byte| byte != b'\n');
                }
                _ => return,
            }
        }
    }

    fn keyword(&self) -> &str {
        let rest = self.0.rest();
        let len = rest.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b':').count();
        let ends = rest.get(len).is_none_or(|byte| b" \t\n;|&)(#".contains(byte));
        if ends { std::str::from_utf8(&rest[..len]).unwrap_or_default() } else { "" }
    }

    fn take(&mut self, keyword: &str) -> bool {
        let is_there = self.keyword() == keyword;
        if is_there {
            self.0.at += keyword.len();
        }
        is_there
    }

    /// Up to one of the words that end the block; with none of them, to any end at all, or the end of the file.
    fn steps(&mut self, ends: &[&str]) -> Parsed<Steps> {
        let mut steps = Vec::new();
        loop {
            self.gaps();
            let keyword = self.keyword();
            if self.0.peek().is_none_or(|byte| byte == b')') || ends.contains(&keyword) {
                return Ok(steps);
            }
            if ENDS.contains(&keyword) {
                let keyword = keyword.len();
                let start = self.0.at;
                self.0.at += keyword;
                if ends.is_empty() {
                    self.0.take_while(|byte| byte != b'\n');
                    return Ok(steps);
                }
                return self.0.fault(start, Reason::Syntax, "this ends a block that is not open here");
            }
            self.chain(&mut steps)?;
        }
    }

    /// Commands with `&&`, `||`, `|` and `&` between them.
    fn chain(&mut self, steps: &mut Steps) -> Parsed<()> {
        let mut is_and = None;
        loop {
            let step = self.pipeline()?;
            steps.push(match is_and {
                None => step,
                Some(true) => Step::And(Box::new(step)),
                Some(false) => Step::Or(Box::new(step)),
            });
            self.blanks();
            is_and = if self.0.eat(b"&&") {
                Some(true)
            } else if self.0.eat(b"||") {
                Some(false)
            } else {
                break;
            };
            self.blanks();
        }
        if self.0.eat(b"&") {
            let last = steps.pop();
            steps.push(Step::Apart(last.into_iter().collect()));
        }
        self.blanks();
        match self.0.peek() {
            None | Some(b'\n' | b';' | b'#' | b')') => Ok(()),
            Some(_) => self.0.fault(self.0.at, Reason::Syntax, "this cannot stand here"),
        }
    }

    fn pipeline(&mut self) -> Parsed<Step<Command>> {
        let start = self.0.at;
        let first = self.statement()?;
        self.blanks();
        let mut piped = vec![first];
        while !self.0.rest().starts_with(b"||") && self.0.eat(b"|") {
            self.0.eat(b"&");
            self.blanks();
            piped.push(self.statement()?);
            self.blanks();
        }
        if self.0.at == start {
            return self.0.fault(start, Reason::Syntax, "a command is missing here");
        }
        // The parts of a pipeline are processes of their own.
        let first = if piped.len() == 1 { piped.pop() } else { None };
        Ok(first.unwrap_or(Step::Apart(piped)))
    }

    fn statement(&mut self) -> Parsed<Step<Command>> {
        let start = self.0.at;
        self.0.enter(start)?;
        let step = match self.keyword() {
            "if" => {
                self.0.at += 2;
                self.if_(start)?
            }
            "foreach" => {
                self.0.at += 7;
                self.foreach(start)?
            }
            "while" => {
                self.0.at += 5;
                let condition = vec![self.condition()?];
                let body = self.steps(&["end"])?;
                let body = self.end(start, "end", body)?;
                Step::While { condition, body, at: self.0.span(start) }
            }
            "switch" => {
                self.0.at += 6;
                self.switch(start)?
            }
            "goto" | "onintr" => {
                let what = "a jump that is not followed";
                self.0.take_while(|byte| byte != b'\n');
                Step::Do(Command::Lost(what, self.0.span(start)))
            }
            _ if self.0.peek() == Some(b'(') => {
                self.0.at += 1;
                let steps = self.steps(&[])?;
                if !self.0.eat(b")") {
                    return self.0.fault(start, Reason::UnterminatedCommand, "this parenthesis has no end");
                }
                self.blanks();
                self.redirects(&mut false, &mut false)?;
                Step::Apart(steps)
            }
            _ => Step::Do(Command::Simple(self.simple()?)),
        };
        self.0.leave();
        Ok(step)
    }

    fn end<T>(&mut self, start: usize, keyword: &str, steps: T) -> Parsed<T> {
        if !self.take(keyword) {
            return self.0.fault(start, Reason::UnterminatedCommand, "this block has no end");
        }
        Ok(steps)
    }

    /// `( … )`
    fn condition(&mut self) -> Parsed<Step<Command>> {
        self.blanks();
        let start = self.0.at;
        let words = self.parenthesised()?;
        Ok(Step::Do(Command::Condition(words, self.0.span(start))))
    }

    /// The words between parentheses; inner parentheses and operators are words.
    pub(super) fn parenthesised(&mut self) -> Parsed<Vec<Word>> {
        let start = self.0.at;
        if !self.0.eat(b"(") {
            return self.0.fault(start, Reason::Syntax, "a parenthesis belongs here");
        }
        let mut depth = 1;
        let mut words = Vec::new();
        loop {
            self.blanks();
            let at = self.0.at;
            match self.0.peek() {
                None | Some(b'\n') => {
                    return self.0.fault(start, Reason::UnterminatedCommand, "this parenthesis has no end");
                }
                Some(b'(') => depth += 1,
                Some(b')') => {
                    depth -= 1;
                    if depth == 0 {
                        self.0.at += 1;
                        return Ok(words);
                    }
                }
                Some(_) => {}
            }
            let signs: [&[u8]; 14] =
                [b"(", b")", b"&&", b"||", b"==", b"!=", b"=~", b"!~", b"<=", b">=", b"<", b">", b"|", b"&"];
            match signs.into_iter().find(|sign| self.0.rest().starts_with(sign)) {
                Some(sign) => {
                    self.0.at += sign.len();
                    words.push(Word::sign(sign, self.0.span(at)));
                }
                None if self.0.peek() == Some(b'!') && !is_event(self.0.rest()) => {
                    self.0.at += 1;
                    words.push(Word::sign(b"!", self.0.span(at)));
                }
                None if self.0.peek() == Some(b';') => {
                    return self.0.fault(at, Reason::Syntax, "this cannot stand here");
                }
                None => words.push(self.word(b"=!~")?),
            }
        }
    }

    fn if_(&mut self, start: usize) -> Parsed<Step<Command>> {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        let condition = self.condition()?;
        self.blanks();
        if !self.take("then") {
            let body = self.statement()?;
            let needs = match &body {
                Step::Do(Command::Simple(simple)) => simple.words.iter().flat_map(Word::variables).collect(),
                _ => Vec::new(),
            };
            let choice = Step::If { arms: vec![(vec![condition], vec![body])], otherwise };
            return Ok(Step::Block(vec![Step::Do(Command::Needs(needs)), choice]));
        }
        let mut condition = vec![condition];
        loop {
            let body = self.steps(&["else", "endif"])?;
            arms.push((std::mem::take(&mut condition), body));
            if !self.take("else") {
                break;
            }
            self.blanks();
            if !self.take("if") {
                otherwise = self.steps(&["endif"])?;
                break;
            }
            condition.push(self.condition()?);
            self.blanks();
            if !self.take("then") {
                return self.0.fault(self.0.at, Reason::Syntax, "'then' belongs here");
            }
        }
        let otherwise = self.end(start, "endif", otherwise)?;
        Ok(Step::If { arms, otherwise })
    }

    fn foreach(&mut self, start: usize) -> Parsed<Step<Command>> {
        self.blanks();
        let name = self.word(b"(")?;
        let Some(name) = name.bare().map(str::to_owned) else {
            return self.0.fault(start, Reason::Syntax, "a loop without a plain name");
        };
        self.blanks();
        let words = self.parenthesised()?;
        let body = self.steps(&["end"])?;
        let body = self.end(start, "end", body)?;
        Ok(Step::Each { words: Command::Head(name, words), body, at: self.0.span(start) })
    }

    /// Its arms are gone through as what may or may not be done.
    fn switch(&mut self, start: usize) -> Parsed<Step<Command>> {
        self.blanks();
        self.parenthesised()?;
        let mut body = Vec::new();
        loop {
            let mut steps = self.steps(&["case", "default", "default:", "breaksw", "endsw"])?;
            body.push(Step::If {
                arms: vec![(
                    vec![Step::Do(Command::Lost("", self.0.span(start)))],
                    std::mem::take(&mut steps),
                )],
                otherwise: Vec::new(),
            });
            if self.take("endsw") {
                return Ok(Step::Block(body));
            }
            if self.0.peek().is_none() {
                return self.0.fault(start, Reason::UnterminatedCommand, "this block has no end");
            }
            self.0.take_while(|byte| byte != b'\n');
        }
    }

    fn simple(&mut self) -> Parsed<Simple> {
        let start = self.0.at;
        let mut words: Vec<Word> = Vec::new();
        let (mut reads_file, mut is_silent) = (false, false);
        let mut end = start;
        loop {
            self.blanks();
            match self.0.peek() {
                None | Some(b'\n' | b';' | b'|' | b'&' | b')' | b'#') => break,
                Some(b'<' | b'>') => {
                    self.0.placeholder()?;
                    self.redirects(&mut reads_file, &mut is_silent)?;
                }
                Some(b'(') => {
                    // `set NAME = (…)`
                    let at = self.0.at;
                    let inside = self.parenthesised()?;
                    words.push(Word::list(inside, self.0.span(at)));
                }
                Some(_) => words.push(self.word(b"(")?),
            }
            end = self.0.at;
        }
        let span = Span { end: end as u32, ..self.0.span(start) };
        Ok(Simple { words, span, reads_file, is_silent })
    }

    fn redirects(&mut self, reads_file: &mut bool, is_silent: &mut bool) -> Parsed<()> {
        while let Some(sign @ (b'<' | b'>')) = self.0.peek() {
            let start = self.0.at;
            let signs = self.0.take_while(|byte| b"<>&!".contains(&byte));
            if signs == b"<<" {
                let what = "a here-document of csh is not read";
                let at = Span { file: self.0.file, start: start as u32, end: self.0.at as u32 };
                return Err(
                    Fault::new(at, Reason::Dialect, what).hint("take it out, or write the file for sh")
                );
            }
            self.blanks();
            let target = self.word(b"")?;
            *reads_file |= sign == b'<';
            *is_silent |= sign == b'>' && target.bare() != Some("/dev/tty");
            self.blanks();
        }
        Ok(())
    }
}
