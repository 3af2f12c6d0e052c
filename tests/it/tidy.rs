//! The floor test: the sources, read as text, keep the house's rules. Imports go downwards only, each outside crate has one
//! home, a secret is uncovered only where the table says. A row that nothing uses any more fails too, so that the tables
//! stay true.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod pages;
mod source;

use std::path::{Path, PathBuf};

use source::{Source, Spelled};

/// From the bottom up. Rooms of one floor never import each other.
const FLOORS: &[&[&str]] = &[
    &["profile", "secret", "token"],
    &["openrc", "shell", "wire"],
    &["keystone", "keyring", "host"],
    &["client", "agent"],
    &["cli"],
];

/// Where each outside crate may be named. What ends in `/` is a folder, or a module with its folder.
const HOMES: &[(&str, &[&str])] = &[
    ("base64", &["src/wire/sealed.rs"]),
    ("bytes", &["src/keystone/http.rs"]),
    ("clap", &["src/cli/"]),
    ("dirs", &["src/host/paths.rs"]),
    ("jiff", &["src/keystone/", "src/agent/audit.rs", "src/agent/profiles/forward.rs"]),
    ("keyring-core", &["src/keyring/os.rs"]),
    ("landlock", &["src/host/sandbox.rs"]),
    ("libc", &["src/host/locked.rs"]),
    ("nix", &["src/host/"]),
    ("reqwest", &["src/keystone/http.rs", "src/keystone/http/"]),
    ("rustls", &["src/keystone/http/"]),
    ("rustls-platform-verifier", &["src/keystone/http/tls.rs"]),
    ("saphyr-parser", &["src/openrc/clouds/yaml.rs"]),
    ("secrecy", &["src/secret.rs", "src/token.rs"]),
    // Shapes that cross a border: the wire, Keystone's JSON, the agent's files, D-Bus.
    (
        "serde",
        &[
            "src/profile.rs",
            "src/token.rs",
            "src/wire/",
            "src/keystone/",
            "src/keyring/probe.rs",
            "src/client/",
            "src/agent/",
            "src/cli/",
        ],
    ),
    ("serde_json", &["src/wire/", "src/keystone/", "src/client/", "src/agent/", "src/cli/"]),
    ("thiserror", &["src/"]),
    // The agent's runtime, and Keystone's deadline around a whole conversation.
    ("tokio", &["src/agent/", "src/keystone/http.rs"]),
    ("toml", &["src/agent/config.rs", "src/agent/profiles.rs", "src/agent/profiles/"]),
    ("xattr", &["src/host/files/rewrite.rs"]),
    ("zbus", &["src/keyring/probe.rs", "src/host/session.rs"]),
    ("zbus-secret-service-keyring-store", &["src/keyring/os.rs"]),
    ("zeroize", &["src/"]),
];

/// Where a secret or a token may be uncovered, and what for. A new row is a decision.
const EXPOSES: &[(&str, &str)] = &[
    ("src/agent/export.rs", "the token becomes a value of `env`"),
    ("src/agent/handout.rs", "the token becomes the answer to `token`"),
    ("src/agent/handover.rs", "tokens go, sealed, to the agent's successor"),
    ("src/agent/revoke.rs", "a token from elsewhere is compared with those held"),
    ("src/agent/store.rs", "what the keyring gives back is compared with what it was given"),
    ("src/cli/add.rs", "the profile's name, as a person typed it"),
    ("src/host/locked.rs", "a secret moves into the arena"),
    ("src/host/terminal.rs", "a yes or no of a person is read"),
    ("src/keyring/os.rs", "the secret goes to the Secret Service"),
    ("src/keystone/http.rs", "the token becomes the header X-Auth-Token"),
    ("src/keystone/life.rs", "the token's own text is kept out of what Keystone's answer is quoted with"),
    ("src/keystone/login.rs", "the token to be rescoped goes into the request"),
    ("src/keystone/password.rs", "the password goes into the request"),
    ("src/keystone/said.rs", "the secret is kept out of what Keystone's answer is quoted with"),
    ("src/openrc/ask.rs", "what a person typed becomes the value that the file would have got"),
    ("src/openrc/mask.rs", "an answer is looked for in what is shown"),
    ("src/openrc/given.rs", "what a person typed becomes the setting that a clouds.yaml leaves open"),
    ("src/openrc/scrub.rs", "the secret is looked for in its file"),
    ("src/openrc/told.rs", "what a person said of a setting becomes its value"),
    ("src/secret.rs", "a secret is duplicated into another secret"),
    ("src/wire/sealed.rs", "the secret crosses the socket"),
];

/// The only files with `unsafe` in them: memory that the kernel keeps to itself, and descriptors that arrive as numbers.
const UNSAFE: &[&str] = &["src/host/locked.rs", "src/host/passed.rs"];

