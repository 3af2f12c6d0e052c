//! The end of tokens at Keystone.

use osagent::keystone::{self, Fault, Http, Revoked};
use osagent::profile::Scope;

use super::{login, open, profile, soon};
use crate::fake::{Fake, Knobs, On, Trouble, What};

#[tokio::test]
async fn a_revoked_token_is_dead_and_takes_what_was_made_from_it_along() {
    let fake = Fake::start(Knobs::default());
    let (profile, http) = (profile(&fake.url()), Http::direct());
    let root = login(&fake).await.unwrap().token.id;
    let child = keystone::rescope(&http, &profile, &root, &Scope::Unscoped, &mut open(), soon()).await;
    let child = child.unwrap().token.id;
    assert!(keystone::check(&http, &profile, &child, soon()).await.unwrap());
    assert_eq!(keystone::revoke(&http, &profile, &root, soon()).await.unwrap(), Revoked::Ended);
    assert!(!keystone::check(&http, &profile, &root, soon()).await.unwrap());
    assert!(!keystone::check(&http, &profile, &child, soon()).await.unwrap());
    for id in [&root, &child] {
        assert_eq!(keystone::revoke(&http, &profile, id, soon()).await.unwrap(), Revoked::AlreadyDead);
    }
    assert_eq!(fake.creations(), 2);
}

#[tokio::test]
async fn a_revoked_child_leaves_its_root_alive() {
    let fake = Fake::start(Knobs::default());
    let (profile, http) = (profile(&fake.url()), Http::direct());
    let root = login(&fake).await.unwrap().token.id;
    let child = keystone::rescope(&http, &profile, &root, &Scope::System, &mut open(), soon()).await;
    assert_eq!(
        keystone::revoke(&http, &profile, &child.unwrap().token.id, soon()).await.unwrap(),
        Revoked::Ended
    );
    assert!(keystone::check(&http, &profile, &root, soon()).await.unwrap());
}

#[tokio::test]
async fn an_expired_token_is_already_dead() {
    let fake = Fake::start(Knobs { life_s: 60, ..Knobs::default() });
    let (profile, http) = (profile(&fake.url()), Http::direct());
    let id = login(&fake).await.unwrap().token.id;
    fake.turn(|knobs| knobs.skew_s += 61);
    assert!(!keystone::check(&http, &profile, &id, soon()).await.unwrap());
    assert_eq!(keystone::revoke(&http, &profile, &id, soon()).await.unwrap(), Revoked::AlreadyDead);
}

#[tokio::test]
async fn what_is_not_keystones_own_word_does_not_count_as_revoked() {
    let fake = Fake::start(Knobs::default());
    let (profile, http) = (profile(&fake.url()), Http::direct());
    let id = login(&fake).await.unwrap().token.id;
    for status in [200, 302, 401, 403, 404, 407, 429, 500, 502] {
        let what = What::Reply(status, "text/html", "<html>some proxy</html>".to_owned());
        fake.turn(|knobs| knobs.trouble = Some(Trouble { what, on: On::Others, times: None }));
        let outcome = keystone::revoke(&http, &profile, &id, soon()).await;
        let fault = outcome.expect_err(&status.to_string());
        super::assert_silent(&fault);
        assert!(fake.is_alive(id.expose()));
    }
    fake.turn(|knobs| knobs.trouble = None);
    assert_eq!(keystone::revoke(&http, &profile, &id, soon()).await.unwrap(), Revoked::Ended);
}

#[tokio::test]
async fn a_keystone_in_trouble_says_nothing_about_a_tokens_life() {
    let fake = Fake::start(Knobs::default());
    let (profile, http) = (profile(&fake.url()), Http::direct());
    let id = login(&fake).await.unwrap().token.id;
    let proxy = |status| What::Reply(status, "text/html", String::new());
    let troubles =
        [What::Status(500), What::Status(429), What::Status(403), What::HangUp, proxy(401), proxy(404)];
    for what in troubles {
        fake.turn(|knobs| knobs.trouble = Some(Trouble { what, on: On::Others, times: None }));
        let fault = keystone::check(&http, &profile, &id, soon()).await.unwrap_err();
        assert!(!matches!(fault, Fault::Refused { .. }));
        super::assert_silent(&fault);
    }
}
