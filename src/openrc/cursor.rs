//! The parser's position in the text: bytes one at a time, `\`-newline skipped where the shell skips it, comments and
//! here-documents set aside, nesting counted. It knows no grammar.

use std::cell::OnceCell;
use std::rc::Rc;

use super::ast::{Part, Word};
use super::place::{Fault, Parsed, Reason, Span};
use super::text::Text;

/// How deep quotes, substitutions and compound commands may stand inside each other. Real files reach four.
pub(crate) const NESTING_MAX: u32 = 16;

/// Commands in one text. Real files have some dozens; 256 KiB of exports have eight thousand.
const COMMANDS_MAX: u32 = 24_000;
/// Words, and pieces of words, in one text: what its tree may weigh. Real files have some hundreds.
const PIECES_MAX: u32 = 52_000;

/// No real file has even one.
const SECOND_READINGS_MAX: u32 = 32;

#[derive(Debug)]
pub(crate) struct Parser<'s> {
    pub(crate) source: &'s [u8],
    pub(crate) at: usize,
    pub(crate) file: u16,
    nesting: u32,
    second_readings: u32,
    commands: u32,
    pieces: u32,
    waiting: Vec<HereDocument>,
    pub(crate) comments: Vec<Span>,
    /// Names that `${NAME:=…}` in a here-document may set; their values are not followed.
    pub(crate) set_in_here_documents: Vec<String>,
}

#[derive(Debug)]
struct HereDocument {
    delimiter: Text,
    strip_tabs: bool,
    is_quoted: bool,
    operator: Span,
    body: Rc<OnceCell<Word>>,
}

