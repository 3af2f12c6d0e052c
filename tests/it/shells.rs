//! What we print for shells, read back by the shells themselves: every value byte for byte, quoted and unquoted, under
//! each option and IFS, in a folder whose files match whatever could be globbed.
//!
//! The oracle is the whole environment that a child of the shell gets: what we set, minus what we unset, and nothing else.

mod direnv;
mod hooks;
mod prompts;
pub(crate) mod rigs;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use osagent::shell;
use rigs::{Eval, RIGS, Rig};

type Environment = BTreeMap<String, Vec<u8>>;

/// Every character that makes up an IFS for which the unquoted form is promised.
const IFS_CHARS: [char; 4] = [' ', '\t', '\n', ';'];

#[test]
fn every_value_comes_back_byte_for_byte() {
    let values = values();
    for rig in rigs::here() {
        let scene = Scene::new(rig, &values);
        for eval in rig.evals() {
            scene.check(*eval, " \t\n", "C.UTF-8");
            scene.check(*eval, " \t\n", "C");
        }
    }
}

#[test]
fn the_unquoted_form_holds_for_any_ifs_of_space_tab_newline_and_semicolon() {
    let values = few(values());
    for rig in rigs::here().filter(|rig| rig.evals().contains(&Eval::Unquoted)) {
        let scene = Scene::new(rig, &values);
        for set in 0..1 << IFS_CHARS.len() {
            let ifs: String =
                (0..IFS_CHARS.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| IFS_CHARS[bit]).collect();
            scene.check(Eval::Unquoted, &ifs, "C.UTF-8");
        }
    }
}

#[test]
fn every_leftover_goes_and_nothing_else_does() {
    let garbage =
        [("OS_COMPUTE_ENDPOINT_OVERRIDE", "x"), ("OS_VOLUME_ENDPOINT", "y"), ("SWIFT_PREAUTHURL", "z")];
    let kept = [
        ("OS_CLIENT_CONFIG_FILE", "/etc/x"),
        ("OS_COMPUTE_API_VERSION", "2.1"),
        ("OS_OTHER", "1"),
        ("ST_AUTH", "2"),
        ("SWIFT_X", "3"),
        ("OSAGENT_SOCK", "/run/x"),
        ("LD_BIND_NOW", "4"),
    ];
    let forged = "PATH:LD_BIND_NOW:HOME:OS_;touch pwned;:$(touch pwned):SWIFT_PREAUTHURL:OSAGENT_SOCK";
    let mut before: Environment = rigs::base_environment();
    let leftovers = shell::names::LEFTOVERS.iter().map(|name| (*name, "garb age*'$(touch pwned)"));
    for (name, value) in leftovers.chain(garbage).chain(kept).chain([(shell::names::EXPORTED, forged)]) {
        before.insert(name.to_owned(), value.into());
    }
    let unset = shell::names::to_unset(before.keys().map(String::as_str), Some(forged));
    let mut after = before.clone();
    let gone = shell::names::LEFTOVERS.iter().copied().chain(garbage.map(|(name, _)| name));
    gone.for_each(|name| drop(after.remove(name)));
    for rig in rigs::here() {
        let folder = tempfile::tempdir().unwrap();
        for eval in rig.evals() {
            let nothing: [(&str, &str); 0] = [];
            let code = shell::change(rig.shell(), &unset, &nothing);
            let (status, environment) = rig.run(*eval, &code, &before, " \t\n;", folder.path());
            assert_eq!(status, 0, "{rig} {eval:?}");
            assert_same(&environment, &after, &format!("{rig} {eval:?}"));

            let code = shell::failure(rig.shell(), &unset);
            let (status, environment) = rig.run(*eval, &code, &before, " \t\n;", folder.path());
            assert_ne!(status, 0, "{rig} {eval:?}");
            assert_same(&environment, &after, &format!("{rig} {eval:?}"));
        }
        assert!(!folder.path().join("pwned").exists());
    }
}

#[test]
fn the_code_works_in_a_shell_that_has_none_of_the_names() {
    for rig in rigs::here() {
        let folder = tempfile::tempdir().unwrap();
        let before = rigs::base_environment();
        for eval in rig.evals() {
            let code = shell::change(rig.shell(), shell::names::LEFTOVERS, &[("OS_TOKEN", "t")]);
            let (status, environment) = rig.run(*eval, &code, &before, " \t\n", folder.path());
            let mut after = before.clone();
            after.insert("OS_TOKEN".to_owned(), b"t".to_vec());
            assert_eq!(status, 0, "{rig} {eval:?}");
            assert_same(&environment, &after, &format!("{rig} {eval:?}"));
            let nothing: [&str; 0] = [];
            let (status, environment) =
                rig.run(*eval, &shell::failure(rig.shell(), &nothing), &before, " \t\n", folder.path());
            assert_ne!(status, 0, "{rig} {eval:?}");
            assert_same(&environment, &before, &format!("{rig} {eval:?}"));
        }
    }
}

