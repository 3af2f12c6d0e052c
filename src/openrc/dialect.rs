//! Whose language a file is written in: told by its first line, then by the ending of its name, then by how most of its lines
//! begin; and files that are no rc files at all, so that none of them is misread as one. It reads no file.

use super::cursor::is_name_byte;
use super::place::{Fault, Parsed, Reason, Span};

/// Whose language a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// sh, bash and zsh, also direnv's.
    Shell,
    Fish,
    /// csh and tcsh
    Csh,
    PowerShell,
    /// Batch files of Windows.
    Batch,
    /// `NAME=value` lines that a shell could read too.
    Dotenv,
    /// What `env` prints: values as they are, nothing quoted.
    Listing,
}

impl Dialect {
    /// Its stable name.
    pub fn word(self) -> &'static str {
        match self {
            Dialect::Shell => "shell",
            Dialect::Fish => "fish",
            Dialect::Csh => "csh",
            Dialect::PowerShell => "powershell",
            Dialect::Batch => "batch",
            Dialect::Dotenv => "dotenv",
            Dialect::Listing => "listing",
        }
    }
}

/// The first line names the program that the file is for.
const SHEBANGS: &[(&str, Dialect)] = &[
    ("fish", Dialect::Fish),
    ("tcsh", Dialect::Csh),
    ("csh", Dialect::Csh),
    ("pwsh", Dialect::PowerShell),
    ("powershell", Dialect::PowerShell),
];

const ENDINGS: &[(&str, Dialect)] = &[
    (".fish", Dialect::Fish),
    (".csh", Dialect::Csh),
    (".tcsh", Dialect::Csh),
    (".cshrc", Dialect::Csh),
    (".ps1", Dialect::PowerShell),
    (".psm1", Dialect::PowerShell),
    (".bat", Dialect::Batch),
    (".cmd", Dialect::Batch),
];

/// How lines begin that only this dialect has; compared without regard to case where the dialect has none.
const BEGINNINGS: &[(Dialect, &[&str])] = &[
    (Dialect::Fish, &["set_color ", "set --erase ", "set --export ", "set -q ", "read -P ", "read -sP "]),
    (
        Dialect::Csh,
        &["setenv ", "setenv\t", "unsetenv ", "if ( ", "if ($", "endif", "foreach ", "set path = ("],
    ),
    (
        Dialect::PowerShell,
        &[
            "$env:",
            "${env:",
            "set-item ",
            "remove-item ",
            "[environment]::",
            "[system.environment]::",
            "write-host ",
            "param(",
            "<#",
        ],
    ),
    (
        Dialect::Batch,
        &[
            "@echo ",
            "@set ",
            "@rem",
            "rem ",
            "::",
            "set /p ",
            "setx ",
            "setlocal",
            "endlocal",
            "if \"%",
            "if not \"%",
        ],
    ),
    (Dialect::Shell, &["export ", "fi", "then", "declare -x ", "source_up", "done", "esac"]),
];

/// Shells that are not read, told by one line.
const OTHERS: &[(&[&str], &str)] = &[
    (&["let-env ", "$env.", "load-env "], "this looks like a file for nushell"),
    (&["set-env ", "E:OS_"], "this looks like a file for elvish"),
];

const LATER: &str = "files for sh, bash, zsh, fish, csh, PowerShell and cmd are read";
const NOT_AN_RC: &str = "download the OpenRC file again, while logged in";

/// How the first line of a file begins that sets nothing.
const WRONG: &[(&[&str], &str, &str)] = &[
    (
        &["clouds:"],
        "this is a clouds.yaml, not an OpenRC file",
        "name one of its clouds with --cloud instead",
    ),
    (&["---", "auth_url:", "auth:", "  auth_url:"], "this is YAML, not an OpenRC file", NOT_AN_RC),
    (
        &["<!DOCTYPE", "<!doctype", "<html", "<HTML", "<?xml"],
        "this is a web page, not an OpenRC file",
        NOT_AN_RC,
    ),
    (&["-----BEGIN "], "this is a key or a certificate, not an OpenRC file", NOT_AN_RC),
];

