//! The lines that ask for the secret, made comments: the text shown, the `read`, and what passes the answer on. A line that
//! does something else as well is refused with its place, never half commented out.

use std::collections::BTreeSet;

use super::ast::{Command, Item, Kind, List, RedirectKind, Simple, Word};
use super::eval::Site;
use super::names::{self, Meaning};
use super::parser::assignment;
use super::place::{Parsed, Span};
use super::reading::Reading;
use super::scrub::{Edit, cannot};
use super::source::Source;
use super::value::{Unknown, Val, Why};

/// What belongs to one question.
struct Question<'r> {
    commands: Vec<Span>,
    /// The words of assignments that pass the answer on.
    words: BTreeSet<u32>,
    /// Variables that hold it.
    names: BTreeSet<&'r str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Asks,
    /// Shows something, or looks at a variable: it may go with a line that asks.
    Harmless,
    Other,
}

/// The edits that make comments of the lines of question `index`.
pub(crate) fn lines(source: &Source, list: &List, reading: &Reading, index: usize) -> Parsed<Vec<Edit>> {
    let Some(asked) = reading.asked.get(index) else { return Ok(Vec::new()) };
    if asked.at.file != 0 {
        return Ok(Vec::new());
    }
    let is_answer = |value: &Val| match value {
        Val::Known(known) => known.answer == Some(index),
        Val::Unknown(Unknown { why: Why::Prompt { index: other, whole: true }, .. }) => *other == index,
        Val::Unknown(_) => false,
    };
    let passes = || reading.sites.iter().filter(|site| site.word.file == 0 && is_answer(&site.value));
    let question = Question {
        commands: std::iter::once(asked.at).chain(asked.said_at).collect(),
        words: passes().map(|site| site.word.start).collect(),
        names: passes().map(|site| site.name.as_str()).chain([asked.into.as_str()]).collect(),
    };
    let mut marked = Vec::new();
    let mut emptied = Vec::new();
    question.mark(source, list, &mut marked, &mut emptied)?;
    harmless_beside(source, list, &mut marked);
    comment_out(source, &marked, &emptied)
}

/// The edits that make comments of the lines that have the password from a program. A line that does something else as well
/// is left as it is: it asks nobody, and what it says is taken away by the file's last line.
pub(crate) fn programs(source: &Source, list: &List, reading: &Reading) -> Vec<Edit> {
    let of_program = |site: &&Site| {
        let is_unknown = matches!(&site.value, Val::Unknown(Unknown { why: Why::Command(_), .. }));
        is_unknown && site.word.file == 0
    };
    let mut names: BTreeSet<&str> = names::of(Meaning::Password).collect();
    let mut words = BTreeSet::new();
    for site in reading.sites.iter().rev().filter(of_program) {
        if names.contains(site.name.as_str()) {
            words.insert(site.word.start);
            names.extend(site.copies.as_deref());
        }
    }
    let question = Question { commands: Vec::new(), words, names };
    let (mut marked, mut emptied) = (Vec::new(), Vec::new());
    if question.words.is_empty() || question.mark(source, list, &mut marked, &mut emptied).is_err() {
        return Vec::new();
    }
    comment_out(source, &marked, &emptied).unwrap_or_default()
}

impl Question<'_> {
    /// Marks the items that ask; of a body that asks only, the first is noted, for a body must not be empty.
    fn mark(
        &self,
        source: &Source,
        list: &List,
        marked: &mut Vec<Span>,
        emptied: &mut Vec<Span>,
    ) -> Parsed<()> {
        for item in &list.items {
            let is_one_line =
                source.line_of(item.span.start) == source.line_of(item.span.end.saturating_sub(1));
            let parts = self.parts(item);
            let asks = parts.contains(&Part::Asks);
            let is_compound = commands_of(item).any(|command| !matches!(command.kind, Kind::Simple(_)));
            if !asks {
                continue;
            }
            if is_one_line && has_function(item) {
                return cannot(
                    item.span,
                    "this function asks for the password, and is called elsewhere in the file",
                );
            }
            if is_one_line || !is_compound {
                if parts.contains(&Part::Other) || has_here_document(item) {
                    return cannot(item.span, "this line asks for the password and does something else too");
                }
                marked.push(item.span);
                continue;
            }
            for command in commands_of(item) {
                if matches!(
                    command.kind,
                    Kind::While { .. } | Kind::For { .. } | Kind::Select { .. } | Kind::Counting { .. }
                ) {
                    return cannot(item.span, "this loop asks for the password and would go on without it");
                }
                for body in bodies(command) {
                    let before = marked.len();
                    self.mark(source, body, marked, emptied)?;
                    let marked_here =
                        body.items.iter().filter(|item| marked[before..].contains(&item.span)).count();
                    if marked_here == body.items.len() {
                        emptied.extend(body.items.first().map(|item| item.span));
                    }
                }
            }
        }
        Ok(())
    }

    fn parts(&self, item: &Item) -> Vec<Part> {
        let mut parts = Vec::new();
        for command in commands_of(item) {
            one(command, &mut |command| {
                if let Kind::Simple(simple) = &command.kind {
                    parts.push(self.part(command, simple));
                }
            });
        }
        parts
    }

    fn part(&self, command: &Command, simple: &Simple) -> Part {
        if self.commands.contains(&command.span) {
            return Part::Asks;
        }
        let passes_on = |word: &Word| match assignment(word) {
            Some(assignment) => match assignment.value {
                super::ast::Assigned::Word(value) => self.words.contains(&value.span.start),
                _ => false,
            },
            None => word.bare().is_some_and(|name| self.names.contains(name) || name.starts_with('-')),
        };
        let assigns = !simple.assignments.is_empty()
            && simple.assignments.iter().all(|assignment| match &assignment.value {
                super::ast::Assigned::Word(value) => self.words.contains(&value.span.start),
                _ => false,
            });
        let first = simple.words.first().and_then(Word::bare);
        match first {
            None if simple.words.is_empty() && assigns => Part::Asks,
            Some("export" | "declare" | "typeset" | "readonly")
                if simple.words.len() > 1 && simple.words[1..].iter().all(passes_on) =>
            {
                Part::Asks
            }
            Some("unset") if simple.words[1..].iter().all(passes_on) => Part::Harmless,
            Some(name) if is_harmless(name) && simple.assignments.is_empty() => Part::Harmless,
            _ => Part::Other,
        }
    }
}

