//! The commands of cmd: `set` in its forms, `setlocal`, `echo`, and loops over names or over what PowerShell asks.

use super::super::effects::Written;
use super::Batch;
use super::expand::Expanded;
use super::grammar::For;
use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::place::Span;
use crate::openrc::value::{Unknown, Val, Why};
use crate::openrc::warn::Kind;

const HARMLESS: &[&str] = &[
    "title", "cls", "pause", "color", "chcp", "cd", "chdir", "pushd", "popd", "mode", "timeout", "prompt",
    "ver", "type", "dir", "verify", "break", "assoc", "path",
];

impl Batch {
    pub(super) fn plain(&self, reader: &mut Evaluator<'_>, span: Span) -> Run<Flow> {
        reader.at = span;
        let source = std::rc::Rc::clone(&reader.sources[0]);
        let text = &source.text[span.start as usize..span.end as usize];
        let len = text.iter().take_while(|byte| !b" \t\n=,;/\"<>(%:.\\".contains(byte)).count();
        let name = String::from_utf8_lossy(&text[..len]).to_ascii_lowercase();
        let rest = Span { start: span.start + len as u32, ..span };
        reader.succeed();
        match name.as_str() {
            "set" => self.set(reader, rest)?,
            "setx" => self.setx(reader, rest)?,
            "echo" => self.echo(reader, &text[len..], span),
            "setlocal" => {
                let words = text.to_ascii_lowercase();
                let has = |word: &[u8]| words.windows(word.len()).any(|part| part == word);
                self.saved.borrow_mut().push((reader.state.clone(), self.is_delayed.get(), span));
                if has(b"enabledelayedexpansion") {
                    self.is_delayed.set(true);
                } else if has(b"disabledelayedexpansion") {
                    self.is_delayed.set(false);
                }
            }
            "endlocal" => {
                let saved = self.saved.borrow_mut().pop();
                if let Some((state, is_delayed, _)) = saved {
                    reader.state = state;
                    self.is_delayed.set(is_delayed);
                }
            }
            "exit" => return Ok(Flow::Exit(span)),
            "call" => {
                let target = text[len..].trim_ascii().to_ascii_lowercase();
                if target.starts_with(b"set ") {
                    reader.lose_all("a line that is expanded twice", span);
                } else {
                    reader.lose_all("a file or a part that is called", span);
                }
            }
            "shift" => reader.lose_all("arguments that are shifted", span),
            "" => {}
            name if HARMLESS.contains(&name) => {
                reader.state.status =
                    crate::openrc::value::Status::Unknown(Unknown::new(Why::Command(name.to_owned()), span));
            }
            name => reader.skip(name, span),
        }
        Ok(Flow::Next)
    }

    fn set(&self, reader: &mut Evaluator<'_>, span: Span) -> Run<()> {
        let source = std::rc::Rc::clone(&reader.sources[0]);
        let (mut from, to) = (span.start as usize, span.end as usize);
        let skip = |from: usize, bytes: &[u8]| {
            from + source.text[from..to].iter().take_while(|byte| bytes.contains(byte)).count()
        };
        from = skip(from, b" \t");
        let (mut is_asking, mut counts) = (false, false);
        while source.text[from..to].first() == Some(&b'/') {
            match source.text.get(from + 1).map(u8::to_ascii_lowercase) {
                Some(b'p') => is_asking = true,
                Some(b'a') => counts = true,
                _ => {}
            }
            from = skip((from + 2).min(to), b" \t");
        }
        // With a quote before the name, the last quote ends the value.
        let mut end = to;
        let is_quoted = source.text[from..to].first() == Some(&b'"');
        if is_quoted {
            from += 1;
            if let Some(len) = source.text[from..to].iter().rposition(|&byte| byte == b'"') {
                end = from + len;
            }
        } else if let Some(len) = redirection(&source.text[from..to]) {
            end = from + len;
            if is_asking && source.text[end] == b'<' {
                return self.lose_set(reader, &source.text[from..end], span);
            }
        }
        let Some(sign) = source.text[from..end].iter().position(|&byte| byte == b'=') else { return Ok(()) };
        let at = |start: usize, stop: usize| Span { file: 0, start: start as u32, end: stop as u32 };
        let named = self.of_bytes(reader, &source.text[from..from + sign], is_quoted, span);
        let value =
            self.of_bytes(reader, &source.text[from + sign + 1..end], is_quoted, at(from + sign + 1, end));
        let Some(written) = named.value.str().map(str::to_owned) else {
            reader.lose_all("a variable whose name is not known", span);
            return Ok(());
        };
        let name = written.to_uppercase();
        if counts {
            reader.state.forget(
                name.trim_end_matches(['+', '-', '*', '/', ' ']),
                &Unknown::other("arithmetic", span),
            );
            return Ok(());
        }
        if is_asking {
            return self.ask(reader, written.trim(), value, span);
        }
        if name.ends_with(' ') {
            let what = "the blank before the = belongs to the name: this sets another variable than is meant";
            reader.warn(at(from, from + sign), Kind::NotAName, what);
            return Ok(());
        }
        let word = at(from + sign + 1, end);
        reader.name_question(&written, &value.value);
        if !is_quoted && value.value.str().is_some_and(|text| text.ends_with([' ', '\t'])) {
            let what = "the blanks at the end of this line belong to the value; write set \"NAME=value\"";
            reader.warn(word, Kind::BlankAtEdge, what);
        }
        self.give(reader, &name, value, word, span)
    }

