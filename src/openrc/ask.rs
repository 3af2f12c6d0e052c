//! Questions: `read`, and the `echo` or `printf` that shows their text. It asks nobody: the answers come in from the
//! caller, and what has none yet is pending.

use std::rc::Rc;

use super::cursor::is_name;
use super::eval::{Asked, Evaluator, PROMPTS_MAX, Run};
use super::feed::fall_apart;
use super::fields::Field;
use super::place::{Fault, Reason, Span};
use super::simple::{Input, Stdin};
use super::state::Said;
use super::text::Text;
use super::value::{Known, SUCCESS, Status, Unknown, Val, Why};

/// The options of `read`.
struct Wish {
    is_raw: bool,
    is_hidden: bool,
    prompt: Option<Val>,
    /// `-n`, `-N`: at most so many characters.
    len_max: Option<usize>,
    /// `-d`: what ends a line; `None` takes all that is there.
    end: Option<u8>,
    /// `-u` and what else changes where the text comes from or goes.
    is_unread: bool,
    /// `-a`: the array that takes all words.
    array: Option<Val>,
    /// No name is given: REPLY gets the line with its blanks.
    is_reply: bool,
}

impl Evaluator<'_> {
    /// Whether a command that reads would ask the person.
    pub(crate) fn reads_terminal(&self) -> bool {
        matches!(self.stdin, Stdin::Terminal)
    }

    pub(crate) fn echo(&mut self, fields: &[Field], at: Span) {
        self.succeed();
        let is_option = |field: &&Field| {
            let word = field.value.str().unwrap_or_default();
            word.len() > 1 && word.starts_with('-') && word[1..].chars().all(|letter| "neE".contains(letter))
        };
        let options: Vec<&Field> = fields.iter().take_while(is_option).collect();
        let escapes = options.iter().any(|field| field.value.str().is_some_and(|word| word.contains('e')));
        let mut pieces = Vec::new();
        for (index, field) in fields[options.len()..].iter().enumerate() {
            if index > 0 {
                pieces.push(Val::known(b" "));
            }
            pieces.push(shown(field, escapes));
        }
        self.say(pieces, at);
    }

    pub(crate) fn say(&mut self, pieces: Vec<Val>, at: Span) {
        let is_empty = |piece: &Val| piece.text().is_some_and(|text| text.bytes().trim_ascii().is_empty());
        if self.is_output_shown && !pieces.iter().all(is_empty) {
            self.state.said = Some(Said { pieces, at });
        }
    }

    pub(crate) fn printf(&mut self, fields: &[Field], at: Span) -> Run<()> {
        self.succeed();
        let mut fields = fields;
        let mut into = None;
        loop {
            match fields.first().and_then(|field| field.value.str()) {
                Some("-v") => {
                    into = fields.get(1).map(|field| field.value.clone());
                    fields = fields.get(2..).unwrap_or_default();
                }
                Some("--") => fields = &fields[1..],
                _ => break,
            }
        }
        let Some((format, arguments)) = fields.split_first() else { return Ok(()) };
        let pieces = match format.value.text() {
            Some(format) => formatted(format.bytes(), arguments),
            None => vec![format.value.clone()],
        };
        match into {
            None => self.say(pieces, at),
            Some(into) => match into.str().filter(|name| is_name(name)).map(str::to_owned) {
                Some(name) => {
                    let value = joined(&pieces, at);
                    self.assign(&name, value, at)?;
                }
                None => self.state.forget_all(&Unknown::other("printf into a name that is not known", at)),
            },
        }
        Ok(())
    }

    pub(crate) fn read(&mut self, fields: &[Field], input: Input, at: Span) -> Run<()> {
        let (wish, names) = self.read_wish(fields, at);
        let Some(names) = names else {
            self.state.forget_all(&Unknown::other("read into a name that is not known", at));
            return Ok(());
        };
        let is_plain = !wish.is_unread && wish.end == Some(b'\n');
        let (value, status) = match input {
            Input::Text(feed) if wish.is_unread || wish.len_max.is_some() => {
                let why = Unknown::other("an option of read that is not followed", at);
                feed.lose(why.clone());
                (Val::Unknown(why.clone()), Status::Unknown(why))
            }
            Input::Text(feed) => feed.line(wish.end, self.uncertain, at),
            Input::Terminal if is_plain => (self.question(&wish, &names, at)?, SUCCESS),
            _ => {
                let why = Unknown::other("what a command reads", at);
                (Val::Unknown(why.clone()), Status::Unknown(why))
            }
        };
        self.state.status = status;
        if let Some(array) = &wish.array {
            let why = Unknown::other("an array that is read", at);
            match array.str() {
                Some(name) => self.state.forget(name, &why),
                None => self.state.forget_all(&why),
            }
            return Ok(());
        }
        let separators = self.separators();
        let (separators, value) = match &separators {
            _ if wish.is_reply => (&b""[..], value),
            Ok(separators) => (separators.bytes(), value),
            Err(unknown) => (&b""[..], Val::Unknown(unknown.as_part())),
        };
        let values = fall_apart(&value, names.len(), wish.is_raw, separators, at);
        for (name, value) in names.iter().zip(values) {
            let value = match (value.text(), wish.len_max) {
                _ if wish.is_unread => {
                    Val::Unknown(Unknown::other("an option of read that is not followed", at))
                }
                (Some(text), Some(max)) if text.len() > max => {
                    Val::Unknown(Unknown::other("an answer that is cut off", at))
                }
                _ => value,
            };
            self.unset_references.clear();
            self.assign(name, value, at)?;
        }
        Ok(())
    }

    /// The options and the names; `None` when a name is not known.
    fn read_wish(&mut self, fields: &[Field], _at: Span) -> (Wish, Option<Vec<String>>) {
        let mut wish = Wish::new();
        let mut at = 0;
        while let Some(word) = fields.get(at).and_then(|field| field.value.str()) {
            if !word.starts_with('-') || word.len() < 2 {
                break;
            }
            at += 1;
            if word == "--" {
                break;
            }
            let letters = &word[1..];
            for (index, letter) in letters.char_indices() {
                match letter {
                    'r' => wish.is_raw = true,
                    's' => wish.is_hidden = true,
                    'e' => {}
                    _ => {
                        let rest = &letters[index + 1..];
                        let argument = if rest.is_empty() {
                            at += 1;
                            fields.get(at - 1).map(|field| shown(field, false))
                        } else {
                            Some(Val::known(rest.as_bytes()))
                        };
                        wish.take(letter, argument);
                        break;
                    }
                }
            }
        }
        let names = fields.get(at..).unwrap_or_default().iter();
        let names: Vec<Option<&str>> = match &wish.array {
            Some(array) => vec![array.str()],
            None => names.map(|field| field.value.str()).collect(),
        };
        wish.is_reply = names.is_empty();
        if wish.is_reply {
            return (wish, Some(vec!["REPLY".to_owned()]));
        }
        let all: Option<Vec<String>> =
            names.into_iter().map(|name| name.filter(|name| is_name(name)).map(str::to_owned)).collect();
        (wish, all)
    }

    /// The answer to a question, or that it is pending.
    fn question(&mut self, wish: &Wish, names: &[String], at: Span) -> Run<Val> {
        let name = names.first().cloned().unwrap_or_default();
        self.asked(name, wish.prompt.clone(), wish.is_hidden, names.len() == 1, at)
    }

    /// Asks with `prompt`, or with what was said before. `is_whole`: one variable gets all of the answer.
    pub(crate) fn asked(
        &mut self,
        into: String,
        prompt: Option<Val>,
        is_hidden: bool,
        is_whole: bool,
        at: Span,
    ) -> Run<Val> {
        let asked = Asked {
            into,
            is_hidden: is_hidden || self.state.is_echo_off,
            text: prompt.iter().cloned().collect(),
            at,
            said_at: None,
            is_certain: self.uncertain == 0 && self.returned.iter().all(Vec::is_empty),
        };
        self.pose(asked, prompt.is_some(), is_whole)
    }

    /// Asks; unless it `has_text` of its own, its text is what was last shown. `is_whole`: the answer goes into one variable.
    pub(crate) fn pose(&mut self, mut asked: Asked, has_text: bool, is_whole: bool) -> Run<Val> {
        let (index, at) = (self.prompts.len(), asked.at);
        if index >= PROMPTS_MAX {
            let what = format!("the file asks more than {PROMPTS_MAX} questions");
            return Err(Fault::new(at, Reason::Loop, what).into());
        }
        if let Some(said) = self.state.said.take().filter(|_| !has_text) {
            asked.said_at = Some(said.at);
            asked.text = said.pieces;
        }
        self.prompts.push(asked);
        Ok(match self.context.answers.get(index) {
            Some(answer) => {
                let text = Rc::new(Text::of(answer.expose().as_bytes()));
                Val::Known(Known { text, answer: Some(index) })
            }
            None => Val::Unknown(Unknown::new(Why::Prompt { index, whole: is_whole }, at)),
        })
    }
}

