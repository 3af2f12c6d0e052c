//! Identity v3 as Keystone 30 answers it.

use serde_json::{Value, json};

use super::server::{Answer, Request};
use super::tokens::{Scope, Token};
use super::{Knobs, Seen, State, clock};

const UNAUTHENTICATED: &str = "The request you have made requires authentication.";
const DOMAINS: &[(&str, &str)] = &[("default", "Default"), ("1ab0cee6f1b4d0c8a7e3f2d1b0c9a810", "lab")];
const REGIONS: &[&str] = &["SBG1", "GRA9"];

/// What a request says of itself: for the record, and for the answer.
pub struct Asked {
    pub is_creation: bool,
    path: String,
    body: Option<Value>,
}

impl Asked {
    pub fn of(request: &Request) -> Asked {
        let is_creation = request.method == "POST" && request.path.ends_with("/auth/tokens");
        let body = serde_json::from_slice(&request.body).ok();
        Asked { is_creation, path: request.path.clone(), body }
    }

    /// Never the secret, nor a token.
    pub fn seen(&self, request: &Request, status: u16) -> Seen {
        let auth = self.body.as_ref().map_or(&Value::Null, |body| &body["auth"]);
        let methods = auth["identity"]["methods"].as_array().into_iter().flatten();
        let scope = match &auth["scope"] {
            Value::String(text) => text.clone(),
            scope if scope["project"].is_object() => format!("project {}", word(&scope["project"])),
            scope if scope["domain"].is_object() => format!("domain {}", word(&scope["domain"])),
            scope if scope["system"].is_object() => "system".to_owned(),
            _ => String::new(),
        };
        Seen {
            method: request.method.clone(),
            path: self.path.clone(),
            methods: methods.filter_map(Value::as_str).map(str::to_owned).collect(),
            user: word(&auth["identity"]["password"]["user"]),
            scope,
            status,
        }
    }
}

pub fn answer(request: &Request, asked: &Asked, state: &mut State, origin: &str, now_s: i64) -> Answer {
    let Some(path) = request.path.strip_prefix(state.knobs.prefix.as_str()) else {
        return Answer::error(404, "The resource could not be found.");
    };
    let path = path.to_owned();
    let origin = format!("{origin}{}", state.knobs.prefix);
    match (request.method.as_str(), path.as_str()) {
        ("GET", "/" | "") => discovery(&origin),
        ("GET", "/v3" | "/v3/") => Answer::json(200, &json!({"version": version(&origin)})),
        ("POST", "/v3/auth/tokens") => create(request, asked, state, &origin, now_s),
        ("GET" | "HEAD" | "DELETE", "/v3/auth/tokens") => life(request, state, &origin, now_s),
        ("GET", "/v3/auth/projects") => projects(request, state, now_s),
        (_, "/v2.0" | "/v2.0/") => Answer::text(404, "text/html", "<h1>Not Found</h1>".to_owned()),
        _ => Answer::error(404, "The resource could not be found."),
    }
}

fn discovery(origin: &str) -> Answer {
    Answer::json(300, &json!({"versions": {"values": [version(origin)]}}))
        .with("Location", &format!("{origin}/v3/"))
}

fn version(origin: &str) -> Value {
    json!({"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{origin}/v3/")}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]})
}

fn create(request: &Request, asked: &Asked, state: &mut State, origin: &str, now_s: i64) -> Answer {
    let Some(auth) = asked.body.as_ref().map(|body| &body["auth"]).filter(|auth| auth.is_object()) else {
        return Answer::error(400, "Expecting to find valid JSON in request body.");
    };
    let scope = match scope(&auth["scope"], &state.knobs) {
        Ok(scope) => scope,
        Err(answer) => return answer,
    };
    let identity = &auth["identity"];
    let made = match &identity["methods"] {
        methods if *methods == json!(["password"]) => {
            if !is_user(&identity["password"]["user"], &state.knobs) {
                return Answer::error(401, UNAUTHENTICATED);
            }
            scope.map(|scope| state.tokens.make(scope, now_s, state.knobs.life_s))
        }
        methods if *methods == json!(["token"]) => {
            match exchange(identity["token"]["id"].as_str(), scope, state, now_s) {
                Ok(made) => made,
                Err(answer) => return answer,
            }
        }
        methods if methods.is_array() => return unknown_method(),
        _ => return Answer::error(400, "Expecting to find methods in identity."),
    };
    let Some((id, token)) = made else { return Answer::error(401, UNAUTHENTICATED) };
    let has_catalog = !request.query.split('&').any(|word| word == "nocatalog");
    Answer::json(201, &body(&token, &state.knobs, origin, has_catalog))
        .with("X-Subject-Token", &id)
        .with("Vary", "X-Auth-Token")
}

