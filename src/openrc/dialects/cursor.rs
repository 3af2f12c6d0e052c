//! A position in the text of a file, for the grammars of the dialects.

use crate::openrc::place::{Fault, Parsed, Reason, Span};

/// Blocks inside blocks, and words inside words.
const NESTING_MAX: u32 = 16;

/// A position in the text of a file.
#[derive(Debug)]
pub(super) struct Cursor<'s> {
    pub(super) text: &'s [u8],
    pub(super) at: usize,
    pub(super) file: u16,
    pub(super) depth: u32,
}

impl<'s> Cursor<'s> {
    pub(super) fn new(text: &'s [u8], file: u16) -> Cursor<'s> {
        Cursor { text, at: 0, file, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'s [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    pub(super) fn eat(&mut self, text: &[u8]) -> bool {
        let is_there = self.rest().starts_with(text);
        if is_there {
            self.at += text.len();
        }
        is_there
    }

    pub(super) fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The bytes up to the first that does not fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'s [u8] {
        let rest = self.rest();
        let len = rest.iter().take_while(|byte| fits(**byte)).count();
        self.at += len;
        &rest[..len]
    }

    pub(super) fn span(&self, start: usize) -> Span {
        Span { file: self.file, start: start as u32, end: self.at as u32 }
    }

    pub(super) fn fault<T>(&self, start: usize, reason: Reason, what: &str) -> Parsed<T> {
        let end = (start + 1) as u32;
        Err(Fault::new(Span { file: self.file, start: start as u32, end }, reason, what))
    }

    pub(super) fn enter(&mut self, start: usize) -> Parsed<()> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return self.fault(start, Reason::TooDeep, "nested too deep");
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// At `<` where a value belongs: `<your password>` is a blank that nobody filled in.
    pub(super) fn placeholder(&self) -> Parsed<()> {
        // First the sign: the line may be as long as the file, and is asked about at each word.
        if self.peek() != Some(b'<') {
            return Ok(());
        }
        let line = self.rest().split(|&byte| byte == b'\n').next().unwrap_or_default();
        if !line.contains(&b'>') || line.starts_with(b"<<") {
            return Ok(());
        }
        let what = "a placeholder in angle brackets was never filled in";
        let at = Span { file: self.file, start: self.at as u32, end: self.at as u32 + 1 };
        Err(Fault::new(at, Reason::Placeholder, what).hint("put the real value there, or take the line out"))
    }
}
