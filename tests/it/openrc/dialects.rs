//! The readers of the other dialects against the shells themselves: what is called known of a file, whether a person or a
//! generator wrote it, must be what the shell exports after it has sourced it.

mod snippets;
mod writer;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use osagent::openrc::{Context, Dialect, NoFiles, Reading, read, tell};

use super::cases::{self, HOME};
use super::shells;
use super::world::read_with;
use writer::Writer;

/// A shell that can say what is right.
struct Oracle {
    shell: &'static str,
    ending: &'static str,
    snippets: &'static [&'static str],
    generate: fn(&mut Writer) -> String,
}

const ORACLES: &[Oracle] = &[
    Oracle { shell: "fish", ending: "fish", snippets: snippets::FISH, generate: Writer::fish },
    Oracle { shell: "tcsh", ending: "csh", snippets: snippets::CSH, generate: Writer::csh },
];

const FILES: u64 = 150;
const SEED: u64 = 0x0fee_15ed;
/// The same to every question: which of them are asked may hang on a program.
const ANSWER: &str = "pa$s \\w'o\"rd*";

/// The shells that are here; where all are asked for, none may be missing.
fn oracles() -> Vec<(&'static Oracle, std::path::PathBuf)> {
    let mut found = Vec::new();
    for oracle in ORACLES {
        match shells::find(oracle.shell) {
            Some(path) => found.push((oracle, path)),
            None => {
                assert!(std::env::var_os("OSAGENT_TEST_ALL").is_none(), "{} is not installed", oracle.shell);
                println!("{} is not installed: nothing was compared with it", oracle.shell);
            }
        }
    }
    found
}

#[test]
fn what_is_known_of_a_snippet_is_what_its_shell_exports() {
    for (oracle, shell) in oracles() {
        let mut known = 0;
        for text in oracle.snippets {
            let (faults, count) = compare(oracle, &shell, text);
            assert!(faults.is_empty(), "{}: {faults:#?}\n--- {text}", oracle.shell);
            known += count;
        }
        assert!(known > oracle.snippets.len(), "{}: only {known} values were known", oracle.shell);
    }
}

#[test]
fn what_is_known_of_a_generated_file_is_what_its_shell_exports() {
    let number =
        |name: &str, otherwise| std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap());
    let count = number("OSAGENT_DIALECT_FILES", FILES);
    let seed = number("OSAGENT_DIALECT_SEED", SEED);
    for (oracle, shell) in oracles() {
        let (mut known, mut failures) = (0, Vec::new());
        for index in 0..count {
            let text = (oracle.generate)(&mut Writer::new(seed.wrapping_add(index)));
            let (faults, values) = compare(oracle, &shell, &text);
            known += values;
            if !faults.is_empty() {
                let seed = seed.wrapping_add(index);
                failures.push(format!("seed {seed}: {}\n--- {text}", faults.join("\n")));
            }
        }
        println!("{}: {count} files from seed {seed}, {known} values known", oracle.shell);
        let shown: Vec<&String> = failures.iter().take(2).collect();
        assert!(failures.is_empty(), "{}: {} of {count}, such as {shown:#?}", oracle.shell, failures.len());
        assert!(known as u64 > count * 2, "{}: only {known} values are known", oracle.shell);
    }
}

/// The cases whose answers a shell gave: it gives them still.
#[test]
fn what_is_known_of_a_case_is_what_its_shell_exports() {
    for (oracle, shell) in oracles() {
        let mut count = 0;
        for case in cases::cases().iter().filter(|case| case.oracle() == oracle.shell) {
            count += 1;
            let text = fs::read_to_string(&case.path).unwrap();
            let answers: Vec<String> = case.answers();
            let (faults, _) = compare_with(oracle, &shell, &text, &answers);
            assert!(faults.is_empty(), "{}: {faults:#?}", case.name);
        }
        assert!(count >= 4, "{} is the oracle of {count} cases only", oracle.shell);
    }
}

fn compare(oracle: &Oracle, shell: &Path, text: &str) -> (Vec<String>, usize) {
    let answers = vec![ANSWER.to_owned(); 64];
    compare_with(oracle, shell, text, &answers)
}

fn compare_with(oracle: &Oracle, shell: &Path, text: &str, answers: &[String]) -> (Vec<String>, usize) {
    let room = tempfile::tempdir().unwrap();
    let folder = room.path().canonicalize().unwrap();
    let name = format!("openrc.{}", oracle.ending);
    let file = folder.join(&name);
    fs::write(&file, text).unwrap();
    let exported = exported(oracle, shell, &file, answers);
    match (read_with(text.as_bytes(), &folder, HOME, &name, &[], answers), exported) {
        (Ok(reading), Some(exported)) => disagreements(&reading, &exported),
        (Ok(reading), None) if reading.ended.is_some() => (Vec::new(), 0),
        (Ok(reading), None) if known(&reading).is_empty() => (Vec::new(), 0),
        (Ok(_), None) => (vec!["it is read, and the shell gives up".to_owned()], 0),
        (Err(_), None) => (Vec::new(), 0),
        (Err(refusal), Some(_)) => {
            (vec![format!("refused ({}): {refusal}, and the shell takes it", refusal.reason.word())], 0)
        }
    }
}

fn known(reading: &Reading) -> Vec<&String> {
    reading.settings.iter().filter(|(_, setting)| setting.is_known()).map(|(name, _)| name).collect()
}