impl Wish {
    fn new() -> Wish {
        Wish {
            is_raw: false,
            is_hidden: false,
            prompt: None,
            len_max: None,
            end: Some(b'\n'),
            is_unread: false,
            array: None,
            is_reply: false,
        }
    }

    fn take(&mut self, letter: char, argument: Option<Val>) {
        match letter {
            'p' => self.prompt = argument,
            't' | 'i' => {}
            'a' => {
                self.array = argument;
                self.is_unread = true;
            }
            'n' | 'N' => {
                self.len_max = argument.as_ref().and_then(Val::str).and_then(|text| text.parse().ok());
                self.is_unread |= self.len_max.is_none();
            }
            'd' => match argument.as_ref().and_then(Val::text) {
                Some(text) => self.end = text.bytes().first().copied(),
                None => self.is_unread = true,
            },
            _ => self.is_unread = true,
        }
    }
}

/// What a field looks like on the terminal.
fn shown(field: &Field, escapes: bool) -> Val {
    let text = match (field.value.text(), &field.unmatched) {
        (Some(_), _) if !escapes => return field.value.clone(),
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => return field.value.clone(),
    };
    if escapes { Val::of(unescaped(text.bytes())) } else { Val::known(text.bytes()) }
}

/// The escapes of `echo -e`, `%b` and a format.
fn unescaped(bytes: &[u8]) -> Text {
    let mut text = Text::new();
    let mut at = 0;
    while at < bytes.len() {
        let (byte, len) = match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(next)) => escape(*next, &bytes[at + 2..]),
            (byte, _) => (Some(byte), 1),
        };
        match byte {
            Some(byte) => text.push(byte),
            None => text.extend(&bytes[at..at + len]),
        }
        at += len;
    }
    text
}

