//! What Keystone may answer in place of a token, each told apart, none of it with a secret in it; and how often it is asked.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod limits;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake::{Knobs, RetryAfter, Trouble, What};
use crate::inside::Inside;
use crate::rig::{Line, PROFILE, adding, sealed, token_request};

/// A request that gives up soon.
fn hasty() -> Value {
    json!({"v": 1, "op": "token", "profile": PROFILE, "deadline_ms": 400})
}

fn wrong_password() -> Inside {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.password = "changed at the cloud".to_owned());
    agent
}

#[test]
fn a_wrong_password_is_sent_twice_however_many_ask() {
    let agent = wrong_password();
    let mut lines: Vec<Line> = (0..50).map(|_| agent.connect()).collect();
    lines.iter_mut().for_each(|line| line.send(&token_request(PROFILE)));
    for line in &mut lines {
        assert_eq!(line.answer()["err"]["code"], "refused");
    }
    for request in [hasty(), json!({"v": 1, "op": "env", "profile": PROFILE, "fresh": true})] {
        let failure = agent.refused(&request);
        assert_eq!((&failure["code"], &failure["profile"]), (&json!("refused"), &json!(PROFILE)));
    }
    agent.pass(24 * 3600);
    agent.refused(&token_request(PROFILE));
    let scopes: Vec<String> = agent.fake.requests().into_iter().map(|seen| seen.scope).collect();
    assert_eq!(scopes, ["project alpha", "unscoped"]);
}

