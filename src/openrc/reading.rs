//! What was read: settings, questions, unknowns and warnings, with their places. Texts of values are handed out only by
//! name; `Debug` shows none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::ast::List;
use super::dialect::Dialect;
use super::eval::{Asked, Evaluator, Flow, Site};
use super::names::is_secret_name;
use super::parser::parse;
use super::place::{Place, Refusal, Span};
use super::source::Source;
use super::state::{DEFAULT_IFS, Exported, Variable};
use super::told::{Told, read_told};
use super::value::{Unknown, Val, Why};
use super::warn::{self, Kind, Warned, Warning};
use super::{Context, dialect, dialects};
use crate::profile;
use crate::secret::Secret;

/// A file, read.
pub struct Reading {
    /// Whose language it is written in.
    pub dialect: Dialect,
    /// The exported `OS_*` and `ST_*`.
    pub settings: BTreeMap<String, Setting>,
    /// Those that are set and never exported.
    pub shell_only: BTreeMap<String, Setting>,
    /// Names that the file takes away when they were there before.
    pub unset: BTreeSet<String>,
    pub prompts: Vec<Prompt>,
    pub warnings: Vec<Warning>,
    /// Programs that the file would run.
    pub skipped: Vec<Skipped>,
    /// The files read, in the order of [`Place::file`]; the first is the file itself.
    pub files: Vec<String>,
    /// Where the file ends by itself, by `return`, `exit` or an error, before its last line.
    pub ended: Option<Place>,
    /// Why, and from where on, the file may have set or taken away variables that are not named here.
    pub anything: Option<(Why, Place)>,
    /// The file was scrubbed: its last line asks osagent for this profile.
    pub scrubbed_for: Option<profile::Name>,
    /// More than one where a clouds.yaml names several that are the same login; the first is OS_REGION_NAME.
    pub regions: Vec<String>,
    /// The texts of `files`.
    pub(crate) sources: Vec<Rc<Source>>,
    pub(crate) sites: Vec<Site>,
    pub(crate) asked: Vec<Asked>,
}

/// One variable.
pub struct Setting {
    pub place: Place,
    /// Variables that its text refers to and that nothing sets.
    pub unset_references: Vec<String>,
    pub(crate) value: Val,
    pub(crate) unknown_at: Option<Place>,
}

/// A question that the file asks.
pub struct Prompt {
    /// The variable that `read` fills.
    pub into: String,
    pub is_hidden: bool,
    /// As the file words it; show it by [`printable`].
    pub text: Zeroizing<String>,
    /// The settings that get the answer as it is.
    pub reaches: Vec<String>,
    pub place: Place,
    pub is_answered: bool,
    /// It is asked for sure, not only when a condition holds that is not known.
    pub is_certain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub command: String,
    pub place: Place,
}

impl Setting {
    /// The text, if it is known and UTF-8.
    pub fn text(&self) -> Option<&str> {
        self.value.str()
    }

    pub fn secret(&self) -> Option<Secret> {
        self.text().map(|text| Secret::new(text.to_owned()))
    }

    pub fn is_known(&self) -> bool {
        self.text().is_some()
    }

    /// Why it is not known, and where that begins.
    pub fn unknown(&self) -> Option<(Why, Place)> {
        match &self.value {
            Val::Unknown(unknown) => Some((unknown.why.clone(), self.unknown_at.unwrap_or(self.place))),
            Val::Known(_) if !self.is_known() => {
                Some((Why::Other("bytes that are no UTF-8 text"), self.place))
            }
            Val::Known(_) => None,
        }
    }

    /// It cannot be known whatever is answered.
    pub fn hangs_on_what_is_not_run(&self) -> bool {
        self.unknown().is_some_and(|(why, _)| !matches!(why, Why::Prompt { .. }))
    }

    /// The prompt whose answer it is, or will be.
    pub fn prompt(&self) -> Option<usize> {
        match &self.value {
            Val::Known(known) => known.answer,
            Val::Unknown(Unknown { why: Why::Prompt { index, whole: true }, .. }) => Some(*index),
            Val::Unknown(_) => None,
        }
    }
}

/// Reads the text of a file.
pub fn read(source: &[u8], context: &Context<'_>) -> Result<Reading, Refusal> {
    read_told(source, context, &[])
}

