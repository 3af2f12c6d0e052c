//! Whether a profile's tokens are given at the restricted socket, and until when. Never more than what the file says: what it
//! says and nobody understands is a fault of the file, not a yes.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use toml::Value;

/// The key of the profile's file, and of `set`.
pub const KEY: &str = "allow_forward";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Forward {
    #[default]
    No,
    Yes,
    /// Seconds since 1970, on the machine's wall clock: an end that a person wrote is one of theirs.
    Until(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "allow_forward is true, false, a time in UTC such as 2026-12-31T12:00:00Z, or a length such as +3600s"
)]
pub struct BadForward;

impl Forward {
    pub fn is_open(self, wall_s: i64) -> bool {
        match self {
            Forward::No => false,
            Forward::Yes => true,
            Forward::Until(end_s) => wall_s < end_s,
        }
    }

    /// As a person says it: `true`, `false`, a time, or `+3600s` from now.
    pub fn parse(text: &str, wall_s: i64) -> Result<Forward, BadForward> {
        if let Some(length) = text.strip_prefix('+') {
            let seconds = length.strip_suffix('s').and_then(|length| length.parse::<u32>().ok());
            let seconds = seconds.ok_or(BadForward)?;
            return Ok(Forward::Until(wall_s.saturating_add(i64::from(seconds))));
        }
        match text {
            "true" => Ok(Forward::Yes),
            "false" => Ok(Forward::No),
            text => time(text).map(Forward::Until),
        }
    }

    pub(super) fn read(value: &Value) -> Result<Forward, BadForward> {
        match value {
            Value::Boolean(true) => Ok(Forward::Yes),
            Value::Boolean(false) => Ok(Forward::No),
            Value::String(text) => time(text).map(Forward::Until),
            Value::Datetime(at) => time(&at.to_string()).map(Forward::Until),
            _ => Err(BadForward),
        }
    }

    /// What the file is to say; nothing where it is off.
    pub(super) fn value(self) -> Option<Value> {
        match self {
            Forward::No => None,
            Forward::Yes => Some(Value::Boolean(true)),
            Forward::Until(_) => Some(Value::String(self.to_string())),
        }
    }
}

/// A time without a zone is one in UTC.
fn time(text: &str) -> Result<i64, BadForward> {
    let in_utc = || text.parse::<DateTime>().and_then(|time| time.to_zoned(TimeZone::UTC));
    let at = text.parse::<Timestamp>().or_else(|_| in_utc().map(|zoned| zoned.timestamp()));
    at.map(Timestamp::as_second).map_err(|_| BadForward)
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Forward::No => f.write_str("false"),
            Forward::Yes => f.write_str("true"),
            Forward::Until(end_s) => match Timestamp::from_second(*end_s) {
                Ok(end) => end.fmt(f),
                Err(_) => f.write_str("false"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_clear_yes_is_a_fault_and_an_end_is_an_end() {
        let end = Forward::parse("2026-12-31T12:00:00Z", 0).unwrap();
        assert_eq!(end, Forward::Until(1_798_718_400));
        assert_eq!(Forward::parse("2026-12-31T12:00", 0), Ok(end));
        assert!(end.is_open(1_798_718_399) && !end.is_open(1_798_718_400));
        assert_eq!(Forward::parse("+90s", 10), Ok(Forward::Until(100)));
        assert!(Forward::Yes.is_open(i64::MAX) && !Forward::No.is_open(0));
        for text in ["", "yes", "TRUE", "1", "tomorrow", "+", "+90", "+9ss", "+-1s", "2026-13-01T00:00:00Z"] {
            assert_eq!(Forward::parse(text, 0), Err(BadForward), "{text}");
        }
        for value in [Value::Integer(1), Value::String("true".to_owned()), Value::Array(Vec::new())] {
            assert_eq!(Forward::read(&value), Err(BadForward), "{value}");
        }
    }
}