#[test]
fn every_shell_of_the_table_is_tested() {
    for shell in shell::SHELLS {
        assert!(RIGS.iter().any(|rig| rig.speaks == shell.names()[0]), "{shell:?} has no rig");
    }
}

/// The code for a list of values, in a folder made to mislead the shell that reads it.
struct Scene<'a> {
    rig: &'a Rig,
    code: String,
    after: Environment,
    before: Environment,
    folder: tempfile::TempDir,
}

impl<'a> Scene<'a> {
    fn new(rig: &'a Rig, values: &[String]) -> Scene<'a> {
        let pairs: Vec<(String, &str)> = values
            .iter()
            .enumerate()
            .map(|(index, value)| (format!("OS_V{index}"), value.as_str()))
            .collect();
        let mut before = rigs::base_environment();
        before.insert("OS_PASSWORD".to_owned(), b"left over".to_vec());
        before.insert("OS_V1".to_owned(), b"old".to_vec());
        let mut after = before.clone();
        after.remove("OS_PASSWORD");
        for (name, value) in &pairs {
            after.insert(name.clone(), value.as_bytes().to_vec());
        }
        let code = shell::change(rig.shell(), &["OS_PASSWORD", "OS_V1", "OS_NOT_THERE"], &pairs);
        let folder = tempfile::tempdir().unwrap();
        fill_with_hostile_names(folder.path(), &code);
        Scene { rig, code, after, before, folder }
    }

    fn check(&self, eval: Eval, ifs: &str, locale: &str) {
        let what = format!("{} {eval:?} IFS={ifs:?} {locale}", self.rig);
        let (mut before, mut after) = (self.before.clone(), self.after.clone());
        before.insert("LC_ALL".to_owned(), locale.into());
        after.insert("LC_ALL".to_owned(), locale.into());
        let (status, environment) = self.rig.run(eval, &self.code, &before, ifs, self.folder.path());
        assert_eq!(status, 0, "{what}");
        assert_same(&environment, &after, &what);
        assert!(!self.folder.path().join("pwned").exists(), "{what}: code was run");
    }
}

fn assert_same(got: &Environment, expect: &Environment, what: &str) {
    let names: BTreeSet<&String> = got.keys().chain(expect.keys()).collect();
    for name in names {
        let text = |of: &Environment| of.get(name).map(|value| value.escape_ascii().to_string());
        assert_eq!(text(got), text(expect), "{what}: {name}");
    }
}

/// Files named as each word of the code, and as what is left of it once a glob has taken its backslashes: a shell that
/// globs any of it finds a match that is not the word.
fn fill_with_hostile_names(folder: &Path, code: &str) {
    let globs = [
        "*",
        "?",
        "a",
        "b",
        "ab",
        "[a]",
        "x20",
        "export",
        "unset",
        "set",
        "OS_V1=hit",
        "-n",
        "'",
        "\"",
        "\\",
    ];
    let words = code.split([' ', ';']).map(str::to_owned);
    let bare = code.split([' ', ';']).map(|word| word.replace(['\\', '\'', '"'], ""));
    for name in words.chain(bare).chain(globs.map(str::to_owned)) {
        let name = name.trim_end();
        if !name.is_empty() && !name.contains('/') && name.len() < 255 {
            std::fs::write(folder.join(name), "").ok();
        }
    }
}

/// The hostile values: those of the data file, each printable character alone and between letters, some of every UTF-8
/// length, a token of 4 KiB, and lines put together at random from what shells care about.
fn values() -> Vec<String> {
    let file = include_str!("../data/shell-values.txt");
    let mut values: Vec<String> = file.lines().map(str::to_owned).collect();
    let printable: Vec<char> = (' '..='~').collect();
    values.extend(printable.iter().map(|c| c.to_string()));
    values.push(printable.iter().collect());
    values.push(printable.iter().flat_map(|c| ['A', *c]).collect());
    values.push(('\u{a0}'..='\u{7ff}').filter(|c| !c.is_control()).collect());
    values.push("\u{800}\u{ffff}\u{10000}\u{10ffff}".to_owned());
    values.push("gAAAAAB-_aZ09=".repeat(4096 / 14));
    let mut random = Random(0x5eed);
    let pieces = [
        "\\", "'", "\"", "$", "(", ")", "`", " ", "  ", "*", "?", "[a]", ";", "A", "41", "é", "{a,b}", "%",
        "!", "&",
    ];
    values
        .extend((0..60).map(|_| (0..random.below(12)).map(|_| pieces[random.below(pieces.len())]).collect()));
    values
}

/// Enough of them to meet each byte, where one run a value would be too slow.
fn few(values: Vec<String>) -> Vec<String> {
    let is_rich = |value: &String| value.len() > 90 || value.contains(' ') || value.is_empty();
    values.into_iter().filter(is_rich).take(40).collect()
}

/// The same numbers each time: a failure can be looked at again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}