#[test]
fn a_wrong_password_is_sent_no_oftener_for_ten_scopes_than_for_one() {
    let agent = wrong_password();
    let names: Vec<String> = (0..10).map(|n| format!("p{n}")).collect();
    for name in &names {
        agent.add(name, name);
    }
    let mut lines: Vec<Line> = names.iter().map(|_| agent.connect()).collect();
    lines.iter_mut().zip(&names).for_each(|(line, name)| line.send(&token_request(name)));
    for line in &mut lines {
        assert_eq!(line.answer()["err"]["code"], "refused");
    }
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn a_new_password_clears_the_refusal_once_it_was_tested() {
    let agent = wrong_password();
    let passwd =
        |password: &str| json!({"v": 1, "op": "secret_set", "profile": PROFILE, "secret": sealed(password)});
    agent.refused(&token_request(PROFILE));
    assert_eq!(agent.refused(&passwd("wrong again"))["code"], "refused");
    assert_eq!(agent.refused(&token_request(PROFILE))["code"], "refused");
    assert_eq!(agent.fake.creations(), 4, "each of the two passwords was tried twice");
    agent.granted(&passwd("changed at the cloud"));
    agent.token();
    assert_eq!(agent.fake.creations(), 5, "the test's own token is handed out");
}

#[test]
fn unlock_and_a_new_add_clear_the_refusal_too() {
    let agent = wrong_password();
    agent.refused(&token_request(PROFILE));
    let mut again = adding(PROFILE, &agent.fake.url(), "alpha");
    again["secret"] = json!(sealed("changed at the cloud"));
    agent.granted(&again);
    agent.token();

    let agent = wrong_password();
    agent.refused(&token_request(PROFILE));
    agent.fake.turn(|knobs| knobs.password = Knobs::default().password);
    agent.granted(&json!({"v": 1, "op": "unlock"}));
    agent.token();
}

#[test]
fn a_project_that_is_not_there_is_told_from_a_wrong_password() {
    let agent = Inside::new();
    agent.add("nowhere", "no such project");
    for _ in 0..3 {
        let failure = agent.refused(&token_request("nowhere"));
        assert_eq!(failure["code"], "no_role");
        assert!(failure["message"].as_str().unwrap().contains("\"no such project\""), "{failure}");
    }
    assert_eq!(agent.fake.creations(), 2);
    // The password is good: its other scopes are served, and that scope is still not asked for again.
    agent.token();
    agent.refused(&token_request("nowhere"));
    assert_eq!(agent.fake.creations(), 3);
}

#[test]
fn with_a_living_token_at_hand_an_unknown_project_costs_one_creation() {
    let agent = Inside::new();
    agent.add("nowhere", "no such project");
    agent.token();
    assert_eq!(agent.refused(&token_request("nowhere"))["code"], "no_role");
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn a_password_that_was_changed_is_not_taken_for_a_missing_project() {
    let agent = Inside::new();
    agent.add("other", "beta");
    let mine = agent.token()["token"].as_str().unwrap().to_owned();
    // As Keystone does when a password changes.
    agent.fake.turn(|knobs| knobs.password = "changed at the cloud".to_owned());
    agent.fake.revoke(&mine);
    assert_eq!(agent.refused(&token_request("other"))["code"], "refused");
    // What is known to be dead is handed out no more.
    assert_eq!(agent.refused(&token_request(PROFILE))["code"], "refused");
    // The trade that found the token dead, the login, and the one that tells a secret from a project.
    assert_eq!(agent.fake.creations(), 4);
}

#[test]
fn a_refusal_of_an_old_password_is_not_remembered_against_a_new_one() {
    let agent = wrong_password();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let mut line = agent.connect();
    line.send(&token_request(PROFILE));
    agent.fake.wait_until_held(1);
    let new = sealed("changed at the cloud");
    agent.granted(&json!({"v": 1, "op": "secret_set", "profile": PROFILE, "secret": new, "no_verify": true}));
    agent.fake.release();
    assert_eq!(line.answer()["err"]["code"], "refused");
    agent.token();
}

#[test]
fn every_trouble_of_keystones_has_its_own_word_and_says_where() {
    let elsewhere = "https://elsewhere.example/v3".to_owned();
    let page = "<html>canary</html>".to_owned();
    let rows = [
        (What::Status(400), "rejected", "400"),
        (What::Status(403), "forbidden", "forbids"),
        (What::Status(404), "not_found", "no identity service"),
        (What::Status(413), "rejected", "too large"),
        (What::Status(500), "server", "500"),
        (What::Status(503), "server", "503"),
        (What::Limited(RetryAfter::Absent), "limited", "limits the rate"),
        (What::Limited(RetryAfter::Seconds(30)), "limited", "30 s"),
        (What::Limited(RetryAfter::Date(30)), "limited", " s"),
        (What::Limited(RetryAfter::Seconds(u32::MAX)), "limited", " s"),
        (What::Redirect(elsewhere), "bad_answer", "https://elsewhere.example/v3"),
        (What::Reply(502, "text/html", page.clone()), "server", "502"),
        (What::Reply(201, "application/json", page), "bad_answer", "not JSON"),
        (What::Rubbish, "bad_answer", "not JSON"),
        (What::Html, "bad_answer", ""),
        (What::CutOff, "bad_answer", "broke off"),
        (What::HangUp, "bad_answer", "broke off"),
        (What::Huge, "bad_answer", "larger than"),
        (What::SubjectToken(None), "bad_answer", "no X-Subject-Token"),
        (What::Receipt, "needs_person", "another factor"),
        (What::Hold, "deadline", "did not answer in"),
    ];
    // All at once: most of them wait for their time to be up.
    std::thread::scope(|scope| {
        for (what, code, words) in rows {
            scope.spawn(move || check(&what, code, words));
        }
    });
}

fn check(what: &What, code: &str, words: &str) {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(what.clone()));
    let began = Instant::now();
    let failure = agent.refused(&hasty());
    let message = failure["message"].as_str().unwrap();
    assert_eq!(failure["code"], code, "{what:?}: {failure}");
    assert!(message.contains(words) && message.contains(&agent.fake.origin()), "{what:?}: {message}");
    assert!(message.contains("profile \"prod\""), "{what:?}: {message}");
    assert!(!failure.to_string().contains("canary"), "{failure}");
    assert!(began.elapsed() < Duration::from_secs(20), "{what:?}: {:?}", began.elapsed());
}

#[test]
fn a_keystone_that_is_down_is_named_in_time_while_a_token_is_still_handed_out() {
    let agent = Inside::new();
    let mut dead = adding("dead", "http://127.0.0.1:1/v3", "alpha");
    dead["add"]["profile"]["user"]["name"] = json!("somebody");
    agent.granted(&dead);
    let began = Instant::now();
    let asking = json!({"v": 1, "op": "token", "profile": "dead", "deadline_ms": 300});
    let failure = agent.refused(&asking);
    assert_eq!(failure["code"], "unreachable");
    assert!(failure["message"].as_str().unwrap().contains("http://127.0.0.1:1"), "{failure}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let first = agent.token();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::HangUp));
    agent.pass(12 * 3600);
    let began = Instant::now();
    assert_eq!(agent.token()["token"], first["token"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
