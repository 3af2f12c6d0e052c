//! Tokens end at Keystone, not only here; what could not be ended is kept and named.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use serde_json::json;

use crate::fake::{On, RetryAfter, Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, Rig, adding, token_request};
use crate::run::Done;

#[track_caller]
fn says(done: &Done, words: &str) {
    assert!(done.stderr.contains(words), "{words:?} is not in {done:#?}");
}

fn ends(rig: &Rig) -> usize {
    rig.fake.requests().iter().filter(|seen| seen.method == "DELETE").count()
}

#[test]
fn a_revoked_token_is_dead_at_keystone_and_the_shell_is_told_how_to_clean_up() {
    let rig = Rig::new();
    let token = rig.token();
    let done = rig.home.osagent(["revoke", PROFILE]).env("OS_TOKEN", &token).ok();
    says(&done, "1 token revoked at Keystone");
    says(&done, "'eval $(osagent env --unset)'");
    assert_eq!(done.stdout, "");
    assert!(!rig.fake.is_alive(&token));
    assert_eq!(ends(&rig), 1);
    says(&rig.home.osagent(["revoke", PROFILE]).ok(), "0 tokens revoked");
    assert_ne!(rig.token(), token);
}

#[test]
fn what_could_not_be_revoked_is_kept_and_named() {
    let rig = Rig::new();
    let token = rig.token();
    rig.fake.turn(|knobs| {
        knobs.trouble = Some(Trouble { what: What::Status(503), on: On::Others, times: None });
    });
    let done = rig.home.osagent(["revoke", PROFILE]).fails(5);
    says(&done, "not revoked, and still held: profile \"prod\": keystone at");
    assert!(rig.fake.is_alive(&token));
    assert_eq!(rig.token(), token);
    rig.fake.release();
    rig.home.osagent(["revoke", PROFILE]).ok();
    assert!(!rig.fake.is_alive(&token));
}

#[test]
fn a_lock_that_could_not_revoke_has_locked_and_says_by_its_status_that_tokens_live_on() {
    for by_config in [false, true] {
        let rig = Rig::cold();
        let folder = rig.home.all().join("config/osagent");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), format!("[lock]\nrevoke = {by_config}\n")).unwrap();
        rig.start();
        rig.add(&adding(PROFILE, &rig.fake.url(), "alpha"));
        let token = rig.token();
        rig.fake.turn(|knobs| {
            knobs.trouble = Some(Trouble { what: What::Status(503), on: On::Others, times: None });
        });
        let lock = rig.home.osagent(if by_config { vec!["lock"] } else { vec!["lock", "--revoke"] });
        let done = lock.fails(5);
        says(&done, "locked; 1 forgotten here, alive at Keystone");
        says(&done, "locked, but a token was not revoked: profile \"prod\": keystone at");
        assert!(rig.fake.is_alive(&token));
        says(&rig.home.osagent(["token", PROFILE]).fails(3), "locked");
    }
}

#[test]
fn all_ends_everything_that_was_handed_out_and_nothing_less() {
    let rig = Rig::new();
    rig.add(&adding("other", &rig.fake.url(), "beta"));
    let mut tokens = vec![rig.token()];
    tokens.push(rig.home.osagent(["token", "--fresh", PROFILE]).ok().line().to_owned());
    tokens.push(rig.home.osagent(["token", "other"]).ok().line().to_owned());
    // A profile that is gone leaves its token to be revoked.
    rig.home.osagent(["remove", "other"]).ok();
    says(&rig.home.osagent(["revoke", "--all"]).ok(), "3 tokens revoked");
    assert!(tokens.iter().all(|token| !rig.fake.is_alive(token)));
    assert_eq!(rig.ask(&json!({"op": "status"}))["ok"]["tokens"], json!([]));
}

#[test]
fn one_profile_s_revoke_names_first_what_ends_with_it() {
    let rig = Rig::new();
    rig.add(&adding("other", &rig.fake.url(), "beta"));
    rig.add(&adding("same", &rig.fake.url(), "alpha"));
    let somebody = rig.fake.url().replace("127.0.0.1", "localhost");
    rig.add(&adding("elsewhere", &somebody, "alpha"));
    let of = |words: &[&str]| rig.home.osagent(words).ok().line().to_owned();
    let mine = [rig.token(), of(&["token", "other"]), of(&["token", "--domain", "lab", PROFILE])];
    let elsewhere = of(&["token", "elsewhere"]);
    for named in ["other", PROFILE] {
        let preview = rig.ask(&json!({"op": "revoke", "profile": named, "dry_run": true}))["ok"].take();
        let also = if named == PROFILE { json!(["other", "same"]) } else { json!([PROFILE, "same"]) };
        assert_eq!((&preview["also"], &preview["scopes"]), (&also, &json!(["domain \"lab\""])), "{preview}");
        assert_eq!(preview["forgotten"], 3);
    }
    let done = rig.home.osagent(["revoke", PROFILE]).ok();
    says(&done, "this also ends the token of other, same");
    says(&done, "this also ends the token for domain \"lab\"");
    says(&done, "3 tokens revoked");
    assert!(mine.iter().all(|token| !rig.fake.is_alive(token)) && rig.fake.is_alive(&elsewhere));
    assert_eq!(ends(&rig), 3, "each by itself, for not every Keystone takes the others along");
}