/// What `env`, and `set` of Windows, print and no rc file sets.
const ONLY_IN_LISTINGS: &[&str] = &[
    "SHLVL=",
    "PWD=",
    "_=/",
    "OLDPWD=",
    "LOGNAME=",
    "USERPROFILE=",
    "ComSpec=",
    "COMPUTERNAME=",
    "SystemRoot=",
    "SSH_TTY=",
    "XDG_SESSION_ID=",
];

/// Whose file it is; what is nobody's is refused.
pub(crate) fn recognise(text: &[u8], file_name: &str) -> Parsed<Dialect> {
    let at = |start: usize, len: usize| Span { file: 0, start: start as u32, end: (start + len) as u32 };
    if text.starts_with(b"PK\x03\x04") || text.starts_with(b"%PDF") || text.starts_with(b"\x1f\x8b") {
        let what = "this is an archive or a document, not an OpenRC file";
        return Err(Fault::new(at(0, 2), Reason::NotAnRc, what).hint(NOT_AN_RC));
    }
    let dialect = tell(text, file_name);
    let mut start = 0;
    let mut is_first = true;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let begins = start + blanks(line);
        let words = &line[blanks(line)..];
        let is_comment = words.first() == Some(&b'#') && !words.starts_with(b"#!");
        if let (true, Some((what, hint))) = (is_first && !is_comment, wrong(line)) {
            return Err(Fault::new(at(begins, 1), Reason::NotAnRc, what).hint(hint));
        }
        let other = OTHERS.iter().find(|(starts, _)| begins_with(words, starts));
        if let (Dialect::Shell, false, Some((_, what))) = (dialect, is_comment, other) {
            return Err(Fault::new(at(begins, 1), Reason::Dialect, *what).hint(LATER));
        }
        is_first &= is_comment || words.first().is_none_or(|byte| b"#\n".contains(byte));
        refuse_template(line, at(start, line.len()))?;
        start += line.len();
    }
    Ok(dialect)
}

/// Whose file it is: its first line says so, or its name; else most of those lines that only one dialect has.
pub fn tell(text: &[u8], file_name: &str) -> Dialect {
    if let Some(dialect) = of_shebang(text) {
        return dialect;
    }
    let name = file_name.to_ascii_lowercase();
    if let Some((_, dialect)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
        return *dialect;
    }
    let mut votes: Vec<(Dialect, usize)> = Vec::new();
    let mut sure: Vec<Dialect> = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        if let Some((dialect, is_sure)) = of_line(&line[blanks(line)..]) {
            sure.extend(is_sure.then_some(dialect));
            match votes.iter_mut().find(|(other, _)| *other == dialect) {
                Some((_, count)) => *count += 1,
                None => votes.push((dialect, 1)),
            }
        }
    }
    // `set name=value` is csh's and cmd's alike, and `setenv` fish's too.
    for (mine, theirs) in
        [(Dialect::Csh, Dialect::Batch), (Dialect::Batch, Dialect::Csh), (Dialect::Fish, Dialect::Csh)]
    {
        if sure.contains(&mine) && (mine == Dialect::Fish || !sure.contains(&theirs)) {
            votes.retain(|(dialect, _)| *dialect != theirs);
        }
    }
    let most = votes.iter().map(|(_, count)| *count).max();
    match votes.into_iter().find(|(_, count)| Some(*count) == most) {
        Some((dialect, _)) => dialect,
        None => of_plain_lines(text, &name),
    }
}

fn of_shebang(text: &[u8]) -> Option<Dialect> {
    let line = text.split(|&byte| byte == b'\n').next().filter(|line| line.starts_with(b"#!"))?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split(['/', ' ', '\t']);
    words.find_map(|word| SHEBANGS.iter().find(|(name, _)| *name == word)).map(|(_, dialect)| *dialect)
}