    fn give(&self, reader: &mut Evaluator<'_>, name: &str, value: Expanded, word: Span, at: Span) -> Run<()> {
        for unset in &value.unset {
            let what = format!(
                "nothing sets %{unset}%, so it leaves nothing here; a percent sign of the value is written %%"
            );
            reader.warn(word, Kind::DollarEaten, what);
        }
        if value.value.text().is_some_and(|text| text.is_empty()) {
            return reader.unset_one(name, at);
        }
        reader.put(name, value.value, Some(true), Written { word, at, copies: value.copies })?;
        if let Some(mut variable) = reader.state.variable(name) {
            variable.unset_references = value.unset.into();
            reader.state.put(name, variable);
        }
        Ok(())
    }

    /// `set /p NAME=text`
    fn ask(&self, reader: &mut Evaluator<'_>, name: &str, text: Expanded, span: Span) -> Run<()> {
        let text = match text.value.text().map(|text| text.bytes().trim_ascii_start().to_vec()) {
            Some(bytes) => {
                let bytes = zeroize::Zeroizing::new(bytes);
                let inside = bytes.strip_prefix(b"\"").map(|inside| {
                    match inside.iter().rposition(|&byte| byte == b'"') {
                        Some(len) => &inside[..len],
                        None => inside,
                    }
                });
                Val::known(inside.unwrap_or(&bytes))
            }
            None => text.value,
        };
        if name.is_empty() {
            // `<nul set /p =text` shows a text.
            reader.say(vec![text], span);
            return Ok(());
        }
        let is_empty = text.text().is_some_and(|text| text.is_empty());
        let answer = reader.ask_for(name, (!is_empty).then(|| vec![text]), false, span)?;
        let name = name.to_uppercase();
        // An empty answer leaves the variable as it was.
        if answer.text().is_some_and(|text| text.is_empty()) {
            return Ok(());
        }
        reader.put(&name, answer, Some(true), Written { word: span, at: span, copies: None })
    }

