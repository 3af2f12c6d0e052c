//! `eval $(osagent env)`, unquoted, in real shells: what they hold afterwards is what Keystone and the real client take.

use crate::front::Front;
use crate::openrc::exports;
use crate::scene::{PROFILE, Scene, WEIRD};

const SHELLS: [&str; 5] = ["bash", "zsh", "sh", "busybox", "fish"];

/// Every name that design and manual call a leftover, with a value that would break or redirect the next command.
const LEFTOVERS: &[(&str, &str)] = &[
    ("OS_AUTH_URL", "http://127.0.0.1:9/elsewhere/v3"),
    ("OS_IDENTITY_API_VERSION", "2"),
    ("OS_AUTH_TYPE", "v3applicationcredential"),
    ("OS_AUTH_PLUGIN", "v2password"),
    ("OS_AUTH_METHODS", "v3totp"),
    ("OS_USERNAME", "mallory"),
    ("OS_USER_ID", "deadbeef"),
    ("OS_PASSWORD", "of-another-cloud"),
    ("OS_USER_DOMAIN_NAME", "elsewhere"),
    ("OS_USER_DOMAIN_ID", "elsewhere"),
    ("OS_PROJECT_ID", "deadbeef"),
    ("OS_PROJECT_NAME", "elsewhere"),
    ("OS_PROJECT_DOMAIN_NAME", "elsewhere"),
    ("OS_PROJECT_DOMAIN_ID", "elsewhere"),
    ("OS_TENANT_ID", "deadbeef"),
    ("OS_TENANT_NAME", "elsewhere"),
    ("OS_DOMAIN_ID", "elsewhere"),
    ("OS_DOMAIN_NAME", "elsewhere"),
    ("OS_DEFAULT_DOMAIN", "elsewhere"),
    ("OS_DEFAULT_DOMAIN_ID", "elsewhere"),
    ("OS_DEFAULT_DOMAIN_NAME", "elsewhere"),
    ("OS_SYSTEM_SCOPE", "all"),
    ("OS_TRUST_ID", "deadbeef"),
    ("OS_PASSCODE", "123456"),
    ("OS_CLOUD", "nosuch"),
    ("OS_APPLICATION_CREDENTIAL_ID", "deadbeef"),
    ("OS_APPLICATION_CREDENTIAL_NAME", "elsewhere"),
    ("OS_APPLICATION_CREDENTIAL_SECRET", "of-another-cloud"),
    ("OS_TOKEN", "of-another-cloud"),
    ("OS_AUTH_TOKEN", "of-another-cloud"),
    ("OS_STORAGE_URL", "http://127.0.0.1:9/elsewhere"),
    ("OS_ENDPOINT", "http://127.0.0.1:9/elsewhere"),
    ("OS_URL", "http://127.0.0.1:9/elsewhere"),
    ("OS_ENDPOINT_TYPE", "nosuch"),
    ("OS_INTERFACE", "nosuch"),
    ("OS_REGION_NAME", "NOWHERE"),
    ("OS_CACERT", "/nonexistent/ca.pem"),
    ("OS_CERT", "/nonexistent/cert.pem"),
    ("OS_KEY", "/nonexistent/key.pem"),
    ("OS_INSECURE", "false"),
    ("OS_VERIFY", "true"),
    ("OS_IDENTITY_PROVIDER", "elsewhere"),
    ("OS_PROTOCOL", "openid"),
    ("OS_ACCESS_TOKEN", "of-another-cloud"),
    ("OS_CLIENT_ID", "elsewhere"),
    ("OS_CLIENT_SECRET", "of-another-cloud"),
    ("OS_IDENTITY_ENDPOINT_OVERRIDE", "http://127.0.0.1:9/elsewhere"),
    ("OS_KEYSTONE_ENDPOINT", "http://127.0.0.1:9/elsewhere"),
    ("OS_IMAGE_ENDPOINT_OVERRIDE", "http://127.0.0.1:9/elsewhere"),
];

#[test]
fn every_shell_gets_the_token_that_the_first_one_made() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.add();
    scene.home.osagent(["stop"]).ok();
    let before = scene.door.creations();
    let tokens: Vec<String> = SHELLS
        .iter()
        .flat_map(|shell| [(shell, "eval $(osagent env)"), (shell, "eval \"$(osagent env)\"")])
        .map(|(shell, eval)| {
            scene.home.shell(shell, &format!("{eval}; printenv OS_TOKEN")).ok().line().to_owned()
        })
        .collect();
    assert_eq!(scene.keystone.status_of(&tokens[0]), 200);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:#?}");
    assert_eq!(scene.door.creations() - before, 1, "{:?}", scene.door.requests());
}

