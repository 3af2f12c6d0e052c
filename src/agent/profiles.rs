//! The profile files: `profiles/NAME.toml` and `default`. The agent is their only writer; each is replaced whole, so a crash
//! leaves the old one or the new one. They hold no secret. Keys that this release does not know are kept and warned of.

mod file;
mod forward;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub use forward::{BadForward, Forward, KEY as ALLOW_FORWARD};

use crate::host::files;
use crate::profile::{Name, Origin, Profile};

/// A profile, and where its secret rests.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub profile: Profile,
    /// The keyring's name; it is kept for the profile's life, also when another would answer.
    pub keyring: String,
    /// What the secret is bound to. Another auth URL does not get it until `passwd` says so.
    pub secret_origin: String,
    /// Whether the restricted socket gives its tokens. Another login under the same name begins without.
    pub forward: Forward,
    /// What this release does not know.
    rest: toml::Table,
}

impl Entry {
    pub fn new(profile: Profile, keyring: &str) -> Entry {
        let secret_origin = profile.origin().map(|origin| origin.to_string()).unwrap_or_default();
        let (keyring, forward) = (keyring.to_owned(), Forward::No);
        Entry { profile, keyring, secret_origin, forward, rest: toml::Table::new() }
    }

    /// The profile's origin, if the secret may be shown to it.
    pub fn origin(&self) -> Option<Origin> {
        self.profile.origin().filter(|origin| origin.as_str() == self.secret_origin)
    }

    /// A new state of the same entry: what this release does not know stays.
    pub fn with(&self, profile: Profile, keyring: &str) -> Entry {
        Entry { forward: self.forward, rest: self.rest.clone(), ..Entry::new(profile, keyring) }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{}: line {line}: {reason}", path.display())]
    Text { path: PathBuf, line: usize, reason: String },
    #[error("{}: format {format} is of a later osagent; this one reads format {}", path.display(), file::FORMAT)]
    Format { path: PathBuf, format: u32 },
    #[error(transparent)]
    File(#[from] files::Fault),
}

/// All profiles, in memory, and the folder that they are written to.
#[derive(Debug)]
pub struct Profiles {
    folder: PathBuf,
    /// Shared with the requests that are being answered: a warm one copies none.
    entries: BTreeMap<Name, Rc<Entry>>,
    default: Option<Name>,
    /// Files that could not be read and keys that nobody knows, for `list`.
    pub warnings: Vec<String>,
}

impl Profiles {
    /// Reads them all. A file that cannot be read costs that profile, with a warning, and no other.
    pub fn read(folder: PathBuf) -> Result<Profiles, Fault> {
        let mut profiles = Profiles { folder, entries: BTreeMap::new(), default: None, warnings: Vec::new() };
        let listing = match fs::read_dir(profiles.folder.join("profiles")) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(profiles),
            Err(source) => {
                return Err(files::Fault::Io { path: profiles.folder.join("profiles"), source }.into());
            }
        };
        for file in listing.filter_map(Result::ok) {
            let path = file.path();
            let Some(name) = name_of(&path) else { continue };
            match file::read(&path, name.clone()) {
                Ok(entry) => {
                    let unknown = file::names(&entry.rest);
                    let words = |key| format!("{}: unknown key {key:?}", path.display());
                    profiles.warnings.extend(unknown.into_iter().map(words));
                    profiles.entries.insert(name, Rc::new(entry));
                }
                Err(fault) => profiles.warnings.push(fault.to_string()),
            }
        }
        profiles.default = files::read(&profiles.default_path(), 256)
            .ok()
            .and_then(|content| std::str::from_utf8(&content).ok()?.trim().parse().ok());
        Ok(profiles)
    }

    pub fn get(&self, name: &str) -> Option<&Rc<Entry>> {
        self.entries.get(&name.parse::<Name>().ok()?)
    }

    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().map(Rc::as_ref)
    }

    /// The chosen default, else the only profile.
    pub fn default(&self) -> Option<&Rc<Entry>> {
        let only = || self.entries.values().next().filter(|_| self.entries.len() == 1);
        self.default.as_ref().and_then(|name| self.entries.get(name)).or_else(only)
    }

    /// Those whose tokens the restricted socket gives now.
    pub fn forwarded(&self, wall_s: i64) -> impl Iterator<Item = &Entry> {
        self.all().filter(move |entry| entry.forward.is_open(wall_s))
    }

