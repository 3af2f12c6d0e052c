//! Lists, pipelines and simple commands. It turns a text into a tree or says where it is not the shell's language;
//! it evaluates nothing.

use std::rc::Rc;

use super::arrays::split_at_index;
use super::ast::{
    AndOr, Assigned, Assignment, Command, Item, Kind, List, Part, Pipeline, Redirect, RedirectKind, Simple,
    Word,
};
use super::cursor::{Parser, is_name, is_name_start};
use super::place::{Fault, Parsed, Reason, Span};
use super::text::Text;
use super::word::Within;

/// Words that begin or end a compound command when they stand where a command may.
pub(crate) const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "for", "in", "do", "done", "while", "until", "case", "esac",
    "function", "select", "time", "coproc", "{", "}", "!", "[[", "]]",
];

const RESERVED_LEN_MAX: usize = 8;

/// A whole file.
pub(crate) struct Program {
    pub(crate) list: List,
    pub(crate) comments: Vec<Span>,
    pub(crate) set_in_here_documents: Vec<String>,
}

pub(crate) fn parse(source: &[u8], file: u16) -> Parsed<Program> {
    let mut parser = Parser::new(source, file);
    let list = parser.list(&[])?;
    if parser.peek().is_some() {
        return Err(parser.unexpected());
    }
    parser.finish()?;
    let Parser { comments, set_in_here_documents, .. } = parser;
    Ok(Program { list, comments, set_in_here_documents })
}

