//! Scheme, host and port: where a secret may go, and where it may not. It compares, and reaches nothing.

use std::fmt;

/// Scheme, host and port of an auth URL: what a secret is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// `https://host:5000` of `https://host:5000/v3/`; a missing port is the scheme's own. `None` for anything but http and https.
    pub fn of(url: &str) -> Option<Origin> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let (host, port) = split_port(authority)?;
        let port = if port.is_empty() { default_port } else { port.parse::<u16>().ok()? };
        let sound = !host.is_empty() && !authority.contains(['@', '\\', ' ']);
        sound.then(|| Origin(format!("{scheme}://{}:{port}", host.to_ascii_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without scheme and port, for labels.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        authority.rsplit_once(':').map_or(authority, |(host, _)| host)
    }

    pub fn is_plain_http(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// The machine itself: what `http://` may be spoken to without leave.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host == "[::1]"
            || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `host:port`, `host`, `[::1]:port` into host and port (empty when there is none).
fn split_port(authority: &str) -> Option<(&str, &str)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let end = rest.find(']')? + 2;
        let (host, port) = authority.split_at(end);
        return match port.strip_prefix(':') {
            Some(port) => Some((host, port)),
            None if port.is_empty() => Some((host, "")),
            None => None,
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => None,
        Some((host, port)) => Some((host, port)),
        None => Some((authority, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<String> {
        Origin::of(url).map(|origin| origin.to_string())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_however_the_url_is_written() {
        for url in ["https://Id.Example:443/v3/", "https://id.example", "HTTPS://id.example/identity?x#y"] {
            assert_eq!(origin(url).as_deref(), Some("https://id.example:443"), "{url}");
        }
        assert_eq!(origin("http://[::1]:5000/v3").as_deref(), Some("http://[::1]:5000"));
        for url in [
            "ftp://id.example",
            "id.example/v3",
            "https://",
            "https://ada:pw@id.example",
            "https://a:b:c/",
            "https://a:99999",
        ] {
            assert_eq!(origin(url), None, "{url}");
        }
    }

    #[test]
    fn only_the_machine_itself_is_loopback() {
        let is = |url: &str| Origin::of(url).unwrap().is_loopback();
        assert!(is("http://localhost:5000") && is("http://127.0.0.2") && is("http://[::1]/"));
        assert!(
            !is("http://localhost.example") && !is("http://128.0.0.1") && !is("http://127.0.0.1.example")
        );
    }
}
