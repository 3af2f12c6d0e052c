//! `inspect`, as the program that is built: the answer for programs against every case of `tests/data/openrc`, the screens
//! for people against those of `tests/data/inspect`, and the secrets against both.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

mod answers;
mod screens;
mod secrets;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::home::Home;
use crate::openrc::cases::{Case, cases};
use crate::run::Run;

/// A home with a case in it: its file, what lies beside it, and the arguments that say how it is sourced.
struct Scene {
    home: Home,
    folder: PathBuf,
    arguments: Vec<String>,
}

impl Scene {
    fn new(case: &Case) -> Scene {
        let mut home = Home::new();
        home.set("USER", "ada");
        let folder = home.path().canonicalize().unwrap().join("rc");
        fs::create_dir(&folder).unwrap();
        case.furnish(&folder);
        fs::copy(&case.path, folder.join(&case.name)).unwrap();
        let mut arguments = vec!["inspect".to_owned(), format!("rc/{}", case.name)];
        let answers = case.answers();
        if !answers.is_empty() {
            home.write("answers", &format!("{}\n", answers.join("\n")));
            arguments.extend(["--answers".to_owned(), "answers".to_owned()]);
        }
        for argument in case.lines("args") {
            arguments.extend(["--arg".to_owned(), argument]);
        }
        Scene { home, folder, arguments }
    }

    fn inspect(&self, more: &[&str]) -> Run {
        self.home.osagent(&self.arguments).args(more)
    }

    /// What is expected, with the folders of this scene in it.
    fn expected(&self, case: &Case) -> Value {
        let text = case.expected.to_string();
        let home = self.home.path().canonicalize().unwrap();
        let text = text.replace("@HOME@", home.to_str().unwrap());
        serde_json::from_str(&text.replace("@RCDIR@", self.folder.to_str().unwrap())).unwrap()
    }
}

#[test]
fn nothing_is_started_and_nothing_is_left_behind() {
    let case = cases().into_iter().find(|case| case.name == "horizon-v3-literal-password.sh").unwrap();
    let scene = Scene::new(&case);
    scene.inspect(&["--json"]).ok();
    scene.inspect(&[]).ok();
    for folder in [scene.home.runtime(), scene.home.all().join("config"), scene.home.all().join("state")] {
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "{}", folder.display());
    }
    assert_eq!(scene.home.agents(), [0; 0]);
}

#[test]
fn what_cannot_be_read_is_said_by_name_and_status() {
    let home = Home::new();
    home.write("rc", "export OS_AUTH_URL=https://id.example/v3\n");
    let says = |arguments: &[&str], status: i32, words: &str| {
        let done = home.osagent([&["inspect"], arguments].concat()).fails(status);
        assert!(done.stderr.contains(words), "{words}: {done:#?}");
        assert_eq!(done.stdout, "");
    };
    says(&["absent.sh"], 7, "absent.sh");
    says(&["."], 7, "not a regular file");
    says(&["rc", "--answers", "absent"], 7, "absent");
    says(&["-", "--answers", "-"], 2, "cannot both come from standard input");
    says(&[], 2, "Usage");
    let done = home.osagent(["inspect", "-", "--json"]).stdin("export OS_USERNAME=ada\n").ok();
    assert_eq!(done.json()["set"]["OS_USERNAME"], "ada");
    let done = home.osagent(["inspect", "rc", "--json", "--answers", "-"]).stdin("one\n").ok();
    assert_eq!(done.json()["verdict"], "values");
}

#[test]
fn a_file_without_end_is_refused_with_a_place() {
    let home = Home::new();
    let done = home.osagent(["inspect", "/dev/zero", "--json"]).fails(7);
    let refuse = &done.json()["refuse"];
    assert_eq!((&refuse["reason"], &refuse["line"]), (&"too-large".into(), &1.into()), "{refuse}");
}
