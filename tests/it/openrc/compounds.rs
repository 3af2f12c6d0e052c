//! The generator's compound commands: conditions, branches, loops, functions, groups.

use std::fmt::Write;

use super::writer::Writer;

const CONDITIONS: &[&str] = &[
    "[ -z \"$@NAME\" ]",
    "[ -n \"$@NAME\" ]",
    "[ -z $@NAME ]",
    "[ -n $@NAME ]",
    "[ $@NAME ]",
    "[ \"$@NAME\" = @DOUBLE ]",
    "[ \"${@NAME}\" != @WORD ]",
    "[ \"$@NAME\" == @NASTY ]",
    "[[ $@NAME == @DOUBLE ]]",
    "[[ $@NAME == @NASTY ]]",
    "[[ $@NAME == *a* && -n $OS_X ]]",
    "[[ -z $@NAME || $@NAME != w?rd ]]",
    "[[ ( -n $plain || -n $other ) && ! $i ]]",
    "[[ $@NAME == $plain* ]]",
    "[[ $@NAME = [[:alpha:]]* ]]",
    "[[ $@NAME != \"*\" ]]",
    "[[ $@NAME < b ]]",
    "[[ ${@NAME} -eq 0 ]] 2>/dev/null",
    "true",
    "false",
    "no_such_program 2>/dev/null",
    "! [ \"$#\" -gt @SMALL ]",
    "[ $# -ne 2 ]",
    "[ ! -z \"$@NAME\" -a \"$OS_X\" = \"$plain\" ]",
    "[ -z \"$@NAME\" -o -n \"$other\" ]",
    "test \"$1\" = \"arg one\" && [[ -v @NAME ]]",
    "[[ -v @NAME ]]",
    "[ -e /no/such/file ]",
    "[[ \"$@NAME\" =~ ^a ]]",
    "[[ $@NAME =~ [0-9]+ ]]",
    "[ \"x$@NAME\" = x ]",
    "[ -t 0 ]",
    "[ ${#@NAME} -gt 3 ]",
    "[ -f beside.sh ]",
    "test -d sub",
    "{ true; false; }",
    "( exit @SMALL )",
    "(( $# > @SMALL ))",
    "[ \"${BASH_SOURCE[0]}\" = \"$0\" ]",
    "[[ \"$0\" == \"$BASH_SOURCE\" ]]",
    "[ \"${@NAME+set}\" = set ]",
    "[ -z \"${@NAME:-}\" ] && [ -n \"${@NAME+x}\" ]",
    "command -v openstack >/dev/null",
    "[ -n \"$BASH_VERSION\" ]",
    "[ \"$(id -u 2>/dev/null)\" = 0 ]",
    ":",
    "[ ]",
    "[ ! ]",
    "[ ! \"\" ]",
    "[ a -a \"\" ]",
];

const PATTERNS: &[&str] = &[
    "a*",
    "\"\"",
    "word|two",
    "[a-c]*",
    "'a b'",
    "?",
    "*:*",
    "(x.y",
    "*\\**",
    "[!a]*",
    "$plain",
    "\"$other\"*",
    "''|0",
    "[[:digit:]]*",
    "*[[:space:]]*",
    "[]]*",
    "h*s://*",
    "\\?",
    "[a",
    "*é*",
    "\"*\"",
    "~",
    "{a,b}",
];

impl Writer {
    fn body(&mut self) {
        // A comment alone would be no body.
        self.text.push_str("  :\n");
        for _ in 0..1 + self.below(2) {
            self.text.push_str("  ");
            self.statement();
        }
        self.text.push('\n');
    }

    pub(super) fn condition(&mut self) {
        let pattern = self.pick(CONDITIONS);
        let text = self.filled(pattern);
        self.text.push_str(&text);
    }