/// `Ok(None)`: there is no such scope for this user, which looks like a wrong password.
fn exchange(
    from: Option<&str>,
    scope: Option<Scope>,
    state: &mut State,
    now_s: i64,
) -> Result<Option<(String, Token)>, Answer> {
    let Some(from) = from else { return Err(Answer::error(400, "Expecting to find id in token.")) };
    let Some(parent) = state.tokens.find(from) else {
        return Err(Answer::error(404, "Could not recognize Fernet token"));
    };
    if !state.tokens.is_alive(from, now_s) {
        return Err(Answer::error(404, "Failed to validate token"));
    }
    if !state.knobs.may_rescope && parent.scope != Scope::Unscoped {
        let message = "You are not authorized to perform the requested action: rescope a scoped token.";
        return Err(Answer::error(403, message));
    }
    Ok(scope.and_then(|scope| state.tokens.exchange(from, scope, now_s)))
}

fn unknown_method() -> Answer {
    let methods = ["external", "password", "token", "oauth1", "mapped", "application_credential", "totp"];
    Answer::json(
        401,
        &json!({"error": {"code": 401, "title": "Unauthorized", "message": UNAUTHENTICATED,
        "identity": {"methods": methods}}}),
    )
}

fn life(request: &Request, state: &mut State, origin: &str, now_s: i64) -> Answer {
    let Some(auth) = request.header("X-Auth-Token").filter(|id| state.tokens.is_alive(id, now_s)) else {
        return Answer::error(401, UNAUTHENTICATED);
    };
    let subject = request.header("X-Subject-Token").unwrap_or_default();
    if !state.tokens.is_alive(subject, now_s) {
        return Answer::error(404, "Failed to validate token");
    }
    if request.method == "DELETE" {
        state.tokens.revoke(subject);
        return Answer::empty(204);
    }
    let token = state.tokens.find(subject).or_else(|| state.tokens.find(auth));
    let token = token.expect("a living token was made here");
    let has_catalog = !request.query.split('&').any(|word| word == "nocatalog");
    Answer::json(200, &body(token, &state.knobs, origin, has_catalog)).with("X-Subject-Token", subject)
}

fn projects(request: &Request, state: &State, now_s: i64) -> Answer {
    if !request.header("X-Auth-Token").is_some_and(|id| state.tokens.is_alive(id, now_s)) {
        return Answer::error(401, UNAUTHENTICATED);
    }
    let one = |project: &super::Project| {
        json!({"id": project.id, "name": project.name, "domain_id": "default", "enabled": true,
            "description": "", "is_domain": false, "parent_id": "default", "options": {}, "tags": []})
    };
    let projects: Vec<Value> = state.knobs.projects.iter().map(one).collect();
    Answer::json(200, &json!({"projects": projects, "links": {"next": null, "previous": null}}))
}