    /// A file that holds the same already is not written again: its times stay, too.
    pub fn save(&mut self, entry: Entry) -> Result<(), Fault> {
        let path = self.path(&entry.profile.name);
        let text = file::render(&entry, &path)?;
        if !files::read(&path, text.len()).is_ok_and(|now| *now == text.as_bytes()) {
            files::make_folder(&self.folder.join("profiles"))?;
            files::write(&path, text.as_bytes())?;
        }
        self.entries.insert(entry.profile.name.clone(), Rc::new(entry));
        Ok(())
    }

    pub fn remove(&mut self, name: &Name) -> Result<(), Fault> {
        files::remove(&self.path(name))?;
        self.entries.remove(name);
        if self.default.as_ref() == Some(name) {
            files::remove(&self.default_path())?;
            self.default = None;
        }
        Ok(())
    }

    pub fn set_default(&mut self, name: &Name) -> Result<(), Fault> {
        let text = format!("{name}\n");
        if !files::read(&self.default_path(), text.len()).is_ok_and(|now| *now == text.as_bytes()) {
            files::make_folder(&self.folder)?;
            files::write(&self.default_path(), text.as_bytes())?;
        }
        self.default = Some(name.clone());
        Ok(())
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join("profiles").join(format!("{name}.toml"))
    }

    fn default_path(&self) -> PathBuf {
        self.folder.join("default")
    }
}

