//! What a login, and a trade of tokens, gives.

use std::time::Duration;

use osagent::keystone::{self, Fault, Http};
use osagent::profile::{Method, Reference, Scope};
use osagent::secret::Secret;
use osagent::token;

use super::{Count, login, login_as, open, password, profile, soon};
use crate::fake::{Fake, Knobs, Trouble, What};

fn by_name(name: &str) -> Reference {
    Reference { id: None, name: Some(name.to_owned()) }
}

fn project(name: &str) -> Scope {
    Scope::Project { project: by_name(name), domain: by_name("Default") }
}

#[tokio::test]
async fn every_spelling_of_the_auth_url_logs_in() {
    let fake = Fake::start(Knobs::default());
    for path in ["", "/", "/v3", "/v3/", "/v2.0", "/v2.0/"] {
        let profile = profile(&format!("{}{path}", fake.origin()));
        login_as(&profile, &profile.scope, &password()).await.expect(path);
    }
    fake.turn(|knobs| knobs.prefix = "/identity".to_owned());
    for path in ["/identity", "/identity/", "/identity/v3", "/identity/v3/"] {
        let profile = profile(&format!("{}{path}", fake.origin()));
        login_as(&profile, &profile.scope, &password()).await.expect(path);
    }
    assert_eq!(fake.creations(), 10);
}

#[tokio::test]
async fn every_scope_is_granted_as_it_was_asked_for() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let id = |id: &str| Reference { id: Some(id.to_owned()), name: None };
    let by_id =
        Scope::Project { project: id("59502cee6f1b4d0c8a7e3f2d1b0c9a81"), domain: Reference::default() };
    let weird = "weird  name*'$(touch pwned)\"";
    let rows = [
        (by_id, "alpha"),
        (project("beta"), "beta"),
        (project(weird), weird),
        (Scope::Domain(by_name("lab")), "lab"),
        (Scope::Domain(id("default")), "Default"),
        (Scope::System, "system"),
        (Scope::Unscoped, "unscoped"),
    ];
    for (scope, expect) in rows {
        let issued = login_as(&profile, &scope, &password()).await.unwrap();
        let granted = match &issued.token.scope {
            token::Scope::Project(named) | token::Scope::Domain(named) => named.name.as_str(),
            token::Scope::System => "system",
            token::Scope::Unscoped => "unscoped",
        };
        assert_eq!(granted, expect);
        assert_eq!(issued.token.catalog.is_empty(), scope == Scope::Unscoped);
    }
}

#[tokio::test]
async fn a_token_comes_with_all_that_keystone_said_of_it() {
    let fake = Fake::start(Knobs { skew_s: -7200, ..Knobs::default() });
    let issued = login(&fake).await.unwrap();
    let token = &issued.token;
    assert_eq!(token.id.expose().len(), 183);
    assert!(fake.is_alive(token.id.expose()));
    assert_eq!(token.user.name, "ada");
    assert_eq!(token.methods, ["password"]);
    let left = token.expires_s - issued.date_s.unwrap();
    assert_eq!(left, 86_400, "the time left counts by Keystone's own clock, however wrong that is");
    let storage = token.catalog.iter().find(|service| service.kind == "object-store").unwrap();
    let endpoint = storage.endpoints.iter().find(|one| one.region == "GRA9" && one.interface == "public");
    assert_eq!(
        endpoint.unwrap().url,
        "https://storage.gra9.cloud.invalid/v1/AUTH_59502cee6f1b4d0c8a7e3f2d1b0c9a81"
    );
}

#[tokio::test]
async fn a_reply_without_date_is_good_too() {
    let fake = Fake::start(Knobs { has_date: false, ..Knobs::default() });
    assert_eq!(login(&fake).await.unwrap().date_s, None);
}

#[tokio::test]
async fn a_traded_token_ends_with_its_parent() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let parent = login(&fake).await.unwrap().token;
    fake.turn(|knobs| knobs.skew_s += 3600);
    let http = Http::direct();
    let child = keystone::rescope(&http, &profile, &parent.id, &project("beta"), &mut open(), soon()).await;
    let child = child.unwrap().token;
    assert_eq!(child.expires_s, parent.expires_s);
    assert_eq!(child.methods, ["password", "token"]);
    assert_eq!(child.audit_ids[1], parent.audit_ids[0]);
    assert!(matches!(&child.scope, token::Scope::Project(project) if project.name == "beta"));
}

