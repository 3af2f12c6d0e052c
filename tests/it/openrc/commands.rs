//! The generator's simple commands: assignments, declarations, builtins, redirections.

use std::fmt::Write;

use super::writer::Writer;

const SMALL: &[&str] = &[
    "unset @NAME",
    "unset -v @NAME @NAME",
    "unset OS_A OS_B; unset -f no_function",
    "export -n @NAME",
    "export -p >/dev/null",
    "printf -v @NAME '%s-%s' @WORD end",
    "printf -v @NAME '%s\\n' \"$plain\" b c",
    "printf -v @NAME '%d%%' 7",
    "echo @WORD >/dev/null",
    "echo -e \"a\\tb\"",
    ":",
    "@NAME=$(no_such_@NAME 2>/dev/null)",
    "@NAME=\"$(no_such_command)\"",
    "no_such_program --with arguments 2>/dev/null",
    "( export @NAME=@WORD )",
    "export @NAME=x | cat_is_missing",
    "set -f; set +f",
    "@NAME=@WORD no_such_program",
    "@NAME=@WORD :",
    "@NAME=@WORD eval 'plain=$i'",
    "@NAME=$((1 + 2 * 3 - i_unset))",
    "@NAME=@WORD @NAME=@WORD",
    "@NAME=$plain other=$OS_X",
    "true & wait",
    "! false",
    "{ @NAME=@WORD; }",
    "command : x; builtin : y",
    "builtin export @NAME=@WORD",
    "command export @NAME",
    "PS1='[\\u@\\h \\W(keystone)]\\$ '",
    "export PS1=\"[\\u@\\h \\W($OS_USERNAME)]\\\\$ \"",
    "@NAME=${PS1:-none}",
    "@NAME=a; @NAME+=b; @NAME+=\"$i\"",
    "alias os='openstack --insecure'",
    "shopt -s expand_aliases",
    "umask 077",
    "hash -r",
    "type openstack >/dev/null 2>&1",
    "complete -W 'a b' openstack",
    "trap 'echo bye' EXIT",
    "let other=3+4",
    "test -n \"$OS_X\"; @NAME=$?",
    "@NAME=$?",
    "@NAME=`no_such`$?",
    "false; @NAME=$?",
    "export @NAME=$(no_such); @NAME=$?",
    "@NAME=$(no_such); @NAME=$?",
    "cd sub; @NAME=$PWD; cd ..",
    "cd /; export @NAME=$PWD",
    "cd /no/such/folder; export @NAME=$PWD",
    "@NAME=~; @NAME=~/x:~/y; @NAME=a:~",
    "@NAME='@NASTY'\"'\"",
    "getopts ab: @NAME",
    "select_is_no_command",
    "time :",
    "local @NAME=x 2>/dev/null",
    "break 2>/dev/null",
    "unset 'plain'; unset \"other\"",
    "unset ${!OS_A*}",
    "for @NAME in ${!OS_@}; do :; done",
    "exec 3</dev/null; exec 3<&-",
    "eval",
    "source /dev/null",
    "@NAME=@WORD;@NAME=@WORD",
];

impl Writer {
    pub(super) fn assignment(&mut self) {
        let name = self.name();
        let append = if self.one_in(8) { "+" } else { "" };
        let word = self.value();
        write!(self.text, "{name}{append}={word}").unwrap();
        self.end();
    }

    pub(super) fn export(&mut self) {
        let command = self.pick(&[
            "export",
            "export",
            "export",
            "declare -x",
            "typeset -x",
            "declare -gx",
            "export --",
            "command export",
            "\\export",
        ]);
        self.text.push_str(command);
        for _ in 0..1 + self.below(2) {
            let name = self.name();
            let word = self.value();
            match self.below(10) {
                0 => write!(self.text, " {name}").unwrap(),
                1 => write!(self.text, " \"{name}=quoted whole\"").unwrap(),
                2 => write!(self.text, " {name}+={word}").unwrap(),
                3 => write!(self.text, " \"{name}\"={word}").unwrap(),
                4 => self.text.push_str(" OS_{A,B}=x"),
                _ => write!(self.text, " {name}={word}").unwrap(),
            }
        }
        self.end();
    }

