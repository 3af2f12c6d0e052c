//! No secret of a case is shown unless that is asked for, and nothing that moves a terminal's cursor ever is.

use serde_json::Value;

use super::Scene;
use crate::openrc::cases::{Case, cases};

/// What a case's file, or whoever answers it, gives to a secret's name.
fn secrets(case: &Case) -> Vec<String> {
    const NAMES: &[&str] = &["PASSWORD", "SECRET", "TOKEN", "PASSCODE"];
    let mut secrets: Vec<String> = Vec::new();
    for field in ["set", "shell_only"] {
        let set = case.expected[field].as_object().cloned().unwrap_or_default();
        let named = set.iter().filter(|(name, _)| NAMES.iter().any(|part| name.ends_with(part)));
        secrets.extend(named.filter_map(|(_, text)| text.as_str().map(str::to_owned)));
    }
    let prompts = case.expected["prompts"].as_array().cloned().unwrap_or_default();
    let hidden =
        prompts.iter().zip(case.answers()).filter(|(prompt, _)| prompt["hidden"] == Value::Bool(true));
    secrets.extend(hidden.map(|(_, answer)| answer));
    // The standing of a shorter one among other words says nothing.
    secrets.retain(|secret| secret.len() >= 4);
    secrets
}

#[test]
fn no_secret_of_a_case_is_shown_unless_it_is_asked_for() {
    let mut count = 0;
    for case in cases() {
        let scene = Scene::new(&case);
        let secrets = secrets(&case);
        count += secrets.len();
        for more in [&["--json"][..], &[]] {
            let done = scene.inspect(more).done();
            for secret in &secrets {
                let is_shown = done.stdout.contains(secret) || done.stderr.contains(secret);
                assert!(!is_shown, "{}: {secret} is shown\n{}", case.name, done.stdout);
            }
        }
    }
    assert!(count > 30, "only {count} secrets were looked for");
}

#[test]
fn what_is_masked_is_listed_and_revealed_when_asked_for() {
    let case = cases().into_iter().find(|case| case.name == "horizon-v3-literal-password.sh").unwrap();
    let scene = Scene::new(&case);
    let masked = scene.inspect(&["--json"]).ok().json();
    assert_eq!(masked["masked"], serde_json::json!(["OS_PASSWORD"]));
    let mask = masked["set"]["OS_PASSWORD"].as_str().unwrap();
    assert!(mask.chars().all(|c| c == '*'), "{mask}");
    let revealed = scene.inspect(&["--json", "--reveal"]).ok().json();
    assert_eq!(revealed["set"]["OS_PASSWORD"], case.expected["set"]["OS_PASSWORD"]);
    assert_eq!(revealed["masked"], serde_json::json!([]));
    let secret = case.expected["set"]["OS_PASSWORD"].as_str().unwrap();
    assert!(scene.inspect(&["--reveal"]).ok().stdout.contains(secret));
}

#[test]
fn no_file_moves_the_cursor() {
    for case in cases() {
        let scene = Scene::new(&case);
        for more in [&["--reveal"][..], &[]] {
            let done = scene.inspect(more).done();
            let said = format!("{}{}", done.stdout, done.stderr);
            assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{}: {said:?}", case.name);
        }
    }
}
