//! What a text without quotes is to PyYAML, which reads YAML 1.1: not every one is the text that stands there. A number whose
//! own way of writing is that of the file (`3`, `2.0`) is taken for the text, as `openstack` turns it back into one.

use crate::openrc::text::Text;

#[derive(Debug, Clone)]
pub(crate) enum Scalar {
    Text(Text),
    Bool(bool),
    Null,
    /// `<<`, as a key.
    Merge,
    /// In words that complete "it hangs on …".
    Other(&'static str),
}

/// More digits than these a floating point number does not keep.
const DIGITS_MAX: usize = 15;

pub(crate) fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        "<<" => return Scalar::Merge,
        "=" => return Scalar::Other("a sign that YAML gives a meaning; put it in quotes"),
        _ => {}
    }
    if is_number(text) && !is_written_back(text) {
        return Scalar::Other("a number that YAML reads otherwise than it is written; put it in quotes");
    }
    if is_date(text) {
        return Scalar::Other("a text that YAML reads as a date; put it in quotes");
    }
    Scalar::Text(Text::of(text.as_bytes()))
}

/// Python writes the number as it stands here.
fn is_written_back(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = |text: &str| is_digits(text) && (text == "0" || !text.starts_with('0'));
    match digits.split_once('.') {
        None => is_whole(digits) && text != "-0",
        Some((whole, fraction)) => {
            is_whole(whole)
                && is_digits(fraction)
                && (fraction == "0" || !fraction.ends_with('0'))
                // Small ones are written with an exponent.
                && (whole != "0" || fraction == "0" || !fraction.starts_with("000"))
                && whole.len() + fraction.len() <= DIGITS_MAX
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// PyYAML's own patterns for `int` and `float`.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let all = |text: &str, digits: &str| !text.is_empty() && text.chars().all(|c| digits.contains(c));
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(bits) = unsigned.strip_prefix("0b") {
        return all(bits, "01_");
    }
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return all(digits, "0123456789abcdefABCDEF_");
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    if let Some(exponent) = exponent {
        let is_exponent = exponent.strip_prefix(['+', '-']).is_some_and(is_digits);
        return is_exponent && is_point(mantissa, digits);
    }
    if let Some((hours, rest)) = unsigned.split_once(':') {
        let rest =
            rest.split_once('.').map_or(rest, |(rest, fraction)| if digits(fraction) { rest } else { "x" });
        let is_sixty = |part: &str| is_digits(part) && part.len() <= 2 && (part.len() == 1 || part < "60");
        return starts_with_digit(hours) && digits(hours) && rest.split(':').all(is_sixty);
    }
    is_point(unsigned, digits)
        || (unsigned.starts_with('0') && all(&unsigned[1..], "01234567_"))
        || unsigned == "0"
        || (unsigned.starts_with(|c: char| ('1'..='9').contains(&c)) && digits(unsigned))
}

/// `1.`, `1.5`, `.5`
fn is_point(text: &str, digits: impl Fn(&str) -> bool) -> bool {
    match text.split_once('.') {
        Some(("", fraction)) => starts_with_digit(fraction) && digits(fraction),
        Some((whole, fraction)) => starts_with_digit(whole) && digits(whole) && digits(fraction),
        None => false,
    }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// `2026-11-22`, and anything that begins so and goes on with a time.
fn is_date(text: &str) -> bool {
    let Some((year, rest)) = text.split_once('-') else { return false };
    let Some((month, rest)) = rest.split_once('-') else { return false };
    let day = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (day, time) = rest.split_at(day);
    let short = |text: &str| is_digits(text) && text.len() <= 2;
    year.len() == 4
        && is_digits(year)
        && short(month)
        && short(day)
        && (time.is_empty() || (time.starts_with(['T', 't', ' ', '\t']) && time.contains(':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_text_only_where_python_writes_it_back() {
        let is_text = |text: &str| matches!(plain(text), Scalar::Text(_));
        for text in [
            "3",
            "0",
            "-7",
            "2.0",
            "12345678901234567890123456789012",
            "1.25",
            "0.5",
            "09",
            "1e5",
            "3.",
            "v3",
        ]
        .into_iter()
        .filter(|text| *text != "3.")
        {
            assert!(is_text(text), "{text}");
        }
        for text in [
            "010",
            "0x1f",
            "1_000",
            "+3",
            "2.10",
            "3.",
            "1.5e+3",
            "12:30",
            "2026-11-22",
            ".5",
            "-0",
            "0.00001",
        ] {
            assert!(matches!(plain(text), Scalar::Other(_)), "{text}");
        }
    }
}
