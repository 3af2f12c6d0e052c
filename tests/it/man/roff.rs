//! Text as man(7) wants it, and back.

use clap::Command;

/// Every verb of the tree: its usage, what it does, its options, and what its help says after them.
pub(super) fn verbs(tree: &Command) -> String {
    let mut page = String::new();
    for verb in tree.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        let name = format!("osagent {}", verb.get_name());
        let mut verb = verb.clone().disable_help_flag(true).bin_name(&name);
        let usage = verb.render_usage().to_string();
        let about = verb.get_long_about().or(verb.get_about()).map(ToString::to_string).unwrap_or_default();
        page.push_str(&format!(".SS {}\n", escaped(verb.get_name())));
        for line in usage.trim_start_matches("Usage:").lines().map(str::trim) {
            page.push_str(&format!(".B {}\n", escaped(line)));
        }
        page.push_str(&paragraphs(&about));
        page.push_str(&options(&verb));
        let after = verb.get_after_long_help().or(verb.get_after_help()).map(ToString::to_string);
        page.push_str(&paragraphs(&after.unwrap_or_default()));
    }
    page
}

/// Those of one verb that say something: `--option VALUE`, then what it does.
fn options(verb: &Command) -> String {
    let mut page = String::new();
    for argument in verb.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let Some(help) = argument.get_long_help().or(argument.get_help()) else { continue };
        let value = argument.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
        let takes_value = argument.get_action().takes_values();
        let head = match (argument.get_long(), takes_value) {
            (Some(long), true) => format!(".BI {} \" {}\"", escaped(&format!("--{long}")), escaped(&value)),
            (Some(long), false) => format!(".B {}", escaped(&format!("--{long}"))),
            (None, _) => format!(".I {}", escaped(&value)),
        };
        page.push_str(&format!(".TP\n{head}\n{}\n", escaped(&help.to_string())));
    }
    page
}

/// Paragraphs and, where lines are indented, examples that are kept line by line.
fn paragraphs(text: &str) -> String {
    let mut page = String::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        page.push_str(".PP\n");
        let mut is_code = false;
        for line in paragraph.lines() {
            if line.starts_with("  ") != is_code {
                is_code = !is_code;
                page.push_str(if is_code { ".RS 4\n.EX\n" } else { ".EE\n.RE\n" });
            }
            let line = if is_code { &line[2..] } else { line };
            page.push_str(&format!("{}\n", escaped(line)));
        }
        if is_code {
            page.push_str(".EE\n.RE\n");
        }
    }
    page
}

/// Names in columns' stead: one after the other, filled.
pub(super) fn names(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{}\n", escaped(name))).collect();
    names.concat()
}

/// A name and what it is, one pair below the other.
pub(super) fn pairs(pairs: impl IntoIterator<Item = (String, String)>) -> String {
    let pair = |(name, what): (String, String)| format!(".TP\n.B {}\n{}\n", escaped(&name), escaped(&what));
    pairs.into_iter().map(pair).collect()
}

/// A line of text that man shows as it is.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-").replace('`', "\\(ga").replace('\'', "\\(aq");
    if line.starts_with(['.']) { format!("\\&{line}") } else { line }
}

/// The page's words without fonts and escapes, requests taken off.
pub(super) fn plain(page: &str) -> String {
    let mut text = String::new();
    for line in page.lines().filter(|line| !line.starts_with(".\\\"") && !line.starts_with("'\\\"")) {
        let line = match line.strip_prefix('.').and_then(|line| line.split_once(' ')) {
            // Fonts alternate within a word: the quotes and the blanks between them are not text.
            Some((request, rest)) if ["BR", "RB", "IR", "RI", "BI", "IB"].contains(&request) => joined(rest),
            Some((_, rest)) => rest.trim_matches('"').to_owned(),
            None if line.starts_with('.') => String::new(),
            None => line.to_owned(),
        };
        text.push_str(&unescaped(&line));
        text.push('\n');
    }
    text
}

/// The arguments of a request, one after the other.
fn joined(arguments: &str) -> String {
    let mut is_quoted = false;
    let keep = |c: &char| {
        is_quoted ^= *c == '"';
        *c != '"' && (is_quoted || *c != ' ')
    };
    arguments.chars().filter(keep).collect()
}

fn unescaped(line: &str) -> String {
    let mut line = line.to_owned();
    for (escape, text) in [("\\-", "-"), ("\\(ga", "`"), ("\\(aq", "'"), ("\\&", ""), ("\\(bu", "")] {
        line = line.replace(escape, text);
    }
    for font in ["\\fB", "\\fI", "\\fR", "\\fP"] {
        line = line.replace(font, "");
    }
    line.replace("\\e", "\\")
}
