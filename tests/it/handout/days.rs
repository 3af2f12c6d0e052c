//! Days of use in a moment: how many tokens are made is what the policy says, exactly, and nothing piles up.

use serde_json::{Value, json};

use super::trades::{many_projects, methods};
use super::{DAY, HOUR, token_of};
use crate::fake::{Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, token_request};

const PROFILES: usize = 20;

/// No divisor of a third of a day, so that no poll falls on the very moment.
const POLL: u64 = 700;

fn held(agent: &Inside) -> usize {
    agent.status()["tokens"].as_array().unwrap().len()
}

#[test]
fn three_days_of_twenty_profiles_cost_one_login_and_nineteen_trades_each_time_they_are_due() {
    let agent = Inside::empty(many_projects(PROFILES), Default::default());
    let names: Vec<String> = (0..PROFILES).map(|number| format!("p{number}")).collect();
    names.iter().for_each(|name| agent.add(name, name));
    let (mut rounds, mut issued_at, mut most) = (0, 0, Vec::new());
    for now in (0..3 * DAY).step_by(POLL as usize) {
        let is_due = rounds == 0 || now - issued_at > 8 * HOUR;
        if is_due {
            (rounds, issued_at) = (rounds + 1, now);
        }
        for name in &names {
            // A poll of a shell's prompt, and one of a person.
            assert!(agent.fake.is_alive(&token_of(&agent.granted(&token_request(name)))), "{now}: {name}");
        }
        crate::wait::until("what is due is renewed", || agent.fake.creations() >= rounds * PROFILES);
        crate::wait::until("the agent has it", || !is_due || held(&agent) >= PROFILES * rounds.min(3));
        if now % DAY < POLL {
            most.push(held(&agent));
        }
        agent.pass(POLL);
    }
    let methods = methods(&agent);
    assert_eq!((rounds, methods.len()), (9, 9 * PROFILES));
    assert_eq!(methods.iter().filter(|method| *method == "password").count(), 9);
    // Those that are handed out, and the older ones that live on and may have to be revoked.
    let live = held(&agent);
    assert_eq!(live, 3 * PROFILES, "{most:?}");
    assert!(most.iter().all(|held| *held <= 3 * PROFILES), "{most:?}");
    agent.pass(DAY + HOUR);
    assert_eq!(held(&agent), 0);
}

#[test]
fn a_keystone_that_is_down_for_ten_minutes_is_noticed_by_nobody_and_renews_once() {
    let agent = Inside::new();
    let first = token_of(&agent.token());
    agent.pass(8 * HOUR + 60);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::HangUp));
    for _ in 0..20 {
        let answer = agent.token();
        assert_eq!((token_of(&answer), &answer["warnings"]), (first.clone(), &Value::Null));
        agent.pass(30);
    }
    agent.fake.release();
    crate::wait::until("the young token is handed out", || token_of(&agent.token()) != first);
    for _ in 0..10 {
        agent.token();
        agent.pass(60);
    }
    let granted = agent.fake.requests().iter().filter(|seen| seen.status == 201).count();
    assert_eq!(granted, 2);
    let tried = agent.fake.creations();
    assert!(tried <= 14, "{tried}: no storm while it was down");
}

#[test]
fn a_clock_of_keystones_that_jumps_makes_no_dead_token_and_no_storm() {
    for jump in [-3600, 3600, -86_400] {
        let agent = Inside::new();
        agent.token();
        agent.pass(HOUR);
        agent.fake.turn(|knobs| knobs.skew_s += jump);
        // Whoever has Keystone's word for it knows.
        let checked = json!({"v": 1, "op": "env", "profile": PROFILE, "check": true});
        for _ in 0..20 {
            assert!(agent.fake.is_alive(&token_of(&agent.granted(&checked))), "{jump}");
            agent.pass(600);
        }
        assert_eq!(agent.fake.creations(), 1, "{jump}");
    }
}
