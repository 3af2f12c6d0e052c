//! Which token is handed out, and when a new one is made: with the clock in the test's hand and Keystone's beside it.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod clocks;
mod days;
mod locking;
mod trades;
mod vigil;

use serde_json::{Value, json};

use crate::fake::{Knobs, Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, sealed, token_request};

pub(crate) const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 24 * HOUR;

fn env_request() -> Value {
    json!({"v": 1, "op": "env", "profile": PROFILE})
}

/// What a request gets: the token of either answer.
pub(crate) fn token_of(answer: &Value) -> String {
    let exported = || answer["set"].as_array()?.iter().find(|pair| pair[0] == "OS_TOKEN")?[1].as_str();
    answer["token"].as_str().or_else(exported).expect("the answer holds a token").to_owned()
}

fn with_life(life_s: u64) -> Inside {
    let knobs = Knobs { life_s: i64::try_from(life_s).unwrap(), ..Knobs::default() };
    Inside::with(knobs, Default::default())
}

#[test]
fn each_verb_hands_out_a_token_with_life_enough_for_it() {
    // A verb, a token's whole life, and the least of it that this verb still hands out.
    let rows = [
        ("token", DAY, 300),
        ("env", DAY, 600),
        ("token", HOUR, 300),
        ("env", HOUR, 600),
        ("token", 1200, 200),
        ("env", 1200, 400),
        ("token", 600, 100),
        ("env", 600, 200),
    ];
    // The clocks run on while the test does.
    let slack = 20;
    for (verb, life, least) in rows {
        let request = json!({"v": 1, "op": verb, "profile": PROFILE});
        for (left, is_enough) in [(least + slack, true), (least - 1, false)] {
            let agent = with_life(life);
            let first = token_of(&agent.token());
            agent.pass(life - left);
            let second = token_of(&agent.granted(&request));
            assert_eq!(first == second, is_enough, "{verb}, life {life} s, {left} s left");
            assert!(agent.fake.is_alive(&second));
        }
    }
}

#[test]
fn past_a_third_of_its_life_a_token_in_use_is_renewed_and_nobody_waits_for_it() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(8 * HOUR - 60);
    assert_eq!(token_of(&agent.token()), first);
    agent.pass(120);
    // Looking is no use.
    agent.status();
    assert_eq!(agent.fake.creations(), 1);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    for _ in 0..3 {
        assert_eq!(token_of(&agent.token()), first);
        assert_eq!(token_of(&agent.granted(&env_request())), first);
    }
    agent.fake.wait_until_held(1);
    agent.fake.release();
    crate::wait::until("the young token is handed out", || token_of(&agent.token()) != first);
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn a_token_that_nobody_uses_is_not_renewed() {
    let agent = Inside::new();
    agent.token();
    agent.pass(DAY - 60);
    agent.status();
    assert_eq!(agent.fake.creations(), 1);
}

#[test]
fn exec_gets_the_young_token_of_a_renewal_and_of_one_that_is_under_way() {
    let exec = json!({"v": 1, "op": "env", "profile": PROFILE, "exec": true});
    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(8 * HOUR + 60);
    assert_ne!(token_of(&agent.granted(&exec)), first);
    assert_eq!(agent.fake.creations(), 2);

    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(8 * HOUR + 60);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    assert_eq!(token_of(&agent.token()), first, "this starts the renewal");
    agent.fake.wait_until_held(1);
    let mut line = agent.connect();
    line.send(&exec);
    // The agent has read it when it answers a later one.
    agent.status();
    agent.fake.release();
    assert_ne!(token_of(&line.answer()["ok"]), first);
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn exec_takes_the_old_token_where_there_is_no_young_one() {
    let exec = json!({"v": 1, "op": "env", "profile": PROFILE, "exec": true});
    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(8 * HOUR + 60);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Status(503)));
    assert_eq!(token_of(&agent.granted(&exec)), first);
}

#[test]
fn an_old_token_is_handed_out_while_it_cannot_be_renewed() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(DAY - 100);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Status(503)));
    for request in [token_request(PROFILE), env_request()] {
        let answer = agent.granted(&request);
        assert_eq!(token_of(&answer), first);
        let warning = answer["warnings"][0].as_str().unwrap();
        assert!(warning.contains("cannot be renewed") && warning.contains("503"), "{warning}");
    }
    // Who needs more than it has gets the failure.
    let more = json!({"v": 1, "op": "token", "profile": PROFILE, "min_ttl_s": 3600, "deadline_ms": 100});
    assert_eq!(agent.refused(&more)["code"], "server");
    agent.pass(100);
    let late = json!({"v": 1, "op": "token", "profile": PROFILE, "deadline_ms": 100});
    assert_eq!(agent.refused(&late)["code"], "server", "a dead token is handed out to nobody");
    agent.fake.release();
    assert!(agent.fake.is_alive(&token_of(&agent.token())));
}

