//! A generator of rc files for fish and csh: quoting, references and branches in any order, from a seed.

pub(super) struct Writer {
    seed: u64,
    text: String,
}

const NAMES: &[&str] =
    &["OS_USERNAME", "OS_PASSWORD", "OS_AUTH_URL", "OS_REGION_NAME", "OS_X", "local_one", "two"];
const BARE: &[&str] = &[
    "word",
    "a.b",
    "https://id:5000/v3",
    "0",
    "-",
    "=",
    "a=b",
    "%",
    "@",
    "+",
    ",",
    "a:b",
    "#",
    "a#b",
    "été",
    "x/y",
    "user@host",
    "_",
    "-n",
    "]",
];
const ODD: &[&str] = &[
    " ", "  ", "$", "`", "\"", "'", "\\", "*", "?", "[x]", "(", ")", "<y>", "|", "&", ";", "#", "!", "\t",
    "é", "{a,b}", "~", "it", "p4ss", "^", "%", "{", "}", "=", "\\n", "\\\\",
];

impl Writer {
    pub(super) fn new(seed: u64) -> Writer {
        Writer { seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, text: String::new() }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 16) as usize % limit
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        let index = self.below(from.len());
        from[index]
    }

    fn odd(&mut self) -> String {
        (0..self.below(5)).map(|_| self.pick(ODD)).collect()
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// The text with some of its bytes left out, doubled, swapped or cut off.
    pub(super) fn mutilated(&mut self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for _ in 0..1 + self.below(4) {
            if text.len() < 2 {
                break;
            }
            let at = self.below(text.len() - 1);
            match self.below(5) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, text[at]),
                2 => text.swap(at, at + 1),
                3 => text.insert(at, self.pick(ODD).as_bytes()[0]),
                _ if self.one_in(4) => text.truncate(at),
                _ => {}
            }
        }
        text
    }

    pub(super) fn fish(&mut self) -> String {
        for _ in 0..4 + self.below(14) {
            self.fish_statement(0);
        }
        std::mem::take(&mut self.text)
    }

    fn fish_statement(&mut self, depth: usize) {
        let name = self.pick(NAMES);
        let word = self.fish_words();
        match self.below(if depth < 3 { 16 } else { 9 }) {
            0..=3 => {
                let flags =
                    self.pick(&["-x", "-gx", "-xg", "--export", "-x --global", "-g", "-u", "-Ux", ""]);
                let flags = if flags.contains('U') && depth > 0 { "-gx" } else { flags };
                self.line(&format!("set {flags} {name} {word}"));
            }
            4 => self.line(&format!("set {name} {word} # remark")),
            5 => self.line(&format!("set -e {name}; set -gx OS_X {word}")),
            6 => {
                let double = self.fish_double();
                self.line(&format!("export {name}=\"{double}\""));
            }
            7 => {
                let sign = self.pick(&["or", "and"]);
                self.line(&format!("set -q {name}; {sign} set -gx OS_Q {word}"));
            }
            8 => {
                let hidden = self.pick(&["-s", "-s -P 'say: '", "--silent", ""]);
                self.line(&format!("echo -n \"Password of $OS_USERNAME: \"\nread {hidden} {name}"));
            }
            9 | 10 => {
                self.fish_condition();
                self.fish_body(depth);
                if self.one_in(2) {
                    self.text.push_str("else\n");
                    self.fish_body(depth);
                }
                self.text.push_str("end\n");
            }
            11 => {
                self.line(&format!("for {name} in {word} OS_X"));
                self.fish_body(depth);
                self.text.push_str("end\n");
            }
            12 => {
                self.text.push_str("begin\n");
                self.line(&format!("set -l inner {word}"));
                self.fish_body(depth);
                self.line("set -gx OS_INNER \"$inner\"\nend");
            }
            13 => {
                self.line(&format!("switch \"${name}\"\ncase {word}"));
                self.fish_body(depth);
                self.text.push_str("case 'w*' '*x'\n");
                self.fish_body(depth);
                self.text.push_str("case '*'\n");
                self.fish_body(depth);
                self.text.push_str("end\n");
            }
            14 => {
                self.line(&format!("set -x {name} {word}; set -gx OS_LIST ${name} \"${name}\" x{{${name}}}"))
            }
            _ => self.line(&format!("no_such_program {word}; set -x {name} (no_such {word})")),
        }
    }

    fn fish_condition(&mut self) {
        let name = self.pick(NAMES);
        let word = self.pick(BARE);
        let condition = match self.below(6) {
            0 => format!("test -z \"${name}\""),
            1 => format!("test -n \"${name}\""),
            2 => format!("[ \"${name}\" = \"{word}\" ]"),
            3 => format!("not set -q {name}"),
            4 => format!("test \"${name}\" != x; and true"),
            _ => "no_such_program".to_owned(),
        };
        self.line(&format!("if {condition}"));
    }

    fn fish_body(&mut self, depth: usize) {
        for _ in 0..1 + self.below(2) {
            self.fish_statement(depth + 1);
        }
    }

    fn fish_words(&mut self) -> String {
        if self.one_in(14) {
            return String::new();
        }
        let count = if self.one_in(8) { 2 } else { 1 };
        let words: Vec<String> = (0..count).map(|_| self.fish_word()).collect();
        words.join(" ")
    }

    fn fish_word(&mut self) -> String {
        let mut word = String::new();
        for _ in 0..1 + self.below(3) {
            let piece = match self.below(9) {
                0..=2 => self.pick(BARE).to_owned(),
                3 | 4 => format!("'{}'", self.odd().replace('\\', "\\\\").replace('\'', "\\'")),
                5 => format!("\"{}\"", self.fish_double()),
                6 => format!(
                    "\\{}",
                    self.pick(&["$", "\"", "'", "\\", " ", "*", "#", "&", ";", "q", "(", "x41"])
                ),
                7 => format!("${}", self.pick(NAMES)),
                _ => format!("{{${}}}", self.pick(NAMES)),
            };
            word.push_str(&piece);
        }
        // At a word's start these mean something else.
        if word.starts_with(['#', '-']) { format!("w{word}") } else { word }
    }

    fn fish_double(&mut self) -> String {
        let mut inside = String::new();
        for _ in 0..self.below(4) {
            let piece = match self.below(3) {
                0 => self.odd().replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"),
                1 => format!("${} ", self.pick(NAMES)),
                _ => self.pick(&["\\a", "\\'", "it's", "a b", "\\\\", "{x}", "{$OS_X}"]).to_owned(),
            };
            inside.push_str(&piece);
        }
        inside
    }

    pub(super) fn csh(&mut self) -> String {
        self.text.push_str("setenv OS_USERNAME ada\nset local_one = word\nset two = 'x y'\n");
        for _ in 0..4 + self.below(14) {
            self.csh_statement(0);
        }
        std::mem::take(&mut self.text)
    }

    fn csh_statement(&mut self, depth: usize) {
        let name = self.pick(NAMES);
        let word = self.csh_word();
        match self.below(if depth < 3 { 14 } else { 9 }) {
            0..=4 => self.line(&format!("setenv {name} {word}")),
            5 => self.line(&format!("set local_one = {word} # remark")),
            6 => self.line(&format!("set two={word}; setenv OS_X \"$two\"")),
            7 => self.line(&format!("unsetenv {name}; setenv OS_Y {word}")),
            8 => {
                let input = self.pick(&["\"$<\"", "$<:q"]);
                self.line(&format!(
                    "echo -n \"Password of $OS_USERNAME\\: \"\nset two = {input}\nsetenv {name} \"$two\""
                ));
            }
            9 | 10 => {
                self.csh_condition();
                self.csh_body(depth);
                if self.one_in(2) {
                    self.line("else");
                    self.csh_body(depth);
                }
                self.line("endif");
            }
            11 => {
                self.line(&format!("foreach local_one ({word} OS_X)"));
                self.csh_body(depth);
                self.line("end");
            }
            12 => self.line(&format!("if ($?{name}) setenv OS_Z \"${name}\"")),
            _ => self.line(&format!("no_such_program\nsetenv OS_P \"`no_such {name}`\"")),
        }
    }

    fn csh_condition(&mut self) {
        let name = self.pick(NAMES);
        let word = self.pick(&["word", "a.b", "0", "x/y"]);
        let condition = match self.below(5) {
            0 => format!("$?{name}"),
            1 => format!("! $?{name}"),
            2 => format!("$?{name} == 0 || 1"),
            3 => format!("\"$local_one\" == \"{word}\""),
            _ => "\"$two\" != \"\" && 1".to_owned(),
        };
        self.line(&format!("if ( {condition} ) then"));
    }

    fn csh_body(&mut self, depth: usize) {
        for _ in 0..1 + self.below(2) {
            self.csh_statement(depth + 1);
        }
    }

    fn csh_word(&mut self) -> String {
        let mut word = String::new();
        for _ in 0..1 + self.below(3) {
            let quote = |text: String| text.replace('\t', " ");
            let piece = match self.below(9) {
                0..=2 => self
                    .pick(&[
                        "word",
                        "a.b",
                        "https://id:5000/v3",
                        "0",
                        "=",
                        "a=b",
                        "%",
                        "@",
                        "+",
                        ",",
                        "été",
                        "-n",
                    ])
                    .to_owned(),
                3 | 4 => format!("'{}'", quote(self.odd()).replace('\'', "").replace('!', "\\!")),
                5 => {
                    let text = quote(self.odd()).replace(['"', '$', '`'], "").replace('!', "\\!");
                    format!("\"{text}\"")
                }
                6 => format!(
                    "\\{}",
                    self.pick(&["$", "\"", "'", "\\", " ", "*", "#", "&", ";", "q", "(", "!"])
                ),
                7 => format!(
                    "\"{}\"",
                    self.pick(&["$OS_USERNAME", "${local_one}", "$two", "$OS_X", "a $two b", "$local_one/x"])
                ),
                _ => self.pick(&["$OS_USERNAME", "${local_one}", "$two:q", "$local_one", "$two"]).to_owned(),
            };
            word.push_str(&piece);
        }
        word
    }
}
