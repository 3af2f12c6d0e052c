//! When the agent locks itself: unused, unlocked for long enough, or put to sleep; and when it does not.

use osagent::agent::config::{Config, Lock};
use osagent::agent::lock::Reason;
use serde_json::{Value, json};

use super::{HOUR, token_of};
use crate::fake::Knobs;
use crate::inside::Inside;
use crate::rig::{PROFILE, token_request};

fn with(lock: Lock) -> Inside {
    Inside::with(Knobs::default(), Config { lock, ..Config::default() })
}

/// What a request for a token meets.
fn refusal(agent: &Inside) -> String {
    let failure = agent.refused(&token_request(PROFILE));
    assert_eq!(failure["code"], "locked", "{failure}");
    failure["message"].as_str().unwrap().to_owned()
}

#[test]
fn an_agent_that_nobody_uses_locks_itself_and_one_in_use_does_not() {
    let agent = with(Lock { idle_s: 600, ..Lock::default() });
    for _ in 0..5 {
        agent.token();
        agent.pass(590);
    }
    let at_prompt = json!({"v": 1, "op": "env", "profile": PROFILE, "at_prompt": true});
    let no_uses: [Value; 3] = [at_prompt, json!({"op": "status"}), json!({"op": "profiles"})];
    agent.token();
    no_uses.iter().for_each(|request| drop(agent.granted(request)));
    agent.pass(300);
    no_uses.iter().for_each(|request| drop(agent.granted(request)));
    agent.pass(301);
    assert_eq!(refusal(&agent), "the agent is locked, for nobody has used it for a while");
    crate::wait::until("the token is forgotten", || agent.status()["tokens"] == json!([]));
    // From the unlock on it counts anew.
    agent.granted(&json!({"op": "unlock"}));
    agent.pass(590);
    assert_eq!(agent.status()["locked"], false);
    agent.pass(11);
    assert_eq!(agent.status()["locked"], true);
}

#[test]
fn an_agent_locks_itself_after_its_longest_time_however_much_it_is_used() {
    let agent = with(Lock { max_s: HOUR, idle_s: 2 * HOUR, ..Lock::default() });
    for _ in 0..6 {
        agent.token();
        agent.pass(590);
    }
    agent.token();
    agent.pass(61);
    assert_eq!(refusal(&agent), "the agent is locked, for it was unlocked for long enough");
}

#[test]
fn a_sleep_locks_the_agent_before_anything_is_handed_out_and_revokes_where_that_is_wanted() {
    let agent = with(Lock { on_suspend: true, revoke: true, ..Lock::default() });
    let token = token_of(&agent.token());
    agent.pass(HOUR);
    assert_eq!(token_of(&agent.token()), token, "an hour awake is no sleep");
    agent.sleep(60);
    assert_eq!(refusal(&agent), "the agent is locked, for the machine slept");
    crate::wait::until("the token is revoked", || !agent.fake.is_alive(&token));

    let agent = with(Lock::default());
    let token = token_of(&agent.token());
    agent.sleep(HOUR);
    assert_eq!(token_of(&agent.token()), token, "nobody asked for a lock");
}

#[test]
fn idle_time_goes_on_while_the_machine_sleeps() {
    let agent = with(Lock { idle_s: 600, ..Lock::default() });
    agent.token();
    agent.sleep(601);
    refusal(&agent);
}

#[test]
fn the_tick_locks_the_agent_when_its_time_has_come_though_nobody_asks() {
    let agent = with(Lock { idle_s: 1, ..Lock::default() });
    agent.token();
    let before = agent.epoch();
    crate::wait::until("shells are told", || agent.epoch() > before);
    assert_eq!(agent.status()["locked"], true);
}

#[test]
fn what_the_desk_tells_locks_the_agent_where_the_configuration_says_so() {
    let of = |reason| match reason {
        Reason::Suspend => Lock { on_suspend: true, ..Lock::default() },
        Reason::Screen => Lock { on_screen_lock: true, ..Lock::default() },
        _ => Lock { on_logout: true, ..Lock::default() },
    };
    let all = [Reason::Suspend, Reason::Screen, Reason::Logout];
    for wanted in all {
        let agent = with(of(wanted));
        for reason in all {
            agent.notice(reason);
            assert_eq!(agent.status()["locked"], wanted == reason, "{wanted:?} wanted, {reason:?} told");
            agent.granted(&json!({"op": "unlock"}));
        }
    }
}
