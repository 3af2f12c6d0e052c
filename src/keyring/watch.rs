//! What a keyring is busy with: written by its thread before each call that may not come back, read by whoever has to
//! say why there is no answer. Never holds a secret.

use std::sync::{Arc, Mutex, PoisonError};

/// Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Note>>);

/// Texts for people, empty as long as nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    pub provider: String,
    pub waiting_for: String,
}

impl Watch {
    pub fn provider(&self, provider: &str) {
        self.with(|note| provider.clone_into(&mut note.provider));
    }

    pub fn waits_for(&self, what: &str) {
        self.with(|note| what.clone_into(&mut note.waiting_for));
    }

    pub fn note(&self) -> Note {
        self.with(|note| note.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Note) -> T) -> T {
        // A note is whole at any time, so a panic elsewhere does no harm to it.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
