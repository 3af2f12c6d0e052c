//! A Rust file as the floor test sees it: its words without comments and strings, and the paths that they spell. It knows
//! enough of Rust for `use` trees, `super`, inline modules and `#[cfg(test)]`, and no more.

use std::path::Path;

/// One word or one sign of a file.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub text: String,
    pub line: usize,
    /// It is compiled for unit tests only.
    pub is_test: bool,
}

/// A path with two segments or more: `["std", "fs", "read"]`; `crate`, `self` and `super` are resolved to `crate`.
#[derive(Debug)]
pub(super) struct Spelled {
    pub segments: Vec<String>,
    pub line: usize,
    pub is_test: bool,
}

impl Spelled {
    pub(super) fn text(&self) -> String {
        self.segments.join("::")
    }
}

#[derive(Debug)]
pub(super) struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub words: Vec<Word>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Source {
        let mut words = words(text);
        mark_tests(&mut words);
        Source { path: path.to_owned(), words }
    }

    pub(super) fn read(root: &Path, path: &str) -> Source {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Source::new(path, &text)
    }

    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// Every path of the file, `use` trees spread out.
    pub(super) fn paths(&self) -> Vec<Spelled> {
        let mut found = Vec::new();
        let mut modules = module_of(&self.path);
        // The depth of braces at which each inline module ends.
        let mut ends: Vec<usize> = Vec::new();
        let mut depth = 0;
        let mut at = 0;
        while at < self.words.len() {
            match self.text(at) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if ends.last() == Some(&depth) {
                        ends.pop();
                        modules.pop();
                    }
                }
                "mod" if self.text(at + 2) == "{" => {
                    modules.push(self.text(at + 1).to_owned());
                    ends.push(depth);
                }
                "use" => at = self.tree(at + 1, &[], &modules, &mut found) - 1,
                _ if self.begins_path(at) => at = self.tree(at, &[], &modules, &mut found) - 1,
                _ => {}
            }
            at += 1;
        }
        found
    }

    /// `::` in front of it makes it absolute only where no path is before that.
    fn begins_path(&self, at: usize) -> bool {
        let is_inside = at >= 2 && self.text(at - 1) == "::" && is_name(self.text(at - 2));
        let is_field = at >= 1 && self.text(at - 1) == ".";
        is_name(self.text(at)) && self.text(at + 1) == "::" && !is_inside && !is_field
    }

    /// Reads a path or a tree of paths from `at` on; returns where it ends.
    fn tree(&self, mut at: usize, before: &[String], modules: &[String], found: &mut Vec<Spelled>) -> usize {
        let mut segments = before.to_vec();
        let line = self.words.get(at).map_or(0, |word| word.line);
        loop {
            match self.text(at) {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while !matches!(self.text(at), "}" | "") {
                        at = match self.text(at) {
                            "," => at + 1,
                            _ => self.tree(at, &segments, modules, found).max(at + 1),
                        };
                    }
                    return at + 1;
                }
                "*" if matches!(self.text(at - 1), "::" | "{" | ",") => {
                    segments.push("*".to_owned());
                    at += 1;
                    break;
                }
                name if is_name(name) => {
                    segments.push(name.to_owned());
                    at += 1;
                    if self.text(at) != "::" {
                        break;
                    }
                }
                _ => break,
            }
        }
        if self.text(at) == "as" {
            at += 2;
        }
        if !segments.is_empty() {
            let is_test = self.words[at - 1].is_test;
            found.push(Spelled { segments: resolved(segments, modules), line, is_test });
        }
        at.max(1)
    }

    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// `src/host/files.rs` is the module host::files; `src/host/mod.rs` is host; a program's `main.rs` is a root of its own.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let segments = path.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main"));
    segments.map(str::to_owned).collect()
}

/// `super::x` inside `a::b` is `crate::a::x`, `self::x` is `crate::a::b::x`.
fn resolved(segments: Vec<String>, modules: &[String]) -> Vec<String> {
    let ups = segments.iter().take_while(|segment| *segment == "super").count();
    let is_self = ups == 0 && segments.first().is_some_and(|first| first == "self");
    if ups == 0 && !is_self {
        return segments;
    }
    let mut whole = vec!["crate".to_owned()];
    whole.extend(modules[..modules.len().saturating_sub(ups)].iter().cloned());
    whole.extend(segments.into_iter().skip(ups + usize::from(is_self)));
    whole
}

/// The words of the text: names and numbers, `::`, and every other sign by itself.
fn words(text: &str) -> Vec<Word> {
    let bytes: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let start = at;
        at = skip(&bytes, at).unwrap_or(at);
        if at > start {
            line += bytes[start..at].iter().filter(|c| **c == '\n').count();
            continue;
        }
        at += match bytes[at] {
            c if c.is_alphanumeric() || c == '_' => {
                bytes[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count()
            }
            ':' if bytes.get(at + 1) == Some(&':') => 2,
            _ => 1,
        };
        words.push(Word { text: bytes[start..at].iter().collect(), line, is_test: false });
    }
    words
}

