//! Whose clock counts: Keystone's for the end of a token, the machine's own since its boot for how much of it has gone.

use serde_json::{Value, json};

use super::{DAY, HOUR, token_of};
use crate::fake::Knobs;
use crate::inside::Inside;
use crate::rig::PROFILE;

const DAY_I: i64 = DAY as i64;

#[test]
fn neither_keystones_clock_nor_the_machines_needs_to_be_right() {
    for server in [-DAY_I, -3600, 0, 3600, DAY_I] {
        for local in [-DAY_I, 0, DAY_I] {
            let agent = Inside::with(Knobs { skew_s: server, ..Knobs::default() }, Default::default());
            agent.clock.set_wall_ahead(local);
            check(&agent, &format!("keystone {server} s ahead, the machine {local} s"));
        }
    }
}

#[test]
fn a_reply_without_date_counts_from_its_issue() {
    let knobs = Knobs { skew_s: DAY_I, has_date: false, ..Knobs::default() };
    let agent = Inside::with(knobs, Default::default());
    agent.clock.set_wall_ahead(-DAY_I);
    check(&agent, "no Date");
}

#[track_caller]
fn check(agent: &Inside, what: &str) {
    let first = agent.token();
    let left = first["left_s"].as_u64().unwrap();
    assert!((DAY - 20..=DAY).contains(&left), "{what}: {left} s left");
    // What a shell compares with its own clock is by its own clock.
    let answer = agent.granted(&json!({"v": 1, "op": "env", "profile": PROFILE}));
    let expires_s: i64 = exported(&answer, "OSAGENT_EXPIRES").parse().unwrap();
    let by_the_clock = expires_s - osagent::host::clock::Clock::wall_s(&agent.clock);
    assert!((DAY_I - 20..=DAY_I).contains(&by_the_clock), "{what}: {by_the_clock} s by the wall clock");
    agent.pass(HOUR);
    assert_eq!(token_of(&agent.token()), token_of(&first), "{what}");
    agent.pass(DAY - HOUR - 100);
    let second = token_of(&agent.token());
    assert!(second != token_of(&first) && agent.fake.is_alive(&second), "{what}");
    assert_eq!(agent.fake.creations(), 2, "{what}");
}

#[test]
fn a_wall_clock_that_is_set_makes_no_token_old_and_none_young() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    for step in [DAY_I, -3 * DAY_I, 10 * DAY_I] {
        agent.clock.set_wall_ahead(step);
        assert_eq!(token_of(&agent.token()), first);
    }
    assert_eq!(agent.fake.creations(), 1);
    agent.pass(DAY);
    assert!(agent.fake.is_alive(&token_of(&agent.token())));
}

#[test]
fn the_first_request_after_a_long_sleep_gets_a_living_token() {
    let agent = Inside::new();
    agent.token();
    agent.sleep(30 * HOUR);
    let token = token_of(&agent.token());
    assert!(agent.fake.is_alive(&token));
    assert_eq!(agent.fake.creations(), 2);
    let status = agent.status();
    assert_eq!(status["tokens"].as_array().unwrap().len(), 1, "the dead one is forgotten: {status}");
}

#[test]
fn a_sleep_in_the_middle_of_a_login_makes_no_token_look_younger_than_it_is() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.delay = std::time::Duration::from_millis(300));
    let mut line = agent.connect();
    line.send(&crate::rig::token_request(PROFILE));
    // Then the machine sleeps, and the answer waits.
    crate::wait::until("keystone has it", || agent.fake.connections() > 0);
    agent.clock.sleep(30 * HOUR);
    // Its day was over when it came, so another one was asked for.
    assert!(line.answer()["ok"]["token"].is_string());
    assert_eq!(agent.fake.creations(), 2);
}

fn exported<'a>(answer: &'a Value, name: &str) -> &'a str {
    let pairs = answer["set"].as_array().unwrap();
    pairs.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str()).unwrap()
}
