//! The generator's `read`s: what asks a person, and what reads a text of the file itself.

use std::fmt::Write;

use super::writer::Writer;

impl Writer {
    /// A question, where whoever answers it can be followed.
    pub(super) fn ask(&mut self) {
        let is_followed = if self.is_uniform { true } else { self.depth == 1 };
        if !is_followed || self.loops > 0 {
            return self.read_text();
        }
        let said = self.pick(&[
            "echo 'Type it: '",
            "echo \"Please enter the password for $OS_USERNAME: \"",
            "printf 'Password: '",
            "printf '%s: ' \"$plain\"",
            "echo -n \"Who? \"",
            "echo",
            ":",
            "stty -echo 2>/dev/null",
            "",
        ]);
        self.line(said);
        let options = self.read_options();
        let name = self.name();
        let names = match self.below(8) {
            0 => format!(" {name} other"),
            1 => format!(" {name} i other"),
            2 => String::new(),
            _ => format!(" {name}"),
        };
        let before = self.pick(&["", "", "", "IFS= ", "IFS=: "]);
        let after = self.pick(&["", "", "; echo", " && echo", " || return 1", "; stty echo 2>/dev/null"]);
        writeln!(self.text, "{before}read{options}{names}{after}").unwrap();
        match self.below(4) {
            0 => writeln!(self.text, "export OS_PASSWORD=${name}").unwrap(),
            1 => writeln!(self.text, "export OS_PASSWORD=\"${{{name}}}\"; unset {name}").unwrap(),
            2 => writeln!(self.text, "export {name}").unwrap(),
            _ => writeln!(self.text, "OS_X=\"$REPLY\"").unwrap(),
        }
    }

    /// The options in any order, alone or sharing a word.
    fn read_options(&mut self) -> String {
        let prompt = self.pick(&[
            "'who? '",
            "\"secret of $OS_USERNAME: \"",
            "Password:",
            "\"a\\\"b \"",
            "$'x\\n'",
            "''",
        ]);
        let with_text = format!("p {prompt}");
        let clusters: &[&str] = &["r", "s", "rs", "sr", "e", "t 60", "n 200", &with_text];
        let mut options = String::new();
        for _ in 0..self.below(4) {
            let option = self.pick(clusters);
            write!(options, " -{option}").unwrap();
        }
        match self.below(5) {
            0 => write!(options, " -rs{with_text}").unwrap(),
            1 => write!(options, " -s{with_text} -r").unwrap(),
            2 => write!(options, " -r{with_text}").unwrap(),
            _ => {}
        }
        if self.one_in(8) {
            options.push_str(" --");
        }
        options
    }

    /// A `read` of what stands in the file.
    pub(super) fn read_text(&mut self) {
        let pattern = self.pick(&[
            "read -r @NAME other <<< @DOUBLE",
            "read @NAME other <<< @DOUBLE",
            "read -r @NAME <<< @NASTY",
            "read @NAME <<< @NASTY",
            "IFS= read -r @NAME <<< @NASTY",
            "IFS=: read -r @NAME i other <<< 'a:b c::d'",
            "IFS=, read @NAME other <<< \"$plain,x\"",
            "read -r @NAME i other <<EOF\none two  three four \nEOF",
            "read -r @NAME <<'EOF'\n $raw \\text\nEOF",
            "read -r @NAME <<EOF\n$plain and ${OS_X:-none}\nEOF",
            "read -r -a list <<< 'a b c'; @NAME=${list[1]}",
            "read -r -d '' @NAME <<< 'one line'",
            "read -n 3 @NAME <<< abcdef",
            "read -r <<< '  reply  '; @NAME=$REPLY",
            "read -r @NAME <<< ''; @NAME=$?",
            "IFS='=' read -r i other <<< 'key=value=more'",
        ]);
        let line = self.filled(pattern);
        self.line(&line);
    }

    /// Loops over the lines of a text.
    pub(super) fn read_lines(&mut self) {
        let head = self.pick(&[
            "while read -r one; do other=\"$other,$one\"",
            "while IFS='=' read -r key value; do export \"OS_$key=$value\"",
            "while IFS= read -r one; do [ -n \"$one\" ] && @NAME=$one",
            "while read -r one two; do @NAME=$two",
            "while read -r one || [ -n \"$one\" ]; do @NAME=$one",
        ]);
        let head = self.filled(head);
        let delimiter = self.pick(&["EOF", "'EOF'"]);
        let body = self.pick(&["A=1\nB=two words\n", "X= padded \n\n", "C=$plain\n", ""]);
        writeln!(self.text, "{head}; done <<{delimiter}\n{body}EOF").unwrap();
    }
}
