//! A profile: a named identity and scope (auth URL, method, user, domains, project, region, interface, TLS). It never holds
//! a secret. Plain data, and the rules that say which of it is sound.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod origin;

pub use origin::Origin;

/// A profile's name: `[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}`, safe as a file name and on any command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

pub const NAME_LEN_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a profile's name is 1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or a digit")]
pub struct BadName;

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name made from what a person called something else: `Weird  Name` becomes `weird-name`. `None` when nothing of it is left.
    pub fn slug(text: &str) -> Option<Name> {
        let mut slug = String::new();
        for c in text.chars() {
            match c.to_ascii_lowercase() {
                c if c.is_ascii_alphanumeric() => slug.push(c),
                c @ ('.' | '_' | '@' | '+') if !slug.is_empty() => slug.push(c),
                _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
                _ => {}
            }
        }
        slug.truncate(NAME_LEN_MAX);
        slug.trim_end_matches('-').parse().ok()
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Name, BadName> {
        let rest_is_good = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let good = text.len() <= NAME_LEN_MAX
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(rest_is_good);
        if good { Ok(Name(text.to_owned())) } else { Err(BadName) }
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;

    fn try_from(text: String) -> Result<Name, BadName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the login is made. One variant a login method; each has its file in `keystone/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Password,
}

/// A thing of Keystone's named by id, by name, or by both (the id wins).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Reference {
    pub fn is_empty(&self) -> bool {
        self.id.is_none() && self.name.is_none()
    }

    /// What a person typed: an id if it looks like one of Keystone's (32 hexadecimal digits, with or without dashes), else a
    /// name.
    pub fn typed(text: &str) -> Reference {
        let digits = text.bytes().filter(|byte| *byte != b'-');
        let is_id = digits.clone().count() == 32 && digits.clone().all(|byte| byte.is_ascii_hexdigit());
        let text = Some(text.to_owned());
        if is_id { Reference { id: text, name: None } } else { Reference { id: None, name: text } }
    }

    /// The same for a domain. Every Keystone's first one has the id `default`, and the name `Default`.
    pub fn typed_domain(text: &str) -> Reference {
        match text {
            "default" => Reference { id: Some(text.to_owned()), name: None },
            text => Reference::typed(text),
        }
    }

    /// The word a person knows it by: its name, else its id.
    pub fn word(&self) -> &str {
        self.name.as_deref().or(self.id.as_deref()).unwrap_or("")
    }
}

/// Who logs in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    #[serde(flatten)]
    pub user: Reference,
    /// The domain that the user's name is unique in. Not needed with an id.
    #[serde(default, skip_serializing_if = "Reference::is_empty")]
    pub domain: Reference,
}

/// What the token is to be good for: project, domain, system, or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Project {
        #[serde(flatten)]
        project: Reference,
        #[serde(default, skip_serializing_if = "Reference::is_empty")]
        domain: Reference,
    },
    Domain(Reference),
    System,
    Unscoped,
}

impl Scope {
    /// The name, or the id, that a person knows it by; empty where there is none.
    pub fn word(&self) -> &str {
        match self {
            Scope::Project { project, .. } => project.word(),
            Scope::Domain(domain) => domain.word(),
            Scope::System => "system",
            Scope::Unscoped => "",
        }
    }

    /// For people: `project "demo"`, `domain "lab"`, `the system`, `no scope`.
    pub fn describe(&self) -> String {
        match self {
            Scope::Project { project, .. } => format!("project {:?}", project.word()),
            Scope::Domain(domain) => format!("domain {:?}", domain.word()),
            Scope::System => "the system".to_owned(),
            Scope::Unscoped => "no scope".to_owned(),
        }
    }
}

/// How Keystone is trusted, and how we show who we are to it. Paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tls {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cacert: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
}

/// A profile. `name` is not in its file: the file's name says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: Name,
    /// Byte for byte as in the user's file, for old scripts append to it.
    pub auth_url: String,
    pub method: Method,
    pub user: User,
    pub scope: Scope,
    /// The first is the default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// `public`, `internal`, `admin`, or as the file wrote it (`publicURL`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    #[serde(default)]
    pub tls: Tls,
    /// `http://` beyond loopback was allowed by the user.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_http: bool,
}

/// What makes two logins the same login: never the name, the scope or the secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    pub auth_url: String,
    pub method: Method,
    pub user: User,
}

impl Profile {
    pub fn identity(&self) -> Identity {
        Identity { auth_url: trim_url(&self.auth_url), method: self.method, user: self.user.clone() }
    }

    pub fn origin(&self) -> Option<Origin> {
        Origin::of(&self.auth_url)
    }

    /// Who this is, for people: `ada at id.example`.
    pub fn who(&self) -> String {
        let host = self.origin().map(|origin| origin.host().to_owned()).unwrap_or_default();
        format!("{} at {host}", self.user.user.word())
    }

    /// The first thing that is wrong with it, in the setting's own name; `None` when it can be used.
    pub fn fault(&self) -> Option<Fault> {
        let origin = match self.origin() {
            Some(origin) => origin,
            None => return Some(Fault::AuthUrl),
        };
        if origin.is_plain_http() && !origin.is_loopback() && !self.allow_http {
            return Some(Fault::PlainHttp);
        }
        if self.user.user.is_empty() {
            return Some(Fault::NoUser);
        }
        if self.user.user.id.is_none() && self.user.domain.is_empty() {
            return Some(Fault::NoUserDomain);
        }
        match &self.scope {
            Scope::Project { project, .. } if project.is_empty() => return Some(Fault::NoProject),
            Scope::Project { project, domain } if project.id.is_none() && domain.is_empty() => {
                return Some(Fault::NoProjectDomain);
            }
            Scope::Domain(domain) if domain.is_empty() => return Some(Fault::NoDomain),
            _ => {}
        }
        self.texts().find(|(_, text)| text.contains(char::is_control)).map(|(what, _)| Fault::Control(what))
    }

