//! The answer for programs against the expected one, by the rules in the README of `tests/data/openrc`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Scene;
use crate::openrc::cases::{cases, strings};

#[test]
fn every_case_gets_its_expected_answer_from_the_program() {
    let mut faults = Vec::new();
    for case in cases() {
        let scene = Scene::new(&case);
        let expected = scene.expected(&case);
        let done = scene.inspect(&["--json", "--reveal"]).done();
        let answer = done.json();
        let mut found = Vec::new();
        check(&answer, &expected, &mut found);
        let status = if answer["verdict"] == "refuse" { 7 } else { 0 };
        if done.status.code() != Some(status) || !done.stderr.is_empty() {
            found.push(format!("status {:?}, said {:?}", done.status.code(), done.stderr));
        }
        for name in strings(&expected["must_not_exist"]) {
            if scene.folder.join(&name).exists() || scene.home.path().join(&name).exists() {
                found.push(format!("{name} was made"));
            }
        }
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", case.name)));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn an_answer_has_all_its_fields_whatever_the_verdict() {
    let fields = |name: &str| -> BTreeSet<String> {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        let answer = Scene::new(&case).inspect(&["--json"]).done().json();
        assert_eq!(answer["format"], 1);
        answer.as_object().unwrap().keys().cloned().collect()
    };
    let read = fields("horizon-v3.sh");
    assert_eq!(read, fields("hostile-nul.sh"));
    for field in
        ["verdict", "set", "shell_only", "unset", "prompts", "unknown", "unset_refs", "refuse", "warnings"]
    {
        assert!(read.contains(field), "{field}");
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn check(answer: &Value, expected: &Value, faults: &mut Vec<String>) {
    let accepted = match strings(&expected["accept"]) {
        accepted if accepted.is_empty() => strings(&Value::Array(vec![expected["verdict"].clone()])),
        accepted => accepted,
    };
    let verdict = answer["verdict"].as_str().unwrap();
    if !accepted.iter().any(|accepted| accepted == verdict) {
        faults.push(format!("verdict {verdict}, expected {accepted:?}: {answer}"));
    }
    check_values(answer, expected, faults);
    match verdict {
        "refuse" => check_refusal(answer, expected, faults),
        _ => check_rest(answer, expected, faults),
    }
    check_places(answer, faults);
}

/// A wrong value is worse than an unknown one, and an unknown one worse than the right one.
fn check_values(answer: &Value, expected: &Value, faults: &mut Vec<String>) {
    let unknown = object(&answer["unknown"]);
    let lenient = strings(&expected["lenient"]);
    let is_refused = answer["verdict"] == "refuse";
    for field in ["set", "shell_only"] {
        let (found, wanted) = (object(&answer[field]), object(&expected[field]));
        for (name, text) in &found {
            if wanted.get(name) != Some(text) {
                faults.push(format!("{field} {name} is {text}, expected {:?}", wanted.get(name)));
            }
        }
        for name in wanted.keys().filter(|name| !found.contains_key(*name) && !is_refused) {
            let may_be_unknown = lenient.contains(name) || (field == "shell_only" && !lenient.is_empty());
            if !(unknown.contains_key(name) && may_be_unknown) {
                faults.push(format!("{field} {name} is missing: {:?}", unknown.get(name)));
            }
        }
    }
}

fn check_refusal(answer: &Value, expected: &Value, faults: &mut Vec<String>) {
    let (found, wanted) = (&answer["refuse"], &expected["refuse"]);
    let mut reasons = strings(&expected["accept_reasons"]);
    reasons.extend(wanted["reason"].as_str().map(str::to_owned));
    if !reasons.iter().any(|reason| found["reason"] == **reason) {
        faults.push(format!("reason {}, expected {reasons:?}", found["reason"]));
    }
    for field in ["line", "column"] {
        if !wanted[field].is_null() && wanted[field] != found[field] {
            faults.push(format!("refused at {field} {}, expected {}", found[field], wanted[field]));
        }
    }
}

fn check_rest(answer: &Value, expected: &Value, faults: &mut Vec<String>) {
    let lenient = strings(&expected["lenient"]);
    let unknown = object(&answer["unknown"]);
    for name in object(&expected["unknown"]).keys().filter(|name| !unknown.contains_key(*name)) {
        faults.push(format!("{name} is not said to be unknown"));
    }
    let unset = strings(&answer["unset"]);
    faults.extend(
        strings(&expected["unset"])
            .iter()
            .filter(|name| !unset.contains(name))
            .map(|name| format!("unset lacks {name}")),
    );
    let none = Vec::new();
    let wanted = expected["prompts"].as_array().unwrap_or(&none);
    let found = answer["prompts"].as_array().unwrap();
    if wanted.len() != found.len() {
        faults.push(format!("{} prompts, expected {}", found.len(), wanted.len()));
    }
    let reaches = |prompt: &Value| -> BTreeSet<String> {
        strings(&prompt["reaches"]).into_iter().filter(|name| !lenient.contains(name)).collect()
    };
    for (found, wanted) in found.iter().zip(wanted) {
        let is_same = ["into", "hidden", "text"].iter().all(|field| found[field] == wanted[field]);
        if !is_same || reaches(found) != reaches(wanted) {
            faults.push(format!("prompt {found}, expected {wanted}"));
        }
    }
    for (name, references) in object(&expected["unset_refs"]) {
        if answer["unset_refs"][&name] != references {
            faults.push(format!("unset references of {name}: {}", answer["unset_refs"][&name]));
        }
    }
    for line in expected["warn_lines"].as_array().into_iter().flatten() {
        if !answer["warnings"].as_array().unwrap().iter().any(|warning| warning["line"] == *line) {
            faults.push(format!("no warning on line {line}"));
        }
    }
}

/// Every refusal, every unknown and every warning has a line and a column.
fn check_places(answer: &Value, faults: &mut Vec<String>) {
    let mut placed: Vec<Value> = answer["warnings"].as_array().unwrap().clone();
    placed.extend(object(&answer["unknown"]).into_iter().map(|(_, told)| told));
    placed.extend(answer["prompts"].as_array().unwrap().clone());
    placed.extend((!answer["refuse"].is_null()).then(|| answer["refuse"].clone()));
    let is_placed = |told: &&Value| ["line", "column"].iter().all(|field| told[field].as_u64() > Some(0));
    faults
        .extend(placed.iter().filter(|told| !is_placed(told)).map(|told| format!("without a place: {told}")));
}
