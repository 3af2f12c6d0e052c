//! What a command of any dialect can do to the state: assign, ask, lose what is not followed, read another file.

use crate::openrc::eval::{Asked, Evaluator, Flow, Run, Site};
use crate::openrc::place::{Fault, Reason, Span};
use crate::openrc::source::Source;
use crate::openrc::state::Exported;
use crate::openrc::value::{Status, Unknown, Val, Why};
use crate::openrc::warn::Kind;

/// Files that source files that source files.
const SOURCE_DEPTH_MAX: usize = 4;

/// What an assignment is written as.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) word: Span,
    pub(super) at: Span,
    /// The variable that the value is a copy of.
    pub(super) copies: Option<String>,
}

impl Evaluator<'_> {
    /// Assigns, and notes where; `exported`: `None` leaves that as it was.
    pub(super) fn put(
        &mut self,
        name: &str,
        value: Val,
        exported: Option<bool>,
        written: Written,
    ) -> Run<()> {
        let Written { word, at, copies } = written;
        let value = self.or_told(name, value);
        if value.text().is_some_and(|text| text.len() > crate::openrc::expand::VALUE_LEN_MAX) {
            return Err(Fault::new(at, Reason::TooLong, "a value that grows without end").into());
        }
        self.name_question(name.trim_start_matches(['$', '&', '#']), &value);
        self.spend(value.text().map_or(0, |text| text.len() as u64 / 256), at)?;
        let shown = name.trim_start_matches(['$', '&', '#']).to_owned();
        self.sites.push(Site { name: shown, word, is_whole: false, copies, value: value.clone() });
        self.assign(name, value, at)?;
        if let (Some(exported), Some(mut variable)) = (exported, self.state.variable(name)) {
            variable.exported = if exported { Exported::Yes } else { Exported::No };
            self.state.put(name, variable);
        }
        Ok(())
    }

    /// Asks; the answer goes into `into` as it is. What was shown last is the text, unless there is one.
    pub(super) fn ask_for(
        &mut self,
        into: &str,
        text: Option<Vec<Val>>,
        is_hidden: bool,
        at: Span,
    ) -> Run<Val> {
        let has_text = text.is_some();
        let asked = Asked {
            into: into.to_owned(),
            is_hidden: is_hidden || self.state.is_echo_off,
            text: text.unwrap_or_default(),
            at,
            said_at: None,
            is_certain: self.uncertain == 0,
        };
        self.pose(asked, has_text, true)
    }

    /// Some questions are asked before it is known for whom: it is the first variable that gets the answer.
    pub(super) fn name_question(&mut self, name: &str, value: &Val) {
        let index = match value {
            Val::Known(known) => known.answer,
            Val::Unknown(Unknown { why: Why::Prompt { index, whole: true }, .. }) => Some(*index),
            Val::Unknown(_) => None,
        };
        if let Some(asked) = index.and_then(|index| self.prompts.get_mut(index))
            && asked.into.is_empty()
        {
            asked.into = name.to_owned();
        }
    }

    /// Something here may set anything.
    pub(super) fn lose_all(&mut self, what: &'static str, at: Span) {
        self.warn(at, Kind::NotRead, format!("{what}: what it sets is not known"));
        let why = Unknown::other(what, at);
        self.state.forget_all(&why);
        self.state.status = Status::Unknown(why);
    }

    /// Goes through another file of the same dialect, if it may be read.
    pub(super) fn source_file(
        &mut self,
        path: &Val,
        at: Span,
        read: impl FnOnce(&mut Self, &Source, u16) -> Run<Flow>,
    ) -> Run<Flow> {
        const LOST: &str = "a file that is sourced and was not read";
        let (Some(path), Some(folder)) = (path.str(), self.state.directory.str()) else {
            self.lose_all(LOST, at);
            return Ok(Flow::Next);
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
        let is_open = self.open_files.contains(&path) || self.paths.first() == Some(&path);
        let bytes = self.context.files.read(&path);
        let Some(bytes) = bytes.filter(|_| !is_open && self.open_files.len() < SOURCE_DEPTH_MAX) else {
            if self.context.files.kind(&path) == Some(crate::openrc::FileKind::Absent) {
                self.fail();
            } else {
                self.lose_all(LOST, at);
            }
            return Ok(Flow::Next);
        };
        if self.sources.len() > usize::from(u8::MAX) {
            return Err(Fault::new(at, Reason::TooMuchWork, "too many files are read").into());
        }
        let number = self.sources.len() as u16;
        let source = std::rc::Rc::new(Source::new(&bytes, number)?);
        self.sources.push(std::rc::Rc::clone(&source));
        self.paths.push(path.clone());
        self.open_files.push(path);
        let flow = read(self, &source, number)?;
        self.open_files.pop();
        Ok(match flow {
            Flow::Exit(at) => Flow::Exit(at),
            _ => Flow::Next,
        })
    }
}