impl Parser<'_> {
    /// Commands up to a reserved word of `ends`, a `)`, a `;;` or the end of the text, none of which is taken.
    pub(crate) fn list(&mut self, ends: &[&str]) -> Parsed<List> {
        let mut list = List::default();
        loop {
            self.skip_lines()?;
            if self.at_end_of_list(ends) {
                return Ok(list);
            }
            let mut item = self.item()?;
            self.skip_blanks();
            if self.peek() == Some(b'&') {
                self.at += 1;
                item.background = true;
            } else if self.peek() == Some(b';') && self.peek_second() != Some(b';') {
                if self.peek_second() == Some(b'&') {
                    list.items.push(item);
                    return Ok(list);
                }
                self.at += 1;
            } else {
                match self.peek() {
                    None | Some(b')' | b';' | b'\n') => {}
                    // `if ( … ) then`: after a compound command such a word needs no separator.
                    _ if ends_compound(&item) && self.reserved().is_some_and(|word| ends.contains(&word)) => {
                    }
                    _ => return Err(self.unexpected()),
                }
            }
            list.items.push(item);
        }
    }

    fn at_end_of_list(&mut self, ends: &[&str]) -> bool {
        match self.peek() {
            None | Some(b')') => true,
            Some(b';') => matches!(self.peek_second(), Some(b';' | b'&')),
            Some(_) => self.reserved().is_some_and(|word| ends.contains(&word)),
        }
    }

    /// The reserved word that stands here, not taken.
    pub(crate) fn reserved(&mut self) -> Option<&'static str> {
        self.peek();
        let rest = &self.source[self.at..];
        let len = rest.iter().take(RESERVED_LEN_MAX + 1).position(|byte| b" \t\n;&|<>()\\".contains(byte));
        let len = len.unwrap_or(rest.len().min(RESERVED_LEN_MAX + 1));
        if rest.get(len) != Some(&b'\\') {
            return RESERVED.iter().copied().find(|word| word.as_bytes() == &rest[..len]);
        }
        // It may go on in the next line.
        let before = self.at;
        let found = RESERVED.iter().find(|word| {
            self.at = before;
            let is_there = self.eat_all(word.as_bytes());
            is_there && self.peek().is_none_or(|byte| b" \t\n;&|<>()".contains(&byte))
        });
        self.at = before;
        self.peek();
        found.copied()
    }

    /// Takes the reserved word if it stands here.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let is_here = self.reserved() == Some(word);
        if is_here {
            self.eat_all(word.as_bytes());
        }
        is_here
    }

    pub(crate) fn expect(&mut self, word: &'static str, start: usize) -> Parsed<()> {
        if self.keyword(word) {
            return Ok(());
        }
        Err(match self.peek() {
            None => {
                let what = format!("this command has no {word}");
                Fault::new(self.span_from(start), Reason::UnterminatedCommand, what)
            }
            Some(_) => Fault::new(self.here(), Reason::Syntax, format!("expected {word} here")),
        })
    }

    fn item(&mut self) -> Parsed<Item> {
        let start = self.at;
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let and_or = if self.eat_all(b"&&") {
                AndOr::And
            } else if self.eat_all(b"||") {
                AndOr::Or
            } else {
                let last = rest.last().map_or(&first, |(_, pipeline)| pipeline);
                let end = last.commands.last().map_or(start as u32, |command| command.span.end);
                let span = Span { file: self.file, start: start as u32, end };
                return Ok(Item { first, rest, background: false, span });
            };
            self.skip_lines()?;
            rest.push((and_or, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut negated = false;
        loop {
            self.skip_blanks();
            match self.reserved() {
                Some("!") => negated = !negated,
                Some("time") => {}
                _ => break,
            }
            self.word(Within::Line)?;
        }
        let mut commands = vec![self.command()?];
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'|') || self.peek_second() == Some(b'|') {
                return Ok(Pipeline { negated, commands });
            }
            self.at += 1;
            self.eat(b'&');
            self.skip_lines()?;
            commands.push(self.command()?);
        }
    }

    pub(crate) fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        self.peek();
        self.count_command()?;
        let start = self.at;
        if let Some(kind) = self.compound()? {
            let mut redirects = Vec::new();
            let mut span = self.span_from(start);
            loop {
                self.skip_blanks();
                match self.redirect(false)? {
                    Some(redirect) => redirects.push(redirect),
                    None => return Ok(Command { kind, redirects, span }),
                }
                span = self.span_from(start);
            }
        }
        self.simple(start)
    }

    fn simple(&mut self, start: usize) -> Parsed<Command> {
        let mut simple = Simple { assignments: Vec::new(), words: Vec::new() };
        let mut redirects = Vec::new();
        let mut end = self.at;
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect(self.ends_in_equals(&simple, end))? {
                redirects.push(redirect);
            } else if let Some(word) = self.word(Within::Line)? {
                match assignment(&word).filter(|_| simple.words.is_empty()) {
                    Some(assignment) => simple.assignments.push(assignment),
                    None => simple.words.push(word),
                }
            } else if self.peek() == Some(b'(') && self.is_function_name(&simple) {
                return self.function_after_name(simple, start);
            } else {
                break;
            }
            end = self.at;
        }
        if simple.assignments.is_empty() && simple.words.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        if self.peek() == Some(b'(') {
            return Err(self.unexpected());
        }
        let span = Span { file: self.file, start: start as u32, end: end as u32 };
        Ok(Command { kind: Kind::Simple(simple), redirects, span })
    }

    /// `NAME=` right before this place, without a blank: what follows was meant as a value.
    fn ends_in_equals(&self, simple: &Simple, end: usize) -> bool {
        let last_is_equals = end > 0 && self.source.get(end - 1) == Some(&b'=');
        end == self.at && last_is_equals && (!simple.words.is_empty() || !simple.assignments.is_empty())
    }

    fn is_function_name(&self, simple: &Simple) -> bool {
        matches!(simple.words.as_slice(), [word] if word.bare().is_some()) && simple.assignments.is_empty()
    }

    fn function_after_name(&mut self, simple: Simple, start: usize) -> Parsed<Command> {
        let name = simple.words.first().and_then(Word::bare).unwrap_or_default().to_owned();
        self.at += 1;
        self.skip_blanks();
        if !self.eat(b')') {
            return Err(self.unexpected());
        }
        let kind = self.function_body(name, start)?;
        Ok(Command { kind, redirects: Vec::new(), span: self.span_from(start) })
    }

    /// A redirection, or `None` and nothing taken. `is_value` says that `NAME=` stands right before it.
    fn redirect(&mut self, is_value: bool) -> Parsed<Option<Redirect>> {
        let (start, nesting) = (self.at, self.nesting());
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.at += 1;
            digits.push(char::from(digit));
        }
        let is_process = self.peek_second() == Some(b'(');
        if digits.is_empty() && self.peek() == Some(b'&') && self.peek_second() == Some(b'>') {
            self.at += 1;
        } else if !matches!(self.peek(), Some(b'<' | b'>')) || (is_process && digits.is_empty()) {
            self.rewind(start, nesting);
            return Ok(None);
        }
        let operator = self.at;
        if is_value && digits.is_empty() && self.peek() == Some(b'<') {
            self.placeholder()?;
        }
        let kind = self.redirect_kind();
        let strip_tabs = kind == RedirectKind::HereDocument && self.eat(b'-');
        let span = self.span_from(operator);
        self.skip_blanks();
        let Some(target) = self.word(Within::Line)? else {
            return Err(self.unexpected());
        };
        let mut body = None;
        if kind == RedirectKind::HereDocument {
            let is_quoted = target.bare().is_none();
            let delimiter = target.literal().unwrap_or_else(|| self.as_written(target.span));
            body = Some(self.await_here_document(delimiter, is_quoted, strip_tabs, span));
        }
        Ok(Some(Redirect { kind, descriptor: digits.parse().ok(), target, body }))
    }

    fn redirect_kind(&mut self) -> RedirectKind {
        if self.eat_all(b"<<<") {
            RedirectKind::HereString
        } else if self.eat_all(b"<<") {
            RedirectKind::HereDocument
        } else if self.eat_all(b"<&") || self.eat_all(b">&") {
            RedirectKind::Duplicate
        } else if self.eat_all(b"<>") || self.eat_all(b"<") {
            RedirectKind::In
        } else {
            let _ = self.eat_all(b">>") || self.eat_all(b">|") || self.eat_all(b">");
            RedirectKind::Out
        }
    }

    fn as_written(&self, span: Span) -> Text {
        Text::of(&self.source[span.start as usize..span.end as usize])
    }

    /// At `<` right after `NAME=`: `<your password>` up to the end of the line is a blank that nobody filled in.
    fn placeholder(&mut self) -> Parsed<()> {
        let rest = &self.source[self.at..];
        let line = &rest[..rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())];
        if !line.contains(&b'>') || line.starts_with(b"<(") || line.starts_with(b"<<") {
            return Ok(());
        }
        let what = "a placeholder in angle brackets was never filled in";
        Err(Fault::new(self.here(), Reason::Placeholder, what)
            .hint("put the real value there, in single quotes, or take the line out"))
    }

    pub(crate) fn unexpected(&mut self) -> Box<Fault> {
        let what = match self.peek() {
            None => "the file ends in the middle of a command".to_owned(),
            Some(b'\n') => "the line ends in the middle of a command".to_owned(),
            Some(byte @ (b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')) => {
                format!("'{}' cannot stand here", char::from(byte))
            }
            Some(_) => match self.reserved() {
                Some(word) => format!("'{word}' cannot stand here"),
                None => "this cannot stand here".to_owned(),
            },
        };
        Fault::new(self.here(), Reason::Syntax, what)
    }
}

