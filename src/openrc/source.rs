//! One file's text, ready to be parsed: a BOM skipped, CR LF made an end of line, what no rc file holds refused. It maps
//! an offset back to line and column, and to the byte of the file as it was.

use zeroize::Zeroizing;

use super::place::{Fault, Parsed, Place, Reason, Refusal, Span};

/// A real file has 1 to 8 KiB; this is what a person could still have written.
pub const FILE_LEN_MAX: usize = 256 * 1024;

const BLOCK_LEN: usize = 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";

pub(crate) struct Source {
    /// Without BOM, every end of line `\n`.
    pub(crate) text: Zeroizing<Vec<u8>>,
    /// Offset in `text` and in the original of each line's first byte.
    lines: Vec<(usize, usize)>,
    /// Characters before each block of bytes, so that a column deep in a long line is found at once.
    characters: Vec<usize>,
    /// The text of an `eval` has no lines of its own: all of it stands where the `eval` does.
    stands_at: Option<Place>,
    number: u16,
}

impl Source {
    pub(crate) fn new(original: &[u8], number: u16) -> Parsed<Source> {
        let source = Source::split(original, number);
        if original.len() > FILE_LEN_MAX {
            let what = format!("the file is larger than {} KiB", FILE_LEN_MAX / 1024);
            return Err(Fault::new(Span { file: number, ..Span::default() }, Reason::TooLarge, what));
        }
        if let Some(at) = source.text.iter().position(|&byte| byte == 0) {
            let at = Span { file: number, start: at as u32, end: at as u32 + 1 };
            return Err(Fault::new(
                at,
                Reason::NulByte,
                "a NUL byte: no shell keeps it, and no password holds one",
            ));
        }
        Ok(source)
    }

    /// The text of an `eval`.
    pub(crate) fn of_eval(text: &[u8], number: u16, stands_at: Place) -> Source {
        Source {
            text: Zeroizing::new(text.to_vec()),
            lines: vec![(0, 0)],
            characters: vec![0],
            stands_at: Some(stands_at),
            number,
        }
    }

    /// A file's, not the text of an `eval`.
    pub(crate) fn is_file(&self) -> bool {
        self.stands_at.is_none()
    }

    /// Lines and nothing refused: for counting places only.
    pub(crate) fn split_only(original: &[u8]) -> Source {
        Source::split(original, 0)
    }

    fn split(original: &[u8], number: u16) -> Source {
        let original = &original[..original.len().min(FILE_LEN_MAX + 1)];
        let mut at = if original.starts_with(BOM) { BOM.len() } else { 0 };
        // A file that has no LF at all was written where CR alone ends a line.
        let lone_cr_ends = !original.contains(&b'\n');
        let mut text = Zeroizing::new(Vec::with_capacity(original.len()));
        let mut lines = vec![(0, at)];
        while at < original.len() {
            let is_crlf = original[at..].starts_with(b"\r\n");
            let byte = original[at];
            at += if is_crlf { 2 } else { 1 };
            if is_crlf || byte == b'\n' || (byte == b'\r' && lone_cr_ends) {
                text.push(b'\n');
                lines.push((text.len(), at));
            } else {
                text.push(byte);
            }
        }
        let mut characters = vec![0];
        for block in text.chunks(BLOCK_LEN) {
            characters.push(characters.last().unwrap_or(&0) + count(block));
        }
        Source { text, lines, characters, stands_at: None, number }
    }

    pub(crate) fn place(&self, offset: u32) -> Place {
        if let Some(place) = self.stands_at {
            return place;
        }
        let offset = (offset as usize).min(self.text.len());
        let index = self.lines.partition_point(|&(start, _)| start <= offset).saturating_sub(1);
        let start = self.lines[index].0;
        let before = self.characters_before(offset) - self.characters_before(start);
        Place { file: self.number, line: index as u32 + 1, column: before as u32 + 1 }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK_LEN;
        self.characters.get(block).unwrap_or(&0) + count(&self.text[block * BLOCK_LEN..offset])
    }

    /// The offset in the file as it was.
    pub(crate) fn original(&self, offset: u32) -> usize {
        let offset = offset as usize;
        let index = self.lines.partition_point(|&(start, _)| start <= offset).saturating_sub(1);
        let (start, original) = self.lines[index];
        original + (offset - start)
    }

    /// Of each line, from 0: where it begins in the text.
    pub(crate) fn line_starts(&self) -> impl Iterator<Item = usize> + '_ {
        self.lines.iter().map(|&(start, _)| start)
    }

    /// Where the text of a line lies, its end taken off; the first line is 1.
    pub(crate) fn line_span(&self, line: u32) -> Option<(usize, usize)> {
        let index = (line as usize).checked_sub(1)?;
        let start = self.lines.get(index)?.0;
        let end = self.lines.get(index + 1).map_or(self.text.len(), |(next, _)| next - 1);
        Some((start, end))
    }

    /// The text of an `eval` has none.
    pub(crate) fn has_lines(&self) -> bool {
        self.stands_at.is_none()
    }

    pub(crate) fn line_of(&self, offset: u32) -> usize {
        self.lines.partition_point(|&(start, _)| start <= offset as usize).saturating_sub(1)
    }

    pub(crate) fn refuse(&self, fault: Fault) -> Refusal {
        let Fault { at, reason, what, hint } = fault;
        Refusal { place: self.place(at.start), reason, what, hint }
    }
}

/// Characters, not bytes.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
