//! The generator: rc files from a seed, valid shell by construction, with what people write and what they should not. Here
//! are the dice and what a file is made of; its commands are in `commands`, `compounds`, `questions` and `idioms`, its words
//! in `wording`.

use super::oracle::Task;

pub(super) const NAMES: &[&str] =
    &["OS_USERNAME", "OS_PASSWORD", "OS_AUTH_URL", "OS_REGION_NAME", "OS_X", "plain", "other", "i"];

/// What every file exports last.
pub(super) const LAST: &str = "OS_COUNT";

/// Told apart by their words, with what `read` treats in a way of its own. The last one does not end its line.
const VARIED: &[&str] = &[
    "first answer",
    "  back\\slash 'x' ",
    "$(third)*",
    "fourth",
    "",
    "\t tab\\ ",
    "a:b:c",
    "é€ {x}",
    "sixth\\",
];
/// More than any file asks.
const UNIFORM_COUNT: usize = 40;
const UNIFORM: &[&str] = &["the same", "s3cr\\et $x", " a  b ", "it's \"q\" *", "x"];

pub(crate) struct Writer {
    state: u64,
    pub(super) text: String,
    pub(super) depth: u32,
    pub(super) loops: u32,
    pub(super) in_function: bool,
    /// Whichever question is asked, and however often, the answer is the same: then it may be asked anywhere.
    pub(super) is_uniform: bool,
}

/// A file, and what is typed at it.
pub(crate) struct Written {
    /// As bash gets it.
    pub(crate) text: String,
    pub(crate) answers: Vec<String>,
    /// The reader gets it with these, which it takes for nothing.
    pub(crate) has_crlf: bool,
    pub(crate) has_bom: bool,
}

impl Written {
    pub(crate) fn task(&self) -> Task<'_> {
        Task { text: &self.text, answers: &self.answers }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let text = if self.has_crlf { self.text.replace('\n', "\r\n") } else { self.text.clone() };
        let bom: &[u8] = if self.has_bom { b"\xef\xbb\xbf" } else { b"" };
        [bom, text.as_bytes()].concat()
    }
}

impl Writer {
    pub(crate) fn new(seed: u64) -> Writer {
        let text = String::new();
        Writer { state: seed, text, depth: 0, loops: 0, in_function: false, is_uniform: false }
    }

    /// splitmix64
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(super) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(super) fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len() as u64) as usize]
    }

    pub(super) fn name(&mut self) -> &'static str {
        self.pick(NAMES)
    }

    pub(super) fn setting(&mut self) -> &'static str {
        self.pick(&NAMES[..5])
    }

    /// One more line.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `NAME`, `OTHER`, `SETTING` and `VALUE` in a line as people write it, filled in.
    pub(super) fn filled(&mut self, pattern: &str) -> String {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(at) = rest.find('@') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let len = rest.bytes().take_while(u8::is_ascii_uppercase).count();
            match &rest[..len] {
                "NAME" => text.push_str(self.name()),
                "SETTING" => text.push_str(self.setting()),
                "VALUE" => text.push_str(&self.value()),
                "WORD" => text.push_str(&self.word()),
                "DOUBLE" => text.push_str(&self.double()),
                "NASTY" => text.push_str(&self.nasty()),
                "SMALL" => text.push_str(&self.below(4).to_string()),
                _ => text.push('@'),
            }
            rest = &rest[len..];
        }
        text.push_str(rest);
        text
    }

    pub(crate) fn file(mut self) -> Written {
        self.is_uniform = self.one_in(2);
        if self.one_in(3) {
            self.line("#!/usr/bin/env bash");
        }
        // A file that began with a brace might be JSON.
        self.line("export OS_FIRST=1");
        for _ in 0..3 + self.below(8) {
            self.statement();
        }
        // So that plain variables are seen as well.
        self.line("export OS_SUM=\"$plain|$other|$i|$OS_X\" OS_COUNT=$#");
        let answers: Vec<&str> = match self.is_uniform {
            true => vec![self.pick(UNIFORM); UNIFORM_COUNT],
            false => VARIED.to_vec(),
        };
        let answers = answers.into_iter().map(str::to_owned).collect();
        let has_crlf = self.one_in(10);
        let has_bom = self.one_in(20);
        // Some editors and pastes leave the last line without an end.
        if self.one_in(10) {
            self.text.pop();
        }
        Written { text: self.text, answers, has_crlf, has_bom }
    }

    pub(super) fn statement(&mut self) {
        self.depth += 1;
        let kinds = if self.depth > 3 { 24 } else { 40 };
        match self.below(kinds) {
            0..=3 => self.assignment(),
            4..=6 => self.export(),
            7..=9 => self.small(),
            10 | 11 => self.declaration(),
            12 => self.ask(),
            13 => self.read_text(),
            14 => self.default_assignment(),
            15 => self.line("# a comment with 'quotes and $(things) \\"),
            16 => self.here_document(),
            17 => self.eval(),
            18 => self.array(),
            19 => self.computed_path(),
            20 => self.redirected(),
            21 => self.option(),
            22 => self.beside(),
            23 => self.arithmetic(),
            24..=26 => self.if_(),
            27 => self.case(),
            28 => self.for_(),
            29 => self.while_(),
            30 => self.function(),
            31 => self.and_or(),
            32 => self.group(),
            33 => self.arguments(),
            34 => self.export_all(),
            35 => self.split_words(),
            36 => self.read_lines(),
            37 => self.early_end(),
            _ => self.idiom(),
        }
        self.depth -= 1;
    }

    pub(super) fn end(&mut self) {
        let end = self.pick(&["\n", "\n", "\n", ";\n", " # why\n", "  \n", " ; "]);
        self.text.push_str(end);
    }
}
