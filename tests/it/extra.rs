//! The restricted socket: tokens of the profiles that allow it, and nothing else, whatever is asked; there only while one does.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use osagent::agent::config::Config;
use serde_json::{Value, json};

use crate::fake::{Knobs, Trouble, What};
use crate::inside::Inside;
use crate::rig::{Line, PROFILE, Rig, adding, token_request};

/// An agent with a profile that is given at the restricted socket, and one that is not.
fn inside() -> Inside {
    let agent = Inside::new();
    agent.add("other", "beta");
    allow(&agent, PROFILE, "true");
    agent
}

fn allow(agent: &Inside, profile: &str, value: &str) {
    agent.granted(&json!({"op": "set", "profile": profile, "set": {"allow_forward": value}}));
}

fn socket(agent: &Inside) -> PathBuf {
    agent.folder().join("agent-extra.sock")
}

/// One request at the restricted socket.
fn ask(agent: &Inside, request: &Value) -> Value {
    Line::connect(&socket(agent)).ask(request)
}

#[track_caller]
fn refusal(agent: &Inside, request: &Value) -> Value {
    let reply = ask(agent, request);
    assert!(reply["err"].is_object(), "{reply}");
    reply["err"].clone()
}

/// The ops of the protocol, from the only place that has them all.
fn ops() -> Vec<String> {
    let source = include_str!("../../src/wire/request.rs");
    let body = source.split_once("pub enum Op {").unwrap().1.split_once('}').unwrap().0;
    let variants = body.lines().map(|line| line.trim().trim_end_matches(','));
    let variants = variants.filter(|line| line.starts_with(char::is_uppercase) && *line != "Unknown");
    let snake = |variant: &str| {
        let parts = variant.char_indices().map(|(at, c)| match c.is_uppercase() && at > 0 {
            true => format!("_{}", c.to_ascii_lowercase()),
            false => c.to_ascii_lowercase().to_string(),
        });
        parts.collect::<String>()
    };
    variants.map(snake).collect()
}

#[test]
fn every_op_but_three_is_refused_and_a_new_one_too() {
    let agent = inside();
    let before = (agent.token(), agent.epoch());
    let mut all = ops();
    assert!(all.len() > 18 && all.iter().any(|op| op == "handover_done"), "{all:?}");
    all.push("still_to_come".to_owned());
    for op in all.iter().filter(|op| !matches!(op.as_str(), "hello" | "token" | "env")) {
        let mut request = adding("more", &agent.fake.url(), "beta");
        request["op"] = json!(op);
        request["profile"] = json!(PROFILE);
        request["all"] = json!(true);
        let reply = refusal(&agent, &request);
        assert_eq!(reply["code"], "restricted", "{op}: {reply}");
        request["v"] = json!(9);
        assert!(ask(&agent, &request)["err"].is_object(), "{op}, of another version");
    }
    assert_eq!((agent.token()["token"].clone(), agent.epoch()), (before.0["token"].clone(), before.1));
    assert_eq!(agent.granted(&json!({"op": "profiles"}))["profiles"].as_array().unwrap().len(), 2);
    let hello = ask(&agent, &json!({"op": "hello"}));
    assert_eq!(hello["ok"]["capabilities"], json!(["token", "env", "extra"]));
}

#[test]
fn it_gives_tokens_of_the_profiles_that_allow_it_and_names_no_other() {
    let agent = inside();
    let own = agent.token();
    let given = ask(&agent, &token_request(PROFILE));
    assert_eq!(given["ok"]["token"], own["token"]);
    // The only one that is given is meant where none is named, whatever the default is.
    agent.granted(&json!({"op": "default", "profile": "other"}));
    assert_eq!(ask(&agent, &json!({"op": "token"}))["ok"]["token"], own["token"]);
    let env = ask(&agent, &json!({"op": "env", "profile": PROFILE}));
    assert!(env["ok"]["set"].to_string().contains(own["token"].as_str().unwrap()), "{env}");
    let other = refusal(&agent, &token_request("other"));
    assert_eq!(other, refusal(&agent, &token_request("nosuch")), "it does not tell which there are");
    assert_eq!(other["code"], "restricted");
    allow(&agent, "other", "true");
    assert!(ask(&agent, &token_request("other"))["ok"].is_object());
    for (field, value) in [
        ("project", json!("beta")),
        ("domain", json!("default")),
        ("system", json!(true)),
        ("unscoped", json!(true)),
        ("fresh", json!(true)),
    ] {
        let mut request = token_request(PROFILE);
        request[field] = value;
        assert_eq!(refusal(&agent, &request)["code"], "restricted", "{field}");
    }
}

