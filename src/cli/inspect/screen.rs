//! The answer of `inspect` for people: what was found, in the order of the file, what is wrong with a caret under its place,
//! and the next step. Plain text, the same on a terminal, in a pager and in a file; every text of the file is made printable.

use super::super::source;
use super::{Found, Inspection, Rc};
use crate::openrc::{
    Excerpt, Excerpts, Place, Prompt, Refusal, Setting, Warning, WarningKind, Why, cells, may_be_secret_name,
    printable,
};
use crate::profile::{Fault, Name, Reference, Scope};

/// Prose is broken here; a line of the file is not.
const COLUMNS: usize = 96;

/// A longer value is shown by its beginning.
const VALUE_CELLS_MAX: usize = 160;

pub(super) fn of(inspection: &Inspection, is_revealed: bool) -> String {
    let rc = &inspection.rc;
    match &inspection.found {
        Ok(found) => of_found(rc, found),
        Err(refusal) => of_refusal(rc, refusal, is_revealed),
    }
}

fn of_refusal(rc: &Rc, refusal: &Refusal, is_revealed: bool) -> String {
    let shown = printable(&rc.shown);
    let excerpt = Excerpts::of_refused(&rc.bytes, is_revealed).at(refusal.place);
    let Place { line, column, .. } = refusal.place;
    let mut text = format!("{shown} is refused: nothing of it would be taken.\n\n");
    text.push_str(&prose(&format!("{shown}:{line}:{column}: {}", printable(&refusal.what)), 0));
    text.push_str(&drawn(line, excerpt));
    let next = refusal.hint.unwrap_or("mend the file there, and inspect it again");
    text.push_str(&format!("\n{}", prose(&format!("Next: {next}"), 0)));
    text
}

fn of_found(rc: &Rc, found: &Found) -> String {
    let reading = &found.reading;
    let excerpts = Excerpts::of(reading, &found.mask);
    let mut text = format!("{} is read, not run: {}.\n", printable(&rc.shown), counted(found));
    text.push_str(&settings("Settings", reading.settings.iter(), found));
    // What only carries an answer is told with its question.
    let others = reading.shell_only.iter().filter(|(_, setting)| setting.prompt().is_none());
    text.push_str(&settings("Set, but not exported", others, found));
    if !reading.unset.is_empty() {
        let names: Vec<&str> = reading.unset.iter().map(String::as_str).collect();
        text.push_str("\nTaken away\n");
        text.push_str(&prose(&names.join(" "), 2));
    }
    text.push_str(&questions(found));
    let mut unknown: Vec<(Place, String)> = Vec::new();
    for (name, setting) in reading.settings.iter().chain(&reading.shell_only) {
        if let (Some((why, place)), None) = (setting.unknown(), setting.prompt()) {
            unknown.push((place, format!("{name} hangs on {}", found.mask.text(&why_words(&why)).text)));
        }
    }
    unknown.sort();
    let unknown: Vec<String> =
        unknown.iter().map(|(place, words)| block(rc, found, &excerpts, *place, words)).collect();
    text.push_str(&section("Not known", &unknown));
    let warnings: Vec<String> =
        found.warnings.iter().map(|warning| of_warning(rc, found, &excerpts, warning)).collect();
    text.push_str(&section("Warnings", &warnings));
    text.push('\n');
    text.push_str(&outlook(rc, found));
    text
}

/// `9 settings, 1 question, no warning`
fn counted(found: &Found) -> String {
    let count = |count: usize, what: &str| match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let reading = &found.reading;
    let unknown = reading.settings.values().filter(|setting| setting.hangs_on_what_is_not_run()).count();
    let mut counted = count(reading.settings.len(), "setting");
    if unknown > 0 {
        counted.push_str(&format!(" ({unknown} not known)"));
    }
    let (questions, warnings) = (reading.prompts.len(), found.warnings.len());
    format!("{counted}, {}, {}", count(questions, "question"), count(warnings, "warning"))
}

