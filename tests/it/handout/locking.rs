//! A locked agent has no token and gives none, whatever was under way; and shells are told of all that changes.

use osagent::agent::config::Config;
use osagent::agent::lock::Reason;
use serde_json::{Value, json};

use super::{HOUR, token_of};
use crate::fake::{Knobs, Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, adding, sealed, token_request};

fn op(op: &str) -> Value {
    json!({"v": 1, "op": op})
}

#[test]
fn a_locked_agent_gives_nothing_and_takes_nothing_until_it_is_unlocked() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    let ended = agent.granted(&op("lock"));
    assert_eq!((&ended["forgotten"], &ended["secrets_forgotten"][0]), (&json!(1), &json!(PROFILE)));
    let secret = json!({"v": 1, "op": "secret_set", "profile": PROFILE, "secret": sealed("x")});
    let env = json!({"v": 1, "op": "env", "profile": PROFILE});
    for request in [token_request(PROFILE), env, secret, adding("more", &agent.fake.url(), "beta")] {
        assert_eq!(agent.refused(&request)["code"], "locked");
    }
    let status = agent.status();
    assert_eq!((&status["locked"], status["tokens"].as_array().unwrap().len()), (&json!(true), 0));
    assert!(agent.fake.is_alive(&first), "lock alone ends nothing at Keystone");
    agent.granted(&op("unlock"));
    // The password was in the agent's memory, and went with the lock.
    let question = &agent.ask(&token_request(PROFILE))["ask"];
    assert_eq!(question["id"], PROFILE);
    assert_eq!(agent.fake.creations(), 1);
}

#[test]
fn a_login_that_was_under_way_when_the_agent_was_locked_is_not_kept() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let mut line = agent.connect();
    line.send(&token_request(PROFILE));
    agent.fake.wait_until_held(1);
    agent.granted(&op("lock"));
    assert_eq!(line.answer()["err"]["code"], "locked");
    agent.fake.release();
    agent.fake.wait_until_answered(1);
    agent.granted(&op("unlock"));
    assert_eq!(agent.status()["tokens"], json!([]));
}

#[test]
fn a_login_that_waits_for_its_next_try_ends_with_the_lock() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Status(503)));
    let mut line = agent.connect();
    line.send(&token_request(PROFILE));
    agent.fake.wait_until_answered(1);
    agent.granted(&op("lock"));
    assert_eq!(line.answer()["err"]["code"], "locked");
    let tries = agent.fake.creations();
    agent.granted(&op("unlock"));
    agent.ask(&token_request(PROFILE));
    assert_eq!(agent.fake.creations(), tries, "nothing was sent with a forgotten password");
}

#[test]
fn an_add_that_was_under_way_when_the_agent_was_locked_leaves_no_secret() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let mut adding = adding("more", &agent.fake.url(), "beta");
    adding["add"]["no_verify"] = json!(false);
    let mut line = agent.connect();
    line.send(&adding);
    agent.fake.wait_until_held(1);
    agent.granted(&op("lock"));
    assert_eq!(line.answer()["err"]["code"], "locked");
    agent.fake.release();
    agent.granted(&op("unlock"));
    assert_eq!(agent.refused(&token_request("more"))["code"], "no_profile");
}

#[test]
fn lock_can_revoke_first_and_forgets_also_what_could_not_be_revoked() {
    let revoking = json!({"v": 1, "op": "lock", "all": true});
    let agent = Inside::new();
    let token = token_of(&agent.token());
    assert_eq!(agent.granted(&revoking)["revoked"], 1);
    assert!(!agent.fake.is_alive(&token));

    let agent = Inside::new();
    let token = token_of(&agent.token());
    agent.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::Status(503)));
    let ended = agent.granted(&revoking);
    assert_eq!((&ended["revoked"], &ended["forgotten"]), (&json!(0), &json!(1)));
    assert!(ended["failed"][0]["message"].as_str().unwrap().contains("503"), "{ended}");
    assert!(agent.fake.is_alive(&token));
    assert_eq!(agent.status()["tokens"], json!([]));
}

#[test]
fn the_epoch_grows_with_each_change_and_only_then() {
    let agent = Inside::new();
    let mut before = agent.epoch();
    let mut grows = |what: &str, is_change: bool| {
        let now = agent.epoch();
        assert_eq!(now > before, is_change, "{what}: from {before} to {now}");
        before = now;
    };
    agent.granted(&adding("more", &agent.fake.url(), "beta"));
    grows("add", true);
    agent.token();
    grows("a new token", true);
    agent.token();
    agent.status();
    grows("a token from the cache", false);
    agent.granted(&json!({"v": 1, "op": "default", "profile": PROFILE}));
    grows("use", true);
    agent.pass(9 * HOUR);
    let first = token_of(&agent.token());
    crate::wait::until("it is renewed", || token_of(&agent.token()) != first);
    grows("a renewal", true);
    agent.granted(&json!({"v": 1, "op": "revoke", "profile": PROFILE}));
    grows("revoke", true);
    agent.granted(&op("lock"));
    grows("lock", true);
    agent.granted(&op("unlock"));
    grows("unlock", true);
    agent.granted(&json!({"v": 1, "op": "remove", "profile": PROFILE}));
    grows("remove", true);
}

#[test]
fn what_locks_the_agent_from_outside_locks_it_as_the_verb_does() {
    let agent = Inside::new();
    let token = token_of(&agent.token());
    agent.notice(Reason::Signal);
    assert_eq!(agent.refused(&token_request(PROFILE))["code"], "locked");
    assert!(agent.fake.is_alive(&token));

    let agent = Inside::with(Knobs::default(), revoking());
    let token = token_of(&agent.token());
    agent.notice(Reason::Signal);
    assert_eq!(agent.refused(&token_request(PROFILE))["code"], "locked");
    assert!(!agent.fake.is_alive(&token));
}

#[test]
fn a_lock_that_revokes_waits_no_longer_than_five_seconds_and_hands_nothing_out_meanwhile() {
    let agent = Inside::with(Knobs::default(), revoking());
    for project in ["alpha", "beta"] {
        agent.granted(&json!({"v": 1, "op": "token", "profile": PROFILE, "project": project}));
    }
    agent.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::Hold));
    let began = std::time::Instant::now();
    let mut line = agent.connect();
    line.send(&op("lock"));
    agent.fake.wait_until_held(1);
    assert_eq!(agent.refused(&token_request(PROFILE))["code"], "locked");
    let ended = line.answer()["ok"].take();
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!((&ended["forgotten"], ended["failed"].as_array().unwrap().len()), (&json!(2), 2));
}

fn revoking() -> Config {
    let mut config = Config::default();
    config.lock.revoke = true;
    config
}