    /// Every text of it that reaches a shell or a request, with the name of the setting it came from.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let (project, domain) = match &self.scope {
            Scope::Project { project, domain } => (Some(project), Some(domain)),
            Scope::Domain(domain) => (None, Some(domain)),
            Scope::System | Scope::Unscoped => (None, None),
        };
        let references = [
            ("OS_USERNAME", Some(&self.user.user)),
            ("OS_USER_DOMAIN_NAME", Some(&self.user.domain)),
            ("OS_PROJECT_NAME", project),
            ("OS_PROJECT_DOMAIN_NAME", domain),
        ];
        let named = references
            .into_iter()
            .filter_map(|(what, reference)| Some((what, reference?)))
            .flat_map(|(what, r)| r.id.iter().chain(&r.name).map(move |text| (what, text.as_str())));
        let paths = [("OS_CACERT", &self.tls.cacert), ("OS_CERT", &self.tls.cert), ("OS_KEY", &self.tls.key)];
        let paths = paths.into_iter().filter_map(|(what, path)| Some((what, path.as_deref()?.to_str()?)));
        std::iter::once(("OS_AUTH_URL", self.auth_url.as_str()))
            .chain(named)
            .chain(self.regions.iter().map(|region| ("OS_REGION_NAME", region.as_str())))
            .chain(self.interface.iter().map(|interface| ("OS_INTERFACE", interface.as_str())))
            .chain(paths)
    }
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("OS_AUTH_URL is no http:// or https:// URL with a host")]
    AuthUrl,
    #[error("OS_AUTH_URL is http:// to another machine: the password would cross the network in clear")]
    PlainHttp,
    #[error("there is no user (OS_USERNAME or OS_USER_ID)")]
    NoUser,
    #[error("the user's name needs its domain (OS_USER_DOMAIN_NAME or OS_USER_DOMAIN_ID)")]
    NoUserDomain,
    #[error("the project has neither name nor id")]
    NoProject,
    #[error("the project's name needs its domain (OS_PROJECT_DOMAIN_NAME or OS_PROJECT_DOMAIN_ID)")]
    NoProjectDomain,
    #[error("the domain has neither name nor id")]
    NoDomain,
    #[error("{0} holds a control character")]
    Control(&'static str),
}

impl Fault {
    /// Something is not there yet; what is there may be right.
    pub fn is_lack(&self) -> bool {
        match self {
            Fault::AuthUrl | Fault::PlainHttp | Fault::Control(_) => false,
            Fault::NoUser | Fault::NoUserDomain => true,
            Fault::NoProject | Fault::NoProjectDomain | Fault::NoDomain => true,
        }
    }
}

/// Two spellings of one Keystone are one identity: `…/v3`, `…/v3/`.
fn trim_url(url: &str) -> String {
    url.trim_end_matches('/').trim_end_matches("/v3").trim_end_matches('/').to_owned()
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_name_or_nothing() {
        let slug = |text: &str| Name::slug(text).map(|name| name.to_string());
        assert_eq!(slug("Weird  Name*'$(touch pwned)\"").as_deref(), Some("weird-name-touch-pwned"));
        assert_eq!(slug("  é ../.."), None);
        assert_eq!(slug(&"x".repeat(100)).map(|name| name.len()), Some(NAME_LEN_MAX));
        assert!(
            "-x".parse::<Name>().is_err() && "../x".parse::<Name>().is_err() && "".parse::<Name>().is_err()
        );
    }

    #[test]
    fn what_looks_like_an_id_is_one() {
        assert!(Reference::typed("5a7bff12813c7ad2325120032972398a").id.is_some());
        assert!(Reference::typed("5a7bff12-813c-7ad2-3251-20032972398a").id.is_some());
        assert!(Reference::typed("5a7bff12813c7ad2325120032972398").name.is_some());
        assert!(Reference::typed("orchard-lab").name.is_some());
        assert!(Reference::typed_domain("default").id.is_some());
        assert!(
            Reference::typed_domain("Default").name.is_some() && Reference::typed("default").name.is_some()
        );
    }

    #[test]
    fn a_profile_that_cannot_be_used_says_what_it_lacks() {
        let named = |name: &str| Reference { id: None, name: Some(name.to_owned()) };
        let sound = Profile {
            name: "prod".parse().unwrap(),
            auth_url: "https://id.example/v3".to_owned(),
            method: Method::Password,
            user: User { user: named("ada"), domain: named("Default") },
            scope: Scope::Project { project: named("demo"), domain: named("Default") },
            regions: Vec::new(),
            interface: None,
            tls: Tls::default(),
            allow_http: false,
        };
        assert_eq!(sound.fault(), None);
        let check = |fault: Fault, change: fn(&mut Profile)| {
            let mut profile = sound.clone();
            change(&mut profile);
            assert_eq!(profile.fault(), Some(fault));
        };
        check(Fault::AuthUrl, |p| p.auth_url.clear());
        check(Fault::PlainHttp, |p| p.auth_url = "http://id.example/v3".to_owned());
        check(Fault::NoUser, |p| p.user.user = Reference::default());
        check(Fault::NoUserDomain, |p| p.user.domain = Reference::default());
        check(Fault::NoDomain, |p| p.scope = Scope::Domain(Reference::default()));
        check(Fault::Control("OS_REGION_NAME"), |p| p.regions.push("a\nb".to_owned()));
    }
}
