//! Brace expansion, `{a,b}` and `{1..3}`: the only expansion that comes before all others. Pure; it knows no values.

use super::ast::{Part, Word};

/// How many words one word may become, and how many pieces they may have together.
const WORDS_MAX: usize = 1_000;
const ATOMS_MAX: usize = 64 * 1024;
/// Opening braces in one word: the search for the closing ones goes over it for each.
const OPEN_MAX: usize = 64;

/// A byte that braces are made of, or a part that only stands between them.
#[derive(Clone, Copy)]
enum Atom<'w> {
    Byte(u8),
    Part(&'w Part),
}

impl Atom<'_> {
    fn is(&self, byte: u8) -> bool {
        matches!(self, Atom::Byte(own) if *own == byte)
    }
}

/// The words that `word` becomes; `None` if it has no braces that expand. What has more than can be followed is an error
/// that says so: better not known than wrong.
pub(crate) fn expand(word: &Word) -> Result<Option<Vec<Word>>, &'static str> {
    let bare = || {
        word.parts.iter().filter_map(|part| match part {
            Part::Bare(text) => Some(text.bytes()),
            _ => None,
        })
    };
    let has = |wanted: u8| bare().any(|text| text.contains(&wanted));
    if !has(b'{') || !has(b'}') || !(has(b',') || has(b'.')) {
        return Ok(None);
    }
    if bare().flatten().filter(|&&byte| byte == b'{').count() > OPEN_MAX {
        return Err("more braces than are followed");
    }
    if word.parts.windows(2).any(grows_into_braces) {
        return Err("a brace expansion right after a variable");
    }
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Bare(text) => atoms.extend(text.bytes().iter().map(|&byte| Atom::Byte(byte))),
            other => atoms.push(Atom::Part(other)),
        }
    }
    let words = several(&atoms)?;
    if words.len() == 1 {
        return Ok(None);
    }
    let word_of = |atoms: &Vec<Atom>| Word { parts: parts_of(atoms), span: word.span };
    Ok(Some(words.iter().map(word_of).collect()))
}

/// `$a{b,c}` is `$ab $ac` to the shell: the name goes on into the braces.
fn grows_into_braces(pair: &[Part]) -> bool {
    match pair {
        [Part::Parameter(parameter), Part::Bare(text)] => {
            !parameter.is_braced && text.bytes().first() == Some(&b'{')
        }
        _ => false,
    }
}

fn parts_of(atoms: &[Atom]) -> Vec<Part> {
    let mut parts = Vec::new();
    for atom in atoms {
        match atom {
            Atom::Byte(byte) => super::word::push_bare(&mut parts, *byte),
            Atom::Part(part) => parts.push((*part).clone()),
        }
    }
    parts
}

/// What `atoms` become, in their order.
fn several<'w>(atoms: &[Atom<'w>]) -> Result<Vec<Vec<Atom<'w>>>, &'static str> {
    for open in (0..atoms.len()).filter(|&at| atoms[at].is(b'{')) {
        let Some(close) = closing(atoms, open) else { continue };
        let inside = &atoms[open + 1..close];
        let choices = match commas(inside) {
            pieces if pieces.len() > 1 => {
                let mut choices = Vec::new();
                for piece in pieces {
                    choices.append(&mut several(piece)?);
                }
                choices
            }
            _ => match sequence(inside)? {
                Some(choices) => choices,
                // A pair that means nothing stands for itself; what is in it may still expand.
                None => continue,
            },
        };
        return joined(&atoms[..open], &choices, &several(&atoms[close + 1..])?);
    }
    Ok(vec![atoms.to_vec()])
}

