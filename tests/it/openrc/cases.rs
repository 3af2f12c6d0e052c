//! Every case of `tests/data/openrc`: a file, what is typed at it, and what is right for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use osagent::openrc::{Reading, Refusal};
use serde_json::Value;

use super::world::read_with;

#[test]
fn every_case_gets_its_expected_answer() {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases() {
        count += 1;
        let mut faults = check(&case);
        failures.append(&mut faults);
    }
    assert!(count >= 60, "only {count} cases were found");
    assert!(failures.is_empty(), "{} faults:\n{}", failures.len(), failures.join("\n"));
}

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) expected: Value,
}

pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openrc");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .strip_suffix(".expected.json")
                .map(str::to_owned)
        })
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let expected = fs::read_to_string(folder.join(format!("{name}.expected.json"))).unwrap();
            Case { path: folder.join(&name), expected: serde_json::from_str(&expected).unwrap(), name }
        })
        .collect()
}

pub(crate) const HOME: &str = "/home/of/ada";

impl Case {
    pub(crate) fn read(&self) -> Result<Reading, Refusal> {
        self.read_text(&fs::read(&self.path).unwrap())
    }

    /// Reads `source` as if it stood in the case's file.
    pub(crate) fn read_text(&self, source: &[u8]) -> Result<Reading, Refusal> {
        let room = tempfile::tempdir().unwrap();
        let folder = room.path().canonicalize().unwrap();
        self.furnish(&folder);
        read_with(source, &folder, HOME, &self.name, &self.lines("args"), &self.answers())
    }

    /// What is typed at the prompts.
    pub(crate) fn answers(&self) -> Vec<String> {
        let answers = self.lines("answers");
        if answers.is_empty() { strings(&self.expected["answers"]) } else { answers }
    }

