//! The generator: rc files from a seed, valid shell by construction, with what people write and what they should not.

use std::fmt::Write;

const NAMES: &[&str] =
    &["OS_USERNAME", "OS_PASSWORD", "OS_AUTH_URL", "OS_REGION_NAME", "OS_X", "plain", "other", "i"];
pub(crate) struct Writer {
    state: u64,
    text: String,
    depth: u32,
    in_function: bool,
    is_asking_allowed: bool,
}

impl Writer {
    pub(crate) fn new(seed: u64) -> Writer {
        Writer { state: seed, text: String::new(), depth: 0, in_function: false, is_asking_allowed: true }
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

    pub(crate) fn file(mut self) -> String {
        if self.one_in(3) {
            self.text.push_str("#!/usr/bin/env bash\n");
        }
        for _ in 0..3 + self.below(8) {
            self.is_asking_allowed = true;
            self.statement();
        }
        // So that plain variables are seen as well.
        self.text.push_str("export OS_SUM=\"$plain|$other|$i|$OS_X\" OS_COUNT=$#\n");
        self.text
    }

    fn statement(&mut self) {
        self.depth += 1;
        let kinds = if self.depth > 3 { 14 } else { 27 };
        match self.below(kinds) {
            0..=3 => self.assignment(),
            4..=6 => self.export(),
            7 => self.small(),
            8 => self.small(),
            9 => self.read(),
            10 => self.default_assignment(),
            11 => self.text.push_str("# a comment with 'quotes and $(things) \\\n"),
            12 => self.here_document(),
            13 => self.eval(),
            14..=17 => self.if_(),
            18 => self.case(),
            19 => self.for_(),
            20 => self.while_(),
            21 => self.function(),
            22 => self.and_or(),
            23 => self.group(),
            24 => self.arguments(),
            25 => self.set(),
            _ => self.split_words(),
        }
        self.depth -= 1;
    }

    fn end(&mut self) {
        let end = self.pick(&["\n", "\n", "\n", ";\n", " # why\n", "  \n", " ; "]);
        self.text.push_str(end);
    }

    fn assignment(&mut self) {
        let name = self.name();
        let append = if self.one_in(8) { "+" } else { "" };
        let word = self.value();
        write!(self.text, "{name}{append}={word}").unwrap();
        self.end();
    }

    fn export(&mut self) {
        let command = self.pick(&[
            "export",
            "export",
            "export",
            "declare -x",
            "typeset -x",
            "export --",
            "command export",
        ]);
        // In a function `declare` is local; that is seen with `local` already.
        let command = if self.in_function && !command.contains("export") { "export" } else { command };
        self.text.push_str(command);
        for _ in 0..1 + self.below(2) {
            let name = self.name();
            let word = self.value();
            match self.below(6) {
                0 => write!(self.text, " {name}").unwrap(),
                1 => write!(self.text, " \"{name}=quoted whole\"").unwrap(),
                _ => write!(self.text, " {name}={word}").unwrap(),
            }
        }
        self.end();
    }

    fn small(&mut self) {
        let name = self.name();
        let word = self.word();
        let line = match self.below(12) {
            0 => format!("unset {name}"),
            1 => format!("export -n {name}"),
            2 => format!("printf -v {name} '%s-%s' {word} end"),
            3 => format!("echo {word} >/dev/null"),
            4 => ":".to_owned(),
            5 => format!("{name}=$({word}_is_no_command 2>/dev/null)"),
            6 => "no_such_program --with arguments 2>/dev/null".to_owned(),
            7 => format!("( export {name}={word} )"),
            8 => format!("export {name}=x | cat_is_missing"),
            9 => "set -f; set +f".to_owned(),
            10 => format!("{name}={word} no_such_program"),
            _ => format!("{name}=$((1 + 2 * 3 - i_unset))"),
        };
        self.text.push_str(&line);
        self.end();
    }

    fn read(&mut self) {
        let name = self.name();
        if self.is_asking_allowed && self.depth == 1 {
            let options =
                self.pick(&["", "-r ", "-s ", "-sr ", "-p 'who? ' ", "-rsp \"secret of $OS_USERNAME\" "]);
            let more = if self.one_in(5) { " other" } else { "" };
            writeln!(self.text, "echo 'Type it: '\nread {options}{name}{more}").unwrap();
        } else {
            let word = self.double();
            writeln!(self.text, "read -r {name} other <<< {word}").unwrap();
        }
    }

    fn default_assignment(&mut self) {
        let name = self.name();
        let word = self.word_in_braces();
        let operator = self.pick(&[":=", "="]);
        writeln!(self.text, ": ${{{name}{operator}{word}}}").unwrap();
    }

    fn here_document(&mut self) {
        let delimiter = self.pick(&["EOF", "'EOF'", "-EOF", "\"EOF\""]);
        writeln!(self.text, ": <<{delimiter}\nexport OS_USERNAME=decoy $OS_X\n\tit's\nEOF").unwrap();
    }

    fn eval(&mut self) {
        let name = self.name();
        let line =
            self.pick(&["'export NAME=evaluated'", "NAME=\\$plain", "\"NAME=now\"", "'NAME=1; other=2'"]);
        writeln!(self.text, "eval {}", line.replace("NAME", name)).unwrap();
    }

    fn body(&mut self) {
        // A comment alone would be no body.
        self.text.push_str("  :\n");
        for _ in 0..1 + self.below(2) {
            self.text.push_str("  ");
            self.statement();
        }
        self.text.push('\n');
    }

    fn if_(&mut self) {
        self.text.push_str("if ");
        self.condition();
        self.text.push_str("; then\n");
        self.body();
        if self.one_in(3) {
            self.text.push_str("elif ");
            self.condition();
            self.text.push_str("\nthen\n");
            self.body();
        }
        if self.one_in(2) {
            self.text.push_str("else\n");
            self.body();
        }
        self.text.push_str("fi\n");
    }

    fn condition(&mut self) {
        let name = self.name();
        let word = self.word();
        let quoted = self.double();
        let text = match self.below(18) {
            0 => format!("[ -z \"${name}\" ]"),
            1 => format!("[ -n \"${name}\" ]"),
            2 => format!("[ -z ${name} ]"),
            3 => format!("[ \"${name}\" = {quoted} ]"),
            4 => format!("[ \"${{{name}}}\" != {word} ]"),
            5 => format!("[[ ${name} == {quoted} ]]"),
            6 => format!("[[ ${name} == *a* && -n $OS_X ]]"),
            7 => format!("[[ -z ${name} || ${name} != w?rd ]]"),
            8 => "true".to_owned(),
            9 => "false".to_owned(),
            10 => "no_such_program 2>/dev/null".to_owned(),
            11 => format!("! [ \"$#\" -gt {} ]", self.below(4)),
            12 => format!("[ ! -z \"${name}\" -a \"$OS_X\" = \"$plain\" ]"),
            13 => format!("[ -z \"${name}\" -o -n \"$other\" ]"),
            14 => format!("test \"$1\" = \"arg one\" && [[ -v {name} ]]"),
            15 => "[ -e /no/such/file ]".to_owned(),
            16 => format!("[[ \"${name}\" =~ ^a ]]"),
            _ => format!("[ \"x${name}\" = x ]"),
        };
        self.text.push_str(&text);
    }

    fn case(&mut self) {
        let name = self.name();
        writeln!(self.text, "case ${name} in").unwrap();
        for _ in 0..1 + self.below(3) {
            let pattern = self
                .pick(&["a*", "\"\"", "word|two", "[a-c]*", "'a b'", "?", "*:*", "(x.y", "*\\**", "[!a]*"]);
            let after = self.pick(&[";;", ";;", ";;", ";&", ";;&"]);
            writeln!(self.text, "{pattern})").unwrap();
            self.body();
            writeln!(self.text, "{after}").unwrap();
        }
        if self.one_in(2) {
            self.text.push_str("*) ");
            self.body();
        }
        self.text.push_str("esac\n");
    }

    fn for_(&mut self) {
        let words = match self.below(5) {
            0 => "\"$@\"".to_owned(),
            1 => format!("{} {}", self.word(), self.double()),
            2 => "a b c".to_owned(),
            3 => "$plain $OS_X".to_owned(),
            _ => "{x,y} z".to_owned(),
        };
        let name = self.name();
        writeln!(self.text, "for {name} in {words}; do").unwrap();
        self.body();
        if self.one_in(4) {
            let leave = self.pick(&["break", "continue"]);
            writeln!(self.text, "[ \"${name}\" = b ] && {leave}").unwrap();
            self.body();
        }
        self.text.push_str("done\n");
    }

    fn while_(&mut self) {
        let turns = self.below(4);
        let (word, sign) = if self.one_in(3) { ("until", "-ge") } else { ("while", "-lt") };
        // A counter of its own for each depth, or an inner loop would keep an outer one going.
        let turn = format!("turn{}", self.depth);
        writeln!(self.text, "{turn}=0\n{word} [ ${turn} {sign} {turns} ]; do\n{turn}=$(({turn} + 1))")
            .unwrap();
        self.body();
        self.text.push_str("done\n");
    }

    fn function(&mut self) {
        if self.in_function {
            return self.assignment();
        }
        self.in_function = true;
        let local = self.name();
        let word = self.value();
        writeln!(self.text, "work() {{\nlocal {local}={word}").unwrap();
        self.body();
        if self.one_in(3) {
            self.text.push_str("if ");
            self.condition();
            self.text.push_str("; then return; fi\n");
            self.body();
        }
        writeln!(self.text, "export OS_INNER=\"$1-$#-${local}\"\n}}\nwork {word} \"$OS_X\"").unwrap();
        self.in_function = false;
    }

    fn and_or(&mut self) {
        self.condition();
        let sign = self.pick(&["&&", "||"]);
        write!(self.text, " {sign} ").unwrap();
        let name = self.name();
        let word = self.value();
        writeln!(self.text, "export {name}={word}").unwrap();
    }

    fn group(&mut self) {
        let (open, close) = if self.one_in(2) { ("{", "}") } else { ("(", ")") };
        writeln!(self.text, "{open}").unwrap();
        self.body();
        writeln!(self.text, "{close}").unwrap();
    }

    fn arguments(&mut self) {
        let word = self.word();
        let line = match self.below(4) {
            0 => format!("set -- {word} \"a b\""),
            1 => "shift".to_owned(),
            2 => "set -- $plain".to_owned(),
            _ => "set -- \"$@\" more".to_owned(),
        };
        writeln!(self.text, "{line}").unwrap();
    }

    fn set(&mut self) {
        let name = self.name();
        let word = self.value();
        let on = self.pick(&["set -a", "set -o allexport"]);
        let off = self.pick(&["set +a", "set +o allexport"]);
        writeln!(self.text, "{on}\n{name}={word}\n{off}").unwrap();
    }

    fn split_words(&mut self) {
        let word = self.double();
        let separator = self.pick(&[":", "/", " "]);
        writeln!(
            self.text,
            "IFS='{separator}'; for one in $plain {word}; do other=\"$other<$one>\"; done; unset IFS"
        )
        .unwrap();
    }
}