fn joined<'w>(
    before: &[Atom<'w>],
    choices: &[Vec<Atom<'w>>],
    after: &[Vec<Atom<'w>>],
) -> Result<Vec<Vec<Atom<'w>>>, &'static str> {
    let total = |words: &[Vec<Atom>]| words.iter().map(Vec::len).sum::<usize>();
    let count = choices.len().saturating_mul(after.len());
    let atoms = total(choices) * after.len() + total(after) * choices.len() + before.len() * count;
    if count > WORDS_MAX || atoms > ATOMS_MAX {
        return Err("a brace expansion of very many words");
    }
    let mut words = Vec::with_capacity(count);
    for choice in choices {
        words.extend(after.iter().map(|after| [before, choice, after].concat()));
    }
    Ok(words)
}

/// Where the brace that opens at `open` is closed.
fn closing(atoms: &[Atom], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, atom) in atoms.iter().enumerate().skip(open) {
        match atom {
            Atom::Byte(b'{') => depth += 1,
            Atom::Byte(b'}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The pieces between the commas that stand in no inner braces.
fn commas<'a, 'w>(atoms: &'a [Atom<'w>]) -> Vec<&'a [Atom<'w>]> {
    let mut depth = 0_i32;
    atoms
        .split(|atom| {
            match atom {
                Atom::Byte(b'{') => depth += 1,
                Atom::Byte(b'}') => depth -= 1,
                _ => {}
            }
            depth <= 0 && atom.is(b',')
        })
        .collect()
}

/// `1..3`, `01..10`, `1..9..2`, `a..e`; `None` for what counts nothing.
fn sequence<'w>(atoms: &[Atom<'w>]) -> Result<Option<Vec<Vec<Atom<'w>>>>, &'static str> {
    let mut text = String::new();
    for atom in atoms {
        match atom {
            Atom::Byte(byte) => text.push(char::from(*byte)),
            // With a quote or a variable in it the shell sees no numbers.
            Atom::Part(_) => return Ok(None),
        }
    }
    let ends: Vec<&str> = text.split("..").collect();
    let (from, to, step) = match ends.as_slice() {
        [from, to] => (*from, *to, 1),
        [from, to, step] => match step.parse::<i64>() {
            Ok(step) => (*from, *to, step.saturating_abs().max(1)),
            Err(_) => return Ok(None),
        },
        _ => return Ok(None),
    };
    let letter = |text: &str| text.parse::<char>().ok().filter(char::is_ascii_alphabetic);
    if let (Some(first), Some(last)) = (letter(from), letter(to)) {
        if first.is_ascii_lowercase() != last.is_ascii_lowercase() {
            return Err("a brace expansion from one case to the other");
        }
        let letters = counted(i64::from(first as u32), i64::from(last as u32), step)?;
        return Ok(Some(letters.into_iter().map(|letter| vec![Atom::Byte(letter as u8)]).collect()));
    }
    let (Ok(first), Ok(last)) = (from.parse::<i64>(), to.parse::<i64>()) else { return Ok(None) };
    if from.starts_with('+') || to.starts_with('+') {
        return Err("a brace expansion with a plus sign");
    }
    let is_padded = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        digits.len() > 1 && digits.starts_with('0')
    };
    let width = if is_padded(from) || is_padded(to) { from.len().max(to.len()) } else { 0 };
    let numbers = counted(first, last, step)?;
    let word_of =
        |number: i64| format!("{number:0width$}").into_bytes().into_iter().map(Atom::Byte).collect();
    Ok(Some(numbers.into_iter().map(word_of).collect()))
}

fn counted(first: i64, last: i64, step: i64) -> Result<Vec<i64>, &'static str> {
    let span = first.abs_diff(last) / step.unsigned_abs();
    if span >= WORDS_MAX as u64 {
        return Err("a brace expansion that counts far");
    }
    let step = if first <= last { step } else { -step };
    Ok((0..=span as i64).map(|index| first + index * step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openrc::place::Span;
    use crate::openrc::text::Text;

    fn check(text: &str, expect: &[&str]) {
        let word = Word { parts: vec![Part::Bare(Text::of(text.as_bytes()))], span: Span::default() };
        let words = expand(&word).unwrap().map_or(vec![text.to_owned()], |words| {
            words.iter().map(|word| word.bare().unwrap_or_default().to_owned()).collect()
        });
        assert_eq!(words, expect, "{text}");
    }

    /// As `printf '%s\n' WORD` shows them in bash 5.2.
    #[test]
    fn words_become_what_bash_makes_of_them() {
        check("a{b,c}d", &["abd", "acd"]);
        check("{a,b}{1,2}", &["a1", "a2", "b1", "b2"]);
        check("{a{b,c}}", &["{ab}", "{ac}"]);
        check("{a,b{1,2}}", &["a", "b1", "b2"]);
        check("{1..4}", &["1", "2", "3", "4"]);
        check("{08..11}", &["08", "09", "10", "11"]);
        check("{9..1..4}", &["9", "5", "1"]);
        check("{a..e..2}", &["a", "c", "e"]);
        check("{-1..1}", &["-1", "0", "1"]);
        for alone in ["{a}", "{}", "{a,b", "a,b}", "{1..}", "{..}", "{1..b2}", "{a.b}"] {
            check(alone, &[alone]);
        }
    }

    #[test]
    fn braces_that_would_fill_the_memory_are_not_followed() {
        for bomb in ["{1..9}".repeat(9), "{1..99999}".to_owned(), format!("{{{}}}", "a,".repeat(5_000))] {
            let word = Word { parts: vec![Part::Bare(Text::of(bomb.as_bytes()))], span: Span::default() };
            assert!(expand(&word).is_err());
        }
    }
}
