//! What the reader knows of a value: the text, or why it is not known. Texts are shared and wiped; `Debug` shows none.

use std::fmt;
use std::rc::Rc;

use super::place::Span;
use super::text::Text;

/// Inside the reader, with offsets in place of lines.
#[derive(Debug, Clone)]
pub(crate) enum Val {
    Known(Known),
    Unknown(Unknown),
}

#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) text: Rc<Text>,
    /// The prompt whose answer this is, whole and unchanged.
    pub(crate) answer: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) why: Why,
    pub(crate) at: Span,
}

/// Why a value cannot be known without running something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It hangs on what this command says or does.
    Command(String),
    /// It hangs on the answer to this prompt, which was not given. `whole`: it will be that answer and nothing else.
    Prompt { index: usize, whole: bool },
    /// The shell or the session sets this variable.
    Session(String),
    /// Anything else, in words that complete "it hangs on …".
    Other(&'static str),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Command(name) if name.is_empty() => f.write_str("a command, which is not run"),
            Why::Command(name) => write!(f, "the command {name}, which is not run"),
            Why::Prompt { .. } => f.write_str("an answer that was not given yet"),
            Why::Session(name) => write!(f, "{name}, which the shell sets"),
            Why::Other(what) => f.write_str(what),
        }
    }
}

impl Unknown {
    pub(crate) fn new(why: Why, at: Span) -> Unknown {
        Unknown { why, at }
    }

    pub(crate) fn other(what: &'static str, at: Span) -> Unknown {
        Unknown { why: Why::Other(what), at }
    }

    /// The same, once it is no longer the whole of an answer.
    pub(crate) fn as_part(&self) -> Unknown {
        let why = match &self.why {
            Why::Prompt { index, .. } => Why::Prompt { index: *index, whole: false },
            why => why.clone(),
        };
        Unknown { why, at: self.at }
    }
}

impl Val {
    pub(crate) fn known(bytes: &[u8]) -> Val {
        Val::of(Text::of(bytes))
    }

    pub(crate) fn of(text: Text) -> Val {
        Val::Known(Known { text: Rc::new(text), answer: None })
    }

    pub(crate) fn text(&self) -> Option<&Text> {
        match self {
            Val::Known(known) => Some(&known.text),
            Val::Unknown(_) => None,
        }
    }

    pub(crate) fn str(&self) -> Option<&str> {
        self.text().and_then(Text::str)
    }

    /// The text, or why there is none.
    pub(crate) fn need(&self) -> Result<&Text, &Unknown> {
        match self {
            Val::Known(known) => Ok(&known.text),
            Val::Unknown(unknown) => Err(unknown),
        }
    }
}

/// The exit status of a command.
#[derive(Debug, Clone)]
pub(crate) enum Status {
    Known(u8),
    Unknown(Unknown),
}

pub(crate) const SUCCESS: Status = Status::Known(0);
pub(crate) const FAILURE: Status = Status::Known(1);

impl Status {
    pub(crate) fn of(is_true: bool) -> Status {
        if is_true { SUCCESS } else { FAILURE }
    }

    pub(crate) fn negated(self) -> Status {
        match self {
            Status::Known(code) => Status::of(code != 0),
            unknown => unknown,
        }
    }
}