fn name_of(path: &Path) -> Option<Name> {
    path.file_name()?.to_str()?.strip_suffix(".toml")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, Reference, Scope, Tls, User};

    fn profile(name: &str) -> Profile {
        let named = |name: &str| Reference { id: None, name: Some(name.to_owned()) };
        Profile {
            name: name.parse().unwrap(),
            auth_url: "https://id.example:5000/v3/".to_owned(),
            method: Method::Password,
            user: User { user: named("ada"), domain: named("Default") },
            scope: Scope::Project {
                project: named("weird  name*'$(touch pwned)\""),
                domain: named("Default"),
            },
            regions: vec!["SBG1".to_owned()],
            interface: None,
            tls: Tls::default(),
            allow_http: false,
        }
    }

    #[test]
    fn a_profile_is_read_back_as_it_was_saved_and_a_foreign_key_stays() {
        let home = tempfile::tempdir().unwrap();
        let mut profiles = Profiles::read(home.path().to_owned()).unwrap();
        profiles.save(Entry::new(profile("prod"), "memory")).unwrap();
        let path = home.path().join("profiles/prod.toml");
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("[user]\n", "[user]\nshoe = 43\npet.name = \"Rex\"\n");
        let text = text.replace("[scope.project]\n", "[scope.project]\nquota = 7\n");
        fs::write(&path, format!("colour = \"green\"\n{text}")).unwrap();
        let mut again = Profiles::read(home.path().to_owned()).unwrap();
        let entry = again.get("prod").unwrap().clone();
        assert_eq!(entry.profile, profile("prod"));
        let warned: Vec<&str> = again.warnings.iter().filter_map(|text| text.split('"').nth(1)).collect();
        assert_eq!(warned, ["colour", "scope.project.quota", "user.pet", "user.shoe"]);
        again.save(Entry::clone(&entry)).unwrap();
        let read = || fs::read_to_string(&path).unwrap().parse::<toml::Table>().unwrap();
        assert_eq!(read()["scope"]["project"]["quota"].as_integer(), Some(7));
        // Another scope has no place for what the old one held, and loses nothing else.
        let lab = Reference { id: Some("lab".to_owned()), name: None };
        for scope in [Scope::Domain(lab), Scope::System] {
            let moved = Profile { scope: scope.clone(), ..entry.profile.clone() };
            again.save(entry.with(moved, "memory")).unwrap();
            let found = Profiles::read(home.path().to_owned()).unwrap();
            assert_eq!(
                found.get("prod").map(|entry| &entry.profile.scope),
                Some(&scope),
                "{:?}",
                found.warnings
            );
        }
        let kept = read();
        assert_eq!(kept["colour"].as_str(), Some("green"));
        assert_eq!(kept["user"]["shoe"].as_integer(), Some(43));
        assert_eq!(kept["user"]["pet"]["name"].as_str(), Some("Rex"));
    }

    #[test]
    fn what_a_file_says_of_forwarding_is_kept_and_what_nobody_understands_costs_the_profile() {
        let home = tempfile::tempdir().unwrap();
        let mut profiles = Profiles::read(home.path().to_owned()).unwrap();
        let path = home.path().join("profiles/prod.toml");
        for forward in [Forward::No, Forward::Yes, Forward::Until(1_798_718_400)] {
            profiles.save(Entry { forward, ..Entry::new(profile("prod"), "memory") }).unwrap();
            let again = Profiles::read(home.path().to_owned()).unwrap();
            let entry = again.get("prod").unwrap();
            assert_eq!((entry.forward, entry.rest.len()), (forward, 0));
            assert_eq!(entry.with(profile("prod"), "memory").forward, forward);
        }
        let text = fs::read_to_string(&path).unwrap();
        let read = |value: &str| {
            let text = text.replace("\"2026-12-31T12:00:00Z\"", value);
            assert!(text.contains(value), "{text}");
            fs::write(&path, text).unwrap();
            Profiles::read(home.path().to_owned()).unwrap()
        };
        // As TOML writes a time.
        let entry = read("2026-12-31T12:00:00Z").get("prod").cloned();
        assert_eq!(entry.unwrap().forward, Forward::Until(1_798_718_400));
        for value in ["\"yes\"", "1", "\"true\""] {
            let again = read(value);
            assert!(again.get("prod").is_none(), "{value}");
            assert!(again.warnings[0].contains("line 4: allow_forward is true"), "{:?}", again.warnings);
        }
    }

    #[test]
    fn every_scope_survives_its_file() {
        let home = tempfile::tempdir().unwrap();
        let lab = Reference { id: Some("lab".to_owned()), name: None };
        for scope in [Scope::System, Scope::Unscoped, Scope::Domain(lab)] {
            let mut profiles = Profiles::read(home.path().to_owned()).unwrap();
            profiles.save(Entry::new(Profile { scope: scope.clone(), ..profile("prod") }, "memory")).unwrap();
            let again = Profiles::read(home.path().to_owned()).unwrap();
            assert_eq!(
                again.get("prod").map(|entry| &entry.profile.scope),
                Some(&scope),
                "{:?}",
                again.warnings
            );
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_costs_no_other_profile() {
        let home = tempfile::tempdir().unwrap();
        let mut profiles = Profiles::read(home.path().to_owned()).unwrap();
        profiles.save(Entry::new(profile("prod"), "memory")).unwrap();
        fs::write(home.path().join("profiles/bad.toml"), "format = 1\nkeyring = \n").unwrap();
        fs::write(home.path().join("profiles/later.toml"), "format = 9\nkeyring=''\nsecret_origin=''\n")
            .unwrap();
        let again = Profiles::read(home.path().to_owned()).unwrap();
        assert_eq!(again.all().count(), 1);
        assert_eq!(again.warnings.len(), 2);
        assert!(again.warnings.iter().any(|w| w.contains("bad.toml: line 2")), "{:?}", again.warnings);
    }

    #[test]
    fn the_only_profile_is_the_default_until_there_are_two() {
        let home = tempfile::tempdir().unwrap();
        let mut profiles = Profiles::read(home.path().to_owned()).unwrap();
        profiles.save(Entry::new(profile("a"), "memory")).unwrap();
        assert_eq!(profiles.default().unwrap().profile.name.as_str(), "a");
        profiles.save(Entry::new(profile("b"), "memory")).unwrap();
        assert!(profiles.default().is_none());
        profiles.set_default(&"b".parse().unwrap()).unwrap();
        assert_eq!(
            Profiles::read(home.path().to_owned()).unwrap().default().unwrap().profile.name.as_str(),
            "b"
        );
        profiles.remove(&"b".parse().unwrap()).unwrap();
        assert_eq!(profiles.default().unwrap().profile.name.as_str(), "a");
    }

    #[test]
    fn a_secret_is_not_for_another_origin() {
        let mut entry = Entry::new(profile("a"), "memory");
        assert!(entry.origin().is_some());
        entry.profile.auth_url = "https://evil.example/v3".to_owned();
        assert!(entry.origin().is_none());
    }
}
