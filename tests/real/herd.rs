//! Many at once, and the agent gone from under them: one agent, one creation, and no trouble with what it left behind.

use crate::front::Front;
use crate::run::Running;
use crate::scene::{PROFILE, Scene};

/// As many as a `make -j` or a terminal multiplexer starts on a bad day.
const HERD: usize = 200;

/// All of them at once; the one token that they all got.
#[track_caller]
fn herd(scene: &Scene) -> String {
    let started: Vec<Running> = (0..HERD).map(|_| scene.home.osagent(["token", PROFILE]).start()).collect();
    let tokens: Vec<String> =
        started.into_iter().map(|running| running.done().ok().line().to_owned()).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:#?}");
    tokens.into_iter().next().unwrap()
}

#[test]
fn two_hundred_on_a_cold_machine_start_one_agent_and_make_one_token() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.home.osagent(["stop"]).ok();
    assert!(scene.home.agents().is_empty());
    let before = scene.door.creations();
    let token = herd(&scene);
    scene.home.agent();
    assert_eq!(scene.door.creations() - before, 1, "{:?}", scene.door.requests());
    assert_eq!(scene.keystone.status_of(&token), 200);
}

#[test]
fn two_hundred_that_meet_a_dead_agents_socket_start_one_agent() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.home.kill_agent();
    assert!(scene.home.socket().exists(), "kill -9 leaves the socket");
    let before = scene.door.creations();
    herd(&scene);
    scene.home.agent();
    assert_eq!(scene.door.creations() - before, 1, "{:?}", scene.door.requests());
}

#[test]
fn a_hundred_that_wait_while_the_agent_is_killed_all_get_the_token_of_one_other() {
    let mut scene = Scene::on_a_desktop("alice", "alpha");
    let front = Front::of(scene.keystone.port);
    scene.login.auth_url = scene.door.url_through(front.port);
    scene.add();
    scene.home.osagent(["stop"]).ok();
    let before = scene.door.creations();
    front.fall_silent();
    let started: Vec<Running> = (0..100).map(|_| scene.home.osagent(["token", PROFILE]).start()).collect();
    crate::wait::until("Keystone was asked", || front.was_asked());
    scene.home.kill_agent();
    front.speak();
    let tokens: Vec<String> =
        started.into_iter().map(|running| running.done().ok().line().to_owned()).collect();
    scene.home.agent();
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:#?}");
    assert_eq!(scene.keystone.status_of(&tokens[0]), 200);
    assert_eq!(scene.door.creations() - before, 1, "{:?}", scene.door.requests());
}

#[test]
fn a_killed_agent_is_no_trouble_where_the_keyring_outlives_it() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let first = scene.token();
    scene.home.kill_agent();
    let second = scene.token();
    assert_ne!(first, second);
    assert_eq!(scene.keystone.status_of(&second), 200);
}

#[test]
fn a_killed_agent_that_held_the_secret_itself_says_what_to_run() {
    let scene = Scene::on_a_server("alice", "alpha");
    let added = scene.add();
    assert!(added.stderr.contains("memory"), "add says that nothing rests on disk: {added:#?}");
    scene.token();
    scene.home.kill_agent();
    let refused = scene.home.osagent(["token", PROFILE]).fails(3);
    assert_eq!(refused.stdout, "");
    assert!(
        refused.stderr.contains("osagent passwd work") || refused.stderr.contains("osagent login work"),
        "{refused:#?}"
    );
    scene.home.osagent(["passwd", PROFILE, "--secret-stdin"]).stdin(scene.login.user.password.as_str()).ok();
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
}
