//! A disk that fails during `add --scrub`: strace makes each file call of the client fail in turn. The file is the old one or
//! the new one, its mode is what it was, nothing lies beside it, and what was said is true.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::kill_points::{CALLS, Point, Victim, points};
use crate::run::Done;
use crate::scene::{PROFILE, Scene};

/// Calls that give a descriptor back: the kernel does not let them fail.
const NEVER_FAILS: &[&str] = &["close", "fcntl", "dup"];

/// Taking the new file away fails only on a disk that is gone.
const TAKES_AWAY: &[&str] = &["unlink", "unlinkat"];

/// Without a login each, for the agent makes no more than thirty in a minute.
const ADD: &[&str] = &["osagent", "add", "openrc.sh", "--name", PROFILE, "--scrub", "--force", "--no-verify"];

#[test]
fn whatever_call_fails_the_file_is_whole_and_what_is_said_is_true() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.home.osagent(["list"]).ok();
    let text = write(&scene);
    scene.home.run("strace").args(["-o", "calls", "-e", CALLS]).args(ADD).ok();
    let scrubbed = fs::read_to_string(scene.rc()).unwrap();
    assert!(!scrubbed.contains("S3cret"));
    let calls = fs::read_to_string(scene.home.path().join("calls")).unwrap();
    let mut said = String::new();
    let mut count = 0;
    for Point { name, nth } in points(Victim::Client, &calls) {
        if NEVER_FAILS.contains(&name.as_str()) {
            continue;
        }
        for error in ["EIO", "ENOSPC", "EROFS"] {
            count += 1;
            write(&scene);
            let inject = format!("inject={name}:error={error}:when={nth}");
            let trace = format!("trace={name}");
            let strace = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
            let done = scene.home.run("strace").args(strace).args(ADD).done();
            check(&scene, &done, &text, &scrubbed, &format!("{error} at {name} number {nth}"));
            let beside = scene.home.path().join(".openrc.sh.osagent-new");
            assert!(TAKES_AWAY.contains(&name.as_str()) || !beside.exists(), "{error} at {name}: {done:#?}");
            said.push_str(&done.stderr);
        }
    }
    assert!(count > 60, "{count}");
    for words in
        ["there is no room on the disk", "read-only; copy the file", "no new file can be made", "the new"]
    {
        assert!(said.contains(words), "{words:?} was never said");
    }
    scene.home.osagent(["token", PROFILE]).ok();
}

/// The file with its password, as it was before.
fn write(scene: &Scene) -> String {
    let text = scene.login.rc_with_password();
    let rc = scene.home.write("openrc.sh", &text);
    fs::set_permissions(rc, fs::Permissions::from_mode(0o640)).unwrap();
    text
}

fn check(scene: &Scene, done: &Done, text: &str, scrubbed: &str, at: &str) {
    let now = fs::read_to_string(scene.rc()).unwrap_or_else(|error| panic!("{error}: {at}: {done:#?}"));
    assert!(now == text || now == scrubbed, "the file is broken; {at}: {done:#?}");
    let mode = fs::metadata(scene.rc()).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o640, "{at}: {done:#?}");
    assert!(!done.status.success() || now == scrubbed, "it said that it was done; {at}: {done:#?}");
    let says_not = done.stderr.contains("the password still in it");
    assert!(!says_not || now == text, "it said that it was not done; {at}: {done:#?}");
    assert!(!done.stderr.contains("S3cret"), "{at}: {done:#?}");
}