#[test]
fn a_longer_life_is_had_by_a_new_token_and_no_longer_one_than_the_cloud_gives() {
    let asking = |seconds: u64| json!({"v": 1, "op": "token", "profile": PROFILE, "min_ttl_s": seconds});
    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(2 * HOUR);
    assert_eq!(token_of(&agent.granted(&asking(20 * HOUR))), first);
    let second = agent.granted(&asking(23 * HOUR));
    assert_ne!(token_of(&second), first);
    assert!(second["warnings"].is_null(), "{second}");
    for _ in 0..5 {
        let third = agent.granted(&asking(48 * HOUR));
        assert_eq!(token_of(&third), token_of(&second));
        let warnings = third["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].as_str().unwrap().contains("keystone gives no more than 86400 s"), "{third}");
    }
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn a_fresh_token_is_a_new_one_and_the_old_one_is_kept_to_be_revoked() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    let fresh = json!({"v": 1, "op": "token", "profile": PROFILE, "fresh": true});
    let second = token_of(&agent.granted(&fresh));
    assert_ne!(first, second);
    assert_eq!(token_of(&agent.token()), second);
    let status = agent.status();
    let superseded: Vec<&Value> =
        status["tokens"].as_array().unwrap().iter().map(|t| &t["superseded"]).collect();
    assert_eq!(superseded, [false, true]);
    let ended = agent.granted(&json!({"v": 1, "op": "revoke", "profile": PROFILE}));
    assert_eq!(ended["revoked"], 2);
    assert!(!agent.fake.is_alive(&first) && !agent.fake.is_alive(&second));
}

#[test]
fn a_cloud_of_short_lives_is_asked_no_oftener_than_they_last() {
    let agent = with_life(60);
    for _ in 0..120 {
        let answer = agent.token();
        assert!(answer["warnings"].is_null(), "{answer}");
        assert!(agent.fake.is_alive(&token_of(&answer)));
        agent.pass(1);
    }
    // Each is renewed when a third of it has gone, or later: time flies here while a login is under way.
    let creations = agent.fake.creations();
    assert!(creations <= 7, "{creations}");
}

#[test]
fn a_day_of_use_costs_what_the_policy_says() {
    let agent = Inside::new();
    for _ in 0..DAY / 600 {
        assert!(agent.fake.is_alive(&token_of(&agent.token())));
        agent.pass(600);
    }
    // One, and one each eight hours.
    let creations = agent.fake.creations();
    assert!(creations <= 4, "{creations}");
}

#[test]
fn profiles_of_one_login_and_scope_share_a_token_and_other_scopes_have_their_own() {
    let agent = Inside::new();
    agent.add("same", "alpha");
    agent.add("other", "beta");
    let first = token_of(&agent.token());
    assert_eq!(token_of(&agent.granted(&token_request("same"))), first);
    assert_ne!(token_of(&agent.granted(&token_request("other"))), first);
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn a_check_finds_the_token_dead_that_somebody_else_has_ended() {
    let checked = json!({"v": 1, "op": "env", "profile": PROFILE, "check": true});
    let agent = Inside::new();
    let first = token_of(&agent.token());
    assert_eq!(token_of(&agent.granted(&checked)), first);
    agent.fake.revoke(&first);
    assert_eq!(token_of(&agent.granted(&env_request())), first, "without a check nobody knows");
    // What comes in its place is waited for, also when the first try meets with trouble.
    agent.fake.turn(|knobs| knobs.trouble = Trouble::first(1, What::Status(503)));
    let second = token_of(&agent.granted(&checked));
    assert!(second != first && agent.fake.is_alive(&second));
    assert_eq!(agent.fake.creations(), 3);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::Status(503)));
    assert_eq!(agent.refused(&checked)["code"], "server", "a check that cannot be made says so");
    assert_eq!(token_of(&agent.granted(&env_request())), second);
}

#[test]
fn a_token_that_a_service_rejects_is_forgotten_when_keystone_says_that_it_is_dead_and_not_before() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    let by_token = |token: &str| json!({"v": 1, "op": "rejected", "secret": sealed(token)});
    let by_profile = json!({"v": 1, "op": "rejected", "profile": PROFILE});
    for request in [by_token(&first), by_profile.clone()] {
        assert_eq!(agent.granted(&request)["lives"], true, "a service may err");
    }
    assert_eq!(token_of(&agent.token()), first);
    agent.fake.revoke(&first);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::Status(503)));
    assert_eq!(agent.refused(&by_token(&first))["code"], "server");
    assert_eq!(token_of(&agent.token()), first, "nobody has said that it is dead");
    agent.fake.release();
    assert_eq!(agent.granted(&by_token(&first))["lives"], false);
    assert_eq!(agent.granted(&by_profile)["lives"], false, "there is none any more");
    assert_eq!(agent.fake.creations(), 1, "a rejection makes no token");
    assert!(agent.fake.is_alive(&token_of(&agent.token())));
    assert_eq!(agent.granted(&by_token("gAAAAA of somebody else"))["lives"], false);
}

#[test]
fn another_scope_of_the_same_login_has_a_token_of_its_own() {
    let agent = Inside::new();
    let mine = token_of(&agent.token());
    let scopes = [
        (json!({"project": "beta"}), "project beta"),
        (json!({"project": Knobs::default().projects[0].id}), "project 59502cee6f1b4d0c8a7e3f2d1b0c9a81"),
        (json!({"domain": "default"}), "domain default"),
        (json!({"domain": "lab"}), "domain lab"),
        (json!({"system": true}), "system"),
        (json!({"unscoped": true}), "unscoped"),
    ];
    for (scope, sent) in scopes {
        let mut request = token_request(PROFILE);
        request.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        let other = token_of(&agent.granted(&request));
        assert_ne!(other, mine);
        assert_eq!(token_of(&agent.granted(&request)), other);
        assert_eq!(agent.fake.requests().last().unwrap().scope, sent);
    }
    assert_eq!(agent.fake.creations(), 7);
    // They stand for no profile of their own, so they go with this one.
    assert_eq!(agent.granted(&json!({"v": 1, "op": "revoke", "profile": PROFILE}))["revoked"], 7);
}