#[tokio::test]
async fn the_reasons_why_a_trade_fails_are_told_apart() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let parent = login(&fake).await.unwrap().token;
    let http = Http::direct();
    let trade = async |scope: &Scope| {
        keystone::rescope(&http, &profile, &parent.id, scope, &mut open(), soon()).await.unwrap_err()
    };
    assert!(matches!(trade(&project("nosuch")).await, Fault::Refused { .. }));
    fake.turn(|knobs| knobs.may_rescope = false);
    assert!(matches!(trade(&project("beta")).await, Fault::Forbidden { .. }));
    fake.turn(|knobs| knobs.skew_s += 90_000);
    let dead = trade(&project("beta")).await;
    assert!(matches!(dead, Fault::DeadToken { .. }));
    super::assert_silent(&dead);
}

#[tokio::test]
async fn the_gate_is_asked_once_for_each_request_that_may_make_a_token() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let (http, mut gate) = (Http::direct(), Count { asked: 0, room: 2 });
    let token = keystone::login(&http, &profile, &profile.scope, &password(), &mut gate, soon()).await;
    let id = token.unwrap().token.id;
    keystone::rescope(&http, &profile, &id, &Scope::Unscoped, &mut gate, soon()).await.unwrap();
    assert!(keystone::check(&http, &profile, &id, soon()).await.unwrap());
    assert_eq!(gate.asked, 2);
    let shut = keystone::login(&http, &profile, &profile.scope, &password(), &mut gate, soon()).await;
    let fault = shut.unwrap_err();
    assert_eq!(fault.retry_after(), Some(Duration::from_secs(17)));
    assert_eq!(fault.to_string(), "too many token creations in the last minute; room again in 17 s");
    assert_eq!(fake.creations(), 2, "behind a shut gate nothing is sent");
}

#[tokio::test]
async fn a_profile_that_is_not_sound_sends_nothing() {
    let fake = Fake::start(Knobs::default());
    let mut plain = profile("http://192.0.2.1:5000/v3");
    plain.allow_http = false;
    let fault = login_as(&plain, &plain.scope, &password()).await.unwrap_err();
    assert!(matches!(fault, Fault::Profile(_)), "{fault}");
    let with_password = profile(&fake.url().replace("http://", "http://ada:S3cret@"));
    let fault = login_as(&with_password, &with_password.scope, &password()).await.unwrap_err();
    assert!(matches!(fault, Fault::Url(_)), "{fault}");
    super::assert_silent(&fault);
    assert_eq!(fake.requests().len(), 0);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let http = Http::direct();
    for _ in 0..3 {
        keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), soon()).await.unwrap();
    }
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn a_held_login_blocks_nothing_else() {
    let fake = Fake::start(Knobs { trouble: Trouble::always(What::Hold), ..Knobs::default() });
    let profile = profile(&fake.url());
    let (secret, mut gate, http) = (password(), open(), Http::direct());
    let login = keystone::login(&http, &profile, &profile.scope, &secret, &mut gate, soon());
    let other = async {
        while fake.held() == 0 {
            tokio::task::yield_now().await;
        }
        fake.release();
    };
    let (issued, ()) = tokio::join!(login, other);
    assert!(fake.is_alive(issued.unwrap().token.id.expose()));
}

#[test]
fn every_method_of_a_profile_has_its_line_in_the_table() {
    let known = [Method::Password];
    let table: Vec<Method> = keystone::METHODS.iter().map(|method| method.method()).collect();
    assert_eq!(table, known);
}

#[tokio::test]
async fn a_secret_of_any_characters_arrives_as_it_is() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    for text in [
        "S3cret pa'ss\"w$rd\\",
        "p\u{e4}\u{df}w\u{f6}rt \u{1f511}",
        "tab\tand\u{7f}",
        "\\u0041\\\"",
        &"x".repeat(4096),
    ] {
        fake.turn(|knobs| knobs.password = text.to_owned());
        login_as(&profile, &profile.scope, &Secret::new(text.to_owned())).await.expect(text);
    }
}
