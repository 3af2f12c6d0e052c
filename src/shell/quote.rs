//! Quoting: a value as a word that comes back byte for byte, also after the shell has split and globbed the text that
//! holds it.
//!
//! Unquoted, `$(osagent env)` is cut at IFS and each piece is matched against the names in the folder before `eval`
//! sees it. So a value may show no character that any shell splits at, globs with, expands or quotes with: it is
//! bare where that is known to be safe, and a number everywhere else.

/// Letters, digits and `_./:@%+,-`: no shell gives them a meaning inside a word, quoted or not.
pub(super) fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./:@%+,-".contains(&byte)
}

/// No form below is longer: `$'\x20'` for a lone byte, `"$(printf '\040')"` for a lone one in a value.
pub(super) fn len_max(value: &str) -> usize {
    const AROUND: usize = "\"$(printf '')\"".len();
    AROUND
        + value
            .bytes()
            .map(|byte| {
                if !is_bare(byte) {
                    7
                } else if byte == b'%' {
                    4
                } else {
                    1
                }
            })
            .sum::<usize>()
}

/// `a b` as `a$'\x20'b`: bash, zsh, ksh93, mksh, busybox.
///
/// The quotes close after each run: mksh and ksh93 would take hexadecimal digits that follow for their own.
pub(super) fn dollar(value: &str, out: &mut String) {
    if value.is_empty() {
        out.push_str("''");
    }
    let mut is_open = false;
    for byte in value.bytes() {
        if is_bare(byte) == is_open {
            out.push_str(if is_open { "'" } else { "$'" });
            is_open = !is_open;
        }
        if is_open {
            out.push_str("\\x");
            push_hex(byte, out);
        } else {
            out.push(char::from(byte));
        }
    }
    if is_open {
        out.push('\'');
    }
}

/// `a b c` as `a"$(printf '\040b\040')"c`: what POSIX itself promises, and one fork however many bytes need it.
///
/// The first byte inside is always a number, so `printf` never takes the rest for an option.
/// A newline at the very end would be lost, as by any `$( )`.
pub(super) fn printf(value: &str, out: &mut String) {
    let bytes = value.as_bytes();
    let Some(first) = bytes.iter().position(|byte| !is_bare(*byte)) else {
        return out.push_str(if value.is_empty() { "''" } else { value });
    };
    let last = bytes.iter().rposition(|byte| !is_bare(*byte)).unwrap_or(first);
    out.extend(bytes[..first].iter().copied().map(char::from));
    out.push_str("\"$(printf '");
    for &byte in &bytes[first..=last] {
        match byte {
            b'%' => out.push_str("%%"),
            byte if is_bare(byte) => out.push(char::from(byte)),
            byte => push_octal(byte, out),
        }
    }
    out.push_str("')\"");
    out.extend(bytes[last + 1..].iter().copied().map(char::from));
}

/// `a b` as `a\X20b`: fish, where `\x` stops at 7f in older ones and `%self` is the shell's own pid.
pub(super) fn fish(value: &str, out: &mut String) {
    if value.is_empty() {
        out.push_str("''");
    }
    for byte in value.bytes() {
        if is_bare(byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str("\\X");
            push_hex(byte, out);
        }
    }
}

fn push_hex(byte: u8, out: &mut String) {
    for nibble in [byte >> 4, byte & 0xf] {
        out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
    }
}

fn push_octal(byte: u8, out: &mut String) {
    out.push('\\');
    for shift in [6, 3, 0] {
        out.push(char::from(b'0' + (byte >> shift & 7)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(quote: fn(&str, &mut String), value: &str, expect: &str) {
        let mut out = String::new();
        quote(value, &mut out);
        assert_eq!(out, expect);
    }

    #[test]
    fn a_plain_value_stays_as_it_is() {
        for quote in [dollar, printf, fish] {
            check(quote, "https://id.example:5000/v3", "https://id.example:5000/v3");
            check(quote, "", "''");
        }
    }

    #[test]
    fn any_other_byte_is_a_number() {
        check(dollar, "a b  c", r"a$'\x20'b$'\x20\x20'c");
        check(dollar, "é", r"$'\xc3\xa9'");
        check(printf, "a b%-c d-", r#"a"$(printf '\040b%%-c\040')"d-"#);
        check(fish, "%a é-", r"\X25a\X20\Xc3\Xa9-");
    }
}