fn is_harmless(name: &str) -> bool {
    matches!(name, "echo" | "printf" | "stty" | ":" | "true" | "[" | "test")
}

/// What shows or hides the typing may stand on the same line.
fn harmless_beside(source: &Source, list: &List, marked: &mut Vec<Span>) {
    let lines: BTreeSet<usize> = marked.iter().flat_map(|span| lines_of(source, *span)).collect();
    let mut beside = Vec::new();
    items(list, &mut |item| {
        let is_simple = commands_of(item).all(|command| match &command.kind {
            Kind::Simple(simple) => simple.words.first().and_then(Word::bare).is_some_and(is_harmless),
            _ => false,
        });
        let is_there = lines_of(source, item.span).any(|line| lines.contains(&line));
        if is_simple && is_there && !has_here_document(item) {
            beside.push(item.span);
        }
    });
    beside.retain(|span| !marked.contains(span));
    marked.append(&mut beside);
}

fn comment_out(source: &Source, marked: &[Span], emptied: &[Span]) -> Parsed<Vec<Edit>> {
    let lines: BTreeSet<usize> = marked.iter().flat_map(|span| lines_of(source, *span)).collect();
    let starts: Vec<usize> = source.line_starts().collect();
    let first_of_emptied: BTreeSet<usize> = emptied.iter().map(|span| source.line_of(span.start)).collect();
    let mut edits = Vec::new();
    for &line in &lines {
        let start = starts[line];
        let end = starts.get(line + 1).map_or(source.text.len(), |next| next - 1);
        let is_marked =
            |at: &usize| marked.iter().any(|span| (span.start as usize..span.end as usize).contains(at));
        let mut rest = (start..end).filter(|at| !is_marked(at)).take_while(|at| source.text[*at] != b'#');
        if let Some(at) = rest.find(|at| !b" \t;\\".contains(&source.text[*at])) {
            let at = at as u32;
            let span = Span { file: 0, start: at, end: at + 1 };
            return cannot(span, "this line asks for the password and does something else too");
        }
        let with = if first_of_emptied.contains(&line) { ": # " } else { "# " };
        let at = source.original(start as u32);
        edits.push(Edit { start: at, end: at, with: with.as_bytes().to_vec() });
    }
    Ok(edits)
}

fn lines_of(source: &Source, span: Span) -> std::ops::RangeInclusive<usize> {
    source.line_of(span.start)..=source.line_of(span.end.saturating_sub(1).max(span.start))
}

fn has_here_document(item: &Item) -> bool {
    let mut found = false;
    for command in commands_of(item) {
        one(command, &mut |command| {
            found |= command.redirects.iter().any(|redirect| redirect.kind == RedirectKind::HereDocument);
        });
    }
    found
}

fn has_function(item: &Item) -> bool {
    let mut found = false;
    for command in commands_of(item) {
        one(command, &mut |command| found |= matches!(command.kind, Kind::Function { .. }));
    }
    found
}

fn commands_of(item: &Item) -> impl Iterator<Item = &Command> {
    let pipelines = std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline));
    pipelines.flat_map(|pipeline| &pipeline.commands)
}

/// The lists inside a command.
fn bodies(command: &Command) -> Vec<&List> {
    match &command.kind {
        Kind::Simple(_) | Kind::Condition(_) | Kind::Arithmetic(_) => Vec::new(),
        Kind::Group(list)
        | Kind::Subshell(list)
        | Kind::Select { body: list, .. }
        | Kind::Counting { body: list, .. }
        | Kind::For { body: list, .. } => {
            vec![list]
        }
        Kind::If { arms, otherwise } => {
            arms.iter().flat_map(|(condition, body)| [condition, body]).chain(otherwise).collect()
        }
        Kind::While { condition, body, .. } => vec![condition, body],
        Kind::Case { arms, .. } => arms.iter().map(|arm| &arm.body).collect(),
        Kind::Function { body, .. } => bodies(body),
    }
}

/// Every command of a list, the inner ones too.
pub(crate) fn commands(list: &List, visit: &mut impl FnMut(&Command)) {
    for item in &list.items {
        for command in commands_of(item) {
            one(command, visit);
        }
    }
}

/// A command and those inside it.
fn one(command: &Command, visit: &mut impl FnMut(&Command)) {
    visit(command);
    for body in bodies(command) {
        for item in &body.items {
            for command in commands_of(item) {
                one(command, visit);
            }
        }
    }
}

/// Every item of a list, the inner ones too.
fn items(list: &List, visit: &mut impl FnMut(&Item)) {
    for item in &list.items {
        visit(item);
        for command in commands_of(item) {
            for body in bodies(command) {
                items(body, visit);
            }
        }
    }
}
