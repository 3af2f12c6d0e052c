//! How often a token is asked for: what Keystone says about it is heard, and our own limit stands before it.

use std::time::{Duration, Instant};

use osagent::agent::config::Config;
use serde_json::{Value, json};

use super::hasty;
use crate::fake::{Knobs, RetryAfter, Trouble, What};
use crate::inside::Inside;
use crate::rig::{Line, PROFILE, token_request};

fn fresh() -> Value {
    json!({"v": 1, "op": "token", "profile": PROFILE, "fresh": true, "deadline_ms": 300})
}

fn limited_to(creations_per_min: u32) -> Inside {
    let mut config = Config::default();
    config.limits.creations_per_min = creations_per_min;
    Inside::with(Knobs::default(), config)
}

#[test]
fn our_own_limit_is_thirty_a_minute_and_stands_before_keystones() {
    let agent = Inside::new();
    for _ in 0..30 {
        agent.granted(&fresh());
    }
    let failure = agent.refused(&fresh());
    assert_eq!(failure["code"], "limited");
    assert!(failure["message"].as_str().unwrap().contains("room again in"), "{failure}");
    assert_eq!(agent.fake.creations(), 30);
    let counted = &agent.status()["creations"][0];
    assert_eq!((&counted["last_minute"], &counted["limit"]), (&json!(30), &json!(30)));
    // What is cached is handed out all the same, and a minute later there is room.
    agent.token();
    agent.pass(60);
    agent.granted(&fresh());
}

#[test]
fn the_limit_counts_a_login_over_all_its_scopes_and_refusals_too() {
    let agent = limited_to(3);
    agent.add("other", "beta");
    agent.add("nowhere", "no such project");
    agent.token();
    agent.granted(&token_request("other"));
    let nowhere = json!({"v": 1, "op": "token", "profile": "nowhere", "deadline_ms": 300});
    assert_eq!(agent.refused(&nowhere)["code"], "no_role");
    assert_eq!(agent.refused(&fresh())["code"], "limited");
    assert_eq!(agent.fake.creations(), 3);
}

#[test]
fn who_waits_for_the_limit_is_served_when_there_is_room() {
    let agent = limited_to(1);
    agent.token();
    agent.pass(59);
    let began = Instant::now();
    agent.granted(&json!({"v": 1, "op": "token", "profile": PROFILE, "fresh": true}));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(agent.fake.creations(), 2);
}

#[test]
fn retry_after_is_honoured_and_many_who_wait_make_one_stream_of_tries() {
    for retry_after in [RetryAfter::Seconds(1), RetryAfter::Date(2), RetryAfter::Absent] {
        let agent = Inside::new();
        agent.fake.turn(|knobs| knobs.trouble = Trouble::first(1, What::Limited(retry_after)));
        let began = Instant::now();
        let mut lines: Vec<Line> = (0..20).map(|_| agent.connect()).collect();
        lines.iter_mut().for_each(|line| line.send(&token_request(PROFILE)));
        for line in &mut lines {
            assert!(line.answer()["ok"]["token"].is_string());
        }
        // Dates have whole seconds: one of two seconds ahead is between one and two.
        let least = if matches!(retry_after, RetryAfter::Absent) { 200 } else { 900 };
        assert!(began.elapsed() >= Duration::from_millis(least), "{retry_after:?}: {:?}", began.elapsed());
        assert_eq!(agent.fake.creations(), 2, "{retry_after:?}");
    }
}

#[test]
fn who_is_told_to_come_back_at_once_takes_a_breath_first() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Limited(RetryAfter::Seconds(0))));
    assert_eq!(agent.refused(&hasty())["code"], "limited");
    assert!(agent.fake.creations() <= 3, "{}", agent.fake.creations());
}

#[test]
fn a_keystone_that_comes_back_serves_those_who_waited() {
    let agent = Inside::new();
    for what in [What::Status(503), What::HangUp, What::CutOff] {
        agent.fake.turn(|knobs| knobs.trouble = Trouble::first(1, what));
        agent.granted(&json!({"v": 1, "op": "token", "profile": PROFILE, "fresh": true}));
    }
}