pub(crate) fn evaluate(original: &[u8], context: &Context<'_>, told: &[Told]) -> Result<Reading, Refusal> {
    let source = match Source::new(original, 0) {
        Ok(source) => source,
        Err(fault) => return Err(Source::split_only(original).refuse(*fault)),
    };
    let dialect = match dialect::recognise(&source.text, context.file_name) {
        Ok(dialect) => dialect,
        Err(fault) => return Err(source.refuse(*fault)),
    };
    if let Some(reader) = dialects::reader(dialect) {
        return dialects::read(dialect, reader, source, context, told);
    }
    let mut program = match parse(&source.text, 0) {
        Ok(program) => program,
        Err(fault) => return Err(source.refuse(*fault)),
    };
    let scrubbed_for = take_own_line(&mut program.list, &source);
    let mut written = warn::of_letters(original);
    written.append(&mut warn::of_words(&program.list, &source));
    let mut evaluator = Evaluator::new(context, source);
    evaluator.told = told;
    evaluator.begin();
    let flow = evaluator.list(&program.list);
    let flow = evaluator.end(flow)?;
    for name in &program.set_in_here_documents {
        let why = Unknown::other("a here-document that assigns", evaluator.at);
        evaluator.state.forget(name, &why);
    }
    if dialect == Dialect::Dotenv {
        dialects::doubt(&mut evaluator);
    }
    evaluator.warnings.append(&mut written);
    let end = program.list.items.last().filter(|_| scrubbed_for.is_none()).map(|item| item.span.end);
    Ok(Reading { dialect, scrubbed_for, ..evaluator.reading(flow, end) })
}

/// The last line of a scrubbed file is ours: it is not evaluated, only its profile's name is kept.
pub(crate) fn take_own_line(list: &mut List, source: &Source) -> Option<profile::Name> {
    let last = list.items.last()?;
    let text = source.text.get(last.span.start as usize..last.span.end as usize)?;
    let after = &source.text[last.span.end as usize..];
    let name = std::str::from_utf8(text)
        .ok()?
        .strip_prefix(super::scrub::LINE_START)?
        .strip_suffix(super::scrub::LINE_END)?
        .parse()
        .ok()?;
    if after.trim_ascii_end() != super::scrub::LINE_MARK.as_bytes() {
        return None;
    }
    list.items.pop();
    Some(name)
}

