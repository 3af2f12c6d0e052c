//! The v3 token body, `{"token": {…}}`, made into a `token::Token`. Only what a token must have is demanded.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::token::{Endpoint, Id, Named, Scope, Service, Token};

#[derive(Deserialize)]
struct Body {
    token: TokenJson,
}

#[derive(Deserialize)]
struct TokenJson {
    expires_at: String,
    #[serde(default)]
    issued_at: Option<String>,
    #[serde(default)]
    methods: Vec<String>,
    user: NamedJson,
    #[serde(default)]
    project: Option<NamedJson>,
    #[serde(default)]
    domain: Option<NamedJson>,
    #[serde(default)]
    system: Option<Value>,
    #[serde(default)]
    audit_ids: Vec<String>,
    #[serde(default)]
    catalog: Vec<ServiceJson>,
}

#[derive(Deserialize)]
struct NamedJson {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain: Option<DomainJson>,
    #[serde(default)]
    password_expires_at: Option<String>,
}

/// A federated user's domain may have a name alone.
#[derive(Default, Deserialize)]
struct DomainJson {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct ServiceJson {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    endpoints: Vec<EndpointJson>,
}

#[derive(Deserialize)]
struct EndpointJson {
    #[serde(default)]
    interface: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    region_id: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

/// `Err` says what is amiss.
pub(super) fn read(id: Id, value: Value) -> Result<Token, &'static str> {
    let body: Body = serde_json::from_value(value).map_err(|_| "its body is no token")?;
    let json = body.token;
    let expires_s = seconds(&json.expires_at).ok_or("its expires_at is no time")?;
    let scope = match (json.project, json.domain, json.system) {
        (Some(project), _, _) => Scope::Project(named(&project)?),
        (None, Some(domain), _) => Scope::Domain(named(&domain)?),
        (None, None, Some(_)) => Scope::System,
        (None, None, None) => Scope::Unscoped,
    };
    Ok(Token {
        id,
        expires_s,
        expires_at: json.expires_at,
        issued_s: json.issued_at.as_deref().and_then(seconds),
        methods: json.methods.iter().map(|method| clear(method)).collect(),
        user: named(&json.user)?,
        scope,
        audit_ids: json.audit_ids.iter().map(|id| clear(id)).collect(),
        password_expires_s: json.user.password_expires_at.as_deref().and_then(seconds),
        catalog: json.catalog.into_iter().filter_map(service).collect(),
    })
}

/// `text` without control characters, which could move a person's cursor.
pub(super) fn clear(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// An id is exported and sent back, so it must be sound; a name is only shown.
fn named(json: &NamedJson) -> Result<Named, &'static str> {
    if json.id.contains(char::is_control) {
        return Err("an id in it holds a control character");
    }
    let domain = json.domain.as_ref();
    Ok(Named {
        id: json.id.clone(),
        name: json.name.as_deref().map(clear).unwrap_or_default(),
        domain_id: domain.and_then(|domain| domain.id.as_deref()).map(clear),
        domain_name: domain.and_then(|domain| domain.name.as_deref()).map(clear),
    })
}

/// Services without a type, and endpoints that could not be exported as they are, are left out.
fn service(json: ServiceJson) -> Option<Service> {
    let kind = json.kind.filter(|kind| is_sound(kind))?;
    let endpoints = json.endpoints.into_iter().filter_map(endpoint).collect();
    Some(Service { kind, name: clear(&json.name.unwrap_or_default()), endpoints })
}

fn endpoint(json: EndpointJson) -> Option<Endpoint> {
    let endpoint = Endpoint {
        interface: json.interface?,
        region: json.region_id.or(json.region).unwrap_or_default(),
        url: json.url?,
    };
    let is_whole = is_sound(&endpoint.interface) && is_sound(&endpoint.region) && is_sound(&endpoint.url);
    is_whole.then_some(endpoint)
}

fn is_sound(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// `2026-11-23T11:32:20.000000Z`, with or without fraction; without a zone it is UTC.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let time = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(change: impl FnOnce(&mut Value)) -> Result<Token, &'static str> {
        let mut value = json!({"token": {
            "methods": ["password"], "audit_ids": ["own", "root"], "is_domain": false, "roles": [{"id": "r", "name": "member"}],
            "user": {"id": "8e8f", "name": "ada", "domain": {"id": "default", "name": "Default"}, "password_expires_at": null},
            "project": {"id": "5950", "name": "alpha", "domain": {"id": "default", "name": "Default"}},
            "expires_at": "2026-11-23T11:32:20.000000Z", "issued_at": "2026-11-22T11:32:20.000000Z",
            "catalog": [{"id": "a2e9", "type": "object-store", "name": "swift", "endpoints": [
                {"id": "1", "interface": "public", "region_id": "SBG1", "region": "SBG1", "url": "https://s/v1/AUTH_5950"}]}]}});
        change(&mut value["token"]);
        read(Id::new("gAAAAA".to_owned()), value)
    }

