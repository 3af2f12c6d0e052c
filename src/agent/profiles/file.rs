//! One profile's file: its keys, and those that this release does not know, which are kept. Text in, text out; only `read`
//! touches the disk.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{Entry, Fault, Forward, forward};
use crate::host::files;
use crate::profile::{Name, Profile};

/// A profile with every setting is about 1 KiB.
const PROFILE_LEN_MAX: usize = 64 * 1024;

/// The format of the files. A file of a later one is refused rather than half understood.
pub(super) const FORMAT: u32 = 1;

/// The file, key by key. `name` is the file's own.
#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    keyring: String,
    secret_origin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allow_forward: Option<Value>,
    #[serde(flatten)]
    profile: Table,
}

pub(super) fn read(path: &Path, name: Name) -> Result<Entry, Fault> {
    let content = files::read(path, PROFILE_LEN_MAX)?;
    let text = String::from_utf8_lossy(&content);
    let bad = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let line = 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        let reason = error.message().lines().collect::<Vec<_>>().join("; ");
        Fault::Text { path: path.to_owned(), line, reason }
    };
    let file: File = toml::from_str(&text).map_err(bad)?;
    if file.format != FORMAT {
        return Err(Fault::Format { path: path.to_owned(), format: file.format });
    }
    let forward = file.allow_forward.as_ref().map_or(Ok(Forward::No), Forward::read);
    let forward = forward.map_err(|fault| {
        let line = text.lines().position(|line| line.trim_start().starts_with(forward::KEY));
        Fault::Text { path: path.to_owned(), line: 1 + line.unwrap_or(0), reason: fault.to_string() }
    })?;
    let mut table = file.profile;
    table.insert("name".to_owned(), Value::String(name.into()));
    let profile: Profile = table.clone().try_into().map_err(bad)?;
    let known = Table::try_from(&profile).map_err(|error| unwritable(path, &error))?;
    let mut rest = unknown(table, &known);
    rest.retain(|key, _| !LEFT_OUT.contains(&key));
    Ok(Entry { profile, keyring: file.keyring, secret_origin: file.secret_origin, forward, rest })
}

pub(super) fn render(entry: &Entry, path: &Path) -> Result<String, Fault> {
    let mut profile = Table::try_from(&entry.profile).map_err(|error| unwritable(path, &error))?;
    profile.remove("name");
    add(&mut profile, &entry.rest);
    let file = File {
        format: FORMAT,
        keyring: entry.keyring.clone(),
        secret_origin: entry.secret_origin.clone(),
        allow_forward: entry.forward.value(),
        profile,
    };
    toml::to_string(&file).map_err(|error| unwritable(path, &error))
}

/// The names of unknown keys as a person would write them: `user.shoe`.
pub(super) fn names(rest: &Table) -> Vec<String> {
    let of_one = |(key, value): (&String, &Value)| match value {
        // A table that is known in part is there for its unknown keys alone.
        Value::Table(inner) if KNOWN_TABLES.contains(&key.as_str()) => {
            names(inner).iter().map(|name| format!("{key}.{name}")).collect()
        }
        _ => vec![key.clone()],
    };
    rest.iter().flat_map(of_one).collect()
}

/// Left out when they hold nothing, so they must not look unknown when a person wrote them.
const LEFT_OUT: &[&str] = &["regions", "interface", "allow_http"];

const KNOWN_TABLES: &[&str] = &["user", "scope", "tls", "project", "domain"];

/// What is in `table` and not in `known`, also further down.
fn unknown(table: Table, known: &Table) -> Table {
    let of_one = |(key, value): (String, Value)| match (value, known.get(&key)) {
        (value, None) => Some((key, value)),
        (Value::Table(inner), Some(Value::Table(known))) => {
            let inner = unknown(inner, known);
            (!inner.is_empty()).then_some((key, Value::Table(inner)))
        }
        (_, Some(_)) => None,
    };
    table.into_iter().filter_map(of_one).collect()
}

/// Adds unknown keys. What belonged to a scope that is no more has no place: a scope is one of several tables.
fn add(table: &mut Table, rest: &Table) {
    for (key, value) in rest {
        match (table.get_mut(key), value) {
            (Some(Value::Table(inner)), Value::Table(rest)) if key == "scope" => {
                let of_the_same = |(kind, _): &(&String, &Value)| inner.contains_key(kind.as_str());
                let rest = rest.iter().filter(of_the_same).map(|(kind, rest)| (kind.clone(), rest.clone()));
                let rest = rest.collect();
                add(inner, &rest);
            }
            (Some(Value::Table(inner)), Value::Table(rest)) => add(inner, rest),
            (Some(_), _) => {}
            (None, _) => drop(table.insert(key.clone(), value.clone())),
        }
    }
}

fn unwritable(path: &Path, error: &toml::ser::Error) -> Fault {
    Fault::Text { path: path.to_owned(), line: 1, reason: error.to_string() }
}
