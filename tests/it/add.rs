//! `add`: a file becomes a profile and a password in a keyring, or nothing of it is kept.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod again;
mod scrub;
mod unknown;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::json;

use crate::fake::Knobs;
use crate::rig::Rig;
use crate::run::{Done, Run};

#[track_caller]
fn says(done: &Done, words: &str) {
    assert!(done.stderr.contains(words), "{words:?} is not in {done:#?}");
}

/// The lines of an OpenRC file for the fake's user, without a password.
fn rc(rig: &Rig) -> String {
    format!(
        "#!/usr/bin/env bash\nexport OS_AUTH_URL={}\nexport OS_PROJECT_NAME=\"alpha\"\n\
         export OS_PROJECT_DOMAIN_ID=\"default\"\nexport OS_USER_DOMAIN_NAME=\"Default\"\nexport OS_USERNAME=\"ada\"\n\
         export OS_REGION_NAME=\"SBG1\"\n",
        rig.fake.url()
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn rc_with_password(rig: &Rig) -> String {
    format!("{}export OS_PASSWORD={}\n", rc(rig), quoted(&Knobs::default().password))
}

fn add<const N: usize>(rig: &Rig, words: [&str; N]) -> Run {
    rig.home.osagent(["add"]).args(words)
}

fn given(run: Run) -> Run {
    run.arg("--secret-stdin").stdin(Knobs::default().password)
}

fn names(rig: &Rig) -> Vec<String> {
    let listed = rig.home.osagent(["list", "--json"]).ok().json();
    let profiles = listed["profiles"].as_array().unwrap().clone();
    profiles.iter().map(|profile| profile["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_with_its_password_in_it_becomes_a_profile_whose_token_is_there_already() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    let done = add(&rig, ["openrc.sh"]).ok();
    says(&done, "profile \"alpha\" added: ada at 127.0.0.1, project \"alpha\"");
    says(&done, "that keyring ends with the agent");
    assert_eq!(done.stdout, "");
    let token = rig.home.osagent(["token"]).ok();
    assert!(rig.fake.is_alive(token.line()));
    assert_eq!(rig.fake.creations(), 1, "the test's own token is the one that is kept");
    says(&add(&rig, ["openrc.sh"]).ok(), "is as it was");
    assert_eq!(names(&rig), ["alpha"]);
    assert_eq!(fs::read_to_string(rig.home.path().join("openrc.sh")).unwrap(), rc_with_password(&rig));
}

#[test]
fn a_login_that_is_refused_leaves_nothing_behind() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc(&rig));
    let wrong = add(&rig, ["openrc.sh", "--secret-stdin"]).stdin("wrong").fails(1);
    says(&wrong, "refused the login");
    says(&wrong, "nothing was stored");
    rig.home.write("nowhere.sh", &rc(&rig).replace("\"alpha\"", "\"nowhere\""));
    let nowhere = given(add(&rig, ["nowhere.sh"])).fails(1);
    says(&nowhere, "knows no project \"nowhere\"");
    rig.fake.turn(|knobs| knobs.trouble = crate::fake::Trouble::always(crate::fake::What::Html));
    given(add(&rig, ["openrc.sh"])).fails(5);
    assert_eq!(names(&rig), [""; 0]);
    assert!(!rig.home.all().join("config/osagent/profiles").exists());
    assert_eq!(rig.fake.creations(), 5);
}

#[test]
fn a_file_that_asks_is_answered_by_a_pipe_or_a_person_and_by_nobody_else() {
    let rig = Rig::cold();
    let asks = format!("{}read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\n", rc(&rig));
    rig.home.write("openrc.sh", &asks);
    let done = add(&rig, ["openrc.sh"]).fails(3);
    says(&done, "no terminal to ask on");
    says(&done, "--secret-stdin");
    assert_eq!(rig.fake.creations(), 0);
    given(add(&rig, ["openrc.sh", "--name", "prod", "--default"])).ok();
    // By standard input itself, where the file holds all.
    given(add(&rig, ["-"])).fails(2);
    add(&rig, ["-", "--name", "piped"]).stdin(rc_with_password(&rig)).ok();
    assert_eq!(names(&rig), ["piped", "prod"]);
    assert_eq!(rig.home.osagent(["default"]).ok().stdout, "prod\n");
}

#[test]
fn a_name_is_taken_from_another_login_only_by_replace() {
    let rig = Rig::cold();
    rig.home.write("alpha.sh", &rc(&rig));
    rig.home.write("beta.sh", &rc(&rig).replace("\"alpha\"", "\"beta\""));
    given(add(&rig, ["alpha.sh", "--name", "prod"])).ok();
    let done = given(add(&rig, ["beta.sh", "--name", "prod"])).fails(2);
    says(&done, "the name is taken by ada at 127.0.0.1, project \"alpha\"");
    says(&done, "--replace");
    says(&given(add(&rig, ["beta.sh", "--name", "prod", "--replace"])).ok(), "now has another login");
    let project = rig.home.osagent(["show", "prod", "--json"]).ok().json();
    assert_eq!(project["profile"]["scope"]["project"]["name"], "beta");
}

#[test]
fn the_same_login_for_another_region_adds_the_region() {
    let rig = Rig::cold();
    rig.home.write("sbg.sh", &rc(&rig));
    rig.home.write("gra.sh", &rc(&rig).replace("SBG1", "GRA9"));
    given(add(&rig, ["sbg.sh"])).ok();
    says(&given(add(&rig, ["gra.sh"])).ok(), "has one more region");
    let shown = rig.home.osagent(["show", "alpha", "--json"]).ok().json();
    assert_eq!(shown["profile"]["regions"], json!(["SBG1", "GRA9"]));
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    let done = add(&rig, ["openrc.sh", "--dry-run", "--scrub", "--force"]).ok();
    for words in ["alpha", "stands in openrc.sh", "memory", "would be taken out"] {
        assert!(done.stdout.contains(words), "{words}: {done:#?}");
    }
    assert!(!done.stdout.contains("S3cret"));
    assert_eq!((names(&rig).len(), rig.fake.requests().len()), (0, 0));
    assert_eq!(fs::read_to_string(rig.home.path().join("openrc.sh")).unwrap(), rc_with_password(&rig));
}

#[test]
fn a_file_loses_its_password_only_to_a_keyring_that_outlives_the_agent_unless_forced() {
    let rig = Rig::cold();
    let path = rig.home.write("openrc.sh", &rc_with_password(&rig));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let done = add(&rig, ["openrc.sh", "--scrub"]).fails(4);
    says(&done, "ends with the agent, so the file must keep its secret");
    says(&done, "--force");
    assert_eq!(fs::read_to_string(&path).unwrap(), rc_with_password(&rig));
    assert_eq!((names(&rig).len(), rig.fake.creations()), (0, 0));

    says(&add(&rig, ["openrc.sh", "--scrub", "--force"]).ok(), "holds no password any more");
    let scrubbed = fs::read_to_string(&path).unwrap();
    let expect = format!("{}export OS_PASSWORD=\"\"\n", rc(&rig));
    assert!(scrubbed.starts_with(&expect), "{scrubbed}");
    assert_eq!(scrubbed[expect.len()..].trim(), "eval \"$(osagent env --shell sh alpha)\" # osagent");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
    assert_eq!(fs::read_dir(rig.home.path()).unwrap().count(), 1, "nothing is left beside it");
    // It can be sourced, and it can be added again.
    let sourced =
        rig.home.run("/bin/sh").args(["-c", ". ./openrc.sh; echo \"$OS_TOKEN|${OS_PASSWORD-}\""]).ok();
    let (token, password) = sourced.line().split_once('|').unwrap();
    assert!(rig.fake.is_alive(token) && password.is_empty(), "{sourced:#?}");
    says(&add(&rig, ["openrc.sh"]).ok(), "is as it was");
}

#[test]
fn a_file_that_is_not_there_or_is_none_is_told_with_its_place() {
    let rig = Rig::cold();
    says(&add(&rig, ["missing.sh"]).fails(7), "missing.sh");
    says(&add(&rig, ["."]).fails(7), "");
    says(&add(&rig, ["/dev/zero"]).fails(7), "/dev/zero");
    rig.home.write("empty.sh", "");
    says(&add(&rig, ["empty.sh"]).fails(2), "empty.sh: ");
    rig.home.write("broken.sh", "export OS_AUTH_URL='https://x\n");
    says(&add(&rig, ["broken.sh"]).fails(7), "broken.sh: line 1");
    let http = rc_with_password(&rig).replace("127.0.0.1", "cloud.example");
    rig.home.write("http.sh", &http);
    says(&add(&rig, ["http.sh"]).fails(2), "--allow-http");
    assert_eq!(rig.fake.requests().len(), 0);
}

#[test]
fn relative_certificates_are_those_beside_the_file() {
    let rig = Rig::cold();
    let folder = rig.home.path().join("cloud");
    fs::create_dir(&folder).unwrap();
    let text = format!("{}export OS_CACERT=certs/ca.pem\n", rc_with_password(&rig));
    fs::write(folder.join("openrc.sh"), text).unwrap();
    add(&rig, ["cloud/openrc.sh"]).ok();
    let shown = rig.home.osagent(["show", "--json"]).ok().json();
    assert_eq!(shown["profile"]["tls"]["cacert"], json!(folder.join("certs/ca.pem")));
    // Its own file is no foreign one that would be missed.
    let env = rig.home.osagent(["env", "--shell", "sh"]).env("OS_CACERT", folder.join("certs/ca.pem")).ok();
    assert_eq!(env.stderr, "");
}

#[test]
fn an_agent_that_dies_in_the_middle_is_asked_once_more_and_nothing_is_there_twice() {
    let rig = Rig::cold();
    rig.start();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    rig.fake.turn(|knobs| knobs.trouble = crate::fake::Trouble::first(1, crate::fake::What::Hold));
    let adding = add(&rig, ["openrc.sh"]).start();
    rig.fake.wait_until_held(1);
    rig.home.kill_agent();
    rig.fake.release();
    says(&adding.done().ok(), "profile \"alpha\" added");
    assert_eq!(names(&rig), ["alpha"]);
    rig.home.agent();
    rig.home.osagent(["token"]).ok();
}