    /// Seconds since the epoch by `date -ud @…`.
    #[test]
    fn every_form_of_a_time_is_read() {
        let rows = [
            ("2026-11-23T11:32:20.000000Z", Some(1_795_433_540)),
            ("2026-11-23T11:32:20.999999Z", Some(1_795_433_540)),
            ("2026-11-23T11:32:20Z", Some(1_795_433_540)),
            ("2026-11-23T11:32:20.123456", Some(1_795_433_540)),
            ("2026-11-23T11:32:20", Some(1_795_433_540)),
            ("2026-11-23T12:32:20+01:00", Some(1_795_433_540)),
            ("2014-01-31T15:30:58Z", Some(1_391_182_258)),
            ("tomorrow", None),
            ("", None),
        ];
        for (text, expect) in rows {
            assert_eq!(seconds(text), expect, "{text}");
        }
    }

    #[test]
    fn a_token_is_read_whole() {
        let token = token(|_| ()).unwrap();
        assert_eq!(token.expires_s - token.issued_s.unwrap(), 86_400);
        assert_eq!(token.user.domain_name.as_deref(), Some("Default"));
        assert!(matches!(&token.scope, Scope::Project(project) if project.name == "alpha"));
        assert_eq!(token.audit_ids, ["own", "root"]);
        assert_eq!(token.password_expires_s, None);
        assert_eq!(token.catalog[0].endpoints[0].url, "https://s/v1/AUTH_5950");
    }

    #[test]
    fn the_scope_is_what_the_body_holds() {
        let domain = token(|token| {
            token["project"].take();
            token["domain"] = json!({"id": "d1", "name": "lab"});
        });
        assert!(matches!(domain.unwrap().scope, Scope::Domain(domain) if domain.id == "d1"));
        let system = token(|token| {
            token["project"].take();
            token["system"] = json!({"all": true});
        });
        assert_eq!(system.unwrap().scope, Scope::System);
        let unscoped = token(|token| {
            token["project"].take();
            token.as_object_mut().unwrap().remove("catalog");
        });
        assert_eq!(unscoped.unwrap().scope, Scope::Unscoped);
    }

    #[test]
    fn a_body_without_what_a_token_must_have_is_refused() {
        assert!(token(|token| drop(token["expires_at"].take())).is_err());
        assert!(token(|token| token["expires_at"] = json!("tomorrow")).is_err());
        assert!(token(|token| drop(token["user"].take())).is_err());
        assert!(token(|token| token["project"]["id"] = json!("5950\u{1b}[2J")).is_err());
    }

    #[test]
    fn control_characters_reach_neither_a_terminal_nor_a_shell() {
        let token = token(|token| {
            token["user"]["name"] = json!("ada\u{1b}[2J");
            token["catalog"][0]["endpoints"][0]["url"] = json!("https://s/\nrm");
        });
        let token = token.unwrap();
        assert_eq!(token.user.name, "ada\u{fffd}[2J");
        assert!(token.catalog[0].endpoints.is_empty());
    }
}
