//! What `env` exports for a token: ordered pairs, every name an OS_* or OSAGENT_* one. Pure; how a shell writes them is
//! `shell`'s matter.

use std::borrow::Cow;

use crate::profile::{Profile, Scope};
use crate::token::{Endpoint, Token};

/// The default set: openstack, openstacksdk, swift and rclone together.
///
/// `region` is one that the caller asked for; the profile's first otherwise. `expires_s` is the token's end by this
/// machine's own clock, for hooks to compare with.
pub fn default<'a>(
    profile: &'a Profile,
    token: &'a Token,
    region: Option<&'a str>,
    expires_s: i64,
) -> Result<Vec<(&'static str, Cow<'a, str>)>, NoRegion> {
    let region = match region {
        Some(region)
            if !knows_region(token, region) && !profile.regions.iter().any(|known| known == region) =>
        {
            return Err(NoRegion { region: region.to_owned(), known: regions(token) });
        }
        Some(region) => Some(region),
        None => profile.regions.first().map(String::as_str),
    };
    let mut set: Vec<(&'static str, Cow<'a, str>)> = vec![
        ("OS_AUTH_URL", profile.auth_url.as_str().into()),
        ("OS_IDENTITY_API_VERSION", "3".into()),
        ("OS_AUTH_TYPE", "v3token".into()),
        ("OS_TOKEN", token.id.expose().into()),
    ];
    set_scope(profile, token, &mut set);
    set.extend(region.map(|region| ("OS_REGION_NAME", region.into())));
    set.extend(profile.interface.as_deref().map(|interface| ("OS_INTERFACE", interface.into())));
    let tls = &profile.tls;
    for (name, path) in [("OS_CACERT", &tls.cacert), ("OS_CERT", &tls.cert), ("OS_KEY", &tls.key)] {
        set.extend(path.as_deref().and_then(|path| path.to_str()).map(|path| (name, path.into())));
    }
    if tls.insecure {
        set.push(("OS_INSECURE", "true".into()));
    }
    if let Some(endpoint) = object_store(token, region, profile.interface.as_deref()) {
        set.push(("OS_AUTH_TOKEN", token.id.expose().into()));
        set.push(("OS_STORAGE_URL", endpoint.url.as_str().into()));
    }
    set.push(("OSAGENT_PROFILE", profile.name.as_str().into()));
    set.push(("OSAGENT_EXPIRES", expires_s.to_string().into()));
    let names: Vec<&str> = set.iter().map(|(name, _)| *name).collect();
    let names = names.join(":");
    set.push(("OSAGENT_EXPORTED", names.into()));
    Ok(set)
}

/// Neither the token's catalog nor the profile knows the region.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no region {region:?}; the catalog has {}", known.join(", "))]
pub struct NoRegion {
    pub region: String,
    pub known: Vec<String>,
}

/// Exactly one scope. A project by id, or by its name with its domain's id, so that `--os-project-name` works.
fn set_scope<'a>(profile: &'a Profile, token: &'a Token, set: &mut Vec<(&'static str, Cow<'a, str>)>) {
    use crate::token::Scope as Issued;
    match (&profile.scope, &token.scope) {
        (Scope::Project { project, .. }, issued) => {
            let domain = match issued {
                Issued::Project(named) => named.domain_id.as_deref().filter(|id| is_sound(id)),
                _ => None,
            };
            match (&project.id, &project.name, domain) {
                (None, Some(name), Some(domain)) => {
                    set.push(("OS_PROJECT_NAME", name.as_str().into()));
                    set.push(("OS_PROJECT_DOMAIN_ID", domain.into()));
                }
                (Some(id), ..) => set.push(("OS_PROJECT_ID", id.as_str().into())),
                (None, ..) => {
                    if let Issued::Project(named) = issued {
                        set.push(("OS_PROJECT_ID", named.id.as_str().into()));
                    }
                }
            }
        }
        (Scope::Domain(_), Issued::Domain(named)) if is_sound(&named.id) => {
            set.push(("OS_DOMAIN_ID", named.id.as_str().into()));
        }
        (Scope::Domain(domain), _) => {
            set.extend(domain.id.as_deref().map(|id| ("OS_DOMAIN_ID", id.into())));
            if domain.id.is_none() {
                set.extend(domain.name.as_deref().map(|name| ("OS_DOMAIN_NAME", name.into())));
            }
        }
        (Scope::System, _) => set.push(("OS_SYSTEM_SCOPE", "all".into())),
        (Scope::Unscoped, _) => {}
    }
}

fn object_store<'a>(token: &'a Token, region: Option<&str>, interface: Option<&str>) -> Option<&'a Endpoint> {
    let interface = interface.map_or("public", |interface| interface.trim_end_matches("URL"));
    let service = token.catalog.iter().find(|service| service.kind == "object-store")?;
    let fits = |endpoint: &&Endpoint| {
        endpoint.interface == interface
            && region.is_none_or(|region| endpoint.region == region)
            && is_sound(&endpoint.url)
    };
    service.endpoints.iter().find(fits)
}

fn knows_region(token: &Token, region: &str) -> bool {
    endpoints(token).any(|endpoint| endpoint.region == region)
}

/// Every region of the catalog, once each, in order.
fn regions(token: &Token) -> Vec<String> {
    let mut regions: Vec<String> =
        endpoints(token).map(|endpoint| endpoint.region.clone()).filter(|region| is_sound(region)).collect();
    regions.sort();
    regions.dedup();
    regions
}

fn endpoints(token: &Token) -> impl Iterator<Item = &Endpoint> {
    token.catalog.iter().flat_map(|service| &service.endpoints)
}