/// Where the blank, comment, string or character that begins at `at` ends.
fn skip(text: &[char], at: usize) -> Option<usize> {
    let find = |from: usize, what: &[char]| {
        let found = text[from.min(text.len())..].windows(what.len()).position(|window| window == what);
        found.map_or(text.len(), |offset| from + offset + what.len())
    };
    match (text[at], text.get(at + 1)) {
        (c, _) if c.is_whitespace() => Some(at + 1),
        ('/', Some('/')) => Some(find(at, &['\n']) - 1).map(|end| end.max(at + 2)),
        ('/', Some('*')) => Some(find(at + 2, &['*', '/'])),
        ('b' | 'c', Some('"')) => quoted(text, at + 1),
        ('"', _) => quoted(text, at),
        ('r', Some('"' | '#')) => raw(text, at),
        ('b' | 'c', Some('r')) if matches!(text.get(at + 2), Some('"' | '#')) => raw(text, at + 1),
        ('b', Some('\'')) => character(text, at + 1),
        ('\'', _) => character(text, at),
        _ => None,
    }
}

fn quoted(text: &[char], at: usize) -> Option<usize> {
    let mut end = at + 1;
    while text.get(end).is_some_and(|c| *c != '"') {
        end += if text[end] == '\\' { 2 } else { 1 };
    }
    Some((end + 1).min(text.len()))
}

/// `r#"…"#`; `r#name` is no string.
fn raw(text: &[char], at: usize) -> Option<usize> {
    let hashes = text[at + 1..].iter().take_while(|c| **c == '#').count();
    if text.get(at + 1 + hashes) != Some(&'"') {
        return Some(at + 2);
    }
    let mut end = vec!['"'];
    end.extend(std::iter::repeat_n('#', hashes));
    let from = at + 2 + hashes;
    let offset = text[from..].windows(end.len()).position(|window| window == end)?;
    Some(from + offset + end.len())
}

/// A character; a lifetime is none, and only its mark is skipped.
fn character(text: &[char], at: usize) -> Option<usize> {
    match (text.get(at + 1), text.get(at + 2)) {
        (Some('\\'), _) => {
            let from = at + 3;
            Some(from + text[from..].iter().position(|c| *c == '\'')? + 1)
        }
        (Some(_), Some('\'')) => Some(at + 3),
        _ => Some(at + 1),
    }
}

/// Marks every item behind a `#[cfg(test)]` or `#[test]`.
fn mark_tests(words: &mut [Word]) {
    let mut at = 0;
    while at + 1 < words.len() {
        if words[at].text != "#" || words[at + 1].text != "[" {
            at += 1;
            continue;
        }
        let end = closed(words, at + 1, "[", "]");
        let attribute: Vec<&str> = words[at..end].iter().map(|word| word.text.as_str()).collect();
        let is_test = attribute.contains(&"test") && !attribute.contains(&"not");
        if is_test {
            let last = item_end(words, end);
            words[at..last].iter_mut().for_each(|word| word.is_test = true);
            at = last;
        } else {
            at = end;
        }
    }
}

/// Behind the `;` or the block that ends the item at `at`.
fn item_end(words: &[Word], mut at: usize) -> usize {
    while at < words.len() {
        match words[at].text.as_str() {
            "(" => at = closed(words, at, "(", ")"),
            "[" => at = closed(words, at, "[", "]"),
            "{" => return closed(words, at, "{", "}"),
            ";" => return at + 1,
            _ => at += 1,
        }
    }
    words.len()
}

fn closed(words: &[Word], at: usize, open: &str, close: &str) -> usize {
    let mut depth = 0;
    for (offset, word) in words[at..].iter().enumerate() {
        depth += i32::from(word.text == open) - i32::from(word.text == close);
        if depth == 0 {
            return at + offset + 1;
        }
    }
    words.len()
}

/// The reader itself: the floor test is worth what this sees.
#[test]
fn the_floor_test_sees_every_way_to_spell_a_path() {
    let text = r##"
//! crate::no::comment
use std::{fs, io::{self, Read as R}};
use super::{b, c::{D, *}};
pub(crate) use crate::keyring;
fn f<'a>(x: &'a str) -> ::std::net::TcpStream { let s = "crate::no::string"; let r = r#"crate::no"#; let c = '"';
    /* crate::no */ self::g::h(); x.y::<crate::wire::Op>(); Vec::<u8>::new(); b'\'' }
mod inner { fn f() { super::super::up() } }
#[cfg(test)]
mod tests { use super::*; fn f() { reqwest::get() } }
fn last() { nix::last() }
"##;
    let source = Source::new("src/host/a.rs", text);
    let seen: Vec<String> = source
        .paths()
        .iter()
        .map(|path| format!("{}{}", path.text(), if path.is_test { " test" } else { "" }))
        .collect();
    let expect = [
        "std::fs",
        "std::io::self",
        "std::io::Read",
        "crate::host::b",
        "crate::host::c::D",
        "crate::host::c::*",
        "crate::keyring",
        "std::net::TcpStream",
        "crate::host::a::g::h",
        "crate::wire::Op",
        "Vec",
        "crate::host::up",
        "crate::host::a::* test",
        "reqwest::get test",
        "nix::last",
    ];
    assert_eq!(seen, expect);
    assert_eq!(source.paths()[9].line, 7);
}
