//! Many scopes from one login: traded where Keystone allows it, by a login where it does not, and ended together.

use serde_json::{Value, json};

use super::{DAY, HOUR, token_of};
use crate::fake::{Knobs, Project, Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, sealed, token_request};

fn for_project(project: &str) -> Value {
    json!({"v": 1, "op": "token", "profile": PROFILE, "project": project})
}

/// How each token was asked for, in order.
pub(super) fn methods(agent: &Inside) -> Vec<String> {
    let requests = agent.fake.requests();
    requests.iter().filter(|seen| seen.is_creation()).map(|seen| seen.methods.join("+")).collect()
}

pub(super) fn many_projects(count: usize) -> Knobs {
    let more = (0..count).map(|n| Project::new(&format!("{n:032x}"), &format!("p{n}")));
    let projects = Knobs::default().projects.into_iter().chain(more).collect();
    Knobs { projects, ..Knobs::default() }
}

#[test]
fn other_scopes_of_a_login_are_traded_for_its_token_and_end_with_it() {
    let agent = Inside::new();
    let root = agent.token();
    agent.pass(HOUR);
    let traded = agent.granted(&for_project("beta"));
    assert_eq!(methods(&agent), ["password", "token"]);
    assert_eq!(traded["expires_at"], root["expires_at"]);
    let left = traded["left_s"].as_u64().unwrap();
    assert!((DAY - HOUR - 20..=DAY - HOUR).contains(&left), "{left}");
    let status = agent.status();
    assert_eq!(status["creations"][0]["last_minute"], 1, "a trade counts as a login does: {status}");
    agent.fake.revoke(&token_of(&root));
    assert!(!agent.fake.is_alive(&token_of(&traded)));
}

#[test]
fn an_old_token_is_not_traded_but_a_new_login_made_and_that_one_traded() {
    let agent = Inside::new();
    agent.token();
    agent.pass(8 * HOUR + 60);
    let root = agent.granted(&for_project("beta"));
    assert!(root["left_s"].as_u64().unwrap() > DAY - 60, "{root}");
    agent.granted(&json!({"v": 1, "op": "token", "profile": PROFILE, "domain": "lab"}));
    assert_eq!(methods(&agent), ["password", "password", "token"]);
}

#[test]
fn who_wants_more_life_than_a_trade_gives_gets_a_login() {
    let agent = Inside::new();
    agent.token();
    agent.pass(HOUR);
    let mut asking = for_project("beta");
    asking["min_ttl_s"] = json!(22 * HOUR);
    agent.granted(&asking);
    asking["min_ttl_s"] = json!(23 * HOUR + HOUR / 2);
    agent.granted(&asking);
    assert_eq!(methods(&agent), ["password", "token", "password"]);
    asking.as_object_mut().unwrap().remove("min_ttl_s");
    asking["fresh"] = json!(true);
    agent.granted(&asking);
    assert_eq!(methods(&agent)[3], "password");
}

#[test]
fn a_cloud_that_forbids_trades_is_asked_once_for_each_login() {
    let knobs = Knobs { may_rescope: false, ..many_projects(10) };
    let agent = Inside::with(knobs, Default::default());
    agent.token();
    let mut lines: Vec<_> = (0..10).map(|_| agent.connect()).collect();
    lines.iter_mut().enumerate().for_each(|(n, line)| line.send(&for_project(&format!("p{n}"))));
    for line in &mut lines {
        assert!(line.answer()["ok"]["token"].is_string());
    }
    let methods = methods(&agent);
    assert_eq!(methods.iter().filter(|method| *method == "token").count(), 1, "{methods:?}");
    assert_eq!(methods.len(), 12);
    // One without a scope is traded by every cloud.
    agent.granted(&json!({"v": 1, "op": "token", "profile": PROFILE, "unscoped": true}));
    agent.granted(&for_project("beta"));
    assert_eq!(self::methods(&agent)[12..], ["password", "token"]);
}

#[test]
fn many_scopes_asked_for_at_once_on_a_cold_agent_cost_one_login() {
    let agent = Inside::with(many_projects(20), Default::default());
    let mut lines: Vec<_> = (0..20).map(|_| agent.connect()).collect();
    lines.iter_mut().enumerate().for_each(|(n, line)| line.send(&for_project(&format!("p{n}"))));
    for line in &mut lines {
        assert!(line.answer()["ok"]["token"].is_string());
    }
    let methods = methods(&agent);
    assert_eq!((methods.len(), methods.iter().filter(|m| *m == "password").count()), (20, 1), "{methods:?}");
}

#[test]
fn a_token_that_somebody_ended_is_not_traded_twice() {
    let agent = Inside::new();
    agent.fake.revoke(&token_of(&agent.token()));
    let other = token_of(&agent.granted(&for_project("beta")));
    assert!(agent.fake.is_alive(&other));
    assert_eq!(methods(&agent), ["password", "token", "password"]);
    // What was found dead is handed out no more, and the new login is traded.
    assert!(agent.fake.is_alive(&token_of(&agent.token())));
    assert_eq!(methods(&agent)[3], "token");
}

#[test]
fn a_trade_waits_out_keystones_trouble_as_a_login_does() {
    let agent = Inside::new();
    agent.token();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::first(1, What::Status(503)));
    agent.granted(&for_project("beta"));
    assert_eq!(methods(&agent), ["password", "token", "token"]);
}

#[test]
fn a_scope_that_is_not_there_is_told_by_the_trade_and_asked_for_once() {
    let agent = Inside::new();
    agent.token();
    for _ in 0..3 {
        assert_eq!(agent.refused(&for_project("nowhere"))["code"], "no_role");
    }
    assert_eq!(methods(&agent), ["password", "token"]);
}

#[test]
fn a_login_that_was_traded_is_ended_with_all_that_was_traded_for_it() {
    let agent = Inside::new();
    let tokens = [agent.token(), agent.granted(&for_project("beta"))].map(|answer| token_of(&answer));
    agent.pass(9 * HOUR);
    let young = token_of(&agent.granted(&json!({"v": 1, "op": "token", "profile": PROFILE, "fresh": true})));
    agent.add("other", "beta");
    let ended = agent.granted(&json!({"v": 1, "op": "revoke", "profile": "other"}));
    assert_eq!((&ended["revoked"], &ended["also"]), (&json!(2), &json!([PROFILE])), "{ended}");
    assert!(tokens.iter().all(|token| !agent.fake.is_alive(token)) && agent.fake.is_alive(&young));
    assert_eq!(agent.granted(&json!({"v": 1, "op": "revoke", "all": true}))["revoked"], 1);
    assert_eq!(agent.status()["tokens"], json!([]));
}

#[test]
fn a_new_password_makes_no_trade_impossible() {
    let agent = Inside::new();
    agent.token();
    let secret = sealed(&Knobs::default().password);
    agent.granted(&json!({"v": 1, "op": "secret_set", "profile": PROFILE, "secret": secret}));
    agent.granted(&for_project("beta"));
    agent.granted(&token_request(PROFILE));
    assert_eq!(methods(&agent), ["password", "password", "token"]);
}
