//! What the shells make of a scrubbed file: every case that holds the password or asks for it, sourced before and after.
//! Nothing but the password is missing, nobody is asked for it, and the last line has run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use osagent::openrc::{Dialect, Reading, Scrubbed, draft, scrub};

use super::cases::{self, Case, HOME};
use super::scrub::NOT_SCRUBBED;
use super::shells;

/// What stands on standard input behind the answers: a file that asks too much takes it.
const REST: &str = "nobody may read this";

/// What a shell has exported, by name; and what is left of standard input.
type Dump = BTreeMap<String, String>;

#[test]
fn every_scrubbed_case_gives_the_same_settings_but_the_password_and_asks_nobody_for_it() {
    let (mut count, mut compared) = (0, BTreeMap::new());
    for case in cases::cases() {
        let Ok(reading) = case.read() else { continue };
        // The other dialects are sourced by shells of their own.
        if reading.dialect != Dialect::Shell {
            continue;
        }
        let draft = draft(&reading);
        let Some(secret) = draft.secret.filter(|secret| !secret.is_empty()) else { continue };
        count += 1;
        let original = fs::read(&case.path).unwrap();
        let done = match scrub(&original, &reading, &"prod".parse().unwrap()) {
            Ok(done) => done,
            Err(refusal) => {
                assert!(NOT_SCRUBBED.iter().any(|(name, _)| *name == case.name), "{}: {refusal}", case.name);
                continue;
            }
        };
        if draft.secret_prompt.is_none() {
            is_gone(&case, &done, secret.expose());
        }
        let after = case.read_text(&done.text).unwrap();
        let (asked, asks) = (answers(&case, &reading), answers_kept(&case, &reading, &after));
        for name in ["bash", "dash", "zsh"] {
            let Some(shell) = shells::find(name) else { continue };
            let dump = |text: &[u8], answers: &[String]| dump(&case, &shell, text, answers);
            let before = dump(&original, &asked);
            let works = before.iter().any(|(name, value)| name != "rest" && value.contains(secret.expose()));
            // To bash the CR of a CR LF belongs to the value, or ends an `if` in nothing.
            let is_bashs = name == "bash" && !original.contains(&b'\r');
            let should = is_bashs && reading.settings.contains_key("OS_PASSWORD");
            assert!(works || !should, "{}: bash does not get the password: {before:?}", case.name);
            // What a shell did not understand before, it need not afterwards.
            let is_elsewhere = done.left.iter().any(|place| place.file > 0);
            let sources_it = ["devstack-openrc", "source-dotenv.sh", "guide-allexport-source.sh"]
                .contains(&case.name.as_str());
            assert_eq!(is_elsewhere, sources_it, "{}", case.name);
            if works && before["rest"] == REST && !is_elsewhere {
                *compared.entry(name).or_insert(0) += 1;
                is_the_same(&case, name, secret.expose(), &before, &dump(&done.text, &asks));
            }
        }
    }
    assert!(count >= 25, "only {count} cases have a password");
    assert!(compared.values().all(|compared| *compared >= 15), "{compared:?} of {count}");
}

/// Wherever the secret's text still stands, that place was told.
fn is_gone(case: &Case, done: &Scrubbed, secret: &str) {
    let text = String::from_utf8_lossy(&done.text).into_owned();
    for (index, line) in text.lines().enumerate() {
        let is_told = done.left.iter().any(|place| place.file == 0 && place.line as usize == index + 1);
        assert!(is_told || !line.contains(secret), "{}: the secret stands in line {}", case.name, index + 1);
    }
}

fn answers(case: &Case, reading: &Reading) -> Vec<String> {
    case.answers().into_iter().take(reading.prompts.len()).collect()
}

/// The answers to the questions that are still asked.
fn answers_kept(case: &Case, reading: &Reading, after: &Reading) -> Vec<String> {
    let answers = answers(case, reading).into_iter();
    let asked = reading.prompts.iter().zip(answers);
    let is_kept = |into: &str| after.prompts.iter().any(|prompt| prompt.into == into);
    asked.filter(|(prompt, _)| is_kept(&prompt.into)).map(|(_, answer)| answer).collect()
}

fn is_the_same(case: &Case, shell: &str, secret: &str, before: &Dump, after: &Dump) {
    let at = format!("{} in {shell}", case.name);
    for (name, value) in before {
        let now = after.get(name);
        // A value that holds it may be made of it, or hold the same word by chance.
        let lacks_it = now.is_none_or(|now| !now.contains(secret));
        let is_right = lacks_it && value.contains(secret) || value != secret && now == Some(value);
        assert!(is_right, "{at}: {name} was {value:?} and is {now:?}");
    }
    let mut news = after.keys().filter(|name| !before.contains_key(*name));
    assert_eq!(news.next().map(String::as_str), Some("OSAGENT_WAS_ASKED"), "{at}: the last line did not run");
    assert_eq!(news.next(), None, "{at}");
}

fn dump(case: &Case, shell: &Path, text: &[u8], answers: &[String]) -> Dump {
    let room = tempfile::tempdir().unwrap();
    case.furnish(room.path());
    let (file, typed, bin) =
        (room.path().join(&case.name), room.path().join("typed"), room.path().join("bin"));
    fs::create_dir(&bin).unwrap();
    shells::stub_osagent(&bin);
    // What the reader computes by itself.
    for name in ["dirname", "basename"] {
        symlink(Path::new("/usr/bin").join(name), bin.join(name)).unwrap();
    }
    fs::write(&file, text).unwrap();
    let lines: Vec<&str> = answers.iter().map(String::as_str).chain([REST]).collect();
    fs::write(&typed, lines.join("\n") + "\n").unwrap();
    let quiet: &[&str] = match shell.file_name().unwrap().to_str().unwrap() {
        "bash" => &["--norc", "--noprofile"],
        "zsh" => &["-f"],
        _ => &[],
    };
    let script = "file=$1; shift; . \"$file\"; echo; echo =====; /usr/bin/env -0; IFS= read -r rest; echo \"rest=$rest\"";
    // A loop that ends in bash may go on for ever in another shell.
    let done = Command::new("/usr/bin/timeout")
        .args(["-s", "KILL", "20"])
        .arg(shell)
        .args(quiet)
        .args(["-c", script, "sh"])
        .arg(&file)
        .args(case.lines("args"))
        .env_clear()
        .envs([("HOME", HOME), ("USER", "ada"), ("PATH", bin.to_str().unwrap())])
        .current_dir(room.path())
        .stdin(File::open(&typed).unwrap())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).replace(room.path().to_str().unwrap(), "@ROOM@");
    let said = said.split("\n=====\n").last().unwrap_or_default();
    let lines = said.split('\0').filter_map(|line| line.trim_end_matches('\n').split_once('='));
    let is_ours = |name: &str| name.starts_with("OS") || name.starts_with("ST_") || name == "rest";
    lines.filter(|(name, _)| is_ours(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
