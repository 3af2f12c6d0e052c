//! The ground that the other tests stand on: that the Keystone and the client are what they are taken for.

use crate::home::Home;
use crate::keystone::Keystone;

#[test]
fn the_real_client_logs_in_at_the_real_keystone_with_one_creation() {
    let keystone = Keystone::get();
    let door = keystone.door();
    let alice = keystone.user("alice");
    let home = Home::new();
    let issued = home
        .run("openstack")
        .args(["token", "issue", "-f", "json"])
        .envs([
            ("OS_AUTH_URL", door.url().as_str()),
            ("OS_IDENTITY_API_VERSION", "3"),
            ("OS_USERNAME", &alice.name),
            ("OS_PASSWORD", &alice.password),
            ("OS_USER_DOMAIN_NAME", "Default"),
            ("OS_PROJECT_ID", keystone.project_id("weird  name*'$(touch pwned)\"")),
            ("OS_REGION_NAME", "SBG1"),
        ])
        .ok();
    let token = issued.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(door.creations(), 1, "{:?}", door.requests());
    assert_eq!(keystone.status_of(&token), 200);
    assert_eq!(keystone.about(&token)["project"]["name"], "weird  name*'$(touch pwned)\"");
}
