//! The reader against bash on files that a generator wrote: every value that is called known must be what bash exports.
//! `OSAGENT_GENERATED_FILES=20000` makes the run longer, `OSAGENT_GENERATED_SEED` another one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use osagent::openrc::Reading;

use super::cases::HOME;
use super::shells;
use super::world::read_with;
use super::writer::Writer;

const FILES: u64 = 300;
const SEED: u64 = 0x05a6_e47d;
const ANSWERS: &[&str] = &["first answer", "  back\\slash 'x' ", "$(third)*", "fourth", "", "sixth\\"];

#[test]
fn what_is_known_of_a_generated_file_is_what_bash_exports() {
    let number =
        |name: &str, otherwise| std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap());
    let count = number("OSAGENT_GENERATED_FILES", FILES);
    let seed = number("OSAGENT_GENERATED_SEED", SEED);
    let room = tempfile::tempdir().unwrap();
    let folder = room.path().canonicalize().unwrap();
    let empty = folder.join("empty");
    fs::create_dir(&empty).unwrap();
    let bash = shells::find("bash").unwrap();
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for index in 0..count {
        let text = Writer::new(seed.wrapping_add(index)).file();
        let file = folder.join("generated.sh");
        fs::write(&file, &text).unwrap();
        let args = ["arg one".to_owned(), "two*".to_owned()];
        let answers: Vec<String> = ANSWERS.iter().map(|answer| (*answer).to_owned()).collect();
        let faults = match read_with(text.as_bytes(), &folder, HOME, "generated.sh", &args, &answers) {
            Ok(reading) => match exported_by_bash(&bash, &file, &empty) {
                Some(exported) => tally.compare(&reading, &exported),
                None => tally.bash_gave_up(&reading),
            },
            Err(refusal) => {
                tally.refused += 1;
                let is_right = !is_understood_by_bash(&bash, &file);
                if is_right {
                    Vec::new()
                } else {
                    vec![format!("refused ({}): {refusal}", refusal.reason.word())]
                }
            }
        };
        if !faults.is_empty() {
            failures.push(format!("seed {}:\n{}\n--- {text}", seed.wrapping_add(index), faults.join("\n")));
        }
    }
    println!("{count} files from seed {seed}: {tally:?}");
    let shown: Vec<&String> = failures.iter().take(5).collect();
    assert!(failures.is_empty(), "{} of {count} files, such as {shown:#?}", failures.len());
    assert!(tally.known > tally.unknown, "most values must be known: {tally:?}");
}

#[derive(Debug, Default)]
struct Tally {
    known: u64,
    unknown: u64,
    refused: u64,
    given_up: u64,
}

impl Tally {
    fn compare(&mut self, reading: &Reading, exported: &BTreeMap<String, String>) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, setting) in &reading.settings {
            match (setting.text(), exported.get(name)) {
                (Some(text), Some(right)) if text == right => self.known += 1,
                (Some(text), right) => faults.push(format!("{name}: read {text:?}, bash has {right:?}")),
                (None, _) => self.unknown += 1,
            }
        }
        for name in exported.keys().filter(|name| name.starts_with("OS_")) {
            if !reading.settings.contains_key(name) && reading.anything.is_none() {
                faults.push(format!("{name}: bash has {:?}, nothing was read", exported[name]));
            }
        }
        faults
    }

    /// Bash did not come to the end: then the reader must have seen that the file ends itself.
    fn bash_gave_up(&mut self, reading: &Reading) -> Vec<String> {
        self.given_up += 1;
        if reading.ended.is_some() { Vec::new() } else { vec!["bash does not come to the end".to_owned()] }
    }
}

fn is_understood_by_bash(bash: &Path, file: &Path) -> bool {
    Command::new(bash).arg("-n").arg(file).stderr(Stdio::null()).status().unwrap().success()
}

fn exported_by_bash(bash: &Path, file: &Path, path: &Path) -> Option<BTreeMap<String, String>> {
    let script = format!(". {} 'arg one' 'two*' 2>/dev/null >/dev/null\n/usr/bin/env -0", file.display());
    let mut child = Command::new(bash)
        .args(["--norc", "--noprofile", "-c", &script])
        .env_clear()
        .env("HOME", HOME)
        .env("USER", "ada")
        .env("PATH", path)
        .current_dir(file.parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // A file that asks nothing closes the pipe early.
    let _ = child.stdin.take().unwrap().write_all(format!("{}\n", ANSWERS.join("\n")).as_bytes());
    let output = child.wait_with_output().unwrap();
    if output.stdout.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.split('\0').filter_map(|line| line.split_once('='));
    Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