    pub(super) fn if_(&mut self) {
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

    pub(super) fn case(&mut self) {
        let subject =
            self.pick(&["$@NAME", "\"$@NAME\"", "${@NAME:-word}", "@WORD", "\"$1\"", "$#", "@NASTY"]);
        let subject = self.filled(subject);
        writeln!(self.text, "case {subject} in").unwrap();
        for _ in 0..1 + self.below(3) {
            let pattern = self.pick(PATTERNS);
            let pattern = if self.one_in(6) { self.nasty() } else { pattern.to_owned() };
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

    pub(super) fn for_(&mut self) {
        let words = self.pick(&[
            " in \"$@\"",
            "",
            " in @WORD @DOUBLE",
            " in a b c",
            " in $plain $OS_X",
            " in {x,y} z",
            " in {1..3}",
            " in a{b,c{d,e}}f",
            " in @NASTY \"$plain\"",
            " in \"${@NAME}\" '' x",
            " in",
            " in *.y",
            " in OS_X plain other",
        ]);
        let words = self.filled(words);
        let name = self.name();
        writeln!(self.text, "for {name}{words}; do").unwrap();
        self.loops += 1;
        self.body();
        if self.one_in(4) {
            let leave = self.pick(&["break", "continue", "break 2", "continue 1"]);
            writeln!(self.text, "[ \"${name}\" = b ] && {leave}").unwrap();
            self.body();
        }
        self.loops -= 1;
        self.text.push_str("done\n");
    }

    pub(super) fn while_(&mut self) {
        let turns = self.below(4);
        let (word, sign) = if self.one_in(3) { ("until", "-ge") } else { ("while", "-lt") };
        // A counter of its own for each depth, or an inner loop would keep an outer one going.
        let turn = format!("turn{}", self.depth);
        writeln!(self.text, "{turn}=0\n{word} [ ${turn} {sign} {turns} ]; do\n{turn}=$(({turn} + 1))")
            .unwrap();
        self.loops += 1;
        self.body();
        self.loops -= 1;
        self.text.push_str("done\n");
    }

    pub(super) fn function(&mut self) {
        if self.in_function {
            return self.assignment();
        }
        self.in_function = true;
        let head = self.pick(&["work() {", "function work {", "function work() {", "work()\n{"]);
        let declared = self.pick(&[
            "local @NAME=@VALUE",
            "local @NAME other=@VALUE",
            "declare @NAME=@VALUE",
            "local -x @NAME=@VALUE",
            "local @NAME; @NAME=\"$1\"",
            "typeset @NAME=$2",
            "local -r fixed=\"$1\"",
            ":",
        ]);
        let declared = self.filled(declared);
        self.line(&format!("{head}\n{declared}"));
        self.body();
        if self.one_in(3) {
            self.text.push_str("if ");
            self.condition();
            let status = self.pick(&["", " 0", " 1"]);
            writeln!(self.text, "; then return{status}; fi").unwrap();
            self.body();
        }
        if self.one_in(4) {
            self.line("shift; set -- \"$@\" inner");
        }
        let call = self.pick(&[
            "work @VALUE \"$OS_X\"",
            "work",
            "work \"$@\"",
            "work @NASTY && @NAME=well",
            "if work $plain; then @NAME=@VALUE; fi",
            "( work x )",
            "work a b c; @NAME=$?",
            "@NAME=before work $plain",
            "work; work again",
            "unset -f work; work 2>/dev/null",
            "@NAME=$(work </dev/null)",
        ]);
        let call = self.filled(call);
        self.line(&format!("export OS_INNER=\"$1-$#-${{OS_X-}}\"\n}}\n{call}"));
        self.in_function = false;
    }

    pub(super) fn and_or(&mut self) {
        if self.one_in(4) {
            self.text.push_str("! ");
        }
        self.condition();
        for _ in 0..1 + self.below(2) {
            let sign = self.pick(&["&&", "||", "&&\n", "|| \\\n"]);
            write!(self.text, " {sign} ").unwrap();
            let name = self.name();
            let word = self.value();
            let command = self.pick(&["export", "declare -x", ""]);
            write!(self.text, "{command} {name}={word}").unwrap();
        }
        self.text.push('\n');
    }

    pub(super) fn group(&mut self) {
        let (open, close) = if self.one_in(2) { ("{", "}") } else { ("(", ")") };
        writeln!(self.text, "{open}").unwrap();
        self.body();
        writeln!(self.text, "{close}").unwrap();
    }

    pub(super) fn arguments(&mut self) {
        let pattern = self.pick(&[
            "set -- @WORD \"a b\"",
            "shift",
            "shift 2",
            "shift 5",
            "set -- $plain",
            "set -- \"$@\" more",
            "set -- \"$*\"",
            "set a b c",
            "set --",
            "@NAME=\"$*\"; @NAME=\"$@\"",
            "@NAME=$*; @NAME=$@",
            "@NAME=\"${*: -1}\"",
            "@NAME=${10}$10",
        ]);
        let line = self.filled(pattern);
        self.line(&line);
    }

    pub(super) fn export_all(&mut self) {
        let name = self.name();
        let word = self.value();
        let on = self.pick(&["set -a", "set -o allexport", "set -ae; set +e"]);
        let off = self.pick(&["set +a", "set +o allexport"]);
        writeln!(self.text, "{on}\n{name}={word}").unwrap();
        if self.one_in(2) {
            self.statement();
            self.text.push('\n');
        }
        writeln!(self.text, "{off}").unwrap();
    }

    pub(super) fn split_words(&mut self) {
        let word = self.double();
        let separator = self.pick(&[":", "/", " ", ",", "a", ": ", "$' \\t:'"]);
        let separator =
            if separator.starts_with('$') { separator.to_owned() } else { format!("'{separator}'") };
        writeln!(
            self.text,
            "IFS={separator}; for one in $plain {word}; do other=\"$other<$one>\"; done; unset IFS"
        )
        .unwrap();
    }

    /// The file ends itself, perhaps.
    pub(super) fn early_end(&mut self) {
        if self.depth == 1 && self.one_in(3) {
            let line = self.pick(&["return", "return 0 2>/dev/null", "{ return; }", "return 1 || exit 1"]);
            return self.line(line);
        }
        self.condition();
        let end = self.pick(&[
            " && return",
            " || return 1",
            " && { echo no >&2; return 1; }",
            " && exit 1",
            " || { echo; return 1 2>/dev/null || exit 1; }",
            " && false",
        ]);
        self.line(end);
    }
}
