//! The other verbs, each once through every floor.

use crate::scene::{PROFILE, Scene};

#[test]
fn a_revoked_token_is_dead_at_keystone_and_the_next_one_is_new() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let token = scene.token();
    let rescoped = scene.home.osagent(["token", PROFILE, "--project", "beta"]).ok().line().to_owned();
    scene.home.osagent(["revoke", PROFILE, "--yes"]).ok();
    assert_eq!(scene.keystone.status_of(&token), 401);
    assert_eq!(scene.keystone.status_of(&rescoped), 401, "what was made of it goes with it");
    let next = scene.token();
    assert_ne!(next, token);
    assert_eq!(scene.keystone.status_of(&next), 200);
}

#[test]
fn a_token_of_the_environment_is_revoked_without_being_an_argument() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let script = "eval $(osagent env) && osagent revoke --token --yes && printenv OS_TOKEN";
    let said = scene.home.shell("bash", script).ok();
    assert_eq!(scene.keystone.status_of(said.stdout.lines().last().unwrap()), 401);
}

#[test]
fn revoke_all_leaves_none_alive() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let first = scene.token();
    let fresh = scene.home.osagent(["token", PROFILE, "--fresh"]).ok().line().to_owned();
    assert_ne!(first, fresh);
    scene.home.osagent(["revoke", "--all", "--yes"]).ok();
    for token in [first, fresh] {
        assert_eq!(scene.keystone.status_of(&token), 401, "every token that was handed out");
    }
}

#[test]
fn a_locked_agent_refuses_until_it_is_unlocked() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.token();
    scene.home.osagent(["lock"]).ok();
    let refused = scene.home.osagent(["token", PROFILE]).done();
    assert_ne!(refused.status.code(), Some(0), "{refused:#?}");
    assert!(refused.stdout.is_empty() && refused.stderr.contains("osagent unlock"), "{refused:#?}");
    scene.home.osagent(["unlock"]).ok();
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
}

#[test]
fn what_only_looks_or_takes_away_starts_no_agent() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.home.osagent(["status"]).ok();
    scene.home.osagent(["status", "--json"]).ok();
    scene.home.osagent(["lock"]).ok();
    scene.home.osagent(["stop"]).ok();
    scene.home.osagent(["revoke", "--all", "--yes"]).fails(6);
    assert!(scene.home.agents().is_empty());
}

#[test]
fn a_stopped_agent_is_gone_with_its_socket() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let pid = scene.home.agent();
    scene.home.osagent(["stop"]).ok();
    assert!(!scene.home.socket().exists());
    assert!(!scene.home.agents().contains(&pid));
    scene.home.osagent(["stop"]).ok();
}

#[test]
fn status_tells_what_is_held_and_no_secret() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let token = scene.token();
    let (plain, json) = (scene.home.osagent(["status"]).ok(), scene.home.osagent(["status", "--json"]).ok());
    assert_eq!(json.json()["format"], 1);
    assert!(json.stdout.contains(&scene.home.agent().to_string()), "the agent's pid: {}", json.stdout);
    for said in [&plain, &json] {
        assert!(said.stdout.contains(PROFILE), "{said:#?}");
        assert!(!said.stdout.contains("S3cret") && !said.stdout.contains(&token), "{said:#?}");
    }
}

#[test]
fn profiles_are_listed_shown_chosen_and_removed() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.add_file("openrc.sh", "other");
    let list = scene.home.osagent(["list"]).ok();
    assert!(list.stdout.contains(PROFILE) && list.stdout.contains("other"), "{list:#?}");
    let shown = scene.home.osagent(["show", PROFILE]).ok();
    assert!(shown.stdout.contains("alice") && shown.stdout.contains("alpha"), "{shown:#?}");
    assert!(!shown.stdout.contains("S3cret"), "{shown:#?}");
    assert_eq!(scene.home.osagent(["show", PROFILE, "--json"]).ok().json()["format"], 1);

    scene.home.osagent(["default", "other"]).ok();
    assert!(scene.home.osagent(["default"]).ok().stdout.contains("other"));
    let chosen = scene.home.shell("bash", "eval $(osagent env); printenv OSAGENT_PROFILE").ok();
    assert_eq!(chosen.line(), "other");
    let by_name = scene.home.shell("bash", "eval $(osagent env); printenv OSAGENT_PROFILE");
    assert_eq!(by_name.env("OSAGENT_PROFILE", PROFILE).ok().line(), PROFILE);

    scene.home.osagent(["remove", "other"]).ok();
    assert_eq!(scene.home.secrets().len(), 1, "its secret went too");
    scene.home.osagent(["token", "other"]).fails(2);
    scene.home.osagent(["remove", PROFILE]).ok();
    assert!(scene.home.secrets().is_empty());
    scene.home.osagent(["token"]).fails(2);
}

#[test]
fn a_new_password_at_keystone_is_told_once_and_taken_over() {
    let mut scene = Scene::on_a_desktop("dave", "alpha");
    scene.add();
    scene.login.user.password = "d4ve-Pa55-second".to_owned();
    scene.keystone.set_password(&scene.login.user);
    scene.home.osagent(["passwd", PROFILE, "--secret-stdin"]).stdin(scene.login.user.password.as_str()).ok();
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
}

#[test]
fn a_command_runs_with_the_environment_and_its_status_is_ours() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let issued =
        scene.home.osagent(["exec", PROFILE, "--", "openstack", "token", "issue", "-f", "value", "-c", "id"]);
    assert_eq!(scene.keystone.about(issued.ok().line())["project"]["name"], "alpha");
    scene.home.osagent(["exec", PROFILE, "--", "sh", "-c", "exit 7"]).fails(7);
    scene.home.osagent(["exec", PROFILE, "--", "./no-such-program"]).fails(127);
    let plain = scene.home.write("plain", "text");
    scene.home.osagent(["exec", PROFILE, "--", plain.to_str().unwrap()]).fails(126);
    scene.home.osagent(["exec", "nosuch", "--", "true"]).fails(125);
    let killed = scene.home.osagent(["exec", PROFILE, "--", "sh", "-c", "kill -9 $$"]).done();
    assert!(killed.was_killed(), "{killed:#?}");
}

#[test]
fn a_token_with_its_story_is_one_line_of_json() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    let told = scene.home.osagent(["token", PROFILE, "--json"]).ok().json();
    let about = scene.keystone.about(&scene.token());
    assert_eq!(told["format"], 1);
    assert_eq!(told["expires_at"], about["expires_at"]);
    assert_eq!(told["project_id"], about["project"]["id"]);
    assert_eq!(told["user_id"], about["user"]["id"]);
}

#[test]
fn what_is_written_down_is_for_its_owner_alone() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.token();
    let listed =
        scene.home.run("find").arg(scene.home.all().join("config")).arg(scene.home.all().join("state"));
    let open =
        listed.arg(scene.home.runtime().join("osagent")).args(["-perm", "/077", "!", "-type", "l"]).ok();
    assert_eq!(open.stdout, "");
}
