//! The pages of the repository against the repository: every test that they name is there, every file is on the map, every
//! dependency has its reason.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGES: &[&str] = &["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What stands between backquotes.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

/// The `file.rs::name` among them.
fn tests_of(page: &str) -> impl Iterator<Item = (&str, &str)> {
    quoted(page).filter_map(|text| text.split_once("::")).filter(|(file, _)| file.ends_with(".rs"))
}

/// A function of that name behind a `#[test]` or `#[tokio::test]`.
fn is_test(file: &str, name: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(root().join(file)) else { return false };
    let head = format!("fn {name}(");
    text.match_indices(&head).any(|(at, _)| {
        let before = text[..at].trim_end().trim_end_matches("async").trim_end();
        let attributes = before.rsplit("\n\n").next().unwrap_or("");
        attributes.contains("#[test]") || attributes.contains("#[tokio::test")
    })
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let mut wrong = Vec::new();
    for page in PAGES {
        let text = read(page);
        let missing = tests_of(&text).filter(|(file, name)| !is_test(file, name));
        wrong.extend(missing.map(|(file, name)| format!("{page}: {file}::{name}")));
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

/// The items of a list below a heading: from `- ` to the next one or to a blank line.
fn items(page: &str, heading: &str) -> Vec<String> {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let section = rest.split("\n## ").next().unwrap();
    let mut items: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in section.lines() {
        if let Some(first) = line.strip_prefix("- ") {
            items.push(first.to_owned());
            is_open = true;
        } else if !line.starts_with("  ") {
            is_open = false;
        } else if let (true, Some(item)) = (is_open, items.last_mut()) {
            item.push_str(&format!("\n{line}"));
        }
    }
    items
}

#[test]
fn every_promise_and_every_invariant_names_its_test() {
    for (page, heading) in [("SECURITY.md", "What is promised"), ("ARCHITECTURE.md", "Invariants")] {
        let items = items(&read(page), heading);
        assert!(items.len() > 10, "{page} was not read");
        for item in items {
            assert!(tests_of(&item).next().is_some(), "{page}: no test for: {item}");
        }
    }
}

/// Every file below the folder, by its path from the root.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap().map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(path),
                false => found.push(path.to_str().unwrap().to_owned()),
            }
        }
    }
    found
}

#[test]
fn every_file_of_the_program_is_on_the_map_and_no_other() {
    let mapped: BTreeSet<String> = items(&read("ARCHITECTURE.md"), "Map")
        .iter()
        .filter_map(|item| quoted(item).next().map(str::to_owned))
        .filter(|path| path.contains('/') && !path.ends_with('/') && path != "tests/run")
        .collect();
    let there: BTreeSet<String> = ["src", "shell", "examples"].into_iter().flat_map(files).collect();
    assert_eq!(mapped.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "gone");
    assert_eq!(there.difference(&mapped).collect::<Vec<_>>(), Vec::<&String>::new(), "not on the map");
}

#[test]
fn every_dependency_has_its_reason() {
    let told: BTreeSet<String> = items(&read("ARCHITECTURE.md"), "Dependencies")
        .iter()
        .filter_map(|item| quoted(item).next().map(str::to_owned))
        .collect();
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let mut names = BTreeSet::new();
    let mut take = |table: &toml::Table| {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let listed = table.get(kind).and_then(toml::Value::as_table);
            names.extend(listed.into_iter().flat_map(|table| table.keys().cloned()));
        }
    };
    take(&manifest);
    let targets =
        manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|all| all.values());
    targets.filter_map(toml::Value::as_table).for_each(take);
    assert_eq!(told, names);
}

#[test]
fn every_page_that_is_linked_to_is_there() {
    for page in PAGES {
        let text = read(page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let is_outside = link.contains("://") || link.starts_with('#');
            let file = link.split('#').next().unwrap_or("");
            assert!(is_outside || root().join(file).exists(), "{page} links to {link}");
        }
    }
}