    fn lose_set(&self, reader: &mut Evaluator<'_>, text: &[u8], span: Span) -> Run<()> {
        let name = text.split(|&byte| byte == b'=').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).trim().to_uppercase();
        if !name.is_empty() {
            reader.state.forget(&name, &Unknown::other("a file that is read", span));
        }
        Ok(())
    }

    /// `setx NAME value`: for the sessions to come, which is what the file is for.
    fn setx(&self, reader: &mut Evaluator<'_>, span: Span) -> Run<()> {
        let source = std::rc::Rc::clone(&reader.sources[0]);
        let text = &source.text[span.start as usize..span.end as usize];
        let mut words: Vec<(usize, usize)> = Vec::new();
        let (mut at, mut is_quoted) = (0, false);
        while at < text.len() {
            let is_blank = !is_quoted && b" \t".contains(&text[at]);
            is_quoted ^= text[at] == b'"';
            match words.last_mut().filter(|(_, end)| *end == at) {
                _ if is_blank => {}
                Some((_, end)) => *end = at + 1,
                None => words.push((at, at + 1)),
            }
            at += 1;
        }
        words.retain(|(start, _)| text[*start] != b'/');
        let [name, value] = words.as_slice() else { return Ok(()) };
        let inside = |(start, end): (usize, usize)| match &text[start..end] {
            [b'"', .., b'"'] => (start + 1, end - 1),
            _ => (start, end),
        };
        let (from, to) = inside(*name);
        let name = String::from_utf8_lossy(&text[from..to]).to_uppercase();
        let (from, to) = inside(*value);
        let word = Span { start: span.start + from as u32, end: span.start + to as u32, ..span };
        let value = self.of_bytes(reader, &text[from..to], true, word);
        self.give(reader, &name, value, word, span)
    }

    fn echo(&self, reader: &mut Evaluator<'_>, text: &[u8], span: Span) {
        let words = text.trim_ascii().to_ascii_lowercase();
        if matches!(words.as_slice(), b"on" | b"off" | b"" | b".") {
            return;
        }
        let text = &text[1.min(text.len())..];
        let end = redirection(text).unwrap_or(text.len());
        let shown = self.of_bytes(reader, &text[..end], false, span);
        reader.say(vec![shown.value], span);
    }

    /// The words of a loop.
    pub(super) fn list(&self, reader: &mut Evaluator<'_>, head: &For) -> Run<Result<Vec<Val>, Unknown>> {
        let lost = Ok(Err(Unknown::other("a loop that is not followed", head.span)));
        let source = std::rc::Rc::clone(&reader.sources[0]);
        let set = &source.text[head.set.start as usize..head.set.end as usize];
        if head.switch.is_empty() {
            let text = self.of_bytes(reader, set, false, head.set);
            return Ok(match text.value.str() {
                Some(text) if !text.contains(['*', '?', '"']) => {
                    let words = text.split([' ', '\t', ',', ';', '=']).filter(|word| !word.is_empty());
                    Ok(words.map(|word| Val::known(word.as_bytes())).collect())
                }
                _ => Err(Unknown::other("a list of words", head.set)),
            });
        }
        if !head.switch.starts_with("/f") {
            return lost;
        }
        let options = &source.text[head.options.start as usize..head.options.end as usize];
        let options = String::from_utf8_lossy(options).to_ascii_lowercase();
        let quote = if options.contains("usebackq") { b'`' } else { b'\'' };
        let set = set.trim_ascii();
        let Some(command) = set.strip_prefix(&[quote]).and_then(|rest| rest.strip_suffix(&[quote])) else {
            return lost;
        };
        let shown = self.of_bytes(reader, command, true, head.set);
        let lower = String::from_utf8_lossy(command).to_ascii_lowercase();
        if lower.trim() == "set os_" && options.contains("delims==") {
            // Every name that begins so, to be taken away.
            let why = Why::Command(format!("{}OS_", crate::openrc::listing::NAMES));
            let names = names_there(reader);
            return Ok(if names.is_empty() { Err(Unknown::new(why, head.set)) } else { Ok(names) });
        }
        // Another variable may hold the command, which then holds quotes.
        let command = match command {
            [b'%', name @ .., b'%'] if !name.contains(&b'%') => {
                let name = String::from_utf8_lossy(name).to_uppercase();
                reader.state.variable(&name).and_then(|variable| variable.value)
            }
            _ => Some(shown.value),
        };
        let is_whole_line = options.contains("delims=\"") || options.contains("delims= \"");
        let asks = command.as_ref().and_then(Val::str).filter(|_| is_whole_line).and_then(question_of);
        match asks {
            Some(text) => {
                let text = vec![Val::known(text.as_bytes())];
                let answer = reader.ask_for("", Some(text), true, head.span)?;
                Ok(Ok(vec![answer]))
            }
            None => {
                let name = lower.split_whitespace().next().unwrap_or("in a loop").to_owned();
                Ok(Err(Unknown::new(Why::Command(reader.told(&name, head.span)), head.span)))
            }
        }
    }
}

/// What an earlier session, or the file, may have set.
fn names_there(reader: &Evaluator<'_>) -> Vec<Val> {
    let own = reader.state.variables().map(|(name, _)| name.to_string());
    let all: std::collections::BTreeSet<String> = own
        .chain(crate::openrc::names::leftovers().map(str::to_owned))
        .filter(|name| name.starts_with("OS_"))
        .collect();
    all.iter().map(|name| Val::known(name.as_bytes())).collect()
}

/// The text that PowerShell shows when it asks for a password and prints it plain; `None` if it does something else.
fn question_of(command: &str) -> Option<String> {
    let lower = command.to_ascii_lowercase();
    let asks = lower.trim_start().starts_with("powershell") || lower.trim_start().starts_with("pwsh");
    let plain = lower.contains("ptrtostring")
        || lower.contains("networkcredential")
        || lower.contains("-asplaintext");
    let at = lower.find("read-host")?;
    if !asks || !plain || !lower.contains("-assecurestring") || lower.matches("read-host").count() != 1 {
        return None;
    }
    let rest = &command[at + "read-host".len()..];
    let quote = rest.find(['\'', '"'])?;
    let before_quote = rest[..quote].trim().to_ascii_lowercase();
    let starts = rest[quote..].chars().next()?;
    // The text comes right behind, or there is none.
    if !matches!(
        before_quote.trim_end_matches('\\').trim(),
        "" | "-prompt" | "-assecurestring" | "-assecurestring -prompt"
    ) {
        return Some(String::new());
    }
    let inside = &rest[quote + 1..];
    let end = inside.find(starts)?;
    Some(inside[..end].trim_end_matches('\\').to_owned())
}

/// Where a redirection begins outside of quotes.
fn redirection(text: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'^' if !is_quoted => at += 1,
            b'"' => is_quoted = !is_quoted,
            b'<' | b'>' if !is_quoted => {
                let has_handle =
                    at > 0 && text[at - 1].is_ascii_digit() && (at < 2 || b" \t".contains(&text[at - 2]));
                return Some(at - usize::from(has_handle));
            }
            _ => {}
        }
        at += 1;
    }
    None
}
