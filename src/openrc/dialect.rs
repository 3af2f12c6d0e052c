//! Files that are no shell's, told by how their lines begin, so that none of them is misread as one. It says what a file
//! looks like; it reads none of them.

use super::place::{Fault, Parsed, Reason, Span};

/// How a line that is not the shell's begins.
struct Mark {
    starts: &'static [&'static str],
    /// What the rest of the line must hold as well.
    holds: &'static str,
    reason: Reason,
    what: &'static str,
    hint: &'static str,
}

const LATER: &str = "only files for sh, bash and zsh are read by this release";
const NOT_AN_RC: &str = "download the OpenRC file again, while logged in";

/// The first line that matches decides.
const MARKS: &[Mark] = &[
    dialect(
        &["#!/usr/bin/env fish", "#!/usr/bin/fish", "#!/bin/fish"],
        "",
        "this looks like a file for fish",
    ),
    dialect(
        &["set -x ", "set -gx ", "set -xg ", "set -Ux ", "set -xU ", "set --export ", "set -e OS_"],
        "",
        "this looks like a file for fish",
    ),
    dialect(
        &["#!/bin/csh", "#!/bin/tcsh", "#!/usr/bin/csh", "#!/usr/bin/tcsh", "setenv ", "unsetenv "],
        "",
        "this looks like a file for csh or tcsh",
    ),
    dialect(
        &["$env:", "$Env:", "${env:", "Set-Item Env:", "[Environment]::"],
        "",
        "this looks like a file for PowerShell",
    ),
    dialect(
        &["@echo off", "@ECHO OFF", "@echo Off", "rem ", "REM ", "set /p ", "set /P ", "SET /P "],
        "",
        "this looks like a batch file of Windows",
    ),
    dialect(
        &["set OS_", "SET OS_", "set \"OS_", "SET \"OS_", "@set ", "@SET "],
        "=",
        "this looks like a batch file of Windows",
    ),
    dialect(&["let-env ", "$env."], " = ", "this looks like a file for nushell"),
    not_an_rc(
        &["clouds:"],
        "",
        "this is a clouds.yaml, not an OpenRC file",
        "name one of its clouds with --cloud instead",
    ),
    not_an_rc(
        &["---", "auth_url:", "auth:", "  auth_url:"],
        "",
        "this is YAML, not an OpenRC file",
        NOT_AN_RC,
    ),
    not_an_rc(&["{"], "\"", "this is JSON, not an OpenRC file", NOT_AN_RC),
    not_an_rc(
        &["<!DOCTYPE", "<!doctype", "<html", "<HTML", "<?xml"],
        "",
        "this is a web page, not an OpenRC file",
        NOT_AN_RC,
    ),
    not_an_rc(&["-----BEGIN "], "", "this is a key or a certificate, not an OpenRC file", NOT_AN_RC),
];

const fn dialect(starts: &'static [&'static str], holds: &'static str, what: &'static str) -> Mark {
    Mark { starts, holds, reason: Reason::Dialect, what, hint: LATER }
}

const fn not_an_rc(
    starts: &'static [&'static str],
    holds: &'static str,
    what: &'static str,
    hint: &'static str,
) -> Mark {
    Mark { starts, holds, reason: Reason::NotAnRc, what, hint }
}

/// What `env` prints and no rc file sets.
const ONLY_IN_LISTINGS: &[&str] = &["SHLVL=", "PWD=", "_=/", "OLDPWD=", "LOGNAME="];

pub(crate) fn refuse_others(text: &[u8], file: u16) -> Parsed<()> {
    let at = |start: usize, len: usize| Span { file, start: start as u32, end: (start + len) as u32 };
    if text.starts_with(b"PK\x03\x04") || text.starts_with(b"%PDF") || text.starts_with(b"\x1f\x8b") {
        let what = "this is an archive or a document, not an OpenRC file";
        return Err(Fault::new(at(0, 2), Reason::NotAnRc, what).hint(NOT_AN_RC));
    }
    let is_plain = is_listing(text);
    let mut start = 0;
    let mut first_command = true;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let begins = start + blanks;
        let words = &line[blanks..];
        let is_comment = words.first() == Some(&b'#') && !words.starts_with(b"#!");
        if !is_comment
            && let Some(mark) = MARKS.iter().find(|mark| {
                let only_first = mark.reason == Reason::NotAnRc;
                (first_command || !only_first) && mark.fits(if only_first { line } else { words })
            })
        {
            return Err(Fault::new(at(begins, 1), mark.reason, mark.what).hint(mark.hint));
        }
        if first_command && is_section(words) {
            let what = "this is a file of sections and keys, not an OpenRC file";
            return Err(Fault::new(at(begins, 1), Reason::NotAnRc, what).hint(NOT_AN_RC));
        }
        if is_plain && ONLY_IN_LISTINGS.iter().any(|mark| words.starts_with(mark.as_bytes())) {
            let what = "this looks like the output of env, whose values are not quoted";
            return Err(Fault::new(at(begins, 1), Reason::Dialect, what).hint(LATER));
        }
        first_command &= is_comment || words.first().is_none_or(|byte| b"#\n".contains(byte));
        refuse_template(line, at(start, line.len()))?;
        start += line.len();
    }
    Ok(())
}

impl Mark {
    fn fits(&self, line: &[u8]) -> bool {
        self.starts.iter().any(|start| {
            line.strip_prefix(start.as_bytes()).is_some_and(|rest| {
                let holds = self.holds.as_bytes();
                holds.is_empty() || rest.windows(holds.len()).any(|part| part == holds)
            })
        })
    }
}

/// `[default]`
fn is_section(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.starts_with(b"[")
        && line.ends_with(b"]")
        && line.len() > 2
        && !line.starts_with(b"[[")
        && !line.contains(&b' ')
}

/// Every line is `NAME=…`, without `export`.
fn is_listing(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).all(|line| {
        let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        name > 0 && line.get(name) == Some(&b'=')
    })
}

/// `{{ name }}` and `{% if %}`: a template that was never filled in, also between quotes.
fn refuse_template(line: &[u8], at: Span) -> Parsed<()> {
    let is_comment = line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'#');
    for (open, close) in [(&b"{{"[..], &b"}}"[..]), (b"{%", b"%}")] {
        let Some(from) = line.windows(2).position(|pair| pair == open) else { continue };
        let inside = &line[from + 2..];
        let Some(len) = inside.windows(2).position(|pair| pair == close) else { continue };
        let names = |byte: &u8| byte.is_ascii_alphanumeric() || b" _.-|()'\"[],:=".contains(byte);
        let spaced = open == b"{%" || inside.starts_with(b" ") || inside[..len].iter().all(is_dotted);
        if !is_comment && len > 0 && spaced && inside[..len].iter().all(names) {
            let start = at.start + from as u32;
            let what = "a template that was never filled in";
            return Err(Fault::new(Span { start, ..at }, Reason::Template, what)
                .hint("render the template first, or put the real values there"));
        }
    }
    Ok(())
}

fn is_dotted(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'.'
}
