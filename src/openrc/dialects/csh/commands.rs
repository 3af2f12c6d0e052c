//! csh's commands: `setenv`, `set`, `unsetenv` and the few others that matter.

use super::super::effects::Written;
use super::super::list;
use super::super::script::walk;
use super::Csh;
use super::grammar::{self, Simple};
use super::words::{Part, Word};
use crate::openrc::cursor::is_name;
use crate::openrc::eval::{Evaluator, Flow, Run, Stop};
use crate::openrc::fields::Field;
use crate::openrc::place::Span;
use crate::openrc::simple::Stdin;
use crate::openrc::value::{Status, Unknown, Val, Why};
use crate::openrc::warn::Kind;

const HARMLESS: &[&str] = &[
    "unalias",
    "rehash",
    "unhash",
    "hash",
    "bindkey",
    "complete",
    "uncomplete",
    "limit",
    "unlimit",
    "umask",
    "history",
    "nice",
    "nohup",
    "notify",
    "time",
    "wait",
    "which",
    "where",
    "echotc",
    "settc",
    "setty",
    "unlimit",
];

impl Csh {
    pub(super) fn simple(&self, reader: &mut Evaluator<'_>, simple: &Simple) -> Run<Flow> {
        let at = std::mem::replace(&mut reader.at, simple.span);
        let stdin = reader.stdin.clone();
        let shown = reader.is_output_shown;
        if simple.reads_file {
            reader.stdin = Stdin::Other;
        }
        reader.is_output_shown &= !simple.is_silent;
        let flow = self.named(reader, simple);
        reader.stdin = stdin.clone();
        reader.is_output_shown = shown;
        reader.at = at;
        flow
    }

    fn named(&self, reader: &mut Evaluator<'_>, simple: &Simple) -> Run<Flow> {
        let Some((first, arguments)) = simple.words.split_first() else { return Ok(Flow::Next) };
        let at = simple.span;
        let Some(name) = first.bare() else {
            reader.lose_all("a command whose name is not known", at);
            return Ok(Flow::Next);
        };
        if self.aliases.borrow().contains(name) {
            reader.lose_all("an alias", at);
            return Ok(Flow::Next);
        }
        reader.succeed();
        match name {
            "setenv" => self.setenv(reader, arguments, at)?,
            "set" => self.set(reader, arguments, at)?,
            "unsetenv" => self.unset(reader, arguments, "", at)?,
            "unset" => self.unset(reader, arguments, "$", at)?,
            "echo" | "printf" => self.show(reader, name, arguments, at)?,
            "stty" => {
                for word in arguments.iter().filter_map(Word::bare) {
                    match word {
                        "-echo" => reader.state.is_echo_off = true,
                        "echo" | "sane" => reader.state.is_echo_off = false,
                        _ => {}
                    }
                }
            }
            "alias" => {
                if let (Some(name), true) = (arguments.first().and_then(Word::bare), arguments.len() > 1) {
                    self.aliases.borrow_mut().insert(name.to_owned());
                }
            }
            "@" => {
                let name = arguments.first().and_then(Word::bare);
                let name = name.map(|name| name.split(['=', '+', '-', '*', '[']).next().unwrap_or(name));
                match name {
                    Some(name) => reader.state.forget(&format!("${name}"), &Unknown::other("arithmetic", at)),
                    None => reader.lose_all("arithmetic", at),
                }
            }
            "exit" | "logout" | "exec" => return Ok(Flow::Exit(at)),
            "break" => return Ok(Flow::Break(1)),
            "continue" => return Ok(Flow::Continue(1)),
            "true" | ":" => {}
            "false" => reader.fail(),
            "source" => return self.source(reader, arguments, at),
            "eval" => reader.lose_all("an eval", at),
            "cd" | "chdir" | "pushd" | "popd" => {
                let why = Unknown::new(Why::Command(name.to_owned()), at);
                reader.state.directory = Val::Unknown(why.clone());
                reader.state.forget("$cwd", &why);
                reader.state.status = Status::Unknown(why);
            }
            _ => {
                for word in arguments {
                    let _ = self.expand(reader, word)?;
                }
                match HARMLESS.contains(&name) {
                    true => {
                        reader.state.status =
                            Status::Unknown(Unknown::new(Why::Command(name.to_owned()), at));
                    }
                    false => reader.skip(name, at),
                }
            }
        }
        Ok(Flow::Next)
    }

