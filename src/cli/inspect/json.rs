//! The answer of `inspect` for programs. Every field is always there, empty where there is nothing to say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::source;
use super::{Found, Inspection};
use crate::openrc::{Mask, Place, Prompt, Reading, Refusal, Setting, Shown, Warning, Why};
use crate::profile::Profile;

pub(super) fn of(inspection: &Inspection) -> Value {
    match &inspection.found {
        Ok(found) => of_found(inspection, found),
        Err(refusal) => of_refusal(refusal),
    }
}

fn of_found(inspection: &Inspection, found: &Found) -> Value {
    let Found { reading, draft, warnings, mask } = found;
    let unknown = unknown(reading, mask);
    let is_partial = settings(reading).any(|(_, setting)| setting.hangs_on_what_is_not_run());
    let profile = source::profile(draft, inspection.rc.folder());
    json!({
        "verdict": if is_partial { "partial" } else { "values" },
        "set": values(&reading.settings, mask),
        "shell_only": values(&reading.shell_only, mask),
        "masked": masked(reading, mask),
        "unset": reading.unset,
        "prompts": reading.prompts.iter().map(|asked| prompt(asked, mask)).collect::<Vec<_>>(),
        "unknown": unknown,
        "unset_refs": unset_references(reading, mask),
        "warnings": warnings.iter().map(|found| warning(found, reading)).collect::<Vec<_>>(),
        "refuse": null,
        "login": draft.login.what(),
        "profile": if draft.unsupported.is_empty() { veiled(of_profile(&profile), mask) } else { Value::Null },
        "secret": found.secret_from(),
        "asks": found.open().map(|open| &open.name).collect::<Vec<_>>(),
        "obstacles": obstacles(found, &profile),
    })
}

fn of_refusal(refusal: &Refusal) -> Value {
    let Place { line, column, .. } = refusal.place;
    json!({
        "verdict": "refuse",
        "set": {},
        "shell_only": {},
        "masked": [],
        "unset": [],
        "prompts": [],
        "unknown": {},
        "unset_refs": {},
        "warnings": [],
        "refuse": {
            "line": line,
            "column": column,
            "reason": refusal.reason.word(),
            "text": refusal.what,
            "hint": refusal.hint,
        },
        "login": null,
        "profile": null,
        "secret": null,
        "asks": [],
        "obstacles": [],
    })
}

fn settings(reading: &Reading) -> impl Iterator<Item = (&String, &Setting)> {
    reading.settings.iter().chain(&reading.shell_only)
}

fn values(settings: &BTreeMap<String, Setting>, mask: &Mask) -> Map<String, Value> {
    let known = settings.iter().filter_map(|(name, setting)| Some((name, mask.value(name, setting)?)));
    known.map(|(name, Shown { text, .. })| (name.clone(), Value::String(text))).collect()
}

fn masked<'r>(reading: &'r Reading, mask: &Mask) -> Vec<&'r String> {
    let is_masked = |(name, setting): &(&String, &Setting)| {
        mask.value(name, setting).is_some_and(|shown| shown.is_masked)
    };
    let mut names: Vec<&String> = settings(reading).filter(is_masked).map(|(name, _)| name).collect();
    names.sort();
    names
}

fn prompt(asked: &Prompt, mask: &Mask) -> Value {
    json!({
        "into": asked.into,
        "hidden": asked.is_hidden,
        "text": mask.text(&asked.text).text,
        "reaches": asked.reaches,
        "line": asked.place.line,
        "column": asked.place.column,
    })
}

/// What is a question's answer, and nothing else, is told with the question.
fn unknown(reading: &Reading, mask: &Mask) -> Map<String, Value> {
    let unknown = settings(reading).filter(|(_, setting)| setting.prompt().is_none());
    let unknown = unknown.filter_map(|(name, setting)| Some((name, setting.unknown()?)));
    let told = unknown.map(|(name, (why, place))| {
        let told = json!({
            "hangs_on": hangs_on(&why, mask),
            "line": place.line,
            "column": place.column,
            "reason": mask.text(&format!("it hangs on {why}")).text,
        });
        (name.clone(), told)
    });
    told.collect()
}

fn hangs_on(why: &Why, mask: &Mask) -> [String; 1] {
    [match why {
        Why::Command(name) | Why::Session(name) => mask.text(name).text,
        Why::Prompt { index, .. } => format!("prompt {}", index + 1),
        Why::Other(what) => (*what).to_owned(),
    }]
}

/// What follows a stray `$` may be a part of the password: then the name is masked as well.
fn unset_references(reading: &Reading, mask: &Mask) -> Map<String, Value> {
    let with = settings(reading).filter(|(_, setting)| !setting.unset_references.is_empty());
    let told = with.map(|(name, setting)| {
        let shown = |reference: &String| mask.reference(name, reference);
        (name.clone(), setting.unset_references.iter().map(shown).collect())
    });
    told.collect()
}

fn warning(warning: &Warning, reading: &Reading) -> Value {
    let Place { file, line, column } = warning.place;
    let mut told = json!({
        "line": line,
        "column": column,
        "kind": warning.kind.word(),
        "text": warning.text,
    });
    if file > 0
        && let Some(path) = reading.files.get(usize::from(file)).filter(|path| !path.is_empty())
    {
        told["file"] = json!(path);
    }
    told
}

/// All of it but the name, which `add` chooses.
fn of_profile(profile: &Profile) -> Value {
    let mut told = json!(profile);
    if let Value::Object(fields) = &mut told {
        fields.remove("name");
        fields.remove("allow_http");
    }
    told
}

fn veiled(value: Value, mask: &Mask) -> Value {
    match value {
        Value::String(text) => Value::String(mask.text(&text).text),
        Value::Array(items) => items.into_iter().map(|item| veiled(item, mask)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, veiled(value, mask))).collect()
        }
        other => other,
    }
}

/// What keeps `add` from making the profile.
fn obstacles(found: &Found, profile: &Profile) -> Vec<Value> {
    let at = |name: &str, place: Place, text: String| json!({ "name": name, "line": place.line, "column": place.column, "text": text });
    let mut told: Vec<Value> = Vec::new();
    for unsupported in &found.draft.unsupported {
        told.push(at(&unsupported.name, unsupported.place, unsupported.what.clone()));
    }
    if let Some(fault) = found.fault(profile) {
        told.push(json!({ "name": null, "line": null, "column": null, "text": fault.to_string() }));
    }
    told
}
