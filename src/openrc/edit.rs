//! What `${A/p/w}`, `${A:0:2}` and `${A^^}` make of a value. It knows ASCII only: elsewhere letters hang on the locale.

use super::ast::{Replaced, Word};
use super::eval::{Evaluator, Run};
use super::expand::{Purpose, VALUE_LEN_MAX};
use super::pattern;
use super::place::{Fault, Reason, Span};
use super::text::Text;
use super::value::{Unknown, Val};

impl Evaluator<'_> {
    pub(crate) fn replaced(
        &mut self,
        name: &str,
        place: Replaced,
        pattern: &Word,
        with: &Word,
        at: Span,
    ) -> Run<Val> {
        let value = self.value_or_empty(name, at)?;
        let pattern = self.expand(pattern, Purpose::Pattern)?;
        let with = self.expand(with, Purpose::Single)?;
        if matches!(name, "@" | "*") {
            return Ok(Val::Unknown(Unknown::other("a change of each argument", at)));
        }
        let (text, pattern, with) = match (value.need(), pattern.need(), with.need()) {
            (Ok(text), Ok(pattern), Ok(with)) => (text.bytes(), pattern.bytes(), with.bytes()),
            (Err(unknown), ..) | (_, Err(unknown), _) | (.., Err(unknown)) => {
                return Ok(Val::Unknown(unknown.as_part()));
            }
        };
        // Since bash 5.2 `&` stands for what was matched, unless it is quoted or an option says no.
        if with.contains(&b'&') || !text.is_ascii() || self.state.has_other_patterns.is_some() {
            return Ok(Val::Unknown(Unknown::other("a replacement that not every shell makes alike", at)));
        }
        if pattern.is_empty() {
            return Ok(value.clone());
        }
        let mut out = Text::new();
        let mut from = 0;
        while from < text.len() {
            let found = match self.match_at(pattern, text, from, place, at)? {
                Ok(found) => found,
                Err(unknown) => return Ok(Val::Unknown(unknown)),
            };
            match found {
                Some(end) if end > from => {
                    out.extend(with);
                    from = end;
                    if place != Replaced::All {
                        break;
                    }
                }
                _ if place == Replaced::AtStart => break,
                _ => {
                    out.push(text[from]);
                    from += 1;
                }
            }
            if out.len() + text.len() - from > VALUE_LEN_MAX {
                let what = format!("a value longer than {} KiB", VALUE_LEN_MAX / 1024);
                return Err(Fault::new(at, Reason::TooLong, what).into());
            }
        }
        out.extend(&text[from..]);
        Ok(Val::of(out))
    }

    /// Where the longest match that begins at `from` ends.
    fn match_at(
        &mut self,
        wanted: &[u8],
        text: &[u8],
        from: usize,
        place: Replaced,
        at: Span,
    ) -> Run<Result<Option<usize>, Unknown>> {
        let shortest = if place == Replaced::AtEnd { text.len() } else { from + 1 };
        // Without a star or a bracket the length of a match is that of the pattern, at the most.
        let longest = match wanted.contains(&b'*') || wanted.contains(&b'[') {
            true => text.len(),
            false => text.len().min(from + wanted.len()),
        };
        for end in (shortest..=longest).rev() {
            self.spend(((end - from) * wanted.len()) as u64 / 64, at)?;
            match pattern::matches(wanted, &text[from..end]) {
                Some(true) => return Ok(Ok(Some(end))),
                Some(false) => {}
                None => return Ok(Err(Unknown::other("a pattern that is not read", at))),
            }
        }
        self.spend((longest + 1).saturating_sub(shortest) as u64 / 8, at)?;
        Ok(Ok(None))
    }

    pub(crate) fn sliced(&mut self, name: &str, offset: &Word, length: Option<&Word>, at: Span) -> Run<Val> {
        let value = self.value_or_empty(name, at)?;
        let offset = self.compute(offset)?;
        let length = match length {
            Some(length) => Some(self.compute(length)?),
            None => None,
        };
        if matches!(name, "@" | "*") {
            return Ok(Val::Unknown(Unknown::other("some of the arguments", at)));
        }
        let text = match value.need() {
            Ok(text) => text.bytes(),
            Err(unknown) => return Ok(Val::Unknown(unknown.as_part())),
        };
        let (offset, length) = match (offset, length.transpose()) {
            (Ok(offset), Ok(length)) => (offset, length),
            (Err(unknown), _) | (_, Err(unknown)) => return Ok(Val::Unknown(unknown)),
        };
        if !text.is_ascii() {
            return Ok(Val::Unknown(Unknown::other("a length that depends on the locale", at)));
        }
        let len = text.len() as i64;
        let start = if offset < 0 { len.saturating_add(offset) } else { offset };
        let end = match length {
            None => len,
            Some(length) if length < 0 => len.saturating_add(length),
            Some(length) => start.saturating_add(length).min(len),
        };
        if start < 0 || start > len {
            return Ok(Val::known(b""));
        }
        if end < start {
            // The shell complains, and what it does then hangs on where it is.
            return Ok(Val::Unknown(Unknown::other("a length below nothing", at)));
        }
        Ok(Val::known(&text[start as usize..end as usize]))
    }

    pub(crate) fn case_changed(&mut self, name: &str, to_upper: bool, all: bool, at: Span) -> Run<Val> {
        let value = self.value_or_empty(name, at)?;
        let text = match value.need() {
            Ok(text) if text.bytes().is_ascii() && !matches!(name, "@" | "*") => text.bytes(),
            Ok(_) => return Ok(Val::Unknown(Unknown::other("letters that depend on the locale", at))),
            Err(unknown) => return Ok(Val::Unknown(unknown.as_part())),
        };
        let mut out = Text::new();
        for (index, byte) in text.iter().enumerate() {
            out.push(match (all || index == 0, to_upper) {
                (true, true) => byte.to_ascii_uppercase(),
                (true, false) => byte.to_ascii_lowercase(),
                (false, _) => *byte,
            });
        }
        Ok(Val::of(out))
    }
}
