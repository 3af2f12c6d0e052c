//! The canary: a password and a token that may be where they belong and nowhere else.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::fake::{Fake, Knobs, Trouble, What};
use crate::home::{Home, pids};
use crate::rig::{PROFILE, Rig, sealed};
use crate::run::{Done, Run};

/// In no other test, for /proc shows the processes of all of them.
const CANARY: &str = "Kanar13nv0gel pa'ss";

fn aviary() -> Rig {
    let knobs = Knobs { password: CANARY.to_owned(), ..Knobs::default() };
    Rig { home: Home::new(), fake: Fake::start(knobs) }
}

/// What a Horizon file looks like that asks for the password.
fn rc(rig: &Rig) -> String {
    format!(
        "export OS_AUTH_URL={}\nexport OS_PROJECT_NAME=\"alpha\"\nexport OS_PROJECT_DOMAIN_ID=\"default\"\n\
         export OS_USER_DOMAIN_NAME=\"Default\"\nexport OS_USERNAME=\"ada\"\n\
         read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\nexport OS_REGION_NAME=\"SBG1\"\n",
        rig.fake.url()
    )
}

/// The canary, or a part of it, or it as the wire has it.
fn sings(text: &[u8]) -> bool {
    let needles = ["Kanar13nv0gel".to_owned(), sealed(CANARY)[..12].to_owned()];
    needles.iter().any(|needle| text.windows(needle.len()).any(|window| window == needle.as_bytes()))
}

#[track_caller]
fn assert_silent(done: &Done) {
    assert!(!sings(done.stdout.as_bytes()) && !sings(done.stderr.as_bytes()), "{done:#?}");
}

#[test]
fn the_password_is_in_no_output_and_no_file_whatever_goes_wrong() {
    let rig = aviary();
    rig.home.write("openrc.sh", &rc(&rig));
    let run = |words: &[&str]| rig.home.osagent(words).env("RUST_BACKTRACE", "1");
    let add = |words: &[&str]| {
        run(&["add", "openrc.sh", "--name", PROFILE, "--secret-stdin"]).args(words).stdin(CANARY)
    };
    let all = |runs: Vec<Run>| {
        for run in runs {
            assert_silent(&run.done());
        }
    };
    rig.fake.turn(|knobs| knobs.password = "another".to_owned());
    all(vec![add(&[])]);
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Reply(400, "text/html", CANARY.to_owned())));
    all(vec![add(&[])]);
    let echo = json!({"error": {"code": 401, "title": "x", "message": format!("not {CANARY}")}}).to_string();
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Reply(401, "application/json", echo)));
    all(vec![add(&[]), add(&["--keyring", "nosuch"]), add(&["--dry-run"]), add(&["--nosuch"])]);
    rig.fake.release();
    rig.fake.turn(|knobs| knobs.password = CANARY.to_owned());
    add(&[]).ok();
    all(vec![
        add(&[]),
        run(&["list"]),
        run(&["show", "--json"]),
        run(&["token", "--json"]),
        run(&["env", "--shell", "bash"]),
        run(&["exec", "--", "env"]),
        run(&["status", "--json"]),
        run(&["passwd", "--secret-stdin"]).stdin(format!("{CANARY}\n{CANARY}")),
        run(&["passwd", "--secret-stdin"]).stdin(format!("{CANARY} wrong")),
        run(&["lock"]),
        run(&["token"]),
        run(&["unlock"]),
        run(&["token"]),
    ]);
    // The file itself, the profile, two locks and the epoch at least.
    let files = files(rig.home.all());
    assert!(files.len() >= 5, "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, content) in files {
        assert!(!sings(&content), "the password is in {name}");
        assert!(!content.windows(6).any(|window| window == b"gAAAAA"), "a token is in {name}");
    }
}

#[test]
fn while_a_login_is_under_way_no_argument_and_no_environment_shows_the_password() {
    let rig = aviary();
    rig.home.write("openrc.sh", &rc(&rig));
    rig.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Hold));
    let words = ["add", "openrc.sh", "--name", PROFILE, "--secret-stdin"];
    let adding = rig.home.osagent(words).stdin(CANARY).start();
    rig.fake.wait_until_held(1);
    let mut seen = 0;
    for pid in pids() {
        for name in ["cmdline", "environ"] {
            let Ok(text) = fs::read(format!("/proc/{pid}/{name}")) else { continue };
            assert!(!sings(&text), "/proc/{pid}/{name}: {}", String::from_utf8_lossy(&text));
            seen += usize::from(pid == adding.pid || rig.home.agents().contains(&pid));
        }
    }
    assert!(seen >= 2, "the client and the agent were looked at");
    rig.fake.release();
    assert_silent(&adding.done().ok());
}

#[test]
fn an_answer_that_is_no_answer_is_not_repeated_to_anybody() {
    // Somebody else's program on our socket, under our own uid, learns nothing but what it was asked.
    let rig = Rig::warm();
    let mut line = rig.connect();
    for garbage in ["{\"v\":1,\"op\":\"add\",\"secret\":\"", "{\"v\":1,\"op\":\"secret_set\",\"secret\":["] {
        line.write(format!("{garbage}{CANARY}\n").as_bytes()).unwrap();
        assert!(!sings(line.text().as_bytes()));
    }
    let status = rig.home.osagent(["status", "--json"]).ok();
    assert_silent(&status);
}

/// Every file below the folder but the programs, with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() && entry.file_name() != "bin" {
                folders.push(path);
            } else if kind.is_file() {
                found.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn a_stored_password_is_not_sent_another_way_than_it_was_given_for() {
    let rig = Rig::new();
    let changes = [
        ("allow_http", json!(true)),
        ("tls", json!({"insecure": true})),
        ("tls", json!({"cacert": "/ca.pem"})),
    ];
    for (key, value) in changes {
        let mut request = crate::rig::adding(PROFILE, &rig.fake.url(), "alpha");
        request["add"]["profile"][key] = value;
        let password = request.as_object_mut().unwrap().remove("secret").unwrap();
        for no_verify in [false, true] {
            request["add"]["no_verify"] = json!(no_verify);
            assert_eq!(rig.ask(&request)["err"]["code"], "needs_person", "{request}");
        }
        assert_eq!(rig.fake.requests().len(), 0);
        request["secret"] = password;
        rig.add(&request);
        // And back again.
        rig.add(&crate::rig::adding(PROFILE, &rig.fake.url(), "alpha"));
    }
}
