//! What a user wants to be told though the file can be read: each warning has a place and never shows a value.

use super::ast::{Command, Kind as Shape, List, Part, Word};
use super::eval::Evaluator;
use super::place::{Place, Span};
use super::source::Source;

/// More than these nobody reads.
const WARNINGS_MAX: usize = 200;

/// Something in the file that is worth a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub place: Place,
    pub kind: Kind,
    pub text: String,
}

/// What a warning is about; [`Kind::word`] is its stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    SecretInFile,
    Placeholder,
    DollarEaten,
    BackslashKept,
    Insecure,
    PlainHttp,
    TokenExported,
    NotAName,
    NotRead,
    EndsEarly,
    ControlCharacter,
    NoDomain,
    NotExported,
    ReadableByOthers,
    Vendor,
    PasswordCommand,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::SecretInFile => "secret-in-file",
            Kind::Placeholder => "placeholder",
            Kind::DollarEaten => "dollar-eaten",
            Kind::BackslashKept => "backslash-kept",
            Kind::Insecure => "insecure",
            Kind::PlainHttp => "plain-http",
            Kind::TokenExported => "token-exported",
            Kind::NotAName => "not-a-name",
            Kind::NotRead => "not-read",
            Kind::EndsEarly => "ends-early",
            Kind::ControlCharacter => "control-character",
            Kind::NoDomain => "no-domain",
            Kind::NotExported => "not-exported",
            Kind::ReadableByOthers => "readable-by-others",
            Kind::Vendor => "vendor",
            Kind::PasswordCommand => "password-command",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Warned {
    pub(crate) at: Span,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Evaluator<'_> {
    pub(crate) fn warn(&mut self, at: Span, kind: Kind, text: impl Into<String>) {
        if self.warnings.len() < WARNINGS_MAX
            && !self.warnings.iter().any(|warned| warned.at == at && warned.kind == kind)
        {
            self.warnings.push(Warned { at, kind, text: text.into() });
        }
    }
}

/// What the writing itself betrays: `\'` and `\!` that stay in double quotes.
pub(crate) fn of_words(list: &List, source: &Source) -> Vec<Warned> {
    let mut found = Vec::new();
    for item in &list.items {
        let pipelines = std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline));
        for command in pipelines.flat_map(|pipeline| &pipeline.commands) {
            of_command(command, source, &mut found);
        }
    }
    found
}

fn of_command(command: &Command, source: &Source, found: &mut Vec<Warned>) {
    match &command.kind {
        Shape::Simple(simple) => {
            let assigned = simple.assignments.iter().filter_map(|assignment| match &assignment.value {
                super::ast::Assigned::Word(word) => Some(word),
                super::ast::Assigned::Array => None,
            });
            let is_export = simple.words.first().and_then(Word::bare) == Some("export");
            let exported = simple.words.iter().filter(|_| is_export);
            assigned.chain(exported).for_each(|word| of_word(word, source, found));
        }
        Shape::Group(list) => found.extend(of_words(list, source)),
        Shape::If { arms, otherwise } => {
            let bodies = arms.iter().map(|(_, body)| body).chain(otherwise);
            bodies.for_each(|list| found.extend(of_words(list, source)));
        }
        _ => {}
    }
}

fn of_word(word: &Word, source: &Source, found: &mut Vec<Warned>) {
    let is_double = |part: &Part| matches!(part, Part::Double(_));
    if !word.parts.iter().any(is_double) {
        return;
    }
    let text = &source.text[word.span.start as usize..word.span.end as usize];
    let Some(quote) = text.iter().position(|&byte| byte == b'"') else { return };
    let mut at = quote + 1;
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            (b'\\', b'\'' | b'!') => {
                let start = word.span.start + at as u32;
                found.push(Warned {
                    at: Span { start, end: start + 2, ..word.span },
                    kind: Kind::BackslashKept,
                    text: "inside double quotes this backslash stays in the value, which was hardly meant"
                        .to_owned(),
                });
                return;
            }
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
}

/// What a value betrays. The words never show it.
pub(crate) fn of_value(name: &str, text: &str) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    if is_placeholder(text) {
        found.push((Kind::Placeholder, format!("{name} still holds a placeholder")));
    }
    if text.contains(char::is_control) {
        found.push((Kind::ControlCharacter, format!("{name} holds a control character")));
    }
    match name {
        "OS_INSECURE" if is_true(text) => {
            found.push((
                Kind::Insecure,
                "OS_INSECURE turns off the check of the server's certificate".to_owned(),
            ));
        }
        "OS_AUTH_URL" => {
            let origin = crate::profile::Origin::of(text);
            if origin.is_some_and(|origin| origin.is_plain_http() && !origin.is_loopback()) {
                let words = "http:// sends the password across the network in clear text";
                found.push((Kind::PlainHttp, words.to_owned()));
            }
        }
        "OS_TOKEN" | "OS_AUTH_TOKEN" if !text.is_empty() => {
            found.push((
                Kind::TokenExported,
                format!("{name} is a token: it ends by itself and opens all until then"),
            ));
        }
        _ => {}
    }
    found
}

/// What the clients take as true.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

/// Words that stand in guides where a value is to be put.
const STOCK: &[&str] = &[
    "a",
    "api",
    "auth",
    "change",
    "changeme",
    "cloud",
    "credential",
    "domain",
    "enter",
    "fill",
    "here",
    "id",
    "in",
    "insert",
    "key",
    "me",
    "my",
    "name",
    "of",
    "openstack",
    "os",
    "pass",
    "passwd",
    "password",
    "project",
    "put",
    "region",
    "replace",
    "secret",
    "tenant",
    "the",
    "this",
    "todo",
    "token",
    "url",
    "user",
    "username",
    "with",
    "xxx",
    "xxxx",
    "xxxxx",
    "xxxxxx",
    "xxxxxxxx",
    "your",
    "yours",
];

/// Brackets around words that stand in guides: it is nobody's secret and may be shown.
pub(crate) fn is_stock_placeholder(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) else { return false };
    let mut words = inside.split([' ', '_', '-', '.']).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| STOCK.contains(&word.to_ascii_lowercase().as_str()))
}

/// `<your password>` and the like, also within a longer text.
fn is_placeholder(text: &str) -> bool {
    let Some((_, rest)) = text.split_once('<') else { return false };
    let Some((inside, _)) = rest.split_once('>') else { return false };
    inside.len() > 2
        && inside.chars().all(|c| c.is_alphanumeric() || " _-.".contains(c))
        && inside.contains(char::is_alphabetic)
}
