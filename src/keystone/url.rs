//! The auth URL as people write it, made into the address of Identity v3. Pure text: it resolves nothing, and it never
//! changes scheme, host or port, for the secret is bound to them.

use std::fmt;

use crate::profile::Origin;

/// Where Identity v3 answers: `https://cloud:5000/v3`, `https://cloud/identity/v3`. No slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Base(String);

/// Why an auth URL is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("OS_AUTH_URL is no http:// or https:// URL with a host")]
    NotHttp,
    #[error("OS_AUTH_URL holds a user name or a password before its host")]
    UserInfo,
    #[error("OS_AUTH_URL holds a query or a fragment ('?' or '#')")]
    Query,
    #[error("OS_AUTH_URL holds a blank, a backslash or a control character")]
    Character,
}

/// What an auth URL may end in. Old files of OVHcloud still name v2.0; v3 stands beside it.
const VERSIONS: &[&str] = &["v3", "v2.0"];

impl Base {
    pub(crate) fn of(auth_url: &str) -> Result<Base, BadUrl> {
        if auth_url.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(BadUrl::Character);
        }
        let (scheme, rest) = auth_url.split_once("://").ok_or(BadUrl::NotHttp)?;
        if rest.contains(['?', '#']) {
            return Err(BadUrl::Query);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(BadUrl::UserInfo);
        }
        Origin::of(auth_url).ok_or(BadUrl::NotHttp)?;
        let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if segments.last().is_some_and(|last| VERSIONS.contains(last)) {
            segments.pop();
        }
        segments.push("v3");
        Ok(Base(format!("{}://{authority}/{}", scheme.to_ascii_lowercase(), segments.join("/"))))
    }

    /// The whole address of `path`, which has no leading slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}/{path}", self.0)
    }

    pub(crate) fn is_plain_http(&self) -> bool {
        self.0.starts_with("http://")
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(auth_url: &str, expect: Result<&str, BadUrl>) {
        assert_eq!(Base::of(auth_url).map(|base| base.to_string()), expect.map(str::to_owned), "{auth_url}");
    }

    #[test]
    fn every_spelling_of_an_auth_url_leads_to_v3() {
        let rows = [
            ("https://cloud:5000", "https://cloud:5000/v3"),
            ("https://cloud:5000/", "https://cloud:5000/v3"),
            ("https://cloud:5000/v3", "https://cloud:5000/v3"),
            ("https://cloud:5000/v3/", "https://cloud:5000/v3"),
            ("https://cloud:5000/v3//", "https://cloud:5000/v3"),
            ("https://cloud:5000//v3", "https://cloud:5000/v3"),
            ("https://cloud/identity", "https://cloud/identity/v3"),
            ("https://cloud/identity/", "https://cloud/identity/v3"),
            ("https://cloud/identity/v3", "https://cloud/identity/v3"),
            ("https://cloud/identity/v2.0/", "https://cloud/identity/v3"),
            ("https://auth.cloud.ovh.net/v2.0/", "https://auth.cloud.ovh.net/v3"),
            ("https://auth.cloud.ovh.net/v2.0", "https://auth.cloud.ovh.net/v3"),
            ("HTTPS://Cloud:5000/v3", "https://Cloud:5000/v3"),
            ("http://[::1]:5000/v3", "http://[::1]:5000/v3"),
            ("https://cloud/v3/tenant", "https://cloud/v3/tenant/v3"),
            ("https://cloud/V3", "https://cloud/V3/v3"),
        ];
        for (auth_url, expect) in rows {
            check(auth_url, Ok(expect));
        }
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        let rows = [
            ("", BadUrl::NotHttp),
            ("cloud:5000/v3", BadUrl::NotHttp),
            ("ftp://cloud/v3", BadUrl::NotHttp),
            ("https:///v3", BadUrl::NotHttp),
            ("https://cloud:port/v3", BadUrl::NotHttp),
            ("https://cloud:99999/v3", BadUrl::NotHttp),
            ("https://ada@cloud/v3", BadUrl::UserInfo),
            ("https://ada:canary@cloud/v3", BadUrl::UserInfo),
            ("https://cloud/v3?x=1", BadUrl::Query),
            ("https://cloud?/v3", BadUrl::Query),
            ("https://cloud/v3#x", BadUrl::Query),
            ("https://cloud /v3", BadUrl::Character),
            ("https://cloud\t/v3", BadUrl::Character),
            ("https://cloud\\@evil/v3", BadUrl::Character),
            ("https://cloud/v3\n", BadUrl::Character),
        ];
        for (auth_url, expect) in rows {
            check(auth_url, Err(expect));
        }
    }
}
