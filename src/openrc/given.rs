//! Settings that no shell made: they stand in an environment or in a clouds.yaml. Nothing is asked, run or left out there.

use std::collections::{BTreeMap, BTreeSet};

use super::dialect::Dialect;
use super::place::{Place, Span};
use super::reading::{Reading, Setting};
use super::text::Text;
use super::value::{Unknown, Val, Why};
use crate::secret::Secret;

impl Setting {
    pub(crate) fn known(place: Place, text: Text) -> Setting {
        Setting { place, unset_references: Vec::new(), value: Val::of(text), unknown_at: None }
    }

    /// One that is set and cannot be known.
    pub(crate) fn open(place: Place, why: Why) -> Setting {
        let value = Val::Unknown(Unknown::new(why, Span::default()));
        Setting { place, unset_references: Vec::new(), value, unknown_at: Some(place) }
    }
}

impl Reading {
    /// A person said what the setting is. What it was made of stays unknown.
    pub fn tell(&mut self, name: &str, value: &Secret) {
        let place =
            self.settings.get(name).map_or(Place { file: 0, line: 1, column: 1 }, |setting| setting.place);
        self.settings.insert(name.to_owned(), Setting::known(place, Text::of(value.expose().as_bytes())));
    }

    pub(crate) fn of(settings: BTreeMap<String, Setting>, files: Vec<String>) -> Reading {
        Reading {
            dialect: Dialect::Listing,
            settings,
            shell_only: BTreeMap::new(),
            unset: BTreeSet::new(),
            prompts: Vec::new(),
            warnings: Vec::new(),
            skipped: Vec::new(),
            files,
            ended: None,
            anything: None,
            scrubbed_for: None,
            regions: Vec::new(),
            sources: Vec::new(),
            sites: Vec::new(),
            asked: Vec::new(),
        }
    }
}
