//! Each scope that Keystone knows, by id and by name, and each spelling of its URL.

use serde_json::Value;

use crate::home::Home;
use crate::openrc::exports;
use crate::scene::{PROFILE, Scene};

/// Adds a file with these settings beside the login's own, and tells what Keystone says of the token.
#[track_caller]
fn about(scene: &Scene, settings: &[(&str, &str)]) -> Value {
    let url = scene.login.auth_url.clone();
    let mut all = vec![("OS_IDENTITY_API_VERSION", "3"), ("OS_PASSWORD", &scene.login.user.password)];
    if !settings.iter().any(|(name, _)| *name == "OS_AUTH_URL") {
        all.push(("OS_AUTH_URL", &url));
    }
    if !settings.iter().any(|(name, _)| *name == "OS_USER_ID") {
        all.extend([("OS_USERNAME", scene.login.user.name.as_str()), ("OS_USER_DOMAIN_NAME", "Default")]);
    }
    all.extend(settings);
    scene.home.write("rc", &exports(&all));
    scene.home.osagent(["add", "rc", "--name", PROFILE, "--replace"]).ok();
    // From the shell's side as well: the client trades it for the same scope.
    let issued = scene.home.shell("sh", "eval $(osagent env); openstack token issue -f value -c id").ok();
    scene.keystone.about(issued.line())
}

#[test]
fn a_project_by_id_or_by_name() {
    let scene = Scene::on_a_server("alice", "beta");
    let id = scene.login.project_id.as_str();
    for settings in [
        vec![("OS_PROJECT_ID", id)],
        vec![("OS_PROJECT_NAME", "beta"), ("OS_PROJECT_DOMAIN_NAME", "Default")],
        vec![("OS_PROJECT_NAME", "beta"), ("OS_PROJECT_DOMAIN_ID", "default")],
        vec![("OS_TENANT_NAME", "beta"), ("OS_PROJECT_DOMAIN_ID", "default")],
    ] {
        assert_eq!(about(&scene, &settings)["project"]["id"], id, "{settings:?}");
    }
}

#[test]
fn a_user_by_id_or_by_name() {
    let scene = Scene::on_a_server("alice", "alpha");
    let (user, project) = (scene.login.user.id.as_str(), ("OS_PROJECT_ID", scene.login.project_id.as_str()));
    assert_eq!(about(&scene, &[("OS_USER_ID", user), project])["user"]["id"], user);
    assert_eq!(about(&scene, &[project])["user"]["id"], user);
}

#[test]
fn a_domain_by_id_or_by_name() {
    let scene = Scene::on_a_server("alice", "alpha");
    let id = scene.keystone.domain_id("lab");
    assert_eq!(about(&scene, &[("OS_DOMAIN_NAME", "lab")])["domain"]["id"], id);
    assert_eq!(about(&scene, &[("OS_DOMAIN_ID", id)])["domain"]["id"], id);
}

#[test]
fn the_system() {
    let scene = Scene::on_a_server("carol", "alpha");
    assert_eq!(about(&scene, &[("OS_SYSTEM_SCOPE", "all")])["system"]["all"], true);
}

#[test]
fn no_scope_at_all() {
    let scene = Scene::on_a_server("alice", "alpha");
    let token = about(&scene, &[]);
    assert!(token["project"].is_null() && token["domain"].is_null() && token["system"].is_null(), "{token}");
}

#[test]
fn every_spelling_of_the_url_finds_keystone() {
    for (tail, cut) in [("/", ""), ("", "/v3"), ("/", "/v3")] {
        let scene = Scene::new(Home::new(), "alice", "alpha");
        let url = scene.door.url();
        let url = format!("{}{tail}", url.strip_suffix(cut).unwrap());
        let settings = [("OS_AUTH_URL", url.as_str()), ("OS_PROJECT_ID", scene.login.project_id.as_str())];
        assert_eq!(about(&scene, &settings)["project"]["name"], "alpha", "{url}");
        assert!(scene.door.creations() > 0, "{url}: {:?}", scene.door.requests());
    }
}

#[test]
fn another_project_is_one_option_away_and_costs_one_creation() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.add();
    let before = scene.door.creations();
    let beta = scene.home.osagent(["token", PROFILE, "--project", "beta"]).ok();
    assert_eq!(scene.keystone.about(beta.line())["project"]["name"], "beta");
    let lab = scene.home.osagent(["token", PROFILE, "--domain", "lab"]).ok();
    assert_eq!(scene.keystone.about(lab.line())["domain"]["name"], "lab");
    let unscoped = scene.home.osagent(["token", PROFILE, "--unscoped"]).ok();
    assert!(scene.keystone.about(unscoped.line())["project"].is_null());
    assert_eq!(scene.home.osagent(["token", PROFILE, "--project", "beta"]).ok().line(), beta.line());
    assert_eq!(scene.door.creations() - before, 3, "{:?}", scene.door.requests());
}
