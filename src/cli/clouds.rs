//! Where a clouds.yaml and its companions lie, looked for as openstacksdk does. The files are read and nothing else; what they
//! say is told in `openrc`.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::report;
use crate::host::{files, paths};
use crate::openrc::{self, CloudFault, CloudFile, CloudFiles, Reading};
use crate::wire::{Code, Failure};

const SUFFIXES: &[&str] = &["yaml", "yml", "json"];

/// The three kinds: name, and the variable that names one more, which goes first.
const CLOUDS: (&str, Option<&str>) = ("clouds", Some("OS_CLIENT_CONFIG_FILE"));
const SECURE: (&str, Option<&str>) = ("secure", Some("OS_CLIENT_SECURE_FILE"));
const PUBLIC: (&str, Option<&str>) = ("clouds-public", None);

/// The files that a cloud is looked for in.
pub(crate) struct Clouds {
    name: String,
    clouds: Option<Found>,
    secure: Option<Found>,
    public: Option<Found>,
    home: String,
}

/// A file that was found.
struct Found {
    path: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl Clouds {
    /// Looks for the files.
    pub(crate) fn find(name: &str) -> Result<Clouds, Failure> {
        let home = paths::home().ok();
        let folders = folders(home.as_deref());
        let searched = places(CLOUDS, &folders);
        let found = Clouds {
            name: name.to_owned(),
            clouds: first(&searched),
            secure: first(&places(SECURE, &folders)),
            public: first(&places(PUBLIC, &folders)),
            home: home.as_deref().and_then(Path::to_str).unwrap_or_default().to_owned(),
        };
        if found.clouds.is_none() && found.secure.is_none() {
            let mut failure = Failure::new(Code::Usage, format!("cloud {name:?}: no clouds.yaml was found"));
            failure.causes.push(format!("looked for {}", shown(&searched)));
            return Err(failure);
        }
        Ok(found)
    }

    pub(crate) fn read(&self) -> Result<Reading, Failure> {
        fn file(found: &Option<Found>) -> Option<CloudFile<'_>> {
            found.as_ref().map(|found| CloudFile { path: &found.path, bytes: &found.bytes })
        }
        let files = CloudFiles {
            clouds: file(&self.clouds),
            secure: file(&self.secure),
            public: file(&self.public),
            home: &self.home,
        };
        openrc::cloud(&files, &self.name).map_err(|fault| {
            let looked_at = [&self.clouds, &self.secure].into_iter().flatten();
            let looked_at: Vec<&str> = looked_at.map(|found| found.path.as_str()).collect();
            failure(&self.name, &fault, &looked_at)
        })
    }
}

fn failure(name: &str, fault: &CloudFault, looked_at: &[&str]) -> Failure {
    match fault {
        CloudFault::NoSuchCloud { known } => {
            let known = match known.is_empty() {
                true => "it names no cloud".to_owned(),
                false => format!("the clouds there are: {}", known.join(", ")),
            };
            let text = format!("no cloud is called {name:?} in {}; {known}", looked_at.join(" and "));
            Failure::new(Code::Usage, text)
        }
        CloudFault::Refused { .. } => Failure::of(Code::Usage, fault),
        CloudFault::Gone { .. } => Failure::of(Code::Usage, fault).at(&format!("cloud {name:?}")),
    }
}

/// In openstacksdk's order, each once.
fn folders(home: Option<&Path>) -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = home.map(|home| home.join(".config"));
    // A list; openstacksdk takes the first.
    let site = std::env::var_os("XDG_CONFIG_DIRS")
        .and_then(|list| std::env::split_paths(&list).next())
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| PathBuf::from("/etc/xdg"));
    let all = [
        std::env::current_dir().ok(),
        set("XDG_CONFIG_HOME").or_else(|| own.clone()).map(|folder| folder.join("openstack")),
        own.map(|folder| folder.join("openstack")),
        Some(site.join("openstack")),
        Some(PathBuf::from("/etc/openstack")),
    ];
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in all.into_iter().flatten() {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

fn places((stem, variable): (&str, Option<&str>), folders: &[PathBuf]) -> Vec<PathBuf> {
    let named = variable.and_then(std::env::var_os).filter(|value| !value.is_empty()).map(PathBuf::from);
    let each = |folder: &PathBuf| {
        let folder = folder.clone();
        SUFFIXES.iter().map(move |suffix| folder.join(format!("{stem}.{suffix}")))
    };
    named.into_iter().chain(folders.iter().flat_map(each)).collect()
}

/// The first that can be read. One that is there and cannot is passed over, with a word.
fn first(places: &[PathBuf]) -> Option<Found> {
    for place in places {
        match files::read(place, openrc::FILE_LEN_MAX) {
            Ok(bytes) => return Some(Found { path: place.display().to_string(), bytes }),
            Err(fault) if fault.is_not_found() => {}
            Err(fault) => report::warning(&format!("{fault}; it is passed over")),
        }
    }
    None
}

/// Not each of the three endings.
fn shown(places: &[PathBuf]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for place in places {
        let text = match place.extension().and_then(|extension| extension.to_str()) {
            Some("yml" | "json")
                if shown.iter().any(|one| one == &place.with_extension("yaml").display().to_string()) =>
            {
                continue;
            }
            _ => place.display().to_string(),
        };
        shown.push(text);
    }
    format!("{} (.yml, .json)", shown.join(", "))
}
