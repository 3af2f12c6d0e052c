//! Where something stands in the file, and why a file is refused. A refusal says the place and the reason; it never
//! quotes the file, which may hold a secret.

use std::fmt;

/// A line and a column, both from 1; the column counts characters, not bytes. `file` 0 is the file itself, others are
/// those that it sources, in the order of [`super::Reading::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub file: u16,
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Bytes `start..end` of the line-end-normalised text of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) file: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Nothing of the file is taken over, and this is why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Refusal {
    pub place: Place,
    pub reason: Reason,
    /// For people: what is wrong there. Never text of the file, but for names of variables.
    pub what: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// What kind of refusal it is; [`Reason::word`] is its stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    TooLarge,
    TooLong,
    TooDeep,
    TooMuchWork,
    Loop,
    NulByte,
    UnterminatedQuote,
    UnterminatedSubstitution,
    UnterminatedCommand,
    UnterminatedHereDocument,
    Syntax,
    Placeholder,
    Template,
    NotAnRc,
    Dialect,
    ReadOnly,
    CannotScrub,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Reason::TooLarge => "too-large",
            Reason::TooLong => "too-long",
            Reason::TooDeep => "too-deep",
            Reason::TooMuchWork => "too-much-work",
            Reason::Loop => "loop",
            Reason::NulByte => "nul-byte",
            Reason::UnterminatedQuote => "unterminated-quote",
            Reason::UnterminatedSubstitution => "unterminated-substitution",
            Reason::UnterminatedCommand => "unterminated-command",
            Reason::UnterminatedHereDocument => "unterminated-here-document",
            Reason::Syntax => "syntax",
            Reason::Placeholder => "placeholder",
            Reason::Template => "template",
            Reason::NotAnRc => "not-an-rc",
            Reason::Dialect => "dialect",
            Reason::ReadOnly => "read-only",
            Reason::CannotScrub => "cannot-scrub",
        }
    }
}

/// A refusal before its offset is turned into a place.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: Span,
    pub(crate) reason: Reason,
    pub(crate) what: String,
    pub(crate) hint: Option<&'static str>,
}

impl Fault {
    pub(crate) fn new(at: Span, reason: Reason, what: impl Into<String>) -> Box<Fault> {
        Box::new(Fault { at, reason, what: what.into(), hint: None })
    }

    /// Whether it is about how much there is, so that reading the same in another way cannot help.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self.reason, Reason::TooDeep | Reason::TooMuchWork)
    }

    /// Whether it is about what is no shell, as bash sees it.
    pub(crate) fn is_syntax(&self) -> bool {
        !self.is_limit() && !matches!(self.reason, Reason::Placeholder)
    }

    pub(crate) fn hint(mut self: Box<Fault>, hint: &'static str) -> Box<Fault> {
        self.hint = Some(hint);
        self
    }
}

/// The result of every step of the parser. The fault is boxed, for it is rare and the results are many.
pub(crate) type Parsed<T> = Result<T, Box<Fault>>;
