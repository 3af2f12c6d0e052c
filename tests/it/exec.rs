//! `exec`: the command gets the token and nothing else of ours; what it does and how it ends is its own.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::rig::{PROFILE, Rig, adding};
use crate::run::Run;

fn exec<const N: usize>(rig: &Rig, words: [&str; N]) -> Run {
    rig.home.osagent(["exec"]).args(words)
}

fn env_of(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

#[test]
fn the_command_gets_the_token_and_the_rest_of_the_environment() {
    let rig = Rig::new();
    let done = exec(&rig, [PROFILE, "--", "env"]).env("OS_PASSWORD", "canary").env("KEPT", "yes").ok();
    let token = env_of(&done.stdout, "OS_TOKEN").unwrap();
    assert!(rig.fake.is_alive(&token));
    assert_eq!(env_of(&done.stdout, "KEPT").as_deref(), Some("yes"));
    assert_eq!(env_of(&done.stdout, "OSAGENT_PROFILE").as_deref(), Some(PROFILE));
    assert!(!done.stdout.contains("canary"));
    let region = exec(&rig, ["--region", "GRA9", PROFILE, "env"]).ok();
    assert_eq!(env_of(&region.stdout, "OS_REGION_NAME").as_deref(), Some("GRA9"));
}

#[test]
fn the_commands_status_and_death_are_passed_on() {
    let rig = Rig::new();
    for status in [0, 1, 42, 125, 255] {
        exec(&rig, [PROFILE, "--", "sh", "-c", &format!("exit {status}")]).fails(status);
    }
    let done = exec(&rig, [PROFILE, "--", "sh", "-c", "kill -9 $$"]).done();
    assert!(done.was_killed(), "{done:#?}");
}

#[test]
fn what_cannot_be_run_has_the_status_that_env_and_nice_give_it() {
    let rig = Rig::new();
    let plain = rig.home.write("plain", "no program");
    exec(&rig, [PROFILE, "--", "no-such-program"]).fails(127);
    exec(&rig, [PROFILE, "--", plain.to_str().unwrap()]).fails(126);
    exec(&rig, [PROFILE, "--", rig.home.path().to_str().unwrap()]).fails(126);
    let before_it_ran: [&[&str]; 4] =
        [&["nosuch", "--", "true"], &["--nosuch"], &["--timeout", "soon", PROFILE], &["--region"]];
    for words in before_it_ran {
        let done = rig.home.osagent(["exec"]).args(words).fails(125);
        assert!(done.stderr.contains("error"), "{done:#?}");
    }
    rig.fake.turn(|knobs| knobs.password = "changed".to_owned());
    exec(&rig, ["--fresh", PROFILE, "--", "touch", "ran"]).fails(125);
    assert!(!rig.home.path().join("ran").exists());
    exec(&rig, ["--help"]).ok();
}

#[test]
fn a_command_may_have_options_of_its_own_and_needs_no_dashes() {
    let rig = Rig::new();
    let done = exec(&rig, [PROFILE, "printf", "%s|", "--region", "-x", "--", "a b"]).ok();
    assert_eq!(done.stdout, "--region|-x|--|a b|");
    let done = exec(&rig, ["--", "printf", "%s|", "prod"]).ok();
    assert_eq!(done.stdout, "prod|", "the only profile is the default");
}

#[test]
fn without_a_command_there_is_a_subshell() {
    let rig = Rig::new();
    let shell = rig.home.write("shell", "#!/bin/sh\necho \"in $OSAGENT_PROFILE, $# arguments\"\n");
    fs::set_permissions(&shell, PermissionsExt::from_mode(0o755)).unwrap();
    let done = exec(&rig, [PROFILE]).env("SHELL", &shell).ok();
    assert_eq!(done.stdout, "in prod, 0 arguments\n");
}

#[test]
fn the_inner_of_two_wins_and_clean_only_takes_away() {
    let rig = Rig::new();
    rig.add(&adding("other", &rig.fake.url(), "beta"));
    let done = exec(&rig, [PROFILE, "--", "osagent", "exec", "other", "--", "env"]).ok();
    assert_eq!(env_of(&done.stdout, "OSAGENT_PROFILE").as_deref(), Some("other"));
    assert_eq!(env_of(&done.stdout, "OS_PROJECT_NAME").as_deref(), Some("beta"));
    assert_eq!(done.stdout.matches("OS_TOKEN=").count(), 1);
    // Inside, the profile of the outer one is the one that is meant.
    let done = exec(&rig, ["other", "--", "osagent", "exec", "--", "env"]).ok();
    assert_eq!(env_of(&done.stdout, "OSAGENT_PROFILE").as_deref(), Some("other"));
    let made = rig.fake.creations();
    let clean = exec(&rig, [PROFILE, "--", "osagent", "exec", "--clean", "--", "env"]);
    let done = clean.env("OS_PASSWORD", "canary").env("OS_CLIENT_CONFIG_FILE", "/kept").ok();
    let left: Vec<&str> = done.stdout.lines().filter(|line| line.starts_with("OS")).collect();
    assert_eq!(left, ["OS_CLIENT_CONFIG_FILE=/kept"]);
    assert_eq!(rig.fake.creations(), made);
}

#[test]
fn clean_needs_no_agent_and_no_profile() {
    let rig = Rig::cold();
    let done = exec(&rig, ["--clean", "--", "env"]).env("OS_TOKEN", "stale").ok();
    assert!(!done.stdout.contains("OS_TOKEN"));
    assert_eq!(rig.home.agents(), [0; 0]);
}

#[test]
fn the_command_starts_with_the_signals_and_descriptors_that_it_would_have_without_us() {
    let rig = Rig::new();
    let script = "grep -E '^Sig(Blk|Ign|Cgt)|^ShdPnd' /proc/self/status; ls /proc/self/fd";
    let done = exec(&rig, [PROFILE, "--", "sh", "-c", script]).ok();
    assert_eq!(done.stdout, rig.home.run("sh").args(["-c", script]).ok().stdout);
    // A pipe that closes ends it, as it would end any other.
    let done = exec(&rig, [PROFILE, "--", "sh", "-c", "yes | head -n 1; echo ended"]).ok();
    assert_eq!(done.stdout, "y\nended\n");
}

#[test]
fn no_secret_is_in_any_argument() {
    let rig = Rig::new();
    let script = "tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline";
    let done = exec(&rig, [PROFILE, "--", "sh", "-c", script]).ok();
    let token = rig.token();
    assert!(!done.stdout.contains(&token) && !done.stdout.contains("gAAAA"), "{done:#?}");
}

#[test]
fn the_command_can_be_looked_into_as_any_other() {
    let rig = Rig::new();
    // Who hides from its own user would be owned by root in /proc.
    let done = exec(&rig, [PROFILE, "--", "stat", "-c", "%u", "/proc/self/environ"]).ok();
    assert_eq!(done.line(), nix::unistd::geteuid().to_string());
}
