//! Brace expansion, `{a,b}` and `{1..3}`: the only expansion that comes before all others. Pure; it knows no values.

use super::ast::{Part, Word};
use super::text::Text;

/// The words that `word` becomes; `None` if it has no braces that expand. What has braces beyond the simple forms is
/// an error that says so: better not known than wrong.
pub(crate) fn expand(word: &Word) -> Result<Option<Vec<Word>>, &'static str> {
    let is_open = |part: &Part| matches!(part, Part::Bare(text) if text.bytes().contains(&b'{'));
    if !word.parts.iter().any(is_open) {
        return Ok(None);
    }
    let bare = word.parts.iter().filter_map(|part| match part {
        Part::Bare(text) => Some(text.bytes()),
        _ => None,
    });
    let has = |byte: u8| bare.clone().any(|text| text.contains(&byte));
    if !has(b'}') || !(has(b',') || bare.clone().any(|text| text.windows(2).any(|pair| pair == b".."))) {
        return Ok(None);
    }
    let [Part::Bare(text)] = word.parts.as_slice() else {
        return Err("a brace expansion with quotes or variables in it");
    };
    let bytes = text.bytes();
    let open = bytes.iter().position(|&byte| byte == b'{').unwrap_or(0);
    let close = bytes.iter().position(|&byte| byte == b'}').unwrap_or(0);
    let is_simple = bytes.iter().filter(|&&byte| byte == b'{').count() == 1
        && bytes.iter().filter(|&&byte| byte == b'}').count() == 1
        && open < close;
    if !is_simple {
        return Err("a brace expansion inside another");
    }
    let inside = &bytes[open + 1..close];
    if !inside.contains(&b',') {
        return match inside.windows(2).any(|pair| pair == b"..") {
            true => Err("a brace expansion that counts"),
            false => Ok(None),
        };
    }
    let word_of = |piece: &[u8]| {
        let mut text = Text::of(&bytes[..open]);
        text.extend(piece);
        text.extend(&bytes[close + 1..]);
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Bare(text)] };
        Word { parts, span: word.span }
    };
    Ok(Some(inside.split(|&byte| byte == b',').map(word_of).collect()))
}
