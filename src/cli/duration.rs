//! Lengths of time as people write them: `300ms`, `90s`, `10m`, `8h`, `1d`; a bare number is seconds.

use std::time::Duration;

/// A year: longer than any token lives, and small enough that no sum overflows.
const MAX: Duration = Duration::from_secs(365 * 24 * 3600);

pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let millis = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60 * 1000),
        "h" => number.checked_mul(3600 * 1000),
        "d" => number.checked_mul(24 * 3600 * 1000),
        _ => return Err(expected()),
    };
    millis
        .map(Duration::from_millis)
        .filter(|length| *length <= MAX)
        .ok_or_else(|| "longer than a year".to_owned())
}

fn expected() -> String {
    "a length of time is a number and ms, s, m, h or d: 90s".to_owned()
}

/// The same, for people: the two largest units.
pub(crate) fn words(seconds: u64) -> String {
    let (d, h, m, s) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, _) => format!("{m} min {s:02} s"),
        (0, _, _) => format!("{h} h {m:02} min"),
        _ => format!("{d} d {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_everything_else_refused() {
        for (text, millis) in
            [("300ms", 300), ("90s", 90_000), ("90", 90_000), ("10m", 600_000), ("8h", 28_800_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "1.5h", "10 m", "99999999999999999999", "18446744073709551615d", "400d"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn people_read_two_units() {
        assert_eq!(
            [words(7), words(65), words(7260), words(90_000)],
            ["7 s", "1 min 05 s", "2 h 01 min", "1 d 1 h"]
        );
    }
}
