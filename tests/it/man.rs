//! The man pages: what can be made from the program is made from it, and everything else is held against it. A page that
//! is behind the program fails, and the failure says how to renew it.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod protocol;
mod roff;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use osagent::agent::{config, profiles};
use osagent::openrc::{self, WarningKind};
use osagent::shell::{self, names};

/// Set to rewrite the made parts of the pages.
const RENEW: &str = "OSAGENT_RENEW";

/// Set where every outside program that a test wants must be there.
const TEST_ALL: &str = "OSAGENT_TEST_ALL";

fn path(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(page)
}

fn read(page: &str) -> String {
    std::fs::read_to_string(path(page)).unwrap_or_else(|error| panic!("man/{page}: {error}"))
}

/// The part of a page between its two marks is as `made`; with [`RENEW`] it is made so.
fn is_as_made(page: &str, part: &str, made: &str) {
    let text = read(page);
    let (begin, end) = (format!(".\\\" begin {part}\n"), format!(".\\\" end {part}\n"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("man/{page} has no line {begin:?}")) + begin.len();
    let to = text.find(&end).unwrap_or_else(|| panic!("man/{page} has no line {end:?}"));
    if text[from..to] == *made {
        return;
    }
    if std::env::var_os(RENEW).is_none() {
        panic!("man/{page} is behind the program; renew it: {RENEW}=1 cargo test --test it man::");
    }
    std::fs::write(path(page), [&text[..from], made, &text[to..]].concat()).unwrap();
}

#[test]
fn osagent_1_tells_every_verb_as_the_program_does() {
    is_as_made("osagent.1", "verbs", &roff::verbs(&osagent::cli::command()));
}

#[test]
fn osagent_1_tells_every_kind_of_warning() {
    let kinds = WarningKind::TABLE.iter().map(|(_, word, what)| ((*word).to_owned(), (*what).to_owned()));
    is_as_made("osagent.1", "warnings", &roff::pairs(kinds));
}

#[test]
fn osagent_env_7_tells_every_variable_that_goes_and_every_shell() {
    is_as_made("osagent-env.7", "leftovers", &roff::names(names::LEFTOVERS));
    let shells: Vec<&str> = shell::SHELLS.iter().map(|shell| shell.names()[0]).collect();
    is_as_made("osagent-env.7", "shells", &roff::names(&shells));
}

#[test]
fn osagent_profiles_5_tells_what_becomes_of_every_variable_and_every_kind_of_login() {
    let variables = openrc::variables().map(|(name, what)| (name.to_owned(), what));
    is_as_made("osagent-profiles.5", "variables", &roff::pairs(variables));
    let later = |is_done| if is_done { "" } else { " (not in this release)" };
    let logins =
        openrc::logins().map(|(word, what, is_done)| (word.to_owned(), format!("{what}{}", later(is_done))));
    is_as_made("osagent-profiles.5", "logins", &roff::pairs(logins));
}

/// The lines of the page's first example (`.EX` to `.EE`) behind the heading, as they are read.
fn example(page: &str, heading: &str) -> String {
    let text = read(page);
    let from = text.find(heading).unwrap_or_else(|| panic!("man/{page} has no {heading:?}"));
    let body = text[from..].split_once(".EX\n").unwrap().1.split_once(".EE\n").unwrap().0;
    roff::plain(body)
}

/// The fields of the structs of a file, by name: what a page must tell.
fn fields(file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let field = |line: &str| {
        let (name, _) = line.strip_prefix("    pub ")?.split_once(": ")?;
        name.chars().all(|c| c.is_ascii_lowercase() || c == '_').then(|| name.to_owned())
    };
    text.lines().filter_map(field).collect()
}

/// Every name stands in the page as a word of its own.
fn tells(page: &str, names: impl IntoIterator<Item = String>) {
    let text = roff::plain(&read(page));
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let missing: Vec<String> = names.into_iter().filter(|name| !words.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "man/{page} does not tell {missing:?}");
}

#[test]
fn the_example_of_osagent_config_5_is_the_configuration_that_there_is_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, example("osagent-config.5", ".SH EXAMPLE")).unwrap();
    assert_eq!(config::read(&file).unwrap(), config::Config::default());
    tells("osagent-config.5", fields("src/agent/config.rs").into_iter().filter(|name| name != "path"));
}

#[test]
fn the_example_of_osagent_profiles_5_is_a_profile_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("profiles")).unwrap();
    let file = folder.path().join("profiles/prod.toml");
    std::fs::write(&file, example("osagent-profiles.5", ".SH EXAMPLE")).unwrap();
    let read = profiles::Profiles::read(folder.path().to_owned()).unwrap();
    assert_eq!(read.warnings, Vec::<String>::new());
    let profile = &read.get("prod").unwrap().profile;
    assert_eq!(profile.fault(), None);
    let fields =
        fields("src/profile.rs").into_iter().chain(["format", "keyring", "secret_origin"].map(str::to_owned));
    tells("osagent-profiles.5", fields);
}

fn pages() -> Vec<String> {
    let folder = std::fs::read_dir(path("")).unwrap();
    let mut pages: Vec<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    pages
}

#[test]
fn mandoc_finds_nothing_to_say_against_a_page() {
    for page in pages() {
        let linted = Command::new("mandoc").args(["-Tlint", "-Wwarning"]).arg(path(&page)).output();
        let Ok(linted) = linted else {
            assert!(std::env::var_os(TEST_ALL).is_none(), "mandoc is not installed");
            eprintln!("skipped: mandoc is not installed, so no page was checked");
            return;
        };
        let said = String::from_utf8_lossy(&linted.stdout).into_owned();
        assert!(linted.status.success() && said.is_empty(), "man/{page}:\n{said}");
    }
}

#[test]
fn every_page_that_is_referred_to_is_there() {
    let pages = pages();
    for page in &pages {
        let text = roff::plain(&read(page));
        for word in text.split_whitespace().filter(|word| word.starts_with("osagent")) {
            let Some((name, rest)) = word.split_once('(') else { continue };
            let Some((section, _)) = rest.split_once(')') else { continue };
            if section.len() == 1 {
                let file = format!("{name}.{section}");
                assert!(pages.contains(&file), "man/{page} refers to {name}({section})");
            }
        }
    }
}