#[test]
fn the_real_client_works_from_an_evaluated_environment_without_a_password() {
    let scene = Scene::on_a_desktop("alice", WEIRD);
    scene.add();
    for shell in SHELLS {
        let script = "eval $(osagent env); env; openstack token issue -f value -c project_id; \
                      openstack project list -f value -c Name";
        let said = scene.home.shell(shell, script).ok();
        assert!(!said.stdout.contains("S3cret") && !said.stdout.contains("OS_PASSWORD"), "{said:#?}");
        assert!(said.stdout.lines().any(|line| line == scene.login.project_id), "{shell}: {said:#?}");
        let projects: Vec<&str> = said.stdout.lines().rev().take(3).collect();
        for project in ["alpha", "beta", WEIRD] {
            assert!(projects.contains(&project), "{shell}: {said:#?}");
        }
    }
    assert!(!scene.home.path().join("pwned").exists());
}

#[test]
fn leftovers_of_another_cloud_neither_break_nor_redirect_the_next_command() {
    let scene = Scene::on_a_desktop("alice", "beta");
    scene.add();
    for shell in SHELLS {
        let script = "eval $(osagent env); openstack token issue -f value -c id; openstack project list -f value -c Name";
        let said = scene.home.shell(shell, script).envs(LEFTOVERS.iter().copied()).ok();
        let token = said.stdout.lines().next().unwrap();
        assert_eq!(scene.keystone.about(token)["project"]["name"], "beta", "{shell}");
        assert_eq!(said.stdout.lines().count(), 4, "{shell}: {said:#?}");
    }
}

#[test]
fn no_leftover_keeps_its_value() {
    let scene = Scene::on_a_server("alice", "beta");
    scene.add();
    for shell in SHELLS {
        let said = scene.home.shell(shell, "eval $(osagent env); env").envs(LEFTOVERS.iter().copied()).ok();
        for (name, garbage) in LEFTOVERS {
            let left = said.stdout.lines().find(|line| *line == format!("{name}={garbage}"));
            assert_eq!(left, None, "{shell}");
        }
    }
}

#[test]
fn a_harmful_project_name_reaches_the_shell_whole_in_a_folder_full_of_matches() {
    let scene = Scene::on_a_server("alice", WEIRD);
    let url = scene.door.url();
    let text = exports(&[
        ("OS_AUTH_URL", url.as_str()),
        ("OS_USERNAME", "alice"),
        ("OS_USER_DOMAIN_NAME", "Default"),
        ("OS_PASSWORD", &scene.login.user.password),
        ("OS_PROJECT_NAME", WEIRD),
        ("OS_PROJECT_DOMAIN_ID", "default"),
    ]);
    scene.home.write("rc", &text);
    scene.home.osagent(["add", "rc", "--name", PROFILE]).ok();
    for name in
        ["weird", "name", "name*'$(touch", "name1'$(touch", "pwned)\"", "export", "eval", "x", "n", "a", "1"]
    {
        scene.home.write(name, "");
    }
    let files = || scene.home.run("ls").ok().stdout;
    let before = files();
    for shell in SHELLS {
        let said = scene.home.shell(shell, "eval $(osagent env); printenv OS_PROJECT_NAME").ok();
        assert_eq!(said.line(), WEIRD, "{shell}");
        let issued =
            scene.home.shell(shell, "eval $(osagent env); openstack token issue -f value -c project_id").ok();
        assert_eq!(issued.line(), scene.login.project_id, "{shell}");
    }
    assert_eq!(files(), before, "a file was made");
}

#[test]
fn a_failure_leaves_no_token_in_the_shell_and_a_status_that_says_so() {
    let mut scene = Scene::on_a_desktop("alice", "alpha");
    let front = Front::of(scene.keystone.port);
    scene.login.auth_url = scene.door.url_through(front.port);
    scene.add();
    let fails = |what: &str, osagent: &str| {
        for shell in SHELLS {
            let status = if shell == "fish" { "$status" } else { "$?" };
            let script =
                format!("eval $({osagent}); echo \"[{status}]\"; printenv OS_TOKEN OS_AUTH_URL; true");
            let run = scene.home.shell(shell, &script).envs([("OS_TOKEN", "old"), ("OS_AUTH_URL", "old")]);
            let said = run.ok();
            assert_eq!(said.line(), "[1]", "{what}, {shell}: {said:#?}");
        }
    };
    fails("no such profile", "osagent env nosuch");
    fails("usage", "osagent env --bogus");
    fails("usage of a value", "osagent env --min-ttl never");
    let long = format!("env OSAGENT_SOCK=/tmp/{} osagent env", "x".repeat(120));
    fails("no agent", &long);
    scene.home.osagent(["lock"]).ok();
    fails("locked", "osagent env");
    scene.home.osagent(["stop"]).ok();
    front.close();
    fails("keystone is down", "osagent env --timeout 5");
}

#[test]
fn an_unset_takes_back_what_was_exported() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.add();
    for shell in SHELLS {
        let script = "eval $(osagent env); eval $(osagent env --unset); env";
        let said = scene.home.shell(shell, script).ok();
        let left: Vec<&str> = said
            .stdout
            .lines()
            .filter(|line| line.starts_with("OS_") || line.starts_with("OSAGENT_"))
            .collect();
        assert!(left.is_empty(), "{shell}: {left:?}");
    }
}
