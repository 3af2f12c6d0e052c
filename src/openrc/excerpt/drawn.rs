//! A line as it comes to stand on a terminal: its pieces in their order, what is masked in place, cut to a width, and the
//! columns of what is meant, counted in the terminal's cells.

use super::{Excerpt, Piece, Show};
use crate::openrc::mask::MASK;
use crate::openrc::reading::printable;

/// A line is cut to what a terminal of a hundred columns shows, with the place and the gutter before it.
const CELLS_MAX: usize = 84;
/// What stays before the place in a line that is cut in front.
const CELLS_BEFORE: usize = 24;

const CUT: &str = "…";
const COMMENT: &str = "# …";

/// `at` is the byte of the line that is meant; what is meant ends at `meant`, or with its word.
pub(super) fn excerpt(line: &str, pieces: Vec<Piece>, at: usize, meant: Option<usize>) -> Option<Excerpt> {
    let pieces = merged(line, pieces);
    let mut text = String::new();
    let (mut before, mut len) = (0, 0);
    for (index, piece) in pieces.iter().enumerate() {
        let shown = match piece.show {
            Show::AsIs => printable(&line[piece.start..piece.end]),
            Show::Masked => MASK.to_owned(),
            Show::Cut => COMMENT.to_owned(),
        };
        if len == 0 && (piece.end > at || index + 1 == pieces.len()) {
            let inner = match piece.show {
                Show::AsIs => cells(&printable(&line[piece.start..at.clamp(piece.start, piece.end)])),
                _ => 0,
            };
            let word = shown.trim_end_matches(['=', ';']);
            before = cells(&text) + inner;
            len = cells(word).saturating_sub(inner).max(1);
        } else if len > 0 && meant.is_some_and(|end| piece.start < end) {
            len = cells(&text) + cells(shown.trim_end_matches(['"', ' '])) - before;
        }
        text.push_str(&shown);
    }
    let text = text.trim_end();
    (!text.is_empty()).then(|| cut(text, before, len))
}

/// What is masked side by side is one mask, blanks between included.
fn merged(line: &str, pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::new();
    let is_blank = |piece: &Piece| line[piece.start..piece.end].trim().is_empty();
    for piece in pieces {
        if piece.show == Show::Masked {
            let blanks = merged.iter().rev().take_while(|before| is_blank(before)).count();
            let last = merged.len().checked_sub(blanks + 1).filter(|&last| merged[last].show == Show::Masked);
            if let Some(last) = last {
                merged.truncate(last + 1);
                merged[last].end = piece.end;
                continue;
            }
        }
        merged.push(piece);
    }
    merged
}

fn cut(text: &str, before: usize, len: usize) -> Excerpt {
    let mut skipped = 0;
    let mut rest = text;
    let mut shown = String::new();
    if before + len > CELLS_MAX && before > CELLS_BEFORE {
        while skipped < before - CELLS_BEFORE
            && let Some(c) = rest.chars().next()
        {
            skipped += width(c);
            rest = &rest[c.len_utf8()..];
        }
        shown.push_str(CUT);
        skipped -= cells(CUT);
    }
    for c in rest.chars() {
        if cells(&shown) + width(c) >= CELLS_MAX {
            shown.push_str(CUT);
            break;
        }
        shown.push(c);
    }
    let before = before.saturating_sub(skipped);
    let len = len.min(cells(&shown).saturating_sub(before)).max(1);
    Excerpt { text: shown, before, cells: len }
}

/// The columns that a text takes on a terminal.
pub fn cells(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// By the East Asian width of the Unicode blocks; a combining mark takes none.
fn width(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f => 0,
        0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x200b..=0x200d | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0xfe20..=0xfe2f | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 => 2,
        0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use crate::openrc::{Context, Excerpts, Mask, NoFiles, Place, read};

    /// The excerpt of the one line of a file, its caret line below it.
    fn drawn(text: &str, column: u32) -> String {
        let context = Context {
            home: "",
            user: "",
            dir: "/",
            file_name: "rc",
            args: &[],
            answers: &[],
            files: &NoFiles,
        };
        let place = Place { file: 0, line: 1, column };
        let excerpt = match read(text.as_bytes(), &context) {
            Ok(reading) => Excerpts::of(&reading, &Mask::of(&reading, &[])).at(place),
            Err(_) => Excerpts::of_refused(text.as_bytes(), false).at(place),
        };
        let excerpt = excerpt.unwrap();
        format!("{}\n{}{}", excerpt.text, " ".repeat(excerpt.before), "^".repeat(excerpt.cells))
    }

    #[track_caller]
    fn check(text: &str, column: u32, wanted: &str) {
        assert_eq!(drawn(text, column), wanted, "{text}");
    }

    #[test]
    fn a_caret_stands_under_its_word_whatever_is_before_it() {
        check("export OS_PASSWORD=abc", 20, "export OS_PASSWORD=********\n                   ^^^^^^^^");
        check("export\tOS_USERNAME=ada", 20, "export OS_USERNAME=ada\n                   ^^^");
        check(
            "export OS_USERNAME=日本 OS_REGION_NAME=x",
            23,
            "export OS_USERNAME=日本 OS_REGION_NAME=x\n                        ^^^^^^^^^^^^^^",
        );
        check(
            "export OS_USERNAME=e\u{301} OS_REGION_NAME=x",
            23,
            "export OS_USERNAME=e\u{301} OS_REGION_NAME=x\n                     ^^^^^^^^^^^^^^",
        );
    }

    #[test]
    fn what_is_not_known_to_be_harmless_is_masked_and_a_comment_is_cut() {
        check("export OS_USERNAME=ada # was hunter2", 8, "export OS_USERNAME=ada # …\n       ^^^^^^^^^^^");
        check("curl -u ada:hunter2 https://h/", 1, "curl -u ********\n^^^^");
        check("export OS_PASSWORD='hunter2", 20, "export OS_PASSWORD=********\n                   ^^^^^^^^");
        check(
            "export OS_USERNAME=x'hunter2 hunter3",
            21,
            "export OS_USERNAME=********\n                   ^^^^^^^^",
        );
        check(
            "export OS_PASSWORD=\"$(pass show cloud)\"",
            21,
            "export OS_PASSWORD=\"$(pass show cloud)\"\n                    ^^^^^^^^^^^^^^^^^^",
        );
        check(
            "export OS_PASSWORD=$(echo hunter2)",
            20,
            "export OS_PASSWORD=$(echo ********\n                   ^^^^^^^^^^^^^^^",
        );
    }

    #[test]
    fn a_long_line_is_cut_around_its_place() {
        let text = format!("export OS_USERNAME={} OS_REGION_NAME=x", "a".repeat(200));
        let shown = drawn(&text, 221);
        let (line, caret) = shown.split_once('\n').unwrap();
        assert!(line.starts_with('…') && line.ends_with("OS_REGION_NAME=x"), "{line}");
        assert_eq!(
            super::cells(&caret.replace('^', "")),
            super::cells(line.split("OS_REGION").next().unwrap())
        );
    }
}
