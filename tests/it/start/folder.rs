//! Where the agent lives: a folder that is ours alone, else no agent; nothing there is repaired or taken over in silence.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::rig::Rig;

/// No account has it.
const STRANGER: u32 = 61_236;

#[test]
fn a_folder_that_others_can_enter_is_refused_and_left_as_it_is() {
    let rig = Rig::cold();
    let folder = folder(&rig);
    fs::create_dir(&folder).unwrap();
    for mode in [0o755, 0o710, 0o701, 0o1777] {
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        check(&rig, &folder, "others can enter");
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn a_symbolic_link_or_a_file_in_the_folders_place_is_refused_and_left_as_it_is() {
    let rig = Rig::cold();
    let elsewhere = rig.home.all().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
    symlink(&elsewhere, folder(&rig)).unwrap();
    check(&rig, &folder(&rig), "symbolic link");
    assert!(fs::symlink_metadata(folder(&rig)).unwrap().is_symlink());
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(folder(&rig)).unwrap();
    fs::write(folder(&rig), "theirs").unwrap();
    check(&rig, &folder(&rig), "");
    assert_eq!(fs::read_to_string(folder(&rig)).unwrap(), "theirs");
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_left_as_it_is() {
    let rig = Rig::cold();
    fs::create_dir(folder(&rig)).unwrap();
    fs::set_permissions(folder(&rig), Permissions::from_mode(0o700)).unwrap();
    if chown(folder(&rig), Some(STRANGER), Some(STRANGER)).is_err() {
        // Who is not root cannot give a folder away, and has root's all around.
        let done = rig.home.osagent(["list"]).env("OSAGENT_SOCK", "/usr/agent.sock").fails(6);
        assert!(done.stderr.contains("belongs to uid 0"), "{done:#?}");
        return;
    }
    check(&rig, &folder(&rig), "belongs to uid 61236");
    assert_eq!(fs::metadata(folder(&rig)).unwrap().uid(), STRANGER);
    assert_eq!(fs::read_dir(folder(&rig)).unwrap().count(), 0);
}

#[test]
fn a_path_that_no_socket_can_have_is_named() {
    let rig = Rig::cold();
    let long = format!("/tmp/{}/agent.sock", "x".repeat(100));
    for (path, why) in [(long.as_str(), "107"), ("agent.sock", "not absolute"), ("/", "names no file")] {
        for verb in ["list", "status", "env"] {
            let done = rig.home.osagent([verb]).env("OSAGENT_SOCK", path).fails(6);
            assert!(done.stderr.contains(why), "{done:#?}");
        }
    }
    assert_eq!(rig.home.agents(), [0; 0]);
}

#[test]
fn what_lies_in_the_sockets_place_and_is_no_left_over_of_ours_stays() {
    let rig = Rig::cold();
    fs::create_dir(folder(&rig)).unwrap();
    fs::set_permissions(folder(&rig), Permissions::from_mode(0o700)).unwrap();
    fs::write(rig.home.socket(), "precious").unwrap();
    check(&rig, &rig.home.socket(), "is no socket");
    assert_eq!(fs::read_to_string(rig.home.socket()).unwrap(), "precious");
}

#[test]
fn a_listener_that_is_not_ours_keeps_its_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.sock");
    let _theirs = UnixListener::bind(&path).unwrap();
    let fault = osagent::host::socket::bind(&path).unwrap_err();
    assert!(fault.to_string().contains("listens"), "{fault}");
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_runtime_folder_that_is_not_there_is_named() {
    let rig = Rig::cold();
    let missing = rig.home.all().join("missing");
    let done = rig.home.osagent(["list"]).env("XDG_RUNTIME_DIR", &missing).fails(6);
    assert!(done.stderr.contains("/missing/osagent"), "{done:#?}");
    assert!(!missing.exists());
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_with_its_line_and_leaves_no_socket() {
    let rig = Rig::cold();
    fs::create_dir(rig.home.all().join("config/osagent")).unwrap();
    fs::write(rig.home.all().join("config/osagent/config.toml"), "[lock]\nrevoek = true\n").unwrap();
    let done = rig.home.osagent(["list"]).fails(7);
    assert!(done.stderr.contains("config.toml: line 2"), "{done:#?}");
    assert!(!rig.home.socket().exists());
}

#[test]
fn files_and_folders_of_ours_are_for_their_owner_alone() {
    let rig = Rig::warm();
    rig.home.osagent(["default", "prod"]).ok();
    let mut count = 0;
    let roots = ["run/osagent", "config/osagent", "state/osagent"].map(|name| rig.home.all().join(name));
    for root in roots {
        let mut folders = vec![root];
        while let Some(path) = folders.pop() {
            let metadata = fs::symlink_metadata(&path).unwrap();
            assert_eq!(metadata.mode() & 0o077, 0, "{path:?}");
            count += 1;
            if metadata.is_dir() {
                folders.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
    // Socket, two locks, epoch; profiles, prod.toml, default; and the three folders.
    assert_eq!(count, 10);
}

fn folder(rig: &Rig) -> PathBuf {
    rig.home.runtime().join("osagent")
}

#[track_caller]
fn check(rig: &Rig, place: &Path, why: &str) {
    let done = rig.home.osagent(["list"]).fails(6);
    let place = place.display().to_string();
    assert!(done.stderr.contains(&place) && done.stderr.contains(why), "{done:#?}");
    assert_eq!(rig.home.agents(), [0; 0]);
}
