//! From an OpenRC file to a profile: the secret in the keyring, the file without it, the login tested at Keystone.

use std::fs;

use crate::home::Home;
use crate::openrc::exports;
use crate::scene::{PROFILE, Scene, WEIRD};

#[test]
fn a_file_that_asks_is_added_with_the_secret_on_stdin_and_one_login() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    let before = scene.login.rc_that_asks();
    scene.add();
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
    assert_eq!(fs::read_to_string(scene.rc()).unwrap(), before, "nobody asked for a scrub");
    let token = scene.token();
    assert_eq!(
        scene.door.creations(),
        1,
        "the login that tested it is the token: {:?}",
        scene.door.requests()
    );
    assert_eq!(scene.keystone.about(&token)["project"]["id"], scene.login.project_id.as_str());
}

#[test]
fn a_scrubbed_file_holds_no_password_and_can_still_be_sourced() {
    let scene = Scene::on_a_desktop("alice", WEIRD);
    let password = &scene.login.user.password;
    let rc = scene.home.write("openrc.sh", &scene.login.rc_with_password());
    scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--scrub"]).ok();
    assert_eq!(scene.home.secrets(), [password.as_str()]);

    let scrubbed = fs::read_to_string(&rc).unwrap();
    assert!(!scrubbed.contains("S3cret"), "{scrubbed}");
    let kept =
        |text: &str| text.lines().filter(|line| line.contains("OS_PROJECT")).map(str::to_owned).collect();
    let (old, new): (Vec<String>, Vec<String>) = (kept(&scene.login.rc_with_password()), kept(&scrubbed));
    assert_eq!(old, new, "what holds no secret stays byte for byte");

    let script =
        "set -e; source ./openrc.sh; printf '%s' \"[${OS_PASSWORD-}]\"; openstack token issue -f value -c id";
    let sourced = scene.home.shell("bash", script).ok();
    let token =
        sourced.line().strip_prefix("[]").unwrap_or_else(|| panic!("a password: {sourced:#?}")).to_owned();
    assert_eq!(scene.keystone.about(&token)["project"]["name"], WEIRD);
    assert!(!scene.home.path().join("pwned").exists());
}

#[test]
fn a_scrubbed_file_that_asked_asks_no_more() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.home.write("openrc.sh", &scene.login.rc_that_asks());
    let add = scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--secret-stdin", "--scrub"]);
    add.stdin(scene.login.user.password.as_str()).ok();
    let sourced = scene.home.shell("bash", "source ./openrc.sh && printenv OS_TOKEN").ok();
    assert_eq!(scene.keystone.status_of(sourced.line()), 200);
    assert!(!sourced.stdout.contains("Please enter"), "{sourced:#?}");
}

#[test]
fn a_scrub_keeps_mode_and_access_lists() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    let rc = scene.home.write("openrc.sh", &scene.login.rc_with_password());
    let rc = rc.to_str().unwrap();
    scene.home.run("chmod").args(["0640", rc]).ok();
    scene.home.run("setfacl").args(["-m", "u:61239:r", rc]).ok();
    let listed = || scene.home.run("getfacl").args(["--numeric", "--absolute-names", rc]).ok().stdout;
    let before = listed();
    assert!(before.contains("user:61239:r--"), "{before}");
    scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--scrub"]).ok();
    assert!(!fs::read_to_string(rc).unwrap().contains("S3cret"));
    assert_eq!(listed(), before);
}

#[test]
fn a_scrub_is_refused_where_the_secret_would_die_with_the_agent() {
    let scene = Scene::on_a_server("alice", "alpha");
    let text = scene.login.rc_with_password();
    let rc = scene.home.write("openrc.sh", &text);
    scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--scrub"]).fails(4);
    assert_eq!(fs::read_to_string(&rc).unwrap(), text);
    scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--scrub", "--force"]).ok();
    assert!(!fs::read_to_string(&rc).unwrap().contains("S3cret"));
}

#[test]
fn a_dry_run_leaves_nothing_behind() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    let text = scene.login.rc_with_password();
    let rc = scene.home.write("openrc.sh", &text);
    let shown = scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--dry-run"]).ok();
    let said = format!("{}{}", shown.stdout, shown.stderr);
    assert!(said.contains("alice") && said.contains("alpha"), "{shown:#?}");
    assert!(!said.contains("S3cret"), "{shown:#?}");
    assert_eq!(fs::read_to_string(rc).unwrap(), text);
    assert!(scene.home.secrets().is_empty());
    assert_eq!(scene.door.creations(), 0);
    scene.home.osagent(["show", PROFILE]).fails(2);
}

#[test]
fn without_a_terminal_nobody_is_asked_and_the_next_step_is_named() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.home.write("openrc.sh", &scene.login.rc_that_asks());
    let refused = scene.home.osagent(["add", "openrc.sh", "--name", PROFILE]).fails(3);
    assert!(refused.stderr.contains("--secret-stdin"), "{refused:#?}");
    assert_eq!(scene.door.creations(), 0);
}

#[test]
fn the_same_file_twice_is_one_profile_and_one_secret() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.add();
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
    let list = scene.home.osagent(["list", "--json"]).ok().json();
    assert_eq!(list["format"], 1, "{list}");
    assert_eq!(list.to_string().matches("\"work\"").count(), 1, "{list}");
}

#[test]
fn another_identity_does_not_take_a_name_by_accident() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let other = Scene::new(Home::new(), "erin", "alpha");
    scene.home.write("other.sh", &other.login.rc_with_password());
    scene.home.osagent(["add", "other.sh", "--name", PROFILE]).fails(2);
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
    scene.home.osagent(["add", "other.sh", "--name", PROFILE, "--replace"]).ok();
    assert_eq!(scene.home.secrets(), [other.login.user.password.as_str()]);
    assert_eq!(scene.keystone.about(&scene.token())["user"]["name"], "erin");
}

#[test]
fn plain_exports_are_a_file_too() {
    let scene = Scene::on_a_server("alice", "alpha");
    let text = exports(&[
        ("OS_AUTH_URL", &scene.door.url()),
        ("OS_IDENTITY_API_VERSION", "3"),
        ("OS_USERNAME", "alice"),
        ("OS_USER_DOMAIN_NAME", "Default"),
        ("OS_PASSWORD", &scene.login.user.password),
        ("OS_PROJECT_NAME", "alpha"),
        ("OS_PROJECT_DOMAIN_NAME", "Default"),
    ]);
    scene.home.write("rc", &text);
    scene.home.osagent(["add", "rc", "--name", PROFILE]).ok();
    assert_eq!(scene.keystone.about(&scene.token())["project"]["name"], "alpha");
}

#[test]
fn a_wrong_password_is_refused_kept_nowhere_and_tried_at_most_twice() {
    let scene = Scene::on_a_desktop("dave", "alpha");
    scene.home.write("openrc.sh", &scene.login.rc_that_asks());
    let add = scene.home.osagent(["add", "openrc.sh", "--name", PROFILE, "--secret-stdin"]);
    let refused = add.stdin("not-his-password").fails(1);
    assert!(scene.door.creations() <= 2, "{:?}", scene.door.requests());
    assert!(!refused.stderr.contains("not-his-password"), "{refused:#?}");
    assert!(scene.home.secrets().is_empty());
    scene.home.osagent(["show", PROFILE]).fails(2);
}
