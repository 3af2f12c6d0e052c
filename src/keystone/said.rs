//! What the other side said, made fit to be shown: one short line without control characters, and nothing at all where it
//! repeats the secret it was sent. Only Keystone's own error form is read; a web page or a debug dump is never quoted.

use std::fmt;

use crate::secret::Secret;

/// A line of a terminal or two; Keystone's own messages are shorter, and a longer one is no message.
const SAID_LEN_MAX: usize = 200;

/// The remote's own words, or none. Displays as a bracket to be put at the end of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of an error body, `{"error": {"message": …}}`. `sent` is whatever must not come back into a message.
    pub(crate) fn of(body: &[u8], sent: &Secret) -> Said {
        let Some(message) = message(body) else { return Said::default() };
        if repeats(&message, sent) {
            return Said::default();
        }
        let shown: String = message.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
        let words: Vec<&str> = shown.split_whitespace().collect();
        let line = words.join(" ");
        let cut: String = line.chars().take(SAID_LEN_MAX).collect();
        Said(if cut.len() < line.len() { format!("{cut}…") } else { cut })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " (it says: {})", self.0) }
    }
}

/// Whether this is an error body as Keystone writes it, and not some proxy's or web server's.
pub(crate) fn is_keystone_error(body: &[u8]) -> bool {
    message(body).is_some()
}

fn message(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        error: Error,
    }
    #[derive(serde::Deserialize)]
    struct Error {
        message: String,
    }
    serde_json::from_slice::<Body>(body).ok().map(|body| body.error.message)
}

/// Plainly, or as JSON would write it inside a repeated request.
fn repeats(message: &str, sent: &Secret) -> bool {
    if sent.is_empty() {
        return false;
    }
    let escaped = zeroize::Zeroizing::new(serde_json::to_string(sent.expose()).unwrap_or_default());
    message.contains(sent.expose()) || message.contains(escaped.trim_matches('"'))
}

/// Control characters move the cursor; the bidirectional ones and the line separators reorder what a person reads.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expect: &str) {
        let body = serde_json::json!({"error": {"code": 401, "message": message, "title": "x"}}).to_string();
        let said = Said::of(body.as_bytes(), &Secret::new("S3cret \"pa".to_owned()));
        assert_eq!(said.as_str(), expect);
    }

    #[test]
    fn a_message_is_one_short_line_that_moves_no_cursor() {
        check("The account is locked.", "The account is locked.");
        check("a\u{1b}[2Jb\r\nc", "a [2Jb c");
        check("x\u{202e}drowssap", "x drowssap");
        check(&"y".repeat(5000), &format!("{}…", "y".repeat(200)));
    }

    #[test]
    fn a_message_that_repeats_the_secret_is_dropped_whole() {
        check("bad password 'S3cret \"pa'", "");
        check(r#"bad request {"password": "S3cret \"pa"}"#, "");
        check(&format!("{}S3cret \"pa", "z".repeat(195)), "");
    }

    #[test]
    fn what_is_not_keystones_own_form_is_never_quoted() {
        let none = Secret::new(String::new());
        for body in
            ["<html>debug: canary</html>", "", "{}", r#"{"error": "canary"}"#, r#"{"message": "canary"}"#]
        {
            assert_eq!(Said::of(body.as_bytes(), &none), Said::default(), "{body}");
            assert!(!is_keystone_error(body.as_bytes()));
        }
    }
}
