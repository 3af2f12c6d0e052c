//! A cloud that says no, and a cloud that says nothing.

use std::time::{Duration, Instant};

use crate::front::Front;
use crate::run::Running;
use crate::scene::{PROFILE, Scene};

#[test]
fn a_password_that_went_bad_is_tried_twice_at_most_however_many_ask() {
    let mut scene = Scene::on_a_desktop("bob", "alpha");
    scene.add();
    scene.home.osagent(["stop"]).ok();
    scene.login.user.password = "b0b-Pa55-changed".to_owned();
    scene.keystone.set_password(&scene.login.user);
    let before = scene.door.creations();
    let started: Vec<Running> = (0..20).map(|_| scene.home.osagent(["token", PROFILE]).start()).collect();
    for running in started {
        let refused = running.done().failed(1);
        assert!(refused.stderr.contains("osagent passwd work"), "{refused:#?}");
        assert_eq!(refused.stdout, "");
    }
    for _ in 0..3 {
        scene.home.osagent(["env", PROFILE]).fails(1);
    }
    assert!(scene.door.creations() - before <= 2, "{:?}", scene.door.requests());

    let passwd = scene.home.osagent(["passwd", PROFILE, "--secret-stdin"]);
    passwd.stdin(scene.login.user.password.as_str()).ok();
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
}

#[test]
fn a_new_secret_that_keystone_refuses_does_not_replace_the_old_one() {
    let scene = Scene::on_a_desktop("erin", "alpha");
    scene.add();
    scene.home.osagent(["passwd", PROFILE, "--secret-stdin"]).stdin("not-hers").fails(1);
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
    scene.home.osagent(["stop"]).ok();
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
}

#[test]
fn no_such_project_is_not_taken_for_a_wrong_password() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let before = scene.door.creations();
    let refused = scene.home.osagent(["token", PROFILE, "--project", "nosuch"]).fails(1);
    assert!(refused.stderr.contains("nosuch"), "{refused:#?}");
    assert!(!refused.stderr.contains("passwd"), "the secret is good: {refused:#?}");
    assert!(scene.door.creations() - before <= 2, "{:?}", scene.door.requests());
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
}

#[test]
fn a_dead_keystone_ends_the_wait_and_not_the_tokens_that_are_held() {
    let mut scene = Scene::on_a_desktop("alice", "alpha");
    let front = Front::of(scene.keystone.port);
    scene.login.auth_url = scene.door.url_through(front.port);
    scene.add();
    let held = scene.token();
    front.close();
    assert_eq!(scene.token(), held);
    let from = Instant::now();
    let refused = scene.home.osagent(["token", PROFILE, "--fresh", "--timeout", "5"]).fails(5);
    assert!(from.elapsed() < Duration::from_secs(10), "{:?}", from.elapsed());
    assert_eq!(refused.stdout, "");
    assert_eq!(scene.token(), held, "after a failure too");
    scene.home.osagent(["stop"]).ok();
    scene.home.osagent(["token", PROFILE, "--timeout", "5"]).fails(5);
}

#[test]
fn a_silent_keystone_ends_the_wait_too() {
    let mut scene = Scene::on_a_desktop("alice", "alpha");
    let front = Front::of(scene.keystone.port);
    scene.login.auth_url = scene.door.url_through(front.port);
    scene.add();
    let held = scene.token();
    front.fall_silent();
    let from = Instant::now();
    scene.home.osagent(["token", PROFILE, "--fresh", "--timeout", "3"]).fails(5);
    assert!(from.elapsed() < Duration::from_secs(8), "{:?}", from.elapsed());
    assert_eq!(scene.token(), held);
}