impl<'s> Parser<'s> {
    pub(crate) fn new(source: &'s [u8], file: u16) -> Parser<'s> {
        Parser {
            source,
            at: 0,
            file,
            nesting: 0,
            second_readings: 0,
            commands: 0,
            pieces: 0,
            waiting: Vec::new(),
            comments: Vec::new(),
            set_in_here_documents: Vec::new(),
        }
    }

    /// The next byte, line continuations skipped.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while self.source[self.at..].starts_with(b"\\\n") {
            self.at += 2;
        }
        self.source.get(self.at).copied()
    }

    /// The byte after the next one.
    pub(crate) fn peek_second(&mut self) -> Option<u8> {
        self.peek()?;
        let mut at = self.at + 1;
        while self.source.get(at..).is_some_and(|rest| rest.starts_with(b"\\\n")) {
            at += 2;
        }
        self.source.get(at).copied()
    }

    pub(crate) fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte as it is: what single quotes and a backslash see.
    pub(crate) fn bump_raw(&mut self) -> Option<u8> {
        let byte = self.source.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// Takes `byte` if it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
        }
        is_next
    }

    /// Takes `text` if it is next.
    pub(crate) fn eat_all(&mut self, text: &[u8]) -> bool {
        let before = self.at;
        let all = text.iter().all(|&byte| self.eat(byte));
        if !all {
            self.at = before;
        }
        all
    }

    pub(crate) fn span_from(&self, start: usize) -> Span {
        Span { file: self.file, start: start as u32, end: self.at as u32 }
    }

    pub(crate) fn here(&self) -> Span {
        let end = (self.at + 1).min(self.source.len());
        Span { file: self.file, start: self.at as u32, end: end as u32 }
    }

    pub(crate) fn syntax<T>(&self, what: impl Into<String>) -> Parsed<T> {
        Err(Fault::new(self.here(), Reason::Syntax, what))
    }

    /// Counts a level of nesting that starts at `start`; [`Parser::leave`] ends it.
    pub(crate) fn enter(&mut self, start: usize) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            let what = format!("nested more than {NESTING_MAX} levels deep");
            return Err(Fault::new(self.span_from(start), Reason::TooDeep, what));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.nesting -= 1;
    }

    pub(crate) fn nesting(&self) -> u32 {
        self.nesting
    }

    /// After an attempt that failed: the nesting as it was.
    pub(crate) fn rewind(&mut self, at: usize, nesting: u32) {
        self.at = at;
        self.nesting = nesting;
    }

    /// `((` that is no arithmetic is read again as two parentheses; inside each other that would double the work each time.
    pub(crate) fn read_again(&mut self, at: usize, nesting: u32) -> Parsed<()> {
        self.second_readings += 1;
        if self.second_readings > SECOND_READINGS_MAX {
            let what = "too many (( that are no arithmetic";
            return Err(Fault::new(self.span_from(at), Reason::TooDeep, what));
        }
        self.rewind(at, nesting);
        Ok(())
    }

    /// Counts one command more.
    pub(crate) fn count_command(&mut self) -> Parsed<()> {
        self.commands += 1;
        self.weigh(self.commands > COMMANDS_MAX)
    }

    /// Counts one piece of a word more.
    pub(crate) fn count_piece(&mut self) -> Parsed<()> {
        self.pieces += 1;
        self.weigh(self.pieces > PIECES_MAX)
    }

    fn weigh(&self, is_too_much: bool) -> Parsed<()> {
        match is_too_much {
            true => Err(Fault::new(self.here(), Reason::TooMuchWork, "this is more than an rc file holds")),
            false => Ok(()),
        }
    }

    /// Skips blanks and a comment, up to the next token or the end of the line.
    pub(crate) fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        if self.peek() == Some(b'#') {
            let start = self.at;
            let rest = &self.source[start..];
            self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            self.comments.push(self.span_from(start));
        }
    }

    /// Skips blanks, comments and ends of lines, and the here-documents that follow them.
    pub(crate) fn skip_lines(&mut self) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if !self.newline()? {
                return Ok(());
            }
        }
    }

    /// Takes an end of line, and the here-documents that wait for it.
    pub(crate) fn newline(&mut self) -> Parsed<bool> {
        if !self.eat(b'\n') {
            return Ok(false);
        }
        for waiting in std::mem::take(&mut self.waiting) {
            self.here_document(&waiting)?;
        }
        Ok(true)
    }

    pub(crate) fn await_here_document(
        &mut self,
        delimiter: Text,
        is_quoted: bool,
        strip_tabs: bool,
        operator: Span,
    ) -> Rc<OnceCell<Word>> {
        let body = Rc::default();
        let own = Rc::clone(&body);
        self.waiting.push(HereDocument { delimiter, strip_tabs, is_quoted, operator, body: own });
        body
    }

    /// At the end of the text nothing may wait any more.
    pub(crate) fn finish(&self) -> Parsed<()> {
        match self.waiting.first() {
            Some(waiting) => Err(unterminated(waiting)),
            None => Ok(()),
        }
    }

    fn here_document(&mut self, waiting: &HereDocument) -> Parsed<()> {
        let source = self.source;
        let start = self.at;
        while self.at < source.len() {
            let rest = &source[self.at..];
            let len = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            let mut line = &rest[..len];
            let line_start = self.at;
            self.at = (self.at + len + 1).min(source.len());
            while waiting.strip_tabs && line.first() == Some(&b'\t') {
                line = &line[1..];
            }
            if line == waiting.delimiter.bytes() {
                if !waiting.is_quoted {
                    self.note_assignments(&source[start..line_start]);
                }
                let body = self.here_body(waiting, start, line_start);
                // It is filled once, here.
                let _ = waiting.body.set(body);
                return Ok(());
            }
        }
        Err(unterminated(waiting))
    }

    /// The text of a here-document as a word. What cannot be told is not known; it is no fault of the file's.
    fn here_body(&mut self, waiting: &HereDocument, start: usize, end: usize) -> Word {
        let span = Span { file: self.file, start: start as u32, end: end as u32 };
        let text = &self.source[start..end];
        let has_meaning = !waiting.is_quoted && text.iter().any(|byte| b"$`\\".contains(byte));
        if waiting.strip_tabs || !has_meaning {
            let mut stripped = Text::new();
            for line in text.split_inclusive(|&byte| byte == b'\n') {
                let tabs = line.iter().take_while(|&&byte| waiting.strip_tabs && byte == b'\t').count();
                stripped.extend(&line[tabs..]);
            }
            let part = match has_meaning {
                true => Part::Opaque("a here-document whose tabs are taken off", span),
                false => Part::Quoted(stripped),
            };
            return Word { parts: vec![part], span };
        }
        let (at, source, nesting) = (self.at, self.source, self.nesting);
        (self.source, self.at) = (&source[..end], start);
        let mut parts = Vec::new();
        while self.peek().is_some() {
            let read = self.count_piece().and_then(|()| self.quoted_piece(&mut parts, b'\\'));
            if read.is_err() {
                parts = vec![Part::Opaque("a here-document that the shell does not understand", span)];
                break;
            }
        }
        (self.source, self.at, self.nesting) = (source, at, nesting);
        Word { parts, span }
    }

    /// `${NAME=…}` and `${NAME:=…}` work in a here-document too.
    fn note_assignments(&mut self, body: &[u8]) {
        for (at, _) in body.windows(2).enumerate().filter(|(_, pair)| *pair == b"${") {
            let rest = &body[at + 2..];
            let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            let after = &rest[len..];
            if (after.starts_with(b"=") || after.starts_with(b":="))
                && let Ok(name) = std::str::from_utf8(&rest[..len])
            {
                self.set_in_here_documents.push(name.to_owned());
            }
        }
    }
}

fn unterminated(waiting: &HereDocument) -> Box<Fault> {
    Fault::new(waiting.operator, Reason::UnterminatedHereDocument, "this here-document has no end")
}

pub(crate) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `[A-Za-z_][A-Za-z0-9_]*`
pub(crate) fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(is_name_start) && text.bytes().all(is_name_byte)
}