#[test]
fn it_asks_nobody_and_unlocks_nothing_and_makes_nothing_anew_that_was_revoked() {
    let agent = inside();
    agent.token();
    agent.granted(&json!({"op": "revoke", "profile": PROFILE}));
    let made = agent.fake.creations();
    assert_eq!(refusal(&agent, &token_request(PROFILE))["code"], "needs_person");
    assert_eq!(agent.fake.creations(), made);
    agent.token();
    assert!(ask(&agent, &token_request(PROFILE))["ok"].is_object());
    agent.granted(&json!({"op": "lock"}));
    assert_eq!(refusal(&agent, &token_request(PROFILE))["code"], "locked");
    assert_eq!(refusal(&agent, &json!({"op": "unlock"}))["code"], "restricted");
    agent.granted(&json!({"op": "unlock"}));
    // The password was in memory alone, and a person would be asked for it.
    let failure = refusal(&agent, &token_request(PROFILE));
    assert_eq!(failure["code"], "needs_person", "{failure}");
    let question = &agent.ask(&token_request(PROFILE))["ask"];
    assert_eq!(question["id"], PROFILE, "who was refused there has no turn here");
}

#[test]
fn its_use_keeps_no_agent_unlocked() {
    let mut config = Config::default();
    config.lock.idle_s = 600;
    let agent = Inside::with(Knobs::default(), config);
    allow(&agent, PROFILE, "true");
    for _ in 0..4 {
        ask(&agent, &token_request(PROFILE));
        agent.pass(200);
    }
    assert_eq!(refusal(&agent, &token_request(PROFILE))["code"], "locked");
}

#[test]
fn it_is_there_while_a_profile_allows_it_and_ends_with_its_time() {
    let agent = Inside::new();
    assert!(!socket(&agent).exists());
    allow(&agent, PROFILE, "+3600s");
    agent.token();
    let mut line = Line::connect(&socket(&agent));
    assert!(line.ask(&token_request(PROFILE))["ok"].is_object());
    agent.pass(3601);
    // Also on a connection from before.
    assert_eq!(line.ask(&token_request(PROFILE))["err"]["code"], "restricted");
    crate::wait::until("the socket is gone", || !socket(&agent).exists());
    allow(&agent, PROFILE, "true");
    assert!(ask(&agent, &token_request(PROFILE))["ok"].is_object());
    allow(&agent, PROFILE, "false");
    assert!(!socket(&agent).exists());
    assert_eq!(
        agent.refused(&json!({"op": "set", "profile": PROFILE, "set": {"allow_forward": "yes"}}))["code"],
        "usage"
    );
    assert_eq!(
        agent.refused(&json!({"op": "set", "profile": PROFILE, "set": {"colour": "red"}}))["code"],
        "usage"
    );
}

#[test]
fn a_time_that_ends_during_a_login_gives_nothing() {
    let agent = Inside::new();
    allow(&agent, PROFILE, "+60s");
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let mut line = Line::connect(&socket(&agent));
    line.send(&token_request(PROFILE));
    agent.fake.wait_until_held(1);
    agent.pass(61);
    agent.fake.release();
    assert_eq!(line.answer()["err"]["code"], "restricted");
}

