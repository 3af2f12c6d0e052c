//! The floor test, file by file: what each begins with, how long it is, what it is called, and what no text may hold.

use std::path::Path;

use super::{files, root, verdict};

/// Files over [`LINES_MAX`], and why they are.
const LONG: &[(&str, &str)] = &[];
const LINES_MAX: usize = 400;

fn rust_files() -> Vec<String> {
    ["src", "tests", "examples", "bench", "fuzz/fuzz_targets"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect()
}

#[test]
fn every_file_says_what_it_is_for_and_none_is_long() {
    let mut wrong = Vec::new();
    for path in rust_files() {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!("{path}: does not begin with //!"));
        }
        let (lines, is_listed) = (text.lines().count(), LONG.iter().any(|(long, _)| *long == path));
        if (lines > LINES_MAX) != is_listed {
            wrong.push(format!("{path}: {lines} lines, and {LINES_MAX} are the most unless it is listed"));
        }
    }
    verdict(&wrong);
}

#[test]
fn no_name_says_nothing() {
    let empty = ["util", "utils", "common", "helper", "helpers", "manager", "misc"];
    let is_empty = |path: &String| {
        Path::new(path).with_extension("").iter().any(|part| empty.iter().any(|word| part == *word))
    };
    verdict(&rust_files().into_iter().filter(is_empty).collect::<Vec<_>>());
}

/// What is read by people and by shells, besides the Rust files.
fn texts() -> Vec<String> {
    let mut texts = rust_files();
    texts.extend(["shell", "man", "tests/data", "bench", ".ci"].iter().flat_map(|folder| files(folder, "")));
    let top = std::fs::read_dir(root()).unwrap().map(Result::unwrap);
    let top = top.filter(|entry| entry.file_type().unwrap().is_file());
    // A git work tree's own `.git` names the folder of its repository.
    texts.extend(top.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name != ".git"));
    texts
}

#[test]
fn no_file_names_a_folder_of_the_machine_it_was_written_on_or_a_task_left_over() {
    let mut places: Vec<String> = vec![format!("{}/", root().display())];
    for variable in ["HOME", "CARGO_HOME"] {
        let value = std::env::var(variable).unwrap_or_default();
        places.extend((value.len() > 1).then(|| format!("{}/", value.trim_end_matches('/'))));
    }
    // Put together here, so that this file does not hold them.
    places.extend(["TO", "FIX"].iter().zip(["DO", "ME"]).map(|(one, two)| format!("{one}{two}")));
    let mut wrong = Vec::new();
    for path in texts() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let found = places.iter().filter(|place| line.contains(place.as_str()));
            wrong.extend(found.map(|place| format!("{path}:{}: {place}", number + 1)));
        }
    }
    verdict(&wrong);
}
