//! What the parser makes of a file: the shell's grammar as data. Words keep how they were quoted, and all keep where they
//! stood. Literals are [`Text`], for any of them may be the secret.

use std::cell::OnceCell;
use std::rc::Rc;

use super::place::Span;
use super::text::Text;

#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
}

/// One and-or list, up to `;`, `&` or the end of the line.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(AndOr, Pipeline)>,
    pub(crate) background: bool,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AndOr {
    And,
    Or,
}

#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    pub(crate) commands: Vec<Command>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) kind: Kind,
    pub(crate) redirects: Vec<Redirect>,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Simple(Simple),
    Group(List),
    Subshell(List),
    If {
        arms: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    While {
        until: bool,
        condition: List,
        body: List,
    },
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    Select {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    /// `for ((first; condition; next))`
    Counting {
        clauses: Box<[Word; 3]>,
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<Arm>,
    },
    Condition(Condition),
    Arithmetic(Word),
    Function {
        name: String,
        body: Rc<Command>,
    },
}

#[derive(Debug)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) words: Vec<Word>,
}

#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) append: bool,
    pub(crate) value: Assigned,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum Assigned {
    Word(Word),
    /// `A=(…)`
    Array(Rc<Vec<Word>>),
    /// `A[1]=…`
    Element(Word, Word),
}

#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) patterns: Vec<Word>,
    pub(crate) body: List,
    pub(crate) after: AfterArm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterArm {
    Stop,
    FallThrough,
    TestNext,
}

#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) kind: RedirectKind,
    /// The descriptor written in front, if any.
    pub(crate) descriptor: Option<u32>,
    pub(crate) target: Word,
    /// Of a here-document; it comes in after the line.
    pub(crate) body: Option<Rc<OnceCell<Word>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    In,
    Out,
    Duplicate,
    HereString,
    HereDocument,
}

/// The inside of `[[ … ]]`.
#[derive(Debug)]
pub(crate) enum Condition {
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Unary(String, Word),
    Binary(Word, String, Word),
    Word(Word),
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Unquoted: braces, tilde, patterns and splitting look at it.
    Bare(Text),
    /// Escaped, in single quotes or in `$'…'`.
    Quoted(Text),
    /// `"…"`; the parts inside are `Quoted` or expansions.
    Double(Vec<Part>),
    Parameter(Rc<Parameter>),
    Command(Rc<Substitution>),
    Arithmetic(Rc<Word>),
    /// `<(…)`
    Process(Rc<List>, Span),
    /// `@(…|…)`, `$'\u…'`: what depends on more than the file.
    Opaque(&'static str, Span),
    /// `(…)` right after `NAME=`.
    Array(Rc<Vec<Word>>),
}

#[derive(Debug)]
pub(crate) enum Substitution {
    Parsed {
        list: List,
        span: Span,
    },
    /// The inside of backquotes, unescaped; parsed when it is looked at.
    Backquoted {
        text: Text,
        span: Span,
    },
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) operator: Operator,
    /// `${A}` and not `$A`, whose name goes on into braces that follow.
    pub(crate) is_braced: bool,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum Operator {
    None,
    /// `${#A}`
    Length,
    /// `${!A}`
    Indirect,
    /// `${!A*}`, `${!A@}`
    NamesOf,
    /// `${A[…]}`, but for `${A[0]}`, which is `${A}`.
    Element(Word),
    /// `${A[@]}`, `${A[*]}`, and with `are_keys` `${!A[@]}`.
    All {
        is_joined: bool,
        are_keys: bool,
    },
    /// `${#A[@]}`
    Count,
    Default {
        kind: Default_,
        colon: bool,
        word: Word,
    },
    Remove {
        from_end: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${A/p/w}`, `${A//p/w}`, `${A/#p/w}`, `${A/%p/w}`
    Replace {
        place: Replaced,
        pattern: Word,
        with: Word,
    },
    /// `${A:offset}`, `${A:offset:length}`
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    /// `${A^}`, `${A^^}`, `${A,}`, `${A,,}`
    Case {
        to_upper: bool,
        all: bool,
    },
    /// Whatever else bash has: known to be there, not computed.
    Other,
}

/// What of a value `${A/p/w}` replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    First,
    All,
    AtStart,
    AtEnd,
}

/// The four of `${A:-w}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default_ {
    Use,
    Assign,
    Alternative,
    Demand,
}

impl Word {
    /// The text of a word that is one bare literal: what a reserved word or a command's name must be.
    pub(crate) fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Bare(text)] => text.str(),
            _ => None,
        }
    }

    /// The text of a word without expansions, however it is quoted.
    pub(crate) fn literal(&self) -> Option<Text> {
        let mut all = Text::new();
        literal_into(&self.parts, &mut all).then_some(all)
    }

    /// The variable that a word refers to and that is all of it.
    pub(crate) fn reference(&self) -> Option<&str> {
        let parts = match self.parts.as_slice() {
            [Part::Double(parts)] => parts.as_slice(),
            parts => parts,
        };
        match parts {
            [Part::Parameter(parameter)] if matches!(parameter.operator, Operator::None) => {
                Some(&parameter.name)
            }
            _ => None,
        }
    }
}

fn literal_into(parts: &[Part], all: &mut Text) -> bool {
    parts.iter().all(|part| match part {
        Part::Bare(text) | Part::Quoted(text) => {
            all.extend(text.bytes());
            true
        }
        Part::Double(parts) => literal_into(parts, all),
        _ => false,
    })
}
