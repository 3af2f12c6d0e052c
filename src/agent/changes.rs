//! What is another thing in a profile than before, key by key, for people. A profile holds no secret, so all of it may be shown.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::profile::Profile;
use crate::wire::answer::Change;

/// The keys are those of the profile's file. The name is none of them.
pub(super) fn changes(before: &Profile, after: &Profile) -> Vec<Change> {
    let (old, new) = (settings(before), settings(after));
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of =
        |settings: &BTreeMap<String, String>, key: &String| settings.get(key).cloned().unwrap_or_default();
    let all = keys.into_iter().map(|key| Change { key: key.clone(), old: of(&old, key), new: of(&new, key) });
    all.filter(|change| change.old != change.new).collect()
}

fn settings(profile: &Profile) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // A profile is plain data; one that could not be written would have no settings to compare.
    let value = serde_json::to_value(profile).unwrap_or_default();
    flatten("", &value, &mut found);
    found.remove("name");
    found
}

fn flatten(key: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, value, found);
            }
        }
        Value::Array(several) => {
            let words: Vec<String> = several.iter().map(text).collect();
            found.insert(key.to_owned(), words.join(", "));
        }
        Value::Null => {}
        value => {
            found.insert(key.to_owned(), text(value));
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, Reference, Scope, Tls, User};

    #[test]
    fn what_differs_is_named_by_its_key_and_nothing_else_is() {
        let named = |name: &str| Reference { id: None, name: Some(name.to_owned()) };
        let before = Profile {
            name: "prod".parse().unwrap(),
            auth_url: "https://id.example/v3".to_owned(),
            method: Method::Password,
            user: User { user: named("ada"), domain: named("Default") },
            scope: Scope::Project { project: named("demo"), domain: named("Default") },
            regions: vec!["SBG1".to_owned()],
            interface: None,
            tls: Tls::default(),
            allow_http: false,
        };
        let mut after = before.clone();
        assert_eq!(changes(&before, &after), []);
        after.regions.push("GRA9".to_owned());
        after.scope = Scope::System;
        after.tls.insecure = true;
        after.name = "other".parse().unwrap();
        let told: Vec<String> =
            changes(&before, &after).iter().map(|c| format!("{}: {} > {}", c.key, c.old, c.new)).collect();
        assert_eq!(
            told,
            [
                "regions: SBG1 > SBG1, GRA9",
                "scope:  > system",
                "scope.project.domain.name: Default > ",
                "scope.project.name: demo > ",
                "tls.insecure:  > true",
            ]
        );
    }
}