fn ends_compound(item: &Item) -> bool {
    let last = item.rest.last().map_or(&item.first, |(_, pipeline)| pipeline);
    last.commands.last().is_some_and(|command| {
        !matches!(command.kind, Kind::Simple(_) | Kind::Function { .. }) && command.redirects.is_empty()
    })
}

/// The assignment that a word of a command line is, if it is one.
pub(crate) fn assignment(word: &Word) -> Option<Assignment> {
    let Some((Part::Bare(first), rest)) = word.parts.split_first() else { return None };
    if let Some(element) = element(word, first.bytes()) {
        return Some(element);
    }
    let bytes = first.bytes();
    let equals = bytes.iter().position(|&byte| byte == b'=')?;
    let (mut left, right) = (&bytes[..equals], &bytes[equals + 1..]);
    let append = left.last() == Some(&b'+');
    if append {
        left = &left[..left.len() - 1];
    }
    let left = std::str::from_utf8(left).ok()?;
    let span = word.span;
    if !left.bytes().next().is_some_and(is_name_start) || !is_name(left) {
        return None;
    }
    let mut parts = Vec::with_capacity(rest.len() + 1);
    if !right.is_empty() {
        parts.push(Part::Bare(Text::of(right)));
    }
    parts.extend_from_slice(rest);
    let start = span.start + (equals as u32 + 1);
    let value = match parts.as_slice() {
        [Part::Array(words)] => Assigned::Array(Rc::clone(words)),
        _ => Assigned::Word(Word { parts, span: Span { start: start.min(span.end), ..span } }),
    };
    Some(Assignment { name: left.to_owned(), append, value, span })
}

/// `NAME[index]=value`
fn element(word: &Word, first: &[u8]) -> Option<Assignment> {
    let bracket = first.iter().position(|&byte| byte == b'[')?;
    let name = std::str::from_utf8(&first[..bracket]).ok().filter(|name| is_name(name))?;
    let (index, append, value) = split_at_index(word, bracket + 1)?;
    let value = Assigned::Element(index, value);
    Some(Assignment { name: name.to_owned(), append, value, span: word.span })
}