    /// csh stops reading a file at an error.
    fn stop<T>(&self, reader: &mut Evaluator<'_>, at: Span, what: &str) -> Run<T> {
        reader.warn(at, Kind::EndsEarly, format!("csh stops reading the file here: {what}"));
        let source = reader.sources.get(usize::from(reader.at.file));
        let after = source.and_then(|source| source.text.get(reader.at.end as usize..)).unwrap_or_default();
        let rest = after.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
        if !rest.is_empty() && !rest.starts_with(b"#") {
            // Some errors let the rest of the line be done.
            reader.lose_all("what stands on a line behind an error", at);
        }
        Err(Stop::Exit(at))
    }

    fn setenv(&self, reader: &mut Evaluator<'_>, arguments: &[Word], at: Span) -> Run<()> {
        let Some((name, values)) = arguments.split_first() else { return Ok(()) };
        let Some(name) = name.bare() else {
            reader.lose_all("a variable whose name is not plain", at);
            return Ok(());
        };
        if !is_name(name) {
            let what =
                "csh takes no such name: setenv has a blank between name and value, and this sets nothing";
            reader.warn(at, Kind::NotAName, what);
            return self.stop(reader, at, "what setenv is given is no name");
        }
        if values.len() > 1 {
            return self.stop(reader, at, "setenv takes one value; put one with blanks into quotes");
        }
        let value = match values {
            [] => Val::known(b""),
            [word] if matches!(word.parts.as_slice(), [Part::List(_)]) => {
                return self.stop(reader, at, "setenv takes no list");
            }
            [word, ..] => match self.expand(reader, word)? {
                Ok(words) => match words.as_slice() {
                    [] => Val::known(b""),
                    [value] => value.clone(),
                    _ => return self.stop(reader, at, "setenv takes one value, and this is a list"),
                },
                Err(Unknown { why: Why::Other(super::FALLS_APART | super::MATCHES), .. }) => {
                    return self.stop(reader, at, "the value of this variable falls apart outside of quotes");
                }
                Err(unknown) => {
                    self.refuse_patterns(reader, &unknown, word.span)?;
                    Val::Unknown(unknown)
                }
            },
        };
        let word = values.first().map_or(at, |word| word.span);
        let copies = values.first().and_then(Word::reference).map(str::to_owned);
        reader.put(name, value, Some(true), Written { word, at, copies })
    }