#[test]
fn a_revoke_names_the_shells_and_commands_that_hold_the_token_as_long_as_they_run() {
    let rig = Rig::new();
    let eval = "eval $(osagent env --shell sh prod)";
    let waiting = |script: &str| {
        let script = format!("{script}; echo there >&3; read line <&4; true");
        let home = rig.home.path().to_string_lossy().into_owned();
        let script = format!("cd {home}; exec 3>>told 4<>held; {script}");
        rig.home.run("sh").args(["-c", &script]).start()
    };
    let made = std::process::Command::new("mkfifo").arg(rig.home.path().join("held")).status().unwrap();
    assert!(made.success());
    let shells = [waiting(eval), waiting(eval)];
    let told = rig.home.path().join("told");
    crate::wait::until("both shells have a token", || {
        std::fs::read_to_string(&told).is_ok_and(|text| text.lines().count() == 2)
    });
    // One that has ended holds nothing any more.
    rig.home.run("sh").args(["-c", eval]).ok();
    let done = rig.home.osagent(["revoke", PROFILE]).ok();
    for shell in &shells {
        says(&done, &format!("sh (process {})", shell.pid));
    }
    assert_eq!(done.stderr.matches("(process ").count(), 2, "{done:#?}");
}

#[test]
fn a_token_from_elsewhere_comes_by_the_environment_or_a_pipe_and_never_by_an_argument() {
    let rig = Rig::new();
    let tokens = [rig.token(), rig.fresh(), rig.fresh(), rig.fresh()];
    // The agent that made them is gone; a new one is started for it.
    rig.home.osagent(["stop"]).ok();
    let revoke = || rig.home.osagent(["revoke", "--token"]).env("OS_AUTH_URL", rig.fake.url());
    says(&revoke().stdin(tokens[0].clone() + "\n").ok(), "1 token revoked");
    says(&revoke().env("OS_TOKEN", &tokens[1]).stdin("").ok(), "1 token revoked");
    // A pipe says more than an environment that came along.
    says(&revoke().env("OS_TOKEN", &tokens[3]).stdin(tokens[2].clone()).ok(), "1 token revoked");
    assert_eq!(tokens.each_ref().map(|token| rig.fake.is_alive(token)), [false, false, false, true]);
    says(&revoke().stdin(tokens[0].clone()).ok(), "0 tokens revoked at Keystone, 1 token had ended there");
    says(&revoke().arg(&tokens[3]).fails(2), "cannot be used with");
    says(&revoke().stdin("").fails(2), "the secret is empty");
    assert!(rig.fake.is_alive(&tokens[3]));
}

#[test]
fn a_pipe_that_never_ends_gives_its_line_or_a_failure_in_time() {
    let rig = Rig::new();
    let token = rig.token();
    // Open at both ends, so that it has no end.
    let on_a_pipe = |first: &str| {
        let script = format!(
            "mkfifo pipe; exec 3<>pipe; {first} osagent revoke --token <pipe; s=$?; rm pipe; exit $s"
        );
        let home = rig.home.path().to_string_lossy().into_owned();
        rig.home.run("sh").args(["-c", &format!("cd {home}; {script}")]).env("OS_AUTH_URL", rig.fake.url())
    };
    let done = on_a_pipe("").env("OS_TOKEN", &token).fails(2);
    says(&done, "neither says a line nor ends; '</dev/null' after the command takes the token in $OS_TOKEN");
    assert!(rig.fake.is_alive(&token));
    says(&on_a_pipe("echo \"$TOKEN\" >pipe;").env("TOKEN", &token).ok(), "1 token revoked");
    assert!(!rig.fake.is_alive(&token));
    let nothing = rig.home.run("sh").args(["-c", "osagent revoke --token </dev/null"]);
    says(&nothing.fails(2), "OS_TOKEN is not set, and nothing is piped in");
}