/// What may write to standard output or standard error.
const SPEAKS: &[(&str, &str)] = &[
    ("src/agent/start.rs", "the ready byte, and why there is none"),
    ("src/cli/hook.rs", "whether code for a start-up file lands on a screen"),
    ("src/cli/output.rs", "what was asked for"),
    ("src/cli/report.rs", "words for people"),
    ("src/host/terminal.rs", "whether somebody is looking"),
];

/// What floors 0 and 1 must not touch: they get values, and give values. Of `std::net` they may have the addresses.
const IMPURE: &[&str] = &["std::fs", "std::env", "std::process", "std::thread", "std::os", "std::io"];

/// The same, by whatever path: a clock.
const CLOCKS: &[&str] = &["Instant", "SystemTime"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the folder that ends so, by its path from the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(root().join(&folder)) else { continue };
        for entry in entries.map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(path),
                false => found.push(path.to_str().unwrap().to_owned()),
            }
        }
    }
    found.retain(|path| path.ends_with(ending));
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let sources: Vec<Source> = files("src", ".rs").iter().map(|path| Source::read(root(), path)).collect();
    assert!(sources.len() > 50, "the sources were not found");
    sources
}

/// All that is wrong, at once.
fn verdict(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

fn room_of(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&room))
}

/// What is wrong with the import, if anything.
fn climbs(from: &str, path: &Spelled) -> Option<String> {
    let room = room_of(from);
    let to = path.segments.get(1).map_or("", String::as_str);
    let allowed = match (from, path.segments[0].as_str()) {
        ("src/lib.rs", _) => return None,
        ("src/main.rs", "osagent") => to == "cli",
        ("src/bin/osagent-agent.rs", "osagent") => to == "agent",
        (_, "crate" | "osagent") => match (floor_of(room), floor_of(to)) {
            (Some(own), Some(other)) => to == room || other < own,
            _ => false,
        },
        _ => return None,
    };
    (!allowed).then(|| format!("{}:{}: {} is not below {room}", from, path.line, path.text()))
}

#[test]
fn imports_go_downwards_only_and_never_sideways() {
    let mut wrong = Vec::new();
    for source in sources() {
        wrong.extend(source.paths().iter().filter_map(|path| climbs(&source.path, path)));
    }
    verdict(&wrong);
}

#[test]
fn the_floor_test_finds_a_climb_and_a_sideways_step() {
    let check = |from: &str, text: &str, is_wrong: bool| {
        let source = Source::new(from, text);
        let wrong = source.paths().iter().filter_map(|path| climbs(from, path)).count();
        assert_eq!(wrong > 0, is_wrong, "{from}: {text}");
    };
    check("src/host/files.rs", "use crate::keyring::Fault;", true);
    check("src/host/files.rs", "fn f() { crate::client::ask() }", true);
    check("src/host/files.rs", "use super::super::keystone;", true);
    check("src/keystone/mod.rs", "use super::{agent, profile};", true);
    check("src/secret.rs", "use crate::token;", true);
    check("src/agent/serve.rs", "use crate::client::Route;", true);
    check("src/main.rs", "fn main() { osagent::agent::start::main() }", true);
    check("src/agent/serve.rs", "use crate::{host::process, wire::{self, Op}};", false);
    check("src/cli/env.rs", "use super::ask; use crate::shell::{self, names};", false);
}

#[test]
fn every_room_of_the_library_has_a_floor() {
    let library = Source::read(root(), "src/lib.rs");
    let rooms =
        library.words.windows(2).filter(|pair| pair[0].text == "mod").map(|pair| pair[1].text.clone());
    let homeless: Vec<String> = rooms.filter(|room| floor_of(room).is_none()).collect();
    verdict(&homeless);
}

#[test]
fn the_two_lower_floors_are_pure() {
    let mut wrong = Vec::new();
    for source in sources() {
        if floor_of(room_of(&source.path)).is_none_or(|floor| floor > 1) {
            continue;
        }
        for path in source.paths() {
            let text = path.text();
            let is_net = text.starts_with("std::net") && !text.starts_with("std::net::Ip");
            let is_impure = IMPURE.iter().any(|root| text == *root || text.starts_with(&format!("{root}::")));
            // A buffer of our own that serde_json writes into: the trait, and nothing outside.
            let is_buffer =
                source.path == "src/wire/mod.rs" && ["std::io", "std::io::Write"].contains(&text.as_str());
            if is_net || (is_impure && !path.is_test && !is_buffer) {
                wrong.push(format!("{}: {text}", source.at(path.line)));
            }
        }
        for clock in CLOCKS {
            wrong.extend(
                lines_with(&source, &[clock]).iter().map(|line| format!("{}: {clock}", source.at(*line))),
            );
        }
    }
    verdict(&wrong);
}

