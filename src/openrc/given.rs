//! Settings that no shell made: they stand in an environment or in a clouds.yaml. Nothing is asked, run or left out there.

use std::collections::{BTreeMap, BTreeSet};

use super::place::{Place, Span};
use super::reading::{Reading, Setting};
use super::text::Text;
use super::value::{Unknown, Val, Why};

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
    pub(crate) fn of(settings: BTreeMap<String, Setting>, files: Vec<String>) -> Reading {
        Reading {
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
            sites: Vec::new(),
            asked: Vec::new(),
        }
    }
}
