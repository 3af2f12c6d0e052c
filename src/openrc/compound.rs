//! Compound commands: `if`, `while`, `for`, `case`, groups, functions and `[[ … ]]`.

use std::rc::Rc;

use super::ast::{AfterArm, Arm, Condition, Kind, List, Part, Word};
use super::cursor::{Parser, is_name};
use super::place::{Fault, Parsed, Reason};
use super::text::Text;
use super::word::Within;

/// How many tests one `[[ … ]]` may join.
const TERMS_MAX: u32 = 64;

impl Parser<'_> {
    /// The compound command that starts here, or `None` and nothing taken.
    pub(crate) fn compound(&mut self) -> Parsed<Option<Kind>> {
        let start = self.at;
        if self.peek() == Some(b'(') {
            return self.parenthesised(start).map(Some);
        }
        let Some(word) = self.reserved() else { return Ok(None) };
        if matches!(word, "then" | "elif" | "else" | "fi" | "do" | "done" | "esac" | "}" | "in" | "]]") {
            return if word == "in" || word == "]]" { Ok(None) } else { Err(self.unexpected()) };
        }
        if word == "coproc" {
            return self.syntax("coproc is not read");
        }
        self.enter(start)?;
        self.eat_all(word.as_bytes());
        let kind = match word {
            "if" => self.if_(start)?,
            "while" | "until" => self.while_(start, word == "until")?,
            "for" => self.for_(start)?,
            "select" => self.select(start)?,
            "case" => self.case(start)?,
            "function" => self.function(start)?,
            "[[" => self.double_bracket(start)?,
            _ => {
                let list = self.body(&["}"], start)?;
                self.expect("}", start)?;
                Kind::Group(list)
            }
        };
        self.leave();
        Ok(Some(kind))
    }

    fn parenthesised(&mut self, start: usize) -> Parsed<Kind> {
        if self.peek_second() == Some(b'(') {
            let nesting = self.nesting();
            self.eat_all(b"((");
            match self.arithmetic_word(start) {
                Ok(word) => return Ok(Kind::Arithmetic(word)),
                Err(fault) if fault.is_limit() => return Err(fault),
                Err(_) => self.read_again(start, nesting)?,
            }
        }
        self.eat(b'(');
        let list = self.command_until_parenthesis(start)?;
        if list.items.is_empty() {
            return Err(Fault::new(
                self.span_from(start),
                Reason::Syntax,
                "there is no command between ( and )",
            ));
        }
        Ok(Kind::Subshell(list))
    }

    /// After `(`: commands and the closing one.
    pub(crate) fn command_until_parenthesis(&mut self, start: usize) -> Parsed<List> {
        self.enter(start)?;
        let list = self.list(&[])?;
        if !self.eat(b')') {
            return Err(match self.peek() {
                None => Fault::new(
                    self.span_from(start),
                    Reason::UnterminatedSubstitution,
                    "this parenthesis is never closed",
                ),
                Some(_) => self.unexpected(),
            });
        }
        self.leave();
        Ok(list)
    }

    /// A list that must hold a command.
    fn body(&mut self, ends: &[&str], start: usize) -> Parsed<List> {
        let list = self.list(ends)?;
        match (list.items.is_empty(), self.peek()) {
            (false, _) => Ok(list),
            (true, Some(_)) => Err(self.unexpected()),
            (true, None) => {
                let what = "the file ends inside of this command";
                Err(Fault::new(self.span_from(start), Reason::UnterminatedCommand, what))
            }
        }
    }

    fn if_(&mut self, start: usize) -> Parsed<Kind> {
        let mut arms = Vec::new();
        loop {
            let condition = self.body(&["then"], start)?;
            self.expect("then", start)?;
            let body = self.body(&["elif", "else", "fi"], start)?;
            arms.push((condition, body));
            if !self.keyword("elif") {
                break;
            }
        }
        let otherwise = if self.keyword("else") { Some(self.body(&["fi"], start)?) } else { None };
        self.expect("fi", start)?;
        Ok(Kind::If { arms, otherwise })
    }

    fn while_(&mut self, start: usize, until: bool) -> Parsed<Kind> {
        let condition = self.body(&["do"], start)?;
        let body = self.do_done(start)?;
        Ok(Kind::While { until, condition, body })
    }

    fn do_done(&mut self, start: usize) -> Parsed<List> {
        self.expect("do", start)?;
        let body = self.body(&["done"], start)?;
        self.expect("done", start)?;
        Ok(body)
    }

    fn for_(&mut self, start: usize) -> Parsed<Kind> {
        self.skip_blanks();
        if self.eat_all(b"((") {
            let clauses = self.arithmetic_word(start)?;
            self.separator()?;
            let body = self.loop_body(start)?;
            let Some(clauses) = three_clauses(&clauses) else {
                return Err(Fault::new(
                    clauses.span,
                    Reason::Syntax,
                    "a for (( )) has three parts, between ;",
                ));
            };
            return Ok(Kind::Counting { clauses: Box::new(clauses), body });
        }
        let name = self.variable()?;
        let words = self.in_words()?;
        let body = self.loop_body(start)?;
        Ok(Kind::For { name, words, body })
    }

    fn select(&mut self, start: usize) -> Parsed<Kind> {
        self.skip_blanks();
        let name = self.variable()?;
        let words = self.in_words()?;
        let body = self.loop_body(start)?;
        Ok(Kind::Select { name, words, body })
    }

    fn loop_body(&mut self, start: usize) -> Parsed<List> {
        if self.keyword("{") {
            let body = self.body(&["}"], start)?;
            self.expect("}", start)?;
            return Ok(body);
        }
        self.do_done(start)
    }

    fn variable(&mut self) -> Parsed<String> {
        let word = self.word(Within::Line)?;
        match word.as_ref().and_then(Word::bare).filter(|name| is_name(name)) {
            Some(name) => Ok(name.to_owned()),
            None => self.syntax("a loop needs the name of a variable"),
        }
    }

    /// `in …` up to its end, or `None` when there is none.
    fn in_words(&mut self) -> Parsed<Option<Vec<Word>>> {
        self.skip_lines()?;
        if !self.keyword("in") {
            self.separator()?;
            return Ok(None);
        }
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.word(Within::Line)? {
                Some(word) => words.push(word),
                None => break,
            }
        }
        if !matches!(self.peek(), Some(b';' | b'\n')) {
            return Err(self.unexpected());
        }
        self.separator()?;
        Ok(Some(words))
    }

    fn separator(&mut self) -> Parsed<()> {
        self.skip_blanks();
        self.eat(b';');
        self.skip_lines()
    }

    fn case(&mut self, start: usize) -> Parsed<Kind> {
        self.skip_blanks();
        let Some(subject) = self.word(Within::Line)? else { return Err(self.unexpected()) };
        self.skip_lines()?;
        self.expect("in", start)?;
        let mut arms = Vec::new();
        loop {
            self.skip_lines()?;
            if self.keyword("esac") {
                return Ok(Kind::Case { subject, arms });
            }
            if self.peek().is_none() {
                self.expect("esac", start)?;
            }
            let (arm, is_last) = self.arm()?;
            arms.push(arm);
            if is_last {
                self.skip_lines()?;
                self.expect("esac", start)?;
                return Ok(Kind::Case { subject, arms });
            }
        }
    }

    fn arm(&mut self) -> Parsed<(Arm, bool)> {
        self.eat(b'(');
        let mut patterns = Vec::new();
        loop {
            self.skip_blanks();
            match self.word(Within::Condition)? {
                Some(pattern) => patterns.push(pattern),
                None => return Err(self.unexpected()),
            }
            self.skip_blanks();
            if !self.eat(b'|') {
                break;
            }
        }
        if !self.eat(b')') {
            return Err(self.unexpected());
        }
        let body = self.list(&["esac"])?;
        let (after, is_last) = if self.eat_all(b";;&") {
            (AfterArm::TestNext, false)
        } else if self.eat_all(b";;") {
            (AfterArm::Stop, false)
        } else if self.eat_all(b";&") {
            (AfterArm::FallThrough, false)
        } else {
            (AfterArm::Stop, true)
        };
        Ok((Arm { patterns, body, after }, is_last))
    }

    fn function(&mut self, start: usize) -> Parsed<Kind> {
        self.skip_blanks();
        let word = self.word(Within::Line)?;
        let Some(name) = word.as_ref().and_then(Word::bare) else { return Err(self.unexpected()) };
        let name = name.to_owned();
        self.skip_blanks();
        if self.peek() == Some(b'(') && self.peek_second() == Some(b')') {
            self.eat_all(b"()");
        }
        self.function_body(name, start)
    }

    pub(crate) fn function_body(&mut self, name: String, start: usize) -> Parsed<Kind> {
        self.enter(start)?;
        self.skip_lines()?;
        let body = self.command()?;
        self.leave();
        if matches!(body.kind, Kind::Simple(_)) {
            return Err(Fault::new(body.span, Reason::Syntax, "the body of a function stands in { }"));
        }
        Ok(Kind::Function { name, body: Rc::new(body) })
    }

    fn double_bracket(&mut self, start: usize) -> Parsed<Kind> {
        let mut terms = 0;
        let condition = self.or_condition(start, &mut terms)?;
        self.skip_lines()?;
        self.expect("]]", start)?;
        Ok(Kind::Condition(condition))
    }

    fn or_condition(&mut self, start: usize, terms: &mut u32) -> Parsed<Condition> {
        let mut left = self.and_condition(start, terms)?;
        loop {
            self.skip_lines()?;
            if !self.eat_all(b"||") {
                return Ok(left);
            }
            left = Condition::Or(Box::new(left), Box::new(self.and_condition(start, terms)?));
        }
    }

    fn and_condition(&mut self, start: usize, terms: &mut u32) -> Parsed<Condition> {
        let mut left = self.term(start, terms)?;
        loop {
            self.skip_lines()?;
            if !self.eat_all(b"&&") {
                return Ok(left);
            }
            left = Condition::And(Box::new(left), Box::new(self.term(start, terms)?));
        }
    }

    fn term(&mut self, start: usize, terms: &mut u32) -> Parsed<Condition> {
        *terms += 1;
        if *terms > TERMS_MAX {
            let what = format!("more than {TERMS_MAX} tests in one [[ ]]");
            return Err(Fault::new(self.span_from(start), Reason::TooDeep, what));
        }
        self.skip_lines()?;
        if self.keyword("!") {
            return Ok(Condition::Not(Box::new(self.term(start, terms)?)));
        }
        if self.eat(b'(') {
            self.enter(start)?;
            let inside = self.or_condition(start, terms)?;
            self.leave();
            self.skip_lines()?;
            return if self.eat(b')') { Ok(inside) } else { Err(self.unexpected()) };
        }
        let Some(left) = self.condition_word()? else { return Err(self.unexpected()) };
        if let Some(operator) = left.bare().filter(|word| is_unary(word)).map(str::to_owned)
            && let Some(operand) = self.condition_word()?
        {
            return Ok(Condition::Unary(operator, operand));
        }
        self.skip_blanks();
        let operator = match self.peek() {
            Some(byte @ (b'<' | b'>')) => {
                self.at += 1;
                char::from(byte).to_string()
            }
            _ => match self.condition_word()? {
                Some(word) => match word.bare() {
                    Some(operator) => operator.to_owned(),
                    None => return self.syntax("expected an operator of [[ ]] here"),
                },
                None => return Ok(Condition::Word(left)),
            },
        };
        self.skip_blanks();
        let within = if operator == "=~" { Within::Regex } else { Within::Condition };
        match self.word(within)? {
            Some(right) => Ok(Condition::Binary(left, operator, right)),
            None => Err(self.unexpected()),
        }
    }

    /// The next word inside `[[ ]]`, `None` before its end.
    fn condition_word(&mut self) -> Parsed<Option<Word>> {
        self.skip_blanks();
        if self.reserved() == Some("]]") { Ok(None) } else { self.word(Within::Condition) }
    }
}

/// What stands between the semicolons of `for ((…))`.
fn three_clauses(word: &Word) -> Option<[Word; 3]> {
    let mut clauses = vec![Word { parts: Vec::new(), span: word.span }];
    for part in &word.parts {
        let Part::Quoted(text) = part else {
            clauses.last_mut()?.parts.push(part.clone());
            continue;
        };
        for (index, piece) in text.bytes().split(|&byte| byte == b';').enumerate() {
            if index > 0 {
                clauses.push(Word { parts: Vec::new(), span: word.span });
            }
            clauses.last_mut()?.parts.push(Part::Quoted(Text::of(piece)));
        }
    }
    clauses.try_into().ok()
}

fn is_unary(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|letter| letter.len() == 1 && "abcdefghknoprstuvwxzGLNORS".contains(letter))
}