    fn set(&self, reader: &mut Evaluator<'_>, arguments: &[Word], at: Span) -> Run<()> {
        let mut words = arguments;
        while let Some((option, rest)) = words.split_first()
            && matches!(option.bare(), Some("-r" | "-f" | "-l"))
        {
            words = rest;
        }
        while let Some((first, mut rest)) = words.split_first() {
            let Some((Part::Text(text, false), tail)) = first.parts.split_first() else {
                reader.lose_all("a variable whose name is not plain", at);
                return Ok(());
            };
            let text = text.str().unwrap_or_default();
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text, None),
            };
            let name = name.to_owned();
            if let Some((name, _)) = name.split_once('[') {
                reader.state.forget(&format!("${name}"), &Unknown::other("a part of a list", at));
                return Ok(());
            }
            if !is_name(&name) {
                return self.stop(reader, at, "what set is given is no name");
            }
            let (values, word, copies) = match value {
                Some(value) if !(value.is_empty() && tail.is_empty()) => {
                    let mut values = vec![Val::known(value.as_bytes())];
                    for part in tail {
                        let part = self.part(reader, part)?;
                        values = match part.as_deref() {
                            Ok([]) => values,
                            Ok([part]) if value.is_empty() && tail.len() == 1 => vec![part.clone()],
                            Ok([part]) => vec![super::together(&values[0], part)],
                            Ok(_) => vec![Val::Unknown(Unknown::other("a list inside a word", at))],
                            Err(unknown) => {
                                self.refuse_patterns(reader, unknown, at)?;
                                vec![Val::Unknown(unknown.clone())]
                            }
                        };
                    }
                    (values, first.span, None)
                }
                Some(_) => self.right_side(reader, &mut rest)?,
                None if rest.first().and_then(Word::bare) == Some("=") => {
                    rest = &rest[1..];
                    self.right_side(reader, &mut rest)?
                }
                None => match rest.first().and_then(Word::bare).and_then(|word| word.strip_prefix('=')) {
                    Some(value) => {
                        let (value, word) = (Val::known(value.as_bytes()), rest[0].span);
                        rest = &rest[1..];
                        (vec![value], word, None)
                    }
                    None => (vec![Val::known(b"")], first.span, None),
                },
            };
            let value = match values.iter().find_map(|value| value.need().err()) {
                Some(unknown) if values.len() > 1 => Val::Unknown(unknown.as_part()),
                _ => list::stored(&values, at),
            };
            reader.put(&format!("${name}"), value, None, Written { word, at, copies })?;
            words = rest;
        }
        Ok(())
    }

    fn right_side(
        &self,
        reader: &mut Evaluator<'_>,
        rest: &mut &[Word],
    ) -> Run<(Vec<Val>, Span, Option<String>)> {
        let Some((word, after)) = rest.split_first() else {
            return Ok((vec![Val::known(b"")], reader.at, None));
        };
        *rest = after;
        let values = match self.expand(reader, word)? {
            Ok(values) => values,
            Err(unknown) => {
                self.refuse_patterns(reader, &unknown, word.span)?;
                vec![Val::Unknown(unknown)]
            }
        };
        Ok((values, word.span, word.reference().map(str::to_owned)))
    }

    /// A value outside of quotes is matched with files, and none is there.
    fn refuse_patterns(&self, reader: &mut Evaluator<'_>, unknown: &Unknown, at: Span) -> Run<()> {
        match unknown.why {
            Why::Other(super::MATCHES) => {
                self.stop(reader, at, "the value of a variable outside of quotes is matched with files")
            }
            Why::Other(super::EXPANDS | super::FALLS_APART) => {
                reader.lose_all("a value that falls apart, at which csh may stop", at);
                Err(Stop::Exit(at))
            }
            _ => Ok(()),
        }
    }

    fn unset(&self, reader: &mut Evaluator<'_>, arguments: &[Word], prefix: &str, at: Span) -> Run<()> {
        for word in arguments {
            let start = match word.parts.as_slice() {
                [Part::Text(text, false), Part::Opaque(_, span)] if span.end == word.span.end => text.str(),
                _ => None,
            };
            let source = reader.sources.get(usize::from(word.span.file));
            let last = source.and_then(|source| source.text.get(word.span.end as usize - 1));
            let ends_in_star = last == Some(&b'*');
            if let Some(start) = start.filter(|_| ends_in_star) {
                reader.unset_all(&format!("{prefix}{start}"), at);
                continue;
            }
            match self.single(reader, word)?.need().map(|text| text.str().map(str::to_owned)) {
                Ok(Some(name)) if is_name(&name) => {
                    let name = format!("{prefix}{name}");
                    if prefix.is_empty() {
                        reader.unset_one(&name, at)?;
                    } else {
                        reader.state.remove(&name, at);
                    }
                }
                Ok(_) => {}
                Err(unknown) => {
                    let unknown = unknown.clone();
                    reader.state.forget_all(&unknown);
                }
            }
        }
        reader.succeed();
        Ok(())
    }

    fn show(&self, reader: &mut Evaluator<'_>, name: &str, arguments: &[Word], at: Span) -> Run<()> {
        let mut fields = Vec::new();
        for word in arguments {
            let values = match self.expand(reader, word)? {
                Ok(values) => values,
                Err(unknown) => vec![Val::Unknown(unknown)],
            };
            fields.extend(values.into_iter().map(|value| Field { value, is_loose: false, unmatched: None }));
        }
        if name == "printf" {
            return reader.printf(&fields, at);
        }
        reader.echo(&fields, at);
        Ok(())
    }

    fn source(&self, reader: &mut Evaluator<'_>, arguments: &[Word], at: Span) -> Run<Flow> {
        let path = match arguments {
            [word] => self.single(reader, word)?,
            _ => Val::Unknown(Unknown::other("a file that is sourced", at)),
        };
        reader.source_file(&path, at, |reader, source, number| {
            let steps = grammar::parse(&source.text, number)?;
            walk(self, reader, &steps)
        })
    }
}
