//! The restricted socket through a real OpenSSH: the far side, another home, gets tokens of the profiles that allow it, and
//! nothing else, and only as long as they do.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::canary::{forms, holds};
use crate::home::Home;
use crate::run::Run;
use crate::scene::{PROFILE, Scene};
use crate::ssh::Forward;

/// A home here whose agent gives the tokens of [`PROFILE`], one over there, and an ssh between them.
struct Pair {
    near: Scene,
    far: Home,
    forward: Forward,
}

impl Pair {
    fn new() -> Pair {
        let near = Scene::on_a_server("canary", "alpha");
        near.add();
        near.home.osagent(["set", PROFILE, "allow_forward=true"]).ok();
        let far = Home::new();
        let forward = Forward::start(&place(&far), &near.home.socket().with_file_name("agent-extra.sock"));
        Pair { near, far, forward }
    }

    /// osagent over there, as README says.
    fn far(&self, arguments: &[&str]) -> Run {
        self.far.osagent(arguments).env("OSAGENT_SOCK", place(&self.far))
    }

    /// One request over there, by somebody who has no osagent.
    fn ask(&self, request: &Value) -> Value {
        let mut stream = UnixStream::connect(place(&self.far)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        writeln!(stream, "{request}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?} to {request}"))
    }
}

fn place(far: &Home) -> PathBuf {
    far.runtime().join("agent-extra.sock")
}

#[test]
fn the_far_side_gets_tokens_and_nothing_else() {
    let pair = Pair::new();
    let token = pair.far(&["token", PROFILE]).ok().line().to_owned();
    assert_eq!(pair.near.token(), token);
    assert_eq!(pair.near.keystone.status_of(&token), 200);
    let shell = pair.far(&["exec", PROFILE, "--", "sh", "-c", "echo $OS_TOKEN; id -u"]).ok();
    assert!(shell.stdout.starts_with(&token), "{shell:#?}");
    let before = pair.near.home.osagent(["status", "--json"]).ok().json();

    let ops = "profiles show add remove default set secret_set answer revoke lock unlock status audit stop \
               handover handover_done rejected still_to_come";
    let secret = "c3RvbGVu";
    for op in ops.split_whitespace() {
        let request = json!({"v": 1, "op": op, "profile": PROFILE, "all": true, "secret": secret,
            "set": {"allow_forward": "true"}, "no_verify": true});
        assert_eq!(pair.ask(&request)["err"]["code"], "restricted", "{op}");
    }
    for verb in [&["list"][..], &["revoke", "--all", "--yes"], &["lock"], &["stop"], &["agent", "--replace"]]
    {
        let done = pair.far(verb).fails(6);
        assert!(
            done.stderr.contains("the restricted socket gives tokens and does nothing else"),
            "{done:#?}"
        );
    }
    let after = pair.near.home.osagent(["status", "--json"]).ok().json();
    assert_eq!((&before["pid"], &before["locked"]), (&after["pid"], &after["locked"]));
    assert_eq!(pair.near.keystone.status_of(&token), 200, "nothing was revoked");
    assert_eq!(pair.near.token(), token);
    assert!(pair.far.agents().is_empty(), "it needs none of its own");
    assert!(fs::read_dir(pair.far.all().join("config")).unwrap().next().is_none(), "and keeps nothing");
}

#[test]
fn a_profile_that_does_not_allow_it_is_not_given_and_not_named() {
    let pair = Pair::new();
    pair.near.add_file("openrc.sh", "private");
    let refused = pair.far(&["token", "private"]).fails(6);
    assert_eq!(refused.stderr, pair.far(&["token", "nosuch"]).fails(6).stderr);
    assert!(!refused.stderr.contains(PROFILE), "{refused:#?}");
    pair.far(&["token"]).ok();
}

#[test]
fn after_the_end_the_far_side_gets_nothing() {
    let pair = Pair::new();
    pair.far(&["token", PROFILE]).ok();
    let said = pair.near.home.osagent(["set", PROFILE, "allow_forward=2s"]).ok();
    assert!(said.stderr.contains("gives its tokens until 2"), "{said:#?}");
    crate::wait::until("the end", || pair.far(&["token", PROFILE]).done().status.code() == Some(6));
    crate::wait::until("the socket is gone", || !extra(&pair).exists());
    let done = pair.far(&["token", PROFILE]).fails(6);
    assert!(done.stderr.contains("at the other end of"), "{done:#?}");
    pair.near.home.osagent(["set", PROFILE, "allow_forward=true"]).ok();
    pair.far(&["token", PROFILE]).ok();
    assert!(pair.far.agents().is_empty());
}

#[test]
fn the_password_never_crosses() {
    let pair = Pair::new();
    let token = pair.far(&["token", PROFILE]).ok().line().to_owned();
    pair.far(&["env", PROFILE, "--shell", "sh"]).ok();
    pair.ask(&json!({"v": 1, "op": "handover"}));
    pair.near.home.osagent(["agent", "--replace"]).ok();
    assert_eq!(pair.far(&["token", PROFILE]).ok().line(), token);
    let tapped = pair.forward.tapped();
    assert!(holds(&tapped, &[token.into_bytes()]), "the tap hears");
    assert!(!holds(&tapped, &forms(&pair.near.login.user.password)), "the password crossed");
}

#[test]
fn a_forward_that_has_ended_starts_no_agent_over_there() {
    let mut pair = Pair::new();
    pair.far(&["token", PROFILE]).ok();
    pair.forward.end();
    crate::wait::until("sshd is gone", || UnixStream::connect(place(&pair.far)).is_err());
    assert!(is_socket(&place(&pair.far)), "sshd leaves it behind");
    let done = pair.far(&["token", PROFILE]).fails(6);
    assert!(done.stderr.contains("no agent is started for a socket from elsewhere"), "{done:#?}");
    assert!(pair.far.agents().is_empty());
}

fn extra(pair: &Pair) -> PathBuf {
    pair.near.home.socket().with_file_name("agent-extra.sock")
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}