#[test]
fn a_far_side_that_takes_all_connections_takes_none_of_the_agents_own() {
    let agent = inside();
    let hello = json!({"op": "hello"});
    let open = || {
        let mut line = Line::connect(&socket(&agent));
        assert!(line.ask(&hello)["ok"].is_object());
        line
    };
    let mut all: Vec<Line> = (0..64).map(|_| open()).collect();
    let one_more = UnixStream::connect(socket(&agent)).unwrap();
    (&one_more).write_all(b"{\"v\":1,\"op\":\"hello\"}\n").unwrap();
    one_more.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert_eq!((&one_more).read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    agent.token();
    all.pop();
    one_more.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!((&one_more).read(&mut [0; 8]).unwrap() > 0, "it waited for its turn");
}

#[test]
fn the_audit_says_what_came_by_it_and_repeats_no_name_from_there() {
    let agent = inside();
    ask(&agent, &token_request(PROFILE));
    ask(&agent, &token_request("made-up"));
    ask(&agent, &json!({"op": "revoke", "all": true}));
    agent.token();
    let answer = agent.granted(&json!({"op": "audit"}));
    let lines: Vec<(&Value, &Value, &Value, &Value)> = answer["entries"].as_array().unwrap()[2..]
        .iter()
        .map(|line| (&line["op"], &line["profile"], &line["code"], &line["extra"]))
        .collect();
    let (yes, no) = (&json!(true), &Value::Null);
    let (token, refused) = (&json!("token"), &json!("refused"));
    let expect = [
        (token, &json!(PROFILE), &json!("ok"), yes),
        (refused, no, &json!("restricted"), yes),
        (token, &json!(PROFILE), &json!("ok"), no),
    ];
    assert_eq!(lines, expect);
    assert_eq!(answer["entries"][3]["times"], 2);
}

fn extra_of(rig: &Rig) -> PathBuf {
    rig.home.runtime().join("osagent/agent-extra.sock")
}

/// A home whose agent gives the tokens of [`PROFILE`] at the restricted socket.
fn rig() -> Rig {
    let rig = Rig::warm();
    rig.home.osagent(["set", PROFILE, "allow_forward=true"]).ok();
    assert!(UnixStream::connect(extra_of(&rig)).is_ok());
    rig
}

#[test]
fn a_cleaner_and_an_upgrade_leave_it_where_it_is_and_a_stop_takes_it_away() {
    let rig = rig();
    let token = rig.token();
    fs::remove_file(extra_of(&rig)).unwrap();
    crate::wait::until("it is bound anew", || UnixStream::connect(extra_of(&rig)).is_ok());
    rig.home.osagent(["agent", "--replace"]).ok();
    let reply = Line::connect(&extra_of(&rig)).ask(&token_request(PROFILE));
    assert_eq!(reply["ok"]["token"], token);
    crate::wait::until("there is one agent", || rig.home.agents().len() == 1);
    fs::remove_dir_all(rig.home.runtime().join("osagent")).unwrap();
    assert_eq!(rig.token(), token);
    crate::wait::until("it came along", || UnixStream::connect(extra_of(&rig)).is_ok());
    rig.home.osagent(["stop"]).ok();
    assert!(!extra_of(&rig).exists());
    assert_eq!(rig.fake.creations(), 1);
    // The profile's file says it still.
    rig.start();
    assert!(UnixStream::connect(extra_of(&rig)).is_ok());
}

#[test]
fn what_lies_in_its_place_stays_and_the_status_says_so() {
    let rig = Rig::warm();
    fs::write(extra_of(&rig), "theirs").unwrap();
    rig.home.osagent(["set", PROFILE, "allow_forward=1h"]).ok();
    let status = rig.ask(&json!({"op": "status"}));
    assert!(
        status["ok"]["warnings"][0].as_str().unwrap().contains("agent-extra.sock is no socket"),
        "{status}"
    );
    assert_eq!(fs::read(extra_of(&rig)).unwrap(), b"theirs");
    fs::remove_file(extra_of(&rig)).unwrap();
    crate::wait::until("it is bound", || UnixStream::connect(extra_of(&rig)).is_ok());
    assert!(rig.ask(&json!({"op": "status"}))["ok"]["warnings"].is_null());
}

#[test]
fn a_client_gets_a_token_by_it_and_says_why_there_is_nothing_else() {
    let rig = rig();
    let token = rig.token();
    let extra = extra_of(&rig);
    let far = |arguments: &[&str]| rig.home.osagent(arguments).env("OSAGENT_SOCK", &extra);
    assert_eq!(far(&["token"]).ok().line(), token);
    assert!(far(&["env", "--shell", "sh"]).ok().stdout.contains(&token));
    for verb in
        [&["list"][..], &["lock"], &["stop"], &["status"], &["revoke", "--all", "--yes"], &["token", "other"]]
    {
        let done = far(verb).fails(6);
        assert!(done.stderr.contains("hint: run it on the machine where the agent runs"), "{done:#?}");
    }
    assert_eq!(rig.token(), token);
    assert_eq!(rig.home.agents().len(), 1);
}

#[test]
fn no_agent_is_started_for_a_socket_from_elsewhere() {
    let rig = Rig::cold();
    let path = |name: &str| rig.home.all().join(name);
    let dead = path("dead.sock");
    drop(UnixListener::bind(&dead).unwrap());
    for socket in [dead, path("gone-extra.sock")] {
        let done = rig.home.osagent(["token"]).env("OSAGENT_SOCK", &socket).fails(6);
        assert!(done.stderr.contains("no agent is started for a socket from elsewhere"), "{done:#?}");
    }
    assert_eq!(rig.home.agents(), Vec::<u32>::new());
}