impl Evaluator<'_> {
    /// The environment that the file is read in.
    pub(crate) fn begin(&mut self) {
        self.exported("HOME", self.context.home);
        self.exported("USER", self.context.user);
        let separators = Some(Val::known(DEFAULT_IFS));
        self.state.put("IFS", Variable { value: separators, ..Variable::unset(Span::default()) });
        for name in [
            "PATH",
            "SHELL",
            "HOSTNAME",
            "HOSTTYPE",
            "MACHTYPE",
            "OSTYPE",
            "TERM",
            "SHLVL",
            "OLDPWD",
            "LOGNAME",
            "PS1",
            "PS2",
            "PS4",
            "UID",
            "EUID",
            "PPID",
            "BASH",
            "BASH_VERSION",
            "BASHOPTS",
            "SHELLOPTS",
            "OPTIND",
            "OPTERR",
            "COLUMNS",
            "LINES",
            "HISTFILE",
            "PROMPT_COMMAND",
            "ZSH_VERSION",
            "KSH_VERSION",
            "LANG",
            "LC_ALL",
            "MAIL",
            "TMPDIR",
        ] {
            self.of_session(name);
        }
    }

    /// What was read; the last command of the file ends at `last`, unless the line that asks osagent stands behind it.
    pub(crate) fn reading(mut self, flow: Flow, last: Option<u32>) -> Reading {
        let ended = match flow {
            Flow::Exit(at) | Flow::Return(at) => Some(at),
            _ => None,
        };
        let ended = ended.filter(|at| at.file != 0 || last != Some(at.end));
        if let Some(at) = ended {
            self.warn(at, Kind::EndsEarly, "the file ends here; what follows is not read");
        }
        let (mut settings, mut shell_only) = (BTreeMap::new(), BTreeMap::new());
        let variables: Vec<(Rc<str>, Variable)> =
            self.state.variables().map(|(name, variable)| (Rc::clone(name), variable.clone())).collect();
        for (name, variable) in variables.iter().filter(|(name, _)| is_setting_name(name)) {
            let Some(value) = Self::as_setting(variable) else { continue };
            let value = match (variable.exported, &value) {
                (Exported::Maybe, Val::Known(_)) => {
                    Val::Unknown(Unknown::other("whether it is exported", variable.at))
                }
                _ => value.clone(),
            };
            let setting = self.setting(variable, value);
            match variable.exported {
                Exported::No => shell_only.insert(name.to_string(), setting),
                _ => settings.insert(name.to_string(), setting),
            };
        }
        self.warn_of_values(&settings);
        self.warn_of_twice();
        let unset = self.taken_away.iter();
        let unset = unset.filter(|name| !settings.contains_key(*name) && !shell_only.contains_key(*name));
        let unset = unset.cloned().collect();
        let prompts = self
            .prompts
            .iter()
            .enumerate()
            .map(|(index, asked)| self.prompt(index, asked, &settings))
            .collect();
        let mut warnings: Vec<Warning> = self.warnings.iter().map(|warned| self.warning(warned)).collect();
        warnings.extend(warn::of_settings(&settings, &shell_only));
        warnings.sort_by_key(|warning| (warning.place, warning.kind));
        let anything = self.state.rest().map(|unknown| (unknown.why.clone(), self.place(unknown.at)));
        let skipped = self.skipped.iter();
        let skipped =
            skipped.map(|(command, at)| Skipped { command: command.clone(), place: self.place(*at) });
        Reading {
            skipped: skipped.collect(),
            anything,
            ended: ended.map(|at| self.place(at)),
            files: self.paths,
            regions: Vec::new(),
            sources: self.sources,
            sites: self.sites,
            asked: self.prompts,
            settings,
            shell_only,
            unset,
            prompts,
            warnings,
            scrubbed_for: None,
            dialect: Dialect::Shell,
        }
    }

    fn setting(&self, variable: &Variable, value: Val) -> Setting {
        let unknown_at = value.need().err().map(|unknown| self.place(unknown.at));
        let unset_references = variable.unset_references.to_vec();
        Setting { place: self.place(variable.at), unset_references, value, unknown_at }
    }

    fn warning(&self, warned: &Warned) -> Warning {
        Warning { place: self.place(warned.at), kind: warned.kind, text: warned.text.clone() }
    }

    fn prompt(&self, index: usize, asked: &Asked, settings: &BTreeMap<String, Setting>) -> Prompt {
        let mut text = Zeroizing::new(String::with_capacity(256));
        for piece in &asked.text {
            match piece.text() {
                Some(piece) => text.push_str(&String::from_utf8_lossy(piece.bytes())),
                None => text.push('…'),
            }
        }
        if text.ends_with('\n') {
            text.pop();
        }
        let reaches = settings.iter().filter(|(_, setting)| setting.prompt() == Some(index));
        Prompt {
            into: asked.into.clone(),
            is_hidden: asked.is_hidden,
            text,
            reaches: reaches.map(|(name, _)| name.clone()).collect(),
            place: self.place(asked.at),
            is_answered: index < self.context.answers.len(),
            is_certain: asked.is_certain,
        }
    }

    fn warn_of_values(&mut self, settings: &BTreeMap<String, Setting>) {
        let mut found = Vec::new();
        for site in &self.sites {
            let is_written = site.value.text().is_some_and(|text| !text.is_empty());
            let is_answer = matches!(&site.value, Val::Known(known) if known.answer.is_some());
            if is_secret_name(&site.name) && is_written && !is_answer && site.copies.is_none() {
                let text = format!("{} stands here in clear text", site.name);
                found.push((site.word, Kind::SecretInFile, text));
            }
        }
        for (at, kind, text) in found {
            self.warn(at, kind, text);
        }
        let variables: Vec<(Rc<str>, Variable)> =
            self.state.variables().map(|(name, variable)| (Rc::clone(name), variable.clone())).collect();
        for (name, variable) in variables.iter().filter(|(name, _)| settings.contains_key(&**name)) {
            let Some(text) = variable.value.as_ref().and_then(Val::str) else { continue };
            for (kind, words) in warn::of_value(name, text) {
                self.warn(variable.at, kind, words);
            }
        }
    }
}

pub(crate) fn is_setting_name(name: &str) -> bool {
    name.starts_with("OS_") || name.starts_with("ST_")
}

/// Text of a file as it may be shown on a terminal: control characters and those that turn the direction of writing are
/// replaced, so that no file can forge what the user sees.
pub fn printable(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
    };
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if is_unsafe(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unknown() {
            Some((why, place)) => write!(f, "Setting({}, hangs on {why} at {place})", self.place),
            None => write!(f, "Setting({}, known)", self.place),
        }
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("into", &self.into)
            .field("is_hidden", &self.is_hidden)
            .field("reaches", &self.reaches)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("settings", &self.settings)
            .field("shell_only", &self.shell_only)
            .field("unset", &self.unset)
            .field("prompts", &self.prompts)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}