/// The dialect that has such a line, and whether it alone has it.
fn of_line(line: &[u8]) -> Option<(Dialect, bool)> {
    if is_fish_set(line) {
        return Some((Dialect::Fish, true));
    }
    let lower = line.to_ascii_lowercase();
    let named = BEGINNINGS.iter().find(|(dialect, starts)| match dialect {
        Dialect::PowerShell | Dialect::Batch => begins_with(&lower, starts),
        _ => begins_with(line, starts),
    });
    if let Some((dialect, _)) = named {
        return Some((*dialect, true));
    }
    let is_asking = lower.first() == Some(&b'$') && lower.windows(9).any(|part| part == b"read-host");
    if is_asking {
        return Some((Dialect::PowerShell, true));
    }
    let rest = lower.strip_prefix(b"set ")?;
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let len = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
    match (len, rest.get(len), rest.get(len + 1)) {
        (1.., Some(b'='), _) => Some((Dialect::Batch, false)),
        (1.., Some(b' '), Some(b'=')) => Some((Dialect::Csh, false)),
        _ => None,
    }
}

/// `set -gx NAME …` and `set -e NAME`: flags of fish, and a name without `=`.
fn is_fish_set(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"set ") else { return false };
    let mut words = rest.split(|byte| b" \t;".contains(byte)).filter(|word| !word.is_empty()).peekable();
    let mut tells = false;
    while let Some(flags) = words.next_if(|word| word.starts_with(b"-")) {
        let is_long = matches!(flags, b"--export" | b"--erase" | b"--global" | b"--universal" | b"--local");
        let is_short = flags[1..].iter().all(|letter| b"xgUlfueqap".contains(letter));
        if !is_long && !is_short {
            return false;
        }
        tells |= is_long || flags[1..].iter().any(|letter| b"xgUle".contains(letter));
    }
    let name = words.next().unwrap_or_default();
    tells && !name.is_empty() && name.iter().all(|&byte| is_name_byte(byte))
}

/// `NAME=value` lines without `export`: a dotenv file, or what `env` has printed.
fn of_plain_lines(text: &[u8], name: &str) -> Dialect {
    let lines = || text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let values = || lines().filter_map(plain_value);
    let has_comments = lines().any(|line| line.starts_with(b"#"));
    let first_is_plain = lines().next().is_some_and(|line| plain_value(line).is_some());
    let has_mark = lines().any(|line| ONLY_IN_LISTINGS.iter().any(|mark| line.starts_with(mark.as_bytes())));
    if first_is_plain && has_mark && !has_comments {
        return Dialect::Listing;
    }
    let all_plain = lines().all(|line| line.starts_with(b"#") || plain_value(line).is_some());
    if !all_plain || values().next().is_none() {
        return Dialect::Shell;
    }
    let is_quoted = |value: &[u8]| matches!(value.first(), Some(b'"' | b'\''));
    let is_special = |byte: &u8| b" \t$`;&|<>()\\\"'".contains(byte);
    let is_bare =
        !has_comments && !values().any(is_quoted) && !name.ends_with(".env") && !name.starts_with(".env");
    if is_bare && values().any(|value| value.iter().any(is_special)) {
        return Dialect::Listing;
    }
    Dialect::Dotenv
}

/// What stands behind `NAME=`.
pub(crate) fn plain_value(line: &[u8]) -> Option<&[u8]> {
    let len = line.iter().take_while(|byte| is_name_byte(**byte)).count();
    let is_name = len > 0 && !line[0].is_ascii_digit();
    (is_name && line.get(len) == Some(&b'=')).then(|| &line[len + 1..])
}

fn wrong(line: &[u8]) -> Option<(&'static str, &'static str)> {
    if line.starts_with(b"{") && line.contains(&b'"') {
        return Some(("this is JSON, not an OpenRC file", NOT_AN_RC));
    }
    if is_section(&line[blanks(line)..]) {
        return Some(("this is a file of sections and keys, not an OpenRC file", NOT_AN_RC));
    }
    WRONG.iter().find(|(starts, ..)| begins_with(line, starts)).map(|(_, what, hint)| (*what, *hint))
}

/// `[default]`
fn is_section(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.starts_with(b"[")
        && line.ends_with(b"]")
        && line.len() > 2
        && !line.starts_with(b"[[")
        && !line.iter().any(|byte| b" (".contains(byte))
}

fn begins_with(line: &[u8], starts: &[&str]) -> bool {
    starts.iter().any(|start| {
        let is_word = start.as_bytes().last().is_some_and(u8::is_ascii_alphabetic);
        line.strip_prefix(start.as_bytes())
            .is_some_and(|rest| !is_word || rest.first().is_none_or(|byte| !is_name_byte(*byte)))
    })
}

fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
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