    /// The lines of a file that belongs to the case.
    pub(crate) fn lines(&self, suffix: &str) -> Vec<String> {
        let path = self.path.with_file_name(format!("{}.{suffix}", self.name));
        fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Who said what is right.
    pub(crate) fn oracle(&self) -> &str {
        self.expected["oracle"].as_str().unwrap()
    }

    /// Puts the files that lie beside the case's own into `folder`.
    pub(crate) fn furnish(&self, folder: &Path) {
        let beside = self.path.with_file_name(format!("{}.d", self.name));
        for entry in fs::read_dir(beside).into_iter().flatten() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn check(case: &Case) -> Vec<String> {
    let expected = &case.expected;
    let mut faults = Vec::new();
    let verdicts: Vec<String> = match strings(&expected["accept"]) {
        accepted if accepted.is_empty() => vec![expected["verdict"].as_str().unwrap().to_owned()],
        accepted => accepted,
    };
    let started = std::time::Instant::now();
    let reading = case.read();
    if let Some(limit_ms) = expected["limit_ms"].as_u64()
        && started.elapsed().as_millis() > u128::from(limit_ms)
    {
        faults.push(format!("took {:?}", started.elapsed()));
    }
    match &reading {
        Err(refusal) => {
            if !verdicts.iter().any(|verdict| verdict == "refuse") {
                faults.push(format!("refused: {refusal} ({})", refusal.reason.word()));
            }
            check_refusal(refusal, &expected["refuse"], expected, &mut faults);
        }
        Ok(reading) => {
            check_values(reading, expected, &mut faults);
            let verdict = if unknown_of(reading).is_empty() { "values" } else { "partial" };
            if !verdicts.iter().any(|accepted| accepted == verdict) {
                faults.push(format!(
                    "verdict {verdict}, expected {verdicts:?}; unknown: {:?}",
                    unknown_of(reading)
                ));
            }
            check_rest(reading, expected, &mut faults);
        }
    }
    faults.into_iter().map(|fault| format!("{}: {fault}", case.name)).collect()
}

fn check_refusal(refusal: &Refusal, wanted: &Value, expected: &Value, faults: &mut Vec<String>) {
    let reasons: Vec<String> = strings(&expected["accept_reasons"])
        .into_iter()
        .chain(wanted["reason"].as_str().map(str::to_owned))
        .collect();
    if !reasons.iter().any(|reason| reason == refusal.reason.word()) {
        faults.push(format!("reason {}, expected {reasons:?}", refusal.reason.word()));
    }
    let line = wanted["line"].as_u64();
    let column = wanted["column"].as_u64();
    if line.is_some_and(|line| line != u64::from(refusal.place.line))
        || column.is_some_and(|column| column != u64::from(refusal.place.column))
    {
        faults.push(format!("at {}, expected {line:?}:{column:?}", refusal.place));
    }
}

fn unknown_of(reading: &Reading) -> Vec<&String> {
    let all = reading.settings.iter().chain(&reading.shell_only);
    all.filter(|(_, setting)| setting.unknown().is_some()).map(|(name, _)| name).collect()
}

fn expected_texts(value: &Value, folder: &str) -> BTreeMap<String, String> {
    let fill = |text: &str| text.replace("@HOME@", HOME).replace("@RCDIR@", folder);
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, text)| (name.clone(), fill(text.as_str().unwrap())))
        .collect()
}

/// Rule 1: nothing that is not expected, nothing expected that is missing.
fn check_values(reading: &Reading, expected: &Value, faults: &mut Vec<String>) {
    let own = &reading.files[0];
    let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
    let lenient = strings(&expected["lenient"]);
    for (field, found) in [("set", &reading.settings), ("shell_only", &reading.shell_only)] {
        let wanted = expected_texts(&expected[field], folder);
        for (name, setting) in found {
            match (setting.text(), wanted.get(name)) {
                (Some(text), Some(wanted)) if text == wanted => {}
                (Some(text), wanted) => {
                    faults.push(format!("{field} {name} is {text:?}, expected {wanted:?}"))
                }
                (None, Some(_)) if !lenient.contains(name) && (field == "set" || lenient.is_empty()) => {
                    faults.push(format!("{field} {name} is unknown: {setting:?}"));
                }
                (None, Some(_)) => {}
                (None, None) if expected["unknown"].get(name).is_none() => {
                    faults.push(format!("{field} {name} is unknown and not expected at all: {setting:?}"));
                }
                (None, None) => {}
            }
        }
        faults.extend(
            wanted
                .keys()
                .filter(|name| !found.contains_key(*name))
                .map(|name| format!("{field} {name} is missing")),
        );
    }
}

fn check_rest(reading: &Reading, expected: &Value, faults: &mut Vec<String>) {
    for name in expected["unknown"].as_object().into_iter().flatten().map(|(name, _)| name) {
        if !unknown_of(reading).contains(&name) {
            faults.push(format!("{name} is not said to be unknown"));
        }
    }
    for name in strings(&expected["unset"]) {
        if !reading.unset.contains(&name) {
            faults.push(format!("unset lacks {name}"));
        }
    }
    let wanted = expected["prompts"].as_array().cloned().unwrap_or_default();
    if wanted.len() != reading.prompts.len() {
        faults.push(format!("{} prompts, expected {}", reading.prompts.len(), wanted.len()));
    }
    for (prompt, wanted) in reading.prompts.iter().zip(&wanted) {
        let found = (prompt.into.as_str(), prompt.is_hidden, prompt.text.as_str(), prompt.reaches.clone());
        let lenient = strings(&expected["lenient"]);
        let reaches: Vec<String> =
            strings(&wanted["reaches"]).into_iter().filter(|name| !lenient.contains(name)).collect();
        let same_reach = reaches.iter().all(|name| found.3.contains(name))
            && found.3.iter().all(|name| reaches.contains(name) || lenient.contains(name));
        if Some(found.0) != wanted["into"].as_str()
            || Some(found.1) != wanted["hidden"].as_bool()
            || Some(found.2) != wanted["text"].as_str()
            || !same_reach
        {
            faults.push(format!("prompt {found:?}, expected {wanted}"));
        }
    }
    for (name, references) in expected["unset_refs"].as_object().into_iter().flatten() {
        let found = reading.settings.get(name).map(|setting| setting.unset_references.clone());
        if found.as_ref() != Some(&strings(references)) {
            faults.push(format!("unset references of {name}: {found:?}, expected {references}"));
        }
    }
    for line in expected["warn_lines"].as_array().into_iter().flatten() {
        let line = line.as_u64().unwrap();
        if !reading.warnings.iter().any(|warning| u64::from(warning.place.line) == line) {
            faults.push(format!("no warning on line {line}"));
        }
    }
    for warning in &reading.warnings {
        if warning.place.line == 0 || warning.place.column == 0 {
            faults.push("a warning without a place".to_owned());
        }
    }
}