#[test]
fn a_token_from_elsewhere_that_keystone_does_not_end_is_not_said_to_be_ended() {
    let rig = Rig::new();
    let token = rig.token();
    rig.home.osagent(["stop"]).ok();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::everywhere(What::Status(500)));
    let done = rig.home.osagent(["revoke", "--token"]).env("OS_AUTH_URL", rig.fake.url()).stdin(token);
    let done = done.fails(5);
    says(&done, "has trouble of its own");
    assert!(!done.stderr.contains("revoked at Keystone") && !done.stderr.contains("profile"), "{done:#?}");
    let far = rig.home.osagent(["revoke", "--token"]).env("OS_AUTH_URL", "http://cloud.example/v3");
    says(&far.stdin("gAAAAA").fails(2), "would cross the network in clear");
}

#[test]
fn a_token_that_is_on_its_way_is_revoked_with_the_others() {
    let agent = Inside::new();
    agent.token();
    agent.pass(9 * 3600);
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    agent.token();
    agent.fake.wait_until_held(1);
    let mut line = agent.connect();
    line.send(&json!({"v": 1, "op": "revoke", "profile": PROFILE}));
    // The agent has read it when it answers a later one.
    agent.status();
    agent.fake.release();
    assert_eq!(line.answer()["ok"]["revoked"], 2);
    assert_eq!(agent.status()["tokens"], json!([]));
}

#[test]
fn a_login_that_waits_for_its_next_try_ends_with_the_revoke_and_who_waits_is_told() {
    for revoke in [json!({"op": "revoke", "profile": PROFILE}), json!({"op": "revoke", "all": true})] {
        let agent = Inside::new();
        agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Limited(RetryAfter::Seconds(30))));
        let mut lines = [agent.connect(), agent.connect()];
        lines.iter_mut().for_each(|line| line.send(&token_request(PROFILE)));
        agent.fake.wait_until_answered(1);
        agent.granted(&revoke);
        for line in &mut lines {
            let failure = line.answer()["err"].take();
            assert_eq!(
                (&failure["code"], &failure["profile"]),
                (&json!("revoked"), &json!(PROFILE)),
                "{failure}"
            );
        }
        // A prompt's hook does not make it anew.
        let at_prompt = json!({"op": "env", "profile": PROFILE, "at_prompt": true, "deadline_ms": 300});
        assert_eq!(agent.refused(&at_prompt)["code"], "needs_person");
        assert_eq!(agent.fake.creations(), 1);
        // Who asks afterwards gets a flight of their own.
        agent.fake.release();
        agent.token();
        assert_eq!(agent.fake.creations(), 2);
    }
}

#[test]
fn who_asks_after_a_revoke_is_not_told_of_it_though_an_older_login_is_still_under_way() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let (mut before, mut revoking, mut after) = (agent.connect(), agent.connect(), agent.connect());
    before.send(&token_request(PROFILE));
    agent.fake.wait_until_held(1);
    revoking.send(&json!({"v": 1, "op": "revoke", "profile": PROFILE}));
    agent.status();
    after.send(&token_request(PROFILE));
    agent.fake.wait_until_held(2);
    agent.fake.release();
    assert_eq!(before.answer()["err"]["code"], "revoked");
    assert!(revoking.answer()["ok"].is_object());
    assert!(after.answer()["ok"]["token"].is_string());
}

#[test]
fn a_login_that_keystone_does_not_answer_is_named_by_the_revoke() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let mut line = agent.connect();
    line.send(&token_request(PROFILE));
    agent.fake.wait_until_held(1);
    let ended = agent.granted(&json!({"op": "revoke", "profile": PROFILE, "deadline_ms": 300}));
    let failure = &ended["failed"][0];
    assert_eq!(failure["code"], "deadline");
    assert!(failure["message"].as_str().unwrap().contains("may have made lives to its end"), "{failure}");
    assert_eq!(line.answer()["err"]["code"], "revoked");
    assert_eq!(agent.status()["tokens"], json!([]));
}

#[test]
fn an_expired_token_is_not_sent_to_be_revoked() {
    let agent = Inside::new();
    agent.granted(&token_request(PROFILE));
    agent.pass(25 * 3600);
    let ended = agent.granted(&json!({"v": 1, "op": "revoke", "all": true}));
    assert_eq!((&ended["revoked"], &ended["already_dead"]), (&json!(0), &json!(0)));
    assert!(agent.fake.requests().iter().all(|seen| seen.method == "POST"));
}
