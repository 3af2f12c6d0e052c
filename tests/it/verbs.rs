//! The verbs as a person types them: what they print, what they say, and the status that a script sees.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use serde_json::{Value, json};

use crate::fake::{Knobs, RetryAfter, Trouble, What};
use crate::rig::{PROFILE, Rig, adding};
use crate::run::Done;

#[track_caller]
fn says(done: &Done, words: &str) {
    assert!(done.stderr.contains(words), "{words:?} is not in {done:#?}");
}

#[test]
fn every_refusal_has_its_status_and_names_the_next_step() {
    let wrong = |knobs: &mut Knobs| knobs.password = "changed".to_owned();
    let trouble = |what: What| move |knobs: &mut Knobs| knobs.trouble = Trouble::always(what);
    type Turn = Box<dyn FnOnce(&mut Knobs)>;
    let rows: [(Turn, i32, &str); 7] = [
        (Box::new(wrong), 1, "run 'osagent passwd prod'"),
        (Box::new(|knobs| knobs.projects.clear()), 1, "run 'osagent show prod'"),
        (Box::new(trouble(What::Status(403))), 1, "forbids this"),
        (Box::new(trouble(What::Status(404))), 1, "is OS_AUTH_URL right?"),
        (Box::new(trouble(What::HangUp)), 5, "broke off"),
        (Box::new(trouble(What::Limited(RetryAfter::Absent))), 5, "'osagent status' shows"),
        (Box::new(trouble(What::Html)), 5, "prod"),
    ];
    for (turn, status, words) in rows {
        let rig = Rig::new();
        rig.fake.turn(turn);
        let done = rig.home.osagent(["token", "--timeout", "300ms", PROFILE]).fails(status);
        says(&done, words);
        says(&done, "osagent: error: profile \"prod\": ");
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn a_keystone_that_nobody_answers_for_is_exit_five_in_the_time_given() {
    let rig = Rig::new();
    rig.add(&adding("dead", "http://127.0.0.1:1/v3", "alpha"));
    let done = rig.home.osagent(["token", "--timeout", "300ms", "dead"]).fails(5);
    says(&done, "keystone at http://127.0.0.1:1/v3 cannot be reached");
    says(&done, "because: Connection refused");
}

#[test]
fn the_profile_that_is_meant_is_the_named_the_environments_the_default_or_the_only_one() {
    let rig = Rig::cold();
    says(&rig.home.osagent(["token"]).fails(2), "run 'osagent add openrc.sh'");
    rig.start();
    rig.add(&adding("one", &rig.fake.url(), "alpha"));
    let profile = |run: crate::run::Run| run.arg("--json").ok().json()["profile"].clone();
    assert_eq!(profile(rig.home.osagent(["token"])), "one");
    rig.add(&adding("two", &rig.fake.url(), "beta"));
    says(&rig.home.osagent(["token"]).fails(2), "there are one, two");
    assert_eq!(profile(rig.home.osagent(["token"]).env("OSAGENT_PROFILE", "two")), "two");
    rig.home.osagent(["default", "one"]).ok();
    assert_eq!(rig.home.osagent(["default"]).ok().stdout, "one\n");
    assert_eq!(profile(rig.home.osagent(["token"])), "one");
    assert_eq!(profile(rig.home.osagent(["token", "two"]).env("OSAGENT_PROFILE", "one")), "two");
    says(
        &rig.home.osagent(["default", "three"]).fails(2),
        "there is no profile \"three\"; there are one, two",
    );
    says(&rig.home.osagent(["token", "three"]).fails(2), "osagent list");
}

#[test]
fn profiles_are_listed_shown_and_removed_without_a_secret() {
    let rig = Rig::new();
    let list = rig.home.osagent(["list"]).ok();
    assert!(list.stdout.contains("* ") && list.stdout.contains("ada at 127.0.0.1"), "{list:#?}");
    let json = rig.home.osagent(["list", "--json"]).ok().json();
    assert_eq!((&json["format"], &json["profiles"][0]["name"]), (&json!(1), &json!(PROFILE)));
    let show = rig.home.osagent(["show"]).ok();
    for words in [PROFILE, rig.fake.url().as_str(), "ada", "alpha", "SBG1", "memory"] {
        assert!(show.stdout.contains(words), "{words}: {show:#?}");
    }
    let json = rig.home.osagent(["show", PROFILE, "--json"]).ok().json();
    assert_eq!((&json["format"], &json["profile"]["keyring"]), (&json!(1), &json!("memory")));
    says(&rig.home.osagent(["remove", PROFILE]).ok(), "removed");
    rig.home.osagent(["show", PROFILE]).fails(2);
    rig.home.osagent(["remove", PROFILE]).fails(2);
    says(&rig.home.osagent(["list"]).ok(), "there is no profile yet");
}

#[test]
fn a_token_for_programs_says_its_end_its_project_and_its_user() {
    let rig = Rig::new();
    let json = rig.home.osagent(["token", "--json", PROFILE]).ok().json();
    let (alpha, user) = (&Knobs::default().projects[0].id, &Knobs::default().user_id);
    assert_eq!(
        (&json["format"], &json["project_id"], &json["user_id"]),
        (&json!(1), &json!(alpha), &json!(user))
    );
    assert!(json["expires_at"].as_str().unwrap().ends_with('Z'), "{json}");
    assert!(rig.fake.is_alive(json["token"].as_str().unwrap()));
    let bare = rig.home.osagent(["token"]).ok();
    assert_eq!((bare.line(), bare.stderr.as_str()), (json["token"].as_str().unwrap(), ""));
}

#[test]
fn a_new_password_is_tested_before_it_replaces_the_old_one() {
    let rig = Rig::new();
    let passwd = |secret: &str| rig.home.osagent(["passwd", PROFILE, "--secret-stdin"]).stdin(secret);
    says(&passwd("wrong\n").fails(1), "refused the login");
    rig.home.osagent(["token", "--fresh"]).ok();
    says(&passwd("").fails(2), "the secret is empty");
    says(&passwd("two\nlines\n").fails(2), "more than one line");
    rig.fake.turn(|knobs| knobs.password = "new one".to_owned());
    says(&passwd("new one\r\n").ok(), "tested and in the keyring memory");
    rig.home.osagent(["token", "--fresh"]).ok();
    says(&rig.home.osagent(["passwd", "nosuch", "--secret-stdin"]).stdin("x").fails(2), "no profile");
    // Without a terminal nobody is asked.
    says(&rig.home.osagent(["passwd", PROFILE]).fails(3), "no terminal");
}

#[test]
fn a_locked_agent_says_so_and_says_first_what_must_be_typed_again() {
    let rig = Rig::warm();
    let done = rig.home.osagent(["lock"]).ok();
    says(&done, "the password of prod is in the agent's memory only");
    says(&done, "1 forgotten here, alive at Keystone");
    for verb in ["token", "env"] {
        says(&rig.home.osagent([verb]).fails(3), "run 'osagent unlock'");
    }
    assert!(rig.home.osagent(["status"]).ok().stdout.contains("LOCKED"));
    rig.home.osagent(["list"]).ok();
    says(&rig.home.osagent(["unlock"]).ok(), "unlocked");
    says(&rig.home.osagent(["token"]).fails(3), "run 'osagent passwd prod' in a terminal");
}

#[test]
fn status_shows_what_is_held_and_no_token() {
    let rig = Rig::new();
    let token = rig.token();
    let done = rig.home.osagent(["status"]).ok();
    for words in ["prod", "ada", "project \"alpha\"", "23 h 59 min", "1 of 30 token creations"] {
        assert!(done.stdout.contains(words), "{words}: {done:#?}");
    }
    let json = rig.home.osagent(["status", "--json"]).ok().json();
    assert_eq!((&json["format"], &json["pid"]), (&json!(1), &json!(rig.home.agent())));
    assert_eq!(json["tokens"].as_array().map(Vec::len), Some(1));
    assert!(!done.stdout.contains(&token) && !json.to_string().contains(&token));
}

#[test]
fn a_stop_lets_the_requests_under_way_finish() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let waiting = rig.home.osagent(["token", PROFILE]).start();
    rig.fake.wait_until_held(1);
    let stopping = rig.home.osagent(["stop"]).start();
    crate::wait::until("the socket is gone", || !rig.home.socket().exists());
    rig.fake.release();
    let token = waiting.done().ok().line().to_owned();
    assert!(rig.fake.is_alive(&token));
    says(&stopping.done().ok(), "the agent is stopped");
    crate::wait::until("the agent has gone", || rig.home.agents().is_empty());
}

#[test]
fn usage_is_exit_two_and_help_is_not() {
    let rig = Rig::cold();
    for words in [&["nosuch"][..], &["token", "--nosuch"], &["token", "a", "b"], &["remove"], &[]] {
        let done = rig.home.osagent(words).fails(2);
        assert!(done.stdout.is_empty() && done.stderr.contains("Usage"), "{done:#?}");
    }
    for words in [&["--help"][..], &["--version"], &["token", "--help"], &["help", "revoke"]] {
        let done = rig.home.osagent(words).ok();
        assert!(done.stderr.is_empty() && done.stdout.contains("osagent"), "{done:#?}");
    }
    says(&rig.home.osagent(["use", PROFILE]).fails(2), "eval $(osagent env prod)");
    assert_eq!(rig.home.agents(), [0; 0]);
}

#[test]
fn what_a_cloud_says_moves_no_cursor() {
    let rig = Rig::new();
    let body =
        json!({"error": {"code": 401, "title": "x", "message": "no\u{1b}[2J\r\nosagent: fine \u{9b}1m"}});
    rig.fake.turn(|knobs| {
        knobs.trouble = Trouble::always(What::Reply(401, "application/json", body.to_string()));
    });
    let done = rig.home.osagent(["token", PROFILE]).fails(1);
    assert!(!done.stderr.contains(|c: char| c.is_control() && c != '\n'), "{done:#?}");
    assert!(done.stderr.lines().all(|line| !line.starts_with("osagent: fine")), "{done:#?}");
    let named: Value = rig.ask(&json!({"op": "profiles"}));
    assert!(named["ok"].is_object());
}

#[test]
fn another_scope_of_the_same_login_is_one_option_away_and_ends_with_it() {
    let rig = Rig::new();
    let token = |arguments: &[&str]| {
        rig.home.osagent([&["token", PROFILE][..], arguments].concat()).ok().line().to_owned()
    };
    let own = token(&[]);
    let beta = token(&["--project", "beta"]);
    assert_ne!(own, beta);
    assert_eq!(token(&["--project", "beta"]), beta, "it is cached like the profile's own");
    assert_ne!(token(&["--unscoped"]), own);
    assert_eq!(token(&[]), own, "the profile keeps its scope");
    says(&rig.home.osagent(["token", PROFILE, "--system", "--unscoped"]).fails(2), "cannot be used with");
    rig.home.osagent(["revoke", PROFILE]).ok();
    assert!(!rig.fake.is_alive(&own) && !rig.fake.is_alive(&beta));
}

#[test]
fn a_check_drops_a_token_that_somebody_else_ended() {
    let rig = Rig::new();
    let env = |arguments: &[&str]| {
        let script = format!("eval \"$(osagent env {PROFILE} {})\"; printenv OS_TOKEN", arguments.join(" "));
        rig.home.shell("bash", &script).ok().line().to_owned()
    };
    let first = env(&[]);
    assert_eq!(env(&["--check"]), first, "a live one is kept");
    rig.fake.revoke(&first);
    assert_eq!(env(&[]), first, "nothing else tells");
    assert_ne!(env(&["--check"]), first);
}
