//! The JSON of a token request, as keystoneauth1 words it, written straight into a buffer that is wiped. The secret is
//! borrowed until it is written; no intermediate value ever holds it.

use std::io;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::profile::{Reference, Scope, User};

/// Bytes of a request that holds a secret.
pub(crate) type Body = Zeroizing<Vec<u8>>;

/// `{"methods": ["password"], "password": {"user": {…, "password": …}}}`
pub(crate) fn password(user: &User, password: &str, scope: &Scope) -> Body {
    let user = UserJson { named: NamedJson::of(&user.user, &user.domain), password: Some(password) };
    write(&Identity { methods: ["password"], password: Some(PasswordJson { user }), token: None }, scope)
}

/// `{"methods": ["token"], "token": {"id": …}}`
pub(crate) fn token(id: &str, scope: &Scope) -> Body {
    write(&Identity { methods: ["token"], password: None, token: Some(TokenJson { id }) }, scope)
}

#[derive(Serialize)]
struct Request<'a> {
    auth: Auth<'a>,
}

#[derive(Serialize)]
struct Auth<'a> {
    identity: &'a Identity<'a>,
    scope: ScopeJson<'a>,
}

#[derive(Serialize)]
struct Identity<'a> {
    methods: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<PasswordJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenJson<'a>>,
}

#[derive(Serialize)]
struct PasswordJson<'a> {
    user: UserJson<'a>,
}

#[derive(Serialize)]
struct TokenJson<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct UserJson<'a> {
    #[serde(flatten)]
    named: NamedJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

/// By id alone, or by name with its domain: a name is unique in a domain only, and beside an id it is not sent.
#[derive(Serialize)]
struct NamedJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<OneJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OneJson<'a> {
    Id(&'a str),
    Name(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ScopeJson<'a> {
    Project(NamedJson<'a>),
    Domain(OneJson<'a>),
    System { all: bool },
    Unscoped,
}

impl<'a> NamedJson<'a> {
    fn of(reference: &'a Reference, domain: &'a Reference) -> NamedJson<'a> {
        match &reference.id {
            Some(id) => NamedJson { id: Some(id), name: None, domain: None },
            None => NamedJson { id: None, name: reference.name.as_deref(), domain: OneJson::of(domain) },
        }
    }
}

impl<'a> OneJson<'a> {
    fn of(reference: &'a Reference) -> Option<OneJson<'a>> {
        let name = || reference.name.as_deref().map(OneJson::Name);
        reference.id.as_deref().map(OneJson::Id).or_else(name)
    }
}

impl<'a> ScopeJson<'a> {
    fn of(scope: &'a Scope) -> ScopeJson<'a> {
        match scope {
            Scope::Project { project, domain } => ScopeJson::Project(NamedJson::of(project, domain)),
            Scope::Domain(domain) => ScopeJson::Domain(OneJson::of(domain).unwrap_or(OneJson::Id(""))),
            Scope::System => ScopeJson::System { all: true },
            Scope::Unscoped => ScopeJson::Unscoped,
        }
    }
}

/// Counts first and writes then, so that the buffer never grows and leaves no copy behind.
fn write(identity: &Identity<'_>, scope: &Scope) -> Body {
    let request = Request { auth: Auth { identity, scope: ScopeJson::of(scope) } };
    let mut count = Count(0);
    serde_json::to_writer(&mut count, &request).expect("plain structures of text always become JSON");
    let mut body = Zeroizing::new(Vec::with_capacity(count.0));
    serde_json::to_writer(&mut *body, &request).expect("plain structures of text always become JSON");
    body
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[derive(serde::Deserialize)]
    struct Case {
        method: String,
        user: Option<User>,
        scope: Scope,
        secret: String,
        path: String,
        body: Value,
    }

    /// The oracle is keystoneauth1: each file holds what the real library sent for the same options.
    #[test]
    fn every_body_is_what_keystoneauth1_sends() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keystone");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let case: Case = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let ours = match case.method.as_str() {
                "password" => password(&case.user.unwrap(), &case.secret, &case.scope),
                "token" => token(&case.secret, &case.scope),
                other => panic!("no such method: {other}"),
            };
            assert_eq!(ours.len(), ours.capacity(), "the buffer grew and left a copy of the secret behind");
            assert_eq!(serde_json::from_slice::<Value>(&ours).unwrap(), case.body, "{}", path.display());
            assert_eq!(case.path, "/v3/auth/tokens");
            seen += 1;
        }
        assert_eq!(seen, 32);
    }
}