/// In the order of the file.
fn settings<'f>(
    title: &str,
    settings: impl Iterator<Item = (&'f String, &'f Setting)>,
    found: &'f Found,
) -> String {
    let mut rows: Vec<(&String, &Setting)> = settings.collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.sort_by_key(|(_, setting)| setting.place);
    let width = rows.iter().map(|(name, _)| cells(name)).max().unwrap_or(0);
    let mut text = format!("\n{title}\n");
    for (name, setting) in rows {
        let row = format!("  {name:<width$}  {}", value(name, setting, found));
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn value(name: &str, setting: &Setting, found: &Found) -> String {
    let answer = |index: usize| format!("(the answer to question {})", index + 1);
    let Some(shown) = found.mask.value(name, setting) else {
        return setting.prompt().map_or("(not known)".to_owned(), answer);
    };
    if shown.is_masked && shown.text == crate::openrc::MASK {
        let line = setting.place.line;
        return match setting.prompt() {
            Some(index) => answer(index),
            None if may_be_secret_name(name) && setting.place.file == 0 => {
                format!("(in the file, line {line})")
            }
            None => "(holds a secret)".to_owned(),
        };
    }
    match shown.text.as_str() {
        "" => "(empty)".to_owned(),
        text => clipped(&printable(text)),
    }
}

fn clipped(text: &str) -> String {
    if cells(text) <= VALUE_CELLS_MAX {
        return text.to_owned();
    }
    let shown: String = text.chars().take(VALUE_CELLS_MAX / 2).collect();
    format!("{shown}… ({} characters)", text.chars().count())
}

fn questions(found: &Found) -> String {
    let prompts = &found.reading.prompts;
    if prompts.is_empty() {
        return String::new();
    }
    let mut text = "\nQuestions\n".to_owned();
    for (index, prompt) in prompts.iter().enumerate() {
        let words = printable(found.mask.text(&prompt.text).text.trim());
        let words = if words.is_empty() { "(it shows no text)" } else { &words };
        text.push_str(&format!("  {}. {}\n", index + 1, clipped(words)));
        text.push_str(&prose(&answered(prompt), 5));
    }
    text
}

fn answered(prompt: &Prompt) -> String {
    let how = if prompt.is_hidden { "typed unseen" } else { "typed openly" };
    let whether = if prompt.is_certain { "" } else { ", if it comes to that" };
    let others: Vec<&str> = prompt.reaches.iter().map(String::as_str).collect();
    let goal = match others.as_slice() {
        [] => format!("into {}, which is no setting", prompt.into),
        names => format!("into {}", names.join(" and ")),
    };
    format!("{how}, {goal}{whether} (line {})", prompt.place.line)
}

fn why_words(why: &Why) -> String {
    match why {
        Why::Prompt { index, .. } => format!("the answer to question {}", index + 1),
        why => why.to_string(),
    }
}

fn section(title: &str, blocks: &[String]) -> String {
    if blocks.is_empty() { String::new() } else { format!("\n{title}\n{}", blocks.join("\n")) }
}

fn of_warning(rc: &Rc, found: &Found, excerpts: &Excerpts<'_>, warning: &Warning) -> String {
    match warning.kind {
        // It is about the file, not about a line of it.
        WarningKind::ReadableByOthers => prose(&format!("{}: {}", printable(&rc.shown), warning.text), 2),
        _ => block(rc, found, excerpts, warning.place, &warning.text),
    }
}

/// `openrc.sh:12:20: what is meant`, the line, and the caret.
fn block(rc: &Rc, found: &Found, excerpts: &Excerpts<'_>, place: Place, words: &str) -> String {
    let Place { file, line, column } = place;
    let path = found.reading.files.get(usize::from(file)).filter(|path| file > 0 && !path.is_empty());
    let folder = format!("{}/", rc.folder().display());
    let shown = path.map_or(rc.shown.as_str(), |path| path.strip_prefix(&folder).unwrap_or(path));
    let mut text = prose(&format!("{}:{line}:{column}: {}", printable(shown), printable(words)), 2);
    text.push_str(&drawn(line, excerpts.at(place)));
    text
}

fn drawn(line: u32, excerpt: Option<Excerpt>) -> String {
    let Some(Excerpt { text, before, cells }) = excerpt else { return String::new() };
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    format!("    {number} | {text}\n    {gutter} | {}{}\n", " ".repeat(before), "^".repeat(cells))
}

/// Broken between words; the first line begins at `indent`, the others two columns further in.
fn prose(words: &str, indent: usize) -> String {
    let mut text = " ".repeat(indent);
    let mut column = indent;
    for (index, word) in words.split(' ').enumerate() {
        if index > 0 && column + 1 + cells(word) > COLUMNS {
            text.push('\n');
            column = indent + 2;
            text.push_str(&" ".repeat(column));
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += cells(word);
    }
    text.push('\n');
    text
}

/// What `add` would make of it, or why it would not.
fn outlook(rc: &Rc, found: &Found) -> String {
    let draft = &found.draft;
    let profile = source::profile(draft, rc.folder());
    let file = if rc.path.is_none() { "-".to_owned() } else { quoted(&rc.shown) };
    let mut obstacles: Vec<String> = Vec::new();
    for unsupported in &draft.unsupported {
        let line = unsupported.place.line;
        obstacles.push(format!(
            "{} (line {line}) asks for {}, which comes later",
            unsupported.name, unsupported.what
        ));
    }
    // What another way to log in does not need is not missed.
    let fault = found.fault(&profile).filter(|fault| obstacles.is_empty() || !fault.is_lack());
    obstacles.extend(fault.map(|fault| fault.to_string()));
    if !obstacles.is_empty() {
        let mut text = "osagent add would make no profile of it:\n".to_owned();
        obstacles.iter().for_each(|words| text.push_str(&prose(&printable(words), 2)));
        let next = match found.fault(&profile) {
            _ if !draft.unsupported.is_empty() => {
                "log in with the password of a user, where the cloud gives one"
            }
            Some(Fault::PlainHttp) => "write https:// there, or run osagent add with --allow-http",
            _ => "write what is missing into the file, and inspect it again",
        };
        text.push_str(&format!("Next: {next}\n"));
        return text;
    }
    let host = profile.origin().map(|origin| origin.host().to_owned());
    let shown = |text: &str| printable(&found.mask.text(text).text);
    let user = match profile.user.user.word() {
        "" => "the user that is typed".to_owned(),
        user => format!("{}{}", shown(user), shown(&of_domain(&profile.user.domain))),
    };
    let at = host.map_or_else(|| "the auth URL that is typed".to_owned(), |host| shown(&host));
    let scope = match &profile.scope {
        Scope::Project { domain, .. } => {
            format!("{}{}", shown(&profile.scope.describe()), shown(&of_domain(domain)))
        }
        scope => shown(&scope.describe()),
    };
    let region = profile.regions.first().map(|region| format!(", region {}", shown(region)));
    let name =
        Name::slug(&shown(profile.scope.word())).or_else(|| Name::slug(&shown(profile.user.user.word())));
    let name = name.map(|name| format!(" {:?}", name.as_str())).unwrap_or_default();
    let made = format!(
        "osagent add would make the profile{name}: {user} at {at}, {scope}{}.",
        region.unwrap_or_default()
    );
    format!("{}{}Next: osagent add {file}\n", prose(&made, 0), prose(&asked(found), 0))
}

/// What a person would type, and what becomes of the password.
fn asked(found: &Found) -> String {
    let open: Vec<&str> = found.open().map(|open| open.name.as_str()).collect();
    let also = match open.as_slice() {
        [] => String::new(),
        names => format!("It would ask for {}, for nothing in the file is run. ", names.join(" and ")),
    };
    let secret = match found.secret_from() {
        "file" => "The password goes from the file into the keyring; --scrub takes it out of the file.",
        "prompt" => "The password is asked for once, as the file does, and goes into the keyring.",
        _ => "The password is asked for once, and goes into the keyring.",
    };
    format!("{also}{secret}")
}

/// ` of domain Default`
fn of_domain(domain: &Reference) -> String {
    match domain.word() {
        "" => String::new(),
        word => format!(" of domain {word}"),
    }
}

/// A path as a word of the shell.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./@%+,-".contains(c);
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    match path.chars().all(is_plain) {
        true => path,
        false => format!("'{}'", printable(&path).replace('\'', "'\\''")),
    }
}