    pub(super) fn small(&mut self) {
        let pattern = self.pick(SMALL);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    pub(super) fn declaration(&mut self) {
        let pattern = self.pick(&[
            "declare @NAME=@VALUE",
            "typeset @NAME=@VALUE",
            "declare @NAME",
            "declare -r OS_FIXED=@VALUE",
            "readonly FIXED=@VALUE; export FIXED; @NAME=$FIXED",
            "declare -i i=3+4; i=i+1; @NAME=$i; declare +i i",
            "declare -l other=ABC; @NAME=$other; declare +l other",
            "declare -u other=abc; @NAME=$other; declare +u other",
            "declare +x @NAME",
            "export @NAME; @NAME=@VALUE",
            "typeset -r OS_FIRM=1",
            "declare -rx OS_SET=@VALUE",
            "declare -n ref=plain; ref=through; unset -n ref",
            "declare -g @NAME=@VALUE",
            "declare -p plain >/dev/null 2>&1",
            "export @NAME=@VALUE @NAME @NAME=\"$plain\"",
            "declare -x @NAME=@VALUE @NAME",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    pub(super) fn default_assignment(&mut self) {
        let name = self.name();
        let word = self.word_in_braces();
        let operator = self.pick(&[":=", "="]);
        let quote = self.pick(&["", "\""]);
        writeln!(self.text, ": {quote}${{{name}{operator}{word}}}{quote}").unwrap();
    }

    pub(super) fn here_document(&mut self) {
        let delimiter = self.pick(&["EOF", "'EOF'", "-EOF", "\"EOF\"", "\\EOF"]);
        let end = if delimiter == "-EOF" { "\tEOF" } else { "EOF" };
        let body = "export OS_USERNAME=decoy $OS_X\n\tit's \\$plain\n";
        if self.one_in(3) {
            let name = self.name();
            writeln!(self.text, "{name}=$(cat_is_missing <<{delimiter}\n{body}{end}\n)").unwrap();
        } else {
            writeln!(self.text, ": <<{delimiter}\n{body}{end}").unwrap();
        }
    }

    pub(super) fn eval(&mut self) {
        let pattern = self.pick(&[
            "eval 'export @NAME=evaluated'",
            "eval @NAME=\\$plain",
            "eval \"@NAME=now\"",
            "eval '@NAME=1; other=2'",
            "eval \"export @SETTING=\\\"\\$other\\\"\"",
            "plain=OS_X; eval \"$plain=indirect\"",
            "eval echo \\$plain >/dev/null",
            "eval \"for one in a b; do other=\\$one; done\"",
            "eval $(no_such_command)",
            "eval 'if true; then' '@NAME=two; fi'",
        ]);
        let line = self.filled(pattern);
        self.line(&line);
    }

    pub(super) fn array(&mut self) {
        let pattern = self.pick(&[
            "list=(a \"b c\" $plain); @NAME=${list[1]}",
            "list=(@WORD @DOUBLE); @NAME=\"${list[0]}\"",
            "list=(x y z); @NAME=${#list[@]}; other=\"${list[*]}\"",
            "list=(x y); list+=(z); for one in \"${list[@]}\"; do other+=$one; done",
            "list=(); @NAME=\"${list[@]}\"",
            "list=([2]=two [0]=zero); @NAME=$list",
            "list=(x y); list[1]=Y; @NAME=${list[1]}${list[-1]}",
            "declare -A map=([k]=v); map[other]=w; @NAME=${map[k]}${map[other]}",
            "declare -a list; list=(one); @NAME=${list}",
            "list=(OS_X plain); unset \"${list[@]}\"",
            "list=(a b c); @NAME=\"${list[@]:1}\"",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    pub(super) fn computed_path(&mut self) {
        let pattern = self.pick(&[
            "export @SETTING=$(dirname \"${BASH_SOURCE[0]}\")/ca.pem",
            "export @SETTING=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)/ca.pem\"",
            "here=$(cd $(dirname $BASH_SOURCE); pwd); export @SETTING=$here/x",
            "export @SETTING=$(basename \"$BASH_SOURCE\" .sh)",
            "export @SETTING=$(basename a/b.sh .sh)",
            "export @SETTING=$(dirname /a/b/c)$(dirname x)$(dirname /)",
            "export @SETTING=$(basename \"$plain\")",
            "export @SETTING=\"$(dirname -- \"$plain\")\"",
            "export @SETTING=$(pwd)",
            "export @SETTING=`pwd`/x",
            "export @SETTING=\"$(cd sub && pwd)\"",
            "export @SETTING=$(cd /no/such && pwd)",
            "export @SETTING=$(cd .. ; pwd)",
            "export @SETTING=\"${BASH_SOURCE[0]##*/}\"",
            "export @SETTING=\"${BASH_SOURCE%/*}\"",
            "export @SETTING=\"$(basename \"$(dirname \"$(pwd)\")\")\"",
            "export @SETTING=$(dirname a//b//)$(basename a/b/)",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    pub(super) fn redirected(&mut self) {
        let pattern = self.pick(&[
            "export @NAME=@VALUE >/dev/null 2>&1",
            ">/dev/null export @NAME=@VALUE",
            "{ @NAME=@VALUE; other=$i; } >/dev/null 2>&1",
            "@NAME=@VALUE </dev/null",
            "echo text >&2",
            "read -r @NAME other < word",
            "read -r @NAME < /no/such/file",
            "{ read -r @NAME; read -r other; } < word",
            "while read -r one; do other=$one; done < word",
            "@NAME=$(< word)",
            "read -r @NAME < <(no_such)",
            "no_such | read -r @NAME",
            "( @NAME=x ) 2>/dev/null; @NAME=y 2>/dev/null",
            "if true; then @NAME=@VALUE; fi >/dev/null",
            "exec 2>/dev/null",
            "echo x &>/dev/null; echo y >|/dev/null; echo z >>/dev/null",
            "@NAME=@VALUE 3>&1 >/dev/null",
            "read @NAME </dev/null",
            ": < /no/such/file; @NAME=$?",
            ": < /no/such/file || @NAME=failed",
            "export @NAME=@VALUE < /no/such/file",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    pub(super) fn option(&mut self) {
        let pattern = self.pick(&[
            "set -u; @NAME=${plain-}; set +u",
            "set -f; @NAME=*; export OS_X=$plain; set +f",
            "set -o noglob; list=$plain; set +o noglob",
            "set +e",
            "set -o pipefail",
            "IFS=:",
            "IFS=$' \\t\\n'",
            "unset IFS",
            "IFS=",
            "IFS=,; set -- $plain; unset IFS",
            "oldIFS=$IFS; IFS=/; IFS=$oldIFS",
            "IFS=: read -r @NAME other <<< \"$OS_X\"",
            "set -eu; set +eu",
            "set -e; @NAME=@VALUE; set +e",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    /// Files that lie beside it.
    pub(super) fn beside(&mut self) {
        let pattern = self.pick(&[
            ". ./beside.sh",
            "source beside.sh",
            ". beside.sh @WORD two",
            "source \"$(dirname \"${BASH_SOURCE[0]}\")/beside.sh\" one",
            "[ -f ./beside.sh ] && . ./beside.sh",
            "[ -r ./absent.sh ] && . ./absent.sh",
            "test -e returns.sh && source ./returns.sh; @NAME=$?",
            ". ./absent.sh",
            ". ./absent.sh 2>/dev/null || @NAME=@VALUE",
            "source ./returns.sh || other=refused",
            "if [[ -s word && ! -d word ]]; then @NAME=@VALUE; fi",
            "[ -d sub ] && . sub/inner.sh",
            "( . ./beside.sh )",
            "cd sub && . ./inner.sh; cd ..",
            ". \"$HOME/.absent\"",
            "[ -e word -a -d . ] && @NAME=@VALUE",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }

    pub(super) fn arithmetic(&mut self) {
        let pattern = self.pick(&[
            "@NAME=$((@SMALL + @SMALL * 2))",
            "i=@SMALL; (( i++ )); @NAME=$i",
            "i=@SMALL; (( i > 1 )) && @NAME=more",
            "i=@SMALL; @NAME=$(( i > 1 ? 10 : 20 ))",
            "@NAME=$(( 0x1f + 010 - 2#11 ))",
            "@NAME=$(( (1 + 2) * -3 % 5 ))",
            "@NAME=$(( 7 / 2 ** 1 ))",
            "i=@SMALL; @NAME=$(( i += 2, i * 2 ))",
            "@NAME=$(( !@SMALL && 1 || 0 ))",
            "@NAME=$(( 1 << 4 | 3 & 2 ^ 1 ))",
            "if (( $# == 2 )); then @NAME=@VALUE; fi",
            "@NAME=$(( unset_one ))$(( ${#plain} > 0 ))",
            "@NAME=$[ 1 + 1 ]",
        ]);
        let line = self.filled(pattern);
        self.text.push_str(&line);
        self.end();
    }
}