/// Text of the catalog is remote text: what holds a control character goes into no shell.
fn is_sound(text: &str) -> bool {
    !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, Reference, Tls, User};
    use crate::token::{Id, Named, Scope as Issued, Service};

    fn named(id: &str) -> Named {
        Named {
            id: id.to_owned(),
            name: "demo".to_owned(),
            domain_id: Some("default".to_owned()),
            domain_name: None,
        }
    }

    fn token(scope: Issued) -> Token {
        let endpoint = |region: &str| Endpoint {
            interface: "public".to_owned(),
            region: region.to_owned(),
            url: format!("https://storage.{region}.example/v1/AUTH_1"),
        };
        Token {
            id: Id::new("gAAAAAx".to_owned()),
            expires_at: "2026-11-23T11:32:20.000000Z".to_owned(),
            expires_s: 0,
            issued_s: None,
            methods: vec!["password".to_owned()],
            user: Named::default(),
            scope,
            audit_ids: Vec::new(),
            password_expires_s: None,
            catalog: vec![Service {
                kind: "object-store".to_owned(),
                name: "swift".to_owned(),
                endpoints: vec![endpoint("GRA9"), endpoint("SBG1")],
            }],
        }
    }

    fn profile(scope: Scope) -> Profile {
        Profile {
            name: "prod".parse().unwrap(),
            auth_url: "https://id.example:5000/v3/".to_owned(),
            method: Method::Password,
            user: User::default(),
            scope,
            regions: vec!["SBG1".to_owned()],
            interface: Some("publicURL".to_owned()),
            tls: Tls { insecure: true, cacert: Some("/ca.pem".into()), ..Tls::default() },
            allow_http: false,
        }
    }

    fn check(profile: &Profile, token: &Token, region: Option<&str>, expect: &[(&str, &str)]) {
        let set = default(profile, token, region, 1_700_000_000).unwrap();
        let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        assert_eq!(set, expect);
    }

    fn project(id: Option<&str>, name: Option<&str>) -> Scope {
        let project = Reference { id: id.map(str::to_owned), name: name.map(str::to_owned) };
        Scope::Project { project, domain: Reference::default() }
    }

    #[test]
    fn the_default_set_is_complete_and_in_order() {
        check(
            &profile(project(Some("p1"), Some("demo"))),
            &token(Issued::Project(named("p1"))),
            None,
            &[
                ("OS_AUTH_URL", "https://id.example:5000/v3/"),
                ("OS_IDENTITY_API_VERSION", "3"),
                ("OS_AUTH_TYPE", "v3token"),
                ("OS_TOKEN", "gAAAAAx"),
                ("OS_PROJECT_ID", "p1"),
                ("OS_REGION_NAME", "SBG1"),
                ("OS_INTERFACE", "publicURL"),
                ("OS_CACERT", "/ca.pem"),
                ("OS_INSECURE", "true"),
                ("OS_AUTH_TOKEN", "gAAAAAx"),
                ("OS_STORAGE_URL", "https://storage.SBG1.example/v1/AUTH_1"),
                ("OSAGENT_PROFILE", "prod"),
                ("OSAGENT_EXPIRES", "1700000000"),
                (
                    "OSAGENT_EXPORTED",
                    "OS_AUTH_URL:OS_IDENTITY_API_VERSION:OS_AUTH_TYPE:OS_TOKEN:OS_PROJECT_ID:OS_REGION_NAME:\
                     OS_INTERFACE:OS_CACERT:OS_INSECURE:OS_AUTH_TOKEN:OS_STORAGE_URL:OSAGENT_PROFILE:OSAGENT_EXPIRES",
                ),
            ],
        );
    }

    fn scope_of(scope: Scope, issued: Issued) -> Vec<(&'static str, String)> {
        let (profile, token) = (profile(scope), token(issued));
        let set = default(&profile, &token, None, 0).unwrap();
        let is_scope =
            |name: &str| name.contains("PROJECT") || name.contains("DOMAIN") || name.contains("SYSTEM");
        set.into_iter()
            .filter(|(n, _)| n.starts_with("OS_") && is_scope(n))
            .map(|(n, v)| (n, v.into()))
            .collect()
    }

    #[test]
    fn exactly_one_scope_is_exported() {
        let by_name = scope_of(project(None, Some("demo")), Issued::Project(named("p1")));
        assert_eq!(
            by_name,
            [("OS_PROJECT_NAME", "demo".to_owned()), ("OS_PROJECT_DOMAIN_ID", "default".to_owned())]
        );
        let lab = Reference { id: None, name: Some("lab".to_owned()) };
        assert_eq!(
            scope_of(Scope::Domain(lab), Issued::Domain(named("d1"))),
            [("OS_DOMAIN_ID", "d1".to_owned())]
        );
        assert_eq!(scope_of(Scope::System, Issued::System), [("OS_SYSTEM_SCOPE", "all".to_owned())]);
        assert_eq!(scope_of(Scope::Unscoped, Issued::Unscoped), []);
    }

    #[test]
    fn a_region_that_nobody_knows_is_refused_with_those_that_there_are() {
        let token = token(Issued::Unscoped);
        let error = default(&profile(Scope::Unscoped), &token, Some("NOWHERE"), 0).unwrap_err();
        assert_eq!(error.to_string(), "there is no region \"NOWHERE\"; the catalog has GRA9, SBG1");
        assert!(default(&profile(Scope::Unscoped), &token, Some("GRA9"), 0).is_ok());
    }
}
