//! What `add` takes settings from besides a file: a cloud of a clouds.yaml, the environment it is run in.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use crate::fake::Knobs;
use crate::rig::Rig;
use crate::run::Run;

fn from_env(rig: &Rig) -> Run {
    let add = rig.home.osagent(["add", "--from-env"]).env("OS_AUTH_URL", rig.fake.url());
    add.envs([("OS_USERNAME", "ada"), ("OS_USER_DOMAIN_NAME", "Default"), ("OS_PROJECT_NAME", "alpha")])
        .env("OS_PROJECT_DOMAIN_ID", "default")
}

#[test]
fn an_environment_becomes_a_profile_and_is_told_to_be_cleared() {
    let rig = Rig::cold();
    let done = from_env(&rig).env("OS_PASSWORD", Knobs::default().password).ok();
    assert!(
        done.stderr.contains("profile \"alpha\" added: ada at 127.0.0.1, project \"alpha\""),
        "{done:#?}"
    );
    assert!(done.stderr.contains("run unset OS_PASSWORD, or eval $(osagent env)"), "{done:#?}");
    assert!(rig.fake.is_alive(rig.home.osagent(["token"]).ok().line()));
}

#[test]
fn an_environment_without_a_password_gets_it_from_a_pipe() {
    let rig = Rig::cold();
    let done = from_env(&rig).arg("--secret-stdin").stdin(Knobs::default().password).ok();
    assert!(!done.stderr.contains("OS_PASSWORD"), "{done:#?}");
}

#[test]
fn what_stands_in_the_way_is_named_by_its_variable() {
    let rig = Rig::cold();
    let done = from_env(&rig).env("OS_TRUST_ID", "7").fails(2);
    assert!(
        done.stderr.contains("the environment: OS_TRUST_ID asks for a trust, which this release"),
        "{done:#?}"
    );
}

#[test]
fn an_environment_that_holds_no_more_than_a_token_is_refused_with_a_word() {
    let rig = Rig::cold();
    let add = rig.home.osagent(["add", "--from-env"]).env("OS_AUTH_URL", rig.fake.url());
    let done = add.env("OS_TOKEN", "gAAAA-canary").fails(2);
    assert!(
        done.stderr.contains("OS_TOKEN asks for a token in place of a login, which this release"),
        "{done:#?}"
    );
    assert!(!done.stderr.contains("canary"), "{done:#?}");
}

#[test]
fn sources_exclude_each_other_and_one_of_them_is_needed() {
    let rig = Rig::cold();
    let done = rig.home.osagent(["add"]).fails(2);
    assert!(done.stderr.contains("for example: osagent add openrc.sh"), "{done:#?}");
    rig.home.osagent(["add", "openrc.sh", "--from-env"]).fails(2);
    let done = from_env(&rig).arg("--scrub").fails(2);
    assert!(done.stderr.contains("--scrub edits an OpenRC file, and the environment is none"), "{done:#?}");
}

fn cloud(rig: &Rig, more: &str) -> String {
    format!(
        "clouds:\n  work:\n    auth: {{auth_url: '{}', username: ada, user_domain_name: Default, project_name: alpha, \
         project_domain_id: default{more}}}\n",
        rig.fake.url()
    )
}

#[test]
fn a_cloud_is_found_where_openstack_finds_it_and_its_secret_beside_it() {
    let rig = Rig::cold();
    rig.home.write("clouds.yaml", &cloud(&rig, ""));
    let secret = serde_json::to_string(&Knobs::default().password).unwrap();
    rig.home.write("secure.yaml", &format!("clouds: {{work: {{auth: {{password: {secret}}}}}}}\n"));
    let done = rig.home.osagent(["add", "--cloud", "work"]).ok();
    assert!(done.stderr.contains("profile \"work\" added: ada at 127.0.0.1"), "{done:#?}");
    assert!(done.stderr.contains("secure.yaml: line 1, column 34; take it out by hand"), "{done:#?}");
    assert!(!done.stderr.contains(&Knobs::default().password), "{done:#?}");
    let done = rig.home.osagent(["add", "--cloud", "work", "--scrub"]).fails(2);
    assert!(done.stderr.contains("the cloud \"work\" is none; take the password out by hand"), "{done:#?}");
}

#[test]
fn the_file_that_a_variable_names_goes_first() {
    let rig = Rig::cold();
    rig.home.write("clouds.yaml", "clouds: {other: {}}\n");
    let named = rig.home.write(
        "mine.json",
        &format!(
            "{{\"clouds\": {{\"work\": {{\"auth\": {{\"auth_url\": \"{}\", \
        \"username\": \"ada\", \"user_domain_id\": \"default\"}}}}}}}}",
            rig.fake.url()
        ),
    );
    let add = rig.home.osagent(["add", "--cloud", "work", "--secret-stdin", "--no-verify"]);
    add.env("OS_CLIENT_CONFIG_FILE", &named).stdin(Knobs::default().password).ok();
    let done = rig.home.osagent(["add", "--cloud", "work"]).fails(2);
    assert!(done.stderr.contains("the clouds there are: other"), "{done:#?}");
}

#[test]
fn without_a_file_the_places_are_named() {
    let rig = Rig::cold();
    let done = rig.home.osagent(["add", "--cloud", "work"]).fails(2);
    for place in ["/clouds.yaml", "/openstack/clouds.yaml", "/etc/openstack/clouds.yaml", "(.yml, .json)"] {
        assert!(done.stderr.contains(place), "{place}: {done:#?}");
    }
}