/// The names under a heading of Cargo.toml, target ones included.
fn dependencies(kind: &str) -> Vec<String> {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let mut names: Vec<String> = Vec::new();
    let mut take = |table: &toml::Table| {
        let listed = table.get(kind).and_then(toml::Value::as_table);
        names.extend(listed.into_iter().flat_map(|table| table.keys().cloned()));
    };
    take(&manifest);
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    targets.into_iter().flat_map(|targets| targets.values()).filter_map(toml::Value::as_table).for_each(take);
    names
}

fn is_in(path: &str, homes: &[&str]) -> bool {
    homes.iter().any(|home| path == *home || (home.ends_with('/') && path.starts_with(home)))
}

#[test]
fn every_outside_crate_has_a_home_and_stays_in_it() {
    let mut wrong = Vec::new();
    let names = dependencies("dependencies");
    let homeless = names.iter().filter(|name| !HOMES.iter().any(|(known, _)| known == name));
    wrong.extend(homeless.map(|name| format!("Cargo.toml: {name} has no home in this test")));
    let gone = HOMES.iter().filter(|(name, _)| !names.iter().any(|known| known == name));
    wrong.extend(gone.map(|(name, _)| format!("{name} has a home and is not in Cargo.toml")));
    let mut used: Vec<(&str, &str)> = Vec::new();
    for source in sources() {
        for path in source.paths() {
            let Some((name, homes)) =
                HOMES.iter().find(|(name, _)| name.replace('-', "_") == path.segments[0])
            else {
                continue;
            };
            used.extend(
                homes.iter().filter(|home| is_in(&source.path, &[**home])).map(|home| (*name, *home)),
            );
            if !is_in(&source.path, homes) {
                wrong.push(format!(
                    "{}: {} lives in {}",
                    source.at(path.line),
                    path.text(),
                    homes.join(", ")
                ));
            }
        }
    }
    for (name, homes) in HOMES {
        let empty = homes.iter().filter(|home| !used.contains(&(*name, **home)));
        wrong.extend(empty.map(|home| format!("{name} is not used in {home} any more")));
    }
    verdict(&wrong);
}

#[test]
fn a_crate_for_tests_is_used_in_tests_only() {
    let names: Vec<String> =
        dependencies("dev-dependencies").iter().map(|name| name.replace('-', "_")).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let paths = source.paths();
        let strays = paths.iter().filter(|path| names.contains(&path.segments[0]) && !path.is_test);
        wrong.extend(strays.map(|path| format!("{}: {}", source.at(path.line), path.text())));
    }
    verdict(&wrong);
}

/// The lines where the words stand one after the other, outside of tests.
fn lines_with(source: &Source, words: &[&str]) -> Vec<usize> {
    let is_here = |window: &&[source::Word]| {
        window.iter().zip(words).all(|(word, expect)| word.text == *expect && !word.is_test)
    };
    source.words.windows(words.len()).filter(is_here).map(|window| window[0].line).collect()
}

/// The words stand in the files of the list and in no other, and in each of the list.
fn only_in(words: &[&str], list: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = lines_with(&source, words);
        let is_listed = list.contains(&source.path.as_str());
        if is_listed && lines.is_empty() {
            wrong.push(format!("{} is listed for {:?} and has none", source.path, words.concat()));
        }
        if !is_listed {
            wrong.extend(lines.iter().map(|line| format!("{}: {:?}", source.at(*line), words.concat())));
        }
    }
    wrong
}

#[test]
fn a_secret_is_uncovered_only_in_the_listed_files() {
    let list: Vec<&str> = EXPOSES.iter().map(|(path, _)| *path).collect();
    let mut wrong = only_in(&[".", "expose", "("], &list);
    wrong.extend(only_in(&["expose_secret"], &["src/secret.rs", "src/token.rs"]));
    verdict(&wrong);
}

#[test]
fn unsafe_code_is_in_the_listed_files() {
    let mut wrong = only_in(&["unsafe"], UNSAFE);
    wrong.extend(only_in(&["unsafe_code"], UNSAFE));
    verdict(&wrong);
}

#[test]
fn only_the_listed_files_speak() {
    let mut wrong = Vec::new();
    for source in sources() {
        for name in ["stdout", "stderr"] {
            let is_listed = SPEAKS.iter().any(|(path, _)| *path == source.path);
            // `Command::stdout` takes an argument; the stream's function takes none.
            let lines = lines_with(&source, &[name, "(", ")"]);
            if !is_listed {
                wrong.extend(lines.iter().map(|line| format!("{}: {name}()", source.at(*line))));
            }
        }
    }
    verdict(&wrong);
}

#[test]
fn nothing_breaks_on_purpose_and_nothing_is_left_to_do() {
    let forbidden: &[&[&str]] = &[
        &["unwrap", "("],
        &["println", "!"],
        &["eprintln", "!"],
        &["print", "!"],
        &["eprint", "!"],
        &["dbg", "!"],
        &["todo", "!"],
        &["unimplemented", "!"],
    ];
    let wrong: Vec<String> = forbidden.iter().flat_map(|words| only_in(words, &[])).collect();
    verdict(&wrong);
}