/// The byte that an escape stands for, and how long it is with its backslash; `None` keeps it as written.
fn escape(letter: u8, rest: &[u8]) -> (Option<u8>, usize) {
    let digits = |radix: u32, max: usize| {
        rest.iter().take(max).take_while(|byte| char::from(**byte).is_digit(radix)).count()
    };
    let number = |radix: u32, len: usize| {
        rest[..len]
            .iter()
            .fold(0_u32, |value, &byte| value * radix + char::from(byte).to_digit(radix).unwrap_or(0))
            as u8
    };
    match letter {
        b'a' => (Some(7), 2),
        b'b' => (Some(8), 2),
        b'e' | b'E' => (Some(27), 2),
        b'f' => (Some(12), 2),
        b'n' => (Some(b'\n'), 2),
        b'r' => (Some(b'\r'), 2),
        b't' => (Some(b'\t'), 2),
        b'v' => (Some(11), 2),
        b'\\' => (Some(b'\\'), 2),
        b'0' => (Some(number(8, digits(8, 3))), 2 + digits(8, 3)),
        b'x' if digits(16, 2) > 0 => (Some(number(16, digits(16, 2))), 2 + digits(16, 2)),
        _ => (None, 2),
    }
}

/// `printf`'s output, as far as `%s`, `%b` and `%%` make it; another conversion is a piece that is not known.
fn formatted(format: &[u8], arguments: &[Field]) -> Vec<Val> {
    let mut pieces = Vec::new();
    let mut arguments = arguments.iter();
    loop {
        let mut rest = format;
        let mut takes_any = false;
        while let Some(percent) = rest.iter().position(|&byte| byte == b'%') {
            pieces.push(Val::of(unescaped(&rest[..percent])));
            let conversion = rest.get(percent + 1).copied();
            match conversion {
                Some(b'%') => pieces.push(Val::known(b"%")),
                Some(letter @ (b's' | b'b')) => {
                    takes_any = true;
                    pieces.extend(arguments.next().map(|field| shown(field, letter == b'b')));
                }
                _ => {
                    pieces.push(Val::Unknown(Unknown::other("a conversion of printf", Span::default())));
                    return pieces;
                }
            }
            rest = &rest[percent + 2..];
        }
        pieces.push(Val::of(unescaped(rest)));
        if !takes_any || arguments.len() == 0 {
            return pieces;
        }
    }
}

fn joined(pieces: &[Val], at: Span) -> Val {
    let is_empty = |piece: &&Val| piece.text().is_some_and(Text::is_empty);
    let mut telling = pieces.iter().filter(|piece| !is_empty(piece));
    if let (Some(only), None) = (telling.next(), telling.next()) {
        // An answer that goes through whole is still that answer.
        return only.clone();
    }
    let mut text = Text::new();
    for piece in pieces {
        match piece.need() {
            Ok(piece) => text.extend(piece.bytes()),
            Err(unknown) => return Val::Unknown(Unknown { why: unknown.as_part().why, at }),
        }
    }
    Val::of(text)
}
