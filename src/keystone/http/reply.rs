//! A whole reply, read under a ceiling into a buffer that is wiped.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use zeroize::Zeroizing;

use crate::keystone::fault::Fault;
use crate::keystone::http::{REPLY_LEN_MAX, cause};
use crate::keystone::url::Base;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
    headers: HeaderMap,
    url: reqwest::Url,
}

pub(super) async fn read(mut response: reqwest::Response, base: &Base) -> Result<Reply, Fault> {
    let too_large = || Fault::ReplyTooLarge { at: base.to_string(), len_max: REPLY_LEN_MAX };
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).ok().filter(|len| *len <= REPLY_LEN_MAX);
    let mut body = Zeroizing::new(Vec::with_capacity(announced.ok_or_else(too_large)?));
    while let Some(chunk) = response.chunk().await.map_err(|error| cause::fault(base, error))? {
        if body.len() + chunk.len() > REPLY_LEN_MAX {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let url = response.url().clone();
    Ok(Reply { status: response.status().as_u16(), body, headers: response.headers().clone(), url })
}

impl Reply {
    /// `None` when it is absent or holds anything but visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let text = self.headers.get(name)?.to_str().ok()?;
        text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ').then_some(text)
    }

    pub(crate) fn is_json(&self) -> bool {
        self.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/json"))
    }

    /// The server's clock, in seconds since the epoch.
    pub(crate) fn date_s(&self) -> Option<i64> {
        self.header(DATE.as_str()).and_then(date_s)
    }

    /// In seconds, or as a date; a date counts from the server's own clock, so that ours need not be right.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let text = self.header(RETRY_AFTER.as_str())?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let left = date_s(text)?.saturating_sub(self.date_s()?);
        Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
    }

    /// Where it points, without user, query and fragment: fit to be shown.
    pub(crate) fn location(&self) -> Option<String> {
        let mut to = self.url.join(self.header(LOCATION.as_str())?).ok()?;
        to.set_query(None);
        to.set_fragment(None);
        // Both fail only for URLs that can hold neither.
        let _ = to.set_username("");
        let _ = to.set_password(None);
        Some(to.to_string())
    }
}

/// RFC 9110's one date form is a subset of RFC 2822's.
fn date_s(text: &str) -> Option<i64> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_is_read_as_seconds_since_the_epoch() {
        assert_eq!(date_s("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date_s("Sun Nov  6 08:49:37 1994"), None);
        assert_eq!(date_s("soon"), None);
    }
}
