//! What a value betrays. The words never show it.

use super::Kind;
use crate::openrc::mask::may_be_secret_name;
use crate::openrc::names;

pub(crate) fn of_value(name: &str, text: &str) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    if is_placeholder(name, text) {
        found.push((Kind::Placeholder, format!("{name} still holds a placeholder")));
    }
    let is_of_the_field = names::leftovers().any(|known| known == name);
    if is_of_the_field && text.trim() != text && !text.trim().is_empty() {
        found.push((Kind::BlankAtEdge, format!("the value of {name} begins or ends with a blank")));
    }
    if text.contains(char::is_control) {
        found.push((Kind::ControlCharacter, format!("{name} holds a control character")));
    }
    match name {
        "OS_INSECURE" if is_true(text) => {
            found.push((
                Kind::Insecure,
                "OS_INSECURE turns off the check of the server's certificate".to_owned(),
            ));
        }
        "OS_VERIFY" if matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off") => {
            found.push((
                Kind::Insecure,
                "OS_VERIFY turns off the check of the server's certificate".to_owned(),
            ));
        }
        "OS_AUTH_URL" => {
            let origin = crate::profile::Origin::of(text);
            if origin.is_some_and(|origin| origin.is_plain_http() && !origin.is_loopback()) {
                let words = "http:// sends the password across the network in clear text";
                found.push((Kind::PlainHttp, words.to_owned()));
            }
        }
        "OS_TOKEN" | "OS_AUTH_TOKEN" if !text.is_empty() => {
            found.push((
                Kind::TokenExported,
                format!("{name} is a token: it ends by itself and opens all until then"),
            ));
        }
        _ => {}
    }
    found
}

/// What the clients take as true.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

/// Words that stand in guides where a value is to be put.
const STOCK: &[&str] = &[
    "a",
    "api",
    "auth",
    "change",
    "changeme",
    "cloud",
    "credential",
    "domain",
    "enter",
    "fill",
    "here",
    "id",
    "in",
    "insert",
    "key",
    "me",
    "my",
    "name",
    "of",
    "openstack",
    "os",
    "pass",
    "passwd",
    "password",
    "project",
    "put",
    "region",
    "replace",
    "secret",
    "tenant",
    "the",
    "this",
    "todo",
    "token",
    "url",
    "user",
    "username",
    "with",
    "xxx",
    "xxxx",
    "xxxxx",
    "xxxxxx",
    "xxxxxxxx",
    "your",
    "yours",
];

/// Brackets around words that stand in guides: it is nobody's secret and may be shown.
pub(crate) fn is_stock_placeholder(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) else { return false };
    let mut words = inside.split([' ', '_', '-', '.']).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| STOCK.contains(&word.to_ascii_lowercase().as_str()))
}

/// Words that say by themselves that something is to be put there.
const ORDERS: &[&str] =
    &["change", "changeme", "enter", "fill", "insert", "put", "replace", "todo", "your", "yours"];

/// `<your password>` within a text, `CHANGE_ME`, `your-password`, `%PASSWORD%`, `xxxx` and the like.
fn is_placeholder(name: &str, text: &str) -> bool {
    if let Some((_, rest)) = text.split_once('<')
        && let Some((inside, _)) = rest.split_once('>')
        && inside.len() > 2
        && inside.chars().all(|c| c.is_alphanumeric() || " _-.".contains(c))
        && inside.contains(char::is_alphabetic)
    {
        return true;
    }
    let lower = text.to_ascii_lowercase();
    let is_filler = lower.len() >= 3 && ["x", "*", ".", "?"].iter().any(|c| lower.replace(c, "").is_empty());
    let brackets: &[(&str, &str)] = &[("[", "]"), ("{", "}"), ("%", "%"), ("@", "@"), ("__", "__")];
    let bracketed = brackets.iter().find_map(|(open, close)| lower.strip_prefix(open)?.strip_suffix(close));
    let inside = bracketed.unwrap_or(&lower);
    let words: Vec<&str> = inside.split([' ', '_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let are_stock = !words.is_empty() && words.iter().all(|word| STOCK.contains(word));
    let is_order = words.iter().any(|word| ORDERS.contains(word));
    is_filler
        || (are_stock && (is_order || (bracketed.is_some() && (words.len() > 1 || may_be_secret_name(name)))))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn what_guides_leave_to_be_filled_in_is_told_from_values() {
        for text in [
            "<your password>",
            "LAB-<name of your project>",
            "CHANGE_ME",
            "changeme",
            "your_password",
            "xxx",
            "****",
            "%USERNAME%",
            "{password}",
            "[your-password]",
            "__PASSWORD__",
            "enter-password-here",
        ] {
            assert!(is_placeholder("OS_PASSWORD", text), "{text}");
        }
        for text in [
            "password",
            "secret",
            "admin",
            "user-1",
            "a<b",
            "1 < 2 > 0",
            "default",
            "xx",
            "{x}",
            "my-project",
        ] {
            assert!(!is_placeholder("OS_PROJECT_NAME", text), "{text}");
        }
    }
}
