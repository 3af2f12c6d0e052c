//! A cloud of a clouds.yaml: what lies over what, what is not known, what is refused. `tests/real/settings.rs` asks openstacksdk
//! itself; here are the cases that it answers otherwise or not at all.

use osagent::openrc::{CloudFault, CloudFile, CloudFiles, Draft, Reading, WarningKind, cloud, draft};
use osagent::profile::{Reference, Scope};

fn read(clouds: &str, secure: &str, name: &str) -> Result<Reading, CloudFault> {
    let files = CloudFiles {
        clouds: Some(CloudFile { path: "clouds.yaml", bytes: clouds.as_bytes() }),
        secure: (!secure.is_empty()).then_some(CloudFile { path: "secure.yaml", bytes: secure.as_bytes() }),
        public: None,
        home: "/home/ada",
    };
    cloud(&files, name)
}

fn of(text: &str) -> Draft {
    draft(&read(text, "", "x").unwrap())
}

fn named(name: &str) -> Reference {
    Reference { id: None, name: Some(name.to_owned()) }
}

const OVH: &str = "clouds:\n  x:\n    profile: ovh\n    auth: {username: ada, project_name: p}\n";

#[test]
fn the_secret_may_stand_in_a_file_of_its_own_and_its_place_is_there() {
    let clouds =
        "clouds:\n  x:\n    auth: {auth_url: 'https://id.example/v3', username: ada, password: old}\n";
    let reading = read(clouds, "clouds:\n  x:\n    auth:\n      password: canary\n", "x").unwrap();
    let place = reading.settings["OS_PASSWORD"].place;
    assert_eq!(
        (reading.files[usize::from(place.file)].as_str(), place.line, place.column),
        ("secure.yaml", 4, 17)
    );
    let seen = draft(&reading);
    assert_eq!(seen.secret.unwrap().expose(), "canary");
    let warned = seen.warnings.iter().filter(|warning| warning.kind == WarningKind::SecretInFile);
    assert_eq!(warned.map(|warning| warning.place).collect::<Vec<_>>(), [place]);
}

#[test]
fn ovhclouds_own_profile_is_there_without_a_fetch() {
    let seen = of(OVH);
    assert_eq!(seen.auth_url.as_deref(), Some("https://auth.cloud.ovh.net/"));
    assert_eq!(seen.user.domain, named("Default"));
    assert_eq!(seen.scope, Scope::Project { project: named("p"), domain: named("Default") });
    assert!(seen.unknown.is_empty());
    let said = seen.warnings.iter().find(|warning| warning.kind == WarningKind::Vendor).unwrap();
    assert!(
        said.text.contains("https://ovhcloud.com and is not fetched") && said.place.line == 3,
        "{said:?}"
    );
}

#[test]
fn what_a_profile_on_the_network_may_say_is_asked_for_and_not_guessed() {
    for profile in ["https://cloud.example", "vexxhost"] {
        let seen = of(&OVH.replace("ovh", profile));
        let open: Vec<&str> = seen.unknown.iter().map(|open| open.name.as_str()).collect();
        assert_eq!(open, ["OS_AUTH_URL", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"], "{profile}");
        assert!(seen.user.domain.is_empty() && seen.unknown.iter().all(|open| open.place.line == 3));
    }
}

#[test]
fn a_value_that_yaml_reads_as_something_else_is_not_known() {
    for value in ["yes", "010", "1_000", "12:30", "2026-11-22", "!x y", "[a]", "{a: b}"] {
        let seen = of(&format!("clouds: {{x: {{auth: {{username: ada, password: {value}}}}}}}"));
        assert!(seen.secret.is_none(), "{value}");
        assert_eq!(
            seen.unknown.first().map(|open| (open.name.as_str(), open.is_secret)),
            Some(("OS_PASSWORD", true))
        );
        let seen = of(&format!("clouds: {{x: {{auth: {{username: ada, password: '{value}'}}}}}}"));
        assert_eq!(seen.secret.unwrap().expose(), value);
    }
}

#[test]
fn regions_that_are_one_login_become_one_profile() {
    let regions =
        "[one, {name: two, values: {image_format: raw}}, {name: three, values: {auth: {username: eve}}}]";
    let seen = of(&format!(
        "clouds: {{x: {{regions: {regions}, auth: {{auth_url: 'https://id', username: ada}}}}}}"
    ));
    assert_eq!(seen.regions, ["one", "two"]);
    let said = seen.warnings.iter().find(|warning| warning.kind == WarningKind::Vendor).unwrap();
    assert!(said.text.contains("three"), "{said:?}");
    let seen = of("clouds: {x: {profile: citycloud, auth: {username: ada}}}");
    assert_eq!(
        (seen.auth_url.as_deref(), seen.regions.len()),
        (Some("https://Buf1.citycloud.com:5000/v3/"), 1)
    );
}

#[test]
fn tls_is_taken_by_its_meaning() {
    let tls = |keys: &str| of(&format!("clouds: {{x: {{{keys}, auth: {{username: ada}}}}}}"));
    assert!(tls("verify: false").tls.insecure && tls("insecure: yes").tls.insecure);
    assert!(!tls("verify: true").tls.insecure && !tls("insecure: 'no', verify: on").tls.insecure);
    assert_eq!(tls("cacert: ~/ca.pem").tls.cacert.as_deref(), Some("/home/ada/ca.pem".as_ref()));
    assert_eq!(tls("verify: /ca.pem").tls.cacert.as_deref(), Some("/ca.pem".as_ref()));
    assert_eq!(tls("verify: 'false'").unknown[0].name, "OS_VERIFY");
}

#[test]
fn a_cloud_that_is_not_there_is_said_with_those_that_are() {
    let fault = read("clouds: {b: {}, a: {}}", "clouds: {c: {}}", "x").unwrap_err();
    assert_eq!(fault, CloudFault::NoSuchCloud { known: ["a", "b", "c"].map(str::to_owned).to_vec() });
    let fault = read("clouds: {x: {profile: betacloud}}", "", "x").unwrap_err();
    assert_eq!(fault.to_string(), "the provider betacloud is gone: betacloud.de has ceased business");
}

#[test]
fn no_byte_of_a_broken_file_reaches_a_message() {
    let whole =
        "clouds:\n  x: &x\n    auth:\n      password: \"canary\\u00e9\"\n      username: [*x, 'canary']\n";
    for (at, _) in whole.char_indices() {
        for broken in [
            whole[..at].to_owned(),
            format!("{}\"{}", &whole[..at], &whole[at..]),
            format!("{}\t{{{}", &whole[..at], &whole[at..]),
        ] {
            let said = match read(&broken, "", "x") {
                Ok(reading) => format!("{reading:?} {:?}", draft(&reading)),
                Err(fault) => format!("{fault} {fault:?}"),
            };
            assert!(!said.contains("canary"), "{broken:?}: {said}");
        }
    }
}