fn disagreements(reading: &Reading, exported: &BTreeMap<String, String>) -> (Vec<String>, usize) {
    let mut faults = Vec::new();
    let mut known = 0;
    for (name, setting) in &reading.settings {
        match (setting.text(), exported.get(name)) {
            (Some(text), Some(right)) if text == right => known += 1,
            (Some(text), right) => faults.push(format!("{name}: read {text:?}, the shell has {right:?}")),
            (None, _) => {}
        }
    }
    for (name, value) in exported.iter().filter(|(name, _)| name.starts_with("OS_")) {
        if !reading.settings.contains_key(name) && reading.anything.is_none() {
            faults.push(format!("{name}: the shell has {value:?}, nothing was read"));
        }
    }
    let unset = reading.unset.iter().filter(|name| name.starts_with("OS_"));
    for name in reading.shell_only.keys().chain(unset) {
        if let Some(value) = exported.get(name) {
            faults.push(format!("{name}: the shell exports {value:?}, it was read as not exported"));
        }
    }
    (faults, known)
}

/// What the shell exports after the file; `None` if it does not come that far.
fn exported(
    oracle: &Oracle,
    shell: &Path,
    file: &Path,
    answers: &[String],
) -> Option<BTreeMap<String, String>> {
    let folder = file.parent().unwrap();
    let empty = folder.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let dump = folder.join("dump");
    let option = if oracle.shell == "fish" { "--no-config" } else { "-f" };
    let script = format!("source {}\n/usr/bin/env -0 > {}", file.display(), dump.display());
    let mut child = Command::new(shell)
        .args([option, "-c", &script])
        .env_clear()
        .env("HOME", HOME)
        .env("USER", "ada")
        .env("PATH", &empty)
        .env("LC_ALL", "C.UTF-8")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A file that asks nothing closes the pipe early.
    let _ = child.stdin.take().unwrap().write_all(format!("{}\n", answers.join("\n")).as_bytes());
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    // fish reads a whole file before it runs any of it; csh stops in the middle.
    let gives_up = ["Error while reading file", "Event not found", "Unmatched"];
    if gives_up.iter().any(|words| complaint.contains(words)) {
        return None;
    }
    let text = String::from_utf8_lossy(&fs::read(dump).ok()?).into_owned();
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Each of these files is answered in a small thread, whatever becomes of its bytes.
#[test]
fn what_is_mutilated_or_means_harm_is_answered_soon() {
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut dice = Writer::new(SEED);
    for case in cases::cases() {
        let text = fs::read(&case.path).unwrap();
        if matches!(tell(&text, &case.name), Dialect::Shell | Dialect::Dotenv) {
            continue;
        }
        for _ in 0..12 {
            texts.push((case.name.clone(), dice.mutilated(&text)));
        }
        texts.push((case.name.clone(), text.repeat(1 + 40_000 / text.len().max(1))));
    }
    for ending in ["fish", "csh", "ps1", "bat"] {
        for piece in HARMFUL {
            texts.push((format!("openrc.{ending}"), piece.repeat(40_000 / piece.len()).into_bytes()));
            texts.push((format!("openrc.{ending}"), piece.repeat(60).into_bytes()));
        }
    }
    // One line as long as a file may be, with a word in every four bytes.
    texts.push(("openrc.ps1".to_owned(), "not ".repeat(60_000).into_bytes()));
    assert!(texts.len() > 700, "only {} texts", texts.len());
    for (name, text) in texts {
        let shown = String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
        let started = std::time::Instant::now();
        let run = move || answer_of(&name, &text).map_err(|refusal| refusal.place.line > 0);
        let done = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join();
        assert!(done.is_ok_and(|done| done != Err(false)), "{shown}");
        assert!(started.elapsed() < LIMIT, "{shown} took {:?}", started.elapsed());
    }
}

/// Unoptimised, on a busy machine: a guard against what never ends.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(20);

const HARMFUL: &[&str] = &[
    "(",
    "{",
    "[",
    "\"",
    "'",
    "$",
    "%",
    "`",
    "\\",
    "^",
    "<",
    "if ",
    "if true; ",
    "if (1) then\n",
    "if (1) {\n",
    "begin; ",
    "$(",
    "\"$(",
    "{$a",
    "not ",
    "! ",
    "while (1)\n",
    "while true; ",
    "foreach a (b c)\n",
    "for a in b c; ",
    "if a==a (\n",
    "function f; f; end; f\n",
    "set a $a$a\n",
    "set -x OS_A $OS_A$OS_A x\n",
    "setenv OS_A a$?a\n",
    "$env:OS_A += \"aa\"\n",
    "set OS_A=%OS_A%aa\n",
    ":a\ngoto a\n",
    "if a%RANDOM%==b goto a\n:a\n",
    "read a\n",
    "set /p OS_A=b\n",
    "[a]::b(",
    "-not ",
    "for %%a in (b c) do ",
    "switch a; case ",
    "a | ",
    "a && ",
    "# a\n",
    ";",
    "\n",
    "é",
    "@",
    "@{",
    "$<",
    "set x = $<\n",
    "set -x OS_A (no); ",
    "setlocal\n",
    "if no_such; set -x OS_A 1; end\n",
    "setenv OS_B x; if ($?q) setenv OS_A `b`\n",
];

fn answer_of(name: &str, text: &[u8]) -> Result<usize, osagent::openrc::Refusal> {
    let context = Context {
        home: HOME,
        user: "ada",
        dir: "/home/ada",
        file_name: name,
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    let reading = read(text, &context)?;
    let profile = "prod".parse().unwrap();
    // Whether it can be scrubbed or not: it comes back.
    let _ = osagent::openrc::scrub(text, &reading, &profile);
    Ok(reading.settings.len())
}
