//! Shell patterns against texts: `*`, `?`, `[…]`, and `\` before what stands for itself. Pure.

/// Whether the whole text matches; `None` when that depends on the locale or on an option of the shell.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> Option<bool> {
    if !text.is_ascii() && pattern.iter().any(|byte| b"?[".contains(byte)) {
        return None;
    }
    if is_extended(pattern) {
        return None;
    }
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = if p < pattern.len() { one(&pattern[p..], text[t])? } else { Step::Miss };
        match step {
            Step::Star => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Step::Hit(len) => {
                p += len;
                t += 1;
                continue;
            }
            Step::Miss => {}
        }
        match star {
            Some((at, from)) => {
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
            None => return Some(false),
        }
    }
    Some(pattern[p..].iter().all(|&byte| byte == b'*'))
}

enum Step {
    Star,
    /// So many bytes of the pattern matched one of the text.
    Hit(usize),
    Miss,
}

fn one(pattern: &[u8], byte: u8) -> Option<Step> {
    Some(match pattern[0] {
        b'*' => Step::Star,
        b'?' => Step::Hit(1),
        b'\\' if pattern.len() > 1 => {
            if pattern[1] == byte {
                Step::Hit(2)
            } else {
                Step::Miss
            }
        }
        b'[' => match bracket(pattern, byte)? {
            Some((true, len)) => Step::Hit(len),
            Some((false, _)) => Step::Miss,
            None if byte == b'[' => Step::Hit(1),
            None => Step::Miss,
        },
        other if other == byte => Step::Hit(1),
        _ => Step::Miss,
    })
}

/// Whether `byte` is in the set, and how long the set is written; `Some(None)` if the bracket is never closed.
fn bracket(pattern: &[u8], byte: u8) -> Option<Option<(bool, usize)>> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    let mut found = false;
    loop {
        let Some(&low) = pattern.get(at) else { return Some(None) };
        match low {
            b']' if at > first => return Some(Some((found != negated, at + 1))),
            b'[' if matches!(pattern.get(at + 1), Some(b'.' | b'=')) => return None,
            b'[' if pattern.get(at + 1) == Some(&b':') => {
                let rest = &pattern[at + 2..];
                let Some(len) = rest.windows(2).position(|pair| pair == b":]") else { return Some(None) };
                found |= class(&rest[..len], byte)?;
                at += len + 4;
                continue;
            }
            // A slash inside of a bracket has rules of its own.
            b'/' => return None,
            _ => {}
        }
        let (low, after) = unescape(pattern, at)?;
        if pattern.get(after) == Some(&b'-') && pattern.get(after + 1).is_some_and(|&next| next != b']') {
            let (high, end) = unescape(pattern, after + 1)?;
            found |= (low..=high).contains(&byte);
            at = end;
        } else {
            found |= low == byte;
            at = after;
        }
    }
}

fn unescape(pattern: &[u8], at: usize) -> Option<(u8, usize)> {
    match pattern.get(at)? {
        b'\\' => pattern.get(at + 1).map(|&byte| (byte, at + 2)),
        &byte => Some((byte, at + 1)),
    }
}

pub(crate) fn class(name: &[u8], byte: u8) -> Option<bool> {
    Some(match name {
        b"alpha" => byte.is_ascii_alphabetic(),
        b"digit" => byte.is_ascii_digit(),
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"upper" => byte.is_ascii_uppercase(),
        b"lower" => byte.is_ascii_lowercase(),
        b"space" => byte.is_ascii_whitespace() || byte == 11,
        b"blank" => byte == b' ' || byte == b'\t',
        b"punct" => byte.is_ascii_punctuation(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

/// `?(`, `*(`, `+(`, `@(`, `!(`: patterns only where extglob is on.
fn is_extended(pattern: &[u8]) -> bool {
    pattern.windows(2).any(|pair| b"?*+@!".contains(&pair[0]) && pair[1] == b'(')
}
