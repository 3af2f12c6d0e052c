//! `add` of a file that was added before: nothing is written twice, and what has changed is said.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::{add, given, rc, rc_with_password, says};
use crate::rig::Rig;

fn profile_file(rig: &Rig) -> PathBuf {
    rig.home.all().join("config/osagent/profiles/alpha.toml")
}

/// What a second writing would change.
fn state(rig: &Rig) -> (u64, i64, i64, Vec<u8>) {
    let path = profile_file(rig);
    let metadata = fs::metadata(&path).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), fs::read(path).unwrap())
}

#[test]
fn the_same_file_again_costs_a_login_and_writes_nothing() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    says(&add(&rig, ["openrc.sh", "--default"]).ok(), "the password is in the keyring memory");
    let before = state(&rig);
    let again = add(&rig, ["openrc.sh", "--default"]).ok();
    says(&again, "is as it was");
    says(&again, "the keyring memory has this password already");
    assert_eq!(state(&rig), before);
    assert_eq!(rig.fake.creations(), 2, "each add tests the login once");
    let unverified = add(&rig, ["openrc.sh", "--no-verify"]).ok();
    says(&unverified, "the login was not tested");
    assert_eq!((state(&rig), rig.fake.creations()), (before, 2));
}

#[test]
fn a_profile_whose_file_was_taken_away_is_written_again() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    add(&rig, ["openrc.sh"]).ok();
    fs::remove_file(profile_file(&rig)).unwrap();
    add(&rig, ["openrc.sh"]).ok();
    assert!(profile_file(&rig).exists());
}

#[test]
fn a_changed_file_says_what_becomes_another_thing_and_a_dry_run_says_so_first() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    add(&rig, ["openrc.sh"]).ok();
    let before = state(&rig);
    let changed = rc_with_password(&rig).replace("SBG1", "GRA9").replace("S3cret", "CANARY");
    rig.home.write("openrc.sh", &format!("{changed}export OS_INTERFACE=internal\n"));
    let words = ["  interface: nothing becomes \"internal\"", "  regions: \"SBG1\" becomes \"SBG1, GRA9\""];
    let plan = add(&rig, ["openrc.sh", "--dry-run"]).ok();
    for words in words {
        assert!(plan.stdout.contains(words), "{words}: {plan:#?}");
    }
    assert_eq!((state(&rig), rig.fake.creations()), (before.clone(), 1));
    let done = add(&rig, ["openrc.sh", "--no-verify"]).ok();
    words.iter().for_each(|words| says(&done, words));
    says(&done, "another one than");
    assert_ne!(state(&rig), before);
    for done in [plan, done] {
        assert!(!format!("{done:?}").contains("CANARY"), "{done:#?}");
    }
}

#[test]
fn a_dry_run_of_another_login_under_the_same_name_says_what_would_change() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc(&rig));
    given(add(&rig, ["openrc.sh", "--name", "alpha"])).ok();
    rig.home.write("openrc.sh", &rc(&rig).replace("\"alpha\"", "\"beta\""));
    let plan = given(add(&rig, ["openrc.sh", "--name", "alpha", "--replace", "--dry-run"])).ok();
    assert!(plan.stdout.contains("scope.project.name: \"alpha\" becomes \"beta\""), "{plan:#?}");
    assert!(plan.stdout.contains("would get another login"), "{plan:#?}");
    given(add(&rig, ["openrc.sh", "--name", "alpha", "--dry-run"])).fails(2);
}

#[test]
fn a_path_that_is_written_in_another_way_is_the_same_path() {
    let rig = Rig::cold();
    let home = rig.home.path();
    rig.home.write("openrc.sh", &format!("{}export OS_CACERT=certs/ca.pem\n", rc_with_password(&rig)));
    add(&rig, ["openrc.sh"]).ok();
    for path in
        ["./certs/ca.pem".to_owned(), "certs//ca.pem".to_owned(), format!("{}/certs/ca.pem", home.display())]
    {
        rig.home.write("openrc.sh", &format!("{}export OS_CACERT={path}\n", rc_with_password(&rig)));
        says(&add(&rig, ["openrc.sh"]).ok(), "is as it was");
    }
}
