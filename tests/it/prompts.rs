//! How much a person is asked: once for all who wait, and not again at once.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::inside::Inside;
use crate::rig::{PROFILE, sealed, token_request};

/// An agent that has lost the password: a lock takes what is in memory.
fn forgetful() -> Inside {
    let agent = Inside::new();
    agent.granted(&json!({"op": "lock"}));
    agent.granted(&json!({"op": "unlock"}));
    agent
}

fn hasty() -> Value {
    json!({"v": 1, "op": "token", "profile": PROFILE, "deadline_ms": 300})
}

fn answer(password: &str) -> Value {
    json!({"v": 1, "op": "answer", "profile": PROFILE, "secret": sealed(password)})
}

/// Another process that asks; it ends when it is dropped.
struct Other(Child);

impl Other {
    fn asks(agent: &Inside) -> Other {
        let script = "import json,socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
            s.sendall((sys.argv[2]+'\\n').encode()); print(s.makefile().readline(), flush=True); sys.stdin.read()";
        let socket = agent.folder().join("agent.sock");
        let request = token_request(PROFILE).to_string();
        let mut child = Command::new("python3")
            .args(["-c", script])
            .arg(socket)
            .arg(request)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
            .unwrap();
        assert!(line.contains("\"ask\""), "{line}");
        Other(child)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn the_question_names_the_process_that_it_is_for() {
    let agent = forgetful();
    let mut request = token_request(PROFILE);
    request["holder"] = json!(std::process::id());
    let question = agent.ask(&request)["ask"]["question"].as_str().unwrap().to_owned();
    let comm = std::fs::read_to_string("/proc/self/comm").unwrap();
    let end = format!(" (for {}, process {}): ", comm.trim_end(), std::process::id());
    assert!(question.starts_with("Password of ada at ") && question.ends_with(&end), "{question}");
}

#[test]
fn one_process_is_asked_and_the_others_wait_for_its_answer() {
    if !crate::shells::rigs::is_here("python3") {
        return;
    }
    let agent = forgetful();
    let _asked = Other::asks(&agent);
    let failure = agent.refused(&hasty());
    assert_eq!(failure["code"], "needs_person");
    assert!(failure["causes"][0].as_str().unwrap().contains("is being asked for it"), "{failure}");
    let mut waiting: Vec<_> = (0..5).map(|_| agent.connect()).collect();
    waiting.iter_mut().for_each(|line| line.send(&token_request(PROFILE)));
    agent.status();
    agent.granted(&answer(&crate::fake::Knobs::default().password));
    for line in &mut waiting {
        assert!(line.answer()["ok"]["token"].is_string());
    }
    assert_eq!(agent.fake.creations(), 1);
}

#[test]
fn a_process_that_was_asked_and_ended_leaves_the_question_to_the_next() {
    if !crate::shells::rigs::is_here("python3") {
        return;
    }
    let agent = forgetful();
    let asked = Other::asks(&agent);
    let mut line = agent.connect();
    line.send(&token_request(PROFILE));
    drop(asked);
    assert!(line.answer()["ask"].is_object());
}

#[test]
fn a_cancel_is_told_to_all_who_wait_and_nobody_is_asked_at_once() {
    if !crate::shells::rigs::is_here("python3") {
        return;
    }
    let agent = forgetful();
    let _asked = Other::asks(&agent);
    let mut waiting = agent.connect();
    waiting.send(&token_request(PROFILE));
    agent.status();
    agent.granted(&json!({"v": 1, "op": "answer", "profile": PROFILE, "cancelled": true}));
    for failure in [waiting.answer()["err"].take(), agent.refused(&hasty())] {
        assert_eq!(failure["code"], "needs_person");
        assert!(
            failure["causes"][0].as_str().unwrap().ends_with("was asked for it and cancelled"),
            "{failure}"
        );
    }
}

#[test]
fn what_nobody_is_asked_for_cannot_be_cancelled() {
    let agent = forgetful();
    let cancel = |profile: &str| json!({"v": 1, "op": "answer", "profile": profile, "cancelled": true});
    assert_eq!(agent.refused(&cancel(&"x".repeat(60_000)))["code"], "no_profile");
    agent.granted(&cancel(PROFILE));
    assert!(agent.ask(&token_request(PROFILE))["ask"].is_object(), "no question was open");
    agent.granted(&cancel(PROFILE));
    assert_eq!(agent.refused(&hasty())["code"], "needs_person");
    agent.granted(&json!({"op": "lock"}));
    assert_eq!(agent.refused(&cancel(PROFILE))["code"], "locked");
}

#[test]
fn whoever_guesses_by_add_is_told_nothing_in_a_dry_run_and_waits_otherwise() {
    let agent = Inside::new();
    let guess = |password: &str, dry_run: bool| {
        let mut request = crate::rig::adding(PROFILE, &agent.fake.url(), "alpha");
        request["secret"] = json!(sealed(password));
        request["add"]["dry_run"] = json!(dry_run);
        request["add"]["no_verify"] = json!(false);
        request
    };
    let right = crate::fake::Knobs::default().password;
    let plans = [&right, "wrong"].map(|password| agent.granted(&guess(password, true)));
    assert_eq!(plans[0], plans[1]);
    assert_eq!(agent.refused(&guess("wrong", false))["code"], "refused");
    let mut hasty = guess("wrong", false);
    hasty["deadline_ms"] = json!(100);
    assert_eq!(agent.refused(&hasty)["code"], "limited");
    let began = Instant::now();
    agent.granted(&guess(&right, false));
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
}

#[test]
fn after_wrong_passwords_the_next_waits_and_nobody_else_does() {
    let agent = forgetful();
    let other = agent.fake.url().replace("127.0.0.1", "localhost");
    agent.granted(&crate::rig::adding("other", &other, "alpha"));
    for _ in 0..2 {
        assert_eq!(agent.refused(&answer("wrong"))["code"], "refused");
    }
    let mut line = agent.connect();
    let began = Instant::now();
    line.send(&answer(&crate::fake::Knobs::default().password));
    agent.granted(&token_request("other"));
    let elsewhere = began.elapsed();
    assert!(line.answer()["ok"].is_object());
    assert!(began.elapsed() >= Duration::from_millis(1900) && elsewhere < began.elapsed(), "{elsewhere:?}");
    assert_eq!(agent.refused(&answer("wrong"))["code"], "refused", "a right one begins anew");
    let mut hasty = answer("wrong");
    hasty["deadline_ms"] = json!(100);
    assert_eq!(agent.refused(&hasty)["code"], "limited");
}
