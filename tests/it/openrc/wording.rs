//! The generator's words: quotes, escapes and expansions in any order, such as people write them and such as they should not.

use super::writer::Writer;

const LITERALS: &[&str] = &[
    "a",
    "word",
    "two",
    "x.y",
    "https://id:5000/v3",
    "0",
    "7",
    "-",
    "-n",
    "=",
    "a=b",
    "%",
    "@",
    "+",
    ",",
    "a:b",
    "~",
    "~/x",
    ":~/y",
    "#",
    "a#b",
    "^",
    "]",
    "été",
    "a/b/c",
    "user@host",
    "!",
    "{",
    "}",
    "{a,b}",
    "{1..3}",
    "..",
];
const QUOTED: &[&str] = &[
    "a b", "  ", "it", "$", "`", "\"", "\\", "*", "?", "[x]", "(", ")", "<y>", "|", "&", ";", "#", "!", "\n",
    "\t", "é", "{{", "~",
];

/// What goes wrong where a quote is forgotten.
const NASTY: &[&str] = &[
    "'", "\"", "$", "`", "\\", "*", "?", "[x]", " ", "  ", "\t", "\n", "é", "日本", "🦀", "!", "~", "#",
    "{a,b}", "%", "&", ";", "<", ">", "(", ")", "|", "=", ":", ",", "a", "B", "7", "word", "$plain",
    "${OS_X}", "$(x)", "\\n", "}", "]", "^", "@", "-",
];

impl Writer {
    /// One word that stands for nasty characters, quoted so that they stay.
    pub(super) fn nasty(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.below(5) {
            text.push_str(self.pick(NASTY));
        }
        match self.below(4) {
            0 => format!("'{}'", text.replace('\'', "'\\''")),
            1 => {
                let escaped =
                    text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
                format!("\"{escaped}\"")
            }
            2 => format!("$'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n")),
            _ => {
                let plain = |letter: char| letter.is_alphanumeric() || letter == '\n';
                text.chars()
                    .map(|letter| if plain(letter) { letter.to_string() } else { format!("\\{letter}") })
                    .collect::<String>()
                    .replace('\n', "'\n'")
            }
        }
    }

    /// The right side of an assignment, which may be empty.
    pub(super) fn value(&mut self) -> String {
        if self.one_in(12) { String::new() } else { self.word() }
    }

    pub(super) fn word(&mut self) -> String {
        let mut word = String::new();
        for _ in 0..1 + self.below(3) {
            word.push_str(&self.piece());
        }
        // A bare word must not begin a comment, and braces alone are keywords.
        if word.starts_with(['#', '{', '}', '!', '-', ']', '=']) { format!("w{word}") } else { word }
    }

    fn piece(&mut self) -> String {
        match self.below(16) {
            14 | 15 => self.nasty(),
            0..=3 => self.pick(LITERALS).to_owned(),
            4 | 5 => format!("'{}'", self.pick(QUOTED).replace('\'', "")),
            6 | 7 => self.double(),
            8 => format!("\\{}", self.pick(&["$", "`", "\"", "'", "\\", " ", "*", "!", "#", "&", ";", "a"])),
            9 => format!(
                "$'{}'",
                self.pick(&[
                    "a\\tb", "\\u00e9", "\\cA", "a\\0b", "\\U1f980", "\\?\\\"", "\\377\\n", "\\x41", "\\101",
                    "it\\'s", "\\e[0m", "\\\\", "\\q", "x\\ny"
                ])
            ),
            10 => "\\\n".to_owned(),
            _ => self.expansion(),
        }
    }

    fn expansion(&mut self) -> String {
        let name = self.name();
        let word = self.word_in_braces();
        match self.below(18) {
            0..=2 => format!("${name}"),
            3 => format!("${{{name}}}"),
            4 => format!("${{{name}:-{word}}}"),
            5 => format!("${{{name}-{word}}}"),
            6 => format!("${{{name}:+{word}}}"),
            7 => format!("${{{name}+{word}}}"),
            8 => format!("${{{name}%{}}}", self.pattern()),
            9 => format!("${{{name}%%{}}}", self.pattern()),
            10 => format!("${{{name}#{}}}", self.pattern()),
            11 => format!("${{{name}##{}}}", self.pattern()),
            12 => format!("${{#{name}}}"),
            13 => self.pick(&["$1", "${2}", "$3", "$#", "${1:-none}", "$?"]).to_owned(),
            14 => format!("$(dirname \"/a/b/${{{name}}}x\")").replace("dirname", "no_such_dirname"),
            15 => format!("`no_such {name}`"),
            16 => "$((2 * 21))".to_owned(),
            _ => format!("${{!{name}_unset:-x}}").replace("!", ""),
        }
    }

    fn pattern(&mut self) -> &'static str {
        self.pick(&["*", "?", "a*", "*a", "[a-z]", "/*", "*:", "'*'", "\\*", "[!a]", "\"$plain\"", "*/"])
    }

    pub(super) fn word_in_braces(&mut self) -> String {
        let mut word = String::new();
        for _ in 0..self.below(3) {
            let piece = match self.below(6) {
                0 => "two words".to_owned(),
                1 => self.double(),
                2 => "$plain".to_owned(),
                3 => "~".to_owned(),
                _ => self.pick(&["a", "b:c", "\\}", "\\$", "x y", "/p"]).to_owned(),
            };
            word.push_str(&piece);
        }
        word
    }

    pub(super) fn double(&mut self) -> String {
        let mut inside = String::new();
        for _ in 0..self.below(4) {
            let piece = match self.below(7) {
                0 => self
                    .pick(QUOTED)
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('`', "\\`")
                    .replace('$', "\\$"),
                1 => self.pick(&["\\a", "\\'", "\\!", "\\\\", "\\\n", "$", "it's"]).to_owned(),
                2 | 3 => {
                    let name = self.name();
                    format!("${{{name}}}")
                }
                4 => {
                    let name = self.name();
                    format!("${{{name}:-d e}}")
                }
                5 => self.pick(&["$1", "$@", "$*", "$#"]).to_owned(),
                _ => self.pick(&["a b", "c", "~/x", "{a,b}", "*"]).to_owned(),
            };
            inside.push_str(&piece);
        }
        // `"$"` before the closing quote stays a sign; before a name it would not.
        format!(
            "\"{}\"",
            inside
                .replace("${{", "$ {{")
                .replace("${a,", "$ {a,")
                .replace("$a", "$ a")
                .replace("$c", "$ c")
                .replace("$it", "$ it")
        )
    }
}
