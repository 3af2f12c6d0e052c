//! `add --scrub` and the file itself: what else is beside it is told, and where it cannot be replaced nothing is stored.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::{add, names, rc, rc_with_password, says};
use crate::fake::Knobs;
use crate::rig::Rig;

const SCRUB: [&str; 4] = ["openrc.sh", "--scrub", "--force", "--keyring"];

fn scrub(rig: &Rig) -> crate::run::Run {
    add(rig, SCRUB).arg("memory")
}

/// Refused before anything was stored or sent, and the file is as it was.
#[track_caller]
fn is_refused(rig: &Rig, status: i32, words: &str) {
    let path = rig.home.path().join("openrc.sh");
    let before = fs::metadata(&path).map(|metadata| (metadata.ino(), metadata.mode(), metadata.mtime_nsec()));
    let done = scrub(rig).fails(status);
    says(&done, words);
    assert!(!done.stderr.contains("S3cret"), "{done:#?}");
    let now = fs::metadata(&path).map(|metadata| (metadata.ino(), metadata.mode(), metadata.mtime_nsec()));
    assert_eq!(now.ok(), before.ok());
    assert_eq!((names(rig).len(), rig.fake.requests().len()), (0, 0), "{done:#?}");
    let beside = fs::read_dir(rig.home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!beside.into_iter().any(|name| name.to_string_lossy().contains("osagent-new")));
}

#[test]
fn a_file_that_cannot_be_replaced_is_left_alone_and_nothing_is_stored() {
    let rig = Rig::cold();
    let path = rig.home.write("openrc.sh", &rc_with_password(&rig));
    let other = rig.home.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    is_refused(&rig, 7, "has 2 hard links: the others would keep the secret; remove the others");
    fs::remove_file(&other).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    is_refused(&rig, 7, "openrc.sh is read-only (mode 0444); make it writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    rig.home.write("openrc.sh", &format!("{}\0", rc_with_password(&rig)));
    is_refused(&rig, 7, "a NUL byte");
    let asks = "read -s OS_PASSWORD; export OS_PASSWORD OS_REGION_NAME=x\n";
    rig.home.write("openrc.sh", &format!("{}{asks}", rc(&rig)));
    let done = scrub(&rig).arg("--secret-stdin").stdin(Knobs::default().password).fails(7);
    says(&done, "openrc.sh: line 8, column 22: this line asks for the password and does something else too");
    assert_eq!(names(&rig).len(), 0);
}

#[test]
fn what_is_no_file_is_read_and_not_scrubbed() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &rc_with_password(&rig));
    let script = "osagent add <(cat openrc.sh) --scrub --force --name prod";
    let done = rig.home.shell("bash", script).fails(7);
    says(&done, "is not a regular file; only a file can lose its password");
    says(
        &add(&rig, ["-", "--scrub"]).stdin(rc_with_password(&rig)).fails(2),
        "standard input cannot be scrubbed",
    );
    assert_eq!(names(&rig).len(), 0);
    rig.home.shell("bash", "osagent add <(cat openrc.sh) --name prod").ok();
}

#[test]
fn a_link_stays_a_link_and_copies_of_the_password_beside_the_file_are_told() {
    let rig = Rig::cold();
    let text = rc_with_password(&rig);
    let real = rig.home.path().join("clouds");
    fs::create_dir_all(real.join(".git")).unwrap();
    fs::write(real.join("prod.sh"), &text).unwrap();
    fs::write(real.join("prod.sh~"), &text).unwrap();
    fs::write(real.join(".prod.sh.swp"), "b0VIM").unwrap();
    symlink("clouds/prod.sh", rig.home.path().join("openrc.sh")).unwrap();
    let done = scrub(&rig).ok();
    assert!(rig.home.path().join("openrc.sh").is_symlink());
    assert!(!fs::read_to_string(real.join("prod.sh")).unwrap().contains("S3cret"));
    says(&done, "clouds/prod.sh~ holds the password too; remove it");
    says(&done, "clouds/.prod.sh.swp looks like an editor's backup, and may hold it");
    says(&done, "clouds: if it was ever committed, the password is in the history");
    says(&done, "'osagent passwd alpha'");
    // The second time there is nothing to do, and nothing more to say.
    let again = scrub(&rig).ok();
    assert!(!again.stderr.contains("warning: clouds"), "{again:#?}");
}

#[test]
fn what_the_file_holds_still_is_told_with_its_place() {
    let rig = Rig::cold();
    let password = Knobs::default().password;
    rig.home.write("more.sh", &format!("# {password}\n"));
    let more = format!(
        ". ./more.sh\nexport OS_TOKEN=gAAAAA\ncurl -u 'ada:{}' https://x\n",
        password.replace('\'', "'\\''")
    );
    rig.home.write("openrc.sh", &format!("{}{more}", rc_with_password(&rig)));
    let done = scrub(&rig).ok();
    says(&done, "openrc.sh does not set the password any more");
    says(&done, "openrc.sh: line 11, column 14: the text of the password stands here");
    says(&done, "for osagent edits only assignments of it; if this is the password, take it out by hand");
    says(&done, "more.sh: line 1, column 3: the text of the password stands here, and stays, for this file");
    says(&done, "openrc.sh: line 10, column 17: OS_TOKEN stands here in clear text, and stays");
    assert!(!done.stderr.contains("S3cret"), "{done:#?}");
}