/// `Ok(None)`: unknown, or no role there; `Err`: no scope at all.
fn scope(scope: &Value, knobs: &Knobs) -> Result<Option<Scope>, Answer> {
    if scope.is_null() || *scope == json!("unscoped") {
        return Ok(Some(Scope::Unscoped));
    }
    if let Some(project) = scope["project"].as_object() {
        let is_by_id = project.contains_key("id");
        if !is_by_id && !project.contains_key("domain") {
            return Err(Answer::error(400, "Expecting to find domain in project."));
        }
        let in_domain = is_by_id || domain(&scope["project"]["domain"]) == Some(DOMAINS[0]);
        let found = knobs.projects.iter().find(|one| {
            scope["project"]["id"] == one.id.as_str()
                || (!is_by_id && scope["project"]["name"] == one.name.as_str())
        });
        let found = found.filter(|_| in_domain);
        return Ok(found.map(|one| Scope::Project { id: one.id.clone(), name: one.name.clone() }));
    }
    if scope["domain"].is_object() {
        let found = domain(&scope["domain"]);
        return Ok(found.map(|(id, name)| Scope::Domain { id: id.to_owned(), name: name.to_owned() }));
    }
    if scope["system"]["all"] == json!(true) {
        return Ok(Some(Scope::System));
    }
    Err(Answer::error(400, "Expecting to find a scope in auth."))
}

fn domain(reference: &Value) -> Option<(&'static str, &'static str)> {
    DOMAINS.iter().copied().find(|(id, name)| reference["id"] == *id || reference["name"] == *name)
}

fn is_user(user: &Value, knobs: &Knobs) -> bool {
    let is_named = user["name"] == knobs.user.as_str() && domain(&user["domain"]) == Some(DOMAINS[0]);
    let is_known = user["id"] == knobs.user_id.as_str() || (user["id"].is_null() && is_named);
    is_known && !knobs.is_locked && user["password"] == knobs.password.as_str()
}

fn body(token: &Token, knobs: &Knobs, origin: &str, has_catalog: bool) -> Value {
    let home = json!({"id": "default", "name": "Default"});
    let mut body = json!({
        "methods": token.methods, "audit_ids": token.audit_ids,
        "user": {"id": knobs.user_id, "name": knobs.user, "domain": home, "password_expires_at": null},
        "expires_at": clock::iso(token.expires_s), "issued_at": clock::iso(token.issued_s)});
    match &token.scope {
        Scope::Unscoped => return json!({"token": body}),
        Scope::System => body["system"] = json!({"all": true}),
        Scope::Domain { id, name } => body["domain"] = json!({"id": id, "name": name}),
        Scope::Project { id, name } => {
            body["project"] = json!({"id": id, "name": name, "domain": home});
            body["is_domain"] = json!(false);
        }
    }
    body["roles"] = json!([{"id": "5d0a4f6e9b2c7d1e0f3ac4a18e8f3b1c", "name": "member"}]);
    if has_catalog {
        body["catalog"] = catalog(&token.scope, knobs, origin);
    }
    json!({"token": body})
}

fn catalog(scope: &Scope, knobs: &Knobs, origin: &str) -> Value {
    let project = match scope {
        Scope::Project { id, .. } => id.as_str(),
        _ => "none",
    };
    let service = |kind: &str, name: &str, url: &dyn Fn(&str) -> String| {
        let endpoint = |region: &&str, interface: &&str| {
            json!({"id": format!("{kind}-{region}-{interface}"), "interface": interface, "region_id": region,
                "region": region, "url": url(&region.to_ascii_lowercase())})
        };
        let in_region =
            |region| ["public", "internal", "admin"].map(|interface| endpoint(region, &interface));
        let endpoints: Vec<Value> = REGIONS.iter().flat_map(in_region).collect();
        json!({"id": format!("{kind}-id"), "type": kind, "name": name, "endpoints": endpoints})
    };
    let storage = |region: &str| match knobs.storage.as_str() {
        "" => format!("https://storage.{region}.cloud.invalid/v1/AUTH_{project}"),
        url => format!("{url}/v1/AUTH_{project}"),
    };
    json!([
        service("identity", "keystone", &|_| format!("{origin}/v3")),
        service("image", "glance", &|region| format!("https://image.{region}.cloud.invalid")),
        service("compute", "nova", &|region| format!("https://compute.{region}.cloud.invalid/v2.1")),
        service("object-store", "swift", &storage),
    ])
}

fn word(reference: &Value) -> String {
    reference["id"].as_str().or(reference["name"].as_str()).unwrap_or_default().to_owned()
}
