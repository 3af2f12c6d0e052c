//! Makes a file smaller as long as it still shows what it shows: whole lines first, then what lies between blanks.

/// Each costs two starts of a shell.
const TRIES_MAX: u32 = 120;

/// The smallest text found of which `shows` holds; it holds of `text`.
pub(crate) fn shrink(text: &str, mut shows: impl FnMut(&str) -> bool) -> String {
    let mut text = text.to_owned();
    let mut tries = 0;
    let mut shows = |text: &str| {
        tries += 1;
        tries <= TRIES_MAX && shows(text)
    };
    loop {
        let before = text.len();
        text = without_parts(&text, "\n", &mut shows);
        text = without_parts(&text, " ", &mut shows);
        if text.len() == before {
            return text;
        }
    }
}

/// Leaves out runs of parts, long runs first.
fn without_parts(text: &str, separator: &str, shows: &mut impl FnMut(&str) -> bool) -> String {
    let mut parts: Vec<&str> = text.split(separator).collect();
    let mut run = parts.len() / 2;
    while run > 0 {
        let mut at = 0;
        while at < parts.len() {
            let end = (at + run).min(parts.len());
            let rest = [&parts[..at], &parts[end..]].concat();
            if shows(&rest.join(separator)) {
                parts = rest;
            } else {
                at = end;
            }
        }
        run /= 2;
    }
    parts.join(separator)
}
